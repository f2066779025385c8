"""How the values of a column get from one type to another: SQLAlchemy stores each type in a form of its own, and
SQLite keeps whatever form it is given. Pure text.

A value is converted where the new type can say the same: text in the form of a UUID, a date as a moment at midnight. It
is not where something would be lost (leading zeros, a fraction, a time of day) or would have to be guessed (a number as
a moment): then the change is refused, and the way is to correct the values first. The stored value decides, whatever
the old type was, so what was corrected beforehand is taken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.types import TypeEngine

from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.dialects.sqlite.canonical.expressions import affinity
from schemadiff.dialects.sqlite.canonical.sqlalchemy_types import sqlalchemy_type
from schemadiff.dialects.sqlite.server.tokens import literal
from schemadiff.schema import Type

Kind = Literal[
    "text",
    "enum",
    "integer",
    "number",
    "float",
    "boolean",
    "date",
    "time",
    "datetime",
    "interval",
    "uuid",
    "binary",
    "json",
]

IS_TEXT = "schemadiff_is_text"
"""The SQL function that says whether bytes are text; SQLite has none. `run.transaction` gives it to the connection."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value becomes one of another type.

    ``value`` is the converted value, NULL for NULL. ``holds`` is true for every value, other than NULL, that can be
    converted; ``None`` where all can. ``rule`` says in words what values have to be like. ``portable``: no function is
    needed that only schemadiff's own connections know.
    """

    value: str
    holds: str | None = None
    rule: str = ""
    portable: bool = True


def conversion(column: str, before: Type, after: Type) -> Conversion | None:
    """How the values of a column, given as it is written in SQL, change with its type; ``None`` where they stay as they
    are stored.
    """
    old, new = _resolved(before), _resolved(after)
    source, target = _kind(old, before.sql), _kind(new, after.sql)
    counts = target == "uuid" and affinity(after.sql) == "NUMERIC"
    if before.sql == after.sql or target is None or (source == target and target != "enum" and not counts):
        return None
    found = _CONVERSIONS[target](column, source, new)
    if found and counts:
        # The type UUID has the affinity of numbers: 32 digits without a letter would become one.
        return dataclasses.replace(found, holds=f"({found.holds}) AND {found.value} GLOB '*[a-df]*'")
    return found


_DIALECT = cast(Any, SQLiteDialect_pysqlite)()


def _resolved(kind: Type) -> TypeEngine[Any]:
    return kind.source if kind.source is not None else sqlalchemy_type(kind.sql, None, _DIALECT)


_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (sa.Enum, "enum"),
    (sa.String, "text"),
    (sa.Boolean, "boolean"),
    (sa.Integer, "integer"),
    (sa.Numeric, "number"),
    (sa.Float, "number"),
    (sa.Date, "date"),
    (sa.Time, "time"),
    (sa.Interval, "interval"),
    (sa.DateTime, "datetime"),
    (sa.Uuid, "uuid"),
    (sa.LargeBinary, "binary"),
    (sa.BINARY, "binary"),
    (sa.VARBINARY, "binary"),
    (sa.JSON, "json"),
)
_NATIVE: dict[str, Kind] = {"TEXT": "text", "INTEGER": "integer", "REAL": "float"}
_MOMENTS = (sqlite.DATETIME, sqlite.DATE, sqlite.TIME)


def _kind(source: TypeEngine[Any], sql: str) -> Kind | None:
    """The form in which values of the type are stored; ``None`` for one that nobody knows."""
    if isinstance(source, NativeType):
        return _NATIVE.get(affinity(sql))
    if isinstance(source, _MOMENTS) and source._storage_format != type(source)()._storage_format:
        return None
    if isinstance(
        source, getattr(sqlite, "JSONB", ())
    ):  # SQLAlchemy 2.1: stored in a binary form of SQLite's own
        return None
    found = next((kind for one, kind in _KINDS if isinstance(source, one)), None)
    return "float" if found == "number" and affinity(sql) == "REAL" else found


def _text(column: str, source: Kind | None) -> str:
    """Return the expression that gives a column's value as text: bytes are read as text, JSON without its quotation
    marks.
    """
    if source == "binary":
        return f"CAST({column} AS TEXT)"
    return f"trim({column}, '\"')" if source == "json" else column


def _dashed(column: str) -> str:
    cuts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    parts = " || '-' || ".join(f"substr({column}, {start}, {length})" for start, length in cuts)
    return f"CASE WHEN length({column}) = 32 THEN {parts} ELSE {column} END"


def _seconds(column: str) -> str:
    """The seconds of an interval, which SQLAlchemy stores as a moment that long after the beginning of 1970."""
    whole = f"CAST(strftime('%s', substr({column}, 1, 19)) AS INTEGER)"
    fraction = f"CAST('0' || substr({column}, 20) AS REAL)"
    return f"CASE WHEN {fraction} = 0 THEN {whole} ELSE {whole} + {fraction} END"


def _is_number(text: str) -> str:
    """Whether the text is a number as JSON has it: no leading zeros, no plus sign, nothing but ASCII digits."""
    return f"CASE WHEN json_valid({text}) THEN json_type({text}) IN ('integer', 'real') ELSE 0 END"


_WHOLE = "a whole number has no leading zeros and no fraction"
_NUMBER = "a number has no leading zeros and no more than 15 digits"


def _to_integer(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    if source == "boolean":
        return None
    if source == "interval":
        return Conversion(_seconds(column), f"substr({column}, 20) IN ('', '.000000')", _WHOLE)
    same = f"CAST(CAST({column} AS INTEGER) AS TEXT) = CAST({column} AS TEXT)"
    if source not in ("text", "enum", "binary"):
        same += f" OR (typeof({column}) = 'real' AND CAST({column} AS INTEGER) = {column})"
    return Conversion(f"CAST({column} AS INTEGER)", same, _WHOLE)


def _to_number(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    if source in ("integer", "float", "boolean"):
        return None
    if source == "interval":
        return Conversion(_seconds(column))
    if source == "json":
        return _number_in_json(column)
    text = f"CAST({column} AS TEXT)"
    holds = f"{_is_exact(text)} OR CAST(CAST({text} AS INTEGER) AS TEXT) = {text}"
    return Conversion(f"CAST({text} AS NUMERIC)", f"({holds}) AND {_is_number(text)}", _NUMBER)


def _to_float(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    if source == "boolean":
        return None
    if source == "interval":
        return Conversion(_seconds(column))
    if source in ("integer", "number"):
        kept = f"typeof({column}) = 'real' OR CAST(CAST({column} AS REAL) AS INTEGER) = {column}"
        return Conversion(column, kept, _NUMBER)
    if source == "json":
        return _number_in_json(column)
    text = f"CAST({column} AS TEXT)"
    return Conversion(f"CAST({text} AS REAL)", f"{_is_exact(text)} AND {_is_number(text)}", _NUMBER)


def _number_in_json(column: str) -> Conversion:
    # The type JSON has the affinity of numbers, so that a number in it is stored as one.
    return Conversion(
        column, f"typeof({column}) IN ('integer', 'real')", "a number in JSON has no quotation marks"
    )


def _is_exact(text: str) -> str:
    """Whether the text of a number has no more digits than SQLite keeps: 15, or the 17 that it is written with."""
    digits = f"ltrim(replace(replace({text}, '.', ''), '-', ''), '0')"
    return f"(length({digits}) <= 15 OR printf('%!.17g', CAST({text} AS REAL)) = {text})"


_TRUE = "'1', '1.0', 'true', 't', 'yes', 'y', 'on'"
_FALSE = "'0', '0.0', 'false', 'f', 'no', 'n', 'off'"


def _to_boolean(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    text = f"lower({_text(column, source)})"
    rule = "a truth value is 0, 1, false, true, no, yes, off or on"
    return Conversion(f"{text} IN ({_TRUE})", f"{text} IN ({_TRUE}, {_FALSE})", rule)


def _to_text(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    if source == "uuid":
        # In a column of 32 characters it stays as SQLAlchemy stores it.
        short = (getattr(target, "length", None) or 36) < 36
        return None if short else Conversion(_dashed(column))
    if source == "binary":
        rule = "the bytes of a text are UTF-8"
        holds = f"typeof({column}) != 'blob' OR {IS_TEXT}({column})"
        return Conversion(f"CAST({column} AS TEXT)", holds, rule, portable=False)
    return Conversion(_digits(column)) if source in ("number", "float", "json") else None


def _digits(column: str) -> str:
    """A number with all its digits: SQLite writes 15, and there may be 17."""
    cut = f"typeof({column}) = 'real' AND CAST(CAST({column} AS TEXT) AS REAL) != {column}"
    return f"CASE WHEN {cut} THEN printf('%!.17g', {column}) ELSE {column} END"


def _to_enum(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    text = f"CAST({_text(column, source)} AS TEXT)"
    members = ", ".join(literal(str(one)) for one in getattr(target, "enums", ()))
    value = column if source in ("text", "enum") else text
    return Conversion(value, f"{text} IN ({members})", f"it is one of {members}") if members else None


def _to_date(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    text = _text(column, source)
    moment = _moment(text)
    holds = f"{_is_moment(text)} AND substr({moment}, 11) = ' 00:00:00.000000'"
    rule = "a date is YYYY-MM-DD, and a time of day would be lost"
    if source == "interval":
        holds, rule = "0", "an interval has no date"
    return Conversion(f"substr({text}, 1, 10)", holds, rule)


def _to_datetime(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    text = _text(column, source)
    return Conversion(
        _moment(text), _is_moment(text), "a moment is YYYY-MM-DD HH:MM:SS.ffffff, without a time zone"
    )


def _to_time(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    text = _text(column, source)
    rule = "a time is HH:MM:SS.ffffff, and a date would be lost"
    if source == "interval":
        is_span = f"substr({column}, 1, 11) = '1970-01-01 '"
        return Conversion(f"substr({column}, 12)", is_span, "a time is from 0 to 24 hours")
    return Conversion(_time(text), _is_time(text), rule)


def _to_interval(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    if source in ("integer", "number", "float"):
        micro = f"CAST(round({column} * 1000000) AS INTEGER)"
        fraction = f"(({micro} % 1000000) + 1000000) % 1000000"
        value = f"datetime(({micro} - {fraction}) / 1000000, 'unixepoch') || printf('.%06d', {fraction})"
        number = f"typeof({column}) IN ('integer', 'real') AND abs({column}) < 60000000000"
        return Conversion(value, number, "the seconds of an interval are a number")
    text = _text(column, source)
    if source == "time":
        return Conversion(f"'1970-01-01 ' || {_time(text)}", _is_time(text), "a time is HH:MM:SS.ffffff")
    if source in ("date", "datetime"):
        return Conversion(column, "0", "a moment is no interval")
    rule = "SQLAlchemy stores an interval as the moment YYYY-MM-DD HH:MM:SS.ffffff that long after 1970-01-01"
    return Conversion(_moment(text), _is_moment(text), rule)


def _moment(text: str) -> str:
    """The text of a date or moment with all its fields, as SQLAlchemy stores a moment."""
    return f"replace({text}, 'T', ' ') || substr(' 00:00:00.000000', length({text}) - 9)"


def _is_moment(text: str) -> str:
    # A modifier makes SQLite count: without one 3.40 takes 30 February and 24:00 as they are.
    moment = f"({_moment(text)})"
    return (
        f"length({text}) NOT IN (11, 12, 13, 14, 15, 17, 18, 20)"
        f" AND datetime(substr({moment}, 1, 19), '+0 days') = substr({moment}, 1, 19) AND {moment} >= '0001'"
        f" AND substr({moment}, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'"
    )


def _time(text: str) -> str:
    return f"{text} || substr('00:00:00.000000', length({text}) + 1)"


def _is_time(text: str) -> str:
    moment = f"({_time(text)})"
    return (
        f"length({text}) NOT IN (0, 1, 2, 3, 4, 6, 7, 9)"
        f" AND time(substr({moment}, 1, 8), '+0 days') = substr({moment}, 1, 8)"
        f" AND substr({moment}, 9) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'"
    )


def _to_uuid(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    text = _text(column, source)
    value = f"lower(replace({text}, '-', ''))"
    holds = (
        f"length({value}) = 32 AND {value} NOT GLOB '*[^0-9a-f]*'"
        f" AND (length({text}) = 32 OR {text} LIKE '________-____-____-____-____________')"
    )
    rule = "a UUID has 32 hexadecimal digits, with all its hyphens or none"
    if source == "binary":
        value = f"CASE length({column}) WHEN 16 THEN lower(hex({column})) ELSE {value} END"
        holds = f"length({column}) = 16 OR ({holds})"
    return Conversion(value, holds, rule)


def _to_binary(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    digits = _digits(column) if source in ("number", "float", "json") else column
    return Conversion(f"CAST(CAST({digits} AS TEXT) AS BLOB)")


def _to_json(column: str, source: Kind | None, target: TypeEngine[Any]) -> Conversion | None:
    match source:
        case "integer" | "number" | "float":
            return None
        case "boolean":
            return Conversion(f"CASE {column} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE {column} END")
        case "uuid":
            return Conversion(f"CASE WHEN {column} IS NOT NULL THEN json_quote({_dashed(column)}) END")
        case "date" | "time" | "datetime" | "interval" | "enum":
            return Conversion(f"CASE WHEN {column} IS NOT NULL THEN json_quote({column}) END")
        case _:
            text = _text(column, source)
            return Conversion(text, f"json_valid({text})", "JSON has its strings in double quotation marks")


_CONVERSIONS: dict[Kind, Callable[[str, Kind | None, TypeEngine[Any]], Conversion | None]] = {
    "text": _to_text,
    "enum": _to_enum,
    "integer": _to_integer,
    "number": _to_number,
    "float": _to_float,
    "boolean": _to_boolean,
    "date": _to_date,
    "time": _to_time,
    "datetime": _to_datetime,
    "interval": _to_interval,
    "uuid": _to_uuid,
    "binary": _to_binary,
    "json": _to_json,
}
