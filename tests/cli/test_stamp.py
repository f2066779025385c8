"""stamp and revision: what is done by hand is written down."""

import re
from typing import Any

import pytest

import schemadiff
from schemadiff.commands import recording
from tests.cli.shell import Shell

pytestmark = pytest.mark.once

MODELS = 'Table("person", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))\n'
LATER = MODELS.replace("String(20))", 'String(20)), Column("phone", String(20))')


def planned(shell: Shell) -> None:
    """Two revisions, of which the database has nothing."""
    shell.models(MODELS)
    shell("plan", "-m", "person")
    shell("apply")
    shell.models(LATER)
    shell("plan", "-m", "phone")
    shell.execute("DROP TABLE person", "DROP TABLE schemadiff_version")


def test_a_revision_is_recorded_where_the_database_is_as_it_says(server_shell: Shell) -> None:
    shell = server_shell
    planned(shell)
    shell.execute("CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(20))")
    if shell.url.startswith(("mysql", "mariadb")):
        shell.execute("ALTER TABLE person MODIFY id INTEGER NOT NULL AUTO_INCREMENT")
    if shell.url.startswith("postgresql"):
        shell.execute("DROP TABLE person", "CREATE TABLE person (id SERIAL PRIMARY KEY, name VARCHAR(20))")
    shell.execute("INSERT INTO person VALUES (1, 'Ann')")

    told = shell("stamp", "head", "--format", "json", code=1).json
    assert (told["recorded"], told["before"], told["after"]) == (False, None, 2)
    assert [one["kind"] for one in told["operations"]] == ["drop_column"]
    refused = shell("stamp", "2", code=1)
    assert "drop column person.phone" in refused.out
    assert "nothing was recorded" in refused.out
    assert "schemadiff stamp 2 --force" in refused.out
    assert "schemadiff_version" not in shell.tables()

    done = shell("stamp", "1")
    assert "proven: the database is as revision 0001 leaves one, replayed" in done.out
    assert "is at revision 0001; it was at no revision" in done.out
    shell("apply")
    assert "no differences" in shell("check").out
    assert shell.execute("SELECT id, name, phone FROM person") == [(1, "Ann", None)]

    assert "it was at revision 0002" in shell("stamp", "2").out
    assert "person" in shell("stamp", "base", code=1).out
    forced = shell("stamp", "base", "--force", "--format", "json").json
    assert (forced["recorded"], forced["proven"], forced["before"], forced["after"]) == (True, False, 2, 0)
    assert shell.execute("SELECT version FROM schemadiff_version") == [(0,)]
    assert shell.execute("SELECT id, name FROM person") == [(1, "Ann")]
    assert "is at revision 0002" in shell("stamp", "head").out
    assert "no differences" in shell("check").out


def test_base_is_recorded_where_nothing_is(shell: Shell) -> None:
    planned(shell)
    assert "is at revision 0000; it was at no revision" in shell("stamp", "base").out
    assert "schemadiff_version" not in shell.tables()


@pytest.mark.parametrize("to", ["3", "-1", "heads", "1.0", "²", ""])
def test_what_is_no_revision_is_refused(to: str, shell: Shell) -> None:
    planned(shell)
    assert "revision" in shell("stamp", code=2).err + shell("stamp", "--", to, code=2).err
    assert shell.tables() == set()


def test_an_edited_revision_is_recorded_anew_where_it_says_what_is_there(shell: Shell) -> None:
    planned(shell)
    shell("apply")
    (path,) = (shell.folder / "versions").glob("0002_*.py")
    path.write_text(path.read_text().replace("    op.add_column", "    assert op\n    op.add_column"))
    assert "was edited after the database applied it" in shell("check", code=2).err
    assert "proven" in shell("stamp", "2").out
    shell("check")
    path.write_text(path.read_text().replace("phone", "mobile"))
    assert "mobile" in shell("stamp", "2", code=1).out


def test_what_is_ignored_takes_no_part(shell: Shell) -> None:
    planned(shell)
    shell("apply")
    shell.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    assert "other" in shell("stamp", "2", code=1).out
    assert "1 table ignored" in shell("stamp", "2", "--exclude", "oth*").out
    shell.models(LATER + 'Table("other", metadata, Column("id", Integer), info={"schemadiff": "ignore"})\n')
    assert "1 table ignored" in shell("stamp", "2").out


@pytest.mark.engines("mysql", "mariadb")
def test_the_middle_of_a_revision_is_settled_first(server_shell: Shell) -> None:
    shell = server_shell
    shell.models(MODELS)
    shell("plan", "-m", "person")
    shell.write(
        "versions/0002_two.py",
        "import sqlalchemy as sa\n\n\ndef upgrade(op):\n"
        '    op.add_column("person", sa.Column("a", sa.Integer()))\n'
        '    op.execute("UPDATE nowhere SET a = 1", reverse=op.nothing)\n',
    )
    shell("apply", code=2)
    middle = shell("stamp", "1", code=2).err
    assert "is in the middle of a revision" in middle
    assert "schemadiff rollback" in middle
    shell("stamp", "1", "--force")
    assert "revision 0001 of 0002" in shell("status", code=1).out
    assert "drifted" in shell("check", code=1).out


def test_somebody_else_was_quicker(server_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the proof and the lock another run has gone back."""
    shell = server_shell
    planned(shell)
    shell("apply")

    def slowly(*given: Any) -> Any:
        found = recording.prove(*given)
        schemadiff.rollback(shell.url, shell.folder / "versions", allow=["all"])
        return found

    monkeypatch.setattr("schemadiff.commands.stamp.prove", slowly)
    refused = shell("stamp", "2", code=2).err
    assert "another run has changed" in refused
    assert "nothing was recorded" in refused
    assert shell.execute("SELECT version FROM schemadiff_version") == [(1,)]


def test_an_empty_revision_is_numbered_and_runs(server_shell: Shell) -> None:
    shell = server_shell
    planned(shell)
    written = shell("revision", "-m", 'fill "phones"\n"""\\')
    assert "fill it in, then run: schemadiff apply" in written.out
    path = shell.folder / "versions" / "0003_fill_phones.py"
    assert "# op.run(" in path.read_text()
    assert "# op.execute(" in path.read_text()
    shell("apply")
    assert "no differences" in shell("check").out
    shell("rollback")
    assert "revision 0002 of 0003" in shell("status", code=1).out
    # The examples are what they say: without their hashes they run.
    path.write_text(re.sub(r"(?m)^( *)# (?=op\.|import |def |    )", r"\1", path.read_text()))
    shell.execute("INSERT INTO person (id) VALUES (1)")
    shell("apply")
    assert shell.execute("SELECT phone FROM person") == [("",)]


def test_an_empty_revision_needs_no_database(shell: Shell) -> None:
    shell.url = "mysql+pymysql://nobody@127.0.0.1:1/nothing"
    told = shell("revision", "--format", "json").json
    assert told["revision"]["number"] == 1
    assert shell.versions() == ["0001_revision.py"]
    assert schemadiff.revision(shell.folder / "versions", message="again").number == 2
