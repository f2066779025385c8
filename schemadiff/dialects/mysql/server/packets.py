"""Several statements in one round trip, where the connection takes that without being told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.mysql.server.drivers import takes_several
from schemadiff.dialects.shared.verbatim import VERBATIM

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Rows = list[tuple[Any, ...]]


def at_once(connection: Connection, statements: Sequence[str]) -> list[Rows]:
    """The rows of each statement. They must do no harm when they are carried out a second time: where one is refused
    they are sent again one by one, so that SQLAlchemy tells which.
    """
    if takes_several(connection):
        try:
            return in_one_packet(connection, statements)
        except connection.dialect.loaded_dbapi.Error:
            pass
    return [_one(connection, statement) for statement in statements]


def in_one_packet(connection: Connection, statements: Sequence[str]) -> list[Rows]:
    """The same on a connection that is known to take it. Raises what the driver raises."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute("; ".join(statements))
        found = [list(cursor.fetchall())]
        for _ in statements[1:]:
            cursor.nextset()
            found.append(list(cursor.fetchall()))
    finally:
        cursor.close()
    return found


def _one(connection: Connection, statement: str) -> Rows:
    result = connection.exec_driver_sql(statement, execution_options=VERBATIM)
    return [tuple(row) for row in result] if result.returns_rows else []
