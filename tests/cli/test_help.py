"""Help is quick, says everything, and needs neither SQLAlchemy nor Rich."""

import subprocess
import sys

import pytest

from schemadiff.cli import quick
from schemadiff.cli.help import TEXTS
from tests.cli.shell import Shell, clean
from tools.help import texts

COMMANDS = ("init", "plan", "apply", "rollback", "check", "models", "status", "history", "show")
EVERYWHERE = ("--url", "--models")
OPTIONS = {
    "init": ("--versions",),
    "plan": (
        "--versions",
        "--message",
        "--dry-run",
        "--rename",
        "--no-renames",
        "--include",
        "--exclude",
        "--schema",
        "--format",
    ),
    "apply": ("--versions", "--to", "--sql", "--dry-run", "--allow", "--yes", "--lock-wait", "--format"),
    "rollback": (
        "--versions",
        "--to",
        "--steps",
        "--sql",
        "--dry-run",
        "--allow",
        "--yes",
        "--lock-wait",
        "--format",
    ),
    "check": ("--versions", "--include", "--exclude", "--schema", "--format"),
    "models": ("--include", "--exclude", "--schema", "--format"),
    "status": ("--versions", "--format"),
    "history": ("--versions", "--format"),
    "show": ("--versions", "--format"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_its_options(shell: Shell, command: str) -> None:
    text = shell(command, "--help").out
    for option in (*EVERYWHERE, *OPTIONS[command]):
        assert option in text


def test_the_commands_are_listed(shell: Shell) -> None:
    text = shell("--help").out
    for command in COMMANDS:
        assert f"\n  {command} " in text
    assert "..." not in text.partition("Commands:")[2]
    assert shell().out == text


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("--version").out.startswith("schemadiff ")


def test_the_package_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "schemadiff", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("schemadiff ")


@pytest.mark.once
def test_the_ready_texts_are_those_of_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    made = texts()
    assert TEXTS.keys() == made.keys()
    for name, text in made.items():
        # Typer's versions lay the same words out differently.
        assert TEXTS[name].split() == text.split(), "make help-texts"


def test_ready_texts_are_for_wide_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "79")
    assert quick.answer(["plan", "--help"]) is None
    monkeypatch.setenv("COLUMNS", "200")
    for arguments in (["plan", "-h"], ["plan", "--help"]):
        assert quick.answer(arguments) == 0
    assert capsys.readouterr().out == TEXTS["plan"] * 2
    assert quick.answer([]) == quick.answer(["--help"]) == 0
    assert capsys.readouterr().out == TEXTS[""] * 2
    for other in (["nothing", "--help"], ["plan", "--sql", "--help"], ["plan"], ["--version", "plan"]):
        assert quick.answer(other) is None


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("apply", "--help")])
def test_help_loads_little(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys, contextlib, io\n"
        "from schemadiff.cli import main\n"
        f"sys.argv = {['schemadiff', *arguments]!r}\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "many = ('sqlalchemy', 'rich', 'flask', 'typer', 'dataclasses', 'pathlib', 'argparse')\n"
        "print([name for name in many if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean({}), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
