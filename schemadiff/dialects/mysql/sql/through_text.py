"""Changes of a column to which no single MODIFY leads, and what the column is in between. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from schemadiff.dialects.mysql.canonical.types import casts
from schemadiff.operations import AlterColumn, Operation, touched


def needs_text(change: AlterColumn) -> bool:
    """Whether the column gets a type to which only a text leads."""
    return not casts(change.before.type.sql, change.after.type.sql)


def texts_needed(operations: Sequence[Operation]) -> list[AlterColumn]:
    """The changes with which the operations begin, of one table's columns, that need a text in between: each column
    once.
    """
    needed: dict[str, AlterColumn] = {}
    for operation in operations:
        if not isinstance(operation, AlterColumn) or operation.table != touched(operations[0]):
            break
        if needs_text(operation):
            needed.setdefault(operation.before.name, operation)
    return list(needed.values())
