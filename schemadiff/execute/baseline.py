"""A baseline in a run: it makes nothing that is there, and is not undone by a word that means others. Pure."""

from __future__ import annotations

import dataclasses

from schemadiff.errors import PendingError
from schemadiff.execute.executor import Task
from schemadiff.execute.revision_run import Leg, Prospect
from schemadiff.operations import CreateTable, DropTable
from schemadiff.planning.hazards import goes_below_baseline


def expect_room(prospect: Prospect) -> None:
    """Raises `PendingError` where a baseline would be run on a database that has its tables."""
    for leg in prospect.legs:
        if not leg.revision.baseline:
            continue
        made = [one.table.name for one in leg.operations if isinstance(one, CreateTable)]
        there = [name for name in made if name in prospect.live.schema.tables]
        if there:
            raise PendingError(
                f"revision {leg.revision.number:04} is a baseline, and the database has {len(there)} of its "
                f"{len(made)} tables already ({there[0]}): nothing was changed",
                hint=f"`schemadiff stamp {leg.revision.number}` records it there, after the proof that nothing "
                "differs; then `schemadiff apply` runs what comes after it.",
            )


def with_hazards(prospect: Prospect) -> Prospect:
    """The way back, with a hazard where it goes below a baseline."""
    tasks = [
        _with_hazard(leg, task) if leg.revision.baseline else task
        for leg, task in zip(prospect.legs, prospect.tasks, strict=True)
    ]
    return dataclasses.replace(prospect, tasks=tasks)


def _with_hazard(leg: Leg, task: Task) -> Task:
    steps = task.plan.steps
    if not steps:
        return task
    dropped = [one.table.name for one in leg.operations if isinstance(one, DropTable)]
    hazard = goes_below_baseline(leg.revision.number, dropped)
    first = dataclasses.replace(steps[0], hazards=(hazard, *steps[0].hazards))
    return dataclasses.replace(task, plan=dataclasses.replace(task.plan, steps=(first, *steps[1:])))
