"""Which views, triggers, routines, events, policies and rules speak of what an operation renames or drops. Pure.

Their texts tell, word by word: no server but PostgreSQL and SQLite knows what a view is made of, and none knows what is
in the body of a routine. So an object may be named that has a word in common by chance, and none is missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from schemadiff.operations import (
    DropColumn,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameTable,
)
from schemadiff.operations.objects import DEPENDENT, CreateObject, DropObject, ReplaceObject, object_key
from schemadiff.schema import Entry, Name, Routine, StoredObject, View
from schemadiff.schema.describe import speaks_of

Takes = RenameColumn | RenameTable | DropColumn | DropTable
"""The operations after which a name means nothing any more."""

KINDS = ("view", "trigger", "function", "procedure", "event", DEPENDENT)


def tables(operations: Iterable[Operation]) -> tuple[Name, ...]:
    """The tables, by their names before the operations, that are renamed or dropped or lose the name of a column."""
    return tuple(dict.fromkeys(name for _, name in _taking(operations)))


def found(
    operations: Sequence[Operation], objects: Collection[StoredObject]
) -> Mapping[Operation, tuple[StoredObject, ...]]:
    """The objects that speak of what each operation takes away, but for those that other operations see to."""
    seen_to = {
        object_key(one) for one in operations if isinstance(one, CreateObject | DropObject | ReplaceObject)
    }
    texts = [one.sql for one in operations if isinstance(one, Execute)]
    left = [
        one
        for one in objects
        if one.key not in seen_to and not any(speaks_of(text, _own_name(one)) for text in texts)
    ]
    result: dict[Operation, tuple[StoredObject, ...]] = {}
    for operation, table in _taking(operations):
        users = tuple(one for one in left if _speaks(one, operation, table, left))
        if users:
            result[operation] = users
    return result


def _taking(operations: Iterable[Operation]) -> Iterator[tuple[Takes, Name]]:
    """The operations that take a name away, each with the name that its table has before all of them."""
    before: dict[Name, Name] = {}
    for operation in operations:
        match operation:
            case Found():
                pass  # it is so already
            case RenameTable():
                known = before.pop(operation.before, operation.before)
                before[operation.after] = known
                yield operation, known
            case RenameColumn() | DropColumn():
                yield operation, before.get(operation.table, operation.table)
            case DropTable():
                yield operation, before.get(operation.table.name, operation.table.name)
            case _:
                pass


def _speaks(one: StoredObject, operation: Takes, table: Name, others: Iterable[StoredObject]) -> bool:
    text = _text(one)
    own = (one.table if isinstance(one, Routine) else one.name if isinstance(one, Entry) else None) == table
    match operation:
        case RenameTable() | DropTable():
            # What is on a table goes with it.
            return not own and speaks_of(text, table.name)
        case RenameColumn(before=column):
            pass
        case DropColumn():
            column = operation.column.name
    if not speaks_of(text, column):
        return False
    return own or speaks_of(text, table.name) or _is_run_by(one, table, others)


def _is_run_by(one: StoredObject, table: Name, others: Iterable[StoredObject]) -> bool:
    """Whether a trigger on the table runs the function, which need not name the table then."""
    return any(
        isinstance(other, Routine) and other.table == table and speaks_of(other.definition, one.name.name)
        for other in others
        if isinstance(one, Routine) and other is not one
    )


def _text(one: StoredObject) -> str:
    if isinstance(one, Entry):
        return " ".join(one.create) if one.words.startswith(_HOLDING) else ""
    return one.definition if isinstance(one, View | Routine) else ""


_HOLDING = ("policy ", "rule ")
"""The entries that speak of columns in expressions of their own."""


def _own_name(one: StoredObject) -> str:
    """By what a statement of the user's would call it."""
    if isinstance(one, Entry):
        return one.words.partition(" ")[2].partition(" on ")[0].strip('"') or one.name.name
    return one.name.name
