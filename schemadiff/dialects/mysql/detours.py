"""Changes of a column to which no single MODIFY leads, and what the column is in between. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from schemadiff.dialects.mysql.facts import Facts
from schemadiff.dialects.mysql.sqltext import mentions
from schemadiff.dialects.mysql.types import casts
from schemadiff.operations import AlterColumn, Operation, touched
from schemadiff.schema import Column, Table


def changes_virtual(operation: AlterColumn) -> bool:
    """Whether the column becomes VIRTUAL or is so no longer."""
    before, after = operation.before.generated, operation.after.generated
    kinds = {kind and kind.stored for kind in (before, after)}
    return len(kinds) == 2 and False in kinds


def with_values(operation: AlterColumn, table: Table, facts: Facts) -> Column:
    """The column as it is added again after it was dropped: an ordinary one that was VIRTUAL has its values from its
    expression at first.

    MariaDB 10.11 takes nothing for a STORED column that may hang on the session, such as a CHAR, DAYNAME() or the
    difference of unsigned numbers (1901). It takes that for a default, which fills a new column row by row, but may
    not speak of generated columns (4029).
    """
    before, after = operation.before.generated, operation.after
    if before is None or after.generated is not None:
        return after
    plain = dataclasses.replace(
        after, default=None, on_update=None, nullable=True, autoincrement=False, written=None
    )
    generated = [one.name for one in table.columns if one.generated]
    if facts.product.stores_by_default and not any(mentions(before.expression, name) for name in generated):
        return dataclasses.replace(plain, default=f"({before.expression})")
    return dataclasses.replace(plain, generated=dataclasses.replace(before, stored=True))


def subtracts_unsigned(column: Column, table: Table) -> bool:
    """Whether the column's default may subtract unsigned numbers. MariaDB 10.11 computes a new column's default for an
    empty row, too, where these are 0 and the difference is out of range (1690).
    """
    text = column.default or ""
    unsigned = [one.name for one in table.columns if _UNSIGNED.search(one.type.sql)]
    return "-" in text and (
        _UNSIGNED.search(text) is not None or any(mentions(text, name) for name in unsigned)
    )


_UNSIGNED = re.compile(r"\bunsigned\b|^(?:bit|year)\b")

SIGNED_DIFFERENCES = "SET STATEMENT sql_mode = CONCAT(@@sql_mode, ',NO_UNSIGNED_SUBTRACTION') FOR "
"""MariaDB's words before a statement that may subtract more from an unsigned number than there is."""


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
