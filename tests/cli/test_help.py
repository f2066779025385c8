"""Help is quick, says everything, and needs neither SQLAlchemy nor Rich."""

import subprocess
import sys

import pytest

from tests.cli.shell import Shell, clean

COMMANDS = ("init", "plan", "apply", "rollback", "check", "status", "history", "show")
EVERYWHERE = ("--url", "--models", "--versions")
OPTIONS = {
    "init": (),
    "plan": (
        "--message",
        "--dry-run",
        "--rename",
        "--no-renames",
        "--include",
        "--exclude",
        "--schema",
        "--format",
    ),
    "apply": ("--to", "--sql", "--dry-run", "--allow", "--yes", "--lock-wait", "--format"),
    "rollback": ("--to", "--steps", "--sql", "--dry-run", "--allow", "--yes", "--lock-wait", "--format"),
    "check": ("--include", "--exclude", "--schema", "--format"),
    "status": ("--format",),
    "history": ("--format",),
    "show": ("--format",),
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


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("apply", "--help")])
def test_help_loads_little(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys, contextlib, io\n"
        "from schemadiff.cli import main\n"
        f"sys.argv = {['schemadiff', *arguments]!r}\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print([name for name in ('sqlalchemy', 'rich', 'flask') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean({}), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
