"""A conversation with the server: many statements in few round trips, in a session that is set for reading.

What SHOW CREATE TABLE says, and what a statement means, depends on the session (MySQL 9.7 manual, 7.1.11; MariaDB,
SQL_MODE). So both sides of every comparison are read and asked for in one mode: the server's own without what changes
quoting, and without what refuses definitions that are there already (zero dates).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.mysql.server.decoding import decoded
from schemadiff.dialects.mysql.server.drivers import driver_of, several, unicode
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.dialects.shared import driver_errors
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Row = tuple[Any, ...]

PACKET = 1000
"""Statements in one round trip: the time for a thousand tables falls no further with more."""

_BETWEEN = ";\n"
_LIMIT = "schemadiff packet"

_QUOTING = (
    "ANSI",
    "ANSI_QUOTES",
    "NO_BACKSLASH_ESCAPES",
    "ORACLE",
    "MSSQL",
    "DB2",
    "POSTGRESQL",
    "MAXDB",
    "NO_KEY_OPTIONS",
    "NO_TABLE_OPTIONS",
    "NO_FIELD_OPTIONS",
)
_STRICT = ("STRICT_ALL_TABLES", "STRICT_TRANS_TABLES", "TRADITIONAL", "NO_ZERO_DATE", "NO_ZERO_IN_DATE")
_UTF8 = {"character_set_results": "binary", "collation_connection": "utf8mb4_general_ci"}
IN_UTF8, AS_STORED = (f"SET SESSION character_set_results = {name}" for name in ("utf8mb4", "binary"))
"""Statements that choose the character set of results: UTF-8, or the bytes as they are stored."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's refusal of a statement."""

    code: int
    message: str

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"


Reply = list[Row] | Refusal
Talk = Callable[[Sequence[Sequence[str]]], Iterator[Reply]]
"""Carries out groups of statements, and gives for each group the rows of its last statement. When the server refuses
one, the rest of its group is left out and the next group goes on.
"""


def reading_mode(server_mode: str) -> str:
    """The sql_mode in which tables are read and asked for."""
    return _without(server_mode, (*_QUOTING, *_STRICT))


def user_mode(server_mode: str, *, zero_dates: bool) -> str:
    """The sql_mode for what users write in their revisions: the server's own, less what changes quoting.

    With `zero_dates` also less NO_ZERO_DATE and NO_ZERO_IN_DATE: where a table has such a default from older times,
    MySQL 9.7 would refuse every ALTER of it (1067).
    """
    dates = ("NO_ZERO_DATE", "NO_ZERO_IN_DATE", "TRADITIONAL") if zero_dates else ()
    return _without(server_mode, (*_QUOTING, *dates))


def working_mode(server_mode: str, *, zero_dates: bool) -> str:
    """The sql_mode in which tables are changed: that for users, and strict, so that the server refuses a change rather
    than cut values for it. On a server that is not strict, what is only strict about dates and divisions is left out:
    rows that stay as they are must not hinder a change.
    """
    mode = user_mode(server_mode, zero_dates=zero_dates)
    if not set(mode.split(",")) & {"STRICT_ALL_TABLES", "STRICT_TRANS_TABLES"}:
        mode = _without(mode, ("NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ERROR_FOR_DIVISION_BY_ZERO"))
    return ",".join(filter(None, (_without(mode, ("STRICT_ALL_TABLES",)), "STRICT_ALL_TABLES")))


def _without(mode: str, flags: Iterable[str]) -> str:
    return ",".join(flag for flag in mode.split(",") if flag and flag not in flags)


@contextmanager
def session(connection: Connection, settings: dict[str, str]) -> Iterator[Talk]:
    """A conversation with those session variables (values are SQL) set, and put back as they were at the end.

    Texts come as the bytes that they are stored as, which is UTF-8, and are decoded here: a binary default in MariaDB's
    SHOW CREATE TABLE is no UTF-8, and a driver would raise in the middle of the results and be out of step from then
    on. What is stored in the characters of its maker is asked for after `IN_UTF8`.
    """
    settings = {**settings, **_UTF8}
    with (
        unicode(connection, (*settings, "max_allowed_packet")) as (*old, limit),
        several(connection, True) as taken,
    ):
        if taken:
            talk = _in_packets(connection, int(limit), _set(settings))
        else:
            talk = _one_by_one(connection)
            _rows(talk, _set(settings))
        try:
            yield talk
        finally:
            before = {name: _sql(decoded(value)) for name, value in zip(settings, old, strict=True)}
            with suppress(DatabaseError):
                _rows(talk, _set(before))


def only(reply: Reply) -> list[Row]:
    """The rows. Raises `DatabaseError` for a refusal."""
    if isinstance(reply, Refusal):
        raise DatabaseError(f"the server refused to be read: {reply}")
    return reply


