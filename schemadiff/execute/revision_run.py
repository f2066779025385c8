"""Revisions -> the tasks that carry them out on one database: planned on its live schema, forward or back, from the
beginning or from where an interrupted run stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from schemadiff.compare import comparer, pairing
from schemadiff.config.settings import Online, Transaction
from schemadiff.database.comparison import Comparison
from schemadiff.database.facts import facts_about
from schemadiff.dialects import Dialect, Retraction
from schemadiff.dialects.shared.driver_errors import takes_no_changes
from schemadiff.errors import StepError, UnsupportedError
from schemadiff.execute import advice, executor
from schemadiff.execute.executor import RunOptions, Task
from schemadiff.execute.hazard_gate import Gate
from schemadiff.execute.journal import Direction, Interrupted
from schemadiff.execute.live_schema import Filled, Live, stand_alone
from schemadiff.execute.online_choice import choose_algorithms, large_among, large_tables
from schemadiff.execute.preconditions import foreseen
from schemadiff.execute.status import State
from schemadiff.execute.version_check import states
from schemadiff.models.filters import NO_FILTER
from schemadiff.operations import (
    AlterColumn,
    CreateTable,
    Found,
    Operation,
    RenameColumn,
    touched,
)
from schemadiff.operations.subject import gone
from schemadiff.planning import planner, replay
from schemadiff.planning.hazards import DataFacts
from schemadiff.planning.live_names import LiveParts, find_drops
from schemadiff.planning.planner import Plan
from schemadiff.planning.written_forms import live_parts
from schemadiff.revisions import files
from schemadiff.revisions.files import Revision
from schemadiff.schema import Constraint, ForeignKey, Index, Name, Schema, Table, Unique


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where a run takes place: an open connection that holds the lock, and the revision files."""

    connection: Connection
    dialect: Dialect
    history: tuple[Revision, ...]
    gate: Gate
    options: RunOptions
    online: Online = "auto"
    transaction: Transaction = "each"

    def run(self, task: Task) -> None:
        """Carries out a task."""
        with saying_why(self.dialect):
            executor.run(self.connection, self.dialect, task, self.options)

    def finish(self, task: Task, interrupted: Interrupted) -> None:
        """Carries out what is left of an interrupted task."""
        with saying_why(self.dialect):
            executor.finish(self.connection, self.dialect, task, interrupted, self.options)


@dataclass(frozen=True, slots=True)
class Leg:
    """One revision on the way: what is done in this direction, the schemas before and after that by replay, and the
    version row at its end.
    """

    revision: Revision
    operations: tuple[Operation, ...]
    start: Schema
    end: Schema
    state: State


def forward(context: RunContext, begin: State, pending: Sequence[Revision]) -> list[Leg]:
    """The way through the pending revisions, from that state of the version row."""
    expected, _ = files.replay(context.history[: pending[0].number - 1], context.dialect)
    ends = states(begin, [revision.number for revision in pending], context.history)
    legs = []
    for revision, end in zip(pending, ends, strict=True):
        operations, after = revision.record(expected, context.dialect)
        legs.append(Leg(revision, operations, expected, after, end))
        expected = after
    return legs


