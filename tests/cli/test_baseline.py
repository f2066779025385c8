"""baseline: an existing database is taken over, with proof, and loses nothing."""

import re
import subprocess
import sys

import pytest
import sqlalchemy as sa

from tests.accounts import account
from tests.cli.existing import LATER, MODELS, alembic, at, made, rows
from tests.cli.shell import Shell, clean
from tests.conftest import FreshDatabase


def changes(report: str) -> list[str]:
    return re.findall(r"(?m)^ +([-+~] .*)", report)


def test_a_database_is_taken_over(
    server_shell: Shell, fresh_database: FreshDatabase, engine_name: str
) -> None:
    shell = server_shell
    before = made(shell)
    shell.models(LATER)
    done = shell("baseline").out
    assert "wrote versions/0001_baseline.py" in done
    assert "proven: database and revision 0001 are the same, replayed" in done
    assert "is at revision 0001; nothing of it was run" in done
    assert "- drop" not in done
    assert rows(shell) == before
    assert "nothing is pending" in shell("status").out
    (phone,) = changes(shell("check", code=1).out)
    assert phone.startswith("+ add column person.phone")
    assert changes(done)[-1] == phone

    # A new database gets all of it, and has the same left to do.
    other = Shell(shell.folder, fresh_database(engine_name))
    other("apply")
    assert "no differences" in other("diff", other.url, shell.url).out
    assert changes(other("check", code=1).out) == [phone]

    # What differs is the next plan's.
    shell("plan", "-m", "phone")
    shell("apply")
    assert "no differences" in shell("check").out
    assert rows(shell) == before


@pytest.mark.parametrize("command", ["stamp", "baseline"])
def test_another_database_that_has_it_all(
    command: str, server_shell: Shell, fresh_database: FreshDatabase, engine_name: str
) -> None:
    """Staging was taken over; production gets the same files."""
    staging = server_shell
    made(staging)
    staging("baseline")
    staging.models(LATER)
    staging("plan", "-m", "phone")
    production = Shell(staging.folder, fresh_database(engine_name))
    before = made(production)
    production.models(LATER)
    refused = production("apply", code=2).err
    assert "revision 0001 is a baseline, and the database has 2 of its 2 tables already" in refused
    assert "schemadiff stamp 1" in refused
    assert production.tables() == {"person", "pet"}
    assert "its 2 tables already" in production("apply", "--sql", code=2).err
    assert "create table person" in production("show", "1").out
    told = production("check", code=1).out
    assert "record the baseline where its tables are: schemadiff stamp 1" in told
    assert "schemadiff apply" not in told
    record = ["stamp", "1"] if command == "stamp" else ["baseline"]
    production.execute("ALTER TABLE pet ADD COLUMN spare INTEGER")
    assert "spare" in production(*record, code=1).out
    assert production.tables() == {"person", "pet"}
    production.execute("ALTER TABLE pet DROP COLUMN spare")
    assert "proven" in production(*record).out
    production("apply")
    assert "no differences" in production("check").out
    assert rows(production) == before


def test_nothing_below_a_baseline_is_dropped_unless_it_is_named(server_shell: Shell) -> None:
    shell = server_shell
    before = made(shell)
    shell("baseline")
    for allowed in ([], ["--allow", "all"], ["--allow", "all", "--yes"], ["--allow", "SD101"]):
        refused = shell("rollback", *allowed, code=2).err
        assert "SD902" in refused
        assert "revision 0001 is a baseline" in refused
        assert "stamp base --force" in refused
        assert rows(shell) == before
    shown = shell("rollback", "--to", "0", "--dry-run", "--format", "json", code=1).json
    assert "SD902" in [one["code"] for one in shown["hazards"]]
    shell("stamp", "base", "--force")
    assert rows(shell) == before
    shell("baseline")
    shell("rollback", "--allow", "all", "--allow", "SD902")
    assert shell.tables() == {"schemadiff_version"}
    shell("apply")
    assert "no differences" in shell("check").out


def test_what_cannot_be_taken_over_is_said(shell: Shell) -> None:
    shell.models(MODELS)
    empty = shell("baseline", code=2).err
    assert "is empty: there is nothing to take over" in empty
    assert "schemadiff plan" in empty
    made(shell)
    shell("plan", "-m", "mine")
    assert "holds revisions already: 0001_mine.py" in shell("baseline", code=2).err
    shell("apply")
    assert "is at revision 0001 already" in shell("baseline", code=2).err
    (shell.folder / "versions" / "0001_mine.py").unlink()
    assert "the newest revision file is 0" in shell("baseline", code=2).err


