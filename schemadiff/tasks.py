"""Revisions -> the tasks that carry them out on one database: planned on its live schema, forward or back, from the
beginning or from where an interrupted run stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from sqlalchemy.engine import Connection

from schemadiff import advice, comparer, executor, planner, replay, revisions
from schemadiff.config import Online
from schemadiff.dialects import Dialect, Retraction, Statement
from schemadiff.dialects.driver_errors import takes_no_changes
from schemadiff.errors import DigestError, HazardError, StepError, UnsupportedError, VersionError
from schemadiff.executor import Manner, Task
from schemadiff.expectations import foreseen
from schemadiff.facts import facts_about
from schemadiff.hazards import NO_FACTS, Facts, Hazard
from schemadiff.history import state_at
from schemadiff.inspector import ask, inspect_for
from schemadiff.interruption import interruption
from schemadiff.journal import (
    Direction,
    Interrupted,
    Turned,
    at,
    is_entry,
    is_in_vain,
    operations_of,
    saved,
)
from schemadiff.operations import (
    AlterColumn,
    DropConstraint,
    DropIndex,
    Found,
    Operation,
    RenameColumn,
    touched,
)
from schemadiff.planner import Plan, Step
from schemadiff.revisions import Revision
from schemadiff.schema import Constraint, ForeignKey, Index, Name, Schema, Table, Unique
from schemadiff.spelling import live_parts
from schemadiff.standing import State
from schemadiff.version import write

SMALL = 8 * 2**20
"""Bytes up to which a table is small: to read or copy that much takes no longer than getting the locks."""

Confirm = Callable[[Sequence[Hazard]], bool]
"""Asked once when hazards are not allowed: whether to go on nevertheless."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides whether hazards may pass: the codes that are allowed, else a person."""

    allow: Collection[str]
    confirm: Confirm | None
    dry_run: bool = False

    def pass_(self, hazards: Sequence[Hazard], direction: Direction) -> None:
        if self.dry_run or "all" in self.allow:
            return
        held = [
            hazard for hazard in hazards if hazard.level == "destructive" and hazard.code not in self.allow
        ]
        if not held or (self.confirm and self.confirm(held)):
            return
        codes = " ".join(f"--allow {code}" for code in dict.fromkeys(hazard.code for hazard in held))
        lines = "\n".join(f"  {hazard.code} {hazard.message}" for hazard in held)
        raise HazardError(
            f"nothing was changed, because data would be destroyed:\n{lines}",
            hint=advice.allow(direction, codes),
        )


@dataclass(frozen=True, slots=True)
class Site:
    """Where a run takes place: an open connection that holds the lock, and the revision files."""

    connection: Connection
    dialect: Dialect
    history: tuple[Revision, ...]
    gate: Gate
    manner: Manner
    online: Online = "auto"

    def run(self, task: Task) -> None:
        """Carries out a task."""
        with _saying_why(self.dialect):
            executor.run(self.connection, self.dialect, task, self.manner)

    def finish(self, task: Task, interrupted: Interrupted) -> None:
        """Carries out what is left of an interrupted task."""
        with _saying_why(self.dialect):
            executor.finish(self.connection, self.dialect, task, interrupted, self.manner)

    def plan(
        self, operations: Sequence[Operation], live: Schema, facts: Facts, first: Sequence[Statement] = ()
    ) -> Plan:
        """The plan of operations that name everything they drop; its steps begin with the statements `first`. The
        server is still to be `asked_how`.
        """
        large = large_tables(self.connection, self.dialect, operations, live, self.online)
        return planner.plan(operations, live, self.dialect, facts=facts, large=large, first=first)


def forward(site: Site, state: State, pending: Sequence[Revision]) -> list[Task]:
    """The tasks of the pending revisions, each planned on the schema that the ones before it leave."""
    expected, _ = revisions.replay(site.history[: pending[0].number - 1], site.dialect)
    schema = expected
    recorded = []
    for revision in pending:
        operations, schema = revision.record(schema, site.dialect)
        recorded.append(operations)
    ends = [state_at(revision.number, site.history) for revision in pending]
    return _tasks(site, "up", state, expected, pending, recorded, ends, (expected, schema))


