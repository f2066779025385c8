"""Calls of SQLite's drivers beyond DBAPI: sqlite3's methods, which aiosqlite has as coroutines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Driver:
    """pysqlite and what is made after it."""

    def __init__(self, connection: Connection) -> None:
        self._raw: Any = connection.connection.dbapi_connection
        self._dialect = connection.dialect

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of the statement. SQLAlchemy's way takes ten times as long as SQLite itself. Raises `DBAPIError`, as
        that does.
        """
        base: type[Exception] = self._dialect.loaded_dbapi.Error
        try:
            cursor = self._raw.cursor()
            try:
                cursor.execute(sql)
                return [tuple(row) for row in cursor.fetchall()]
            finally:
                cursor.close()
        except base as error:
            raise DBAPIError.instance(sql, None, error, base, dialect=self._dialect) from error

    def in_transaction(self) -> bool:
        """Whether a transaction is open; true in doubt."""
        return bool(getattr(self._raw, "in_transaction", True))

    def on_progress(self, handler: Callable[[], int] | None, every: int) -> None:
        """Has the handler called after so many instructions of a statement each time."""
        self._raw.set_progress_handler(handler, every)

    def interrupt(self) -> None:
        """Ends the statement that runs. May be called from another thread."""
        self._raw.interrupt()


class _AioSQLite(Driver):
    def in_transaction(self) -> bool:
        return bool(self._raw.driver_connection.in_transaction)

    def on_progress(self, handler: Callable[[], int] | None, every: int) -> None:
        self._raw.run_async(lambda driver: driver.set_progress_handler(handler, every))

    def interrupt(self) -> None:
        self._raw.run_async(lambda driver: driver.interrupt())


def driver_of(connection: Connection) -> Driver:
    """The contract with the driver of the connection."""
    return (_AioSQLite if connection.dialect.is_async else Driver)(connection)
