"""A connection of schemadiff's own through psycopg that only reads, opened in few round trips.

SQLAlchemy asks four questions of a new connection, one after another. They are asked in one query here, with those of
`PostgreSQL.connect`, and with the first one of a command that only reads: who is at work. SQLAlchemy then reads the
answers. A question that a later release asks besides these goes to the server as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.postgresql.server.pipeline import asked
from schemadiff.dialects.shared.connection_cache import keep
from schemadiff.dialects.shared.lock_names import HOLDER, KEY

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

QUESTIONS = """
SELECT current_setting('server_version_num')::int, current_schema(),
       (SELECT spcname FROM pg_catalog.pg_database JOIN pg_catalog.pg_tablespace t ON t.oid = dattablespace
        WHERE datname = current_database()),
       nullif(current_setting('default_tablespace'), ''), current_setting('default_table_access_method')
"""
"""The version, the default schema, and where tables are stored when nobody says: the fields of `Storage`."""

_SQLALCHEMYS = """,
       pg_catalog.version(), current_setting('transaction_isolation'), current_setting('standard_conforming_strings')
"""
_OWN = 5
"""How many of the answers are those to `QUESTIONS`."""


def prepare(engine: Engine) -> None:
    """Has the first connection of the engine, which is in autocommit, asked in one round trip."""
    dialect: Any = engine.dialect
    initialize = dialect.initialize

    def at_once(connection: Connection) -> None:
        try:
            (row,), holders = asked(
                connection, [(f"{QUESTIONS.rstrip()}{_SQLALCHEMYS}", {}), (HOLDER, {"key": KEY})]
            )
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            # A server so old that `PostgreSQL.connect` refuses it.
        else:
            keep(dialect, list(row[:_OWN]))
            keep(dialect, list(holders), HOLDER)
            with suppress(AttributeError):  # a later SQLAlchemy may ask in another way
                _take_over(dialect, row)
        initialize(connection)

    dialect.initialize = at_once


def _take_over(dialect: Any, row: Sequence[Any]) -> None:
    """Lets SQLAlchemy's dialect know the answers (what it calls to ask, in 2.0 and 2.1)."""
    schema, version, level, strings = row[1], *row[_OWN:]
    read_version = dialect._get_server_version_info
    dialect._get_server_version_info = lambda connection: read_version(_Told(version))
    dialect._get_default_schema_name = lambda connection: schema
    dialect.get_default_isolation_level = lambda connection: level.upper()
    dialect._set_backslash_escapes = lambda connection: vars(dialect).update(
        _backslash_escapes=strings == "off"
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """Stands for a connection, and for the result, of which one thing is known that is asked next."""

    answer: str

    def exec_driver_sql(self, sql: str) -> _Told:
        return self

    def scalar(self) -> str:
        return self.answer
