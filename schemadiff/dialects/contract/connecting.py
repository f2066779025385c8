"""How schemadiff connects to one product: what is to be said to a driver beyond the URL. No connection is made here.

Everything has a default, which is to connect as SQLAlchemy does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine


class Connecting:
    """One product's drivers."""

    default_driver: ClassVar[str | None] = None
    """The driver of a URL that names none; ``None`` for SQLAlchemy's own choice."""

    packages: ClassVar[Mapping[str, str]] = {}
    """The packages of drivers that have another name than their module."""

    def is_missing(self, url: URL) -> bool:
        """Whether the database is a file that is not there, which connecting would create."""
        return False

    def is_file(self, url: URL) -> bool:
        """Whether a database is a file, and no part of a server."""
        return False

    def without_database(self, url: URL) -> URL:
        """The URL of an empty database that connecting does not keep, in place of one that `is_missing`."""
        return url.set(database=None)

    def reading_options(self, url: URL) -> dict[str, object]:
        """Options of an engine that only reads; empty to read as changes are made."""
        return {}

    def connect_arguments(self, url: URL, *, reads: bool) -> dict[str, object]:
        """Arguments for the driver beyond the URL; `reads`: with the `reading_options`."""
        return {}

    def prepare(self, engine: Engine, *, reads: bool) -> None:
        """Has a new engine of schemadiff's own open its connections in few round trips; `reads`: it changes nothing."""

    def autocommit(self, connection: Connection, *, kept: bool) -> Callable[[], object]:
        """Has each statement commit by itself from now on, on a connection that is in no transaction. What is returned
        puts it back as it was; unless it is `kept`, SQLAlchemy does that when it is closed.
        """
        level = connection.get_isolation_level() if kept else None
        connection.rollback()
        connection.execution_options(isolation_level="AUTOCOMMIT")

        def restore() -> None:
            if level is not None:
                connection.rollback()
                connection.execution_options(isolation_level=level)

        return restore


def driver_in(url: URL) -> str:
    """The driver that the URL names; empty where it names none."""
    return url.drivername.partition("+")[2]


def is_missing_file(database: str | None) -> bool:
    """Whether a database of that name would be a new file in a folder that is there."""
    from pathlib import Path

    plain = bool(database) and database != ":memory:" and not str(database).startswith("file:")
    return plain and not Path(str(database)).exists() and Path(str(database)).parent.is_dir()
