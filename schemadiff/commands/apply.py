"""apply and rollback: the revisions carried out, forward and back.

Nothing in here prints, prompts or exits: what a person has to be asked goes through ``confirm``, what a run has to
tell through ``progress``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Done, Outcome
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.config.settings import Online, Transaction
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected, where
from schemadiff.errors import PendingError, SchemadiffError, UsageError, VersionError
from schemadiff.execute import advice, baseline, revision_run, script, single_transaction, version_table
from schemadiff.execute.executor import Progress, RunOptions, Task
from schemadiff.execute.hazard_gate import Confirm, Gate
from schemadiff.execute.journal import Direction, Interrupted
from schemadiff.execute.resume import interrupted_in, resume, without_stale_entry
from schemadiff.execute.revision_run import RunContext
from schemadiff.execute.single_transaction import expect_together
from schemadiff.execute.status import State
from schemadiff.execute.version_check import check_target, state_at, verify
from schemadiff.revisions import files
from schemadiff.revisions.files import Revision


@seldom_collected
@with_any_driver("database")
def apply(
    database: Database,
    versions: str | Path = "versions",
    *,
    to: int | None = None,
    allow: Collection[str] = (),
    confirm: Confirm | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
    sql: bool = False,
    lock_wait: float = LOCK_WAIT,
    lock_timeout: float = LOCK_TIMEOUT,
    online: Online = "auto",
    transaction: Transaction = "each",
    tell: Callable[[str], object] | None = None,
) -> Outcome:
    """Finishes an interrupted revision, then runs the pending ones up to number `to` (all when ``None``).

    `lock_wait` are the seconds to wait for another run of schemadiff to end, and to try to get the locks of a step;
    one try takes no longer than `lock_timeout` seconds, so that the application does not stand behind it. `tell` is
    told in a sentence whom it waits for. `online` says which tables are changed so that nobody has to wait,
    `transaction` whether each revision is one, or all of the run are together (where DDL can be rolled back).

    With `dry_run` nothing is changed, and the outcome is what a run would do. With `sql` nothing is changed either, and
    its ``script`` are the lines that do the same when a person runs them; a revision that calls a function raises
    `UnsupportedError` then.

    Raises `HazardError`, before anything is changed, when something would be destroyed that neither `allow` (codes,
    or ``"all"``) nor `confirm` allows; `StepError` when a statement fails; `LockedError` after `lock_wait` seconds.
    """
    history = files.load(Path(versions))
    check_target(to, history, "apply")
    gate, options = Gate(allow, confirm, dry_run or sql), RunOptions(progress, tell or str, lock_wait)
    with _context(database, history, gate, options, online, transaction, lock_timeout) as context:
        outcome = _apply(context, to, where(database))
        return _with_script(context, outcome, where(database), lock_timeout) if sql else outcome


@seldom_collected
@with_any_driver("database")
def rollback(
    database: Database,
    versions: str | Path = "versions",
    *,
    to: int | None = None,
    steps: int | None = None,
    allow: Collection[str] = (),
    confirm: Confirm | None = None,
    progress: Progress | None = None,
    dry_run: bool = False,
    sql: bool = False,
    lock_wait: float = LOCK_WAIT,
    lock_timeout: float = LOCK_TIMEOUT,
    online: Online = "auto",
    transaction: Transaction = "each",
    tell: Callable[[str], object] | None = None,
) -> Outcome:
    """Undoes an interrupted revision, or else the last `steps` revisions (one when neither is given) or all after `to`.

    Raises `UnsupportedError` before the first statement when one of them cannot be undone, and as `apply` does.
    """
    history = files.load(Path(versions))
    check_target(to, history, "rollback")
    if to is not None and steps is not None:
        raise UsageError(
            "give either the number of the revision to go back to or the number of steps, not both"
        )
    if steps is not None and steps < 1:
        raise UsageError(f"cannot go back {steps} steps")
    gate, options = Gate(allow, confirm, dry_run or sql), RunOptions(progress, tell or str, lock_wait)
    with _context(database, history, gate, options, online, transaction, lock_timeout) as context:
        outcome = _rollback(context, to, steps, where(database))
        return _with_script(context, outcome, where(database), lock_timeout) if sql else outcome


@contextmanager
def _context(
    database: Database,
    history: tuple[Revision, ...],
    gate: Gate,
    options: RunOptions,
    online: Online,
    transaction: Transaction,
    lock_timeout: float,
) -> Iterator[RunContext]:
    """Where a run takes place, which holds the lock unless it changes nothing."""
    with connected(database, changes=not gate.dry_run) as (connection, dialect):
        expect_together(dialect, transaction)
        with (
            nullcontext()
            if gate.dry_run
            else dialect.locked(connection, options.wait, lock_timeout, options.tell)
        ):
            yield RunContext(connection, dialect, history, gate, options, online, transaction)


def _apply(context: RunContext, to: int | None, place: str) -> Outcome:
    state = version_table.read(context.connection, context.dialect) or State()
    verify(state, context.history)
    state = without_stale_entry(context, state)
    before = state.version
    state, done = _resumed(context, state, "up", place)
    if to is not None and to < state.version:
        raise UsageError(
            f"{place} is at revision {state.version}, after {to}",
            hint=f"To go back: schemadiff rollback --to {to}",
        )
    pending = context.history[state.version : to]
    done += _carry_out(context, "up", state, pending)
    return Outcome(before, pending[-1].number if pending else state.version, tuple(done))


def _rollback(context: RunContext, to: int | None, steps: int | None, place: str) -> Outcome:
    state = version_table.read(context.connection, context.dialect)
    if state is None:
        raise VersionError(
            f"{place} has no version table: there is nothing to roll back",
            hint="Is it the right database? `schemadiff status` shows where it is.",
        )
    verify(state, context.history)
    begun, state = state, without_stale_entry(context, state)
    before = state.version
    if state is not begun and to is None and steps is None:
        return Outcome(before, before, ())
    state, done = _resumed(context, state, "down", place)
    if done and to is None and steps is None:
        return Outcome(before, state.version, tuple(done))
    target = to if to is not None else max(state.version - (steps or 1), 0)
    if target > state.version:
        raise UsageError(
            f"{place} is at revision {state.version}, before {target}",
            hint=f"To go forward: schemadiff apply --to {target}",
        )
    undone = tuple(reversed(context.history[target : state.version]))
    done += _carry_out(context, "down", state, undone)
    return Outcome(before, target, tuple(done))


def _resumed(context: RunContext, state: State, direction: Direction, place: str) -> tuple[State, list[Done]]:
    """The state when nothing is interrupted any more, and what was done to come there."""
    done: list[Done] = []
    while interrupted := interrupted_in(context.connection, context.dialect, state, context.history):
        _not_in_a_dry_run(context, place, interrupted)
        done.append(_done(context, resume(context, state, interrupted, direction)))
        state = version_table.read(context.connection, context.dialect) or State()
    return state, done


def _with_script(context: RunContext, outcome: Outcome, place: str, lock_timeout: float) -> Outcome:
    """The outcome of a dry run with the lines of a script that leaves the same database and the same version row."""
    tasks = [one.task for one in outcome.done]
    if not tasks:
        return outcome
    messages = {one.revision: one.message for one in outcome.done}
    settings = context.dialect.settings(
        context.connection, [step.sql for task in tasks for step in task.plan.steps]
    )
    lines = script.of_tasks(tasks, messages, context.dialect, settings, place, lock_timeout)
    return dataclasses.replace(outcome, script=lines)


def _not_in_a_dry_run(context: RunContext, place: str, interrupted: Interrupted) -> None:
    if context.gate.dry_run:
        raise PendingError(
            f"{place} is in the middle of a revision: what comes after cannot be said before that is settled",
            hint=f"`schemadiff status` says what is left of it; {advice.finish(interrupted.direction)}",
        )


def _carry_out(
    context: RunContext, direction: Direction, state: State, chosen: Sequence[Revision]
) -> list[Done]:
    """Carries the revisions out in their order, after the gate has seen the hazards of all of them."""
    if not chosen:
        return []
    legs = (revision_run.forward if direction == "up" else revision_run.backward)(context, state, chosen)
    prospect = revision_run.foresee(context, direction, state, legs)
    if direction == "up":
        baseline.expect_room(prospect)
    else:
        prospect = baseline.with_hazards(prospect)
    context.gate.expect_allowed(
        [hazard for task in prospect.tasks for hazard in task.plan.hazards], direction
    )
    if context.gate.dry_run:
        return [_done(context, task) for task in prospect.tasks]
    version_table.create(context.connection, context.dialect)
    if context.transaction == "all":
        return [_done(context, task) for task in single_transaction.carry_out(context, state, prospect)]
    done: list[Done] = []
    try:
        for task in revision_run.in_turn(context, prospect):
            context.run(task)
            done.append(_done(context, task))
    except SchemadiffError:
        if done and done[-1].task.after.files is None:
            with suppress(SQLAlchemyError):  # the connection may be lost: the next run notes them
                noted = state_at(done[-1].task.after.version, context.history)
                version_table.note_files(context.connection, context.dialect, noted)
        raise
    return done


def _done(context: RunContext, task: Task) -> Done:
    return Done(context.history[task.revision - 1].message, task)
