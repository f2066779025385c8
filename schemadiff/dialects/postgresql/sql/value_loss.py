"""Which values a change of type alters without an error. Pure text.

What ALTER COLUMN … TYPE does to a value is what a cast does to it (PostgreSQL 15: rounding numbers, cutting moments).
What it refuses (a text too long, a number out of range) is no loss.
"""

from __future__ import annotations

from schemadiff.dialects.postgresql.canonical.types import FLOATS, INTEGERS, NUMBERS, STRINGS, Words, parse
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.shared.value_loss import (
    DATE_LOST,
    DIGITS,
    FRACTION_LOST,
    TIME_LOST,
    TRUTH,
    ZEROS_LOST,
    Loss,
)
from schemadiff.schema import Column

_MOMENTS = frozenset({"timestamp without time zone", "timestamp with time zone"})
_TIMES = frozenset({"time without time zone", "time with time zone"})
_EXACT = {"real": frozenset({"smallint"}), "double precision": frozenset({"smallint", "integer", "real"})}
"""Numbers of which a floating-point type holds every one."""


def losing(before: Column, after: Column) -> Loss | None:
    """Return what the values of the column lose in a change of type; ``None`` if they lose nothing, or the server
    refuses those that would.
    """
    if before.type.values is not None or after.type.values is not None:
        return None
    old, new, column = parse(before.type.sql), parse(after.type.sql), quote(before.name)
    if old.array != new.array:
        return None
    there_and_back = f"{column} IS DISTINCT FROM {column}::{new.sql}::{old.sql}"
    if old.kind in NUMBERS | {"money"} and new.kind in NUMBERS | {"money"}:
        return Loss("SD105", DIGITS, there_and_back) if _rounds(old, new) else None
    if old.kind in _MOMENTS | _TIMES and new.kind in _MOMENTS | _TIMES | {"date"}:
        return _moment(column, old, new, there_and_back)
    if old.kind.startswith("interval") and new.kind.startswith("interval"):
        return None if new.kind == "interval" and not new.arguments else Loss("SD108", DIGITS, there_and_back)
    if old.array:
        return None
    if old.kind in NUMBERS and new.kind == "boolean":
        return Loss("SD109", TRUTH, f"{column} NOT IN (0, 1)")
    if old.kind in STRINGS and new.kind in NUMBERS:
        rounded = f" OR {column}::numeric IS DISTINCT FROM {column}::{new.sql}" if new.arguments else ""
        return Loss("SD109", ZEROS_LOST, f"({column} ~ '^\\s*[-+]?0[0-9]'{rounded})")
    if old.kind in STRINGS and new.kind == "date":
        return Loss("SD108", TIME_LOST, f"{column}::timestamp IS DISTINCT FROM {column}::date")
    if old.kind in STRINGS and new.kind in _TIMES:
        return Loss("SD108", DATE_LOST, f"{column} ~ '[0-9]-[0-9]+-'")
    if old.kind in STRINGS and new.kind in _MOMENTS and _precision(new) < 6:
        exact = Words(new.kind).sql
        return Loss("SD108", FRACTION_LOST, f"{column}::{exact} IS DISTINCT FROM {column}::{new.sql}")
    return None


def _rounds(old: Words, new: Words) -> bool:
    """Whether a number of the one type can be another one in the other that takes it."""
    if new.kind == old.kind == "money" or (new.kind in _EXACT and old.kind in _EXACT[new.kind] | {new.kind}):
        return False
    if new.kind == "money" and old.kind in INTEGERS:
        return False  # and nothing casts it back
    if new.kind in INTEGERS:
        return old.kind not in INTEGERS and not (old.kind == "numeric" and _scale(old) == 0)
    if new.kind in FLOATS or old.kind in FLOATS or new.kind == "money":
        return True
    if old.kind in INTEGERS or not new.arguments:
        return False
    was = _scale(old) if old.kind == "numeric" else None
    return was is None or (_scale(new) or 0) < was


def _scale(words: Words) -> int | None:
    """The digits after the point of a numeric; ``None`` for any number of them."""
    if not words.arguments:
        return None
    return int(words.arguments[1]) if len(words.arguments) > 1 else 0


def _moment(column: str, old: Words, new: Words, there_and_back: str) -> Loss | None:
    if old.kind in _MOMENTS and new.kind in _TIMES:
        return Loss("SD108", DATE_LOST, f"{column} IS NOT NULL")
    if old.kind in _MOMENTS and new.kind == "date":
        return Loss("SD108", TIME_LOST, there_and_back)
    if old.kind == "time with time zone" and new.kind == "time without time zone":
        return Loss("SD108", "the time zone is lost", there_and_back)
    return Loss("SD108", FRACTION_LOST, there_and_back) if _precision(new) < _precision(old) else None


def _precision(words: Words) -> int:
    """The digits of the fraction of a second: six where nothing is said (PostgreSQL manual, section 8.5)."""
    return int(words.arguments[0]) if words.arguments else 6
