"""apply, rollback: shown and asked for at a terminal, carried out with a line for every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from schemadiff import advice, revisions, workflow
from schemadiff.cli.guard import DIFFERENT, FINE
from schemadiff.cli.options import Format
from schemadiff.cli.output import json, lines, plan_json, plan_lines
from schemadiff.cli.terminal.run_lines import Steps, Waits
from schemadiff.cli.terminal.signals import stoppable
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.database import where
from schemadiff.errors import PendingError, UsageError
from schemadiff.hazards import CODES
from schemadiff.outcomes import Outcome

if TYPE_CHECKING:
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.executor import Event
    from schemadiff.hazards import Hazard
    from schemadiff.tasks import Confirm


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that `apply` and `rollback` share."""

    sql: bool = False
    dry_run: bool = False
    allow: tuple[str, ...] = ()
    yes: bool = False
    lock_wait: float = LOCK_WAIT
    output: Format = Format.text
    lock_timeout: float = LOCK_TIMEOUT


Verb = Literal["apply", "rollback"]


class _Run(Protocol):
    """`workflow.apply` or `workflow.rollback` on the project, and how far to go."""

    def __call__(
        self,
        *,
        dry_run: bool = ...,
        allow: Sequence[str] = ...,
        confirm: Confirm | None = ...,
        progress: Callable[[Event], object] | None = ...,
        lock_wait: float = ...,
        lock_timeout: float = ...,
        tell: Callable[[str], object] = ...,
    ) -> Outcome: ...


def apply(terminal: Terminal, project: Project, asked: Asked, *, to: int | None = None) -> int:
    """Runs what is pending up to revision `to`."""
    run = partial(
        workflow.apply,
        project.need_database(),
        project.need_versions(),
        to=to,
        online=project.online,
        transaction=project.transaction,
    )
    return _carry_out("apply", terminal, project, asked, run)


def rollback(
    terminal: Terminal, project: Project, asked: Asked, *, to: int | None = None, steps: int | None = None
) -> int:
    """Undoes the last `steps` revisions or all after `to`."""
    run = partial(
        workflow.rollback,
        project.need_database(),
        project.need_versions(),
        to=to,
        steps=steps,
        online=project.online,
        transaction=project.transaction,
    )
    return _carry_out("rollback", terminal, project, asked, run)


def _carry_out(verb: Verb, terminal: Terminal, project: Project, asked: Asked, run: _Run) -> int:
    allow = _codes(asked.allow)
    if asked.sql and asked.output is Format.json:
        raise UsageError("--sql and --format json are two ways to write one thing: give one of them")
    place = where(project.need_database())
    if asked.sql or asked.dry_run:
        return _tell(verb, terminal, project, asked, run, place)
    gate = _Gate(terminal, allow)
    if terminal.interactive and not _agreed(verb, terminal, project, asked, run, gate, place):
        terminal.note(("nothing was changed",))
        return DIFFERENT
    messages = {one.number: one.message for one in revisions.load(project.versions)}
    with stoppable(terminal) as stop:
        outcome = run(
            allow=allow,
            confirm=gate.ask if terminal.interactive else None,
            progress=Steps(terminal, messages, bar=asked.output is Format.text, see=stop.see),
            lock_wait=asked.lock_wait,
            lock_timeout=asked.lock_timeout,
            tell=Waits(terminal, stop.while_waiting),
        )
    if asked.output is Format.json:
        terminal.machine(json.dump(verb, plan_json.outcome(outcome, place, dry_run=False)))
    if outcome.done:
        terminal.note((("done", "green"), f": {place} is at revision {lines.number(outcome.after)}"))
    else:
        terminal.note((_nothing_to_do(verb, outcome, place),))
    return FINE