def backward(site: Site, state: State, undone: Sequence[Revision]) -> list[Task]:
    """The tasks that undo the revisions, the newest first. Raises `UnsupportedError` when one cannot be undone."""
    expected, recorded = revisions.replay(site.history[: undone[0].number], site.dialect)
    operations = [_reversed(recorded[revision.number - 1], revision) for revision in undone]
    ends = [state_at(revision.number - 1, site.history) for revision in undone]
    return _tasks(site, "down", state, expected, undone, operations, ends, (expected,))


def _tasks(
    site: Site,
    direction: Direction,
    state: State,
    expected: Schema,
    chosen: Sequence[Revision],
    operations: Sequence[Sequence[Operation]],
    ends: Sequence[State],
    known: Sequence[Schema],
    back: Retraction | None = None,
) -> list[Task]:
    """One task for each chosen revision, planned on the live schema, which is `expected` but for its spelling, or
    will be after a retraction, with which the first task begins.
    """
    known = (*known, *replay.found_on_the_way(operations, expected, site.dialect))
    live = back.live if back else inspect_for(site.connection, site.dialect, *known)
    all_of_them = tuple(one for some in operations for one in some)
    facts = facts_about(
        site.connection,
        site.dialect,
        all_of_them,
        live,
        rewritable=direction == "up",
        undoing=direction == "down",
    )
    asked = ask(site.connection, site.dialect, expected, live)
    parts = live_parts(expected, asked, live, site.dialect)
    plans: list[Plan] = []
    unsure = []
    starts = []
    for some in operations:
        starts.append(expected)
        first = back.statements if back and not plans else ()
        named = planner.find_drops(some, expected, parts, site.dialect)
        plans.append(site.plan(named, live, facts, first))
        guessed = []
        for operation, found in zip(some, named, strict=True):
            if not _is_foretold(found, live, site.dialect):
                guessed.append(found)
            live = replay.after(operation, live, site.dialect, strict=False)
            expected = replay.after(operation, expected, site.dialect, strict=False)
        unsure.append(tuple(guessed))
    tasks = []
    plans = asked_how(site.connection, site.dialect, plans, facts)
    plans[:1] = [foreseen(site.connection, plan) for plan in plans[:1]]
    for revision, plan, end, guesses, start in zip(chosen, plans, ends, unsure, starts, strict=True):
        tasks.append(Task(revision.number, direction, plan, state, end, unsure=guesses, start=start))
        state = end
    return tasks


def _is_foretold(operation: Operation, live: Schema, dialect: Dialect) -> bool:
    """Whether the names are sure of what the operation drops, or drops and makes again around a column, in a schema of
    which a part is not there yet.
    """
    name = touched(operation)
    table = live.tables.get(name) if name else None
    if name is None or table is None or not dialect.makes_names:
        return True
    things: list[Constraint | Index]
    match operation:
        case DropConstraint(constraint=thing) | DropIndex(index=thing):
            things = [thing]
        case RenameColumn(before=column):
            things = _around(table, column, dialect)
        case AlterColumn(before=before):
            things = _around(table, before.name, dialect)
        case _:
            things = []
    return all(one.name or dialect.foretells(name, one, live) for one in things)


def _around(table: Table, column: str, dialect: Dialect) -> list[Constraint | Index]:
    """The constraints and indexes of the table that have to do with the column."""
    keys: list[Unique | ForeignKey | Index] = [*table.uniques, *table.foreign_keys, *table.indexes]
    checks = [one for one in table.checks if dialect.mentions(one.expression, column)]
    return [*(one for one in keys if column in one.columns), *checks]


def _reversed(operations: Sequence[Operation], revision: Revision) -> tuple[Operation, ...]:
    found = [one.operation for one in operations if isinstance(one, Found)]
    try:
        return comparer.cancel(comparer.reverse(operations), found)
    except UnsupportedError as error:
        error.message = f"{revision.path} cannot be rolled back: {error.message}"
        error.hint = advice.IRREVERSIBLE
        raise


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
        start, _ = revisions.replay(history[: number - 1], dialect)
        forward, end = history[number - 1].record(start, dialect)
        return (start, forward) if direction == "up" else (end, _reversed(forward, history[number - 1]))

    return interruption(connection, dialect, state, recorded)


