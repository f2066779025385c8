"""Which values a change of type alters although the server is strict and reports no error. Pure text.

Measured on MySQL 9.7 and MariaDB 10.11 with STRICT_ALL_TABLES. What they refuse (a text too long, a number out of
range, a character that a character set lacks) is no loss.
"""

from __future__ import annotations

import re

from schemadiff.dialects.mysql.server.sql_text import quote
from schemadiff.dialects.shared.value_loss import (
    DATE_LOST,
    DIGITS,
    FRACTION_LOST,
    TIME_LOST,
    ZEROS_LOST,
    Loss,
)
from schemadiff.schema import Column

_WORDS = re.compile(r"(\w+)(?:\((\d+)(?:,(\d+))?\))?")
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_NUMBERS = _INTEGERS | {"decimal", "float", "double"}
_MOMENTS = frozenset({"datetime", "timestamp"})
_TEXTS = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})
_EXACT = {"float": frozenset({"tinyint", "smallint", "mediumint"}), "double": _INTEGERS - {"bigint"}}
"""Integers of which a floating-point type holds every one: up to 24 and 53 bits."""


def losing(before: Column, after: Column) -> Loss | None:
    """Return what the values of the column lose in a change of type; ``None`` if they lose nothing, or the server
    refuses those that would.
    """
    old, precision, scale = _words(before.type.sql)
    new, wanted, decimals = _words(after.type.sql)
    column = quote(before.name)
    if old in _NUMBERS and new in _NUMBERS:
        if (exact := _number(column, old, (precision, scale), new, (wanted, decimals))) is None:
            return None
        return Loss("SD105", DIGITS, f"{column} <> {exact}")
    if old in _MOMENTS | {"time"} and new in _MOMENTS | {"date", "time"}:
        return _time(column, old, precision or 0, new, wanted or 0)
    if old in _TEXTS and new in _NUMBERS:
        # '1.5' becomes 2 on MySQL, and is refused by MariaDB; '007' becomes 7 on both.
        fraction = "0" if new in _INTEGERS else str(decimals or 0) if new == "decimal" else None
        rounded = f" OR {column} REGEXP '[.][0-9]{{{fraction}}}[0-9]*[1-9]'" if fraction is not None else ""
        return Loss("SD109", ZEROS_LOST, f"({column} REGEXP '^[[:space:]]*[-+]?0[0-9]'{rounded})")
    if old in _TEXTS and new == "date":
        return Loss("SD108", TIME_LOST, f"CAST({column} AS DATETIME(6)) <> CAST({column} AS DATE)")
    if old in _TEXTS and new == "time":
        return Loss("SD108", DATE_LOST, f"{column} REGEXP '[0-9]-[0-9]'")
    if old in _TEXTS and new in _MOMENTS:
        parts = f"CAST({column} AS DATETIME(6)) <> CAST({column} AS DATETIME({wanted or 0}))"
        return Loss("SD108", FRACTION_LOST, parts) if (wanted or 0) < 6 else None
    return None


def _words(sql: str) -> tuple[str, int | None, int | None]:
    match = _WORDS.match(sql)
    if not match:
        return sql, None, None
    return match[1], *(int(one) if one else None for one in match.group(2, 3))  # type: ignore[return-value]


def _number(
    column: str,
    old: str,
    size: tuple[int | None, int | None],
    new: str,
    wanted: tuple[int | None, int | None],
) -> str | None:
    """The number as it is after the change; ``None`` where it is the same."""
    if new in _INTEGERS:
        return None if old in _INTEGERS or (old == "decimal" and not size[1]) else f"ROUND({column})"
    if new == "decimal" or wanted[1] is not None:
        scale = wanted[1] or 0
        if old in _INTEGERS or (old == "decimal" and scale >= (size[1] or 0)):
            return None
        return f"CAST({column} AS DECIMAL({wanted[0] or 10},{scale}))"
    if old in _EXACT[new] or (old, new) in (("float", "float"), ("float", "double"), ("double", "double")):
        return None
    approximate = f"CAST({column} AS {new.upper()})"
    if old in ("float", "double"):
        return approximate
    # A comparison of a decimal or an integer with a double is one of doubles: both are the same then.
    return (
        f"CAST({approximate} AS DECIMAL({f'{size[0] or 10},{size[1] or 0}' if old == 'decimal' else '65,0'}))"
    )


def _time(column: str, old: str, precision: int, new: str, wanted: int) -> Loss | None:
    if "time" in (old, new) and old != new:
        if new in _MOMENTS:
            return Loss("SD109", "the date of that day is added", f"{column} IS NOT NULL")
        return Loss("SD108", DATE_LOST if new == "time" else TIME_LOST, f"{column} IS NOT NULL")
    if new == "date":
        return Loss("SD108", TIME_LOST, f"{column} <> CAST({column} AS DATE)")
    if wanted >= precision:
        return None
    kind = "TIME" if new == "time" else "DATETIME"
    # MySQL rounds, MariaDB cuts off, in a cast as in ALTER TABLE.
    return Loss("SD108", FRACTION_LOST, f"{column} <> CAST({column} AS {kind}({wanted}))")
