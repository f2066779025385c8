"""The files around the code: what they call exists, and what is built from the tree is whole."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import hatch_build
from tools import file_sizes, try_pythons

ROOT = Path(__file__).resolve().parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(path for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_targets_that_exist(path: Path) -> None:
    called: set[str] = set()
    for job in jobs(path).values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            command = step.get("run", "").replace("${{ matrix.", "{").replace(" }}", "}")
            for versions in matrix.get("versions", [""]):
                first, *words = shlex.split(command.replace("{versions}", versions)) or [""]
                if first == "make":
                    called |= {word for word in words if "=" not in word}
    assert called
    assert called <= TARGETS


def test_the_workflow_tries_what_the_package_promises() -> None:
    matrix = jobs(GITHUB / "workflows" / "checks.yml")["quick"]["strategy"]["matrix"]
    assert matrix["python"] == [f"3.{minor}" for minor in (11, *try_pythons.MINORS)]
    required = re.search(r'"sqlalchemy>=([\d.]+),<([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert required
    assert matrix["sqlalchemy"] == ["2.0", "2.1"]
    assert required[1].startswith("2.0.")
    assert required[2] == "2.2"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_forms_ask_for_what_is_needed(path: Path) -> None:
    text = path.read_text()
    fields = {part["id"]: part for part in yaml.safe_load(text)["body"] if "id" in part}
    assert "schemadiff --version" in text
    assert "Models" in text
    assert fields["server"]["validations"]["required"]


def test_the_hooks_before_a_commit_are_the_projects_own() -> None:
    hooks = [
        one
        for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
        for one in repo["hooks"]
    ]
    for hook in hooks:
        program, *words = shlex.split(hook["entry"])
        assert program in (".venv/bin/python", ".venv/bin/ruff")
        assert all((ROOT / word).exists() for word in words if word.endswith(".py"))


def test_a_built_package_has_links_that_lead_somewhere() -> None:
    text = "[a](docs/a.md#b) [b](https://x.example) [c](#d) ![d](docs/d.svg)"
    assert hatch_build.absolute_links(text, "https://git.example/o/r", "v1") == (
        "[a](https://git.example/o/r/blob/v1/docs/a.md#b) [b](https://x.example) [c](#d)"
        " ![d](https://git.example/o/r/raw/v1/docs/d.svg)"
    )


@pytest.mark.slow
@pytest.mark.once
def test_a_source_distribution_is_whole(tmp_path: Path) -> None:
    """It holds every file of the tree, and its tests find what they need."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    held = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    assert {
        str(path.relative_to(ROOT)) for path in file_sizes.tracked(ROOT) if path.is_file()
    } - held == set()
    shutil.rmtree(unpacked / ".git", ignore_errors=True)
    tests = [
        "tests/test_docs.py",
        "tests/test_fidelity.py",
        "tests/test_imports.py",
        "tests/test_package.py",
        __file__,
    ]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-servers",
        "-m",
        "not slow",
    ]
    names = [str(Path(one).relative_to(ROOT)) if Path(one).is_absolute() else one for one in tests]
    done = subprocess.run([*command, *names], cwd=unpacked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
