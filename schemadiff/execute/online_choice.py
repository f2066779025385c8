"""How each table is changed: which are large, and what the server says of the ways in which it could do it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from sqlalchemy.engine import Connection

from schemadiff.config.settings import Online
from schemadiff.dialects import Dialect, Statement
from schemadiff.operations import (
    Operation,
    touched,
)
from schemadiff.planning import planner
from schemadiff.planning.hazards import DataFacts
from schemadiff.planning.planner import Plan
from schemadiff.schema import Name, Schema

SMALL = 8 * 2**20
"""Bytes up to which a table is small: to read or copy that much takes no longer than getting the locks."""


def choose_algorithms(
    connection: Connection, dialect: Dialect, plans: Sequence[Plan], facts: DataFacts
) -> list[Plan]:
    """The plans, carried out one after the other, as the server will carry them out now that it was asked."""
    steps = [step for plan in plans for step in plan.steps]
    told = [
        Statement(step.sql, step.operations, step.method, step.alone, step.group, effect=step.effect)
        for step in steps
    ]
    if all(one.group is None for one in told):
        return list(plans)
    answers = iter(zip(steps, dialect.choose_algorithms(connection, told), strict=True))
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
    return large_among(connection, dialect, touching, online)


def large_among(
    connection: Connection, dialect: Dialect, names: Collection[Name], online: Online
) -> frozenset[Name]:
    """Those of the tables, which are there, that are large, or count as such."""
    if online == "never" or not names:
        return frozenset()
    sizes = dialect.sizes(connection, names)
    return frozenset(name for name, size in sizes.items() if online == "always" or size > SMALL)
