"""Triggers are watched over during a transaction: none may be lost by a rebuild of its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.engine import Connection

from schemadiff.dialects.sqlite.sql.triggers import dropped_name, head


class TriggerWatch:
    """Follows which triggers there should be, from what is there at first and the statements that are run."""

    def __init__(self, there: Iterable[tuple[str, str]]) -> None:
        self.expected = {name.lower(): (name, table) for name, table in there}

    def see(self, sql: str) -> None:
        """Takes note of a statement that makes or drops a trigger."""
        if "TRIGGER" not in sql.upper():
            return
        made = head(sql)
        if made:
            self.expected[made.name.lower()] = (made.name, made.table)
        else:
            self.expected.pop(dropped_name(sql), None)

    def lost(self, there: Iterable[str], tables: Iterable[str]) -> list[tuple[str, str]]:
        """The triggers that are gone although nobody dropped them and their table is there, with that
        table."""
        present, kept = {name.lower() for name in there}, {table.lower() for table in tables}
        return [
            (name, table)
            for key, (name, table) in self.expected.items()
            if key not in present and table.lower() in kept
        ]


class Watching(Protocol):
    """Who looks on."""

    def see(self, sql: str) -> None:
        """Takes note of a statement that is about to be carried out."""


_WATCHES: WeakKeyDictionary[Connection, list[Watching]] = WeakKeyDictionary()
"""Who looks on at the connections to which `_see` listens: to begin and end that with each transaction of a long run
takes longer than many a statement.
"""


@contextmanager
def watching(connection: Connection, watch: Watching) -> Iterator[None]:
    """Shows the watch each statement that is run on the connection."""
    if connection not in _WATCHES:
        _WATCHES[connection] = []
        event.listen(connection, "before_cursor_execute", _see)
    watches = _WATCHES[connection]
    watches.append(watch)
    try:
        yield
    finally:
        watches.remove(watch)


def _see(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    for watch in _WATCHES.get(connection, ()):
        watch.see(statement)
