"""The fixtures `shell`, a project on an SQLite file, and `server_shell`, one on each engine."""

from pathlib import Path

import pytest

from tests.cli.shell import SETTINGS, Shell
from tests.conftest import FreshDatabase


@pytest.fixture
def shell(tmp_path: Path, fresh_database: FreshDatabase) -> Shell:
    """Return a project with settings, and an empty SQLite database."""
    return _project(tmp_path, fresh_database("sqlite"))


@pytest.fixture
def server_shell(tmp_path: Path, url: str) -> Shell:
    """Return a project with settings, and an empty database of the engine: once per engine."""
    return _project(tmp_path, url)


def _project(tmp_path: Path, url: str) -> Shell:
    folder = tmp_path / "project"
    folder.mkdir()
    shell = Shell(folder, url)
    shell.write("schemadiff.toml", SETTINGS)
    return shell
