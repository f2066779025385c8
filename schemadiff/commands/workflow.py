"""plan, apply, rollback, check, status: wired from the other modules. The public Python API.

Nothing in here prints, prompts or exits: what a person has to be asked goes through ``confirm``, what a run has to
tell through ``progress``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Done, Drift, Outcome, Planned, Shown
from schemadiff.compare import comparer, objects, renames
from schemadiff.compare.renames import Candidate
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.config.settings import Online, Transaction
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected, where
from schemadiff.database.facts import facts_about
from schemadiff.database.inspector import ask, differences, inspect_for, refuse_taken
from schemadiff.errors import AmbiguousError, PendingError, SchemadiffError, UsageError, VersionError
from schemadiff.execute import advice, revision_run, script, single_transaction, version_table
from schemadiff.execute.executor import Progress, RunOptions, Task
from schemadiff.execute.journal import Direction, Interrupted
from schemadiff.execute.preconditions import foreseen
from schemadiff.execute.resume import interrupted_in, resume, without_stale_entry
from schemadiff.execute.revision_run import Confirm, Gate, RunContext, asked_how, large_tables
from schemadiff.execute.single_transaction import expect_together
from schemadiff.execute.status import State, Status
from schemadiff.execute.version_check import at_head, check_target, state_at, verify
from schemadiff.models import filters
from schemadiff.models.loading import given_models, load_models
from schemadiff.models.reader import read
from schemadiff.operations import Found, Operation, RenameColumn
from schemadiff.planning import planner, replay
from schemadiff.planning.planner import Plan
from schemadiff.planning.written_forms import as_written, live_parts, unnamed_drops
from schemadiff.revisions import files, suggested_name
from schemadiff.revisions.files import Revision
from schemadiff.revisions.writer import revision as writer
from schemadiff.schema import Unsupported

Models = sa.MetaData | str | object
"""A MetaData, or what the setting ``models`` takes: ``module:attribute``, a declarative base, a Flask-SQLAlchemy db."""

Decide = Callable[[Candidate], bool]
"""Asked whether a column was renamed."""


@seldom_collected
@with_any_driver("database")
def plan(
    database: Database,
    models: Models,
    versions: str | Path = "versions",
    *,
    message: str | None = None,
    dry_run: bool = False,
    rename: Iterable[str] = (),
    no_renames: bool = False,
    decide: Decide | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    schemas: Iterable[str] = (),
    online: Online = "auto",
) -> Planned:
    """Compares the live database with the models and writes the next revision file, unless nothing differs or
    `dry_run`.

    `rename` are lines as ``user.phone=mobile``; with `no_renames` nothing else is taken for a rename. `include` and
    `exclude` are patterns for ``table`` or ``schema.table``: nothing else, or all but these, is compared (see
    `filters`). `schemas` are compared beside those that the models and revisions name.

    Raises `PendingError` while revisions are pending, `AmbiguousError` when a column may have been renamed and
    `decide` is not there to say.
    """
    directory = Path(versions)
    metadata = _metadata(models)
    with connected(database) as (connection, dialect):
        history = files.load(directory)
        state = version_table.read(connection, dialect)
        verify(state or State(), history)
        at_head(state or State(), history, where(database))
        chosen = filters.choose(metadata, dialect, include, exclude)
        replayed, _ = files.replay(history, dialect)
        desired = read(metadata, dialect, chosen)
        beside = filters.names(schemas, dialect)
        whole = inspect_for(connection, dialect, replayed, desired, beside=beside, expected=replayed)
        ignored = filters.ignored(chosen, replayed, whole)
        live = filters.visible(whole, chosen, dialect)
        moves = (*renames.given(rename, live, dialect), *renames.declared(metadata, live, desired, dialect))
        moves = (*moves, *renames.respelled(replay.all_after(moves, live, dialect), desired, dialect))
        if moves:
            chosen = chosen.through(moves)
            live = filters.visible(whole, chosen, dialect)
        expected = filters.visible(replayed, chosen, dialect)
        hidden = filters.hidden_columns(whole, chosen)
        asked = ask(connection, dialect, expected, live, hidden)
        notes = [*live.unsupported, *desired.unsupported, *asked.unsupported]
        found = comparer.drift(asked, live, dialect)
        current = as_written(live, asked, dialect)

        def compare(moves: Sequence[Operation]) -> tuple[Operation, ...]:
            renamed = filters.visible(replay.all_after(moves, current, dialect), chosen, dialect)
            rest = differences(connection, dialect, renamed, desired, hidden, notes.extend)
            return objects.around_moves(moves, rest)

        operations = compare(moves)
        if not no_renames:
            extra = _decide(renames.candidates(operations), decide)
            if extra:
                operations = compare((*moves, *extra))
        refuse_taken(connection, dialect, operations)
        if dialect.makes_names:
            # What was found has names there.
            operations = unnamed_drops(operations, replay.all_after(found, asked, dialect))
        recorded = (*(Found(one) for one in found), *operations)
        number = len(history) + 1
        if not recorded:
            return Planned(Plan((), ()), message or "", number, "", None, _once(notes), ignored)
        text = message or suggested_name.suggest_message(recorded)
        source = writer.write(recorded, text, dialect, current.tables)
        # What is shown is what `apply` will make of the file: it is read back before it is written.
        path = files.path_of(directory, number, text)
        loaded, _ = files.understand(source, path, number, history).record(replayed, dialect)
        facts = facts_about(connection, dialect, loaded, live, rewritable=True)
        planned = planner.plan(
            planner.find_drops(loaded, expected, live_parts(expected, asked, live, dialect), dialect),
            whole,
            dialect,
            facts=facts,
            large=large_tables(connection, dialect, loaded, live, online),
        )
        (planned,) = asked_how(connection, dialect, [planned], facts)
        planned = foreseen(connection, dataclasses.replace(planned, operations=loaded))
        result = Planned(planned, text, number, source, None, _once(notes), ignored)
    return (
        result if dry_run else dataclasses.replace(result, path=files.save(directory, number, text, source))
    )


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
    dry_run, tell = dry_run or sql, tell or _silent
    with connected(database, changes=not dry_run) as (connection, dialect):
        gate, options = Gate(allow, confirm, dry_run), RunOptions(progress, tell, lock_wait)
        expect_together(dialect, transaction)
        context = RunContext(connection, dialect, history, gate, options, online, transaction)
        with nullcontext() if dry_run else dialect.locked(connection, lock_wait, lock_timeout, tell):
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
    dry_run, tell = dry_run or sql, tell or _silent
    with connected(database, changes=not dry_run) as (connection, dialect):
        gate, options = Gate(allow, confirm, dry_run), RunOptions(progress, tell, lock_wait)
        expect_together(dialect, transaction)
        context = RunContext(connection, dialect, history, gate, options, online, transaction)
        with nullcontext() if dry_run else dialect.locked(connection, lock_wait, lock_timeout, tell):
            outcome = _rollback(context, to, steps, where(database))
        return _with_script(context, outcome, where(database), lock_timeout) if sql else outcome


@seldom_collected
@with_any_driver("database")
def check(
    database: Database,
    models: Models,
    versions: str | Path = "versions",
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    schemas: Iterable[str] = (),
) -> Drift:
    """Whether models, revision files and database agree. Changes nothing. `include`, `exclude` and `schemas` are as
    in `plan`.

    Where there are neither revisions nor a version table, the database is compared with the models alone.
    """
    metadata = _metadata(models)
    history = files.load(Path(versions))
    with connected(database) as (connection, dialect):
        at_work = dialect.at_work(connection)
        state = version_table.read(connection, dialect)
        verify(state or State(), history)
        chosen = filters.choose(metadata, dialect, include, exclude)
        desired = read(metadata, dialect, chosen)
        number = (state or State()).version
        at, _ = files.replay(history[:number], dialect)
        replayed, _ = files.replay(history[number:], dialect, at)
        head = filters.visible(replayed, chosen, dialect)
        beside = filters.names(schemas, dialect)
        expected = desired if state is None and not history else at
        whole = inspect_for(connection, dialect, replayed, at, desired, beside=beside, expected=expected)
        ignored = filters.ignored(chosen, replayed, whole)
        live = filters.visible(whole, chosen, dialect)
        hidden = filters.hidden_columns(whole, chosen)
        notes = [*live.unsupported, *desired.unsupported]
        if state is None and not history:
            missing = differences(connection, dialect, live, desired, hidden, notes.extend)
            refuse_taken(connection, dialect, missing)
            unrecorded = bool(desired.tables or desired.objects)
            return Drift(0, missing, unsupported=_once(notes), ignored=ignored, unrecorded=unrecorded)
        state = state or State()
        expected = filters.visible(at, chosen, dialect)
        interrupted = interrupted_in(connection, dialect, state, history)
        drifted: tuple[Operation, ...] = ()
        if interrupted is None:
            asked = ask(connection, dialect, expected, live, hidden)
            notes += asked.unsupported
            drifted = comparer.drift(asked, live, dialect)
        missing = comparer.compare(head, desired, dialect)
        if missing:
            # The rules see a difference: what would the server say?
            both = [ask(connection, dialect, one, live, hidden) for one in (head, desired)]
            notes += (note for one in both for note in one.unsupported)
            missing = comparer.compare(both[0], both[1], dialect)
            refuse_taken(connection, dialect, missing)
        pending = history[state.version :]
        at_work = at_work or dialect.at_work(connection)
        return Drift(state.version, missing, pending, drifted, interrupted, _once(notes), ignored, at_work)


def status(database: Database, versions: str | Path = "versions") -> Status:
    """Where the database is, and what is pending or interrupted. Changes nothing."""
    return status_of(database, files.load(Path(versions)))


@seldom_collected
@with_any_driver("database")
def status_of(database: Database, history: tuple[Revision, ...]) -> Status:
    """As `status`, the revisions being loaded."""
    with connected(database) as (connection, dialect):
        at_work = dialect.at_work(connection)
        state = version_table.read(connection, dialect)
        verify(state or State(), history)
        interrupted = interrupted_in(connection, dialect, state, history) if state else None
        # It may have begun just now.
        at_work = at_work or dialect.at_work(connection)
        return Status(where(database), state.version if state else None, history, state, interrupted, at_work)


@seldom_collected
@with_any_driver("database")
def show(database: Database, versions: str | Path, number: int) -> Shown:
    """One revision and what it does on this database. Changes nothing. Raises `UsageError` when there is none."""
    history = files.load(Path(versions))
    if not 1 <= number <= len(history):
        raise UsageError(
            f"there is no revision {number} in {versions}",
            hint=f"The revisions go from 1 to {len(history)}." if history else "There are none.",
        )
    revision = history[number - 1]
    with connected(database) as (connection, dialect):
        state = version_table.read(connection, dialect)
        if state is not None and number <= state.version:
            before, _ = files.replay(history[: number - 1], dialect)
            operations, _ = revision.record(before, dialect)
            return Shown(revision, True, planner.plan(operations, before, dialect))
    outcome = apply(database, versions, to=number, dry_run=True)
    return Shown(revision, False, outcome.done[-1].plan)


def _apply(context: RunContext, to: int | None, place: str) -> Outcome:
    state = version_table.read(context.connection, context.dialect) or State()
    verify(state, context.history)
    state = without_stale_entry(context, state)
    before = state.version
    done: list[Done] = []
    while interrupted := interrupted_in(context.connection, context.dialect, state, context.history):
        _not_in_a_dry_run(context, place, interrupted)
        done.append(_done(context, resume(context, state, interrupted, "up")))
        state = version_table.read(context.connection, context.dialect) or State()
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
    done: list[Done] = []
    while interrupted := interrupted_in(context.connection, context.dialect, state, context.history):
        _not_in_a_dry_run(context, place, interrupted)
        done.append(_done(context, resume(context, state, interrupted, "down")))
        state = version_table.read(context.connection, context.dialect) or State()
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


def _silent(_sentence: str) -> None:
    """Told whom a run waits for, says nothing."""


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


def _once(notes: Iterable[Unsupported]) -> tuple[Unsupported, ...]:
    """Each of the notes once: more than one comparison meets them."""
    return tuple(dict.fromkeys(notes))


def _metadata(models: Models) -> tuple[sa.MetaData, ...]:
    return load_models(models) if isinstance(models, str) else given_models(models)


def _decide(candidates: Sequence[Candidate], decide: Decide | None) -> tuple[Operation, ...]:
    if candidates and decide is None:
        listed = "\n".join(
            f"  {one.table}: was {one.before} renamed to {one.after}, or dropped and {one.after} added?"
            for one in candidates
        )
        flags = " ".join(f"--rename {one}" for one in candidates)
        raise AmbiguousError(
            f"a column may have been renamed, and dropping it would lose its values:\n{listed}",
            hint=f"If it was renamed: {flags}\nIf not: --no-renames",
        )
    return tuple(
        RenameColumn(one.table, one.before, one.after) for one in candidates if decide and decide(one)
    )
