"""doctor: how far an Alembic upgrade came that was left half-done, by the live schema; finished or undone.

Alembic's files are parsed, never imported. Nothing but the database says how far it is, so a run that is killed is run
again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Connection

from schemadiff.alembic.case import Case, case_of, examine
from schemadiff.alembic.data import vanishes
from schemadiff.alembic.recording import AlembicRecorder
from schemadiff.alembic.standing import Standing
from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Diagnosis, Finding, FindingState, Way
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.database import alembic_table
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected
from schemadiff.database.facts import facts_about
from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.ending import Ending
from schemadiff.errors import SchemadiffError, UnsupportedError, UsageError, VersionError
from schemadiff.execute import script as scripts
from schemadiff.execute import unrecorded
from schemadiff.execute.executor import RunOptions
from schemadiff.execute.hazard_gate import Confirm, Gate
from schemadiff.execute.preconditions import foreseen
from schemadiff.operations import Execute
from schemadiff.planning import planner
from schemadiff.planning.planner import Plan, Step
from schemadiff.revisions import alembic_history
from schemadiff.revisions.alembic_history import AlembicHistory


@seldom_collected
@with_any_driver("database")
def doctor(
    database: Database,
    directory: str | Path,
    *,
    finish: bool = False,
    undo: bool = False,
    done: int | None = None,
    sql: bool = False,
    dry_run: bool = False,
    allow: Collection[str] = (),
    confirm: Confirm | None = None,
    lock_wait: float = LOCK_WAIT,
    lock_timeout: float = LOCK_TIMEOUT,
    tell: Callable[[str], object] | None = None,
) -> Diagnosis:
    """Tells which operations of Alembic's next revision have happened in the database, by its live schema and the
    revision files in Alembic's `directory`, which are parsed and never executed. Changes nothing by itself.

    With `finish` what is left is carried out and the revision entered in Alembic's table, with `undo` what is done is
    taken back; `sql` gives the script for it, and `dry_run` the plan, and then nothing is changed. `done` says how many
    operations are through where SQL or rows leave that open.

    A revision that has not begun is neither finished nor undone.

    Raises `AmbiguousError` where it is open, `UnsupportedError` where the file has a line that only running it would
    explain, or nobody says what was there before, `HazardError` as `apply` does.
    """
    if finish and undo:
        raise UsageError("finish and undo are two ways: give one of them")
    way: Way | None = "finish" if finish else "undo" if undo else None
    changes = way is not None and not sql and not dry_run
    history = alembic_history.read(Path(directory))
    options = RunOptions(tell=tell or str, wait=lock_wait)
    with connected(database, changes=changes) as (connection, dialect):
        lock = dialect.locked(connection, lock_wait, lock_timeout, options.tell) if changes else nullcontext()
        with lock:
            case = examine(connection, dialect, history)
            if not isinstance(case, Case):
                return Diagnosis(None, case)
            found = _told(case, dialect, done)
            if way is None or not found.is_half_done:
                return found
            treatment = _treatment(case, way, done, connection, dialect)
            result = dataclasses.replace(found, way=way, plan=treatment.plan)
            if sql:
                return dataclasses.replace(result, script=treatment.lines(connection, dialect, lock_timeout))
            if dry_run:
                return result
            Gate(allow, confirm).expect_allowed(result.hazards, "up" if finish else "down")
            treatment.carry_out(connection, dialect, options)
            _prove(connection, dialect, history, case, way)
            return dataclasses.replace(result, mended=True)


@dataclass(frozen=True, slots=True)
class _Treatment:
    """The plan that mends a case, and the version that it leaves in Alembic's table."""

    case: Case
    plan: Plan
    before_end: tuple[str, ...] = ()
    ending: Ending | None = None

    def lines(self, connection: Connection, dialect: Dialect, lock_timeout: float) -> tuple[str, ...]:
        """The script that does it."""
        statements = [one.sql for one in self.plan.steps]
        expected = alembic_table.expected(dialect, self.case.at)
        words = "Alembic's table does not say what it said when this was written"
        return scripts.of_plan(
            self.plan,
            dialect,
            dialect.settings(connection, statements),
            lock_timeout,
            first=dialect.client.expect(expected, words),
            last=(*self.before_end, *([self.ending.sql()] if self.ending else [])),
        )

    def carry_out(self, connection: Connection, dialect: Dialect, options: RunOptions) -> None:
        """Does it."""
        last = [Step(one, (Execute(one),)) for one in self.before_end]
        unrecorded.carry_out(connection, dialect, [*self.plan.steps, *last], self.ending, options)


