"""The one lock on a database, and transactions. The connection is in the driver's autocommit mode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from schemadiff.dialects.postgresql.server import pooler
from schemadiff.dialects.postgresql.server.session_settings import with_settings
from schemadiff.dialects.shared.connection_cache import answered
from schemadiff.dialects.shared.driver_errors import server_words
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.lock_names import HOLDER, KEY
from schemadiff.dialects.shared.opening import Opening
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import LockedError

_POLL = 0.2
_TELL = 10
"""Seconds between two words about whom it waits for; the first one after a second."""

_UNLIMITED = (
    "statement_timeout",
    "transaction_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
)
"""The timeouts that would end a statement, or a session that waits for a function of a revision (manual, 20.11): the
latter two since versions 17 and 14.
"""
_MEANING = {"standard_conforming_strings": "on"}
"""The setting that decides what a backslash means in the statements written here."""

_CHECK_INTERVAL = "client_connection_check_interval"


@contextmanager
def locked(
    connection: Connection, wait: float, timeout: float, tell: Callable[[str], object]
) -> Iterator[None]:
    """Holds the lock. A run that was killed holds it until its last statement has ended, and is waited for.

    Meanwhile the server looks twice a second whether this client is still there, so that a statement of a run
    that is killed is undone at once (PostgreSQL 14 and later, on Linux; otherwise it first runs to its end).

    Nothing is left on the session of a pooler: the lock and the settings are made only where the session is known to
    be this connection's own.
    """
    pooler.expect_own_session(connection)
    session = _acquire(connection, wait, tell)
    try:
        _expect_held(connection)
        with (
            with_settings(connection, _patient(timeout)),
            with_settings(connection, {_CHECK_INTERVAL: "500ms"}),
        ):
            yield
    finally:
        # On a connection that is lost there is nothing to give back: the session's end has freed the lock.
        with suppress(SQLAlchemyError):
            pooler.give_back(connection, KEY, session)


def _patient(timeout: float) -> dict[str, str]:
    return {
        "lock_timeout": f"{max(1, round(timeout * 1000))}ms",
        **dict.fromkeys(_UNLIMITED, "0"),
        **_MEANING,
    }


def settings(connection: Connection) -> tuple[str, ...]:
    """The statements that set a session as this one is, in what decides how SQL is understood."""
    path, zone, dates = connection.exec_driver_sql(
        "SELECT current_setting('search_path'), current_setting('TimeZone'), current_setting('DateStyle')"
    ).one()
    return (
        "SET standard_conforming_strings = on",
        f"""SET search_path = {path or "''"}""",
        f"SET TimeZone = '{zone}'",
        f"SET DateStyle = '{dates}'",
        # A role may have a limit, under which a long statement would end.
        "SET statement_timeout = 0",
        "SET idle_in_transaction_session_timeout = 0",
    )


def at_work(connection: Connection) -> str | None:
    """Who holds the lock, in a sentence."""
    known = answered(connection, HOLDER)
    holder = _holder(connection) if known is None else _described(next(iter(known), None))
    return f"a run of schemadiff: {holder[1]}" if holder else None


def _acquire(connection: Connection, wait: float, tell: Callable[[str], object]) -> int:
    """The session that has the lock now."""
    end = time.monotonic() + wait
    told = time.monotonic() - _TELL + 1
    query = sa.text("SELECT pg_try_advisory_lock(:key), pg_backend_pid()")
    while True:
        held, session = connection.execute(query, {"key": KEY}).one()
        if held:
            return int(session)
        rest = end - time.monotonic()
        if rest <= 0:
            raise _held(connection)
        if time.monotonic() - told > _TELL and (holder := _holder(connection)):
            told = time.monotonic()
            tell(f"waiting for another run of schemadiff to end: {holder[1]}")
        time.sleep(min(_POLL, rest))


def _expect_held(connection: Connection) -> None:
    """Raises `LockedError` where a second transaction does not find the lock in its session."""
    holder = _holder(connection)
    if holder is None or holder[0] != connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one():
        raise pooler.shared(connection)


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
    return _described(connection.execute(sa.text(HOLDER), {"key": KEY}).first())


def _described(row: Sequence[Any] | None) -> tuple[int, str] | None:
    if row is None:
        return None
    pid, application, state, query = row
    words = ", ".join(word for word in (application, state, query and " ".join(query.split())) if word)
    return pid, f"process {pid}{f' ({words})' if words else ''}"


@contextmanager
def transaction(connection: Connection, ending: Ending | None) -> Iterator[Opening | None]:
    """One transaction, of statements that the driver is handed as they are. Where there is an `ending`, who carries it
    out sends the BEGIN before the first statement, where the driver can.
    """
    opening = None
    if ending and connection.dialect.driver in _JOINING:
        opening = Opening(["BEGIN"])
    else:
        connection.exec_driver_sql("BEGIN")
    try:
        yield opening
        if opening:
            opening.send(connection)
        _end(connection, ending)
    except BaseException:
        # Where the connection is lost, the server has rolled back by itself, and the first error says more.
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise


_JOINING = ("psycopg", "psycopg2")
"""Drivers that send several statements as one text. The server ends at the first of them that fails."""

_MISSING = "schemadiff: no row"


def _end(connection: Connection, ending: Ending | None) -> None:
    """COMMIT, in one round trip with the statement before it: that fails by itself where it changes no row."""
    if ending is None or connection.dialect.driver not in _JOINING:
        if ending:
            ending.carry_out(connection)
        connection.exec_driver_sql("COMMIT")
        return
    held = (
        f"WITH written AS ({ending.sql()} RETURNING 1) "
        f"SELECT CAST(CASE count(*) WHEN 1 THEN '1' ELSE '{_MISSING}' END AS int) FROM written"
    )
    try:
        connection.exec_driver_sql(f"{held};\nCOMMIT", execution_options=VERBATIM).close()
    except DBAPIError as error:
        if _MISSING in server_words(error):
            raise ending.missing() from error
        raise
