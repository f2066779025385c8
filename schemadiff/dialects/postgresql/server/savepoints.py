"""Statements that are tried and never kept, in a savepoint, or in a transaction where none is open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from schemadiff.dialects.postgresql.server import pipeline
from schemadiff.dialects.shared.driver_errors import sqlstate
from schemadiff.dialects.shared.verbatim import VERBATIM

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, CursorResult

_POINT = "schemadiff_ask"
_NOTHING: Mapping[str, object] = {}


def _run(connection: Connection, sql: str) -> CursorResult[Any]:
    # Without parameters the driver leaves percent signs alone.
    return connection.exec_driver_sql(sql, execution_options=VERBATIM)


def succeeds(connection: Connection, statements: Sequence[str]) -> bool:
    """Whether the server carries all the statements out; if it does not, none of them counts."""
    return not isinstance(tried(connection, statements), DBAPIError)


def tried(connection: Connection, statements: Sequence[str]) -> list[Any] | DBAPIError:
    """The first column of what the last statement returns, or why the server refuses one: then none of them counts."""
    _run(connection, f"SAVEPOINT {_POINT}_try")
    rows: list[Any] = []
    try:
        for sql in statements:
            result = _run(connection, sql)
            rows = list(result.scalars()) if result.returns_rows else []
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        _run(connection, f"ROLLBACK TO SAVEPOINT {_POINT}_try")
        return error
    _run(connection, f"RELEASE SAVEPOINT {_POINT}_try")
    return rows


@contextmanager
def rolled_back(connection: Connection, question: str | None = None) -> Iterator[Sequence[Any]]:
    """A savepoint, or a transaction where none is open, that is rolled back whatever happens. Gives the rows of the
    `question`, with which it begins.
    """
    inside = not _is_idle(connection)
    if inside:
        try:
            _run(connection, f"SAVEPOINT {_POINT}")
        except DBAPIError as error:
            # 25P01: there is no transaction.
            if error.connection_invalidated or sqlstate(error) != "25P01":
                raise
            inside = False
    if not inside and question is None:
        _run(connection, "BEGIN")
    undo = (f"ROLLBACK TO SAVEPOINT {_POINT}", f"RELEASE SAVEPOINT {_POINT}") if inside else ("ROLLBACK",)
    try:
        begin = () if inside else ("BEGIN",)
        asked = [] if question is None else [(sql, _NOTHING) for sql in (*begin, question)]
        yield pipeline.asked(connection, asked)[-1] if asked else ()
    except BaseException:
        # Where the connection is lost, the first error says more.
        with suppress(SQLAlchemyError):
            for sql in undo:
                _run(connection, sql)
        raise
    for sql in undo:
        _run(connection, sql)


def _is_idle(connection: Connection) -> bool:
    """Whether there is no transaction, as far as the driver knows: psycopg and psycopg2 tell what libpq says."""
    driver: Any = connection.connection.dbapi_connection
    return getattr(getattr(driver, "info", None), "transaction_status", None) == 0