def _is_in_vain(state: State, history: Sequence[Revision]) -> bool:
    entry = state.journal
    if not entry or not is_entry(entry) or not is_in_vain(entry):
        return False
    number = entry["revision"]
    return bool(number > len(history) or history[number - 1].digest != entry["digest"])


def without_vain(site: Site, state: State) -> State:
    """The state without the entry of a revision that was begun in vain, if there is one; so in the database as well."""
    if not _is_in_vain(state, site.history):
        return state
    state = dataclasses.replace(state, journal=None)
    if not site.gate.dry_run:
        write(site.connection, site.dialect, state)
    return state


def resume(site: Site, state: State, interrupted: Interrupted, direction: Direction) -> Task:
    """Leaves the middle of a revision in the given direction: finishes what was begun in it, undoes the contrary.
    Returns the task that was carried out; after it, the database may be in the middle of what that one undid.
    """
    if interrupted.direction != direction:
        return _turn_back(site, state, interrupted)
    if interrupted.entry.get("under"):
        end = dataclasses.replace(state, journal=interrupted.beneath)
    else:
        number = interrupted.revision if direction == "up" else interrupted.revision - 1
        end = state_at(number, site.history)
    interrupted, task = _planned_anew(site, state, interrupted, end)
    site.finish(task, interrupted)
    return task


def _planned_anew(site: Site, state: State, interrupted: Interrupted, end: State) -> tuple[Interrupted, Task]:
    """What is left, planned on what there is now, behind the steps that are done. Operations that are done in part are
    completed where it is known how, else begun again.
    """
    if interrupted.middle is None and interrupted.partly:
        _expect_retraction(site, interrupted)
        interrupted = _without_partly(interrupted)
    middle, completed = interrupted.middle, interrupted.completed
    halted = {number: one for number, one in interrupted.partly.items() if number not in completed}
    start = interrupted.origin
    expected = _after(start, _past(interrupted, completed), site)
    live = middle.live if middle else inspect_for(site.connection, site.dialect, start, expected)
    begun = {**interrupted.open, **halted}
    back = site.dialect.retraction(tuple(begun.values()), live)
    todo = {
        number: one
        for number, one in interrupted.left.items()
        if number not in completed
        and not (number in begun and isinstance(one, DropIndex) and planner.is_done(one, back.live))
    }
    first = (*(middle.statements if middle else ()), *back.statements)
    back = dataclasses.replace(back, statements=first)
    task = _task_of(site, state, interrupted, interrupted.direction, expected, todo, end, back)
    site.gate.pass_(task.plan.hazards, task.direction)
    numbers = {**completed, **dict(zip(todo, task.plan.operations, strict=True))}
    return _followed_by(interrupted, task, task.plan.steps, numbers)


def _past(interrupted: Interrupted, completed: Mapping[int, Operation]) -> tuple[Operation, ...]:
    """What was carried out, and what is `completed` by then."""
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


def _expect_retraction(site: Site, interrupted: Interrupted) -> None:
    """Raises `VersionError` where nobody knows how to come out of the middle of an operation."""
    if not site.dialect.transactional_ddl:
        words = "; ".join(one.describe() for one in interrupted.partly.values())
        raise VersionError(
            f"revision {interrupted.revision:04} stopped in the middle of {words}, which takes several statements, and "
            "what is left of it cannot be told",
            hint="Nothing was changed. `schemadiff history` names the file: make of that table, by hand, what the "
            "revision makes of it or what was there before, and set the journal in the version table accordingly.",
        )


def _completed(site: Site, state: State, interrupted: Interrupted) -> Interrupted:
    """The interrupted run when the operations that are done in part are done wholly, so that they can be undone."""
    middle, completed = interrupted.middle, interrupted.completed
    if site.dialect.transactional_ddl or not interrupted.partly:
        return interrupted
    if middle is None:
        _expect_retraction(site, interrupted)
        return interrupted
    left = {number: one for number, one in interrupted.left.items() if number not in completed}
    steps = [planner.step_of(one, NO_FACTS) for one in middle.statements]
    task = Task(interrupted.revision, interrupted.direction, Plan((), ()), state, state)
    begun, task = _followed_by(interrupted, task, steps, completed)
    settled = {**at(begun.entry, len(begun.steps)), "open": list(left)}
    task = dataclasses.replace(task, after=dataclasses.replace(state, journal=settled))
    site.finish(task, begun)
    return dataclasses.replace(
        begun,
        done=len(begun.steps),
        entry=settled,
        past=_past(interrupted, completed),
        open=left,
        middle=None,
    )


