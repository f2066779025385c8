"""How a table that is in use is changed, so that its readers and writers wait as little as can be.

A simple product has none of it: every table is changed the plain way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemadiff.dialects.contract.sql import Sql
from schemadiff.dialects.contract.statements import Statement
from schemadiff.operations import Operation
from schemadiff.schema import Schema

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Online(Sql):
    """Finds ways that keep nobody waiting."""

    def online_statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        """As `statements`, for a table that is not small: its readers and writers wait as little as can be."""
        return self.statements(operations, before, later=later)

    def choose_algorithms(
        self, connection: Connection, statements: Sequence[Statement]
    ) -> tuple[tuple[Statement, ...], ...]:
        """For each statement of a plan, in order, those that take its place now that the server was asked how it would
        carry them out: they hold it to its answer, so that it refuses rather than lets others wait. The tables
        themselves stay as they are.
        """
        return tuple((statement,) for statement in statements)

    def fallback(self, sql: str, error: BaseException) -> str | None:
        """A statement that `choose_algorithms` gave, in another way that keeps nobody waiting, where the server refuses
        this one for what could not be seen before; ``None`` where there is none.
        """
        return None

    def is_algorithm_refusal(self, error: BaseException) -> bool:
        """Whether the server refused a statement because it cannot carry it out in the way that it is held to."""
        return False
