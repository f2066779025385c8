"""status, history: where the database is. Where the driver alone can tell, nothing else is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemadiff.cli.guard import DIFFERENT, FINE, failure
from schemadiff.config.settings import passed_over
from schemadiff.errors import SchemadiffError
from schemadiff.execute.quick_status import glance
from schemadiff.revisions import files

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.database.connection import Database
    from schemadiff.execute.status import Status
    from schemadiff.revisions.files import Revision


def status(terminal: Terminal, project: Project, renderer: Renderer, *, verbose: bool = False) -> int:
    """Tells where the database is; `verbose`, also of which file its revision is."""
    database = project.need_database()
    found = _standing(database, files.load(project.versions))
    terminal.answer(renderer.status(found, project.settings.source, verbose=verbose))
    if project.settings.passed_over:
        terminal.note((passed_over(project.settings.passed_over),))
    return DIFFERENT if found.pending or found.interrupted else FINE


def history(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    between: range | None = None,
    verbose: bool = False,
    marked: bool = False,
) -> int:
    """Lists the revision files, or those whose numbers are `between`: also without a database, and with one that
    contradicts them, when the files are what one wants to see. `verbose`, with all that their docstrings say; `marked`,
    with a mark at the last one that is applied.
    """
    found = files.load(project.versions)
    applied: int | None = None
    error: SchemadiffError | None = None
    database = project.find_database()
    if database is None:
        terminal.note(("no database is named: nothing is said about what is applied",))
    else:
        try:
            applied = _standing(database, found).version or 0
        except SchemadiffError as raised:
            error = raised
    failed = failure(terminal, renderer, error.message, error.hint) if error else None
    listed = tuple(one for one in found if between is None or one.number in between)
    terminal.answer(
        renderer.history(listed, applied, project.versions, failed, verbose=verbose, marked=marked)
    )
    if error:
        raise error
    return FINE


def _standing(database: Database, history: tuple[Revision, ...]) -> Status:
    """Where the database is, at a glance, or as `commands` finds out."""
    found = glance(database, history) if isinstance(database, str) else None
    if found is not None:
        return found
    from schemadiff.commands import status

    return status.status_of(database, history)
