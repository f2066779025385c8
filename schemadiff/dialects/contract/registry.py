"""The databases that schemadiff knows, by SQLAlchemy's names of them.

Four come with it. Any other is found by its entry point in the group ``schemadiff.dialects``, which another package
declares (``docs/dialects.md``):

    [project.entry-points."schemadiff.dialects"]
    duckdb = "schemadiff_duckdb:DuckDB"

The four stand in a table, so that they are there from a source tree as well, and nobody looks for entry points to find
them: that takes some milliseconds.
"""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING

from schemadiff.errors import ConfigError, UnsupportedError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from sqlalchemy.engine import URL, Connection, Engine

    from schemadiff.dialects.contract.connecting import Connecting
    from schemadiff.dialects.contract.dialect import Dialect

GROUP = "schemadiff.dialects"
"""The group of entry points. The name of one is SQLAlchemy's name of the database."""

_OWN = {
    "mysql": "schemadiff.dialects.mysql.dialect:MySQL",
    "mariadb": "schemadiff.dialects.mysql.mariadb:MariaDB",
    "postgresql": "schemadiff.dialects.postgresql.dialect:PostgreSQL",
    "sqlite": "schemadiff.dialects.sqlite.dialect:SQLite",
}


def names() -> tuple[str, ...]:
    """The names of all databases that are known in this environment."""
    return (*_OWN, *sorted(one.name for one in _others() if one.name not in _OWN))


def dialect_class(name: str) -> type[Dialect]:
    """The dialect of that name.

    Raises `UnsupportedError` where there is none, `ConfigError` where a package has one that cannot be used.
    """
    if name in _OWN:
        module, _, attribute = _OWN[name].partition(":")
        found: type[Dialect] = getattr(import_module(module), attribute)
        return found
    return _other(name)


def dialect_of(connection: Connection) -> Dialect:
    """The dialect of a connection, with the facts of its server. Raises what `dialect_class` raises."""
    name = connection.dialect.name
    if name == "mysql" and getattr(connection.dialect, "is_mariadb", False):
        name = "mariadb"
    return dialect_class(name).connect(connection)


def offline_dialect(name: str) -> Dialect:
    """The dialect of that name, with the facts of the newest supported server. Raises what `dialect_class` raises."""
    return dialect_class(name).offline()


def connecting(url: URL) -> Connecting:
    """How schemadiff connects there: as SQLAlchemy does where it knows no such database."""
    try:
        return dialect_class(_name(url)).connecting
    except UnsupportedError:
        from schemadiff.dialects.contract.connecting import Connecting

        return Connecting()


def connecting_of(engine: Engine) -> Connecting:
    """The same for an engine, whatever its URL calls the database."""
    return connecting(engine.url.set(drivername=f"{engine.dialect.name}+{engine.dialect.driver}"))


def connection_url(url: URL, *, creates: bool = True) -> URL:
    """The URL with the driver that schemadiff prefers where it names none. Without `creates`, that of an empty database
    in place of a file that is not there, which connecting would make.
    """
    known = connecting(url)
    if not creates and known.is_missing(url):
        url = known.without_database(url)
    if "+" in url.drivername or known.default_driver is None:
        return url
    return url.set(drivername=f"{_name(url)}+{known.default_driver}")


def package_of(url: URL) -> str:
    """The requirement that installs the driver of the URL with pip."""
    driver = url.get_driver_name()
    return connecting(url).packages.get(driver, driver)


def _name(url: URL) -> str:
    name = url.get_backend_name()
    return "postgresql" if name == "postgres" else name  # as hosting services still write it


def _others() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    return list(entry_points(group=GROUP))


@functools.cache
def _other(name: str) -> type[Dialect]:
    found = [one for one in _others() if one.name == name]
    if not found:
        raise UnsupportedError(
            f'schemadiff does not know the database "{name}"',
            hint=f"It knows {', '.join(names())}. A package may bring another one (docs/dialects.md).",
        )
    if len({one.value for one in found}) > 1:
        raise ConfigError(
            f'several packages bring a dialect for the database "{name}": {", ".join(map(_package, found))}',
            hint="Uninstall all of them but one.",
        )
    entry = found[0]
    try:
        loaded = entry.load()
    except Exception as error:  # whatever somebody else's package does when it is imported
        raise ConfigError(
            f'the dialect for the database "{name}" cannot be loaded from {_package(entry)}: '
            f"{type(error).__name__}: {error}",
            hint="Is that package made for this version of schemadiff, and all that it needs installed?",
        ) from error
    from schemadiff.dialects.contract.dialect import Dialect

    if not (isinstance(loaded, type) and issubclass(loaded, Dialect)):
        raise ConfigError(
            f'what {_package(entry)} names as the dialect for the database "{name}" is none: {entry.value}',
            hint="An entry point of that group names a class that inherits from schemadiff.dialects.Dialect.",
        )
    return loaded


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
