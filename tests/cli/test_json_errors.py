"""With `--format json` an error is one object on standard output, beside its words on standard error."""

import json

import click
import pytest

from schemadiff.cli import guard
from schemadiff.cli.output import renderer_for
from schemadiff.errors import StoppedError
from schemadiff.flask import db_commands
from tests.cli.shell import Shell

COMMANDS = [
    ("plan",),
    ("apply",),
    ("rollback", "--dry-run"),
    ("check",),
    ("status",),
    ("history",),
    ("show", "1"),
    ("diff", "no", "where"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[0])
def test_every_command_says_its_error(command: tuple[str, ...], shell: Shell) -> None:
    shell.write("schemadiff.toml", 'nothing = "here"\n')
    answer = shell(*command, "--format", "json", code=2)
    assert answer.json["version"] == 1
    assert answer.json["command"] == command[0]
    assert answer.json["exit_code"] == 2
    assert 'there is no setting "nothing"' in answer.json["error"]
    assert answer.json["hint"].startswith("The settings are ")
    assert answer.err.startswith(f"error: {answer.json['error']}\nhint: ")
    assert shell(*command, code=2).out == ""


@pytest.mark.parametrize(
    "wrong", [("plan", "--wrong"), ("show",), ("apply", "--lock-wait", "soon"), ("nothing",)]
)
def test_a_wrong_call_is_one(wrong: tuple[str, ...], shell: Shell) -> None:
    answer = shell(*wrong, "--format=json", code=2)
    assert answer.json["exit_code"] == 2
    assert answer.json["error"] in answer.err
    assert "--help shows how it is called" in answer.json["hint"]
    assert shell(*wrong, code=2).out == ""


def test_two_formats_are_one(shell: Shell) -> None:
    answer = shell("apply", "--sql", "--format", "json", code=2)
    assert "give one of them" in answer.json["error"]


def test_no_secret_is_in_it(shell: Shell) -> None:
    shell.url = "mysql+pymysql://me:corr3ct-h0rse@127.0.0.1:1/shop"
    answer = shell("status", "--format", "json", code=2)
    assert "corr3ct" not in answer.out
    assert answer.json["error"]


def test_an_error_after_the_answer_is_a_part_of_it(shell: Shell) -> None:
    shell.models('Table("user", metadata, Column("id", Integer, primary_key=True))')
    shell("plan")
    shell("apply")
    shell.execute("DELETE FROM schemadiff_version")
    found = shell("history", "--format", "json", code=2).json
    assert [one["number"] for one in found["revisions"]] == [1]
    assert "no row" in found["error"]
    assert found["exit_code"] == 2


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (StoppedError("stopped before step 2", hint="Run `schemadiff apply`."), 130, "stopped before step 2"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device", "x.py"), 2, "x.py: No space left on device"),
        (ValueError("what\nnow"), 2, "unexpected ValueError: what now"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_every_end_that_is_no_answer_is_one(
    raised: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(terminal: object) -> int:
        raise raised

    speak = lambda text: text.replace("schemadiff apply", "flask db upgrade")  # noqa: E731
    assert guard.run(work, renderer_for("json", "apply", speak)) == code
    found = json.loads(capsys.readouterr().out)
    assert (found["error"], found["exit_code"]) == (words, code)
    if isinstance(raised, StoppedError):
        assert found["hint"] == "Run `flask db upgrade`."


def test_flask_says_a_wrong_call_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.NoSuchOption):
        db_commands.commands["upgrade"].make_context("upgrade", ["--wrong", "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["command"], found["exit_code"]) == ("apply", 2)
    assert "--wrong" in found["error"]
