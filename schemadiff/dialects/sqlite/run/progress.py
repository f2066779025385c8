"""How far the copy of a rebuild is, and how to end a statement.

No other connection sees the rows of a transaction that is open, and SQLite counts them for nobody before the statement
is through. But it calls back every so many instructions of its virtual machine, and a copy takes the same number of
them for each row: how many is measured beforehand, on a few rows of the table, in a database in memory.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.contract.session import Reading, Session, share_of
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.dialects.sqlite.server.drivers import driver_of
from schemadiff.dialects.sqlite.server.tokens import Cursor, literal, quote

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_EVERY = 20_000
"""Instructions between two calls: about a millisecond."""

_FEWEST = 20_000
"""A table with fewer rows is copied before anybody looks."""

_SAMPLE = 50


class SQLiteSession(Session):
    """A connection of this process."""

    def __init__(self, connection: Connection, sql: str) -> None:
        self._driver = driver_of(connection)
        self._instructions = 0
        self._total = 0.0
        with suppress(Exception):  # an extension that the measure lacks, for example: then there is no share
            self._total = _instructions_of_copy(connection, sql)
        if self._total:
            self._driver.on_progress(self._count, _EVERY)

    def _count(self) -> int:
        self._instructions += _EVERY
        return 0

    def read(self) -> Reading | None:
        if not self._total:
            return None
        return Reading("copying rows", share_of(self._instructions, self._total))

    def prepare(self) -> None:
        pass

    def cancel(self) -> None:
        self._driver.interrupt()

    def close(self) -> None:
        pass

    def over(self) -> None:
        if self._total:
            self._driver.on_progress(None, 0)


def _instructions_of_copy(connection: Connection, sql: str) -> float:
    """How many instructions the statement takes; 0 where it is not the copy of a large table."""
    names = _copy(sql)
    if names is None:
        return 0
    made, old = names

    def fetched(text: str) -> list[tuple[Any, ...]]:
        # All rows each time: a statement that is not through would lock the table.
        return [tuple(row) for row in connection.exec_driver_sql(text, execution_options=VERBATIM).all()]

    rows = fetched(f"SELECT count(*) FROM {quote(old)}")[0][0]
    if rows < _FEWEST:
        return 0
    found = fetched(
        f"SELECT type, tbl_name, sql FROM sqlite_master WHERE tbl_name IN ({literal(old)}, {literal(made)})"
    )
    if any(kind == "trigger" and table == made for kind, table, _ in found):
        return 0
    definitions = [text for kind, _, text in found if kind == "table"]
    layout = fetched(f"PRAGMA table_xinfo({quote(old)})")
    columns = ", ".join(quote(column[1]) for column in layout if not column[6])
    sample = fetched(f"SELECT {columns} FROM {quote(old)} LIMIT {_SAMPLE}")
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as trial:
        for definition in definitions:
            trial.execute(definition)
        empty = _counted(trial, sql)
        marks = ", ".join("?" * len(sample[0]))
        trial.executemany(f"INSERT INTO {quote(old)} ({columns}) VALUES ({marks})", sample)
        each = (_counted(trial, sql) - empty) / len(sample)
    return float(each * rows)


def _counted(trial: sqlite3.Connection, sql: str) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    trial.set_progress_handler(count, 1)
    trial.execute(sql)
    trial.set_progress_handler(None, 0)
    return counted


def _copy(sql: str) -> tuple[str, str] | None:
    """The new table and the old one of a statement that copies all rows; ``None`` for any other."""
    cursor = Cursor(sql)
    if not cursor.take("INSERT"):
        return None
    cursor.take("OR", "ABORT")
    if not cursor.take("INTO"):
        return None
    made = cursor.name()
    if not cursor.at_symbol("("):
        return None
    cursor.group()
    if not cursor.take("SELECT"):
        return None
    while cursor and not cursor.at("FROM"):
        cursor.skip()
    cursor.take("FROM")
    old = cursor.name()
    return None if cursor or not old else (made, old)
