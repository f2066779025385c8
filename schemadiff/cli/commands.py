"""plan, check, diff, models, show: each asks `commands`, writes the answer and returns the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.commands import diff as difference
from schemadiff.commands.check import check as checked
from schemadiff.commands.models import list_models, missed
from schemadiff.commands.plan import plan as planned
from schemadiff.commands.show import show as shown
from schemadiff.commands.sources import models_of
from schemadiff.database.url import secrets_of

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.compare.renames import Candidate


def plan(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    message: str | None = None,
    dry_run: bool = False,
    rename: Sequence[str] | None = None,
    no_renames: bool = False,
) -> int:
    """Writes the next revision and shows it; in a dry run it only shows what would be written."""

    def decide(candidate: Candidate) -> bool:
        return terminal.ask(
            f"{candidate.table}: was column {candidate.before} renamed to {candidate.after}? "
            f"If not, {candidate.before} is dropped with its values."
        )

    database, models = project.need_database(), models_of(project.need_models())
    found = planned(
        database,
        models,
        project.versions,
        message=message,
        dry_run=dry_run,
        rename=rename or (),
        no_renames=no_renames,
        decide=decide if terminal.interactive else None,
        include=project.settings.include,
        exclude=project.exclude,
        schemas=project.settings.schemas,
        online=project.settings.online,
    )
    terminal.answer(renderer.planned(found, missed(models, found.plan.operations)))
    if found.path and not renderer.for_people:
        terminal.note((f"wrote {found.path}",))
    return DIFFERENT if dry_run and found.plan.operations else FINE


def check(terminal: Terminal, project: Project, renderer: Renderer) -> int:
    """Tells whether models, revision files and database agree."""
    database, models = project.need_database(), models_of(project.need_models())
    found = checked(
        database,
        models,
        project.versions,
        include=project.settings.include,
        exclude=project.exclude,
        schemas=project.settings.schemas,
    )
    terminal.answer(renderer.drift(found, missed(models, found.missing)))
    return DIFFERENT if found else FINE


def diff(terminal: Terminal, project: Project, renderer: Renderer, *, before: str, after: str) -> int:
    """Tells how two schemas differ."""
    for side in (before, after):
        terminal.hide(secrets_of(side))
    found = difference.diff(
        before,
        after,
        database=project.find_database(),
        include=project.settings.include,
        exclude=project.exclude,
    )
    terminal.answer(renderer.difference(found))
    return DIFFERENT if found else FINE


def models(terminal: Terminal, project: Project, renderer: Renderer) -> int:
    """Shows which models were found, and why others may not have been."""
    found = list_models(
        project.find_database(),
        project.need_models(),
        include=project.settings.include,
        exclude=project.exclude,
        schemas=project.settings.schemas,
    )
    terminal.answer(renderer.seen(found))
    return FINE


def show(terminal: Terminal, project: Project, renderer: Renderer, *, number: int) -> int:
    """Shows one revision."""
    terminal.answer(renderer.shown(shown(project.need_database(), project.need_versions(), number)))
    return FINE
