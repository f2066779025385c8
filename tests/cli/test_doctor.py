"""doctor on the command line: what it says, asks and returns."""

from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.cli.test_terminal import at_terminal

pytestmark = pytest.mark.once

HEAD = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before!r}


"""
FIRST = "def upgrade():\n    op.create_table('person', sa.Column('id', sa.Integer, primary_key=True))\n"
SECOND = """
def upgrade():
    op.add_column("person", sa.Column("phone", sa.String(20)))
    op.create_index("ix_person_phone", "person", ["phone"])
    op.execute("UPDATE person SET phone = '1'")


def downgrade():
    op.drop_column("person", "phone")
"""
BEFORE = (
    "CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY)",
    "INSERT INTO person (id) VALUES (1)",
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
    "INSERT INTO alembic_version VALUES ('r1')",
)


@pytest.fixture
def half(shell: Shell) -> Shell:
    """Return a project of Alembic's whose second revision has added its column."""
    written(shell, SECOND)
    shell.execute(*BEFORE, "ALTER TABLE person ADD COLUMN phone VARCHAR(20)")
    return shell


def written(shell: Shell, second: str) -> Path:
    folder = shell.folder / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text("raise AssertionError('never executed')\n")
    for number, (text, before) in enumerate(((FIRST, None), (second, "r1")), 1):
        name = f"r{number}"
        (folder / "versions" / f"{name}_.py").write_text(HEAD.format(revision=name, before=before) + text)
    return folder


def test_it_tells_and_changes_nothing(half: Shell) -> None:
    said = half("doctor", code=1).out
    assert " 1 done  add_column person.phone  line 11" in said
    assert " 2 open  create_index ix_person_phone on person  line 12" in said
    assert " 3 open  execute UPDATE person SET phone = '1'  line 13" in said
    assert "half-done: 1 of 3 operations are done" in said
    assert "-> finish it: schemadiff doctor --finish" in said
    told = half("doctor", "--format", "json", code=1).json
    assert (told["half_done"], told["possible"], told["at"], told["way"]) == (True, [1], ["r1"], None)
    assert told["revision"]["id"] == "r2"
    assert [one["state"] for one in told["findings"]] == ["done", "open", "open"]
    assert half("doctor", code=1).out == said


def test_it_finishes(half: Shell) -> None:
    shown = half("doctor", "--finish", "--dry-run", "--format", "json", code=1).json
    assert shown["statements"][-1] == "UPDATE person SET phone = '1'"
    assert not shown["mended"]
    assert half("doctor", "--finish", "--format", "json").json["mended"]
    assert half.execute("SELECT id, phone FROM person") == [(1, "1")]
    assert half.execute("SELECT version_num FROM alembic_version") == [("r2",)]
    assert "at Alembic's head" in half("doctor").out


def test_it_undoes_what_may_be_lost_when_that_is_allowed(half: Shell) -> None:
    assert "SD102" in half("doctor", "--undo", code=2).err
    assert "mended: Alembic's revision r2 is undone" in half("doctor", "--undo", "--allow", "SD102").out
    assert half.execute("SELECT * FROM person") == [(1,)]
    assert half.execute("SELECT version_num FROM alembic_version") == [("r1",)]
    assert "not begun: 0 of 3" in half("doctor").out


def test_what_is_not_seen_is_asked_for(half: Shell) -> None:
    half.execute("CREATE INDEX ix_person_phone ON person (phone)")
    said = half("doctor", code=1).out
    assert " 3 ?     execute UPDATE person" in said
    assert "half-done: 2 or 3 of 3 operations are done" in said
    assert "--done N" in half("doctor", "--finish", code=2).err
    assert "2, 3 may be" in half("doctor", "--finish", "--done", "1", code=2).err
    half("doctor", "--finish", "--done", "3")
    assert half.execute("SELECT id, phone FROM person") == [(1, None)]
    assert half.execute("SELECT version_num FROM alembic_version") == [("r2",)]


def test_a_line_that_is_not_understood_is_left_to_people(shell: Shell) -> None:
    written(shell, SECOND.replace("op.execute(", "helper("))
    shell.execute(*BEFORE, "ALTER TABLE person ADD COLUMN phone VARCHAR(20)")
    assert " 3 open  `helper(" in shell("doctor", code=1).out
    error = shell("doctor", "--finish", code=2).err
    assert "r2_.py has lines that only running it would explain" in error
    assert "line 13" in error
    assert shell.execute("SELECT version_num FROM alembic_version") == [("r1",)]


def test_a_database_at_no_point_of_the_revision(half: Shell) -> None:
    half.execute("ALTER TABLE person DROP COLUMN phone", "CREATE INDEX ix_person_phone ON person (id)")
    said = half("doctor", code=1).out
    assert "at no point of it" in said
    assert " 1 open  add_column" in said
    assert " 2 done  create_index" in said
    assert "at no point of Alembic's revision r2" in half("doctor", "--finish", code=2).err


def test_what_is_wrong_with_the_call(half: Shell, tmp_path: Path) -> None:
    assert "give one of them" in half("doctor", "--finish", "--undo", code=2).err
    assert "Add --finish or --undo" in half("doctor", "--sql", code=2).err
    assert "there is no directory" in half("doctor", "--alembic", "nowhere", code=2).err
    half.execute("UPDATE alembic_version SET version_num = 'other'")
    assert "no file in" in half("doctor", code=2).err
    half.execute("DROP TABLE alembic_version")
    assert "Alembic has run nothing here" in half("doctor", code=2).err
    (half.folder / "migrations" / "env.py").unlink()
    assert "--alembic DIRECTORY" in half("doctor", code=2).err


def test_the_directory_is_the_one_of_alembics_settings(half: Shell) -> None:
    (half.folder / "migrations").rename(half.folder / "db")
    half.write("alembic.ini", "[alembic]\nscript_location = %(here)s/db\nsqlalchemy.url = driver://%40\n")
    assert "half-done: 1 of 3" in half("doctor", code=1).out


def test_at_a_terminal_it_asks(half: Shell) -> None:
    with at_terminal(half, "doctor", "--finish") as session:
        shown = session.expect("[y/N]")
        assert " 2 open  create_index ix_person_phone" in shown
        assert "CREATE INDEX" in shown
        assert "Finish Alembic's revision r2 in database" in shown
        session.answer("n")
        assert session.end() == 1
        assert "nothing was changed" in session.seen
    assert half.execute("SELECT version_num FROM alembic_version") == [("r1",)]
    with at_terminal(half, "doctor", "--undo", "--yes") as session:
        session.expect("Destroy it?")
        session.answer("yes")
        assert session.end() == 0
        assert "mended" in session.seen
    assert half.execute("SELECT * FROM person") == [(1,)]


def test_what_has_not_begun_is_left_to_alembic(shell: Shell) -> None:
    written(shell, SECOND)
    shell.execute(*BEFORE)
    for way in ("--finish", "--undo"):
        assert "not begun: 0 of 3 operations are done" in shell("doctor", way, "--yes").out
    assert "no upgrade of Alembic's is half-done" in shell("doctor", "--finish", "--sql").out
    assert shell.execute("SELECT version_num FROM alembic_version") == [("r1",)]
