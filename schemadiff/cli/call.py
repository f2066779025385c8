"""One call of a command: what the command line gave becomes a project, a format and the command's own options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemadiff.cli.output import renderer_for
from schemadiff.config.options import FORMATS, options_of
from schemadiff.errors import UsageError

if TYPE_CHECKING:
    from schemadiff.cli.command_table import Command
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal

Hide = Callable[[Sequence[str]], object]
"""Is told what must not be shown."""

ProjectOf = Callable[[Mapping[str, Any], Hide], "Project"]
"""The project that the settings name which the command line gave."""

Work = Callable[["Terminal"], int]
"""The work of a call that was understood; it returns the exit code."""

Completion = Callable[["Project"], Mapping[str, Any]]
"""Options of the command that only the project tells."""


def call(command: Command, given: Mapping[str, Any], project_of: ProjectOf) -> int:
    """Runs the command with the options and arguments that were given; returns its exit code."""
    from schemadiff.cli import guard

    return guard.run(*understood(command, given, project_of))


def understood(
    command: Command,
    given: Mapping[str, Any],
    project_of: ProjectOf,
    *,
    speak: Callable[[str], str] = str,
    completed: Completion | None = None,
) -> tuple[Work, Renderer]:
    """The command's work with the options and arguments that were given, and what writes its answer."""
    settings, own = apart(command, given)
    chosen = renderer_of(command, own, speak)
    own.pop("format", None)
    sql = own.pop("sql", False)
    wait = own.pop("wait", 0)

    def work(terminal: Terminal) -> int:
        if sql and chosen.name != "sql":
            raise UsageError(
                f"--sql and --format {chosen.name} are two ways to write one thing: give one of them"
            )
        project = project_of(settings, terminal.hide)
        terminal.hide(project.secrets)
        if wait:
            from schemadiff.database.starting import wait_for

            wait_for(project.need_database(), wait, terminal.tell)
        more = completed(project) if completed else {}
        return command.work(terminal, project, chosen, **own, **more)

    return work, chosen


def renderer_of(command: Command, given: Mapping[str, Any], speak: Callable[[str], str] = str) -> Renderer:
    """Return the format that the options ask for."""
    format_ = given.get("format") or next(iter(FORMATS))
    return renderer_for("sql" if given.get("sql") and format_ == "text" else format_, command.name, speak)


def apart(command: Command, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what was given as settings, by their keys, and the command's own options."""
    own = dict(given)
    settings = {
        option.key: own.pop(option.parameter)
        for option in options_of(command.name)
        if option.key and option.parameter in own
    }
    return settings, own


def format_asked_for(arguments: Sequence[str]) -> str:
    """The format that a command line names which cannot be understood as a whole."""
    found = ""
    for position, one in enumerate(arguments):
        name, equals, value = one.partition("=")
        if name == "--format":
            found = value if equals else "".join(arguments[position + 1 : position + 2])
    return found if found in FORMATS else next(iter(FORMATS))
