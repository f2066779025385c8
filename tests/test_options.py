"""The table of options is what every command line, the settings and the documents say."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import click
import pytest

from schemadiff.cli import init, running
from schemadiff.cli.call import format_asked_for
from schemadiff.cli.command_table import COMMANDS
from schemadiff.cli.help import TEXTS
from schemadiff.cli.output import renderer_for
from schemadiff.cli.output.renderer import Renderer
from schemadiff.config.options import FORMATS, OPTIONS, SETTINGS, Option, options_of, words_of
from schemadiff.config.settings import Choice, Settings, settings
from schemadiff.errors import ConfigError, UsageError
from schemadiff.flask import db_commands
from schemadiff.flask.calls import beside
from schemadiff.flask.surface import BIND, BY_NAME, ON_NO_BIND
from tools.help import FLASK_PAGE, PAGE, flask_page, page

ANSWERS = {
    "plan": {"planned"},
    "check": {"drift"},
    "diff": {"difference"},
    "show": {"shown"},
    "baseline": {"baseline"},
    "stamp": {"stamped"},
    "revision": {"begun"},
    "doctor": {"diagnosed"},
    "models": {"seen"},
    "renumber": {"renumbered"},
    "status": {"status"},
    "history": {"history"},
    "apply": {"preview", "halfway", "outcome"},
    "rollback": {"preview", "halfway", "outcome"},
}
"""What a format that a command has can write. One that only shows has no outcome to tell."""

SPOKEN = [(command, one) for command in ("init", *COMMANDS) for one in options_of(command)]


def test_every_option_is_of_a_command_or_a_setting() -> None:
    for option in OPTIONS:
        assert set(option.commands) <= {"init", *COMMANDS}
        assert option.commands or option.key, option.name
        assert option.help
    pairs = [(command, option.name) for command, option in SPOKEN]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("command", ["init", *COMMANDS])
def test_help_says_the_options_and_no_others(command: str) -> None:
    text = " ".join(TEXTS[command].split())
    told = set(re.findall(r"(?<= )--[a-z-]+(?= )", text.partition("Options:")[2])) - {"--help"}
    assert told >= {f"--{one.name}" for one in options_of(command)}
    for option in options_of(command):
        assert option.help in text.replace("Flask- SQLAlchemy", "Flask-SQLAlchemy")
        if option.kind == "word":
            assert f"--{option.name} <{'|'.join(words_of(option, command))}>" in text
    known = {f"--{one.name}" for one in OPTIONS}
    assert {one for one in told if one in known} == {f"--{one.name}" for one in options_of(command)}


def test_flask_has_the_same_options_in_the_same_words() -> None:
    of_flask = {one.of_flask.name: (one.name, one.of_flask) for one in COMMANDS.values() if one.of_flask}
    assert {*of_flask, *BY_NAME} == set(db_commands.commands)
    for name, (command, own) in of_flask.items():
        made = db_commands.commands[name]
        assert name in BY_NAME or not COMMANDS[command].arguments, f"say what the argument of {name} is"
        assert made.help == own.help
        found = {one.name: one for one in made.params}
        wanted = [one for one in options_of(command) if not one.names_project and one.name != own.by_place]
        wanted += [] if name in ON_NO_BIND else [BIND]
        wanted += [one.option for one in beside(BY_NAME[name])] if name in BY_NAME else []
        argument = {"revision"} if name in BY_NAME and BY_NAME[name].revision is not None else set()
        assert set(found) == {*argument, *(one.parameter for one in wanted)}
        for option in wanted:
            parameter = found[option.parameter]
            assert isinstance(parameter, click.Option)
            assert parameter.help == option.help
            assert set(parameter.opts) == set(option.flags)
            if option.kind == "word":
                assert isinstance(parameter.type, click.Choice)
                assert tuple(parameter.type.choices) == words_of(option, command)


def test_a_command_takes_its_options() -> None:
    for command, option in SPOKEN:
        if option.key and command != "init":
            continue
        if option.name in ("format", "sql", "wait"):
            continue  # which renderer, and what comes before the command
        function = init.init if command == "init" else COMMANDS[command].work
        taken = inspect.signature(function).parameters
        shared = {one.name for one in dataclasses.fields(running.Asked)} if "asked" in taken else set()
        assert option.parameter in {*taken, *shared}, f"{command} does not take --{option.name}"


def test_settings_are_the_options_that_are_settings() -> None:
    fields = {one.name for one in dataclasses.fields(Settings)}
    assert fields == {*SETTINGS, "source", "passed_over"}
    assert set(Choice.__annotations__) == {
        key for key, option in SETTINGS.items() if option.kind in ("list", "word")
    }


@pytest.mark.parametrize("key", [key for key, one in SETTINGS.items() if one.environment])
def test_the_environment_and_the_file_say_a_setting(key: str, tmp_path: Path) -> None:
    option = SETTINGS[key]
    here, there = _values(option)
    line = f'{key} = ["{here}"]' if option.kind == "list" else f'{key} = "{here}"'
    (tmp_path / "schemadiff.toml").write_text(line)
    assert _read(option, tmp_path, {}) == here
    for variable in option.environment:
        if variable != "DATABASE_URL":
            assert _read(option, tmp_path, {variable: there}) == there


def _values(option: Option) -> tuple[str, str]:
    return (option.words[0], option.words[-1]) if option.words else ("a", "b")


def _read(option: Option, directory: Path, environment: dict[str, str]) -> str:
    value = getattr(settings(directory=directory, environment=environment), str(option.key))
    if isinstance(value, Path):
        return value.name
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_what_is_no_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schemadiff.toml").write_text('lock_wait = "1"')
    with pytest.raises(ConfigError) as caught:
        settings(directory=tmp_path, environment={})
    assert all(key in str(caught.value.hint) for key in SETTINGS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_writes_what_its_commands_find(name: str) -> None:
    made = renderer_for(name, "plan")
    assert (made.name, type(made).__module__) == (name, f"schemadiff.cli.output.{name}")
    can = {method for command in FORMATS[name] for method in ANSWERS[command]}
    if made.only_shows:
        can.discard("outcome")
    overridden = {
        method
        for methods in ANSWERS.values()
        for method in methods
        if getattr(type(made), method) is not getattr(Renderer, method)
    }
    assert overridden == can


def test_every_format_has_a_row() -> None:
    folder = Path(str(importlib.import_module("schemadiff.cli.output").__file__)).parent
    modules = {path.stem for path in folder.glob("*.py") if "\nclass Format(" in path.read_text()}
    assert modules == set(FORMATS)


def test_what_a_format_lacks_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="`schemadiff history` has no format sql"):
        renderer_for("sql", "history").history((), None, Path("versions"), None)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["plan", "--format", "json"], "json"),
        (["plan", "--format=json", "--wrong"], "json"),
        (["plan", "--format=json", "--format", "text"], "text"),
        (["plan", "--format"], "text"),
        (["plan", "--format", "xml"], "text"),
        ([], "text"),
    ],
)
def test_the_format_of_a_wrong_call(arguments: list[str], found: str) -> None:
    assert format_asked_for(arguments) == found


def test_the_page_has_the_tables() -> None:
    assert PAGE.read_text() == page(), "make help-texts"
    assert FLASK_PAGE.read_text() == flask_page(), "make help-texts"
