"""Which of the operations that one statement carries the server's words are about. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    Operation,
    RenameColumn,
)
from schemadiff.schema import ForeignKey, PrimaryKey, Unique
from schemadiff.schema.describe import speaks_of


def blamed(operations: Sequence[Operation], words: str) -> tuple[Operation, ...]:
    """Those whose column, index or constraint the words name; none where they name none, or of all alike.

    ``Duplicate entry 'a' for key 'book.uq_title'`` is about the index ``uq_title``, whatever else the ALTER changes.
    """
    found = tuple(one for one in operations if any(speaks_of(words, name) for name in _names(one)))
    return found if len(found) < len(operations) else ()


def _names(operation: Operation) -> Iterator[str]:
    """What a server calls the thing that the operation makes, changes or drops."""
    match operation:
        case AddColumn(column=column) | DropColumn(column=column) | AlterColumn(after=column):
            yield column.name
        case RenameColumn():
            yield operation.before
            yield operation.after
        case CreateIndex(index=index) | DropIndex(index=index):
            if index.name:
                yield index.name
            else:
                yield from index.columns
        case AddConstraint(constraint=constraint) | DropConstraint(constraint=constraint):
            if constraint.name:
                yield constraint.name
            elif isinstance(constraint, PrimaryKey):
                yield "PRIMARY"
            elif isinstance(constraint, Unique | ForeignKey):
                yield from constraint.columns
        case _:
            return
