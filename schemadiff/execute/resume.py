"""An interrupted revision: what was begun in it, and how its middle is left in either direction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.engine import Connection

from schemadiff.database.inspector import inspect_for
from schemadiff.dialects import Dialect, Retraction
from schemadiff.errors import DigestError, VersionError
from schemadiff.execute import advice
from schemadiff.execute.executor import Task
from schemadiff.execute.interruption import interruption
from schemadiff.execute.journal import (
    Direction,
    Interrupted,
    PartialUndo,
    at,
    is_entry,
    is_in_vain,
    operations_of,
    saved,
)
from schemadiff.execute.revision_run import Leg, RunContext, facts_of, reversal, tasks_of
from schemadiff.execute.status import State
from schemadiff.execute.version_check import state_at
from schemadiff.execute.version_table import write
from schemadiff.operations import DropIndex, Operation
from schemadiff.planning import planner, replay
from schemadiff.planning.hazards import NO_FACTS
from schemadiff.planning.planner import Plan, Step
from schemadiff.revisions import files
from schemadiff.revisions.files import Revision
from schemadiff.schema import Schema


def interrupted_in(
    connection: Connection, dialect: Dialect, state: State, history: Sequence[Revision]
) -> Interrupted | None:
    """The revision that was begun and not finished; ``None`` also where nothing of it is done and its file is another
    one by now, or gone: then it was begun in vain.
    """
    entry = state.journal
    if not entry or _is_in_vain(state, history):
        return None

    def recorded(number: int, direction: Direction) -> tuple[Schema, Sequence[Operation]]:
        if number > len(history):
            raise VersionError(
                f"the database is in the middle of revision {number}, whose file is missing",
                hint="Bring the file back: it is needed to finish the revision or to undo it.",
            )
        if history[number - 1].digest != entry["digest"]:
            raise DigestError(
                f"{history[number - 1].path} was edited while it was half applied",
                hint="Bring its earlier text back, run `schemadiff rollback`, then edit it and apply it again.",
            )
        start, _ = files.replay(history[: number - 1], dialect)
        forward, end = history[number - 1].record(start, dialect)
        return (
            (start, forward)
            if direction == "up"
            else (end, reversal(forward, history[number - 1], end, dialect))
        )

    return interruption(connection, dialect, state, recorded)


def _is_in_vain(state: State, history: Sequence[Revision]) -> bool:
    entry = state.journal
    if not entry or not is_entry(entry) or not is_in_vain(entry):
        return False
    number = entry["revision"]
    return bool(number > len(history) or history[number - 1].digest != entry["digest"])


def without_stale_entry(context: RunContext, state: State) -> State:
    """The state without the entry of a revision that was begun in vain, if there is one; so in the database as well."""
    if not _is_in_vain(state, context.history):
        return state
    state = dataclasses.replace(state, journal=None)
    if not context.gate.dry_run:
        write(context.connection, context.dialect, state)
    return state


def resume(context: RunContext, state: State, interrupted: Interrupted, direction: Direction) -> Task:
    """Leaves the middle of a revision in the given direction: finishes what was begun in it, undoes the contrary.
    Returns the task that was carried out; after it, the database may be in the middle of what that one undid.
    """
    if interrupted.direction != direction:
        return _turn_back(context, state, interrupted)
    if interrupted.entry.get("under"):
        end = dataclasses.replace(state, journal=interrupted.beneath)
    else:
        number = interrupted.revision if direction == "up" else interrupted.revision - 1
        end = state_at(number, context.history)
    interrupted, task = _planned_anew(context, state, interrupted, end)
    context.finish(task, interrupted)
    return task


def _planned_anew(
    context: RunContext, state: State, interrupted: Interrupted, end: State
) -> tuple[Interrupted, Task]:
    """Plan the rest of an interrupted run again, from the live schema, behind the steps that are done. Operations that
    are done in part are completed where it is known how, else begun again.
    """
    if interrupted.middle is None and interrupted.partly:
        _expect_retraction(context, interrupted)
        interrupted = _without_partly(interrupted)
    middle, completed = interrupted.middle, interrupted.completed
    halted = {number: one for number, one in interrupted.partly.items() if number not in completed}
    start = interrupted.origin
    expected = _after(start, _past(interrupted, completed), context)
    live = middle.live if middle else inspect_for(context.connection, context.dialect, start, expected)
    begun = {**interrupted.open, **halted}
    back = context.dialect.undo_partial(tuple(begun.values()), live)
    # In the revision's order: the steps that are left may have been to carry out a later one first.
    todo = {
        number: one
        for number, one in sorted(interrupted.left.items(), key=lambda pair: pair[0])
        if number not in completed
        and not (number in begun and isinstance(one, DropIndex) and planner.is_done(one, back.live))
    }
    first = (*(middle.statements if middle else ()), *back.statements)
    back = dataclasses.replace(back, statements=first)
    task = _task_of(context, state, interrupted, interrupted.direction, expected, todo, end, back)
    context.gate.expect_allowed(task.plan.hazards, task.direction)
    numbers = {**completed, **dict(zip(todo, task.plan.operations, strict=True))}
    return _followed_by(interrupted, task, task.plan.steps, numbers)


def _past(interrupted: Interrupted, completed: Mapping[int, Operation]) -> tuple[Operation, ...]:
    """Return the operations that were carried out, with those that are `completed` by then."""
    known = {id(one) for one in interrupted.past}
    return (*interrupted.past, *(one for one in completed.values() if id(one) not in known))


def _followed_by(
    interrupted: Interrupted, task: Task, steps: Sequence[Step], numbers: Mapping[int, Operation]
) -> tuple[Interrupted, Task]:
    """The interrupted run and its task with these steps, whose operations have those `numbers`, behind what is done."""
    whole = (*interrupted.steps[: interrupted.done], *steps)
    kept = {key: one for key, one in interrupted.entry.items() if key != "open"}
    entry = {**kept, "steps": [*kept["steps"][: interrupted.done], *saved(steps, numbers)]}
    plan = Plan(tuple(operations_of(whole)), whole)
    return (
        dataclasses.replace(interrupted, steps=whole, entry=entry, open={}),
        dataclasses.replace(task, plan=plan, start=interrupted.start),
    )


def _without_partly(interrupted: Interrupted) -> Interrupted:
    """The same, nothing being known of the operations that are done in part but that they are still to be done."""
    partly, entry = interrupted.partly, interrupted.settled
    known = {id(one) for one in partly.values()}
    kept = [
        (step, tuple(one for one in step.operations if id(one) not in known))
        for step in interrupted.steps[: interrupted.done]
    ]
    steps = tuple(
        dataclasses.replace(step, operations=rest) for step, rest in kept if rest or not step.operations
    )
    left = interrupted.left
    return dataclasses.replace(
        interrupted,
        steps=steps,
        done=len(steps),
        entry=entry,
        past=tuple(one for one in interrupted.past if id(one) not in known),
        open={number: left[number] for number in entry["open"]},
    )


def _expect_retraction(context: RunContext, interrupted: Interrupted) -> None:
    """Raises `VersionError` where nobody knows how to come out of the middle of an operation."""
    if not context.dialect.transactional_ddl:
        words = "; ".join(one.describe() for one in interrupted.partly.values())
        raise VersionError(
            f"revision {interrupted.revision:04} stopped in the middle of {words}, which takes several statements, and "
            "what is left of it cannot be told",
            hint="Nothing was changed. `schemadiff history` names the file: make of that table, by hand, what the "
            "revision makes of it or what was there before, and set the journal in the version table accordingly.",
        )


def _completed(context: RunContext, state: State, interrupted: Interrupted) -> Interrupted:
    """The interrupted run when the operations that are done in part are done wholly, so that they can be undone."""
    middle, completed = interrupted.middle, interrupted.completed
    if context.dialect.transactional_ddl or not interrupted.partly:
        return interrupted
    if middle is None:
        _expect_retraction(context, interrupted)
        return interrupted
    left = {number: one for number, one in interrupted.left.items() if number not in completed}
    steps = [planner.step_of(one, NO_FACTS) for one in middle.statements]
    task = Task(interrupted.revision, interrupted.direction, Plan((), ()), state, state)
    begun, task = _followed_by(interrupted, task, steps, completed)
    settled = {**at(begun.entry, len(begun.steps)), "open": list(left)}
    task = dataclasses.replace(task, after=dataclasses.replace(state, journal=settled))
    context.finish(task, begun)
    return dataclasses.replace(
        begun,
        done=len(begun.steps),
        entry=settled,
        past=_past(interrupted, completed),
        open=left,
        middle=None,
    )


def _turn_back(context: RunContext, state: State, interrupted: Interrupted) -> Task:
    """Undoes what is done of an interrupted task: that leads to where it began, which may be the middle of another."""
    direction: Direction = "down" if interrupted.direction == "up" else "up"
    interrupted = _completed(context, state, interrupted)
    start = interrupted.origin
    live = inspect_for(context.connection, context.dialect, start, _after(start, interrupted.past, context))
    back = context.dialect.undo_partial(tuple(interrupted.partly.values()), live)
    begun = {number: one for number, one in interrupted.begun.items() if one not in back.undone}
    past = [one for one in interrupted.past if one not in back.undone]
    expected = _after(start, [*past, *(one for one in begun.values() if one not in past)], context)
    with advice.instead(advice.UNFINISHED):
        undoing = {number: begun[number].reverse() for number in sorted(begun, reverse=True)}
    end = dataclasses.replace(state, journal=interrupted.entry.get("under"))
    task = _task_of(context, state, interrupted, direction, expected, undoing, end, back)
    context.gate.expect_allowed(task.plan.hazards, task.direction)
    task = dataclasses.replace(task, turned=PartialUndo(interrupted, tuple(undoing)))
    context.run(task)
    return task


def _task_of(
    context: RunContext,
    state: State,
    interrupted: Interrupted,
    direction: Direction,
    expected: Schema,
    operations: Mapping[int, Operation],
    end: State,
    back: Retraction,
) -> Task:
    """A task of a part of the interrupted revision."""
    some = tuple(operations.values())
    leg = Leg(context.history[interrupted.revision - 1], some, expected, expected, end)
    return tasks_of(
        context, direction, state, [leg], back.live, facts_of(context, direction, [leg], back.live), back
    )[0]


def _after(schema: Schema, operations: Iterable[Operation], context: RunContext) -> Schema:
    for operation in operations:
        schema = replay.after(operation, schema, context.dialect, strict=False)
    return schema