def _turn_back(site: Site, state: State, interrupted: Interrupted) -> Task:
    """Undoes what is done of an interrupted task: that leads to where it began, which may be the middle of another."""
    direction: Direction = "down" if interrupted.direction == "up" else "up"
    interrupted = _completed(site, state, interrupted)
    start = interrupted.origin
    live = inspect_for(site.connection, site.dialect, start, _after(start, interrupted.past, site))
    back = site.dialect.retraction(tuple(interrupted.partly.values()), live)
    begun = {number: one for number, one in interrupted.begun.items() if one not in back.undone}
    past = [one for one in interrupted.past if one not in back.undone]
    expected = _after(start, [*past, *(one for one in begun.values() if one not in past)], site)
    with advice.instead(advice.UNFINISHED):
        undoing = {number: begun[number].reverse() for number in reversed(begun)}
    end = dataclasses.replace(state, journal=interrupted.entry.get("under"))
    task = _task_of(site, state, interrupted, direction, expected, undoing, end, back)
    site.gate.pass_(task.plan.hazards, task.direction)
    task = dataclasses.replace(task, turned=Turned(interrupted, tuple(undoing)))
    site.run(task)
    return task


def _task_of(
    site: Site,
    state: State,
    interrupted: Interrupted,
    direction: Direction,
    expected: Schema,
    operations: Mapping[int, Operation],
    end: State,
    back: Retraction,
) -> Task:
    """A task of a part of the interrupted revision."""
    chosen, some = [site.history[interrupted.revision - 1]], [tuple(operations.values())]
    return _tasks(site, direction, state, expected, chosen, some, [end], (expected,), back)[0]


def _after(schema: Schema, operations: Iterable[Operation], site: Site) -> Schema:
    for operation in operations:
        schema = replay.after(operation, schema, site.dialect, strict=False)
    return schema


@contextmanager
def _saying_why(dialect: Dialect) -> Iterator[None]:
    """Lets an error say how to go on where the server cannot carry a statement out as it was asked to."""
    try:
        yield
    except StepError as error:
        if error.__cause__ is not None and dialect.refuses_way(error.__cause__):
            error.hint = (
                "The plan holds the server to the way that it chose for an empty copy of the table, and for the table "
                "itself it does not go that way: the statement changed nothing.\nWith --online never the server "
                "chooses how it goes on, which may copy the whole table while nobody can write to it.\n"
                f"{error.hint}"
            )
        elif (cause := error.__cause__) is not None and (
            advice := takes_no_changes(cause) or dialect.way_out(cause)
        ):
            error.hint = f"{advice}\n{error.hint}"
        raise


def asked_how(connection: Connection, dialect: Dialect, plans: Sequence[Plan], facts: Facts) -> list[Plan]:
    """The plans, carried out one after the other, as the server will carry them out now that it was asked."""
    steps = [step for plan in plans for step in plan.steps]
    told = [
        Statement(step.sql, step.operations, step.method, step.alone, step.group, effect=step.effect)
        for step in steps
    ]
    if all(one.group is None for one in told):
        return list(plans)
    answers = iter(zip(steps, dialect.asked_how(connection, told), strict=True))
    result = []
    for plan in plans:
        found: list[planner.Step] = []
        for step, statements in islice(answers, len(plan.steps)):
            if step.group is None:
                found.append(step)
            else:
                found.extend(planner.step_of(statement, facts) for statement in statements)
        result.append(dataclasses.replace(plan, steps=tuple(found)))
    return result


def large_tables(
    connection: Connection, dialect: Dialect, operations: Iterable[Operation], live: Schema, online: Online
) -> frozenset[Name]:
    """The tables that the operations change and that are to be changed so that nobody has to wait."""
    touching = {name for one in operations if (name := touched(one)) is not None and name in live.tables}
    if online == "never" or not touching:
        return frozenset()
    sizes = dialect.sizes(connection, touching)
    return frozenset(name for name, size in sizes.items() if online == "always" or size > SMALL)
