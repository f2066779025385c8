"""The members of ENUM and SET types, and MariaDB's defaults, that hold characters beyond U+FFFF.

SHOW CREATE TABLE and information_schema show a question mark for each such character (MySQL 9.7, MariaDB 10.11), though
the table has it. A temporary table made of the column tells: it takes members by their numbers, and its default.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from schemadiff.dialects.mysql.canonical.types import members
from schemadiff.dialects.mysql.server.conversation import Refusal, Talk, unlogged
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import literal, quote, storable, unquote
from schemadiff.schema import Column, Table, Type

_WIDE = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"})
"""The character sets that have such characters."""

_COPY, _KEY = quote("schemadiff members"), quote("schemadiff key")


def with_told(talk: Talk, facts: Facts, table: Table, qualified: str) -> tuple[Table, tuple[str, ...]]:
    """The table as it was shown, with the texts that were shown with question marks as they are, and what the server
    did not tell.
    """
    doubtful = [column for column in table.columns if _is_doubtful(column, facts)]
    if not doubtful:
        return table, ()
    told = {}
    with unlogged(talk, facts.product.logs_temporary_tables):
        for column in doubtful:
            told[column.name] = _told(talk, facts, column, qualified)
    unknown = (
        f"column {name}: question marks that may stand for other characters, which cannot be asked for here"
        for name, one in told.items()
        if one is None
    )
    columns = tuple(told.get(column.name) or column for column in table.columns)
    return dataclasses.replace(table, columns=columns), tuple(unknown)


def as_given(column: Column, answer: Column) -> Column:
    """`answer`, what the server showed of the column, with the characters that were given, where it showed question
    marks for them: those that it does not show, and those that the column's character set does not have. The question
    marks that it then keeps are another text than what was given.
    """
    if "?" in answer.type.sql and _may_be(answer.type.sql, column.type.sql):
        answer = dataclasses.replace(
            answer, type=Type(column.type.sql, answer.type.values, answer.type.source)
        )
    if column.default and "?" in (answer.default or "") and storable(column.default) == answer.default:
        answer = dataclasses.replace(answer, default=column.default)
    return answer


def _may_be(shown: str, given: str) -> bool:
    return len(shown) == len(given) and all(
        one in (other, "?") for one, other in zip(shown, given, strict=True)
    )


def _is_doubtful(column: Column, facts: Facts) -> bool:
    if column.charset is not None and column.charset not in _WIDE:
        return False
    return _has_doubtful_members(column) or _has_doubtful_default(column, facts)


def _has_doubtful_members(column: Column) -> bool:
    return "?" in column.type.sql and column.type.sql.startswith(("enum(", "set("))


def _has_doubtful_default(column: Column, facts: Facts) -> bool:
    """MySQL shows such a default in hexadecimal digits."""
    default = column.default or ""
    return facts.product.folds_defaults and default.startswith("'") and "?" in default


def _told(talk: Talk, facts: Facts, column: Column, qualified: str) -> Column | None:
    """The column with the texts that it has; ``None`` where the server does not tell."""
    type_, default = column.type, column.default
    if _has_doubtful_members(column):
        kind = type_.sql.partition("(")[0]
        shown = members(type_.sql)
        numbers = [1 << place if kind == "set" else place + 1 for place in range(len(shown))]
        found = _selected(talk, column.name, qualified, [f"({number})" for number in numbers])
        if len(found) != len(shown):
            return None
        if found != shown:
            type_ = dataclasses.replace(type_, sql=f"{kind}({','.join(map(literal, found))})")
    if _has_doubtful_default(column, facts):
        found = _selected(talk, column.name, qualified, ["(DEFAULT)"])
        if not found:
            return None
        if found[0] != unquote(column.default or ""):
            default = literal(found[0])
    return dataclasses.replace(column, type=type_, default=default)


def _selected(talk: Talk, column: str, qualified: str, rows: Sequence[str]) -> tuple[str, ...]:
    """The column's values in a temporary table of these rows; nothing where the server refuses that."""
    name, drop = quote(column), f"DROP TEMPORARY TABLE IF EXISTS {_COPY}"
    key = f"{_KEY} int NOT NULL AUTO_INCREMENT PRIMARY KEY"  # see sql_require_primary_key
    group = [
        drop,
        f"CREATE TEMPORARY TABLE {_COPY} ({key}) SELECT {name} FROM {qualified} LIMIT 0",
        f"INSERT INTO {_COPY} ({name}) VALUES {', '.join(rows)}",
        f"SELECT CONVERT({name} USING utf8mb4) FROM {_COPY} ORDER BY {_KEY}",
    ]
    try:
        reply = next(talk([group]))
    finally:
        next(talk([[drop]]))
    return () if isinstance(reply, Refusal) else tuple(str(row[0]) for row in reply)
