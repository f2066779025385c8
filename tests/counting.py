"""What a piece of work costs in counts, which are the same on every machine: what guards speed counts, and never times.

    with counted() as counts:
        schemadiff.check(url, models, versions)
    assert counts.queries <= 9

What is counted is what happens in this process. Queries are counted below SQLAlchemy, at the driver (PyMySQL, psycopg,
sqlite3): several statements in one packet are one.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pymysql


@dataclass
class Counts:
    """``read`` and ``executed`` say how often each file was opened, or run as Python code; ``patterns`` are the regular
    expressions that were compiled.
    """

    queries: int = 0
    texts: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    executed: Counter[str] = field(default_factory=Counter)

    def query(self, text: object) -> None:
        """Count one."""
        self.queries += 1
        self.texts.append(text.decode(errors="replace") if isinstance(text, bytes) else str(text))


_COUNTING: list[Counts] = []
_HEARING: list[bool] = []


@contextmanager
def counted() -> Iterator[Counts]:
    """Counts what is done in here, on connections that are opened in here (SQLite) or anywhere (the others)."""
    if not _HEARING:
        _HEARING.append(True)
        sys.addaudithook(_hear)  # there is no way to take one away again
    counts = Counts()
    _COUNTING.append(counts)
    restore = [_counting_driver(*place) for place in _DRIVERS]
    restore += [_counting_sqlite(module) for module in (sqlite3, sqlite3.dbapi2)]
    restore.append(_counting_patterns())
    try:
        yield counts
    finally:
        _COUNTING.remove(counts)
        for back in restore:
            back()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _COUNTING:
        return
    counts = _COUNTING[-1]
    if event == "open" and isinstance(arguments[0], str):
        counts.read[os.path.realpath(arguments[0])] += 1
    elif event == "exec":
        counts.executed[os.path.realpath(arguments[0].co_filename)] += 1


def _count(text: object) -> None:
    if _COUNTING:
        _COUNTING[-1].query(text)


_DRIVERS: tuple[tuple[type, str, int], ...] = (
    (pymysql.connections.Connection, "_execute_command", 2),
    (psycopg.Cursor, "execute", 1),
    (psycopg.Cursor, "executemany", 1),
    (psycopg.AsyncCursor, "execute", 1),
)
"""Class, method, and where the text stands among its arguments."""


def _counting_driver(owner: type, method: str, text_at: int) -> Callable[[], None]:
    true = getattr(owner, method)

    def counting(*arguments: Any, **named: Any) -> Any:
        _count(arguments[text_at] if len(arguments) > text_at else named.get("query", ""))
        return true(*arguments, **named)

    setattr(owner, method, counting)
    return lambda: setattr(owner, method, true)


def _counting_sqlite(module: Any) -> Callable[[], None]:
    true = module.connect

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = true(*arguments, **named)
        connection.set_trace_callback(_count_statement)
        return connection

    module.connect = connect
    return lambda: setattr(module, "connect", true)


def _count_statement(text: str) -> None:
    if not text.startswith("--"):  # what a trigger does comes as a comment
        _count(text)


def _counting_patterns() -> Callable[[], None]:
    compiler: Any = re._compiler  # type: ignore[attr-defined]
    true = compiler.compile

    def counting(pattern: Any, flags: int = 0) -> Any:
        _COUNTING[-1].patterns.append(str(pattern))
        return true(pattern, flags)

    compiler.compile = counting
    return lambda: setattr(compiler, "compile", true)
