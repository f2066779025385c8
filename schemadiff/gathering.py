"""The operations of a plan in the order that costs the fewest rebuilds. Pure.

For dialects that carry out all changes of one table together, whatever stands between them, and check no foreign key
before the end of the transaction: a foreign key that closes a circle can stand in its table's CREATE.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemadiff import namesakes
from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddConstraint,
    CreateTable,
    DropConstraint,
    DropTable,
    Operation,
    RenameTable,
    touched,
)
from schemadiff.schema import ForeignKey, Name


def gathered(operations: Sequence[Operation], dialect: Dialect) -> list[Operation]:
    """The operations, those that alter one table moved behind one another, to where the last of them stands; none
    is moved past one that drops or renames a table or that is the user's own. What has to give its name to another
    table stays where it is. A foreign key of a table that is created goes to its creation, and one of a table that is
    dropped to its drop.
    """
    named = namesakes.taken(operations, dialect)
    blocks: list[list[Operation]] = []
    groups: dict[Name, list[Operation]] = {}
    created: dict[Name, list[Operation]] = {}
    last: dict[Name, list[Operation]] = {}
    for position, operation in enumerate(operations):
        name = touched(operation)
        if name is None or isinstance(operation, DropTable | RenameTable):
            blocks += groups.values()
            groups = {}
            if not isinstance(operation, DropTable):
                created = {}
            blocks.append([*last.pop(name, ()), operation] if name else [operation])
        elif isinstance(operation, CreateTable):
            created[name] = [operation]
            blocks.append(created[name])
        elif _is_foreign_key(operation, AddConstraint) and name in created and name not in groups:
            created[name].append(operation)
        elif _is_foreign_key(operation, DropConstraint) and _is_dropped(name, operations[position + 1 :]):
            last.setdefault(name, []).append(operation)
        elif namesakes.gives_way(operation, named) and operation.reverse() not in groups.get(name, ()):
            blocks.append([operation])
        else:
            groups[name] = [*groups.pop(name, []), operation]
    return [one for block in (*blocks, *groups.values()) for one in block]


def together(one: Operation, other: Operation, dialect: Dialect) -> bool:
    """Whether two adjacent operations are handed to the dialect together: both alter the same table, or, where a plan
    is gathered, one creates or drops it.
    """
    if touched(one) != touched(other) or isinstance(one, DropTable | RenameTable):
        return False
    if isinstance(one, CreateTable):
        return dialect.gathers_by_table and _is_foreign_key(other, AddConstraint)
    if isinstance(other, DropTable):
        return dialect.gathers_by_table and _is_foreign_key(one, DropConstraint)
    return not isinstance(other, CreateTable | RenameTable)


def _is_foreign_key(operation: Operation, kind: type[AddConstraint | DropConstraint]) -> bool:
    return isinstance(operation, kind) and isinstance(operation.constraint, ForeignKey)


def _is_dropped(name: Name, later: Sequence[Operation]) -> bool:
    """Whether the table is dropped later, after nothing but other drops of its foreign keys and of tables."""
    for operation in later:
        if isinstance(operation, DropTable) and operation.table.name == name:
            return True
        if not isinstance(operation, DropTable) and not _is_foreign_key(operation, DropConstraint):
            return False
    return False