def backward(context: RunContext, begin: State, undone: Sequence[Revision]) -> list[Leg]:
    """The way back through the revisions, the newest first, from that state of the version row. Raises
    `UnsupportedError` when one cannot be undone.
    """
    way = []
    first, _ = files.replay(context.history[: undone[-1].number - 1], context.dialect)
    for revision in reversed(undone):
        operations, after = revision.record(first, context.dialect)
        way.append((revision, operations, first, after))
        first = after
    ends = states(begin, [revision.number - 1 for revision in undone], context.history)
    return [
        Leg(revision, reversal(operations, revision, after, context.dialect), after, before, end)
        for (revision, operations, before, after), end in zip(reversed(way), ends, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Prospect:
    """The tasks of a run, one for each leg, planned on the schema before it."""

    direction: Direction
    legs: Sequence[Leg]
    tasks: Sequence[Task]
    live: Live
    facts: DataFacts


def foresee(context: RunContext, direction: Direction, state: State, legs: Sequence[Leg]) -> Prospect:
    """The tasks of all legs, each planned on the schema that the ones before it will leave."""
    operations = [leg.operations for leg in legs]
    found = replay.found_on_the_way(operations, legs[0].start, context.dialect)
    live = Live(context.connection, context.dialect, [*_known(direction, legs), *found])
    facts = facts_of(context, direction, legs, live.schema)
    asking = context.gate.dry_run
    planned = tasks_of(context, direction, state, legs, live.schema, facts, asking=asking)
    return Prospect(direction, legs, planned, live, facts)


def in_turn(context: RunContext, prospect: Prospect) -> Iterator[Task]:
    """The tasks of all legs, each when the one before it is carried out: as foreseen where nothing else can be there by
    now, and else planned on what is. What a leg makes may have its real names only then.
    """
    legs, live = prospect.legs, prospect.live
    at_first = live.schema.tables.keys()
    live.begin()
    yield prospect.tasks[0]
    filled = Filled()
    filled.by(legs[0].operations, context.dialect)
    for before, leg, task in zip(legs, legs[1:], prospect.tasks[1:], strict=False):
        as_foreseen = live.goes_as_foreseen(before.operations) or stand_alone(leg.operations, context.dialect)
        new = {name for one in leg.operations if (name := touched(one)) is not None and name not in at_first}
        may_be_large = new if context.online == "always" else filled.among(new)
        if (
            not as_foreseen
            or task.unsure
            or _is_to_be_asked(task)
            or _has_large_among(context, leg, may_be_large)
        ):
            found = replay.found_on_the_way([leg.operations], leg.start, context.dialect)
            live.read_again(leg.operations, [*_known(prospect.direction, [leg]), *found])
            (task,) = tasks_of(context, prospect.direction, task.before, [leg], live.schema, prospect.facts)
        yield task
        filled.by(leg.operations, context.dialect)


def _is_to_be_asked(task: Task) -> bool:
    """Whether the server is still to be asked how it will carry the task out."""
    return any(step.group is not None for step in task.plan.steps)


def _has_large_among(context: RunContext, leg: Leg, names: Collection[Name]) -> bool:
    """Whether one of the tables, of which it was not known, is to be changed so that nobody waits."""
    made = {one.table.name for one in leg.operations if isinstance(one, CreateTable)}
    return bool(large_among(context.connection, context.dialect, set(names) - made, context.online))


def _known(direction: Direction, legs: Sequence[Leg]) -> list[Schema]:
    return [legs[0].start, legs[-1].end] if direction == "up" else [legs[0].start]


def facts_of(context: RunContext, direction: Direction, legs: Sequence[Leg], live: Schema) -> DataFacts:
    all_of_them = tuple(one for leg in legs for one in leg.operations)
    return facts_about(
        context.connection,
        context.dialect,
        all_of_them,
        live,
        rewritable=direction == "up",
        undoing=direction == "down",
    )


def tasks_of(
    context: RunContext,
    direction: Direction,
    state: State,
    legs: Sequence[Leg],
    live: Schema,
    facts: DataFacts,
    back: Retraction | None = None,
    *,
    asking: bool = True,
) -> list[Task]:
    """One task for each leg, planned on the live schema, which is as the first one starts but for its spelling, or will
    be after a retraction, with which the first task begins. Without `asking` the server is asked how it will carry out
    the first one alone.
    """
    parts = _live_parts(context, legs, live)
    all_of_them = [one for leg in legs for one in leg.operations]
    large = large_tables(context.connection, context.dialect, all_of_them, live, context.online)
    plans: list[Plan] = []
    unsure = []
    for leg in legs:
        first = back.statements if back and not plans else ()
        named = find_drops(leg.operations, leg.start, parts, context.dialect)
        plans.append(planner.plan(named, live, context.dialect, facts=facts, large=large, first=first))
        guessed = []
        for operation, found in zip(leg.operations, named, strict=True):
            if not _is_foretold(found, live, context.dialect):
                guessed.append(found)
            live = replay.after(operation, live, context.dialect, strict=False)
        unsure.append(tuple(guessed))
    tasks = []
    last = None if asking else 1
    plans[:last] = choose_algorithms(context.connection, context.dialect, plans[:last], facts)
    plans[:1] = [foreseen(context.connection, context.dialect, plan) for plan in plans[:1]]
    for leg, plan, guesses in zip(legs, plans, unsure, strict=True):
        tasks.append(
            Task(leg.revision.number, direction, plan, state, leg.state, unsure=guesses, start=leg.start)
        )
        state = leg.state
    return tasks


def _live_parts(context: RunContext, legs: Sequence[Leg], live: Schema) -> LiveParts:
    """Return the live parts behind the operations that drop a part without naming it. The server is asked about their
    tables alone.
    """
    operations = [one for leg in legs for one in leg.operations]
    if not any(map(_drops_unnamed, operations)):
        return {}
    names = {name for one in operations if (name := touched(one)) is not None}
    start = legs[0].start
    expected = Schema({name: table for name, table in start.tables.items() if name in names})
    whole = dataclasses.replace(live, objects={})
    asked = Comparison(context.connection, context.dialect, NO_FILTER, whole).asked(expected)
    return live_parts(expected, asked, live, context.dialect)


def _drops_unnamed(operation: Operation) -> bool:
    thing = gone(operation)
    return thing is not None and thing.name is None


def _is_foretold(operation: Operation, live: Schema, dialect: Dialect) -> bool:
    """Whether the names are sure of what the operation drops, or drops and makes again around a column, in a schema of
    which a part is not there yet.
    """
    name = touched(operation)
    table = live.tables.get(name) if name else None
    if name is None or table is None or not dialect.makes_names:
        return True
    thing = gone(operation)
    things = [thing] if thing is not None else []
    if isinstance(operation, RenameColumn):
        things = _around(table, operation.before, dialect)
    elif isinstance(operation, AlterColumn):
        things = _around(table, operation.before.name, dialect)
    return all(one.name or dialect.predicts_name(name, one, live) for one in things)


def _around(table: Table, column: str, dialect: Dialect) -> list[Constraint | Index]:
    """The constraints and indexes of the table that have to do with the column."""
    keys: list[Unique | ForeignKey | Index] = [*table.uniques, *table.foreign_keys, *table.indexes]
    checks = [one for one in table.checks if dialect.mentions(one.expression, column)]
    return [*(one for one in keys if column in one.columns), *checks]


def reversal(
    operations: Sequence[Operation], revision: Revision, start: Schema, dialect: Dialect
) -> tuple[Operation, ...]:
    """Return the operations that undo those of the revision, from the schema that they leave."""
    found = [one.operation for one in operations if isinstance(one, Found)]
    try:
        undone = comparer.cancel(comparer.reverse(operations), found)
        return pairing.carried_out(undone, start, dialect)
    except UnsupportedError as error:
        error.message = f"{revision.path} cannot be rolled back: {error.message}"
        error.hint = advice.IRREVERSIBLE
        raise


@contextmanager
def saying_why(dialect: Dialect) -> Iterator[None]:
    """Lets an error say how to go on where the server cannot carry a statement out as it was asked to."""
    try:
        yield
    except StepError as error:
        if error.__cause__ is not None and dialect.is_algorithm_refusal(error.__cause__):
            error.hint = (
                "The plan holds the server to the way that it chose for an empty copy of the table, and for the table "
                "itself it does not go that way: the statement changed nothing.\nWith --online never the server "
                "chooses how it goes on, which may copy the whole table while nobody can write to it.\n"
                f"{error.hint}"
            )
        elif (cause := error.__cause__) is not None and (
            advice := takes_no_changes(cause) or dialect.advice_on(cause)
        ):
            error.hint = f"{advice}\n{error.hint}"
        raise
