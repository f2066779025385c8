"""Preconditions of statements on the rows: checked before they run, and reported when they are planned."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects import Dialect, Expectation
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.operations import Execute
from schemadiff.planning.hazards import Hazard
from schemadiff.planning.planner import Plan, Step

_SHOWN = 5


class Unmet(Exception):
    """Rows are otherwise than a statement expects them. Says how many, and which the first of them are."""

    def __init__(self, words: str, advice: str) -> None:
        super().__init__(words)
        self.advice = advice


def hold(connection: Connection, dialect: Dialect, expected: Sequence[Expectation]) -> None:
    """Raises `Unmet` for all that is not as expected."""
    found = [words for one in expected if (words := unmet(connection, dialect, one))]
    if found:
        advice = dict.fromkeys(one.advice for one in expected if any(one.words in words for words in found))
        raise Unmet("; ".join(found), "\n".join(advice))


def unmet(connection: Connection, dialect: Dialect, one: Expectation) -> str:
    """How many rows are not as expected, and the first of them; empty where all are."""
    counted = f"SELECT COUNT(*) FROM ({one.exceptions}) AS found"
    count = connection.exec_driver_sql(counted, execution_options=VERBATIM).scalar_one()
    if not count:
        return ""
    few = connection.exec_driver_sql(dialect.first_rows(one.exceptions, _SHOWN), execution_options=VERBATIM)
    shown = [str(row[0]) for row in few if row[0] is not None]
    which = f" ({one.key} {', '.join(shown)}{', …' if count > len(shown) else ''})" if shown else ""
    return f"{count:,} {one.words}{which}"


def foreseen(connection: Connection, dialect: Dialect, plan: Plan) -> Plan:
    """The plan, its steps with hazards for what is not as they expect it now. What comes after the user's own steps is
    left to the run: they may be there to correct it.
    """
    steps = list(plan.steps)
    for position, step in enumerate(steps):
        if step.run or any(isinstance(one, Execute) for one in step.operations):
            break
        hazards = [hazard for one in step.expects if (hazard := _refusal(connection, dialect, one, step))]
        steps[position] = dataclasses.replace(step, hazards=(*step.hazards, *hazards))
    return dataclasses.replace(plan, steps=tuple(steps))


def _refusal(connection: Connection, dialect: Dialect, one: Expectation, step: Step) -> Hazard | None:
    try:
        words = unmet(connection, dialect, one)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        return None  # it asks for what a step before it makes, or what only a run has
    if not words:
        return None
    message = f"this would be refused: {words}"
    return Hazard("SD205", "warning", message, one.advice, step.operations[0] if step.operations else None)
