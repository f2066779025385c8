"""One call of a command of `flask db`, or of a function: what was given becomes a project and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from schemadiff.cli.call import Work, apart, renderer_of, understood
from schemadiff.cli.command_table import COMMANDS, Command
from schemadiff.cli.guard import FINE
from schemadiff.cli.output import renderer_for
from schemadiff.config.options import options_of
from schemadiff.errors import UsageError
from schemadiff.flask import own_work
from schemadiff.flask.binds import Bind, Binds, binds_of, directory_of, label
from schemadiff.flask.project import Told, project_of, told
from schemadiff.flask.surface import BY_NAME, ON_EVERY_BIND, ON_NO_BIND, Familiar, Known
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
    rest = dict(given)
    if rest.pop("autogenerate", False):
        return work_of("migrate", rest, speak)
    familiar, command = BY_NAME.get(name), command_of(name)
    word, directory, bind = (rest.pop(one, None) for one in ("revision", "directory", "bind"))
    x, tag = rest.pop("x_arg", None) or (), rest.pop("tag", None)
    known = beside(familiar) if familiar else ()
    asked = {one.option.parameter: rest.pop(one.option.parameter, None) for one in known}
    settings = apart(command, rest)[0] if command else {}
    if directory:
        settings["versions"] = directory

    renderer = renderer_of(command, rest, speak) if command else renderer_for("text", name, speak)

    def on(found: Told, one: Bind) -> Work:
        """The work on one of the application's databases."""
        if command is None:
            assert familiar
            return _own(familiar, partial(project_of, found, one), asked, word, renderer)
        return understood(
            command,
            rest,
            lambda _settings, hide: project_of(found, one, hide),
            speak=speak,
            completed=lambda project: _completed(name, project, word, asked) if familiar else {},
        )[0]

    def work(terminal: Terminal) -> int:
        if familiar:
            _refuse(familiar, asked)
        found = told(settings, x, tag)
        versions = found.settings.versions
        if name in ON_NO_BIND:
            return on(found, None)(terminal)
        binds = binds_of(found.db, versions, bind, every=name in ON_EVERY_BIND)
        without = {
            one for one in binds.chosen if name == "upgrade" and not directory_of(versions, one).is_dir()
        }
        code = _on_each(terminal, binds, without, partial(on, found), renderer)
        return FINE if name == "current" else code

    return work, renderer


def _on_each(
    terminal: Terminal, binds: Binds, without: Set[Bind], on: Callable[[Bind], Work], renderer: Renderer
) -> int:
    """Does the work on each of the databases; those `without` a directory of revisions are named where others have one.
    Returns the highest exit code. Raises `UsageError` where a format for programs would write several answers.
    """
    codes = [FINE]
    if len(binds.chosen) == 1:
        codes.append(on(binds.chosen[0])(terminal))
    elif not renderer.for_people:
        known = ", ".join(map(label, binds.chosen))
        raise UsageError(
            f"the format {renderer.name} writes one answer, and there are {len(binds.chosen)} databases",
            hint=f"Name one of them with --bind: {known}.",
        )
    else:
        for one in binds.chosen:
            terminal.report((("bind ", "bold"), (label(one), "bold")))
            if one in without:
                terminal.note(
                    (
                        renderer.speak(
                            "it has models and no revisions: `schemadiff plan` writes the first one"
                        ),
                    )
                )
            else:
                codes.append(on(one)(terminal))
    if binds.left:
        known = ", ".join(map(label, binds.left))
        terminal.note((f"left as it is: {known}; --bind names another database, or all",))
    return max(codes)


def _own(
    familiar: Familiar,
    project: Callable[[Callable[[Sequence[str]], object]], Project],
    asked: Mapping[str, Any],
    word: str | None,
    renderer: Renderer,
) -> Work:
    def work(terminal: Terminal) -> int:
        found = project(terminal.hide)
        chosen = familiar.revision if word is None else word
        return own_work.WORK[familiar.name](terminal, found, renderer, _line(found), chosen or "", asked)

    return work


def _line(project: Project) -> Line:
    from schemadiff.commands.status import status_of
    from schemadiff.revisions import files

    history = files.load(project.versions)
    return Line(len(history), cache(lambda: status_of(project.need_database(), history).version or 0))


def _completed(name: str, project: Project, word: str | None, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `schemadiff` that say the same as the word for a revision and Flask-Migrate's options."""
    match name:
        case "upgrade":
            return {} if word is None or word in HEADS else {"to": _line(project).target(word)}
        case "downgrade":
            # Without a number an interrupted revision counts as the last one.
            return {} if word in (None, "-1") else {"to": _line(project).target(str(word))}
        case "show":
            line = _line(project)
            if word is None and not line.newest:
                raise UsageError("there are no revisions to show")
            return {"number": line.number(word or "head")}
        case "stamp":
            return {"to": str(_line(project).number(word or "head"))}
        case "history":
            between = _line(project).between(asked["rev_range"]) if asked.get("rev_range") else None
            shown = {"verbose": bool(asked.get("verbose")), "marked": bool(asked.get("indicate_current"))}
            return {"between": between, **shown}
        case "current":
            return {"verbose": bool(asked.get("verbose"))}
        case _:
            return {}


def _refuse(familiar: Familiar, asked: Mapping[str, Any]) -> None:
    """Raises `UsageError` for a command or an option that has no meaning in one line of numbered revisions."""
    if familiar.instead:
        raise UsageError(familiar.instead)
    for one in familiar.known:
        value = asked.get(one.option.parameter)
        if one.instead and value and value != one.means_nothing:
            raise UsageError(f"--{one.option.name}: {one.instead}")
