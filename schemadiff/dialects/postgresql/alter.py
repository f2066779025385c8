"""One `AlterColumn` -> the clauses of ALTER TABLE and the statements around it: only what differs. Pure text.

The clauses of one ALTER TABLE are not carried out in the order in which they are written but in passes: what
is dropped, then types, then columns that are added, NOT NULL, and last defaults and constraints (PostgreSQL
15, src/backend/commands/tablecmds.c). So a default can be dropped, the type changed and the default set in
one statement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from schemadiff.dialects.postgresql import definitions
from schemadiff.dialects.postgresql.enums import retype
from schemadiff.dialects.postgresql.generated import same_kind
from schemadiff.dialects.postgresql.sqltext import quote, string
from schemadiff.dialects.postgresql.types import NUMBERS, STRINGS, parse, parse_enum, quoted
from schemadiff.operations import AlterColumn
from schemadiff.schema import Column, Identity, Name, Type


@dataclass(slots=True)
class Pieces:
    """What one operation needs: statements before, clauses of the one ALTER TABLE, statements after it."""

    ahead: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)


def alter_column(operation: AlterColumn, rebuilt: Collection[Name]) -> Pieces:
    """The pieces of one altered column. `rebuilt` names the enumerated types that are another type now."""
    before, after, table = operation.before, operation.after, operation.table
    pieces = Pieces()
    column = f"ALTER COLUMN {quote(after.name)}"
    if before.autoincrement and not after.autoincrement:
        pieces.ahead.append(f"ALTER TABLE {quoted(table)} {column} DROP DEFAULT")
        pieces.ahead.append(_on_sequence("DROP SEQUENCE ", "", table, after.name))
    if before.identity and not after.identity:
        pieces.clauses.append(f"{column} DROP IDENTITY")
    if before.generated and not after.generated:
        pieces.clauses.append(f"{column} DROP EXPRESSION")
    elif before.generated and after.generated and before.generated != after.generated:
        pieces.clauses.append(f"{column} SET EXPRESSION AS ({after.generated.expression})")
    pieces.clauses += _type_and_default(operation, rebuilt)
    if before.nullable != after.nullable:
        pieces.clauses.append(f"{column} {'DROP' if after.nullable else 'SET'} NOT NULL")
    if after.identity and not before.identity:
        pieces.clauses.append(f"{column} ADD {definitions.identity(after.identity)}")
        pieces.behind += _count_on(table, after)
    elif after.identity and before.identity and after.identity != before.identity:
        pieces.clauses.append(f"{column} {_set_identity(before.identity, after.identity)}")
    if after.autoincrement and not before.autoincrement:
        pieces.behind += _count(table, after)
    elif after.autoincrement and before.type != after.type:
        pieces.behind.append(_on_sequence("ALTER SEQUENCE ", f" AS {after.type.sql}", table, after.name))
    if (before.comment or None) != (after.comment or None):
        pieces.behind.append(definitions.comment_on_column(table, after.name, after.comment))
    return pieces


# type and default


def _type_and_default(operation: AlterColumn, rebuilt: Collection[Name]) -> list[str]:
    before, after = operation.before, operation.after
    column = f"ALTER COLUMN {quote(after.name)}"
    same_words = before.type.sql == after.type.sql
    if after.type.values is not None and same_words and before.type.values != after.type.values:
        if parse_enum(after.type.sql).name in rebuilt:
            return retype(before, after, after.type.values)
    clauses = []
    kind_changes = False
    if not same_words or before.collation != after.collation:
        kind_changes = not same_words and not same_kind(before.type, after.type)
        collate = f" COLLATE {quote(after.collation)}" if after.collation else ""
        using = (
            None
            if after.generated or before.generated
            else _using(quote(after.name), before.type, after.type)
        )
        text = f"{column} TYPE {definitions.type_words(after.type)}{collate}"
        clauses.append(text + (f" USING {using}" if using else ""))
    if after.generated or (before.generated and after.default is None):
        return clauses
    if kind_changes and before.default is not None:
        clauses.insert(0, f"{column} DROP DEFAULT")
    if after.default is not None and (kind_changes or before.default != after.default):
        clauses.append(f"{column} SET DEFAULT {definitions.default(after.default)}")
    elif after.default is None and before.default is not None and not kind_changes:
        clauses.append(f"{column} DROP DEFAULT")
    return clauses


def _is_array(kind: Type) -> bool:
    return parse(kind.sql).array if kind.values is None else parse_enum(kind.sql).array


_MOMENTS = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
_ASSIGNABLE: dict[str, frozenset[str]] = {
    **dict.fromkeys(NUMBERS, NUMBERS),
    **dict.fromkeys(_MOMENTS, _MOMENTS),
    **{kind: NUMBERS | {"money"} for kind in ("integer", "bigint", "numeric")},
    "money": frozenset({"numeric"}),
    "time without time zone": frozenset({"interval", "time with time zone"}),
    "time with time zone": frozenset({"time without time zone"}),
    "interval": frozenset({"time without time zone"}),
    "json": frozenset({"jsonb"}),
    "jsonb": frozenset({"json"}),
    "bit": frozenset({"bit varying"}),
    "bit varying": frozenset({"bit"}),
    "inet": frozenset({"cidr"}),
    "cidr": frozenset({"inet"}),
    "macaddr": frozenset({"macaddr8"}),
    "macaddr8": frozenset({"macaddr"}),
}
"""From which type to which ALTER COLUMN … TYPE finds its way by itself: the assignment casts of pg_cast
(PostgreSQL 15). Every type can be assigned to a string type."""

_TIMES = {
    "timestamp without time zone": frozenset({"time without time zone"}),
    "timestamp with time zone": frozenset({"time without time zone", "time with time zone"}),
}
_CASTABLE = frozenset(
    {
        *(("bit", "integer"), ("bit", "bigint"), ("integer", "bit"), ("bigint", "bit")),
        *(("boolean", "integer"), ("integer", "boolean")),
        *((f"{kind}range", f"{kind}multirange") for kind in ("int4", "int8", "num", "date", "ts", "tstz")),
    }
)
"""Casts that have to be asked for and do not give what the way through text gives."""


def _using(column: str, before: Type, after: Type) -> str | None:
    """The expression for USING; ``None`` where the server finds its way, which then refuses to cut values
    short.

    An explicit cast would do so in silence: ``'abc'::varchar(2)`` is ``ab``.
    """
    target = definitions.type_words(after)
    if after.values is not None:
        text = "text[]" if _is_array(before) and _is_array(after) else "text"
        return f"{column}::{text}::{target}"
    new = parse(after.sql)
    if before.values is not None:
        array = parse_enum(before.sql).array
        if new.kind in STRINGS and (array == new.array or not new.array):
            return None
        return f"{column}::{'text[]' if array and new.array else 'text'}::{target}"
    old = parse(before.sql)
    if new.kind in STRINGS and (not new.array or old.array):
        return None
    if old.array == new.array:
        known = _ASSIGNABLE.get(old.kind, frozenset()) | _TIMES.get(old.kind, frozenset())
        if old.kind == new.kind or new.kind in known:
            return None
        if old.kind in STRINGS or (old.kind, new.kind) in _CASTABLE:
            return f"{column}::{target}"
        if new.kind == "boolean" and old.kind in NUMBERS and not old.array:
            return f"{column} <> 0"
        if old.kind == "boolean" and new.kind in NUMBERS:
            return f"{column}::integer{'[]' if old.array else ''}::{target}"
        return f"{column}::{'text[]' if old.array else 'text'}::{target}"
    if old.kind in STRINGS and not old.array:
        return f"{column}::{target}"
    return f"{column}::text::{target}"


# what counts by itself


def _count(table: Name, column: Column) -> list[str]:
    """A sequence of the column's own, as ``serial`` would have made it, that goes on after the largest value."""
    name = Name(definitions.made_name(table.name, column.name, "seq"), table.schema)
    alter = f"ALTER TABLE {quoted(table)} ALTER COLUMN {quote(column.name)}"
    return [
        f"CREATE SEQUENCE {quoted(name)} AS {column.type.sql} OWNED BY {quoted(table)}.{quote(column.name)}",
        f"{alter} SET DEFAULT nextval({string(quoted(name))}::regclass)",
        *_count_on(table, column),
    ]