@contextmanager
def unlogged(talk: Talk, logs_temporary_tables: bool) -> Iterator[None]:
    """Keeps temporary tables out of the binary log where that is allowed: MariaDB 10.11 writes them there in its
    default format MIXED. Replicas only see a table come and go.
    """
    if not logs_temporary_tables:
        yield
        return
    logs, old = only(next(talk([["SELECT @@GLOBAL.log_bin, @@SESSION.binlog_format"]])))[0]
    changed = (
        logs and old != "ROW" and not isinstance(next(talk([["SET SESSION binlog_format = 'ROW'"]])), Refusal)
    )
    try:
        yield
    finally:
        if changed:
            next(talk([[f"SET SESSION binlog_format = {literal(str(old))}"]]))


def _rows(talk: Talk, statement: str) -> list[Row]:
    return only(next(talk([[statement]])))


def _set(settings: dict[str, str]) -> str:
    return f"SET {', '.join(f'SESSION {name} = {value}' for name, value in settings.items())}"


def _sql(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float | Decimal) else f"'{value}'"


def _one_by_one(connection: Connection) -> Talk:
    """One statement a round trip: what every driver can do."""
    from sqlalchemy.exc import DBAPIError

    def talk(groups: Sequence[Sequence[str]]) -> Iterator[Reply]:
        for group in groups:
            rows: list[Row] = []
            try:
                for statement in group:
                    result = connection.exec_driver_sql(statement, execution_options=VERBATIM)
                    rows = [tuple(map(decoded, row)) for row in result] if result.returns_rows else []
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise
                yield _refusal(error)
            else:
                yield rows

    return talk


def _in_packets(connection: Connection, limit: int, first: str) -> Talk:
    """Packets of statements, which the server carries out up to the first one that it refuses. The `first` statement
    goes before all others. The server takes so many bytes in one packet: `max_allowed_packet` is 64 MiB on MySQL 9.7,
    16 on MariaDB 10.11, one in many a package for Windows.
    """
    refused, driver = connection.dialect.loaded_dbapi.Error, driver_of(connection)
    before = [first]
    # Less the command's own byte, the first statement, and some to spare.
    limit -= len(first) + 1024

    def talk(groups: Sequence[Sequence[str]]) -> Iterator[Reply]:
        position = 0
        while position < len(groups):
            replies = _send(_packet(groups[position : position + PACKET], limit))
            position += len(replies)
            yield from replies

    def _send(batch: Sequence[Sequence[str]]) -> list[Reply]:
        replies: list[Reply] = []
        statements = (*before, *[statement for group in batch for statement in group])
        results = driver.results(_BETWEEN.join(statements), len(statements))
        try:
            for _ in before:
                next(results)
            before.clear()
            for group in batch:
                rows: list[Row] = []
                for _ in group:
                    rows = [tuple(map(decoded, row)) for row in next(results)]
                replies.append(rows)
            for _ in results:
                pass
        except refused as error:
            refusal = _refusal(error)
            if not refusal.code or connection.dialect.is_disconnect(error, connection.connection, None):
                connection.invalidate(error)
                raise DatabaseError(f"the connection was lost: {refusal.message}") from error
            if before:
                raise DatabaseError(f"the server refused to be read: {refusal}") from error
            replies.append(refusal)
        except BaseException:
            # Results that nobody has read: whoever uses the connection next would get them.
            connection.invalidate()
            raise
        return replies

    return talk


def _packet(groups: Sequence[Sequence[str]], limit: int) -> Sequence[Sequence[str]]:
    """As many of the groups as one packet may hold, and at least one."""
    size = 0
    for number, group in enumerate(groups):
        size += sum(len(statement.encode()) + len(_BETWEEN) for statement in group)
        if size > limit and number:
            return groups[:number]
        if size > limit:
            raise _too_long(size, limit)
    return groups


def _too_long(size: int, limit: int) -> DatabaseError:
    return DatabaseError(
        f"the server takes no statement of {size:,} bytes (max_allowed_packet = {limit:,})", hint=MORE_ROOM
    )


MORE_ROOM = (
    "Give it more: SET GLOBAL max_allowed_packet = 67108864, which new connections have, and in its settings file. Or "
    "split the revision, where it is not applied anywhere yet."
)


def expect_room(connection: Connection, sql: str) -> None:
    """Raises `DatabaseError` where the statement is longer than the server takes; only a long one is measured."""
    size = len(sql.encode())
    if size > _SURE and size > (limit := _limit(connection)):
        raise _too_long(size, limit)


_SURE = 2**16
"""Bytes of a statement that every server in use takes: nobody is asked for less."""


def _limit(connection: Connection) -> int:
    """The bytes that the server takes in one packet (max_allowed_packet: 64 MiB on MySQL 9.7, 16 on MariaDB 10.11, one
    in many a package for Windows), asked for once.
    """
    known = connection.info.get(_LIMIT)
    if not isinstance(known, int):
        found = connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one()
        # Less the command's own byte, and some to spare.
        known = connection.info[_LIMIT] = int(found) - 1024
    return known


def _refusal(error: BaseException) -> Refusal:
    code = driver_errors.number(error) or 0
    return Refusal(code, driver_errors.server_words(error).removesuffix(f" ({code})"))
