"""Which of the operations that one statement carries the server's words are about. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemadiff.operations import (
    Operation,
    RenameColumn,
)
from schemadiff.operations.subject import definitions, things
from schemadiff.schema import Constraint, ForeignKey, Index, PrimaryKey, Unique
from schemadiff.schema.describe import speaks_of


def blamed(operations: Sequence[Operation], words: str) -> tuple[Operation, ...]:
    """Those whose column, index or constraint the words name; none where they name none, or of all alike.

    ``Duplicate entry 'a' for key 'book.uq_title'`` is about the index ``uq_title``, whatever else the ALTER changes.
    """
    found = tuple(one for one in operations if any(speaks_of(words, name) for name in _names(one)))
    return found if len(found) < len(operations) else ()


def _names(operation: Operation) -> Iterator[str]:
    """Yield the names by which a server's error may mention what the operation makes, changes or drops."""
    if isinstance(operation, RenameColumn):
        yield from (operation.before, operation.after)
    yield from (column.name for column in definitions(operation)[-1:])
    for thing in things(operation):
        yield from _called(thing)


def _called(thing: Constraint | Index) -> Iterator[str]:
    if thing.name:
        yield thing.name
    elif isinstance(thing, PrimaryKey):
        yield "PRIMARY"
    elif isinstance(thing, Unique | ForeignKey | Index):
        yield from thing.columns
