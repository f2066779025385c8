"""Features that not every product has: found in a table, and refused by name. Pure.

A dialect lists in `Traits.lacks` what its product has not. Models that declare it are refused when they are read: what
somebody declares is either made or refused, never dropped in silence. A history that was planned on another product may
say it all the same; a dialect that will not leave it out there calls `refuse_lacking` in `Dialect.canonical` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from operator import itemgetter
from typing import Literal, NamedTuple

from schemadiff.errors import UnsupportedError
from schemadiff.schema import ForeignKey, PrimaryKey, Table, Unique

Feature = Literal[
    "autoincrement",
    "computed columns",
    "deferrable constraints",
    "exclusion constraints",
    "foreign key actions",
    "foreign keys between schemas",
    "identity columns",
    "included columns",
    "index expressions",
    "index methods",
    "index options",
    "nulls not distinct",
    "partial indexes",
    "stored computed columns",
    "table options",
    "temporal keys",
]


class Absent(NamedTuple):
    """A feature: ``found`` yields, in words, where a table has it, and ``advice`` says what to do without it."""

    found: Callable[[Table], Iterator[str]]
    advice: str


def refuse_lacking(table: Table, product: str, lacks: Collection[Feature]) -> None:
    """Raises `UnsupportedError` where the table has one of the features that the product lacks."""
    found = [(feature, words) for feature in lacks for words in FEATURES[feature].found(table)]
    if found:
        feature, words = min(found, key=itemgetter(0))
        raise UnsupportedError(
            f'table "{table.name}": {product} has no {feature}: {words}', hint=FEATURES[feature].advice
        )


def _keys(table: Table) -> Iterator[tuple[str, PrimaryKey | Unique]]:
    if table.primary_key:
        yield "the primary key", table.primary_key
    for unique in table.uniques:
        yield f"the unique constraint on {', '.join(unique.columns)}", unique


def _key(key: ForeignKey) -> str:
    return f"the foreign key on {', '.join(key.columns)} to {key.target}"


def _autoincrement(table: Table) -> Iterator[str]:
    return (f"column {one.name}" for one in table.columns if one.autoincrement)


def _identity(table: Table) -> Iterator[str]:
    return (f"column {one.name}" for one in table.columns if one.identity)


def _computed(table: Table) -> Iterator[str]:
    return (f"column {one.name}" for one in table.columns if one.generated)


def _stored(table: Table) -> Iterator[str]:
    return (f"column {one.name}" for one in table.columns if one.generated and one.generated.stored)


def _deferrable(table: Table) -> Iterator[str]:
    yield from (f"{words} is {key.deferrable}" for words, key in _keys(table) if key.deferrable)
    yield from (f"{_key(key)} is {key.deferrable}" for key in table.foreign_keys if key.deferrable)


def _exclusion(table: Table) -> Iterator[str]:
    return (one.name or ", ".join(one.columns) for one in table.excludes)


def _actions(table: Table) -> Iterator[str]:
    for key in table.foreign_keys:
        for event, action in (("ON DELETE", key.on_delete), ("ON UPDATE", key.on_update)):
            if action not in (None, "NO ACTION", "RESTRICT"):
                yield f"{_key(key)} has {event} {action}"


def _between_schemas(table: Table) -> Iterator[str]:
    return (_key(one) for one in table.foreign_keys if one.target.schema != table.name.schema)


def _included(table: Table) -> Iterator[str]:
    yield from (words for words, key in _keys(table) if key.include)
    yield from (f"index {one.name}" for one in table.indexes if one.include)


def _index_expressions(table: Table) -> Iterator[str]:
    return (f"index {one.name}" for one in table.indexes if any(part.expression for part in one.parts))


def _index_methods(table: Table) -> Iterator[str]:
    methods = ((one, one.kind if one.method in (None, "btree") else one.method) for one in table.indexes)
    return (f"index {one.name} is {method}" for one, method in methods if method)


def _index_options(table: Table) -> Iterator[str]:
    return (f"index {one.name}" for one in table.indexes if one.options or one.parser or one.tablespace)


def _nulls(table: Table) -> Iterator[str]:
    yield from (
        f"unique constraint on {', '.join(one.columns)}" for one in table.uniques if not one.nulls_distinct
    )
    yield from (f"index {one.name}" for one in table.indexes if not one.nulls_distinct)


def _partial(table: Table) -> Iterator[str]:
    return (f"index {one.name}" for one in table.indexes if one.where)


def _table_options(table: Table) -> Iterator[str]:
    return (f"{key.lower()}={text}" for key, text in table.options.extra)


def _temporal(table: Table) -> Iterator[str]:
    yield from (words for words, key in _keys(table) if key.without_overlaps)
    yield from (_key(one) for one in table.foreign_keys if one.period)


FEATURES: Mapping[Feature, Absent] = {
    "autoincrement": Absent(
        _autoincrement,
        "Say autoincrement=False, and let the application or a server_default give the numbers.",
    ),
    "computed columns": Absent(_computed, "Compute the value in a view, or in the application."),
    "deferrable constraints": Absent(_deferrable, "Say neither deferrable nor initially."),
    "exclusion constraints": Absent(_exclusion, "Leave it out for this database."),
    "foreign key actions": Absent(
        _actions, "Say neither ondelete nor onupdate, and let the application do it: passive_deletes=False."
    ),
    "foreign keys between schemas": Absent(_between_schemas, "Keep the two tables in one schema."),
    "identity columns": Absent(
        _identity, "Leave Identity() out, and let the application or a server_default give the numbers."
    ),
    "included columns": Absent(_included, "Leave them out, or index them as well."),
    "index expressions": Absent(_index_expressions, "Index a column, or leave it out for this database."),
    "index methods": Absent(_index_methods, "Leave the method out."),
    "index options": Absent(_index_options, "Leave the options out."),
    "nulls not distinct": Absent(_nulls, "Say NOT NULL of the columns, or leave it out."),
    "partial indexes": Absent(_partial, "Index all rows, or leave it out for this database."),
    "stored computed columns": Absent(_stored, "Say persisted=False."),
    "table options": Absent(_table_options, "Leave the options out for this database."),
    "temporal keys": Absent(_temporal, "Leave it out for this database."),
}
