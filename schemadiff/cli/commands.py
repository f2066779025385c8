"""plan, check, diff, show: each asks `workflow`, writes the answer and returns the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemadiff import difference, workflow
from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.cli.options import DiffFormat, Format
from schemadiff.cli.output import json, lines, plan_json, plan_lines
from schemadiff.errors import UnsupportedError
from schemadiff.urls import secrets_of

if TYPE_CHECKING:
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.renames import Candidate


def plan(
    terminal: Terminal,
    project: Project,
    *,
    message: str | None = None,
    dry_run: bool = False,
    renamed: Sequence[str] = (),
    renames_allowed: bool = True,
    output: Format = Format.text,
) -> int:
    """Writes the next revision and shows it; in a dry run it only shows what would be written."""

    def decide(candidate: Candidate) -> bool:
        return terminal.ask(
            f"{candidate.table}: was column {candidate.before} renamed to {candidate.after}? "
            f"If not, {candidate.before} is dropped with its values."
        )

    found = workflow.plan(
        project.need_database(),
        project.need_models(),
        project.versions,
        message=message,
        dry_run=dry_run,
        renamed=renamed,
        renames_allowed=renames_allowed,
        decide=decide if terminal.interactive else None,
        include=project.include,
        exclude=project.exclude,
        schemas=project.schemas,
        online=project.online,
    )
    if output is Format.json:
        terminal.machine(json.dump("plan", plan_json.planned(found)))
        if found.path:
            terminal.note((f"wrote {found.path}",))
    else:
        terminal.report(*plan_lines.planned(found, apply=project.speak("schemadiff apply")))
    return DIFFERENT if dry_run and found.plan.operations else FINE


def check(terminal: Terminal, project: Project, output: Format = Format.text) -> int:
    """Tells whether models, revision files and database agree."""
    found = workflow.check(
        project.need_database(),
        project.need_models(),
        project.versions,
        include=project.include,
        exclude=project.exclude,
        schemas=project.schemas,
    )
    if output is Format.json:
        terminal.machine(json.dump("check", plan_json.drift(found)))
    else:
        terminal.report(*plan_lines.drift(found, **project.commands))
    return DIFFERENT if found else FINE


def diff(
    terminal: Terminal, project: Project, before: str, after: str, output: DiffFormat = DiffFormat.text
) -> int:
    """Tells how two schemas differ."""
    for side in (before, after):
        terminal.hide(secrets_of(side))
    found = difference.diff(
        before, after, database=project.find_database(), include=project.include, exclude=project.exclude
    )
    if output is DiffFormat.json:
        terminal.machine(json.dump("diff", plan_json.difference(found)))
    elif output is DiffFormat.sql:
        if found.unwritten:
            raise UnsupportedError(
                found.unwritten, hint="Give a database in the place of A, or leave --format sql out."
            )
        terminal.machine(plan_json.difference_sql(found))
    else:
        terminal.report(*plan_lines.difference(found))
    return DIFFERENT if found else FINE


def show(terminal: Terminal, project: Project, number: int, output: Format = Format.text) -> int:
    """Shows one revision."""
    found = workflow.show(project.need_database(), project.need_versions(), number)
    if output is Format.json:
        terminal.machine(json.dump("show", plan_json.shown(found.revision, found.applied, found.plan)))
        return FINE
    terminal.report(*lines.revision(found.revision, found.applied))
    terminal.report(lines.BLANK, *plan_lines.done_plan(found.plan))
    return FINE
