"""Carries out a plan that is no revision of schemadiff's: its end is a mark of another tool, not the version row.

Where DDL can be rolled back, all of it is one transaction with the mark. Where each statement commits by itself there
is no journal: who began it tells from the live schema how far it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.driver_errors import is_lost, server_words
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.opening import Opening
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import DatabaseError, SchemadiffError, StepError
from schemadiff.execute import executor, preconditions
from schemadiff.execute.executor import RunOptions
from schemadiff.execute.preconditions import Unmet
from schemadiff.operations import Execute
from schemadiff.planning.planner import Step


def carry_out(
    connection: Connection,
    dialect: Dialect,
    steps: Sequence[Step],
    ending: Ending | None,
    options: RunOptions,
) -> None:
    """Carries the steps out, and the ending after them. Rows that nothing comes after commit together with that.

    Raises `StepError` where the server refuses one.
    """
    run = _Run(connection, dialect, steps, options)
    first = 0
    while first < len(steps):
        end = executor.end_of_part(dialect, steps, first)
        if not dialect.transactional_ddl:
            while end < len(steps) and executor.is_data(steps[first]) and executor.is_data(steps[end]):
                end += 1
        last = end == len(steps)
        executor.patiently(
            connection,
            dialect,
            steps[first:end],
            options,
            partial(run.part, first, end, ending if last else None),
        )
        first = end
    if ending and not (steps and run.holds(len(steps) - 1)):
        with dialect.transaction(connection, ending):
            pass


class _Run:
    def __init__(
        self, connection: Connection, dialect: Dialect, steps: Sequence[Step], options: RunOptions
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._steps = steps
        self._options = options

    def holds(self, position: int) -> bool:
        """Whether a transaction holds the step."""
        return executor.commits_with_entry(self._dialect, self._steps[position])

    def part(self, first: int, end: int, ending: Ending | None) -> None:
        """Steps that commit together."""
        held = self.holds(first)
        try:
            with self._dialect.transaction(self._connection, ending) if held else nullcontext() as opening:
                for position in range(first, end):
                    self._step(position, opening)
        except SchemadiffError:
            raise
        except (SQLAlchemyError, DatabaseError) as error:
            raise StepError(
                f"could not commit: {server_words(error)}", hint="Mend the cause, and run the command again."
            ) from error

    def _step(self, position: int, opening: Opening | None) -> None:
        step, connection, dialect = self._steps[position], self._connection, self._dialect
        written = any(isinstance(one, Execute) for one in step.operations)
        words = "; ".join(dict.fromkeys(one.describe() for one in step.operations))
        self._options.tell(f"{position + 1}/{len(self._steps)} {words or step.sql}")
        try:
            with dialect.as_server_is(connection) if written else nullcontext():
                if opening and step.expects:
                    opening.send(connection)
                preconditions.hold(connection, dialect, step.expects)
                if not written:
                    dialect.admit(connection, step.sql)
                sql = opening.before(step.sql) if opening else step.sql
                if step.alone:
                    dialect.clear(connection, step.operations)
                connection.exec_driver_sql(sql, execution_options=VERBATIM)
        except (SQLAlchemyError, Unmet) as error:
            raise self._failure(position, error) from error

    def _failure(self, position: int, error: Exception) -> StepError:
        step = self._steps[position]
        lines = [f"could not carry out step {position + 1} of {len(self._steps)}: {server_words(error)}"]
        lines += [f"  - {one.describe()}" for one in step.operations]
        lines += [f"    {line}" for line in step.sql.splitlines()]
        if is_lost(error):
            told = "The connection was lost: whether this step is done will be read from the database."
        elif self.holds(position):
            told = "What was begun with it is rolled back."
        else:
            told = f"{position} of {len(self._steps)} steps are done."
        advice = f"{error.advice}\n" if isinstance(error, Unmet) else ""
        return StepError(
            "\n".join(lines),
            hint=f"{advice}{told} Mend the cause, and run the command again: it goes on from there.",
        )
