"""One call of a command of `flask db`, or of a function: what was given becomes a project and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from schemadiff.cli.call import Work, understood
from schemadiff.cli.command_table import COMMANDS, Command
from schemadiff.cli.guard import FINE
from schemadiff.cli.output import renderer_for
from schemadiff.config.options import options_of
from schemadiff.errors import UsageError
from schemadiff.flask import own_work
from schemadiff.flask.project import project_of
from schemadiff.flask.surface import BY_NAME, Familiar, Known
from schemadiff.flask.targets import HEADS, Line

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal

Speak = Callable[[str], str]


def command_of(name: str) -> Command | None:
    """The command of `schemadiff` that does the work of a command of `flask db`."""
    return next((one for one in COMMANDS.values() if one.of_flask and one.of_flask.name == name), None)


def beside(familiar: Familiar) -> tuple[Known, ...]:
    """The options of Flask-Migrate's that the command of `schemadiff` does not have anyway."""
    own = {one.parameter for one in options_of(familiar.of)} if familiar.of else set()
    return tuple(one for one in familiar.known if one.option.parameter not in own)


def work_of(name: str, given: Mapping[str, Any], speak: Speak) -> tuple[Work, Renderer]:
    """Return the work of a call of the command `name`, and the renderer of its answer."""
    if name == "revision" and given.get("autogenerate"):
        return work_of(
            "migrate", {key: value for key, value in given.items() if key != "autogenerate"}, speak
        )
    familiar, command = BY_NAME.get(name), command_of(name)
    rest = dict(given)
    word, directory = rest.pop("revision", None), rest.pop("directory", None)
    x, tag = rest.pop("x_arg", None) or (), rest.pop("tag", None)
    known = beside(familiar) if familiar else ()
    asked = {one.option.parameter: rest.pop(one.option.parameter, None) for one in known}

    def project(settings: Mapping[str, Any], hide: Callable[[Sequence[str]], object]) -> Project:
        if familiar:
            _refuse(familiar, asked)
        named = {"versions": directory} if directory else {}
        return project_of({**settings, **named}, hide, x, tag)

    if command is None:
        assert familiar
        return _own(familiar, project, asked, word, speak)
    work, renderer = understood(
        command,
        rest,
        project,
        speak=speak,
        completed=lambda found: _completed(name, _line(found), word, asked) if familiar else {},
    )
    return (_fine(work) if name == "current" else work), renderer


def _own(
    familiar: Familiar,
    project: Callable[[Mapping[str, Any], Callable[[Sequence[str]], object]], Project],
    asked: Mapping[str, Any],
    word: str | None,
    speak: Speak,
) -> tuple[Work, Renderer]:
    renderer = renderer_for("text", familiar.name, speak)

    def work(terminal: Terminal) -> int:
        if familiar.instead:
            raise UsageError(familiar.instead)
        found = project({}, terminal.hide)
        chosen = familiar.revision if word is None else word
        return own_work.WORK[familiar.name](terminal, found, renderer, _line(found), chosen or "", asked)

    return work, renderer


def _fine(work: Work) -> Work:
    """The same, which exits as Flask-Migrate's does where revisions are pending."""

    def fine(terminal: Terminal) -> int:
        work(terminal)
        return FINE

    return fine


def _line(project: Project) -> Line:
    from schemadiff.commands.status import status_of
    from schemadiff.revisions import files

    history = files.load(project.versions)
    return Line(len(history), cache(lambda: status_of(project.need_database(), history).version or 0))


def _completed(name: str, line: Line, word: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `schemadiff` that say the same as the word for a revision and Flask-Migrate's options."""
    match name:
        case "upgrade":
            return {} if word is None or word in HEADS else {"to": line.target(word)}
        case "downgrade":
            # Without a number an interrupted revision counts as the last one.
            return {} if word in (None, "-1") else {"to": line.target(str(word))}
        case "show":
            if word is None and not line.newest:
                raise UsageError("there are no revisions to show")
            return {"number": line.number(word or "head")}
        case "stamp":
            return {"to": str(line.number(word or "head"))}
        case "history":
            between = line.between(asked["rev_range"]) if asked.get("rev_range") else None
            shown = {"verbose": bool(asked.get("verbose")), "marked": bool(asked.get("indicate_current"))}
            return {"between": between, **shown}
        case "current":
            return {"verbose": bool(asked.get("verbose"))}
        case _:
            return {}


def _refuse(familiar: Familiar, asked: Mapping[str, Any]) -> None:
    """Raises `UsageError` for an option that has no meaning in one line of numbered revisions."""
    for one in familiar.known:
        value = asked.get(one.option.parameter)
        if one.instead and value and value != one.means_nothing:
            raise UsageError(f"--{one.option.name}: {one.instead}")
