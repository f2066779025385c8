"""How DuckDB is connected to, locked, and written a script for."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from schemadiff.dialects.contract.connecting import Connecting, is_missing_file
from schemadiff.dialects.contract.script import Client
from schemadiff.errors import LockedError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection

_LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class DuckDBConnecting(Connecting):
    """duckdb-engine."""

    packages: ClassVar[dict[str, str]] = {"duckdb_engine": "duckdb-engine"}

    def is_file(self, url: URL) -> bool:
        return True

    def is_missing(self, url: URL) -> bool:
        return is_missing_file(url.database)

    def without_database(self, url: URL) -> URL:
        return url.set(database=":memory:")

    def autocommit(self, connection: Connection, *, kept: bool) -> Callable[[], object]:
        """duckdb-engine knows no isolation levels, and begins a transaction for SQLAlchemy: not from here on."""
        raw: Any = connection.connection.dbapi_connection
        raw.begin = raw.commit = lambda: None

        def restore() -> None:
            connection.rollback()
            vars(raw).pop("begin", None)
            vars(raw).pop("commit", None)

        return restore


class DuckDBClient(Client):
    """The program duckdb."""

    command: ClassVar[str] = "duckdb FILE < SCRIPT"
    opening: ClassVar[tuple[str, ...]] = (".bail on",)
    now: ClassVar[str] = "CAST(date_trunc('second', now() AT TIME ZONE 'UTC') AS TIMESTAMP)"

    def expect(self, condition: str, words: str) -> tuple[str, ...]:
        return (f"SELECT CASE WHEN {condition} THEN true ELSE error({self.literal(words)}) END",)


@contextmanager
def locked(connection: Connection, wait: float) -> Iterator[None]:
    """Holds the lock on the database. DuckDB itself keeps every other process away from its file."""
    query = "SELECT coalesce(path, '') FROM duckdb_databases() WHERE database_name = current_database()"
    path = str(connection.exec_driver_sql(query).scalar_one())
    lock = _LOCKS[path] if path else threading.Lock()
    if not lock.acquire(timeout=max(wait, 0)):
        raise LockedError(
            f'another run of schemadiff is at work on "{path}" in this process',
            hint="Wait for it to end. Nothing was changed.",
        )
    try:
        yield
    finally:
        lock.release()
