"""baseline, stamp, revision: what others made, or one does by hand, is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.commands.baseline import baseline as taken
from schemadiff.commands.revision import revision as begun
from schemadiff.commands.stamp import stamp as stamped
from schemadiff.config.defaults import LOCK_WAIT
from schemadiff.database.connection import where

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal


def baseline(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    message: str | None = None,
    from_alembic: str | None = None,
    drop_alembic_version: bool = False,
    lock_wait: float = LOCK_WAIT,
) -> int:
    """Takes the database over."""
    database = project.need_database()
    found = taken(
        database,
        project.find_models(),
        project.versions,
        message=message,
        from_alembic=from_alembic,
        drop_alembic_version=drop_alembic_version,
        include=project.settings.include,
        exclude=project.exclude,
        schemas=project.settings.schemas,
        lock_wait=lock_wait,
        tell=terminal.tell,
    )
    terminal.answer(renderer.baseline(found, where(database)))
    if found.written and not renderer.for_people:
        terminal.note((f"wrote {found.revision.path}",))
    return FINE if found.recorded else DIFFERENT


def stamp(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    to: str,
    force: bool = False,
    lock_wait: float = LOCK_WAIT,
) -> int:
    """Records the database at a revision."""
    database = project.need_database()
    found = stamped(
        database,
        to,
        project.need_versions(),
        models=project.find_models(),
        force=force,
        include=project.settings.include,
        exclude=project.exclude,
        schemas=project.settings.schemas,
        lock_wait=lock_wait,
        tell=terminal.tell,
    )
    terminal.answer(renderer.stamped(found, where(database)))
    return FINE if found.recorded else DIFFERENT


def revision(terminal: Terminal, project: Project, renderer: Renderer, *, message: str | None = None) -> int:
    """Writes an empty revision."""
    terminal.answer(renderer.begun(begun(project.versions, message=message)))
    return FINE
