"""renumber: after a merge, revisions move behind those of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.commands.renumber import renumber as renumbered

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal


def renumber(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    mine: Sequence[str] | None = None,
    dry_run: bool = False,
) -> int:
    """Renames the revision files, and says what both sides touch."""
    found = renumbered(project.find_database(), project.need_versions(), mine=mine or (), dry_run=dry_run)
    terminal.answer(renderer.renumbered(found, dry_run=dry_run))
    return DIFFERENT if found.unfit or (dry_run and found.moves) else FINE
