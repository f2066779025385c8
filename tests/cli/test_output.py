"""What commands write: the JSON format, SQL text, and text that is not trusted."""

import os
import subprocess
import sys

import pytest

from tests.cli.shell import Shell, clean
from tests.clients import run_script

USER = """
Table("user", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
"""
LATER = """
user = Table(
    "user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20), nullable=False, server_default="-"),
    Column("email", String(50)),
    UniqueConstraint("email", name="uq_email"),
    Index("ix_name", "name"),
)
Table("post", metadata, Column("id", Integer, primary_key=True), Column("user_id", ForeignKey("user.id")))
"""


def begun(shell: Shell) -> None:
    shell.models(USER)
    shell("plan", "-m", "begin")
    shell("apply")
    shell.models(LATER)


def test_the_json_of_a_plan(shell: Shell) -> None:
    begun(shell)
    answer = shell("plan", "-m", "more", "--format", "json")
    found = answer.json
    assert found["version"] == 1
    assert found["command"] == "plan"
    assert found["revision"] == {"number": 2, "message": "more", "path": "versions/0002_more.py"}
    assert answer.err == "wrote versions/0002_more.py\n"
    by_kind = {one["kind"]: one for one in found["operations"]}
    assert by_kind["add_column"] == {
        "kind": "add_column",
        "table": "user",
        "schema": None,
        "column": "email",
        "description": by_kind["add_column"]["description"],
        "hazards": [],
    }
    altered = by_kind["alter_column"]
    assert altered["column"] == "name"
    assert (altered["before"]["nullable"], altered["after"]["nullable"]) == (True, False)
    assert altered["before"]["type"] == altered["after"]["type"]
    assert by_kind["create_index"]["index"] == "ix_name"
    assert by_kind["create_index"]["columns"] == ["name"]
    assert by_kind["add_constraint"]["constraint"] == "uq_email"
    assert by_kind["add_constraint"]["constraint_type"] == "unique"
    assert by_kind["create_table"]["table"] == "post"
    assert by_kind["create_table"]["columns"] == ["id", "user_id"]
    assert found["statements"]
    assert not [one for one in found["statements"] if one.rstrip().endswith(";")]
    assert shell("apply", "--dry-run", "--format", "json", code=1).json["statements"] == found["statements"]


def test_the_hazards_of_an_operation(shell: Shell) -> None:
    shell.models(LATER)
    shell("plan")
    shell("apply")
    shell.models(USER)
    found = shell("plan", "--dry-run", "--format", "json", code=1).json
    assert found["revision"]["path"] is None
    dropped = next(one for one in found["operations"] if one["kind"] == "drop_table")
    assert [hazard["code"] for hazard in dropped["hazards"]] == ["SD101"]
    assert set(dropped["hazards"][0]) == {"code", "level", "message", "advice"}
    assert dropped["hazards"][0]["message"] == "drops table post with 0 rows"
    assert [one["code"] for one in found["hazards"]].count("SD102") == 1


def test_the_json_of_no_difference(shell: Shell) -> None:
    shell.models(USER)
    shell("plan")
    shell("apply")
    found = shell("plan", "--format", "json").json
    assert (found["operations"], found["statements"], found["revision"]) == ([], [], None)


def test_the_json_of_a_check(shell: Shell) -> None:
    begun(shell)
    shell.execute("ALTER TABLE user ADD COLUMN by_hand INTEGER")
    shell.write("versions/0002_nothing.py", '"""nothing"""\n\n\ndef upgrade(op):\n    pass\n')
    found = shell("check", "--format", "json", code=1).json
    assert found["version"] == 1
    assert found["differences"] is True
    assert [one["kind"] for one in found["drifted"]] == ["add_column"]
    assert {one["kind"] for one in found["missing"]} >= {"create_table", "add_column", "alter_column"}
    assert [one["number"] for one in found["pending"]] == [2]
    assert found["operations"] == found["missing"] + found["drifted"]
    assert found["statements"] == []
    assert found["interrupted"] is None