def test_what_the_filters_leave_out_is_no_part_of_it(shell: Shell) -> None:
    made(shell)
    shell.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    told = shell("baseline", "--exclude", "oth*", "--format", "json", "-m", "what there was").json
    assert [one["table"] for one in told["operations"]] == ["person", "pet"]
    assert (told["written"], told["recorded"], told["proven"]) == (True, True, True)
    assert (told["differences"], told["missing"]) == ([], [])
    assert told["ignored"]["tables"] == [{"table": "other", "schema": None}]
    assert shell.versions() == ["0001_what_there_was.py"]
    shell("check", "--exclude", "oth*")


BESIDE = {
    "sqlite": (
        "CREATE VIEW names AS SELECT id, name FROM person WHERE name <> ':x %s'",
        "CREATE TRIGGER younger AFTER INSERT ON pet BEGIN "
        "UPDATE person SET age = 1 WHERE age IS NULL; UPDATE person SET mood = 'sad' WHERE mood IS NULL; END",
        "CREATE VIEW ids AS SELECT id FROM names",
    ),
    "postgresql": (
        "CREATE EXTENSION citext",
        "CREATE SEQUENCE tickets START 5",
        "CREATE FUNCTION one_more(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT a + 1 $$",
        "CREATE FUNCTION younger() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.weight := 1; RETURN NEW; END $$",
        "CREATE TRIGGER younger BEFORE INSERT ON pet FOR EACH ROW EXECUTE FUNCTION younger()",
        "CREATE VIEW names AS SELECT one_more(id) AS id, name FROM person WHERE name <> ':x %s'",
        "CREATE VIEW ids AS SELECT id FROM names",
        "ALTER TABLE person ADD COLUMN email citext",
        "ALTER TABLE person ADD CONSTRAINT older CHECK (one_more(age) > 1)",
    ),
    "mysql": (
        "CREATE FUNCTION one_more(a INTEGER) RETURNS INTEGER DETERMINISTIC RETURN a + 1",
        "CREATE PROCEDURE nothing() BEGIN SELECT 1; SELECT ':x'; END",
        "CREATE TRIGGER younger BEFORE INSERT ON pet FOR EACH ROW BEGIN "
        "SET NEW.weight = 1; SET NEW.weight = NEW.weight + 1; END",
        "CREATE VIEW names AS SELECT one_more(id) AS id, name FROM person WHERE name <> ':x'",
        "CREATE VIEW ids AS SELECT id FROM names",
    ),
}


def test_what_no_model_has_is_made_as_well_and_stays_nobodys(
    server_shell: Shell, fresh_database: FreshDatabase, engine_name: str
) -> None:
    shell = server_shell
    made(shell)
    engine = sa.create_engine(shell.url)
    with engine.begin() as connection:
        for sql in BESIDE.get(engine_name, BESIDE["mysql"]):
            connection.connection.cursor().execute(sql)
    engine.dispose()
    if engine_name == "postgresql":
        more = 'Column("email", CITEXT),\n    CheckConstraint("one_more(age) > 1", name="older"),\n    Column("age"'
        shell.models(
            "from sqlalchemy.dialects.postgresql import CITEXT\n" + MODELS.replace('Column("age"', more)
        )
    told = shell("baseline", "--format", "json").json
    assert (told["missing"], told["unsupported"]) == ([], [])
    assert "no differences" in shell("plan").out

    other = Shell(shell.folder, fresh_database(engine_name))
    other("apply")
    assert other("diff", shell.url, other.url, "--format", "json").json["operations"] == []
    assert "no differences" in other("plan").out
    other("rollback", "--allow", "all", "--allow", "SD902")
    assert other.tables() == {"schemadiff_version"}
    other("apply")
    assert other("diff", shell.url, other.url, "--format", "json").json["operations"] == []


