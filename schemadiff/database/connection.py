"""A URL, an Engine or a Connection -> an open connection in the driver's autocommit mode, and its dialect.

Also the one place where what a driver or a server says becomes an error for people, without a password in it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import create_engine, exc
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import NullPool

from schemadiff.database.url import keep_secret, place_of, read_url, secrets_of
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.registry import (
    connecting,
    connecting_of,
    connection_url,
    dialect_of,
    package_of,
)
from schemadiff.dialects.shared.driver_errors import is_unanswered, server_words, takes_no_changes
from schemadiff.dialects.shared.tested_versions import about_age
from schemadiff.errors import ConfigError, DatabaseError, UntriedServerWarning, UsageError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Database: TypeAlias = "str | URL | Target | Engine | Connection | AsyncEngine | AsyncConnection"
"""The asynchronous ones are those of `async_drivers`, which hands on what is not."""

_REACHABLE = "Is the server running, and are host, port, user, password and database right?"

_AGAIN = "the command again: what is done and what is not is read from the database."


class UnansweredError(DatabaseError):
    """Nobody answers where the database should be, or a server that is still starting."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, and what the driver is told beyond it: SQLAlchemy's ``connect_args``."""

    url: str = field(repr=False)
    arguments: Mapping[str, object] = field(repr=False)


@contextmanager
def connected(database: Database, *, changes: bool = False) -> Iterator[tuple[Connection, Dialect]]:
    """An open connection and its dialect.

    A connection of the caller's is used as it is for reading; for `changes` it must not be in a transaction, since
    schemadiff would have to commit it. What schemadiff itself opens it also closes.

    Raises `DatabaseError` when the server cannot be reached or refuses something, `ConfigError` for a malformed URL.
    """
    arguments: Mapping[str, object] = {}
    if isinstance(database, Target):
        arguments = database.arguments
        database = database.url
    if not isinstance(database, str | URL | Engine | Connection):
        raise UsageError(
            f"the database cannot be {type(database).__name__}",
            hint="It is a URL, an Engine or a Connection.",
        )
    with _without_secrets(database), _errors(where(database)):
        if isinstance(database, Connection):
            with _driver_errors(database, where(database)), _borrowed(database, changes) as connection:
                yield connection, _dialect(connection)
            return
        engine = (
            database
            if isinstance(database, Engine)
            else open_engine(database, creates=changes, arguments=arguments)
        )
        try:
            with _driver_errors(engine, where(database)), _opened(engine, where(database)) as connection:
                opened_so = (
                    engine is not database
                    and not changes
                    and connecting(engine.url).reading_options(engine.url)
                )
                with nullcontext() if opened_so else _autocommit(connection, kept=False):
                    yield connection, _dialect(connection)
        finally:
            if engine is not database:
                engine.dispose()


def _dialect(connection: Connection) -> Dialect:
    """The connection's dialect; warns of a server that is older than those that schemadiff was tried on."""
    dialect = dialect_of(connection)
    version = tuple(one for one in connection.dialect.server_version_info or () if isinstance(one, int))
    if words := about_age(dialect.name, version):
        warnings.warn(words, UntriedServerWarning, stacklevel=1)
    return dialect


@contextmanager
def _without_secrets(database: str | URL | Engine | Connection) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        keep_secret(error, secrets_of(database if isinstance(database, str | URL) else database.engine.url))
        raise


def open_engine(
    url: str | URL, *, creates: bool = True, arguments: Mapping[str, object] | None = None
) -> Engine:
    """An engine of schemadiff's own: no pool, one connection at a time. A database file that is not there yet is not
    made by looking at it: without `creates` it is an empty database. Raises `ConfigError` for a bad URL.
    """
    parsed = connection_url(read_url(url), creates=creates)
    try:
        how = connecting(parsed)
        options: Any = {} if creates else how.reading_options(parsed)
        known = how.connect_arguments(parsed, reads=bool(options))
        engine = create_engine(
            parsed, poolclass=NullPool, connect_args={**known, **(arguments or {})}, **options
        )
        how.prepare(engine, reads=bool(options))
        return engine
    except exc.NoSuchModuleError as error:
        raise ConfigError(
            f"SQLAlchemy knows no database or driver {str(error).rpartition(':')[2]}",
            hint="A URL looks like mysql+pymysql://user:password@host/database.",
        ) from None
    except ImportError as error:
        driver = parsed.get_driver_name()
        missing = isinstance(error, ModuleNotFoundError)
        raise ConfigError(
            f'the driver "{driver}" {"is not installed" if missing else f"cannot be loaded: {error}"}',
            hint=f"Install it in this environment: pip install {package_of(parsed)}",
        ) from None
    except (exc.ArgumentError, ValueError):
        # The words of these errors may repeat what stands in the URL.
        raise ConfigError(
            "the database URL cannot be used: an option in it, or the port, has a wrong value",
            hint="A URL looks like mysql+pymysql://user:password@host/database; a special character in the password "
            "is written in percent encoding.",
        ) from None