def _count_on(table: Name, column: Column) -> list[str]:
    options = column.identity or Identity()
    if (options.increment or 1) < 0:
        return []
    first = options.start or options.minimum or 1
    sequence = f"pg_get_serial_sequence({string(quoted(table))}, {string(column.name)})"
    highest = f"greatest(max({quote(column.name)}) + 1, {first})"
    return [f"SELECT setval({sequence}, {highest}, false) FROM {quoted(table)}"]


def _on_sequence(verb: str, rest: str, table: Name, column: str) -> str:
    """A statement on the sequence that the column owns, by whatever name: one keeps its name in every rename."""
    sequence = f"pg_get_serial_sequence({string(quoted(table))}, {string(column)})"
    text = f"EXECUTE {string(verb)} || {sequence}{f' || {string(rest)}' if rest else ''};"
    tag = "$do$"
    while tag in text:
        tag = f"${tag[1:-1]}o$"
    return f"DO {tag} BEGIN {text} END {tag}"


def _set_identity(before: Identity, after: Identity) -> str:
    clauses = []
    if before.always != after.always:
        clauses.append(f"SET GENERATED {'ALWAYS' if after.always else 'BY DEFAULT'}")
    start = after.minimum or 1
    if (after.increment or 1) < 0:
        start = after.maximum or -1
    for old, new, words_, none in (
        (before.increment, after.increment, "INCREMENT BY", "INCREMENT BY 1"),
        (before.minimum, after.minimum, "MINVALUE", "NO MINVALUE"),
        (before.maximum, after.maximum, "MAXVALUE", "NO MAXVALUE"),
        (before.start, after.start, "START WITH", f"START WITH {start}"),
        (before.cache, after.cache, "CACHE", "CACHE 1"),
    ):
        if old != new:
            clauses.append(f"SET {none if new is None else f'{words_} {new}'}")
    if before.cycle != after.cycle:
        clauses.append("SET CYCLE" if after.cycle else "SET NO CYCLE")
    return " ".join(clauses)
