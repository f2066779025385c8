"""The order of operations on one table where a statement of its own would come between two that need each other. Pure.

An AUTO_INCREMENT column and its key come and go in one ALTER (error 1075), and a column cannot become VIRTUAL, or stop
being so, in the same ALTER as something else: it is dropped and added. So the latter moves out of the way.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    DropColumn,
    DropConstraint,
    Operation,
)
from schemadiff.schema import PrimaryKey


def out_of_the_way(operations: Sequence[Operation]) -> Sequence[Operation]:
    """The operations; where a column begins or ends to count by itself, what stops being VIRTUAL goes before the
    columns and the key change, and what becomes VIRTUAL after they have.
    """
    if not any(_counts_otherwise(one) for one in operations):
        return operations
    leaving = [one for one in operations if _virtual(one) == (True, False)]
    becoming = [one for one in operations if _virtual(one) == (False, True)]
    rest = [one for one in operations if one not in leaving and one not in becoming]
    middle = [position for position, one in enumerate(rest) if _changes_columns(one)]
    first, last = middle[0], middle[-1] + 1
    return (*rest[:first], *leaving, *rest[first:last], *becoming, *rest[last:])


def _counts_otherwise(operation: Operation) -> bool:
    return (
        isinstance(operation, AlterColumn) and operation.before.autoincrement != operation.after.autoincrement
    )


def _virtual(operation: Operation) -> tuple[bool, bool]:
    """Whether an altered column is VIRTUAL before and after."""
    if not isinstance(operation, AlterColumn):
        return False, False
    before, after = operation.before.generated, operation.after.generated
    return before is not None and not before.stored, after is not None and not after.stored


def _changes_columns(operation: Operation) -> bool:
    match operation:
        case AddColumn() | AlterColumn() | DropColumn():
            return True
        case AddConstraint(constraint=PrimaryKey()) | DropConstraint(constraint=PrimaryKey()):
            return True
        case _:
            return False
