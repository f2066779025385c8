"""Whom a statement waits for: sessions that hold locks on tables, and what a killed run of schemadiff left running."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.contract.session import tolerant
from schemadiff.dialects.mysql.read import process_list
from schemadiff.dialects.mysql.run.progress import how_far
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.dialects.shared import driver_errors
from schemadiff.dialects.shared.lock_names import TAG
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.schema import Name
from schemadiff.schema.describe import short

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_GAVE_UP = (1205, 1213)
"""A lock wait that took too long, and a deadlock."""

_HOLDERS = """SELECT DISTINCT t.PROCESSLIST_ID FROM performance_schema.metadata_locks m
JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
WHERE m.OBJECT_TYPE = 'TABLE' AND m.LOCK_STATUS = 'GRANTED' AND """

_OPEN = "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX"


def is_lock_timeout(error: BaseException) -> bool:
    """Whether the server gave a statement up for a lock: 1205, also for a metadata lock, or 1213."""
    return error_code(error) in _GAVE_UP


def error_code(error: BaseException) -> int | None:
    """The number of the server's error; ``None`` where it is none."""
    return driver_errors.number(error) if isinstance(error, DBAPIError) else None


def holders(connection: Connection, facts: Facts, tables: Collection[Name]) -> tuple[str, ...]:
    """Who holds metadata locks on the tables, a sentence each. MySQL says it (9.7 manual, 29.12.13.3) to whom may read
    performance_schema; elsewhere, and on MariaDB, these are all that have a transaction open and that one may see.
    """
    which = " OR ".join(
        f"m.OBJECT_SCHEMA = {literal(name.schema or facts.database or '')} AND m.OBJECT_NAME = {literal(name.name)}"
        for name in tables
    )
    queries = (_HOLDERS + f"({which or 'm.OBJECT_SCHEMA = DATABASE()'})", _OPEN)
    for query in queries:
        with tolerant():
            found = set(connection.exec_driver_sql(query, execution_options=VERBATIM).scalars())
            rows = [row for row in process_list.sessions(connection) if row["id"] in found]
            if rows:
                return tuple(map(_words, rows))
    return ()


def sizes(connection: Connection, facts: Facts, names: Collection[Name]) -> dict[Name, int]:
    """The bytes of the tables' rows and indexes, as InnoDB estimates them."""
    by_key = {(name.schema or facts.database, name.name): name for name in names}
    which = ", ".join(f"({literal(schema or '')}, {literal(table)})" for schema, table in by_key)
    query = (
        "SELECT TABLE_SCHEMA, TABLE_NAME, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES "
        f"WHERE (TABLE_SCHEMA, TABLE_NAME) IN ({which})"
    )
    if not which:
        return {}
    fresh = facts.product.caches_statistics
    if fresh:
        # What is cached may be a day old (MySQL 9.7 manual, 10.2.3).
        connection.exec_driver_sql("SET SESSION information_schema_stats_expiry = 0")
    try:
        rows = connection.exec_driver_sql(query, execution_options=VERBATIM).all()
    finally:
        if fresh:
            connection.exec_driver_sql("SET SESSION information_schema_stats_expiry = DEFAULT")
    return {
        by_key[schema, table]: int(size or 0) for schema, table, size in rows if (schema, table) in by_key
    }


def session(connection: Connection, number: int) -> str:
    """Return a sentence about a session: its statement, and its progress where the server reports it."""
    found = (row for row in process_list.sessions(connection) if row["id"] == number)
    return next((_words(row, how_far(connection, number)) for row in found), f"connection {number}")


def left_running(
    connection: Connection, facts: Facts, told: Sequence[Mapping[str, Any]] | None = None
) -> list[tuple[int, str]]:
    """The statements of other runs of schemadiff in this database, each with its session and how far it is: a server
    carries a statement out to its end when its client was killed, and one that waits for a lock as soon as it gets that
    (MySQL 9.7). `told` are the sessions, where they are known.
    """
    database = process_list.shown(facts.database)
    return [
        (row["id"], _words(row, how_far(connection, row["id"])))
        for row in (process_list.sessions(connection) if told is None else told)
        if row["db"] == database and TAG.match(row["info"] or "")
    ]


def _words(told: Mapping[str, Any], far: str = "") -> str:
    who = f"connection {told['id']} ({told['user']}@{told['host']})"
    seconds = f"for {told['time'] or 0} s"
    info = told["info"]
    if not info:
        return f"{who}, idle {seconds}, probably in an open transaction"
    match = TAG.match(info)
    if match:
        revision, way, step, total = match.groups()
        verb = "apply" if way == "up" else "roll back"
        who = f"{who}, a run of schemadiff (step {step} of {total}, {verb} {revision})"
    return f"{who}, {told['state'] or told['command'].lower()} {seconds}{far}: {short(TAG.sub('', info))}"
