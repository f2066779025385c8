"""status, history: where the database is. Where the driver alone can tell, nothing else is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from schemadiff import revisions
from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.cli.output import json, lines
from schemadiff.cli.output.lines import (
    BLANK,
    advice,
    heading,
    interrupted,
    leads_on,
    number,
    one_line,
    revision_line,
)
from schemadiff.config.settings import passed_over
from schemadiff.errors import SchemadiffError
from schemadiff.glance import glance

if TYPE_CHECKING:
    from pathlib import Path

    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Line, Terminal
    from schemadiff.database import Database
    from schemadiff.revisions import Revision
    from schemadiff.standing import Status


def status(terminal: Terminal, project: Project, output: str = "text") -> int:
    """Tells where the database is."""
    database = project.need_database()
    found = _standing(database, revisions.load(project.versions))
    if output == "json":
        terminal.machine(json.dump("status", _status_answer(found, project.source)))
    else:
        terminal.report(*_status_lines(found, project.source, **project.commands))
    if project.passed_over:
        terminal.note((passed_over(project.passed_over),))
    return DIFFERENT if found.pending or found.interrupted else FINE


def history(terminal: Terminal, project: Project, output: str = "text") -> int:
    """Lists the revision files: also without a database, and with one that contradicts them, when the files are
    what one wants to see.
    """
    found = revisions.load(project.versions)
    applied: int | None = None
    failure: SchemadiffError | None = None
    database = project.find_database()
    if database is None:
        terminal.note(("no database is named: nothing is said about what is applied",))
    else:
        try:
            applied = _standing(database, found).version or 0
        except SchemadiffError as error:
            failure = error
    if output == "json":
        terminal.machine(json.dump("history", _history_answer(found, applied)))
    else:
        for one in found:
            terminal.report(*lines.revision(one, None if applied is None else one.number <= applied))
        if not found:
            terminal.report((f"there are no revisions in {project.versions}",))
    if failure:
        raise failure
    return FINE


def _standing(database: Database, history: tuple[Revision, ...]) -> Status:
    """Where the database is, at a glance, or as `workflow` finds out."""
    found = glance(database, history) if isinstance(database, str) else None
    if found is not None:
        return found
    from schemadiff import workflow

    return workflow.status_of(database, history)


def _status_lines(
    found: Status, settings: Path | None = None, *, apply: str, plan: str, rollback: str
) -> Iterator[Line]:
    """Where the database is, and which file says which one that is."""
    state = found.state
    if found.version is None:
        yield (
            one_line(found.place),
            ": ",
            ("no revision was applied yet", "bold"),
            " (it has no version table)",
        )
    else:
        of = f" of {number(found.revisions[-1].number)}" if found.revisions else ""
        yield (one_line(found.place), ": ", (f"revision {number(found.version)}{of}", "bold"))
    if state and state.changed_at:
        tool = f" by schemadiff {one_line(state.tool)}" if state.tool else ""
        yield (f"changed {state.changed_at:%Y-%m-%d %H:%M:%S} UTC{tool}",)
    if settings:
        yield (f"settings {one_line(str(settings))}",)
    if found.interrupted:
        yield BLANK
        yield from interrupted(found.interrupted, found.at_work)
        yield from leads_on(found.interrupted, found.at_work, apply, rollback)
    elif found.at_work:
        yield BLANK
        yield heading("at work", f": {one_line(found.at_work)}")
    if found.pending:
        yield BLANK
        yield heading("pending")
        yield from map(revision_line, found.pending)
        if not found.interrupted:
            yield advice(f"run what is pending: {apply}")
    elif not found.revisions:
        yield advice(f"there are no revisions; write the first one: {plan}")
    elif not found.interrupted:
        yield (("nothing is pending", "green"),)


def _status_answer(found: Status, settings: Path | None = None) -> json.Object:
    """The answer of `status`. ``database_version`` is ``null`` where there is no version table, ``settings`` where
    there is no settings file.
    """
    changed_at = found.state.changed_at if found.state else None
    return {
        "operations": [],
        "statements": [],
        "database": found.place,
        "database_version": found.version,
        "newest": len(found.revisions),
        "changed_at": f"{changed_at.isoformat()}Z" if changed_at else None,
        "pending": [json.revision(one) for one in found.pending],
        "interrupted": json.interrupted(found.interrupted),
        "at_work": found.at_work,
        "settings": str(settings) if settings else None,
    }


def _history_answer(revisions: Iterable[Revision], version: int | None) -> json.Object:
    """The answer of `history`. ``applied`` is ``null`` where no database said so."""
    return {
        "operations": [],
        "statements": [],
        "database_version": version,
        "revisions": [
            {**json.revision(one), "applied": None if version is None else one.number <= version}
            for one in revisions
        ],
    }
