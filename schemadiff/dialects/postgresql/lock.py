"""The one lock on a database, and transactions. The connection is in the driver's autocommit mode."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from schemadiff.errors import LockedError

KEY = int.from_bytes(b"schmdiff")
"""The key of the advisory lock: PostgreSQL keeps these per database, so that one number serves."""

_POLL = 0.2
_HOLDER = """
SELECT l.pid, nullif(a.application_name, ''), a.state, left(a.query, 80)
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (l.classid::int8 << 32 | l.objid::int8) = :key
"""
_CHECK_INTERVAL = "client_connection_check_interval"


@contextmanager
def locked(connection: Connection, wait: float) -> Iterator[None]:
    """Holds the lock. A run that was killed holds it until its last statement has ended, and is waited for.

    Meanwhile the server looks twice a second whether this client is still there, so that a statement of a run
    that is killed is undone at once (PostgreSQL 14 and later, on Linux; otherwise it first runs to its end).
    """
    _acquire(connection, wait)
    interval = _set_check_interval(connection, "500ms")
    try:
        yield
    finally:
        # On a connection that is lost there is nothing to give back: the session's end has freed the lock.
        with suppress(DBAPIError):
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": KEY})
            if interval is not None:
                _set_check_interval(connection, interval)


def _acquire(connection: Connection, wait: float) -> None:
    end = time.monotonic() + wait
    while not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar_one():
        rest = end - time.monotonic()
        if rest <= 0:
            raise _held(connection)
        time.sleep(min(_POLL, rest))


def _held(connection: Connection) -> LockedError:
    message = f'another run of schemadiff holds the lock on database "{connection.engine.url.database}"'
    holder = connection.execute(sa.text(_HOLDER), {"key": KEY}).first()
    if holder is None:
        return LockedError(message, hint="It has just let go: try again.")
    pid, application, state, query = holder
    words = ", ".join(word for word in (application, state, query and " ".join(query.split())) if word)
    return LockedError(
        f"{message}: process {pid}{f' ({words})' if words else ''}",
        hint="Wait for it with --lock-wait; if nobody knows of it, "
        f"SELECT pg_terminate_backend({pid}) ends it and undoes what it has not committed.",
    )


def _set_check_interval(connection: Connection, value: str) -> str | None:
    """Sets how often the server looks for its client; returns what was set before, ``None`` where it cannot."""
    with suppress(DBAPIError):
        row = connection.execute(
            sa.text(
                "SELECT setting || 'ms', set_config(name, :value, false) FROM pg_settings WHERE name = :name"
            ),
            {"value": value, "name": _CHECK_INTERVAL},
        ).first()
        return str(row[0]) if row else None
    return None


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One transaction, of statements that the driver is handed as they are."""
    connection.exec_driver_sql("BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # Where the connection is lost, the server has rolled back by itself, and the first error says more.
        with suppress(DBAPIError):
            connection.exec_driver_sql("ROLLBACK")
        raise
