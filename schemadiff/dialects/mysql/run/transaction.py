"""One transaction, which nothing that runs in it can end where the server sees to that.

COMMIT, ROLLBACK, DDL and LOCK TABLES end a transaction, also from within a procedure that is called, and what came
before them could not be taken back any more. In an XA transaction both servers refuse each of them before it does
anything (1399, MySQL 9.7 and MariaDB 10.11); it is committed in one phase, as atomically as any other, and a connection
that is lost rolls it back. Where the server has none (Galera) or refuses temporary tables in it, it is a plain one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from schemadiff.dialects.shared.driver_errors import number
from schemadiff.dialects.shared.ending import Ending

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ACTIVE = 1399
"""XAER_RMFAIL: not while an XA transaction is open."""


@contextmanager
def transaction(connection: Connection, ending: Ending | None) -> Iterator[None]:
    """One transaction on a connection in the driver's autocommit mode."""
    with _temporary_tables(connection) as possible:
        # The name is the whole server's.
        name = f"'schemadiff {uuid.uuid4().hex}'" if possible else ""
        if not (name and _began(connection, f"XA START {name}")):
            connection.exec_driver_sql("START TRANSACTION")
            name = ""
        try:
            yield
            if ending:
                ending.carry_out(connection)
            if name:
                connection.exec_driver_sql(f"XA END {name}")
        except BaseException:
            # Where the connection is lost, the server rolls back by itself, and the first error says more.
            for undo in (f"XA END {name}", f"XA ROLLBACK {name}") if name else ("ROLLBACK",):
                with suppress(SQLAlchemyError):
                    connection.exec_driver_sql(undo)
            raise
        connection.exec_driver_sql(f"XA COMMIT {name} ONE PHASE" if name else "COMMIT")


def advice_on(error: BaseException) -> str | None:
    """Return advice if the server refused a statement because it would have ended the transaction; ``None`` for other
    errors.
    """
    if number(error) != _ACTIVE:
        return None
    return (
        "The server has refused to end the transaction that schemadiff holds: what a revision does is committed "
        "together with the journal's entry, so neither a function nor a procedure that it calls may commit, roll back, "
        "lock tables or run DDL."
    )


@contextmanager
def _temporary_tables(connection: Connection) -> Iterator[bool]:
    """Whether an XA transaction may use temporary tables meanwhile: MySQL 8.0.29 and later refuse them (4091) unless
    the session says that it never leaves a prepared one behind, which not every account may say.
    """
    detaches = connection.exec_driver_sql("SHOW SESSION VARIABLES LIKE 'xa_detach_on_prepare'").fetchall()
    if not detaches or str(detaches[0][1]).upper() == "OFF":
        yield True
        return
    if not _began(connection, "SET SESSION xa_detach_on_prepare = OFF"):
        yield False
        return
    try:
        yield True
    finally:
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("SET SESSION xa_detach_on_prepare = ON")


def _began(connection: Connection, sql: str) -> bool:
    try:
        connection.exec_driver_sql(sql)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return False
    return True
