"""Which tables and columns take part in the comparison. Pure.

It is said with patterns (`include`, `exclude`) or in the models, with ``info={"schemadiff": "ignore"}`` on a table or
a column. What is ignored is taken out of all schemas in front of the comparer, and nowhere else: the SQL of a change
is made from the whole live table, so that a rebuild or a MODIFY loses nothing that was not compared.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from schemadiff.dialects import Dialect
from schemadiff.errors import ModelsError, UsageError
from schemadiff.models.objects import is_copy
from schemadiff.operations import Operation, RenameTable
from schemadiff.schema import Column, Exclude, Index, Name, Namespace, Schema, StoredObject, Table
from schemadiff.schema.describe import some

IGNORE = "ignore"

Listed = TypeVar("Listed")

Refuses = Callable[[str, Name, str | None], bool]
"""A function that says whether something takes no part: a table; or by its kind, its table and its name a column,
index, unique_constraint or foreign_key_constraint.
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """The choice of what is compared. ``tables`` and ``columns`` are those that the models want ignored,
    ``declared`` all tables of the models; ``refuses`` are asked about all of them and about the live ones.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tables: frozenset[Name] = frozenset()
    columns: Mapping[Name, frozenset[str]] = field(default_factory=dict)
    declared: frozenset[Name] = frozenset()
    default_schema: str | None = None
    refuses: tuple[Refuses, ...] = ()

    def hides(self, table: Name) -> bool:
        """Whether the table is ignored."""
        return table in self.tables or self.excludes(table)

    def excludes(self, table: Name) -> bool:
        """Whether the patterns leave the table out."""
        return (
            (bool(self.include) and not any(self.matches(table, one) for one in self.include))
            or any(self.matches(table, one) for one in self.exclude)
            or self.refused("table", table, None)
        )

    def refused(self, kind: str, table: Name, name: str | None) -> bool:
        """Whether a function refuses it."""
        return any(refuses(kind, table, name) for refuses in self.refuses)

    def hidden_in(self, table: Table) -> frozenset[str]:
        """The columns of the table that are ignored."""
        refused = (
            one.name for one in table.columns if self.refuses and self.refused("column", table.name, one.name)
        )
        return self.columns.get(table.name, frozenset()).union(refused)

    def part(self, table: Table, dialect: Dialect) -> Table:
        """The table without what is ignored in it."""
        found = visible_part(table, self.hidden_in(table), dialect)
        if not self.refuses:
            return found
        kept: dict[str, Any] = {
            of: tuple(one for one in getattr(found, of) if not self.refused(kind, table.name, one.name))
            for of, kind in _REFUSABLE.items()
        }
        return dataclasses.replace(found, **kept)

    def hides_object(self, one: StoredObject) -> bool:
        """Whether the view, sequence or routine is ignored; a trigger is when its table is."""
        return not isinstance(one, Namespace) and self.hides(getattr(one, "table", None) or one.name)

    def matches(self, table: Name, pattern: str) -> bool:
        """Whether the pattern is one for ``table`` or ``schema.table``; the default schema's name may be given."""
        schema = table.schema or self.default_schema
        return fnmatchcase(table.name, pattern) or (
            schema is not None and fnmatchcase(f"{schema}.{table.name}", pattern)
        )

    def through(self, moves: Iterable[Operation]) -> Filter:
        """The filter, with the columns of a table that is renamed also ignored under its old name."""
        columns = dict(self.columns)
        for move in moves:
            if isinstance(move, RenameTable) and move.after in columns:
                columns[move.before] = columns[move.after]
        return dataclasses.replace(self, columns=columns)


_REFUSABLE = {
    "indexes": "index",
    "uniques": "unique_constraint",
    "foreign_keys": "foreign_key_constraint",
}

NO_FILTER = Filter()


@dataclass(frozen=True, slots=True)
class Ignored:
    """Everything that took no part in a comparison. ``options`` are those of tables of which models and revisions say
    nothing; ``kept`` are those of the ``tables`` that somebody else keeps, as other migration tools their books.
    """

    tables: tuple[Name, ...] = ()
    columns: tuple[tuple[Name, str], ...] = ()
    options: tuple[tuple[Name, str], ...] = ()
    kept: tuple[Name, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.options)

    def __str__(self) -> str:
        counts = ((len(self.tables) - len(self.kept), "table"), (len(self.columns), "column"))
        ignored = " and ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in counts if n)
        left = f"left alone: {_some(self.kept)}" if self.kept else ""
        return "; ".join(filter(None, (ignored and f"{ignored} ignored", left, self._as_it_is())))

    def _as_it_is(self) -> str:
        named: dict[str, list[Name]] = {}
        for table, option in self.options:
            named.setdefault(option, []).append(table)
        told = [f"{option} of {_some(tables)}" for option, tables in named.items()]
        return f"kept as the database has it: {', '.join(told)}" if told else ""


def _some(tables: Iterable[Name]) -> str:
    return some(f'"{table}"' for table in tables)


NOTHING_IGNORED = Ignored()


def choose(
    metadata: Iterable[sa.MetaData],
    dialect: Dialect,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
) -> Filter:
    """The filter that the patterns, the functions among them, and the models make together.

    Raises `ModelsError` where a table or column says something to schemadiff that it does not know.
    """
    excluded = listed(exclude)
    refuses = tuple(one for one in excluded if not isinstance(one, str))
    tables: set[Name] = set()
    columns: dict[Name, frozenset[str]] = {}
    declared: set[Name] = set()
    for table in (table for one in metadata for table in one.tables.values()):
        name = dialect.named(table.name, table.schema)
        declared.add(name)
        # To ask for the `info` of what has none would make it one.
        if ("info" in vars(table) and _is_ignored(table.info, f'table "{name}"')) or is_copy(table):
            tables.add(name)
        speaking = [one for one in table.columns if "info" in vars(one)]
        hidden = {one.name for one in speaking if _is_ignored(one.info, f'column "{name}.{one.name}"')}
        hidden |= {
            one.name for one in table.columns if any(each("column", name, one.name) for each in refuses)
        }
        if hidden:
            columns[name] = columns.get(name, frozenset()) | hidden
    return Filter(
        _patterns(include, dialect),
        _patterns((one for one in excluded if isinstance(one, str)), dialect),
        frozenset(tables),
        columns,
        frozenset(declared),
        dialect.default_schema,
        refuses,
    )


def visible(schema: Schema, chosen: Filter, dialect: Dialect) -> Schema:
    """The schema without what is ignored: tables, columns, and the keys, indexes and constraints that such a column
    is part of. A foreign key that refers to what is ignored stays.
    """
    if not (chosen.include or chosen.exclude or chosen.tables or chosen.columns or chosen.refuses):
        return schema
    tables = {name: table for name, table in schema.tables.items() if not chosen.hides(name)}
    for name in tables if chosen.refuses else tables.keys() & chosen.columns:
        tables[name] = chosen.part(tables[name], dialect)
    return dataclasses.replace(
        schema,
        # What would be left without any column cannot be compared either.
        tables={name: table for name, table in tables.items() if table.columns},
        unsupported=tuple(one for one in schema.unsupported if not chosen.hides(one.table)),
        objects={key: one for key, one in schema.objects.items() if not chosen.hides_object(one)},
    )


def visible_part(table: Table, hidden: frozenset[str], dialect: Dialect) -> Table:
    """The table without these columns and without what they are part of."""
    if not hidden:
        return table

    def mentioned(*texts: str | None) -> bool:
        return any(dialect.mentions(text, column) for text in texts if text for column in hidden)

    def has(index: Index | Exclude) -> bool:
        parts = [part.expression for part in index.parts]
        include = index.include if isinstance(index, Index) else ()
        return not hidden.isdisjoint((*index.columns, *include)) or mentioned(index.where, *parts)

    key = table.primary_key
    return dataclasses.replace(
        table,
        columns=tuple(column for column in table.columns if column.name not in hidden),
        primary_key=key if key and hidden.isdisjoint(key.columns) else None,
        uniques=tuple(one for one in table.uniques if hidden.isdisjoint((*one.columns, *one.include))),
        excludes=tuple(one for one in table.excludes if not has(one)),
        indexes=tuple(one for one in table.indexes if not has(one)),
        foreign_keys=tuple(one for one in table.foreign_keys if hidden.isdisjoint(one.columns)),
        checks=tuple(
            one for one in table.checks if one.column not in hidden and not mentioned(one.expression)
        ),
    )


Hidden = Mapping[Name, tuple[Column, ...]]


def hidden_columns(schema: Schema, chosen: Filter) -> Hidden:
    """The ignored columns that the tables have: what the expressions of others may need to be understood."""
    return {
        name: tuple(column for column in table.columns if column.name in hidden)
        for name, table in schema.tables.items()
        if (hidden := chosen.hidden_in(table))
    }


def ignored(chosen: Filter, *schemas: Schema) -> Ignored:
    """Return what the filter excludes from the models and these schemas, and what in them is managed by somebody else.

    Raises `UsageError` when a pattern of `include` matches nothing at all: it would hide every mistake in it.
    """
    known = chosen.declared.union(*(schema.tables for schema in schemas))
    for pattern in chosen.include:
        if not any(chosen.matches(name, pattern) for name in known):
            close = difflib.get_close_matches(pattern, [str(name) for name in sorted(known)], 1, 0.5)
            raise UsageError(
                f'include "{pattern}" matches no table, neither of the models nor of the database',
                hint=f'Did you mean "{close[0]}"?'
                if close
                else 'A pattern is matched against "table" and "schema.table"; * stands for any text.',
            )
    kept = frozenset[Name]().union(*(schema.kept for schema in schemas))
    tables = tuple(sorted(kept.union(name for name in known if chosen.hides(name))))
    columns = ((name, column) for name in sorted(chosen.columns) for column in sorted(chosen.columns[name]))
    options = {
        (name, option)
        for schema in schemas
        for name, table in schema.tables.items()
        if name not in tables
        for option, _ in table.options.managed
    }
    shown = tuple(one for one in columns if one[0] not in tables)
    return Ignored(tables, shown, tuple(sorted(options)), tuple(sorted(kept)))


def names(schemas: Iterable[str], dialect: Dialect) -> tuple[str, ...]:
    """The names of schemas without that of the default schema, which is known without a name."""
    return tuple(one for one in listed(schemas) if one != dialect.default_schema)


def listed(given: Iterable[Listed]) -> tuple[Listed, ...]:
    """Return the patterns as a tuple; a single one may be a text."""
    return (cast("Listed", given),) if isinstance(given, str) else tuple(given)


def _patterns(given: Iterable[str], dialect: Dialect) -> tuple[str, ...]:
    """The patterns in the letters in which the server keeps names."""
    return tuple(dialect.named(one).name for one in listed(given))


def _is_ignored(info: Mapping[object, object], what: str) -> bool:
    told = info.get("schemadiff")
    if isinstance(told, str) and told != IGNORE:
        raise ModelsError(
            f'{what} has info={{"schemadiff": "{told}"}}, which schemadiff does not know',
            hint=f'To have it ignored: info={{"schemadiff": "{IGNORE}"}}.',
        )
    return told == IGNORE
