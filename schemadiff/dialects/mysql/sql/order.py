"""The order of operations on one table where a statement of its own would come between two that need each other. Pure.

An AUTO_INCREMENT column and its key come and go in one ALTER (error 1075). Some changes of other columns begin an ALTER
of their own: to VIRTUAL or from it, which drops the column and adds it; to a type that takes nothing but texts; whether
the column of a foreign key may be NULL. These move out of the way.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemadiff.dialects.mysql.canonical.types import casts
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.sql.one_alter import moves_bound
from schemadiff.operations import (
    AddConstraint,
    AlterColumn,
    AlterTable,
    DropConstraint,
    Operation,
)
from schemadiff.operations.subject import definitions, things
from schemadiff.schema import Column, PrimaryKey, Schema


def collation_first(operations: Sequence[Operation]) -> Sequence[Operation]:
    """The operations; a table's new default for text comes before the columns change.

    A column that is given what is not the table's default yet is shown with it ever after.
    """
    first = next((position for position, one in enumerate(operations) if _changes_columns(one)), None)
    late = [one for one in operations[first:] if _changes_collation(one)] if first is not None else []
    if not late:
        return operations
    return (*operations[:first], *late, *(one for one in operations[first:] if one not in late))


def _changes_collation(operation: Operation) -> bool:
    """Whether the table gets another default for text; not where its partitions, which may go by a new key, do too."""
    if not isinstance(operation, AlterTable):
        return False
    before, after = operation.before, operation.after
    partitions, kept = (dict(options.extra).get("PARTITION_BY") for options in (before, after))
    return partitions == kept and (before.charset, before.collation) != (after.charset, after.collation)


def out_of_the_way(operations: Sequence[Operation], schema: Schema, facts: Facts) -> Sequence[Operation]:
    """The operations, which start from `schema`; where a column gets or loses AUTO_INCREMENT, or one that has it
    gets another key, what needs an ALTER of its own goes before the columns and the key change, or after they have.
    """
    if not any(_counts(one) or _rekeys(one, schema) for one in operations):
        return operations
    leaving = [one for one in operations if _goes_before(one, schema, facts)]
    becoming = [one for one in operations if one not in leaving and _goes_after(one, schema, facts)]
    rest = [one for one in operations if one not in leaving and one not in becoming]
    middle = [position for position, one in enumerate(rest) if _changes_columns(one)]
    # Where nothing else changes a column they stay where they are: between a foreign key that goes and one that comes.
    place = next((at for at, one in enumerate(operations) if one in leaving or one in becoming), len(rest))
    first, last = (middle[0], middle[-1] + 1) if middle else (place, place)
    # What counts now is part of the ALTER that gives the key.
    leaving.sort(key=_counts)
    return (*rest[:first], *leaving, *rest[first:last], *becoming, *rest[last:])


def _counts(operation: Operation) -> bool:
    """Whether a column gets or loses AUTO_INCREMENT."""
    match definitions(operation):
        case (before, after):
            return before.autoincrement != after.autoincrement
        case (column,):
            return column.autoincrement
        case _:
            return False


def _rekeys(operation: Operation, schema: Schema) -> bool:
    """Whether a primary key comes or goes of a table that has a column that counts."""
    match operation:
        case AddConstraint(constraint=PrimaryKey()) | DropConstraint(constraint=PrimaryKey()):
            table = schema.tables.get(operation.table)
            return table is not None and any(column.autoincrement for column in table.columns)
        case _:
            return False


def _goes_before(operation: Operation, schema: Schema, facts: Facts) -> bool:
    if not isinstance(operation, AlterColumn):
        return False
    before, after = operation.before, operation.after
    return (
        (_is_virtual(before) and not _is_virtual(after))
        or not casts(before.type.sql, after.type.sql)
        or (moves_bound(operation, schema, facts) and not after.nullable)
    )


def _goes_after(operation: Operation, schema: Schema, facts: Facts) -> bool:
    if not isinstance(operation, AlterColumn):
        return False
    before, after = operation.before, operation.after
    becomes_virtual = _is_virtual(after) and not _is_virtual(before)
    return (becomes_virtual and not before.autoincrement) or moves_bound(operation, schema, facts)


def _is_virtual(column: Column) -> bool:
    return column.generated is not None and not column.generated.stored


def _changes_columns(operation: Operation) -> bool:
    """Whether it makes, changes or drops a column, or the primary key."""
    return bool(definitions(operation)) or any(isinstance(one, PrimaryKey) for one in things(operation))
