"""doctor: shown, and asked for at a terminal before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.cli.output import doctor_lines, lines
from schemadiff.cli.running import HazardGate, codes, declined
from schemadiff.commands.doctor import doctor as examined
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.database.connection import where
from schemadiff.errors import UsageError
from schemadiff.revisions import alembic_history

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.commands.results import Diagnosis


def doctor(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    alembic: str | None = None,
    finish: bool = False,
    undo: bool = False,
    done: int | None = None,
    dry_run: bool = False,
    allow: Sequence[str] | None = None,
    yes: bool = False,
    lock_wait: float = LOCK_WAIT,
    lock_timeout: float = LOCK_TIMEOUT,
) -> int:
    """Tells what an Alembic upgrade left half-done, and mends it where that is asked for."""
    database = project.need_database()
    place = where(database)
    directory = Path(alembic) if alembic else alembic_history.find(Path())
    allowed = codes(allow or ())
    if renderer.only_shows and not (finish or undo):
        raise UsageError(
            "--sql is the SQL that finishes a revision or undoes it", hint="Add --finish or --undo."
        )
    run = partial(
        examined,
        database,
        directory,
        finish=finish,
        undo=undo,
        done=done,
        lock_wait=lock_wait,
        lock_timeout=lock_timeout,
        tell=terminal.tell,
    )
    if not (finish or undo) or dry_run or renderer.only_shows:
        found = run(dry_run=True, sql=renderer.only_shows)
        terminal.answer(renderer.diagnosed(found, place))
        return FINE if renderer.only_shows or not found.is_half_done else DIFFERENT
    gate = HazardGate(terminal, allowed)
    if terminal.interactive:
        found = run(dry_run=True)
        if found.is_half_done and found.revision:
            verb = "Finish" if finish else "Undo"
            question = "" if yes else f"{verb} Alembic's revision {found.revision.id} in {place}?"
            if not _agreed(terminal, renderer, gate, found, place, question):
                return declined(terminal, renderer)
    found = run(allow=allowed, confirm=gate.ask if terminal.interactive else None)
    terminal.answer(renderer.diagnosed(found, place))
    return FINE


def _agreed(
    terminal: Terminal, renderer: Renderer, gate: HazardGate, found: Diagnosis, place: str, question: str
) -> bool:
    """Whether the person at the terminal wants it; the `question` is empty where that is said already."""
    if question:
        terminal.note(*doctor_lines.diagnosed(found, place, renderer.speak("schemadiff doctor")), lines.BLANK)
        if not terminal.ask(question):
            return False
    held = gate.held(found.hazards)
    return not held or gate.ask(held)
