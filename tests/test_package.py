"""The package itself: what its tree holds, and that its metadata says what was tried."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools import file_sizes, try_pythons
from tools.make_env import FOR_DEVELOPERS, lowest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def project() -> Any:
    """Return the project's table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_no_file_of_the_tree_is_large() -> None:
    files = file_sizes.tracked(ROOT)
    assert len(files) > 100
    assert file_sizes.too_large(files) == []


def test_each_dependency_of_users_has_a_lower_bound_that_is_tried(project: Any) -> None:
    extras = project["optional-dependencies"]
    stated = project["dependencies"] + [
        one
        for name, some in extras.items()
        if name not in FOR_DEVELOPERS
        for one in some
        if not one.startswith("sqlalchemy-schemadiff[")
    ]
    pinned = lowest(project)
    names = [re.split(r"[\[<>=~! ;]", one)[0] for one in stated]
    assert [re.split(r"[\[=]", one)[0] for one in pinned] == names
    assert all(re.fullmatch(r"[\w.\[\],-]+==\d+\.\d+\.\d+(\.post\d+)?", one) for one in pinned), pinned


def test_the_classifiers_name_the_pythons_that_are_tried(project: Any) -> None:
    named = re.findall(r"Python :: 3\.(\d+)", "\n".join(project["classifiers"]))
    assert [int(minor) for minor in named] == [11, *try_pythons.MINORS]
    assert project["requires-python"] == ">=3.11"


def test_a_python_that_does_not_answer_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shim of pyenv, whose version is not chosen, it stands on the path and ends with an error."""
    minor = sys.version_info.minor
    shim = tmp_path / f"python3.{minor}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert try_pythons.find(minor) is None
    program = tmp_path / "root" / "versions" / f"3.{minor}.0" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "root"))
    assert try_pythons.find(minor) == str(program)
    assert try_pythons.find(minor - 1) is None
