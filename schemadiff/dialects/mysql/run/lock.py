"""One run of schemadiff at a time on one database."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.mysql.online import probe
from schemadiff.dialects.mysql.read import process_list
from schemadiff.dialects.mysql.run import blockers
from schemadiff.dialects.mysql.server import advisory_locks
from schemadiff.dialects.mysql.server.conversation import expect_room, user_mode, working_mode
from schemadiff.dialects.mysql.server.drivers import several, unicode
from schemadiff.dialects.mysql.server.opening import who_works
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.dialects.shared.lock_names import lock_name
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import LockedError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_PAUSE = 0.5


@contextmanager
def locked(
    connection: Connection, facts: Facts, wait: float, timeout: float, tell: Callable[[str], object]
) -> Iterator[None]:
    """Holds the lock, in a session with the sql_mode for carrying revisions out.

    Both servers keep the lock for a statement whose client has died until that statement is through (an ALTER runs on
    after a kill), so waiting for the lock is waiting for that as well; what runs without the lock, because the
    session that held it was another one, is waited for here.
    """
    name = literal(lock_name(facts.database or ""))
    deadline = time.monotonic() + wait
    _acquire(connection, facts, name, deadline, tell)
    try:
        _expect_held(connection, facts, name)
        _wait_for_orphans(connection, facts, deadline, tell)
        probe.tidy(connection, facts)
        with _working(connection, facts, timeout):
            yield
    finally:
        with _tolerant():
            advisory_locks.release(_asking(connection), name)


def at_work(connection: Connection, facts: Facts) -> str | None:
    """Who holds the lock, or what runs without it, in a sentence."""
    told, ((holder,),) = process_list.sessions_and(connection, who_works(facts.database or ""))
    if holder:
        return f"a run of schemadiff: {blockers.session(connection, int(holder))}"
    orphans = blockers.left_running(connection, facts, told)
    return f"a statement that an earlier run left behind: {orphans[0][1]}" if orphans else None


def _acquire(
    connection: Connection, facts: Facts, name: str, deadline: float, tell: Callable[[str], object]
) -> None:
    took = 0
    while True:
        left = max(0, round(deadline - time.monotonic()))
        # The first try is short, so that one who waits soon knows for whom.
        if _scalar(connection, f"SELECT GET_LOCK({name}, {min(left, 5 if took else 1)})") == 1:
            return
        holder = _scalar(connection, f"SELECT IS_USED_LOCK({name})")
        words = blockers.session(connection, int(holder)) if holder else "it has just ended"
        if left <= 0:
            raise LockedError(
                f'another run of schemadiff holds the lock on database "{facts.database}": {words}',
                hint=f"Wait for it to end, or see what it does: SHOW PROCESSLIST; KILL {holder} ends it."
                if holder
                else "Run the command again.",
            )
        if holder:
            tell(f"waiting for another run of schemadiff to end: {words}")
        took += 1


def _expect_held(connection: Connection, facts: Facts, name: str) -> None:
    """Raises `LockedError` where the lock is not that of the session in which later statements take place."""
    if not advisory_locks.is_held(_asking(connection), name):
        raise LockedError(
            f'the lock on database "{facts.database}" cannot be held through this connection: its statements take '
            "place in several sessions of the server, as behind a proxy that shares them",
            hint="Connect to the server itself, not to the proxy. `plan`, `check` and `status` work through it.",
        )


def _asking(connection: Connection) -> advisory_locks.Ask:
    return lambda sql: connection.exec_driver_sql(sql, execution_options=VERBATIM).one()


def _wait_for_orphans(
    connection: Connection, facts: Facts, deadline: float, tell: Callable[[str], object]
) -> None:
    while orphans := blockers.left_running(connection, facts):
        number, words = orphans[0]
        if time.monotonic() > deadline:
            raise LockedError(
                f"a statement of an earlier run of schemadiff is still being carried out: {words}",
                hint=f"Wait for it to end; KILL {number} ends it, and undoes what it has done.",
            )
        tell(f"waiting for a statement that an earlier run left behind: {words}")
        time.sleep(_PAUSE)


@contextmanager
def _working(connection: Connection, facts: Facts, timeout: float) -> Iterator[None]:
    """The sql_mode and characters of statements that schemadiff writes, the server's own engine, no limit to their time
    and no long waiting for locks on tables, until the end. MySQL 9.7 stores a CHECK in the session's quoting.
    """
    limit = facts.product.time_limit
    names = ("sql_mode", "lock_wait_timeout", limit, "default_storage_engine", "sql_quote_show_create")
    query = f"SELECT {', '.join(f'@@SESSION.{name}' for name in names)}"
    old, old_timeout, old_limit, old_engine, old_quoting = connection.exec_driver_sql(query).one()
    connection.exec_driver_sql(
        f"SET SESSION lock_wait_timeout = {max(1, round(timeout))}, SESSION {limit} = 0, "
        f"SESSION default_storage_engine = {literal(facts.engine)}, SESSION sql_quote_show_create = 1"
    )
    _set_mode(connection, _mode(connection, facts))
    try:
        with several(connection, False), unicode(connection):
            yield
    finally:
        with _tolerant():
            _set_mode(connection, str(old))
            connection.exec_driver_sql(
                f"SET SESSION lock_wait_timeout = {int(old_timeout)}, SESSION {limit} = {old_limit}, "
                f"SESSION default_storage_engine = {literal(old_engine)}, "
                f"SESSION sql_quote_show_create = {int(old_quoting)}"
            )


def settings(connection: Connection, facts: Facts, statements: Iterable[str]) -> tuple[str, ...]:
    """The statements that set a session as this one is while it holds the lock."""
    zone, collation = connection.exec_driver_sql("SELECT @@SESSION.time_zone, @@collation_connection").one()
    # A script is UTF-8, whatever this connection speaks.
    collate = f" COLLATE {collation}" if collation.startswith("utf8mb4_") else ""
    mode = _mode(connection, facts, zero_dates=any(map(_says_zero_date, statements)))
    return (
        f"SET NAMES utf8mb4{collate}",
        f"SET SESSION sql_mode = {literal(mode)}",
        f"SET SESSION time_zone = {literal(zone)}",
    )


def admit(connection: Connection, facts: Facts, sql: str) -> None:
    """Lets the session take a default that is a zero date, from that statement on: every later ALTER of the table
    needs it as well. Raises `DatabaseError` where the statement is too long for the server.
    """
    expect_room(connection, sql)
    if _refuses_zeros(facts) and _says_zero_date(sql):
        _set_mode(connection, _mode(connection, facts, zero_dates=True))


def _refuses_zeros(facts: Facts) -> bool:
    return "NO_ZERO" in facts.sql_mode or "TRADITIONAL" in facts.sql_mode


_ZERO_DATE = re.compile(
    r"\b(?:date|datetime|timestamp)(?:\(\d\))?(?: NOT NULL| NULL)? DEFAULT "
    r"(?:'?0+(?:\.0*)?(?:'|(?![\d-]))|'\d{4}-(?:00-\d\d|\d\d-00))",
    re.IGNORECASE,
)


def _says_zero_date(sql: str) -> bool:
    return _ZERO_DATE.search(sql) is not None


@contextmanager
def as_server_is(connection: Connection, facts: Facts) -> Iterator[None]:
    """The server's own mode, while something runs that the user wrote."""
    working = str(_scalar(connection, "SELECT @@SESSION.sql_mode"))
    _set_mode(connection, _mode(connection, facts, user_mode))
    try:
        yield
    finally:
        with _tolerant():
            _set_mode(connection, working)


