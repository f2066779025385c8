"""The contract for dialects, kept by the four that come with schemadiff, and by the example for DuckDB."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from schemadiff.testing import strategies
from schemadiff.testing.dialect_suite import EachStory, OnDatabase, StoriesAtOnce
from schemadiff.testing.strategies import Engine, Kind
from tests.servers.databases import Databases

ROOT = Path(__file__).resolve().parent.parent
_TEXT = ("'abc'", '"it\'s"', "'100%'")


class OnServer(OnDatabase):
    @pytest.fixture
    def new_database(self, server_url: Callable[[str], str]) -> Iterator[Callable[[], str]]:
        databases, made = Databases(server_url), list[str]()

        def create() -> str:
            made.append(databases.create(self.dialect))
            return made[-1]

        yield create
        for url in made:
            databases.drop(self.dialect, url)
        databases.close()


@pytest.mark.once
@pytest.mark.engines("mysql")
class TestMySQL(OnServer, StoriesAtOnce):
    dialect = "mysql"


@pytest.mark.once
@pytest.mark.engines("mariadb")
class TestMariaDB(OnServer, StoriesAtOnce):
    dialect = "mariadb"


@pytest.mark.once
@pytest.mark.engines("postgresql")
class TestPostgreSQL(OnServer, StoriesAtOnce):
    dialect = "postgresql"


class OnFile(OnDatabase):
    @pytest.fixture
    def new_database(self, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
        folder, numbers = tmp_path_factory.mktemp("databases"), itertools.count()
        return lambda: f"{self.dialect}:///{folder}/{next(numbers)}"


class TestSQLite(OnFile, StoriesAtOnce):
    dialect = "sqlite"


@pytest.mark.slow
class TestDuckDB(OnFile, StoriesAtOnce):
    """The package in examples/duckdb_dialect."""

    dialect = "duckdb"


@pytest.mark.slow
@pytest.mark.once
class TestEachStoryOnDuckDB(OnFile, EachStory):
    dialect = "duckdb"
    pairs = 10
    engine: ClassVar[Engine] = Engine(
        "duckdb",
        (
            *strategies.GENERIC,
            Kind("sa.Text", "text", _TEXT),
            Kind("sa.LargeBinary", "none", key=False),
            Kind("sa.JSON", "none", ("sa.text(\"'{}'\")",), key=False),
        ),
        counting=False,
        enums=False,
        actions=(None, "RESTRICT", "NO ACTION"),
        deferrable_keys=False,
        circles=False,
    )


def test_the_example_is_small() -> None:
    files = (ROOT / "examples" / "duckdb_dialect").rglob("*.py")
    assert 0 < sum(len(path.read_text().splitlines()) for path in files) <= 700
