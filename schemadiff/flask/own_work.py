"""Commands that `schemadiff` has not: init, heads, edit, list-templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from schemadiff.cli.guard import FINE
from schemadiff.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.flask.targets import Line

Work = Callable[["Terminal", "Project", "Renderer", "Line", str, Mapping[str, Any]], int]
"""The work of a command. It gets the word for a revision, and the other options."""


def init(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    _line: Line,
    _word: str,
    asked: Mapping[str, Any],
) -> int:
    """Makes the directory of revisions."""
    from schemadiff.cli.init import make_directory

    make_directory(terminal, project.versions)
    if asked.get("package"):
        (project.versions / "__init__.py").touch()
    terminal.note((("-> ", "cyan"), renderer.speak("then write the first revision: schemadiff plan")))
    return FINE


def heads(
    terminal: Terminal,
    project: Project,
    _renderer: Renderer,
    _line: Line,
    _word: str,
    asked: Mapping[str, Any],
) -> int:
    """Shows the newest revision."""
    from schemadiff.cli.output import lines
    from schemadiff.revisions import files

    history = files.load(project.versions)
    if not history:
        terminal.note((f"there are no revisions in {project.versions}",))
    elif asked.get("verbose"):
        terminal.report(*lines.revision(history[-1], None))
    else:
        newest = history[-1]
        terminal.report((f"{lines.number(newest.number)} {lines.one_line(newest.message)} (head)",))
    return FINE


def edit(
    terminal: Terminal, project: Project, renderer: Renderer, line: Line, word: str, _asked: Mapping[str, Any]
) -> int:
    """Opens the file of a revision."""
    import click

    from schemadiff.revisions import files

    history = files.load(project.versions)
    number = line.number(word)
    if not 1 <= number <= len(history):
        raise UsageError(
            f"there is no revision {number} to edit in {project.versions}",
            hint=f"The revisions go from 1 to {len(history)}." if history else "There are none.",
        )
    path = history[number - 1].path
    try:
        click.edit(filename=str(path))
    except click.ClickException as error:
        raise ConfigError(
            f"cannot edit {path}: {error.message}", hint="Is VISUAL or EDITOR right?"
        ) from error
    terminal.note((f"edited {path}",))
    if files.load(project.versions)[number - 1].digest != history[number - 1].digest:
        told = renderer.speak(
            "a database that has it already refuses what it says now: `schemadiff status` tells"
        )
        terminal.note((told,))
    return FINE


def list_templates(
    terminal: Terminal,
    _project: Project,
    _renderer: Renderer,
    _line: Line,
    _word: str,
    _asked: Mapping[str, Any],
) -> int:
    """Says that there are none."""
    terminal.report(("there are no templates: revision files are written whole",))
    return FINE


WORK: Mapping[str, Work] = {
    "init": init,
    "heads": heads,
    "edit": edit,
    "list-templates": list_templates,
}
