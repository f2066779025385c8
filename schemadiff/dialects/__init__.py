"""The databases that schemadiff knows. What is particular to one of them stands in its module and nowhere else."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from schemadiff.errors import UnsupportedError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

    from schemadiff.dialects.base import Dialect
    from schemadiff.dialects.statements import Expectation, Group, Retraction, Statement

__all__ = [
    "NAMES",
    "Dialect",
    "Expectation",
    "Group",
    "Retraction",
    "Statement",
    "connect_arguments",
    "connection_url",
    "dialect_of",
    "offline_dialect",
    "package_of",
    "prepare",
    "reading_options",
]

_HOMES = {
    "Dialect": "base",
    **dict.fromkeys(("Expectation", "Group", "Retraction", "Statement"), "statements"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: a glance at a version row needs none of it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"schemadiff.dialects.{_HOMES[name]}"), name)


NAMES = ("mysql", "mariadb", "postgresql", "sqlite")


def dialect_of(connection: Connection) -> Dialect:
    """The dialect of a connection, with the facts of its server. Raises `UnsupportedError` for other products."""
    name = connection.dialect.name
    if name == "mysql" and getattr(connection.dialect, "is_mariadb", False):
        name = "mariadb"
    return _class(name).connect(connection)


def offline_dialect(name: str) -> Dialect:
    """The dialect of that name, with the facts of the newest supported server."""
    return _class(name).offline()


def connection_url(url: URL, *, creates: bool = True) -> URL:
    """The URL with a driver that is installed where it names none: PyMySQL and psycopg come with schemadiff. Without
    `creates`, that of an empty database in place of a file that is not there, which connecting would make.
    """
    if url.get_backend_name() == "sqlite" and not creates and _is_missing(url.database):
        return url.set(database=None)
    if "+" in url.drivername:
        return url
    drivers = {"mysql": "pymysql", "mariadb": "pymysql", "postgresql": "psycopg", "postgres": "psycopg"}
    name = "postgresql" if url.drivername == "postgres" else url.drivername
    driver = drivers.get(name)
    return url.set(drivername=f"{name}+{driver}") if driver else url


def package_of(driver: str) -> str:
    """What pip is told to install for a driver that is called so in a URL."""
    packages = {
        "mysqldb": "mysqlclient",
        "mysqlconnector": "mysql-connector-python",
        "mariadbconnector": "mariadb",
        "psycopg": "'psycopg[binary]'",
        "psycopg_async": "'psycopg[binary]'",
        "psycopg2": "psycopg2-binary",
    }
    return packages.get(driver, driver)


def _is_missing(database: str | None) -> bool:
    from pathlib import Path

    plain = bool(database) and database != ":memory:" and not str(database).startswith("file:")
    return plain and not Path(str(database)).exists() and Path(str(database)).parent.is_dir()


def prepare(engine: Engine, *, reads: bool) -> None:
    """Has a new engine of schemadiff's own open its connections in few round trips; `reads`: it changes nothing."""
    match engine.dialect.driver:
        case "pymysql":
            from schemadiff.dialects.mysql import opening as of_mysql

            of_mysql.prepare(engine)
        case "psycopg" if reads:
            from schemadiff.dialects.postgresql import opening as of_postgresql

            of_postgresql.prepare(engine)
        case _:
            pass


def reading_options(url: URL) -> dict[str, object]:
    """Options of an engine that only reads, for the drivers with which each of SQLAlchemy's changes of isolation
    level, and each rollback where there is nothing to roll back, takes a round trip.
    """
    options: dict[str, object] = {
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
        "pool_reset_on_return": None,
    }
    match url.drivername.partition("+")[2]:
        case "pymysql":
            return options
        case "psycopg":
            # It would look for hstore, which nobody reads.
            return {**options, "use_native_hstore": False}
        case _:
            return {}


def connect_arguments(url: URL, *, reads: bool = False) -> dict[str, object]:
    """What the driver is told beyond the URL. PyMySQL: several statements in one round trip, for reading in bulk, and
    (as SQLAlchemy would say if it were not overruled) to count the rows that an UPDATE matches, not those it changes.
    psycopg: to prepare no statements, which a pooler in transaction mode may not find again. psycopg,
    psycopg2 and pg8000: to speak UTF-8 also where a database in SQL_ASCII or LATIN1 would have them speak that
    (psycopg 3.3 reads bytes for texts in SQL_ASCII).
    """
    encoding = {} if "client_encoding" in url.query else {"client_encoding": "utf8"}
    match url.drivername.partition("+")[2]:
        case "pymysql":
            from pymysql.constants import CLIENT

            flags = {"client_flag": CLIENT.MULTI_STATEMENTS | CLIENT.FOUND_ROWS}
            return {**flags, "autocommit": True} if reads else {**flags}
        case "psycopg" | "psycopg_async":
            return {"prepare_threshold": None, **encoding}
        case "psycopg2":
            return dict(encoding)
        case "pg8000":
            return {"startup_params": encoding} if encoding else {}
        case _:
            return {}


def _class(name: str) -> type[Dialect]:
    match name:
        case "mysql":
            from schemadiff.dialects.mysql import MySQL

            return MySQL
        case "mariadb":
            from schemadiff.dialects.mariadb import MariaDB

            return MariaDB
        case "postgresql":
            from schemadiff.dialects.postgresql import PostgreSQL

            return PostgreSQL
        case "sqlite":
            from schemadiff.dialects.sqlite import SQLite

            return SQLite
        case _:
            raise UnsupportedError(
                f'schemadiff does not know the database "{name}"', hint=f"It knows {', '.join(NAMES)}."
            )
