"""`apply --sql` and `rollback --sql`: run by hand, the script leaves what `apply` and `rollback` would have left."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.execute.script import of_tasks
from tests.cli.script_pair import BUSY, TEXT, Pair, content_of
from tests.clients import run_script
from tests.conftest import FreshDatabase

pytestmark = pytest.mark.once

BUSY["mariadb"] = BUSY["mysql"]
FIRST_FAILS = '''"""fails"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table("tag", sa.Column("name", sa.String(20), primary_key=True))
    op.execute("INSERT INTO later VALUES (1)", reverse=op.nothing)
'''


REBUILD = """op.alter_column(
        "post", sa.Column("title", sa.String(80), nullable=False), sa.Column("title", sa.Text, nullable=False)
    )"""


@pytest.fixture
def pair(tmp_path: Path, engine_name: str, fresh_database: FreshDatabase) -> Pair:
    folder = tmp_path / "project"
    folder.mkdir()
    return Pair(folder, engine_name, fresh_database)


def test_forth_and_back(pair: Pair) -> None:
    pair.ran("apply")
    assert run_script(pair.scripted.url, pair.script("apply")) == ""
    pair.same()
    found = content_of(pair.scripted.url)
    assert TEXT in found["author"][0].encode().decode("unicode_escape") or repr(TEXT) in found["author"][0]
    assert found["row"]["journal"] is None
    assert run_script(pair.scripted.url, pair.script("rollback")) == ""
    pair.ran("rollback", "--allow", "all")
    pair.same()
    assert run_script(pair.scripted.url, pair.script("apply")) == ""
    pair.ran("apply")
    pair.same()
    assert run_script(pair.scripted.url, pair.script("rollback", "--to", "0")) == ""
    pair.ran("rollback", "--to", "0", "--allow", "all")
    pair.same()


def test_one_after_the_other_and_then_by_schemadiff(pair: Pair) -> None:
    assert run_script(pair.scripted.url, pair.script("apply", "--to", "1")) == ""
    pair.ran("apply", "--to", "1")
    pair.same()
    pair.scripted("apply")
    pair.ran("apply")
    pair.same()
    assert "nothing to apply" in pair.scripted("apply", "--sql").err


def test_a_database_that_is_elsewhere_is_refused(pair: Pair) -> None:
    both, second = pair.script("apply"), None
    pair.scripted("apply", "--to", "1")
    second = pair.script("apply")
    pair.scripted("apply")
    back = pair.script("rollback")
    before = content_of(pair.scripted.url)
    for script, number in ((both, 0), (second, 1)):
        assert f"not at revision {number:04}" in run_script(pair.scripted.url, script)
        assert content_of(pair.scripted.url) == before
    # Another history that has got as far.
    pair.scripted.execute("UPDATE schemadiff_version SET digest = 'other'")
    before = content_of(pair.scripted.url)
    assert "not at revision 0002" in run_script(pair.scripted.url, back)
    assert content_of(pair.scripted.url) == before
    # One without a version table.
    assert "schemadiff_version" in run_script(pair.ran.url, second)
    assert pair.ran.tables() == set()


FAILS = '''"""fails"""

import sqlalchemy as sa


def upgrade(op):
    op.add_column("author", sa.Column("phone", sa.String(20)))
    op.execute("INSERT INTO tag VALUES ('fine')", reverse="DELETE FROM tag WHERE name = 'fine'")
    op.create_index("author", sa.Index("ix_phone", "phone"))
    op.execute("INSERT INTO later VALUES (1)", reverse="DELETE FROM later")
    op.drop_index("author", sa.Index("ix_phone", "phone"))
'''


@pytest.mark.engines("postgresql", "sqlite")
def test_an_error_leaves_nothing(pair: Pair) -> None:
    pair.revision("0003_fails", FAILS)
    pair.ran("apply", "--to", "2")
    assert "later" in run_script(pair.scripted.url, pair.script("apply"))
    pair.same(noted=False)
    for name in pair.ran.versions():
        (pair.ran.folder / "versions" / name).unlink()
    pair.revision("0001_fails", FIRST_FAILS)
    empty = Pair(pair.ran.folder, pair.engine, pair.fresh_database).scripted
    for name in ("0001_begin.py", "0002_more.py"):
        (pair.ran.folder / "versions" / name).unlink()
    assert "later" in run_script(empty.url, empty("apply", "--sql").out)
    assert empty.tables() == set()


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("way", ["apply", "rollback"])
def test_an_error_in_the_middle_is_known(pair: Pair, way: str) -> None:
    pair.revision("0003_fails", FAILS)
    pair.scripted("apply", "--to", "2")
    before = content_of(pair.scripted.url)
    script = pair.script("apply")
    assert "later" in run_script(pair.scripted.url, script)
    shown = pair.scripted("status", code=1).out
    assert "revision 0003 was being applied, 3 of 5 steps done" in shown
    assert "not at revision 0002" in run_script(pair.scripted.url, script)
    if way == "rollback":
        pair.scripted("rollback", "--allow", "all")
        assert content_of(pair.scripted.url) == before
        return
    pair.scripted.execute("CREATE TABLE later (x INTEGER)")
    pair.scripted("apply")
    pair.ran("apply", "--to", "2")
    pair.ran.execute("CREATE TABLE later (x INTEGER)")
    pair.ran("apply")
    pair.same()


HELD = {
    "sqlite": ("BEGIN IMMEDIATE", "database is locked"),
    "postgresql": ("LOCK TABLE post IN ACCESS SHARE MODE", "lock timeout"),
    "mysql": ("SELECT * FROM post", "Lock wait timeout exceeded"),
}
HELD["mariadb"] = HELD["mysql"]


@pytest.mark.parametrize("verb", ["apply", "rollback"])
def test_a_lock_that_somebody_holds_stops_it_and_schemadiff_leads_on(pair: Pair, verb: str) -> None:
    for shell in (pair.ran, pair.scripted):
        shell("apply", *(("--to", "1") if verb == "apply" else ()))
    script = pair.script(verb, "--lock-timeout", "0.1")
    hold, words = HELD[pair.engine]
    engine = sa.create_engine(pair.scripted.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(hold)
        assert words in run_script(pair.scripted.url, script)
    for shell in (pair.ran, pair.scripted):
        shell(verb, "--allow", "all")
    pair.same()


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("statement", "by_hand", "words"),
    [
        ("DELETE FROM author", "", "the change would break foreign keys"),
        ("DROP TABLE tag", "CREATE VIEW tags AS SELECT name FROM tag", "error in view tags"),
        ("", "CREATE TRIGGER late AFTER INSERT ON post BEGIN SELECT 1; END", "would lose triggers"),
    ],
)
def test_what_would_break_on_sqlite(pair: Pair, statement: str, by_hand: str, words: str) -> None:
    pair.scripted("apply")
    # What is broken in this way before may stay so.
    pair.scripted.execute("INSERT INTO post VALUES (9, 9, 'orphan')")
    body = f"op.execute({statement!r}, reverse=op.nothing)" if statement else REBUILD
    pair.revision(
        "0003_breaks", f'"""breaks"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n    {body}\n'
    )
    script = pair.script("apply")
    if by_hand:
        pair.scripted.execute(by_hand)
    before = content_of(pair.scripted.url)
    assert words in run_script(pair.scripted.url, script)
    assert content_of(pair.scripted.url) == before


@pytest.mark.engines("sqlite")
def test_what_does_not_break_on_sqlite(pair: Pair) -> None:
    pair.revision(
        "0003_rebuild", f'"""rebuild"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n    {REBUILD}\n'
    )
    for shell in (pair.ran, pair.scripted):
        shell("apply", "--to", "2")
        shell.execute(
            "INSERT INTO post VALUES (9, 9, 'orphan')",
            "CREATE TRIGGER there AFTER INSERT ON post BEGIN SELECT 1; END",
            'CREATE VIEW odd AS SELECT nobody_knows(title) AS x, "text" AS y FROM post',
        )
    assert run_script(pair.scripted.url, pair.script("apply")) == ""
    pair.ran("apply")
    pair.same()


@pytest.mark.engines("postgresql")
def test_what_cannot_stand_in_a_transaction(pair: Pair) -> None:
    """The index of the first revision is built by a statement that commits by itself, as is its removal."""
    found = schemadiff.apply(pair.scripted.url, pair.ran.folder / "versions", to=1, dry_run=True)
    first = found.done[0]
    steps = tuple(
        dataclasses.replace(
            step, sql=step.sql.replace("INDEX", "INDEX CONCURRENTLY"), alone="INDEX" in step.sql
        )
        for step in first.plan.steps
    )
    assert [step.alone for step in steps].count(True) == 1
    task = dataclasses.replace(first.task, plan=dataclasses.replace(first.plan, steps=steps))
    with connected(pair.scripted.url) as (connection, dialect):
        settings = dialect.settings(connection, [step.sql for step in steps])
        script = "\n".join(of_tasks([task], {1: first.message}, dialect, settings, "here"))
    pair.ran("apply", "--to", "1")
    assert run_script(pair.scripted.url, script) == ""
    pair.same()
    assert "not at revision 0000" in run_script(pair.scripted.url, script)
    applied = content_of(pair.ran.url)
    lines = script.splitlines()
    begun = _begun(lines)
    for cut in range(begun + 1, len(lines)):
        if lines[cut - 1].endswith(";"):
            pair.scripted("rollback", "--allow", "all")
            run_script(pair.scripted.url, "\n".join(lines[:cut]))
            pair.scripted("apply", "--to", "1")
            assert content_of(pair.scripted.url) == applied


ALIKE = '''"""alike"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "box",
        sa.Column("size", sa.Integer),
        sa.Column("name", sa.String(10)),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("author.id")),
        sa.CheckConstraint("size > 0"),
        sa.CheckConstraint("size < 100"),
        sa.UniqueConstraint("name"),
    )
'''
DROPPED = '''"""dropped"""

import sqlalchemy as sa


def upgrade(op):
    op.drop_constraint("box", sa.UniqueConstraint("name"))
    op.drop_constraint("box", sa.ForeignKeyConstraint(["author_id"], ["author.id"]))
'''


def test_names_that_are_still_to_be_made_up(pair: Pair) -> None:
    """A guess that may be wrong would drop another constraint: servers number by age."""
    pair.revision("0003_alike", ALIKE)
    pair.revision("0004_dropped", DROPPED)
    assert run_script(pair.scripted.url, pair.script("apply")) == ""
    pair.ran("apply")
    assert content_of(pair.ran.url) == content_of(pair.scripted.url)
    for shell in (pair.ran, pair.scripted):
        shell("rollback", "--to", "2", "--allow", "all")
    more = '    op.drop_constraint("box", sa.CheckConstraint("size < 100"))\n'
    pair.revision("0004_dropped", DROPPED + more)
    if pair.engine != "sqlite":
        refused = pair.scripted("apply", "--sql", code=2)
        assert refused.out == ""
        assert "size < 100" in refused.err
        assert run_script(pair.scripted.url, pair.script("apply", "--to", "3")) == ""
    assert run_script(pair.scripted.url, pair.script("apply")) == ""
    pair.ran("apply")
    assert content_of(pair.ran.url) == content_of(pair.scripted.url)


def test_a_difference_is_a_script(pair: Pair) -> None:
    pair.ran("apply")
    script = pair.ran("diff", pair.scripted.url, pair.ran.url, "--format", "sql", code=1).out
    assert run_script(pair.scripted.url, script) == ""
    one, other = (content_of(shell.url) for shell in (pair.ran, pair.scripted))
    assert (one["definitions"], one["views"]) == (other["definitions"], other["views"])


@pytest.mark.engines("mysql", "mariadb")
def test_whoever_ends_the_client_loses_nothing(pair: Pair) -> None:
    """The script is cut off behind each of its statements: as after a kill, the live schema says what is done."""
    pair.revision("0003_fails", FAILS)
    for shell in (pair.ran, pair.scripted):
        shell("apply", "--to", "2")
        shell.execute("CREATE TABLE later (x INTEGER)")
    lines = pair.script("apply").splitlines()
    begun = _begun(lines)
    pair.ran("apply")
    applied = content_of(pair.ran.url)
    for cut in range(begun + 1, len(lines)):
        if not lines[cut - 1].startswith("SET @"):
            part = "\n".join(lines[:cut])
            assert run_script(pair.scripted.url, part) == "", part
            pair.scripted("apply")
            assert content_of(pair.scripted.url) == applied, part
            pair.scripted("rollback", "--allow", "all")


CARRIAGE = '''"""line ends"""


def upgrade(op):
    op.execute("CREATE TABLE letter (id int, body varchar(50) DEFAULT 'x\\r\\ny')", reverse="DROP TABLE letter")
    op.execute("INSERT INTO letter VALUES (1, 'a\\r\\nb\\rc\\nd') /* \\r\\n */", reverse=op.nothing)
    op.execute("INSERT INTO letter (id) VALUES (2)", reverse=op.nothing)
'''


def test_line_ends_in_values_stay_as_they_are(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_line_ends.py").write_text(CARRIAGE)
    script = "\n".join(schemadiff.apply(url, tmp_path, sql=True).script)
    assert run_script(url, script) == ""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT body FROM letter ORDER BY id").scalars().all()
    assert rows == ["a\r\nb\rc\nd", "x\r\ny"]


def test_a_function_is_no_script(pair: Pair) -> None:
    body = "def upgrade(op):\n    op.run(fill, reverse=op.nothing)\n\n\ndef fill(connection):\n    pass\n"
    pair.revision("0003_fill", f'"""fill"""\n\n\n{body}')
    refused = pair.scripted("apply", "--sql", code=2)
    assert refused.out == ""
    assert "run fill()" in refused.err
    assert "revision 0003" in refused.err
    assert "CREATE TABLE" in pair.script("apply", "--to", "2")
    # What does nothing can be a script.
    pair.scripted("apply")
    pair.ran("apply", "--to", "2")
    assert run_script(pair.scripted.url, pair.script("rollback")) == ""
    pair.same()


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_it_waits_for_nobody(pair: Pair) -> None:
    """Another run holds the lock."""
    from schemadiff.database.connection import connected

    script = pair.script("apply")
    with connected(pair.scripted.url, changes=True) as (connection, dialect), dialect.locked(connection, 1):
        assert "another run of schemadiff" in run_script(pair.scripted.url, script)
    assert pair.scripted.tables() == set()
    assert run_script(pair.scripted.url, script) == ""


def test_it_reads_as_comments_and_sql(pair: Pair) -> None:
    script = pair.script("apply")
    assert script.startswith("-- database ")
    assert re.search(r"^-- apply 0001 begin; DROP TABLE author", script, re.MULTILINE)
    assert "****" not in script


def _begun(lines: list[str]) -> int:
    """The line of a script that begins the journal."""
    numbered = enumerate(lines)
    return next(
        number for number, line in numbered if line.startswith("UPDATE ") and "schemadiff_version" in line
    )
