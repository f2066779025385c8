"""The live database -> `Schema`, and what it takes to compare with it: the server is asked what rules cannot settle."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy.engine import Connection

from schemadiff.compare.align import align_table, settled
from schemadiff.compare.comparer import compare
from schemadiff.database.connection import VERBATIM
from schemadiff.database.other_tools import of_other_tools
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.script import VERSION_TABLE
from schemadiff.dialects.contract.session import tolerant
from schemadiff.dialects.shared.live_wording import by_rules, in_words_of
from schemadiff.errors import DatabaseError, ModelsError
from schemadiff.operations import CreateTable, Operation
from schemadiff.operations.objects import DropObject
from schemadiff.planning import mentions
from schemadiff.planning.hazards import Facts
from schemadiff.schema import (
    Column,
    Domain,
    Key,
    Name,
    Namespace,
    Schema,
    StoredObject,
    Table,
    Unsupported,
    View,
)

Note = Callable[[Unsupported], object]

COUNT_LIMIT = 100_000
"""Rows of a table are counted up to this number before a drop: enough to be frightened by, and quick."""


def inspect(
    connection: Connection,
    dialect: Dialect,
    schemas: Collection[str | None] = (None,),
    only: Collection[Name] | None = None,
) -> Schema:
    """The live schema, or `only` these tables of it, without schemadiff's own tables: each schema may have one, as
    that of a tenant has. Raises `DatabaseError` when the server refuses.
    """
    live = dialect.inspect(connection, schemas, only=only)
    tables = {name: table for name, table in live.tables.items() if name.name != VERSION_TABLE}
    return dataclasses.replace(live, tables=tables, kept=live.kept | of_other_tools(tables))


def inspect_for(
    connection: Connection,
    dialect: Dialect,
    *known: Schema,
    beside: Iterable[str] = (),
    expected: Schema | None = None,
) -> Schema:
    """The live schema as far as it is to be compared with those that are known: the tables of their schemas and of
    those named `beside` them, and of the sequences and views those that one of them knows. What else is there is
    somebody else's. A table that the account may not see is taken to be as `expected`, and told.
    """
    schemas = tuple(dict.fromkeys((*schemas_of(*known), *beside)))
    live = inspect(connection, dialect, schemas).without_kept(*known)
    if expected is not None:
        live = _with_unseen(connection, dialect, live, expected)
    live = _with_managed(with_implicit(live, known, dialect), known, dialect)
    return _with_objects(connection, dialect, live, known, Extent.of(dialect, known, beside))


@dataclass(frozen=True, slots=True)
class Extent:
    """The schemas that are looked into, and those of which only the types of columns are."""

    schemas: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dialect: Dialect, known: Iterable[Schema], beside: Iterable[str] = ()) -> Extent:
        known = tuple(known)
        types = frozenset[str]().union(*map(dialect.type_schemas, known))
        return cls(frozenset(filter(None, schemas_of(*known))).union(beside), types)

    def __or__(self, other: Extent) -> Extent:
        return Extent(self.schemas | other.schemas, self.types | other.types)


def _with_objects(
    connection: Connection, dialect: Dialect, live: Schema, known: Iterable[Schema], extent: Extent
) -> Schema:
    """The live schema with the sequences, views and types that one of the `known` schemas has."""
    schemas = (None, *sorted(extent.schemas))
    keys = {key for schema in known for key in schema.objects}
    kinds = {key.kind for key in keys} | ({Namespace.kind} if extent.schemas else set())
    found = dialect.objects(connection, schemas, kinds) if kinds else ()
    # A schema for types need not be compared; but does it exist?
    types = extent.types - extent.schemas
    if types:
        found = (*found, *dialect.objects(connection, sorted(types), {Namespace.kind}))
    return live.with_objects(one for one in found if one.key in keys or isinstance(one, Namespace))


def reread(
    connection: Connection,
    dialect: Dialect,
    live: Schema,
    names: Collection[Name],
    known: Iterable[Schema],
    extent: Extent,
) -> Schema | None:
    """The `live` schema with these of its tables, and all in its `extent` that is no table, as they are now; ``None``
    where other tables may have changed as well.
    """
    parts = [
        dataclasses.replace(one, tables={name: one.tables[name] for name in names if name in one.tables})
        for one in known
    ]
    schemas = dict.fromkeys((None, *sorted({name.schema for name in names if name.schema})))
    found = inspect(connection, dialect, tuple(schemas), names).without_kept(*parts)
    if any(found.enums.get(name, members) != members for name, members in live.enums.items()):
        return None
    found = _with_managed(with_implicit(found, parts, dialect), parts, dialect)
    others = {name: table for name, table in live.tables.items() if name not in names}
    merged = dataclasses.replace(found, tables={**others, **found.tables}, kept=live.kept | found.kept)
    return _with_objects(connection, dialect, merged, parts, extent | Extent.of(dialect, parts))


def _with_unseen(connection: Connection, dialect: Dialect, live: Schema, expected: Schema) -> Schema:
    missing = expected.tables.keys() - live.tables.keys()
    unseen = sorted(dialect.unseen(connection, missing)) if missing else []
    if not unseen:
        return live
    tables = {**live.tables, **{name: expected.tables[name] for name in unseen}}
    told = (Unsupported(name, f"{_UNTOLD} it is there: this account may not see it") for name in unseen)
    return dataclasses.replace(live, tables=tables, unsupported=(*live.unsupported, *told))


def _with_managed(live: Schema, known: Collection[Schema], dialect: Dialect) -> Schema:
    """The live schema, what a DBA has set and nobody speaks of set apart; see `managed_elsewhere`."""
    tables = {
        name: dialect.with_managed(table, [one.tables[name] for one in known if name in one.tables])
        for name, table in live.tables.items()
    }
    return dataclasses.replace(live, tables=tables)


def with_implicit(live: Schema, known: Collection[Schema], dialect: Dialect) -> Schema:
    """The live schema, what the server made in its tables by itself marked; see `Dialect.with_implicit`."""
    tables = {
        name: dialect.with_implicit(table, [one.tables[name] for one in known if name in one.tables])
        for name, table in live.tables.items()
    }
    return dataclasses.replace(live, tables=tables)


def refuse_taken(connection: Connection, dialect: Dialect, operations: Iterable[Operation]) -> None:
    """Raise `ModelsError` where the operations create a table whose name something else has that stays."""
    created: list[Name] = []
    freed: set[Name] = set()
    for operation in operations:
        match operation:
            case CreateTable(table=table) if table.name not in freed:
                created.append(table.name)
            case DropObject(object=stored):
                freed.add(stored.name)
            case _:
                pass
    taken = dialect.taken(connection, created) if created else {}
    if not taken:
        return
    listed = "\n".join(f"  {name}: a {kind}" for name, kind in sorted(taken.items()))
    raise ModelsError(
        f"the models have tables whose names are taken in the database by something else:\n{listed}",
        hint='Where a class only reads what is there, say so: __table_args__ = {"info": {"schemadiff": "ignore"}}. '
        "Otherwise give one of the two another name, or drop what is there.",
    )


def schemas_of(*known: Schema) -> tuple[str | None, ...]:
    """The schemas that the tables and objects of these are in; ``None``, the default one, is always among them."""
    return (None, *sorted({name for schema in known for name in schema.namespaces}))


def ask(
    connection: Connection,
    dialect: Dialect,
    schema: Schema,
    live: Schema,
    hidden: Mapping[Name, Collection[Column]] = MappingProxyType({}),
) -> Schema:
    """`schema`, with its tables and views that differ from the live ones spelled as the server itself would spell
    them, and with the (maybe empty) schemas that are there.

    `hidden` are columns of the tables that are in neither schema: what expressions of the others may speak of.
    """
    return _ask(connection, dialect, schema, live, hidden)[0]


def _ask(
    connection: Connection,
    dialect: Dialect,
    schema: Schema,
    live: Schema,
    hidden: Mapping[Name, Collection[Column]],
) -> tuple[Schema, Schema]:
    """As `ask`; and the same aligned with the live schema, those tables that differ in nothing being the live ones."""
    untold: list[Unsupported] = []
    if live.objects or schema.objects:
        found = _asked_objects(connection, dialect, schema, live, untold.append)
        schema = dataclasses.replace(schema, objects=found)
    asked = {}
    aligned = dict(schema.tables)
    questions = []
    for name, table in schema.tables.items():
        there = live.tables.get(name)
        if there is None:
            continue
        named = worded = table
        if table != there:
            # Most of what is spelled in two ways, rules are certain of.
            judge = dialect.rules(table)
            worded = by_rules(there, table, judge) if judge else table
            named = align_table(there, worded, dialect)
            if named != there:
                questions.append(table)
                continue
        asked[name], aligned[name] = worded, settled(there, named)
    whole = [
        dataclasses.replace(table, columns=(*table.columns, *hidden.get(table.name, ())))
        for table in questions
    ]
    answers = _asked(connection, dialect, whole, live.tables, untold.append)
    for table, answer in zip(questions, answers, strict=True):
        known = {column.name: column.kept for column in table.columns}
        columns = tuple(
            dataclasses.replace(column, kept=known[column.name]) if known[column.name] else column
            for column in answer.columns
            if column.name in known
        )
        asked[table.name] = dataclasses.replace(answer, columns=columns)
        aligned[table.name] = align_table(live.tables[table.name], asked[table.name], dialect)
    tables = {**schema.tables, **asked} if asked else schema.tables
    schema = dataclasses.replace(schema, tables=tables, unsupported=(*schema.unsupported, *untold))
    return schema, dataclasses.replace(schema, tables=aligned)


_UNTOLD = "it could not be told whether"


def _asked(
    connection: Connection,
    dialect: Dialect,
    tables: Sequence[Table],
    live: Mapping[Name, Table],
    note: Note,
) -> list[Table]:
    """The tables in the server's spelling, those that it will not create for the asking in the words of the live ones
    where these say the same or nobody can tell. What nobody can tell is noted.
    """
    answers = []
    for table, answer in zip(tables, dialect.ask(connection, tables) if tables else (), strict=True):
        there = live[table.name]
        new = tuple(column for column in table.columns if there.column(column.name) is None)
        scene = dataclasses.replace(there, columns=(*there.columns, *new))
        judging = dialect.judging(connection, scene) if answer is table else None
        if judging is not None:
            with judging as judge:
                answer, sentences = in_words_of(there, table, judge)
            for sentence in sentences:
                note(Unsupported(table.name, f"{_UNTOLD} {sentence}"))
        answers.append(answer)
    return answers


def _asked_objects(
    connection: Connection, dialect: Dialect, schema: Schema, live: Schema, note: Note
) -> dict[Key, StoredObject]:
    asked: dict[Key, StoredObject] = {
        key: one for key, one in live.objects.items() if isinstance(one, Namespace)
    }
    for key, one in schema.objects.items():
        there = live.objects.get(key)
        if isinstance(one, View) and isinstance(there, View) and one != there:
            asked[key] = _asked_view(connection, dialect, one, there, note)
        elif isinstance(one, Domain) and isinstance(there, Domain) and one != there:
            same = dialect.same_domain(connection, one, there)
            asked[key] = one if same is False else dataclasses.replace(there, written=one.written)
            if same is None:
                note(Unsupported(one.name, f"{_UNTOLD} the domain is as declared"))
        else:
            asked[key] = one
    return asked


def _asked_view(connection: Connection, dialect: Dialect, one: View, there: View, note: Note) -> View:
    one = dataclasses.replace(one, options=one.options or there.options)
    if one.materialized != there.materialized:
        return one
    same = one.definition == there.definition or dialect.same_view(connection, one, there)
    if same is False:
        return one
    if same is None:
        note(Unsupported(one.name, f"{_UNTOLD} the view is as declared"))
    one = dataclasses.replace(one, definition=there.definition, needs=there.needs)
    if one.indexes != there.indexes and there.columns:
        mine, theirs = (Table(there.name, there.columns, indexes=view.indexes) for view in (one, there))
        (answer,) = _asked(connection, dialect, [mine], {there.name: theirs}, note)
        one = dataclasses.replace(one, indexes=answer.indexes)
    return one


def differences(
    connection: Connection,
    dialect: Dialect,
    live: Schema,
    desired: Schema,
    hidden: Mapping[Name, Collection[Column]] = MappingProxyType({}),
    note: Callable[[Iterable[Unsupported]], object] = tuple,
) -> tuple[Operation, ...]:
    """The operations that lead from the live schema to `desired`, after asking the server; what it cannot tell is
    `note`d.
    """
    asked, aligned = _ask(connection, dialect, desired, live, hidden)
    note(asked.unsupported)
    return compare(live, asked, dialect, aligned)


def count_rows(connection: Connection, dialect: Dialect, names: Iterable[Name]) -> Facts:
    """How many rows the tables have, each counted up to a limit; a table that may not be read is left out."""
    rows = {}
    for name in dict.fromkeys(names):
        with tolerant():
            rows[name] = count_up_to(connection, f"FROM {dialect.quote_name(name)}")
    return Facts(rows, COUNT_LIMIT)


def count_up_to(connection: Connection, source: str) -> int:
    """How many rows there are, counted up to one more than the limit; `source` is FROM and what stands behind it."""
    limited = f"SELECT 1 AS one {source} LIMIT {COUNT_LIMIT + 1}"
    counted = connection.exec_driver_sql(
        f"SELECT COUNT(*) FROM ({limited}) AS counted", execution_options=VERBATIM
    )
    return int(counted.scalar_one())


def users_of(
    connection: Connection, dialect: Dialect, names: Collection[Name], live: Schema
) -> tuple[StoredObject, ...]:
    """The views, triggers, routines and events of the tables' schemas, as far as this account may read them."""
    schemas = tuple({name.schema for name in names if name in live.tables})
    if not schemas:
        return ()
    with suppress(DatabaseError):
        return dialect.objects(connection, schemas, mentions.KINDS)
    found: list[StoredObject] = []
    for kind in mentions.KINDS:  # what may be read of them
        with suppress(DatabaseError):
            found += dialect.objects(connection, schemas, (kind,))
    return tuple(found)
