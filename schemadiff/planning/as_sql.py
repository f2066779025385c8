"""Objects that models have no word for, or that no model declares, as the SQL that creates and removes them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from schemadiff.dialects import Dialect
from schemadiff.operations import Execute, Operation
from schemadiff.operations.objects import CreateObject
from schemadiff.planning import planner, replay
from schemadiff.schema import Key, Schema

_NOTHING_TO_UNDO = ""


def as_sql(operations: Sequence[Operation], keys: Collection[Key], dialect: Dialect) -> Iterator[Operation]:
    """The operations, which begin with nothing, and those that create an object of these keys as SQL: replay knows
    nothing of that then, so that no models need to have it.
    """
    schema = Schema()
    for operation in operations:
        after = replay.after(operation, schema, dialect, strict=False)
        if isinstance(operation, CreateObject) and operation.object.key in keys:
            made = planner.plan([operation], schema, dialect).statements
            undone = planner.plan([operation.reverse()], after, dialect).statements
            for sql, undo in zip(made, _undoing(len(made), undone), strict=True):
                yield Execute(sql, undo, (dialect.name,))
        else:
            yield operation
        schema = after


def _undoing(count: int, undone: Sequence[str]) -> Sequence[str | None]:
    """Return the SQL that undoes each of so many statements, which are undone from the last one to the first."""
    if len(undone) == count:
        return undone[::-1]
    if len(undone) == 1:
        # What follows the first statement speaks of what that made, and goes with it.
        return [undone[0], *[_NOTHING_TO_UNDO] * (count - 1)]
    return [None] * count