def _treatment(
    case: Case, way: Way, done: int | None, connection: Connection, dialect: Dialect
) -> _Treatment:
    count = case.chosen(done)
    if case.up.unknown:
        lines = "\n".join(f"  line {one.line}: {one.words}" for one in case.up.unknown)
        raise UnsupportedError(
            f"{case.revision.path} has lines that only running it would explain:\n{lines}",
            hint="Nothing was changed. `schemadiff doctor` says what is certain of the others; do the rest by hand.",
        )
    recorder = AlembicRecorder(case.live, dialect)
    recorder.take(case.copies)
    for index in case.lost(count, dialect):
        recorder.do(index)
    back = [one.change for one in case.down.effects]
    places = range(count, len(case.up.effects)) if way == "finish" else reversed(range(count))
    for place in places:
        effect = case.up.effects[place]
        try:
            if way == "finish":
                recorder.do(effect.change)
            elif not vanishes(effect.change, [one.change for one in case.up.effects[:place]]):
                recorder.undo(effect.change, back)
        except SchemadiffError as error:
            operation = case.up.operations[effect.operation - 1]
            verb = "carried out" if way == "finish" else "undone"
            raise UnsupportedError(
                f"{case.revision.path}, line {operation.line}: {operation.words} cannot be {verb}: {error.message}",
                hint=error.hint or "Nothing was changed. Do this one by hand, and run the command again.",
            ) from error
    operations = tuple(recorder.operations)
    facts = facts_about(connection, dialect, operations, case.live, undoing=way == "undo")
    plan = foreseen(connection, dialect, planner.plan(operations, case.live, dialect, facts=facts))
    if way == "undo":
        return _Treatment(case, plan)
    first, ending = alembic_table.moving(dialect, case.at, case.revision.before, case.revision.id)
    return _Treatment(case, plan, first, ending)


def _told(case: Case, dialect: Dialect, done: int | None = None) -> Diagnosis:
    """Return the diagnosis of the case: its findings, and the ways out."""
    standing = case.standing
    choices = standing.choices
    begun = case.is_begun
    if done is not None and choices:
        choices = (case.chosen(done),)
        begun = begun or choices != (0,)
    elif not begun and choices[0]:
        choices = (0,)  # what holds already is no sign of it
    findings = tuple(
        Finding(
            one.number,
            one.line,
            one.words,
            _state(
                [place for place, effect in enumerate(case.up.effects) if effect.operation == one.number],
                standing,
                choices,
            ),
        )
        for one in case.up.operations
    )
    lost = case.lost(choices[-1], dialect) if choices else ()
    return Diagnosis(
        case.revision,
        case.at,
        findings,
        tuple(standing.operations(one) for one in choices),
        begun,
        case.copies,
        tuple(one.name for one in lost),
    )


def _state(places: Sequence[int], standing: Standing, choices: Sequence[int]) -> FindingState:
    """How an operation stands whose effects are at these places."""
    if choices:
        seen = {True if place < choices[0] else False if place >= choices[-1] else None for place in places}
    else:
        seen = {standing.seen[place] for place in places}
    if seen == {True}:
        return "done"
    if seen == {False} or not seen:
        return "open"
    return "unsure" if None in seen else "half"


def _prove(connection: Connection, dialect: Dialect, history: AlembicHistory, case: Case, way: Way) -> None:
    """Raises `VersionError` where the database, read again, is not where it was brought."""
    at = alembic_table.rows(connection, dialect)
    again = case_of(connection, dialect, history, case.revision, at)
    wanted = len(case.up.effects) if way == "finish" else 0
    marked = case.revision.id in at if way == "finish" else at == case.at
    if wanted not in again.standing.possible or again.copies or not marked:
        raise VersionError(
            f"what was carried out does not show in the database, which is at {', '.join(at) or 'no revision'}",
            hint="Has somebody else changed it meanwhile? `schemadiff doctor` says how it is now.",
        )