@pytest.mark.engines("mysql", "mariadb")
def test_what_the_account_may_not_read_is_named(server_shell: Shell) -> None:
    shell = server_shell
    made(shell)
    shell.execute(
        "CREATE FUNCTION one_more(a INTEGER) RETURNS INTEGER DETERMINISTIC RETURN a + 1",
        "CREATE VIEW names AS SELECT id FROM person",
    )
    rights = "SELECT, INSERT, UPDATE, CREATE, DROP, ALTER, EXECUTE, SHOW VIEW, TRIGGER"
    with account(shell.url, [f"GRANT {rights} ON {{database}}.* TO {{user}}"]) as url:
        told = Shell(shell.folder, url)("baseline", "--format", "json").json
    (unread,) = told["unsupported"]
    assert unread["table"] == "every function"
    assert '"one_more" is not shown to this user' in unread["what"]
    text = (shell.folder / "versions" / "0001_baseline.py").read_text()
    assert "CREATE VIEW" in text
    assert "one_more" not in text


@pytest.mark.engines("postgresql")
def test_other_schemas_take_part_where_they_are_named(
    server_shell: Shell, fresh_database: FreshDatabase
) -> None:
    shell = server_shell
    (shell.folder / "schemadiff.toml").unlink()
    shell.execute(
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.item (id integer PRIMARY KEY)",
        "CREATE VIEW shop.items AS SELECT id FROM shop.item",
        "CREATE SCHEMA left_out",
        "CREATE TABLE left_out.item (id integer)",
    )
    assert "is empty" in shell("baseline", code=2).err
    shell("baseline", "--schema", "shop")
    other = Shell(shell.folder, fresh_database("postgresql"))
    other("apply")
    assert other.execute("SELECT id FROM shop.items") == []
    assert "left_out" not in (shell.folder / "versions" / "0001_baseline.py").read_text()


def test_no_models_are_needed(shell: Shell) -> None:
    made(shell)
    (shell.folder / "schemadiff.toml").unlink()
    assert "no models are named: nothing is said about them" in shell("baseline").out


def test_a_file_says_that_it_is_one_in_a_plain_way(shell: Shell) -> None:
    made(shell)
    shell("baseline")
    (path,) = (shell.folder / "versions").glob("*.py")
    text = path.read_text()
    path.write_text(text.replace("baseline = True", "baseline = bool(1)"))
    assert "was edited after the database applied it" in shell("check", code=2).err
    assert "holds revisions already" in Shell(shell.folder, "sqlite://")("baseline", code=2).err
    path.write_text(text.replace("an empty database", "a new database"))
    shell("check")


@pytest.mark.engines("postgresql")
def test_where_nothing_can_be_recorded_nothing_is_written(server_shell: Shell) -> None:
    shell = server_shell
    made(shell)
    reading = Shell(shell.folder, f"{shell.url}?options=-c%20default_transaction_read_only%3Don")
    assert "read-only" in reading("baseline", code=2).err
    assert shell.versions() == []
    shell("baseline")


COMMAND = ("baseline", "--from-alembic", "migrations", "--drop-alembic-version")

KILLED_AT = {
    "before all": ("schemadiff.commands.baseline", "record"),
    "before the file": ("os", "link"),
    "before the version row": ("schemadiff.execute.version_table", "write"),
    "before Alembic's table goes": ("schemadiff.database.alembic_table", "_expect_alembics"),
}
_END = """\
import sys
from importlib import import_module
from os import _exit
from schemadiff.cli import main

module = import_module(sys.argv[1])
name = sys.argv[2]
work, calls = getattr(module, name), int(sys.argv[3])


def ended(*given, **named):
    global calls
    calls -= 1
    return work(*given, **named) if calls else _exit(9)


setattr(module, name, ended)
sys.argv[1:4] = []
main()
"""


@pytest.mark.once
@pytest.mark.parametrize("instant", KILLED_AT)
def test_killed_it_is_run_again(instant: str, server_shell: Shell) -> None:
    shell = server_shell
    before = made(shell)
    alembic(shell, ("a1", None, "begin"))
    at(shell, "a1")
    # Alembic's table is looked at twice: when its row is read, and before it is dropped.
    calls = "2" if instant == "before Alembic's table goes" else "1"
    killed = subprocess.run(
        [sys.executable, "-c", _END, *KILLED_AT[instant], calls, *COMMAND],
        cwd=shell.folder,
        env=clean({"SCHEMADIFF_URL": shell.url}),
        capture_output=True,
        check=False,
    )
    assert killed.returncode == 9, killed.stderr
    assert "alembic_version" in shell.tables()
    assert "dropped Alembic's own table" in shell(*COMMAND).out
    assert rows(shell) == before
    assert shell.tables() == {"person", "pet", "schemadiff_version"}
    assert shell.versions() == ["0001_baseline.py"]
    assert "no differences" in shell("check").out
