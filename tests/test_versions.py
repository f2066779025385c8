"""How `make test-versions` chooses, unpacks and sums up; no version is downloaded here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.cli import guard
from schemadiff.cli.terminal.terminal import Terminal
from schemadiff.dialects.shared import tested_versions
from schemadiff.errors import UntriedServerWarning
from tests import versions
from tests.conftest import ORDINARY
from tests.stories import Story, stories
from tests.versions import Report, summary
from tools.install_servers import SetupError
from tools.server_editions import EDITIONS, Debian, chosen, with_own_library


def test_a_version_is_chosen_by_its_name_or_by_its_engine() -> None:
    assert chosen([]) == list(EDITIONS)
    assert chosen(["postgresql-18", "mariadb"]) == [
        "postgresql-18",
        *(name for name in EDITIONS if name.startswith("mariadb-")),
    ]
    assert chosen(["mariadb", "mariadb-11.8"]) == chosen(["mariadb"])
    with pytest.raises(SetupError, match=r"no such version: oracle\. There are mariadb-"):
        chosen(["oracle"])


def test_every_engine_has_a_newer_and_an_older_version() -> None:
    for engine, ordinary in ORDINARY.items():
        numbers = [
            tuple(int(part) for part in name.rpartition("-")[2].split("."))
            for name, edition in EDITIONS.items()
            if edition.engine == engine
        ]
        if engine != "mysql":  # only one can be had
            assert min(numbers) < ordinary < max(numbers), engine


def test_a_story_says_since_when_it_can_be_told(tmp_path: Path) -> None:
    about = "# A key over time.\n# Since PostgreSQL 18.\n"
    assert Story(tmp_path, "mysql", about, {}).since == (18,)
    assert Story(tmp_path, "mysql", "# Instant everywhere.\n# Since MySQL 8.0.29.\n", {}).since == (8, 0, 29)
    assert Story(tmp_path, "mysql", "# Since it is so.\n", {}).since == ()
    assert all(isinstance(story.since, tuple) for story in stories())


@pytest.mark.slow
@pytest.mark.parametrize(("options", "collected"), [([], 0), (["--other-version", "18.6"], 1)])
def test_what_needs_a_newer_server_is_left_to_that(
    options: list[str], collected: int, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.engines('postgresql')\n"
        "@pytest.mark.since((18,))\n"
        "def test_newer(): ...\n"
        "@pytest.mark.engines('postgresql')\n"
        "@pytest.mark.since(())\n"
        "def test_any(): ...\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "-p", "tests.conftest"]
    command += [
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        "--collect-only",
        *options,
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=versions.ROOT, capture_output=True, text=True, check=True)
    assert "::test_any" in done.stdout
    assert done.stdout.count("::test_newer") == collected


def test_a_program_runs_with_the_library_beside_it(tmp_path: Path) -> None:
    root, home = tmp_path / "unpacked", tmp_path / "home"
    (root / "usr/lib/machine").mkdir(parents=True)
    (root / "usr/sbin").mkdir()
    loader = root / "usr/lib/machine/ld-linux-machine.so.2"
    loader.write_text('#!/bin/sh\necho "$@"\n')
    loader.chmod(0o755)
    (root / "usr/sbin/mariadbd").write_bytes(b"\x7fELF and so on")
    with_own_library(home)(root)
    root.rename(home)
    program = home / "usr/sbin/mariadbd"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    folders = f"{home}/usr/lib/machine:{home}/lib/machine"
    assert said.split() == ["--library-path", folders, f"{program}.elf", "--version"]


def test_what_comes_from_debian_names_its_suite() -> None:
    suites = {edition.source.suite for edition in EDITIONS.values() if isinstance(edition.source, Debian)}
    assert suites <= {"bullseye", "trixie", "unstable"}


def test_the_table_says_what_passed() -> None:
    assert summary("...\n166 passed, 4 warnings in 183.68s (0:03:03)\n") == "166 passed"
    assert summary("1 failed, 3 passed in 27.06s") == "1 failed, 3 passed"
    assert summary("") == "none"
    report = Report("mariadb-11.8", "11.8.9", "166 passed", 5, "50 of 50", ["mariadb", "mysql"])
    assert report.line() == "| mariadb-11.8 | 11.8.9 | 166 passed | 5 | 50 of 50 | mariadb, mysql | passed |"
    report.problems.append("pairs")
    assert report.line().endswith("| FAILED |")


def test_an_older_server_is_told_of_once_and_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/a.sqlite"
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))
    monkeypatch.setitem(tested_versions.OLDEST, "sqlite", ("SQLite", (99, 1)))
    with pytest.warns(
        UntriedServerWarning, match=r"SQLite 3\.\d+\.\d+, older than .* \(SQLite 99\.1 and newer\)"
    ):
        schemadiff.plan(url, metadata, tmp_path / "versions")

    def work(terminal: Terminal) -> int:
        schemadiff.apply(url, tmp_path / "versions")
        return int(bool(schemadiff.check(url, metadata, tmp_path / "versions")))

    assert guard.run(work) == 0
    assert capsys.readouterr().err.count("older than what schemadiff was tried on") == 1
    assert all(
        tested_versions.about_age(name, version) is None
        for name, (_, version) in tested_versions.OLDEST.items()
    )
    assert tested_versions.about_age("postgresql", (15, 3)) is None
    assert tested_versions.about_age("postgresql", (14, 9))


def test_the_documents_name_the_oldest_versions() -> None:
    table = [
        line
        for line in (versions.ROOT / "docs" / "versions.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    for product, version in tested_versions.OLDEST.values():
        number = ".".join(map(str, version))
        assert any(product in line and number in line for line in table), product
