"""The tests that schemadiff gives to a project: databases at the newest revision, and what must hold of revisions."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemadiff.errors import ConfigError
from schemadiff.testing import checks
from schemadiff.testing.project import VARIABLE, Project, project
from tests.cli.shell import Shell, clean
from tests.conftest import FreshDatabase
from tests.test_docs import BLOCK, ROOT

pytestmark = pytest.mark.once

MODELS = """
from sqlalchemy import *

metadata = MetaData()
node = Table(
    "node",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent", ForeignKey("node.id", name="fk_parent")),
    Column("name", String(40), nullable=False),
    Column("length", Integer, Computed("length(name)", persisted=True)),
)
log = Table("log", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))
"""
FIRST = """
import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "node",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer()),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("length", sa.Integer(), sa.Computed("length(name)", persisted=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["parent"], ["node.id"], name="fk_parent"),
    )
    op.create_table(
        "log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40)),
        sa.PrimaryKeyConstraint("id"),
    )
"""
ROWS = """
import sqlalchemy as sa


def fill(connection):
    for row in ("(3, NULL, '100% ''root''')", "(1, 3, 'first')"):
        connection.execute(sa.text("INSERT INTO node (id, parent, name) VALUES " + row))
    connection.exec_driver_sql("UPDATE node SET parent = 3 WHERE id = 3")


def empty(connection):
    connection.exec_driver_sql("UPDATE node SET parent = NULL")
    connection.exec_driver_sql("DELETE FROM node")


def upgrade(op):
    op.run(fill, reverse=empty)
    for sql, reverse in (
        ("CREATE VIEW named AS SELECT id, name FROM node", "DROP VIEW named"),
        TRIGGER
    ):
        op.execute(sql, reverse=reverse)
"""
BODY = "INSERT INTO log (name) VALUES (NEW.name)"
TRIGGERS = {
    "mysql": (f"CREATE TRIGGER noted AFTER INSERT ON node FOR EACH ROW {BODY}", "DROP TRIGGER noted"),
    "sqlite": (f"CREATE TRIGGER noted AFTER INSERT ON node BEGIN {BODY}; END", "DROP TRIGGER noted"),
    "postgresql": (
        "CREATE VIEW also AS SELECT name FROM named",
        "DROP VIEW also",
    ),
}
TESTS = """
from pathlib import Path

import pytest
import sqlalchemy as sa
import schemadiff
from schemadiff.testing.revision_tests import *


def rows(url, sql, change=None):
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        if change:
            connection.exec_driver_sql(change)
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


@pytest.fixture(params=[1, 2])
def url(request, schemadiff_database, schemadiff_empty_database):
    with Path("made.txt").open("a") as file:
        file.write(f"{schemadiff_database}\\n{schemadiff_empty_database}\\n")
    return schemadiff_database


def test_each_test_has_its_own(url):
    assert rows(url, "SELECT id, parent, name, length FROM node ORDER BY id") == [
        (1, 3, "first", 5), (3, 3, "100% 'root'", 11)
    ]
    assert rows(url, "SELECT * FROM log") == []
    assert len(rows(url, "SELECT name FROM named", "INSERT INTO node (id, name) VALUES (9, 'more')")) == 3


def test_it_is_as_if_all_revisions_were_applied(url, schemadiff_empty_database):
    assert schemadiff.status(url).version == 2
    assert not schemadiff.check(url, "models:metadata")
    schemadiff.apply(schemadiff_empty_database, "versions")
    difference = schemadiff.diff(schemadiff_empty_database, url)
    assert not difference, difference.script
    sql = "SELECT version, digest, files FROM schemadiff_version"
    assert rows(url, sql) == rows(schemadiff_empty_database, sql)
