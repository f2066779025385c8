"""Several queries in one round trip: psycopg's pipeline mode. Through other drivers each query waits for its answer."""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Question = tuple[str, Mapping[str, object]]
"""A query, and the values of its parameters."""


def asked(connection: Connection, questions: Sequence[Question]) -> list[Sequence[Any]]:
    """The rows of each query. Raises `DBAPIError` as SQLAlchemy does."""
    dialect = connection.dialect
    if len(questions) > 1 and not dialect.is_async and _can_pipeline(dialect.driver):
        return _pipelined(connection, questions)
    results = ((connection.execute(sa.text(sql), dict(values))) for sql, values in questions)
    return [result.all() if result.returns_rows else () for result in results]


@functools.cache
def _can_pipeline(driver: str) -> bool:
    if driver != "psycopg":
        return False
    from psycopg import Pipeline

    return Pipeline.is_supported()


def _pipelined(connection: Connection, questions: Sequence[Question]) -> list[Sequence[Any]]:
    raw: Any = connection.connection.dbapi_connection
    dialect = connection.dialect
    sql = ""
    try:
        with raw.pipeline():
            cursors = []
            for text, values in questions:
                sql = str(sa.text(text).compile(dialect=dialect))
                given = {name: _in_braces(value) for name, value in values.items()}
                cursors.append(raw.cursor().execute(sql, given))
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, raw, None)
        if lost:
            connection.invalidate(error)
        base = dialect.loaded_dbapi.Error
        raise sa.exc.DBAPIError.instance(
            sql, None, error, base, connection_invalidated=lost, dialect=dialect
        ) from error
    return [_named(cursor) for cursor in cursors]


def _in_braces(value: object) -> object:
    """The text of an array of oids, which psycopg looks at one by one."""
    numbers = isinstance(value, list) and value and isinstance(value[0], int)
    return f"{{{','.join(map(str, value))}}}" if numbers and isinstance(value, list) else value


def _named(cursor: Any) -> Sequence[Any]:
    """The rows; where one of their columns has no name, they are bare tuples. Of a statement without any there are
    none.
    """
    if cursor.pgresult is not None and cursor.pgresult.nfields == 0:
        return ()
    rows: Sequence[Any] = cursor.fetchall()  # first of all: until then nothing is known of them
    names = tuple([one.name for one in cursor.description])
    return rows if "?column?" in names else list(map(_row(names)._make, rows))


@functools.lru_cache(maxsize=64)
def _row(names: tuple[str, ...]) -> Any:
    """The class of a row whose columns have these names; one that has none of its own is called by its number."""
    return namedtuple("Row", names, rename=True)
