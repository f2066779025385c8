"""Databases of their own for tests: empty ones, and copies of one at the newest revision.

The revisions are applied once. A copy of that is made as the product can: a template (PostgreSQL), a file (SQLite), or
else by the statements that lead from an empty database to it (MySQL, MariaDB), which are worked out once as well.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy.engine import URL

from schemadiff.commands.apply import apply
from schemadiff.commands.diff import diff
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected
from schemadiff.database.url import read_url
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.registry import connecting
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.execute.version_table import creation
from schemadiff.operations import CreateTable
from schemadiff.planning.planner import Step
from schemadiff.schema import Table


class Databases:
    """Makes databases beside the one that the URL names, or files in the folder, and drops them."""

    def __init__(self, server: str, versions: Path, folder: Path) -> None:
        self._server = read_url(server)
        self._versions = versions
        self._folder = folder
        self._of_files = connecting(self._server).is_file(self._server)
        self._made: list[str] = []
        self._template: URL | None = None
        self._filling: tuple[str, ...] | None = None

    def empty(self) -> str:
        """The URL of a new, empty database."""
        url = self._new()
        if not self._of_files:
            _carry_out(self._server, lambda dialect: dialect.creating_database(_name(url)))
        return self._keep(url)

    def at_head(self) -> str:
        """The URL of a new database at the newest revision."""
        template, url = self._at_head(), self._new()
        if self._of_files:
            shutil.copyfile(_name(template), _name(url))
        elif not _carry_out(
            self._server, lambda dialect: dialect.copying_database(_name(template), _name(url))
        ):
            _carry_out(self._server, lambda dialect: dialect.creating_database(_name(url)))
            if self._filling is None:
                self._filling = _leading_to(template, url)
            filling = self._filling
            _carry_out(url, lambda _: filling)
        return self._keep(url)

    def drop(self, url: str) -> None:
        """Drops a database that was made here."""
        self._made.remove(url)
        name = _name(read_url(url))
        if self._of_files:
            Path(name).unlink(missing_ok=True)
        else:
            _carry_out(self._server, lambda dialect: dialect.dropping_database(name))

    def close(self) -> None:
        """Drops all that is left."""
        for url in [*self._made]:
            self.drop(url)

    def _at_head(self) -> URL:
        if self._template is None:
            made = self.empty()
            apply(made, self._versions, allow=["all"])
            self._template = read_url(made)
        return self._template

    def _new(self) -> URL:
        name = f"sd_test_{secrets.token_hex(5)}"
        return self._server.set(database=str(self._folder / f"{name}.sqlite") if self._of_files else name)

    def _keep(self, url: URL) -> str:
        told = url.render_as_string(hide_password=False)
        self._made.append(told)
        return told


@with_any_driver("database")
def _carry_out(database: Database, statements: Callable[[Dialect], Iterable[str] | None]) -> bool:
    """Runs the statements that the dialect of the database has for something; false where it has none."""
    with connected(database, changes=True) as (connection, dialect):
        found = statements(dialect)
        for sql in found or ():
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
        return found is not None


def _leading_to(template: URL, empty: URL) -> tuple[str, ...]:
    """The statements that make of an empty database what the template is, its rows included."""
    plan = diff(empty, template).plan
    steps = [step.sql for step in plan.steps]
    last = max((number for number, step in enumerate(plan.steps, 1) if _makes_table(step)), default=0)
    return _with_rows(template, _name(template), steps[:last], steps[last:])


@with_any_driver("database")
def _with_rows(
    database: Database, name: str, tables: Sequence[str], others: Sequence[str]
) -> tuple[str, ...]:
    with connected(database) as (connection, dialect):
        live = dialect.inspect(connection, (None,))
        settings = dialect.settings(connection, (*tables, *others))
    rows = [
        sql
        for table in live.tables.values()
        for sql in dialect.copying_rows(name, table.name, _filled(table))
    ]
    # Before what comes after the tables: a trigger would act on each row.
    version = (*creation(dialect), f"DELETE FROM {dialect.version_table}")
    return (*settings, *tables, *version, *rows, *others)


def _makes_table(step: Step) -> bool:
    return any(isinstance(one, CreateTable) for one in step.operations)


def _filled(table: Table) -> Iterator[str]:
    return (column.name for column in table.columns if column.generated is None)


def _name(url: URL) -> str:
    assert url.database
    return url.database
