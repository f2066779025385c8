"""All revisions of a run in one transaction, where DDL can be rolled back: all of them are carried out, or none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from schemadiff.config.settings import Transaction
from schemadiff.dialects import Dialect
from schemadiff.errors import UsageError
from schemadiff.execute import executor, revision_run
from schemadiff.execute.executor import Task
from schemadiff.execute.revision_run import Prospect, RunContext
from schemadiff.execute.status import State


def expect_together(dialect: Dialect, transaction: Transaction) -> None:
    """Raises `UsageError` where several revisions cannot be one transaction."""
    if transaction == "all" and not dialect.transactional_ddl:
        raise UsageError(
            f"{dialect.name} cannot carry several revisions out in one transaction: each change of a "
            "definition commits by itself",
            hint="Leave --transaction all out (or transaction in the settings). Nothing is lost by a kill: each "
            "revision can be finished or undone from where it stopped.",
        )


def carry_out(context: RunContext, state: State, prospect: Prospect) -> list[Task]:
    """Carries out what was foreseen from that state of the version row; returns the tasks as they were carried out.

    Raises `UsageError` where a step needs to be alone.
    """
    for task in prospect.tasks:
        _expect_company(task)
    done: list[Task] = []

    def begin() -> Iterator[Task]:
        # When a lock could not be had, everything is rolled back, and what was read since does not hold any more.
        again = bool(done)
        done.clear()
        legs, direction = prospect.legs, prospect.direction
        found = revision_run.foresee(context, direction, state, legs) if again else prospect
        for task in revision_run.in_turn(context, found):
            _expect_company(task)
            part = dataclasses.replace(task, since=state.version)
            done.append(part)
            yield part

    with revision_run.saying_why(context.dialect):
        executor.together(context.connection, context.dialect, prospect.tasks, context.options, begin)
    return done


def _expect_company(task: Task) -> None:
    alone = next((step for step in task.plan.steps if step.alone), None)
    if alone is not None:
        what = alone.operations[0].describe() if alone.operations else alone.sql
        raise UsageError(
            f"revision {task.revision:04} cannot share a transaction with others: {what} runs alone, so that "
            "nobody has to wait for it",
            hint="Nothing was changed. Leave --transaction all out; or, where others may wait, add --online never.",
        )
