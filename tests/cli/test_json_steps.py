"""The JSON format as published: its schema, the steps of a plan, and hazards that stay with their operation."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.cli.schemas import PUBLISHED, checked
from tests.cli.shell import Shell

USER = 'Table("user", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))\n'
POST = 'Table("post", metadata, Column("id", Integer, primary_key=True), Column("user_id", ForeignKey("user.id")))\n'
COMMANDS = ("plan", "check", "diff", "show", "apply", "rollback", "models", "renumber", "status", "history")


def answers(shell: Shell) -> dict[str, Any]:
    """What each command says between two revisions, the second of which also runs SQL and a function."""
    shell.models(USER)
    shell("plan", "-m", "begin")
    shell("apply")
    shell.models(USER + POST)
    shell("plan", "-m", "more")
    file = shell.folder / "versions" / "0002_more.py"
    text = file.read_text().replace(
        "def upgrade(op):",
        "def fill(connection):\n    pass\n\n\ndef upgrade(op):\n"
        '    op.execute("UPDATE user SET name = 1", reverse="UPDATE user SET name = 2")\n'
        "    op.run(fill, reverse=op.nothing)",
    )
    file.write_text(text)
    calls = {
        "check": ("check",),
        "diff": ("diff", "versions/@1", "models:metadata"),
        "show": ("show", "2"),
        "apply": ("apply", "--dry-run"),
        "rollback": ("rollback", "--dry-run"),
        "models": ("models",),
        "renumber": ("renumber",),
        "status": ("status",),
        "history": ("history",),
        "plan": ("plan", "--dry-run"),
    }
    return {name: shell.run(*call, "--format", "json").json for name, call in calls.items()}


def test_every_answer_is_as_published(shell: Shell) -> None:
    told = answers(shell)
    assert set(told) == set(COMMANDS)
    published = jsonschema.Draft202012Validator(PUBLISHED)
    for name, answer in told.items():
        assert answer["command"] == name
        published.validate(answer)
        published.validate({**answer, "of_a_later_release": 1})
        for key in set(answer) - {"command"}:
            with pytest.raises(jsonschema.ValidationError):
                checked({other: value for other, value in answer.items() if other != key})
        with pytest.raises(jsonschema.ValidationError):
            checked({**answer, "unknown": 1})


def test_steps_carry_the_operations(shell: Shell) -> None:
    told = answers(shell)
    for command in ("show", "apply"):
        found = told[command]
        kinds = [one["kind"] for one in found["operations"]]
        assert kinds == ["execute", "run", "create_table"]
        steps = [
            (step["sql"], step["function"], [kinds[number] for number in step["operations"]])
            for step in found["steps"]
        ]
        assert steps[:2] == [("UPDATE user SET name = 1", None, ["execute"]), (None, "fill", ["run"])]
        assert steps[2][2] == ["create_table"]
        assert [step["sql"] for step in found["steps"] if step["sql"]] == found["statements"]


def test_steps_of_several_revisions_count_through(shell: Shell) -> None:
    answers(shell)
    shell("apply")
    found = shell("rollback", "--dry-run", "--to", "0", "--format", "json", code=1).json
    kinds = [one["kind"] for one in found["operations"]]
    assert [[kinds[number] for number in step["operations"]] for step in found["steps"]] == [
        ["drop_table"],
        ["run"],
        ["execute"],
        ["drop_table"],
    ]
    assert [step["operations"] for one in found["revisions"] for step in one["steps"]] == [[0], [1], [2], [0]]
    hazards = [[hazard["message"] for hazard in step["hazards"]] for step in found["steps"]]
    assert hazards == [["drops table post with 0 rows"], [], [], ["drops table user with 0 rows"]]


def test_a_hazard_stays_with_its_operation(shell: Shell) -> None:
    """Also where the name of another table, or of a column with its table, begins or reads alike."""
    kept = 'Table("kept", metadata, Column("id", Integer, primary_key=True))\n'
    shell.models(
        kept
        + 'Table("a", metadata, Column("id", Integer, primary_key=True))\n'
        + 'Table("a b", metadata, Column("id", Integer, primary_key=True))\n'
        + 'Table("c", metadata, Column("id", Integer, primary_key=True), Column("d.e", Integer))\n'
        + 'Table("c.d", metadata, Column("id", Integer, primary_key=True), Column("e", Integer))\n'
    )
    shell("plan")
    shell("apply")
    shell.execute(
        "INSERT INTO a VALUES (1), (2)", 'INSERT INTO "a b" VALUES (1)', "INSERT INTO c VALUES (1, 1)"
    )
    shell.models(
        kept
        + 'Table("c", metadata, Column("id", Integer, primary_key=True))\n'
        + 'Table("c.d", metadata, Column("id", Integer, primary_key=True))\n'
    )
    found = shell("plan", "--dry-run", "--format", "json", code=1).json
    told = {
        (one["table"], one.get("column")): [hazard["message"] for hazard in one["hazards"]]
        for one in found["operations"]
    }
    assert told == {
        ("a", None): ["drops table a with 2 rows"],
        ("a b", None): ["drops table a b with 1 row"],
        ("c", "d.e"): ["drops column c.d.e of a table with 1 row"],
        ("c.d", "e"): ["drops column c.d.e of a table with 0 rows"],
    }


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_how_a_step_is_carried_out(server_shell: Shell, engine_name: str) -> None:
    table = 'Table("t", metadata, Column("id", Integer, primary_key=True), Column("x", Integer){})\n'
    server_shell.models(table.format(""))
    server_shell("plan", "--online", "always")
    server_shell("apply", "--online", "always")
    server_shell.models(table.format(', Index("ix", "x")'))
    found = server_shell("plan", "--online", "always", "--format", "json").json
    algorithms = {"mysql": "INPLACE", "mariadb": "NOCOPY", "postgresql": "concurrently"}
    assert [(one["algorithm"], one["lock"]) for one in found["steps"]] == [(algorithms[engine_name], "none")]
