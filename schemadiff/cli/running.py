"""apply, rollback: shown and asked for at a terminal, carried out with a line for every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from schemadiff.cli.guard import DIFFERENT, FINE, answer_failure
from schemadiff.cli.output import lines, plan_lines
from schemadiff.cli.output.renderer import Failure
from schemadiff.cli.terminal.run_lines import Steps, Waits
from schemadiff.cli.terminal.signals import stoppable
from schemadiff.commands import apply as runs
from schemadiff.commands.status import status
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.database.connection import where
from schemadiff.errors import UsageError
from schemadiff.planning.hazards import CODES, held
from schemadiff.revisions import files

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.commands.results import Outcome
    from schemadiff.execute.executor import Event
    from schemadiff.execute.hazard_gate import Confirm
    from schemadiff.execute.status import Status
    from schemadiff.planning.hazards import Hazard


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that `apply` and `rollback` share."""

    dry_run: bool = False
    allow: Sequence[str] | None = None
    yes: bool = False
    lock_wait: float = LOCK_WAIT
    lock_timeout: float = LOCK_TIMEOUT


class _Run(Protocol):
    """`apply` or `rollback` on the project, and how far to go."""

    def __call__(
        self,
        *,
        dry_run: bool = ...,
        sql: bool = ...,
        allow: Sequence[str] = ...,
        confirm: Confirm | None = ...,
        progress: Callable[[Event], object] | None = ...,
        lock_wait: float = ...,
        lock_timeout: float = ...,
        tell: Callable[[str], object] = ...,
    ) -> Outcome: ...


def apply(
    terminal: Terminal, project: Project, renderer: Renderer, *, to: int | None = None, **asked: Any
) -> int:
    """Runs what is pending up to revision `to`."""
    return _carry_out(_Call(terminal, project, renderer, Asked(**asked), runs.apply, {"to": to}))


def rollback(
    terminal: Terminal,
    project: Project,
    renderer: Renderer,
    *,
    to: int | None = None,
    steps: int | None = None,
    **asked: Any,
) -> int:
    """Undoes the last `steps` revisions or all after `to`."""
    how_far = {"to": to, "steps": steps}
    return _carry_out(_Call(terminal, project, renderer, Asked(**asked), runs.rollback, how_far))


class _Call:
    """One call of `apply` or `rollback`: on which project, how it was asked for, and what to call it in questions."""

    def __init__(
        self,
        terminal: Terminal,
        project: Project,
        renderer: Renderer,
        asked: Asked,
        function: Callable[..., Outcome],
        how_far: dict[str, int | None],
    ) -> None:
        self.terminal = terminal
        self.project = project
        self.renderer = renderer
        self.asked = asked
        self.is_apply = renderer.command == "apply"
        self.allow = codes(asked.allow or ())
        database = project.need_database()
        self.run: _Run = partial(
            function,
            database,
            project.need_versions(),
            **how_far,
            online=project.settings.online,
            transaction=project.settings.transaction,
        )
        self.place = where(database)

    def status(self) -> Status:
        """Where the database is."""
        return status(self.project.need_database(), self.project.versions)


def _carry_out(call: _Call) -> int:
    terminal, renderer, asked = call.terminal, call.renderer, call.asked
    if renderer.only_shows or asked.dry_run:
        return _preview(call)
    gate = HazardGate(terminal, call.allow)
    if terminal.interactive and not _agreed(call, gate):
        return declined(terminal, renderer)
    messages = {one.number: one.message for one in files.load(call.project.versions)}

    def ended(words: str, code: int) -> None:
        answer_failure(terminal, renderer, words, None, code)

    with stoppable(terminal, ended) as stop:
        outcome = call.run(
            allow=call.allow,
            confirm=gate.ask if terminal.interactive else None,
            progress=Steps(terminal, messages, bar=renderer.for_people, see=stop.see),
            lock_wait=asked.lock_wait,
            lock_timeout=asked.lock_timeout,
            tell=Waits(terminal, stop.while_waiting),
        )
    terminal.answer(renderer.outcome(outcome, call.place))
    if outcome.done:
        terminal.note((("done", "green"), f": {call.place} is at revision {lines.number(outcome.after)}"))
    else:
        terminal.note((_nothing_to_do(call, outcome),))
    return FINE


def declined(terminal: Terminal, renderer: Renderer) -> int:
    """Says that nothing was changed, since the person did not want it; returns the exit code."""
    terminal.note(("nothing was changed",))
    terminal.answer(renderer.failed(Failure("nothing was changed", None, DIFFERENT)))
    return DIFFERENT


def _preview(call: _Call) -> int:
    """Writes what would be run. In the middle of a revision that is what is left of it, and no more is known."""
    terminal, renderer = call.terminal, call.renderer
    status = call.status()
    if status.interrupted:
        terminal.answer(renderer.halfway(status, call.place))
        if renderer.for_people:
            waits = "waits for its end" if status.at_work else "deals with this first"
            terminal.note((f"{renderer.command} {waits}",))
        return DIFFERENT
    found = call.run(dry_run=True, sql=renderer.only_shows, lock_timeout=call.asked.lock_timeout)
    terminal.answer(renderer.preview(found, call.place))
    if not found.done:
        terminal.note((_nothing_to_do(call, found),))
    return DIFFERENT if call.asked.dry_run and found.done else FINE


def _agreed(call: _Call, gate: HazardGate) -> bool:
    """Whether the person at the terminal wants what would be run: shown before anything is locked."""
    terminal, place, yes = call.terminal, call.place, call.asked.yes
    status = call.status()
    if status.interrupted:
        if yes:
            return True
        terminal.note(*lines.interrupted(status.interrupted, status.at_work))
        word = "Deal with it first, and go on" if call.is_apply else "Roll it back"
        if status.at_work:
            terminal.note(lines.working(status.at_work))
            word = f"Wait for its end, and {'go on' if call.is_apply else 'roll back what is last then'}"
        return terminal.ask(f"{word} in {place}?")
    found = call.run(dry_run=True)
    if not found.done:
        return True
    if not yes:
        terminal.note(*plan_lines.preview(found), lines.BLANK)
        count = len(found.done)
        many = f"{count} revision{'s' if count > 1 else ''}"
        question = f"Apply {many} to {place}?" if call.is_apply else f"Roll back {many} of {place}?"
        if not terminal.ask(question):
            return False
    held = gate.held(found.hazards)
    return not held or gate.ask(held)


class HazardGate:
    """Asks for the hazards that are not allowed, each once."""

    def __init__(self, terminal: Terminal, allow: Sequence[str]) -> None:
        self._terminal = terminal
        self._allow = allow
        self._accepted: set[Hazard] = set()

    def held(self, hazards: Sequence[Hazard]) -> list[Hazard]:
        """Those that need a yes."""
        return held(hazards, self._allow)

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


def _nothing_to_do(call: _Call, outcome: Outcome) -> str:
    words = "apply" if call.is_apply else "roll back"
    return f"nothing to {words}: {call.place} is at revision {lines.number(outcome.after)}"


def codes(allow: Sequence[str]) -> tuple[str, ...]:
    """The codes of hazards that may pass. Raises `UsageError` for one that there is not."""
    codes = tuple("all" if code.lower() == "all" else code.upper() for code in allow)
    for code in codes:
        if code != "all" and code not in CODES:
            raise UsageError(f"there is no hazard {code}", hint=f"--allow takes {', '.join(CODES)}, or all.")
    return codes