def _tell(verb: Verb, terminal: Terminal, project: Project, asked: Asked, run: _Run, place: str) -> int:
    """Writes what would be run. In the middle of a revision that is what is left of it, and no more is known."""
    status = workflow.status(project.need_database(), project.versions)
    if status.interrupted:
        if asked.sql:
            raise PendingError(
                f"{place} is in the middle of revision {status.interrupted.revision}",
                hint=f"Settle that first: {advice.finish(status.interrupted.direction)}",
            )
        if asked.output is Format.json:
            at = status.version or 0
            content = plan_json.outcome(
                Outcome(at, at, ()), place, dry_run=True, interrupted=status.interrupted
            )
            terminal.machine(json.dump(verb, content))
        else:
            terminal.report(*lines.interrupted(status.interrupted, status.at_work))
            waits = "waits for its end" if status.at_work else "deals with this first"
            terminal.note((f"{verb} {waits}",))
        return DIFFERENT
    found = run(dry_run=True, lock_timeout=asked.lock_timeout)
    if asked.output is Format.json:
        terminal.machine(json.dump(verb, plan_json.outcome(found, place, dry_run=True)))
    elif asked.sql:
        if found.done:
            terminal.machine("\n".join(found.script()))
    else:
        terminal.report(*plan_lines.preview(found))
    if not found.done:
        terminal.note((_nothing_to_do(verb, found, place),))
    return DIFFERENT if asked.dry_run and found.done else FINE


def _agreed(
    verb: Verb, terminal: Terminal, project: Project, asked: Asked, run: _Run, gate: _Gate, place: str
) -> bool:
    """Whether the person at the terminal wants what would be run: shown before anything is locked."""
    status = workflow.status(project.need_database(), project.versions)
    if status.interrupted:
        if asked.yes:
            return True
        terminal.note(*lines.interrupted(status.interrupted, status.at_work))
        word = "Deal with it first, and go on" if verb == "apply" else "Roll it back"
        if status.at_work:
            terminal.note(lines.working(status.at_work))
            word = f"Wait for its end, and {'go on' if verb == 'apply' else 'roll back what is last then'}"
        return terminal.ask(f"{word} in {place}?")
    found = run(dry_run=True)
    if not found.done:
        return True
    if not asked.yes:
        terminal.note(*plan_lines.preview(found), lines.BLANK)
        count = len(found.done)
        many = f"{count} revision{'s' if count > 1 else ''}"
        question = f"Apply {many} to {place}?" if verb == "apply" else f"Roll back {many} of {place}?"
        if not terminal.ask(question):
            return False
    held = gate.held(found.hazards)
    return not held or gate.ask(held)


class _Gate:
    """Asks for the hazards that are not allowed, each once."""

    def __init__(self, terminal: Terminal, allow: Sequence[str]) -> None:
        self._terminal = terminal
        self._allow = allow
        self._accepted: set[Hazard] = set()

    def held(self, hazards: Sequence[Hazard]) -> list[Hazard]:
        """Those that need a yes."""
        if "all" in self._allow:
            return []
        return [one for one in hazards if one.level == "destructive" and one.code not in self._allow]

    def ask(self, hazards: Sequence[Hazard]) -> bool:
        """Whether the person accepts these hazards, or has done so before."""
        new = [one for one in hazards if one not in self._accepted]
        if not new:
            return True
        self._terminal.note((("Data would be destroyed:", "bold red"),), *plan_lines.hazards(new))
        if not self._terminal.ask("Destroy it?", full=True):
            return False
        self._accepted.update(new)
        return True


def _nothing_to_do(verb: Verb, outcome: Outcome, place: str) -> str:
    words = "apply" if verb == "apply" else "roll back"
    return f"nothing to {words}: {place} is at revision {lines.number(outcome.after)}"


def _codes(allow: Sequence[str]) -> tuple[str, ...]:
    """The codes of hazards that may pass. Raises `UsageError` for one that there is not."""
    codes = tuple("all" if code.lower() == "all" else code.upper() for code in allow)
    for code in codes:
        if code != "all" and code not in CODES:
            raise UsageError(f"there is no hazard {code}", hint=f"--allow takes {', '.join(CODES)}, or all.")
    return codes
