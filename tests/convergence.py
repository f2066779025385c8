"""Random pairs of models, taken forth and back: what must hold of each of them.

A pair takes some thirty statements of DDL, so what is around them counts: `Bench` keeps its connections open, and
empties its databases rather than making new ones.
"""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from schemadiff.dialects.contract.registry import connecting, connection_url
from schemadiff.testing import converging
from schemadiff.testing.strategies import Pair, pairs
from tests.definitions import definitions
from tests.servers.databases import Databases

DRAWS = 10
"""Pairs drawn from one seed: after ten, Hypothesis 6 draws five near copies of each."""
_EMPTY_MYSQL = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"


class Bench:
    """Three empty databases of an engine, whose servers' URLs `server_url` returns, and a folder for revisions."""

    def __init__(self, engine: str, server_url: Callable[[str], str]) -> None:
        self.engine = engine
        self._folder = Path(tempfile.mkdtemp())
        self._databases = Databases(server_url)
        self._urls = [] if engine == "sqlite" else [self._databases.create(engine) for _ in range(3)]
        self._open: list[sa.Engine] = []

    def set_up(self) -> tuple[sa.Engine, sa.Engine, sa.Engine, Path]:
        """Return three empty databases, and where revisions may be written."""
        versions = self._folder / "versions"
        shutil.rmtree(versions, ignore_errors=True)
        if self.engine == "sqlite":
            self._close()
            for path in self._folder.glob("*.sqlite*"):
                path.unlink()
            self._urls = [f"sqlite:///{self._folder}/{number}.sqlite" for number in range(3)]
        if not self._open:
            self._open = [with_one_connection(url) for url in self._urls]
        for engine in self._open:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                _empty(connection)
        first, second, third = self._open
        return first, second, third, versions

    def _close(self) -> None:
        for engine in self._open:
            engine.dispose()
        self._open = []

    def close(self) -> None:
        """Drop the databases and close the connections."""
        self._close()
        if self.engine != "sqlite":
            for url in self._urls:
                self._databases.drop(self.engine, url)
        self._databases.close()
        shutil.rmtree(self._folder)


def with_one_connection(text: str) -> sa.Engine:
    """An engine of that URL that keeps its one connection open, which is as schemadiff would open it."""
    url = connection_url(sa.make_url(text))
    return sa.create_engine(
        url, poolclass=StaticPool, connect_args=connecting(url).connect_arguments(url, reads=False)
    )


def _empty(connection: sa.Connection) -> None:
    match connection.dialect.name:
        case "postgresql":
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        case "mysql":
            names = connection.exec_driver_sql(_EMPTY_MYSQL).scalars().all()
            if names:
                quoted = ", ".join(f"`{name.replace('`', '``')}`" for name in names)
                drop = f"SET foreign_key_checks = 0; DROP TABLE {quoted}; SET foreign_key_checks = 1"
                cursor = connection.connection.cursor()
                cursor.execute(drop)
                while cursor.nextset():
                    pass
                cursor.close()


def converge_all(bench: Bench, count: int, seed: int) -> None:
    """Takes so many random pairs forth and back; the seed decides which. Raises at the first that fails, made small."""
    for first in range(0, count, DRAWS):
        converge_some(bench, min(DRAWS, count - first), seed * 100_000 + first)


def converge_some(bench: Bench, count: int, seed: int) -> None:
    """As `converge_all`, with at most as many pairs as one seed is good for."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(pairs(bench.engine))
    def converges(pair: Pair) -> None:
        converge(bench, pair)

    converges()


def converge(bench: Bench, pair: Pair) -> None:
    """Takes an empty database to the pair's first models, to its second and back, and looks at it on the way."""
    *databases, versions = bench.set_up()
    fresh = converging.Databases(*databases)
    before, after = (
        converging.Models(one.metadata(), functools.partial(definitions, models=one))
        for one in (pair.before, pair.after)
    )
    converging.create_all(fresh.before, before.metadata)
    converging.create_all(fresh.after, after.metadata)
    converging.converge(fresh, before, after, versions)
