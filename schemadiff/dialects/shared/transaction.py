"""One transaction, by the statements of the SQL standard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from schemadiff.dialects.shared.ending import Ending


@contextmanager
def transaction(connection: Connection, ending: Ending | None) -> Iterator[None]:
    """One transaction on a connection in the driver's autocommit mode: committed at the end, rolled back when an
    exception leaves it.
    """
    connection.exec_driver_sql("BEGIN")
    try:
        yield
        if ending:
            ending.carry_out(connection)
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # Where the server has rolled back by itself, or is gone, that is no news.
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise
