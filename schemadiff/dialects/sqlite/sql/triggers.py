"""Triggers: their texts read, written for a table that was renamed, and watched over during a transaction.

A rebuild drops the table and with it its triggers, and makes those again that were there when it was
planned. One that was made since then would be lost in silence; `TriggerWatch` sees that.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from schemadiff.dialects.sqlite.server.tokens import Cursor, quote, tokens, unquoted
from schemadiff.schema import Name

if TYPE_CHECKING:
    pass

EVENTS = ("INSERT", "UPDATE", "DELETE")


class Head(NamedTuple):
    """The head of a CREATE TRIGGER, before its body; ``name_at`` and ``table_at`` are where these names
    begin."""

    name: str
    event: str
    table: str
    name_at: int
    table_at: int


def head(sql: str) -> Head | None:
    """The head of a CREATE TRIGGER; ``None`` for any other statement, a temporary trigger's too."""
    cursor = Cursor(sql)
    if not cursor.take("CREATE", "TRIGGER"):
        return None
    cursor.take("IF", "NOT", "EXISTS")
    name_at = cursor.next_start
    name = _name(cursor)
    while cursor and not cursor.at(*EVENTS):
        cursor.skip()
    occasion = cursor.name().upper()
    while cursor and not cursor.at("ON"):
        cursor.skip()
    cursor.take("ON")
    table_at = cursor.next_start
    return Head(name, occasion, cursor.name(), name_at, table_at)


def moved(sql: str, table: Name) -> str:
    """The text of a trigger, word for word but for the name of its table, which has become this one."""
    found = head(sql)
    if found is None:
        return sql
    text = sql
    if found.table.lower() != table.name.lower():
        for before, token in reversed(list(pairwise(tokens(sql)))):
            is_name = token.kind in {"word", "quoted"} and unquoted(token).lower() == found.table.lower()
            if is_name and before.text != "." and token.start >= found.table_at:
                text = text[: token.start] + quote(table.name) + text[token.end :]
    if table.schema:
        text = f"{text[: found.name_at]}{quote(table.schema)}.{text[found.name_at :]}"
    return text


def dropped(statements: Iterable[str]) -> set[str]:
    """The names, in small letters, of the triggers that the statements drop."""
    return {dropped_name(sql) for sql in statements if "TRIGGER" in sql.upper()} - {""}


def dropped_name(sql: str) -> str:
    """The name, in small letters, of the trigger that the statement drops; empty where it drops none."""
    cursor = Cursor(sql)
    if not cursor.take("DROP", "TRIGGER"):
        return ""
    cursor.take("IF", "EXISTS")
    return _name(cursor).lower()


def _name(cursor: Cursor) -> str:
    """The name that comes next, without the schema that may stand before it."""
    name = cursor.name()
    if cursor.at_symbol("."):
        cursor.skip()
        name = cursor.name()
    return name
