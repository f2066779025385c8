"""The parts of tools/real_models.py that need no package: the rest is run by hand."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from subprocess import run

import pytest
import sqlalchemy as sa

from schemadiff.database.connection import connected
from tests.conftest import FreshDatabase
from tools.model_judge import Assignment, Verdict, judge, unlike
from tools.real_models import PACKAGES, report

ROOT = Path(__file__).parent.parent
MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()


def declare():
    sa.Table("one", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(9)))


def declare_too_much():
    sa.Table("two", metadata, sa.Column("key", sa.Text, primary_key=True))
"""


@pytest.mark.slow
def test_help_names_every_package() -> None:
    command = [sys.executable, "-m", "tools.real_models", "--help"]
    said = run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [package.name for package in PACKAGES if package.name not in "".join(said.split())] == []


def test_every_package_is_pinned_and_has_its_own_title() -> None:
    assert len({package.title for package in PACKAGES}) == len(PACKAGES)
    assert len({package.name for package in PACKAGES}) == len({package.requirement for package in PACKAGES})


def test_the_table_has_a_row_for_each_package_and_says_why() -> None:
    quiet, loud = Verdict("2.1", 3, 12), Verdict("2.1", 3, 12, differences=("t: made by apply: x",))
    refused = Verdict("2.1", 3, 12, refused="key too long")
    said = report({("a", "sqlite"): quiet, ("a", "mysql"): refused, ("b", "sqlite"): loud})
    assert said.splitlines() == [
        "package  SQLAlchemy  tables  columns  sqlite        mysql",
        "a        2.1         3       12       quiet         refused",
        "b        2.1         3       12       1 difference  -",
        "",
        "a on mysql:",
        "  create_all is refused: key too long",
        "",
        "b on sqlite:",
        "  t: made by apply: x",
    ]


def test_two_databases_are_told_apart() -> None:
    assert list(unlike("left", {"t": ["a", "b"]}, "there before", {"t": ["a"]})) == ["t: left: b"]
    assert list(unlike("left", {"t": []}, "there before", {})) == ["t: only in what was left"]
    assert list(unlike("left", {"t": ["a"]}, "there before", {"t": ["a"]})) == []


@pytest.fixture
def assignment(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Assignment:
    (tmp_path / "judged.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "judged", raising=False)
    created, planned = fresh_database(engine_name), fresh_database(engine_name)
    return Assignment(("judged:declare",), ("judged:metadata",), created, planned)


def test_the_judge_is_quiet_about_what_is_the_same(assignment: Assignment) -> None:
    assert judge(assignment) == Verdict(sa.__version__, 1, 2)


def test_the_judge_names_what_differs(assignment: Assignment) -> None:
    with connected(assignment.created, changes=True) as (connection, _):
        connection.exec_driver_sql("CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY)")
    found = judge(assignment).differences
    assert "create_all, then check: drop table other" in found
    assert any(line.startswith("other: made by create_all: ") for line in found)


@pytest.mark.engines("mysql")
def test_the_judge_repeats_why_create_all_is_refused(assignment: Assignment) -> None:
    refused = judge(dataclasses.replace(assignment, imports=("judged:declare_too_much",))).refused
    assert refused is not None
    assert refused.startswith(
        "BLOB/TEXT column 'key' used in key specification without a key length (1170): CREATE TABLE"
    )
