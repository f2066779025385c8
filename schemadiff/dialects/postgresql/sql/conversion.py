"""How the values of a column get from one type to another: what stands behind USING, if anything does. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from schemadiff.dialects.postgresql.canonical.types import (
    INTEGERS,
    NUMBERS,
    STRINGS,
    Words,
    parse,
    parse_enum,
)
from schemadiff.dialects.postgresql.server.sql_text import STRING, mask
from schemadiff.dialects.postgresql.sql import create
from schemadiff.schema import Type

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
        *(("boolean", "integer"), ("integer", "boolean"), ("hstore", "json"), ("hstore", "jsonb")),
        *((f"{kind}range", f"{kind}multirange") for kind in ("int4", "int8", "num", "date", "ts", "tstz")),
    }
)
"""Casts that have to be asked for and do not give what the way through text gives."""


def using(column: str, before: Type, after: Type) -> str | None:
    """The expression for USING; ``None`` where the server finds its way, which then refuses to cut values
    short.

    An explicit cast would do so in silence: ``'abc'::varchar(2)`` is ``ab``.
    """
    target = create.type_words(after)
    if after.values is not None:
        return _to_enum(column, before, after, target)
    new = parse(after.sql)
    if before.values is not None:
        array = parse_enum(before.sql).array
        if new.kind in STRINGS and (array == new.array or not new.array):
            return None
        return f"{column}::{'text[]' if array and new.array else 'text'}::{target}"
    old = parse(before.sql)
    if old.kind == "uuid" and new.kind in ("character", "character varying") and new.arguments == ("32",):
        # Where SQLAlchemy keeps a Uuid as text, it does so without the hyphens.
        return None if old.array or new.array else f"replace({column}::text, '-', '')"
    if new.kind in STRINGS and (not new.array or old.array):
        return None
    if old.array == new.array:
        return _same_dimension(column, old, new, target)
    if old.kind in STRINGS and not old.array:
        return f"{column}::{target}"
    if new.array:
        element = _same_dimension(column, old, new._replace(array=False), target.removesuffix("[]"))
        values = f"ARRAY[{element}]" if element else f"ARRAY[{column}]::{target}"
        if new.kind in STRINGS:
            values = f"ARRAY[{column}::text]"
        return f"CASE WHEN {column} IS NOT NULL THEN {values} END"
    if new.kind in ("json", "jsonb"):
        return f"to_{new.kind}({column})"
    # One element comes out as it is, several are refused, instead of all but one being lost.
    return f"trim(both '{{}}' from {column}::text)::{target}"


def _to_enum(column: str, before: Type, after: Type, target: str) -> str:
    old = parse_enum(before.sql).array if before.values is not None else parse(before.sql).array
    new = parse_enum(after.sql).array
    if new and not old and (before.values is not None or parse(before.sql).kind not in STRINGS):
        return f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}::text]::{target} END"
    if old and not new:
        return f"trim(both '{{}}' from {column}::text)::{target}"
    return f"{column}::{'text[]' if old and new else 'text'}::{target}"


def _same_dimension(column: str, old: Words, new: Words, target: str) -> str | None:
    """Both are arrays, or neither is."""
    known = _ASSIGNABLE.get(old.kind, frozenset()) | _TIMES.get(old.kind, frozenset())
    if old.kind == new.kind == "bit" and not old.array and int(old.arguments[0]) < int(new.arguments[0]):
        return f"{column}::{target}"
    spans = old.kind.startswith("interval") and new.kind.startswith("interval")
    if old.kind == new.kind or new.kind in known or spans:
        return None
    if old.kind in STRINGS or (old.kind, new.kind) in _CASTABLE:
        return f"{column}::{target}"
    if not old.array:
        if new.kind == "boolean" and old.kind in NUMBERS:
            return f"{column} <> 0"
        if old.kind.startswith("interval") and new.kind in NUMBERS:
            return f"extract(epoch from {column})::{target}"
        if old.kind == "money" and new.kind in NUMBERS:
            return f"{column}::numeric::{target}"
        if new.kind in ("json", "jsonb"):
            return f"to_{new.kind}({column})"
        if old.kind.endswith("multirange") and new.kind == old.kind.replace("multirange", "range"):
            return f"trim(both '{{}}' from {column}::text)::{target}"
    if old.kind == "boolean" and new.kind in NUMBERS:
        return f"{column}::integer{'[]' if old.array else ''}::{target}"
    return f"{column}::{'text[]' if old.array else 'text'}::{target}"


_LENGTHS = frozenset({"character varying", "bit varying", "numeric"})
_MOMENTS_AND_SPANS = ("timestamp ", "time ", "interval")
_SAME_BYTES = frozenset(
    {
        *(("character varying", "text"), ("text", "character varying"), ("xml", "text"), ("cidr", "inet")),
        ("xml", "character varying"),
    }
)


def rewrites(before: Type, after: Type) -> bool:
    """Whether a change from one type to the other rewrites the table (measured on PostgreSQL 15.18); true where
    nobody knows, and between timestamps with and without a zone, where it depends on the session's.
    """
    if before == after:
        return False
    if before.values is not None or after.values is not None:
        return True
    old, new = parse(before.sql), parse(after.sql)
    if old.array or new.array:
        return not (old.kind == new.kind and old.array == new.array and not new.arguments)
    if old.kind != new.kind:
        spans = old.kind.startswith("interval") and new.kind == "interval"
        return not (spans or ((old.kind, new.kind) in _SAME_BYTES and not new.arguments))
    if old.kind in _LENGTHS or old.kind.startswith(_MOMENTS_AND_SPANS):
        return not _holds(new.arguments, old.arguments, old.kind)
    return True


def _holds(new: Sequence[str], old: Sequence[str], kind: str) -> bool:
    """Whether every value of the old length or precision is one of the new."""
    if not new:
        return True
    if not old:
        return kind.startswith(_MOMENTS_AND_SPANS) and new == ("6",)
    return int(new[0]) >= int(old[0]) and new[1:] == old[1:]


def default_follows(default: str | None) -> bool:
    """Whether a default becomes by itself what a new column of the new type would have: not a typed constant, which
    keeps its own type.
    """
    return default is None or STRING not in mask(default).skeleton or default.startswith("nextval(")


def polymorphic(kind: Type) -> bool:
    """Whether values of the type are compared by an operator for many types (``anyenum``, ``anyarray``, ``anyrange``,
    ``record``); true where nobody knows, as of a domain.

    When a column of a foreign key changes without the table being rewritten, the server asks whether it may trust
    what it has checked before, and for such a type ends with "could not find cast from … to 3500" (findFkeyCast in
    src/backend/commands/tablecmds.c; PostgreSQL 15.18).
    """
    if kind.values is not None:
        return True
    words = parse(kind.sql)
    return words.array or words.cast is None or words.kind.endswith("range")


def comparable(kind: Type) -> str:
    """The types between which a foreign key may stand while one of the two columns still has another length or size:
    equal results for those.
    """
    if kind.values is not None:
        return kind.sql
    words = parse(kind.sql)
    family = (
        "integer"
        if words.kind in INTEGERS
        else "text"
        if words.kind in STRINGS - {"character"}
        else words.kind
    )
    return f"{family}[]" if words.array else family
