"""The server's process list: what its sessions do, whatever bytes are in their statements."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from schemadiff.dialects.mysql.server.drivers import takes_several
from schemadiff.dialects.mysql.server.opening import LISTED
from schemadiff.dialects.mysql.server.packets import Rows, at_once, in_one_packet
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.dialects.shared.connection_cache import answered

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


_KEYS = ("id", "user", "host", "db", "command", "time", "state", "info")
"""The columns of SHOW FULL PROCESSLIST; MariaDB has one more."""


def sessions(connection: Connection) -> list[dict[str, Any]]:
    """The sessions that the user may see, but for this one: without the right PROCESS those of its own account. The
    keys are ``id``, ``user``, ``host``, ``db``, ``command``, ``time``, ``state`` and ``info``; see `shown`.

    A statement may hold any bytes, as of an image that is being inserted. Sent as UTF-8 they are none, and the driver
    fails in the middle of the answer and is of no use from then on. MySQL 9.7 itself cannot read
    information_schema.PROCESSLIST and INNODB_TRX then (3854), and performance_schema.processlist is empty where
    performance_schema is off. This works on both servers, at all times.
    """
    return sessions_and(connection, "DO 0")[0]


def sessions_and(connection: Connection, query: str) -> tuple[list[dict[str, Any]], Rows]:
    """The `sessions`, and the rows of a query that is carried out before: both in one round trip where the connection
    takes that; in none where the connection was opened with that question.
    """
    known = answered(connection, query)
    if known is not None:
        return _others(known)
    if takes_several(connection):
        with suppress(connection.dialect.loaded_dbapi.Error):
            return _others(in_one_packet(connection, (query, *LISTED)))
        connection.exec_driver_sql(LISTED[-1])
    (rows,) = at_once(connection, [query])
    return _one_by_one(connection), rows


def _others(answers: Sequence[Rows]) -> tuple[list[dict[str, Any]], Rows]:
    (rows, _, ((this,),), told, _) = answers
    return [dict(zip(_KEYS, row, strict=False)) for row in told if row[0] != this], rows


def _one_by_one(connection: Connection) -> list[dict[str, Any]]:
    own, charset = connection.exec_driver_sql("SELECT CONNECTION_ID(), @@SESSION.character_set_results").one()
    connection.exec_driver_sql("SET SESSION character_set_results = ascii")
    back = f"SET SESSION character_set_results = {literal(charset) if charset else 'NULL'}"
    try:
        rows = connection.exec_driver_sql("SHOW FULL PROCESSLIST").mappings().all()
    except BaseException:
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql(back)
        raise
    connection.exec_driver_sql(back)
    listed = ({key.lower(): value for key, value in row.items()} for row in rows)
    return [row for row in listed if row["id"] != own]


def shown(text: str | None) -> str | None:
    """A text as `sessions` has it: a question mark for each character that is not ASCII."""
    return None if text is None else text.encode("ascii", "replace").decode()