"""


def written(folder: Path, engine: str = "sqlite", tests: str = TESTS) -> Path:
    (folder / "versions").mkdir(parents=True)
    (folder / "models.py").write_text(MODELS)
    (folder / "versions" / "0001_first.py").write_text(FIRST)
    trigger = TRIGGERS["mysql" if engine == "mariadb" else engine]
    (folder / "versions" / "0002_rows.py").write_text(ROWS.replace("TRIGGER", repr(trigger)))
    (folder / "schemadiff.toml").write_text('models = "models:metadata"\n')
    (folder / "conftest.py").write_text('pytest_plugins = ["schemadiff.testing.plugin"]\n')
    (folder / "test_site.py").write_text(tests)
    return folder


def run(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The project's own tests, as a process of its own."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *arguments,
        ],
        cwd=folder,
        env=clean({VARIABLE: url}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_project_tests_itself(url: str, engine_name: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "site", engine_name)
    done = run(folder, url)
    assert "7 passed" in done.stdout, done.stdout + done.stderr
    made = (folder / "made.txt").read_text().split()
    assert len(set(made)) == 8
    for one in made:
        assert not exists(one)
    # The one that was named stays as it was.
    engine = sa.create_engine(url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def exists(url: str) -> bool:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Path(str(parsed.database)).exists()
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        engine.connect().close()
    except sa.exc.DBAPIError:
        return False
    return True


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_database: FreshDatabase) -> Project:
    folder = written(tmp_path / "site")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "models", raising=False)
    models = sa.MetaData()
    exec(MODELS.replace("metadata = MetaData()", ""), {"metadata": models})
    return project(fresh_database("sqlite"), models)


def test_models_that_no_revision_makes_are_told(site: Project) -> None:
    assert checks.models_equal_revisions(site, site.server) == []
    assert isinstance(site.models, sa.MetaData)
    site.models.tables["log"].append_column(sa.Column("at", sa.DateTime))
    assert checks.models_equal_revisions(site, site.server) == [
        "the models say what no revision makes:",
        "  add column log.at DATETIME",
        "write it: schemadiff plan",
    ]


def test_what_a_revision_does_behind_the_models_back_is_told(site: Project) -> None:
    third = 'def upgrade(op):\n    op.execute("CREATE TABLE more (id int)", reverse="DROP TABLE more")\n'
    (site.versions / "0003_more.py").write_text(third)
    wrong = checks.models_equal_revisions(site, site.server)
    assert wrong[0] == "the revisions make what they do not say:"
    assert "more" in wrong[1]


def test_a_revision_that_cannot_be_undone_is_told(site: Project) -> None:
    assert checks.revisions_go_up_down_and_up(site, f"{site.server}1") == []
    (site.versions / "0003_more.py").write_text(
        'def upgrade(op):\n    op.execute("UPDATE log SET name = 1")\n'
    )
    wrong = checks.revisions_go_up_down_and_up(site, site.server)
    assert wrong[0].startswith("revision 0003 (")
    assert "cannot be undone" in wrong[0]
    assert wrong[1] == "where that is meant so: project(one_way=[3])"
    again = project(f"{site.server}2", site.models, one_way=[3])
    assert checks.revisions_go_up_down_and_up(again, again.server) == []


def test_a_baseline_goes_up_and_down_as_well(site: Project) -> None:
    (first,) = site.versions.glob("0001_*.py")
    first.write_text(f"{first.read_text()}\n\nbaseline = True\n")
    assert checks.revisions_go_up_down_and_up(site, site.server) == []


def test_a_revision_that_cannot_be_applied_again_is_told(site: Project) -> None:
    third = 'def upgrade(op):\n    op.execute("INSERT INTO log (id) VALUES (7)", reverse=op.nothing)\n'
    (site.versions / "0003_more.py").write_text(third)
    (wrong,) = checks.revisions_go_up_down_and_up(site, site.server)
    assert "0003_more.py) was undone, and cannot be applied again: " in wrong


def test_a_revision_that_leaves_something_behind_is_told(site: Project) -> None:
    third = (
        'def upgrade(op):\n    op.execute("CREATE INDEX i ON log (name)", reverse="DROP INDEX IF EXISTS j")\n'
    )
    (site.versions / "0003_more.py").write_text(third)
    wrong = checks.revisions_go_up_down_and_up(site, site.server)
    assert "was undone, and something is otherwise than before" in wrong[0]
    assert "index i" in wrong[1]


def test_a_history_with_two_ends_is_told(site: Project) -> None:
    assert checks.history_is_linear(site) == []
    (site.versions / "0002_other.py").write_text("def upgrade(op):\n    pass\n")
    assert "two revisions have the number 2" in checks.history_is_linear(site)[0]
    for path in site.versions.glob("*.py"):
        path.unlink()
    assert checks.history_is_linear(site) == ["there are no revisions in versions"]


def test_a_failure_is_told_without_a_traceback(site: Project, tmp_path: Path) -> None:
    (site.versions / "0003_more.py").write_text(
        'def upgrade(op):\n    op.execute("UPDATE log SET name = 1")\n'
    )
    done = run(tmp_path / "site", site.server, "-k", "up_down_and_up")
    assert "revision 0003 (versions/0003_more.py) cannot be undone" in done.stdout
    assert "Traceback" not in done.stdout
    assert done.returncode == 1


def test_only_a_server_for_tests_is_used(monkeypatch: pytest.MonkeyPatch, site: Project) -> None:
    """The database of the settings may be the one in production; only a file of SQLite has no neighbours."""
    for name in (VARIABLE, "SCHEMADIFF_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", "mysql+pymysql://root@prod.example/shop")
    with pytest.raises(ConfigError, match="no database server for tests is named") as caught:
        project()
    assert VARIABLE in str(caught.value.hint)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///site.sqlite")
    assert project().server == "sqlite:///site.sqlite"
    assert not os.path.exists("site.sqlite")


def test_the_page_is_true(url: str, tmp_path: Path) -> None:
    """Its files are written into a project, and its command runs."""
    server_shell = Shell(tmp_path, url)
    server_shell.write("shop.py", ARTICLE)
    server_shell.write("schemadiff.toml", 'models = "shop:metadata"\n')
    server_shell("plan", "-m", "begin")
    page = (ROOT / "docs" / "testing.md").read_text()
    blocks = [body for language, body in BLOCK.findall(page) if body.startswith("# tests/")]
    for body in blocks:
        path, _, text = body.removeprefix("# ").partition("\n")
        server_shell.write(path, text)
    assert len(blocks) == 4
    assert "\n$ pytest tests\n" in page
    done = run(server_shell.folder, server_shell.url, "tests")
    assert "4 passed" in done.stdout, done.stdout + done.stderr


ARTICLE = """
from sqlalchemy import *

metadata = MetaData()
Table("article", metadata, Column("id", Integer, primary_key=True), Column("title", String(40)))
"""


def test_the_example_is_tested_so(url: str) -> None:
    done = run(ROOT, url, "examples/qa_site")
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def test_pytest_leaves_the_package_as_it_is() -> None:
    """An entry point would have it rewrite each module, also where nobody asks for the plugin."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "pytest11" not in told.get("entry-points", {})
