"""The pytest plugin: databases of their own for the tests of a project, whose conftest.py names it:

    pytest_plugins = ["schemadiff.testing.plugin"]

It has no entry point: pytest would rewrite each module of the whole package, in every project that has it installed.

`schemadiff_project`         what is tested; a project overrides it to say more than its settings
`schemadiff_empty_database`  the URL of a new, empty database
`schemadiff_database`        the URL of a new database at the newest revision

All databases are dropped: after the test, and what all tests share after the last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from schemadiff.testing.databases import Databases
    from schemadiff.testing.project import Project


@pytest.fixture(scope="session")
def schemadiff_project() -> Project:
    """The project of the current directory, on the server that SCHEMADIFF_TEST_URL names."""
    from schemadiff.testing.project import project

    return project()


@pytest.fixture(scope="session")
def _schemadiff_databases(
    schemadiff_project: Project, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    from schemadiff.testing.databases import Databases

    made = Databases(
        schemadiff_project.server, schemadiff_project.versions, tmp_path_factory.mktemp("schemadiff")
    )
    yield made
    made.close()


@pytest.fixture
def schemadiff_empty_database(_schemadiff_databases: Databases) -> Iterator[str]:
    """The URL of a new, empty database."""
    url = _schemadiff_databases.empty()
    yield url
    _schemadiff_databases.drop(url)


@pytest.fixture
def schemadiff_database(_schemadiff_databases: Databases) -> Iterator[str]:
    """The URL of a new database at the newest revision."""
    url = _schemadiff_databases.at_head()
    yield url
    _schemadiff_databases.drop(url)
