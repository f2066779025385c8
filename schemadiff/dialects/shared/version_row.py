"""The version row of a database at rest, read through its driver alone: loading SQLAlchemy would take most of the time.

Only the plainest of cases: a URL of host and database for a driver that comes with schemadiff, a server that it knows,
nobody at work. What is anything else, or fails, is for `commands` to find out and to put into words.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from schemadiff.dialects.shared.lock_names import HOLDER, KEY, TAG, lock_name
from schemadiff.dialects.shared.tested_versions import about_age

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = tuple[Any, ...]

COLUMNS = "id, version, digest, files, journal, changed_at, tool"

_TABLE = "schemadiff_version"

_WORD = r"[A-Za-z0-9_.~-]"
_SERVER = re.compile(
    rf"(?P<user>(?:{_WORD}|%)+)(?::(?P<password>(?:{_WORD}|[%!$*])*))?@(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>\d+))?"
    rf"/(?P<database>[A-Za-z0-9_]+)"
)
_FILE = re.compile(r"(?!file:)[^?#%:\s]+")
_NUMBERS = re.compile(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)")
_MULTI_STATEMENTS = 1 << 16
_FOUND_ROWS = 1 << 1


class Found(NamedTuple):
    """The row, ``None`` where there is no version table; and which database it is."""

    row: Row | None
    host: str | None
    port: int | None
    database: str


class _Unclear(Exception):
    """It is none of the plainest cases."""


def glance(url: str) -> Found | None:
    """The version row in the order of `COLUMNS`; ``None`` where that takes more than a glance."""
    name, _, rest = url.partition("://")
    look = _DRIVERS.get(name)
    if look is None:
        return None
    try:
        return look(rest)
    except Exception:  # what is wrong is found out and told by whoever looks closer
        return None


def _sqlite(rest: str) -> Found:
    import sqlite3

    path = rest.removeprefix("/")
    if path == rest or not _FILE.fullmatch(path) or path == ":memory:" or not os.path.isfile(path):
        raise _Unclear
    _expect_tried("sqlite", sqlite3.sqlite_version_info)
    with closing(sqlite3.connect(os.path.abspath(path))) as connection:
        try:
            rows = connection.execute(f"SELECT {COLUMNS} FROM {_TABLE}").fetchall()
        except sqlite3.OperationalError:
            named = "SELECT 1 FROM sqlite_schema WHERE lower(name) = ?"
            if connection.execute(named, (_TABLE,)).fetchall():
                raise
            return Found(None, None, None, path)
    return Found(_only(rows), None, None, path)


def _mysql(rest: str) -> Found:
    import pymysql

    address = rest.removesuffix(_UNENCRYPTED)
    place = _server(address)
    lock = lock_name(place["database"])
    connection = pymysql.connect(
        **place,
        client_flag=_MULTI_STATEMENTS | _FOUND_ROWS,
        autocommit=True,
        ssl_disabled=address != rest,
    )
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT VERSION(), DATABASE(), IS_USED_LOCK(%s), CONNECTION_ID()", (lock,))
        version, database, holder, own = cursor.fetchone()
        numbers = _NUMBERS.match(version)
        if not numbers or database != place["database"] or holder:
            raise _Unclear
        _expect_tried("mariadb" if "MariaDB" in version else "mysql", tuple(map(int, numbers.groups())))
        # Statements may hold any bytes: see `process_list`.
        cursor.execute("SET SESSION character_set_results = ascii")
        cursor.execute("SHOW FULL PROCESSLIST")
        if any(row[0] != own and row[3] == database and TAG.match(row[7] or "") for row in cursor.fetchall()):
            raise _Unclear
        cursor.execute("SET SESSION character_set_results = utf8mb4")
        row: Row | None = None
        try:
            cursor.execute(f"SELECT {COLUMNS} FROM {_TABLE}")
            row = _only(cursor.fetchall())
        except pymysql.err.ProgrammingError as error:
            if error.args[0] != _NO_SUCH_TABLE:
                raise
        cursor.execute("SELECT IS_USED_LOCK(%s)", (lock,))
        if cursor.fetchone()[0]:
            raise _Unclear
    return Found(row, place["host"], place.get("port"), database)


_NO_SUCH_TABLE = 1146
_UNENCRYPTED = "?ssl_disabled=true"


def _postgresql(rest: str) -> Found:
    import psycopg

    place = _server(rest)
    given: Mapping[str, Any] = {**place, "dbname": place["database"], "database": None}
    given = {key: value for key, value in given.items() if value is not None}
    holder = HOLDER.replace(":key", str(KEY))
    with psycopg.connect(**given, autocommit=True, prepare_threshold=None) as connection:
        query = "SELECT current_setting('server_version_num')::int, quote_ident(current_schema())"
        version, schema = connection.execute(query).fetchone() or (0, None)
        _expect_tried("postgresql", (version // 10000, version % 10000))
        if schema is None or connection.execute(holder).fetchall():
            raise _Unclear
        row: Row | None = None
        with suppress(psycopg.errors.UndefinedTable):
            row = _only(connection.execute(f"SELECT {COLUMNS} FROM {schema}.{_TABLE}").fetchall())
        if connection.execute(holder).fetchall():
            raise _Unclear
    return Found(row, place["host"], place.get("port"), place["database"])


def _server(rest: str) -> dict[str, Any]:
    """Return the host, port, user and password of a URL as SQLAlchemy would pass them to a driver. Raises `_Unclear`
    for text that is not so simple.
    """
    match = _SERVER.fullmatch(rest)
    if match is None:
        raise _Unclear
    place: dict[str, Any] = {
        key: unquote(value) for key, value in match.groupdict().items() if value is not None
    }
    if "port" in place:
        place["port"] = int(place["port"])
    return place


def _expect_tried(product: str, version: tuple[int, ...]) -> None:
    if about_age(product, version):
        raise _Unclear


def _only(rows: list[Row] | tuple[Row, ...]) -> Row:
    """The one row, JSON as what it says, and nothing in progress."""
    (row,) = rows
    one, version, digest, files, journal, changed_at, tool = row
    if isinstance(files, str | bytes):
        files = json.loads(files)
    if journal is not None:
        raise _Unclear
    return (one, version, digest, files, journal, changed_at, tool)


_DRIVERS: dict[str, Callable[[str], Found]] = {
    **dict.fromkeys(("sqlite", "sqlite+pysqlite"), _sqlite),
    **dict.fromkeys(("mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"), _mysql),
    **dict.fromkeys(("postgresql", "postgresql+psycopg"), _postgresql),
}