def test_the_json_of_the_rest(shell: Shell) -> None:
    begun(shell)
    status = shell("status", "--format", "json").json
    assert (status["database_version"], status["newest"], status["pending"]) == (1, 1, [])
    shell("plan", "-m", "more")
    status = shell("status", "--format", "json", code=1).json
    assert [one["path"] for one in status["pending"]] == ["versions/0002_more.py"]
    history = shell("history", "--format", "json").json
    assert [(one["number"], one["applied"]) for one in history["revisions"]] == [(1, True), (2, False)]
    assert all(len(one["digest"]) == 64 for one in history["revisions"])
    first = shell("show", "1", "--format", "json").json
    assert first["revision"]["applied"] is True
    assert [one["kind"] for one in first["operations"]] == ["create_table"]
    second = shell("show", "2", "--format", "json").json
    assert second["statements"] == shell("apply", "--dry-run", "--format", "json", code=1).json["statements"]
    back = shell("rollback", "--dry-run", "--format", "json", code=1).json
    assert (back["command"], back["before"], back["after"], back["dry_run"]) == ("rollback", 1, 0, True)
    assert [one["direction"] for one in back["revisions"]] == ["down"]
    for found in (status, history, first, second, back):
        assert found["version"] == 1
        assert isinstance(found["operations"], list)
        assert isinstance(found["statements"], list)
    done = shell("apply", "--format", "json")
    assert done.json["after"] == 2
    assert "1/" in done.err


def test_sql_is_a_script(shell: Shell) -> None:
    begun(shell)
    shell("plan", "-m", "more")
    script = shell("apply", "--sql").out
    assert shell.tables() == {"user", "schemadiff_version"}
    assert script.startswith("-- ")
    assert run_script(shell.url, script) == ""
    assert shell.tables() == {"user", "post", "schemadiff_version"}
    assert "give one of them" in shell("apply", "--sql", "--format", "json", code=2).err


def test_no_script_without_what_it_cannot_do(shell: Shell) -> None:
    begun(shell)
    body = "def upgrade(op):\n    op.run(fill, reverse=op.nothing)\n\n\ndef fill(connection):\n    print('filled')\n"
    shell.write("versions/0002_fill.py", f'"""fill; DROP\tit"""\n\n\n{body}')
    refused = shell("apply", "--sql", code=2)
    assert refused.out == ""
    assert "run fill()" in refused.err
    ran = shell("apply", "--format", "json")
    assert ran.json["after"] == 2
    assert "filled" in ran.err


def test_the_words_of_the_status(shell: Shell) -> None:
    shell.models(USER)
    assert "schemadiff plan" in shell("status").out
    shell("plan", "-m", "begin")
    assert "no revision was applied yet" in shell("status", code=1).out
    shell("apply")
    shown = shell("status").out
    assert "revision 0001 of 0001" in shown
    assert "nothing is pending" in shown
    history = shell("history").out
    assert "0001 applied begin" in history
    assert "versions/0001_begin.py" in history


def test_the_history_is_shown_also_when_the_database_contradicts_it(shell: Shell) -> None:
    begun(shell)
    shell.execute("DELETE FROM schemadiff_version")
    shown = shell("history", code=2)
    assert "0001 begin" in shown.out
    assert "no row" in shown.err
    shell.url = ""
    assert "0001 begin" in shell("history").out


def test_models_that_print_do_not_spoil_the_output(shell: Shell) -> None:
    shell.models(f"print('hello')\n{USER}")
    answer = shell("plan", "--format", "json")
    assert answer.json["version"] == 1
    assert "hello" in answer.err


def test_names_are_neither_markup_nor_control(shell: Shell) -> None:
    shell.models(USER)
    shell("plan")
    shell("apply")
    shell.execute(
        'ALTER TABLE user ADD COLUMN "[bold red]x[/]" INTEGER',
        'ALTER TABLE user ADD COLUMN "a\x1b[31m\u202eb\nerror: c" INTEGER',
    )
    shown = shell("check", code=1).out
    assert "user.[bold red]x[/]" in shown
    assert r"user.a\x1b[31m\u202eb\nerror: c" in shown
    assert "\x1b" not in shown
    assert "\x1b" not in shell("check", "--format", "json", code=1).out


def test_colour_is_for_terminals(shell: Shell) -> None:
    shell.models(USER)
    assert "\x1b[" not in shell("plan", "--dry-run", code=1).out
    shell.environment["FORCE_COLOR"] = "1"
    coloured = shell("plan", "--dry-run", code=1).out
    assert "\x1b[32m+ create table user" in coloured
    shell.environment["NO_COLOR"] = "1"
    assert "\x1b[3" not in shell("plan", "--dry-run", code=1).out


def test_unsupported_things_are_named(shell: Shell) -> None:
    shell.models(USER)
    shell("plan")
    shell("apply")
    shell.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    found = shell("check", "--format", "json").json["unsupported"]
    assert [(one["table"], one["schema"]) for one in found] == [("words", None)]
    for command in ("check", "plan"):
        assert "! words: " in shell(command).out


@pytest.mark.parametrize("arguments", [("show", "1"), ("history", "--format", "json")])
def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.models(USER)
    shell("plan")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from schemadiff.cli import main; main()", *arguments],
            cwd=shell.folder,
            env=clean({"SCHEMADIFF_URL": shell.url}),
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
