"""How far a statement of another session is: stages on MySQL, the process list and a counter on MariaDB.

MySQL 9.7. The stages are there although all their consumers are off, but only for who asks by THREAD_ID: their rows
have none until a consumer is on. The session's own stage stands still while InnoDB's DDL threads sort and insert, so
theirs are read as well. When statistics are old InnoDB's estimate of the whole is too small; it then grows with what is
done, and tells nothing. Without the right to read performance_schema there is the state in the process list.

MariaDB 10.11. A copy reports its stages and their progress in the process list; what comes after the rows (`Enabling
keys`, InnoDB's bulk insert) does not, but there the new tablespace grows. What InnoDB does in place is counted in
Innodb_onlineddl_pct_progress, a hundredth of a percent each, for the whole server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemadiff.dialects.contract.session import Reading, share_of, tolerant
from schemadiff.dialects.mysql.read import process_list
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.dialects.shared.verbatim import VERBATIM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from schemadiff.schema import Name

CANCEL = "KILL QUERY {}"
MYSQL_ADDRESS = "SELECT CONNECTION_ID(), @@server_uuid"
MARIADB_ADDRESS = "SELECT CONNECTION_ID(), CONCAT_WS(' ', @@hostname, @@port, @@server_id)"

_WORDS = {
    "copy to tmp table": "copying rows",
    "read pk and internal sort": "reading the table",
    "merge sort": "sorting",
    "insert": "writing the index",
    "flush": "writing to disk",
    "log apply index": "catching up with writers",
    "log apply table": "catching up with writers",
    "end": "finishing",
    "altering table": "working in place",
    "alter table": "working in place",
    "enabling keys": "writing the copied rows",
    "waiting for table metadata lock": "waiting for who uses the table",
    "waiting for handler commit": "committing",
    "committing alter table to storage engine": "committing",
    "updating": "changing rows",
    "executing": "running",
}
_IN_PLACE = "stage/innodb/alter table"

_THREADS = """
SELECT THREAD_ID, PROCESSLIST_ID, PROCESSLIST_STATE FROM performance_schema.threads
WHERE PROCESSLIST_ID = {session} OR NAME = 'thread/innodb/ddl_thread'"""
_STAGE = """
SELECT EVENT_NAME, WORK_COMPLETED, WORK_ESTIMATED FROM performance_schema.events_stages_current
WHERE THREAD_ID = {thread}"""
_OTHERS_IN_PLACE = """
SELECT count(*) FROM performance_schema.threads
WHERE PROCESSLIST_ID <> {session} AND PROCESSLIST_STATE = 'altering table'"""


def read_mysql(connection: Connection, session: int) -> Reading | None:
    """The progress of the session's statement, as MySQL reports it."""
    with tolerant():
        threads = _rows(connection, _THREADS.format(session=session))
        found = _read_stages(connection, session, threads)
        if found:
            return found
    state = next((row["state"] for row in process_list.sessions(connection) if row["id"] == session), None)
    return Reading(words_for(state)) if state else None


def _read_stages(connection: Connection, session: int, threads: Sequence[Any]) -> Reading | None:
    own = next((thread for thread, process, _ in threads if process == session), None)
    if own is None:
        return None
    stages = _rows(connection, _STAGE.format(thread=own))
    if not stages:
        return None
    if stages[0][0].startswith(_IN_PLACE):
        helping = [thread for thread, process, _ in threads if process is None]
        if helping and _rows(connection, _OTHERS_IN_PLACE.format(session=session))[0][0] == 0:
            for thread in helping:
                stages += _rows(connection, _STAGE.format(thread=thread))
    # Each thread counts on from where the one before it was: the one that has come furthest tells.
    name, done, total = max(stages, key=lambda stage: stage[1] or 0)
    return Reading(words_for(name.rpartition("/")[2]), share_of(done, total))


_PROCESS = """
SELECT STATE, STAGE, MAX_STAGE, PROGRESS FROM information_schema.PROCESSLIST WHERE ID = {session}"""
_COUNTER = "SHOW GLOBAL STATUS LIKE 'Innodb_onlineddl_pct_progress'"
_SIZES = """
SELECT NAME LIKE '%/#sql-alter-%-{session:x}', FILE_SIZE FROM information_schema.INNODB_SYS_TABLESPACES
WHERE NAME LIKE '%/#sql-alter-%-{session:x}' OR NAME = CONCAT({database}, '/', {table})"""


def read_mariadb(connection: Connection, session: int, table: Name | None) -> Reading | None:
    """The progress of the session's statement on that table, as MariaDB reports it."""
    rows = _rows(connection, _PROCESS.format(session=session))
    if not rows or not rows[0][0]:
        return None
    state, stage, stages, percent = rows[0]
    share = None
    if stage:
        part = float(percent) / 100
        if not part and table and stage == stages > 1:
            part = _written(connection, session, table) or 0
        share = (stage - 1 + part) / stages
    elif state.lower() == "altering table":
        counted = _rows(connection, _COUNTER)
        share = float(counted[0][1]) / 10_000 if counted else None
    return Reading(words_for(state), share if share and share < 1 else None)


def _written(connection: Connection, session: int, table: Name) -> float | None:
    """The size of the copy beside that of the table."""
    database = literal(table.schema) if table.schema else "DATABASE()"
    sizes: dict[int, int] = {}
    with tolerant():
        text = _SIZES.format(session=session, database=database, table=literal(table.name))
        sizes = dict(map(tuple, _rows(connection, text)))
    return share_of(sizes.get(1), sizes.get(0))


def how_far(connection: Connection, session: int) -> str:
    """How far the session's statement is, in words that follow a sentence; empty where nobody tells."""
    reading = None
    with tolerant():
        if getattr(connection.dialect, "is_mariadb", False):
            reading = read_mariadb(connection, session, None)
        else:
            reading = read_mysql(connection, session)
    return f", {int(reading.share * 100)} % done" if reading and reading.share else ""


def words_for(state: str) -> str:
    """A stage or state in words; the server's own where there are none."""
    inner = state.partition("(")[2].rstrip(")") or state
    return _WORDS.get(inner.strip().lower(), state.strip().lower())


def _rows(connection: Connection, sql: str) -> list[Any]:
    return list(connection.exec_driver_sql(sql, execution_options=VERBATIM))
