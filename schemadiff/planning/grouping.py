"""The operations of a plan in the order that costs the fewest rebuilds. Pure.

`gathered` is for dialects that carry out all changes of one table together, whatever stands between them, and check no
foreign key before the end of the transaction: a foreign key that closes a circle can stand in its table's CREATE.
`delayed` is for those that copy a table to add a foreign key to it, or to partition it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from schemadiff.compare import name_conflicts
from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameTable,
    Run,
    touched,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import ForeignKey, Name


def gathered(operations: Sequence[Operation], dialect: Dialect) -> list[Operation]:
    """The operations, those that alter one table moved behind one another, to where the last of them stands; none
    is moved past one that drops or renames a table or that is the user's own. What has to give its name to another
    table stays where it is. A foreign key of a table that is created goes to its creation, and one of a table that is
    dropped to its drop.
    """
    named = name_conflicts.taken(operations, dialect)
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
        elif name_conflicts.frees_name(operation, named) and operation.reverse() not in groups.get(name, ()):
            blocks.append([operation])
        else:
            groups[name] = [*groups.pop(name, []), operation]
    return [one for block in (*blocks, *groups.values()) for one in block]


def delayed(operations: Sequence[Operation], large: Collection[Name]) -> list[Operation]:
    """The operations; what changes the columns of a large table goes to where foreign keys are added to it, where
    nothing between needs it, so that one copy of the table serves for both.
    """
    result = _paired(operations)
    for position in range(len(result)):
        operation = result[position]
        if not isinstance(operation, AlterColumn) or operation.table not in large:
            continue
        end = position
        while end < len(result) and _same_change(result[end], operation.table):
            end += 1
        target = end
        while target < len(result) and _is_apart(result[target], operation.table):
            target += 1
        if end < target < len(result) and _is_foreign_key(result[target], AddConstraint):
            if touched(result[target]) == operation.table:
                result[position:target] = [*result[end:target], *result[position:end]]
    return result


def _paired(operations: Sequence[Operation]) -> list[Operation]:
    """The operations; what renames columns of a table and what changes its options stand together, at the later of
    them, where nothing between needs the earlier: a table is partitioned by columns, whose names have to change in one
    statement with it. The renames come first, as the options speak of columns by the names that they have in the end.
    """
    result = list(operations)
    position = 0
    while position < len(result):
        operation = result[position]
        target = end = position
        if isinstance(operation, RenameColumn | AlterTable):
            while end < len(result) and _is_name_or_option(result[end], operation.table):
                end += 1
            target = end
            while target < len(result) and _is_apart(result[target], operation.table):
                target += 1
        if end < target < len(result) and _is_name_or_option(result[target], touched(operation)):
            result[position:target] = [*result[end:target], *result[position:end]]
        else:
            result[position:end] = sorted(result[position:end], key=lambda one: isinstance(one, AlterTable))
            position = max(end, position + 1)
    return result


def _is_name_or_option(operation: Operation, table: Name | None) -> bool:
    return isinstance(operation, RenameColumn | AlterTable) and operation.table == table


def _same_change(operation: Operation, table: Name) -> bool:
    """Whether it changes the table in a way that can wait for what changes others."""
    if isinstance(operation, AddConstraint):
        return operation.table == table and not isinstance(operation.constraint, ForeignKey)
    return (
        isinstance(operation, AddColumn | AlterColumn | DropColumn | CreateIndex) and operation.table == table
    )


def _is_apart(operation: Operation, table: Name) -> bool:
    """Whether it is about another table, and needs nothing of this one."""
    match operation:
        case AddConstraint(constraint=ForeignKey(target=target)):
            return table not in (operation.table, target)
        case CreateTable(table=created):
            return all(key.target != table for key in created.foreign_keys)
        case Execute() | Run() | Found() | RenameTable() | CreateObject() | DropObject() | ReplaceObject():
            return False
        case _:
            return touched(operation) != table


def together(one: Operation, other: Operation, dialect: Dialect) -> bool:
    """Whether two adjacent operations are handed to the dialect together: both alter the same table, or, where a plan
    is gathered, one creates or drops it.
    """
    if touched(one) != touched(other) or isinstance(one, DropTable | RenameTable):
        return False
    if isinstance(one, CreateTable):
        return dialect.one_statement_group_per_table and _is_foreign_key(other, AddConstraint)
    if isinstance(other, DropTable):
        return dialect.one_statement_group_per_table and _is_foreign_key(one, DropConstraint)
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