def where(database: Database) -> str:
    """Which database it is, for messages: never with the password."""
    if isinstance(database, Target):
        database = database.url
    try:
        url = read_url(database) if isinstance(database, str | URL) else database.engine.url
    except (ConfigError, AttributeError):
        return "the database"
    return place_of(url.host, url.port, url.database)


@contextmanager
def _borrowed(connection: Connection, changes: bool) -> Iterator[Connection]:
    if connection.in_transaction():
        if changes:
            raise UsageError(
                "the connection is in a transaction, which schemadiff would have to commit",
                hint="Commit or roll back first, or hand over an Engine.",
            )
        yield connection
        return
    if not changes:
        try:
            yield connection
        finally:
            with _given_back(connection):
                connection.rollback()
        return
    with _autocommit(connection, kept=True):
        yield connection


@contextmanager
def _autocommit(connection: Connection, *, kept: bool) -> Iterator[None]:
    """Has each statement commit by itself; see `Connecting.autocommit`."""
    restore = connecting_of(connection.engine).autocommit(connection, kept=kept)
    try:
        yield
    finally:
        with _given_back(connection):
            restore()


@contextmanager
def _opened(engine: Engine, place: str) -> Iterator[Connection]:
    connection = _open(engine, place)
    try:
        yield connection
    finally:
        with _given_back(connection):
            connection.close()


@contextmanager
def _given_back(connection: Connection) -> Iterator[None]:
    """Around what puts a connection back as it was. Where it is lost by now there is nothing to put back, and what was
    done on it is done: the outcome is another matter.
    """
    try:
        yield
    except (exc.SQLAlchemyError, _driver_error(connection)):
        with suppress(exc.SQLAlchemyError, _driver_error(connection)):
            connection.invalidate()


def _driver_error(connectable: Engine | Connection) -> type[Exception]:
    """Return the base class of the driver's errors: those of setting up or resetting a session are raised without
    SQLAlchemy's wrapper.
    """
    error: type[Exception] = connectable.dialect.loaded_dbapi.Error
    return error


def _lost(connectable: Engine | Connection) -> tuple[type[Exception], ...]:
    """The classes of errors that say that a connection is lost, as far as the driver has those of DBAPI."""
    dbapi = connectable.dialect.loaded_dbapi
    found = (getattr(dbapi, name, None) for name in ("OperationalError", "InterfaceError"))
    return tuple(one for one in found if one)


@contextmanager
def _driver_errors(connectable: Engine | Connection, place: str) -> Iterator[None]:
    try:
        yield
    except _driver_error(connectable) as error:
        lost = isinstance(error, _lost(connectable))
        what = "the connection was lost" if lost else "the driver refused something"
        raise DatabaseError(f"{place}: {what}: {server_words(error)}", hint=f"Run {_AGAIN}") from None


def _open(engine: Engine, place: str) -> Connection:
    try:
        return engine.connect()
    except exc.DBAPIError as error:
        if error.statement is not None:
            raise  # it was connected by then
        if isinstance(error, exc.ProgrammingError):
            hint = "Does the driver know what stands behind the question mark in the URL?"
        elif engine.url.host or engine.url.query:
            hint = _REACHABLE
        else:
            hint = "Does its folder exist, and may you read and write there?"
        failure = UnansweredError if is_unanswered(error) else DatabaseError
        raise failure(f"cannot connect to {place}: {server_words(error)}", hint=hint) from None
    except exc.SQLAlchemyError:
        raise
    except OSError as error:  # as asyncpg hands it on
        raise UnansweredError(f"cannot connect to {place}: {server_words(error)}", hint=_REACHABLE) from None
    except Exception as error:
        # A driver refuses an option in words of its own, or misses a package for the way in which the server asks for
        # the password.
        words = " ".join(str(error).split())
        raise DatabaseError(
            f"cannot connect to {place}: {words}",
            hint="Are the options in the URL those of the driver, and is all that it needs installed?",
        ) from error


@contextmanager
def _errors(place: str) -> Iterator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        raise _refused(place, error) from None
    except exc.PendingRollbackError:
        # What has lost it was swallowed on the way.
        raise DatabaseError(f"{place}: the connection was lost", hint=f"Run {_AGAIN}") from None
    except exc.SQLAlchemyError as error:
        raise DatabaseError(f"{place}: {error}") from error


def _refused(place: str, error: exc.DBAPIError) -> DatabaseError:
    lost = error.connection_invalidated
    what = "the connection was lost" if lost else "the server refused a statement"
    statement = " ".join((error.statement or "").split())
    shown = f"\n  {statement[:300]}" if statement else ""
    again = f"Run {_AGAIN}" if lost else f"Mend the cause and run {_AGAIN}"
    return DatabaseError(
        f"{place}: {what}: {server_words(error)}{shown}", hint=takes_no_changes(error) or again
    )
