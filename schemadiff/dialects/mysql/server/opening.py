"""A connection of schemadiff's own through PyMySQL, opened in few round trips.

SQLAlchemy asks five questions of a new connection, one after another. They are asked in one round trip here, with
those whose answers are a server's `Facts`; SQLAlchemy then reads the answers. A question that a later release asks
besides these goes to the server as ever.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.mysql.server.packets import Rows, in_one_packet
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.dialects.shared.connection_cache import keep
from schemadiff.dialects.shared.lock_names import lock_name

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

ALL_ROWS = f"LIMIT {2**64 - 1}"
"""Whatever the session's sql_select_limit is."""

QUESTIONS = (
    "SELECT @@collation_database, @@GLOBAL.default_storage_engine, @@lower_case_table_names, DATABASE(), "
    "@@GLOBAL.sql_mode",
    f"SELECT character_set_name, default_collate_name FROM information_schema.character_sets {ALL_ROWS}",
    # What a session makes of a character set alone: MySQL 8.0.11+ (for one of them), MariaDB 11.2+ (by pairs).
    "SHOW VARIABLES WHERE Variable_name IN ('default_collation_for_utf8mb4', 'character_set_collations')",
    # Only those that differ: a server may hold thousands.
    "SELECT schema_name, default_collation_name FROM information_schema.schemata "
    f"WHERE default_collation_name <> @@collation_database {ALL_ROWS}",
)
"""Those of `facts.read_facts`."""

_SQLALCHEMYS = (
    "SELECT VERSION(), @@SESSION.sql_mode",
    # It is called so since MySQL 5.7.20, and so on MariaDB.
    "SHOW VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
)


LISTED = (
    "SET @schemadiff = @@SESSION.character_set_results, SESSION character_set_results = ascii",
    "SELECT CONNECTION_ID()",
    "SHOW FULL PROCESSLIST",
    "SET SESSION character_set_results = COALESCE(@schemadiff, @@SESSION.character_set_results), @schemadiff = NULL",
)
"""Those of `process_list.sessions`."""


def who_works(database: str) -> str:
    """The question for the session that has the lock on the database."""
    return f"SELECT IS_USED_LOCK({literal(lock_name(database))})"


def prepare(engine: Engine, *, reads: bool) -> None:
    """Has the first connection of the engine asked in one round trip; one that only reads also who is at work, with
    which its command begins.
    """
    dialect: Any = engine.dialect
    initialize = dialect.initialize
    told = (*_SQLALCHEMYS, *QUESTIONS)
    work = (who_works(engine.url.database), *LISTED) if reads and engine.url.database else ()

    def at_once(connection: Connection) -> None:
        try:
            answers = in_one_packet(connection, (*told, *work))
        except dialect.loaded_dbapi.Error:
            initialize(connection)  # a proxy that takes no such packet
            if work:
                connection.exec_driver_sql(LISTED[-1])
            return
        with suppress(AttributeError):  # a later SQLAlchemy may ask in another way
            _take_over(dialect, answers)
        keep(dialect, answers[len(_SQLALCHEMYS) : len(told)])
        if work:
            keep(dialect, answers[len(told) :], work[0])
        initialize(connection)

    dialect.initialize = at_once


def _take_over(dialect: Any, answers: list[Rows]) -> None:
    """Lets SQLAlchemy's dialect know the answers (what it calls to ask, in 2.0 and 2.1)."""
    version, mode = answers[0][0]
    levels = {str(name): str(value) for name, value in answers[1]}
    facts = answers[len(_SQLALCHEMYS)][0]
    settings = {"sql_mode": mode, "lower_case_table_names": facts[2]}
    level = levels.get("transaction_isolation") or levels.get("tx_isolation")
    ask, understand = dialect._fetch_setting, dialect._parse_server_version
    dialect._get_server_version_info = lambda connection: understand(version)
    dialect._get_default_schema_name = lambda connection: facts[3]
    dialect._fetch_setting = lambda connection, name: (
        settings[name] if name in settings else ask(connection, name)
    )
    if level:
        dialect.get_default_isolation_level = lambda connection: level.upper().replace("-", " ")
