"""The one lock on a database, and transactions. The connection is in the driver's autocommit mode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from schemadiff.errors import LockedError

KEY = int.from_bytes(b"schmdiff")
"""The key of the advisory lock: PostgreSQL keeps these per database, so that one number serves."""

_POLL = 0.2
_TELL = 10
"""Seconds between two words about whom it waits for; the first one after a second."""

_HOLDER = """
SELECT l.pid, nullif(a.application_name, ''), a.state, left(a.query, 80)
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (l.classid::int8 << 32 | l.objid::int8) = :key
"""
_CHECK_INTERVAL = "client_connection_check_interval"


@contextmanager
def locked(
    connection: Connection, wait: float, timeout: float, tell: Callable[[str], object]
) -> Iterator[None]:
    """Holds the lock. A run that was killed holds it until its last statement has ended, and is waited for.

    Meanwhile the server looks twice a second whether this client is still there, so that a statement of a run
    that is killed is undone at once (PostgreSQL 14 and later, on Linux; otherwise it first runs to its end).
    """
    _acquire(connection, wait, tell)
    interval = _set_check_interval(connection, "500ms")
    old = _set(connection, "lock_timeout", f"{max(1, round(timeout * 1000))}ms")
    try:
        yield
    finally:
        # On a connection that is lost there is nothing to give back: the session's end has freed the lock.
        with suppress(SQLAlchemyError):
            _set(connection, "lock_timeout", old)
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": KEY})
            if interval is not None:
                _set_check_interval(connection, interval)


@contextmanager
def unhurried(connection: Connection) -> Iterator[None]:
    """A statement in here waits for locks without an end."""
    old = _set(connection, "lock_timeout", "0")
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):
            _set(connection, "lock_timeout", old)


def _set(connection: Connection, name: str, value: str) -> str:
    """Sets a setting of the session; returns what it was."""
    query = "SELECT current_setting(:name), set_config(:name, :value, false)"
    return str(connection.execute(sa.text(query), {"name": name, "value": value}).one()[0])


def settings(connection: Connection) -> tuple[str, ...]:
    """The statements that set a session as this one is, in what decides how SQL is understood."""
    path, zone, dates, conforming = connection.exec_driver_sql(
        "SELECT current_setting('search_path'), current_setting('TimeZone'), current_setting('DateStyle'), "
        "current_setting('standard_conforming_strings')"
    ).one()
    return (
        f"SET standard_conforming_strings = {conforming}",
        f"""SET search_path = {path or "''"}""",
        f"SET TimeZone = '{zone}'",
        f"SET DateStyle = '{dates}'",
    )


def at_work(connection: Connection) -> str | None:
    """Who holds the lock, in a sentence."""
    holder = _holder(connection)
    return f"a run of schemadiff: {holder[1]}" if holder else None


def _acquire(connection: Connection, wait: float, tell: Callable[[str], object]) -> None:
    end = time.monotonic() + wait
    told = time.monotonic() - _TELL + 1
    while not connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}).scalar_one():
        rest = end - time.monotonic()
        if rest <= 0:
            raise _held(connection)
        if time.monotonic() - told > _TELL and (holder := _holder(connection)):
            told = time.monotonic()
            tell(f"waiting for another run of schemadiff to end: {holder[1]}")
        time.sleep(min(_POLL, rest))


def _held(connection: Connection) -> LockedError:
    message = f'another run of schemadiff holds the lock on database "{connection.engine.url.database}"'
    holder = _holder(connection)
    if holder is None:
        return LockedError(message, hint="It has just let go: try again.")
    pid, words = holder
    return LockedError(
        f"{message}: {words}",
        hint="Wait for it with --lock-wait; if nobody knows of it, "
        f"SELECT pg_terminate_backend({pid}) ends it and undoes what it has not committed.",
    )


def _holder(connection: Connection) -> tuple[int, str] | None:
    """The process that holds the lock, and what it does."""
    row = connection.execute(sa.text(_HOLDER), {"key": KEY}).first()
    if row is None:
        return None
    pid, application, state, query = row
    words = ", ".join(word for word in (application, state, query and " ".join(query.split())) if word)
    return pid, f"process {pid}{f' ({words})' if words else ''}"


def _set_check_interval(connection: Connection, value: str) -> str | None:
    """Sets how often the server looks for its client; returns what was set before, ``None`` where it cannot."""
    with suppress(SQLAlchemyError):
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
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise
