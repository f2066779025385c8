"""Whether a connection keeps its session. Behind a pooler in transaction mode (PgBouncer, Supavisor, pgcat …) each
transaction gets a session of the server that others had before and get afterwards: an advisory lock or a setting that
is made for the session stays on one of these, and is not there in the next transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from schemadiff.dialects.contract.session import gives_one_connection_only
from schemadiff.errors import LockedError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_PID = "SELECT pg_backend_pid()"
_ROUNDS = 3
_TRIES = 100


def expect_own_session(connection: Connection) -> None:
    """Raises `LockedError` where transactions of the connection take place in several sessions, or others take place
    in this one.

    A pooler hands out the session that was given back last, or each in turn: so a second connection gets the session
    of this one, or this one another one. A few rounds, because others may come in between.
    """
    own = connection.exec_driver_sql(_PID).scalar_one()
    with _second(connection) as another:
        for _ in range(_ROUNDS):
            if another() == own or connection.exec_driver_sql(_PID).scalar_one() != own:
                raise shared(connection)


@contextmanager
def _second(connection: Connection) -> Iterator[Any]:
    """A function that gives the session of a second connection, asked in a transaction of its own; ``None`` where
    there is no second connection.
    """
    if gives_one_connection_only(connection.engine.pool):
        yield lambda: None
        return
    # The engine's own way to connect, but not one of its connections, of which there may be no more to be had.
    pool = connection.engine.pool.recreate()
    try:
        try:
            second = pool.connect()
        except Exception:  # whatever a driver raises: too many connections, for one
            yield lambda: None
            return

        def session() -> object:
            cursor = second.cursor()
            try:
                cursor.execute(_PID)
                return next(row[0] for row in cursor.fetchall())
            finally:
                cursor.close()
                second.rollback()

        try:
            yield session
        finally:
            with suppress(Exception):
                second.close()
    finally:
        pool.dispose()


def give_back(connection: Connection, key: int, session: int) -> bool:
    """Gives back the session's advisory lock, whichever session the connection leads to meanwhile; whether that has
    been done.
    """
    query = sa.text("SELECT CASE WHEN pg_backend_pid() = :session THEN pg_advisory_unlock(:key) END")
    for _ in range(_TRIES):
        done = connection.execute(query, {"session": session, "key": key}).scalar_one()
        if done is not None:
            return bool(done)
    return False


def shared(connection: Connection) -> LockedError:
    """Return the error for a connection that cannot hold the lock."""
    return LockedError(
        f'the lock on database "{connection.engine.url.database}" cannot be held through this connection: its '
        "transactions take place in several sessions of the server, as behind a pooler in transaction mode",
        hint="Connect to the server itself, by its own port, not to the pooler (or to one in session mode). "
        "`plan`, `check` and `status` work through the pooler.",
    )