def _mode(
    connection: Connection,
    facts: Facts,
    of: Callable[..., str] = working_mode,
    *,
    zero_dates: bool = False,
) -> str:
    zero_dates = _refuses_zeros(facts) and (
        zero_dates
        or _scalar(
            connection,
            "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND data_type IN "
            "('date', 'datetime', 'timestamp') AND (column_default LIKE '%-00-%' OR column_default LIKE '____-__-00%') "
            "LIMIT 1",
        )
        is not None
    )
    mode = of(facts.sql_mode, zero_dates=zero_dates)
    if connection.dialect.identifier_preparer.initial_quote != '"':
        return mode
    # SQLAlchemy has found ANSI_QUOTES when it connected, and quotes names like this for as long as the engine lives.
    return ",".join(filter(None, (mode, "ANSI_QUOTES")))


def _set_mode(connection: Connection, mode: str) -> None:
    connection.exec_driver_sql(f"SET SESSION sql_mode = {literal(mode)}")


def _scalar(connection: Connection, sql: str) -> Any:
    return connection.exec_driver_sql(sql, execution_options=VERBATIM).scalar()


def _tolerant() -> suppress:
    """For what tidies up: on a connection that was lost there is nothing to tidy, and the first error counts."""
    from sqlalchemy.exc import SQLAlchemyError

    return suppress(SQLAlchemyError)
