"""The subject of an operation, answered once: its columns, names and expressions, and what goes or comes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from schemadiff.operations.in_place import AlterConstraint, AlterIndex, InPlace, RenameConstraint, RenameIndex
from schemadiff.operations.objects import CreateObject, DropObject, ObjectOperation, ReplaceObject
from schemadiff.operations.tables import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameTable,
    Run,
)
from schemadiff.schema import Check, Column, Constraint, Exclude, Index, Name

OfTables = CreateTable | DropTable | RenameTable | AlterTable
OfColumns = AddColumn | DropColumn | AlterColumn | RenameColumn
OfParts = CreateIndex | DropIndex | AddConstraint | DropConstraint | InPlace
OfOthers = ObjectOperation | Execute | Run | Found


def touched(operation: Operation) -> Name | None:
    """The table that an operation works on; ``None`` for what is no table, and for `Execute` and `Run`, which may
    touch any.
    """
    match operation:
        case CreateTable() | DropTable():
            return operation.table.name
        case RenameTable():
            return operation.before
        case Execute() | Run() | CreateObject() | DropObject() | ReplaceObject():
            return None
        case Found():
            return touched(operation.operation)
        case AlterTable() | AddColumn() | DropColumn() | AlterColumn() | RenameColumn():
            return operation.table
        case CreateIndex() | DropIndex() | RenameIndex() | AlterIndex():
            return operation.table
        case AddConstraint() | DropConstraint() | RenameConstraint() | AlterConstraint():
            return operation.table
        case _:
            assert_never(operation)


def gone(operation: Operation) -> Constraint | Index | None:
    """The constraint or index that is not there after the operation as it was before, or ``None``."""
    if isinstance(operation, DropConstraint):
        return operation.constraint
    if isinstance(operation, DropIndex):
        return operation.index
    if isinstance(operation, InPlace):
        return operation.before
    if isinstance(operation, CreateIndex | AddConstraint | OfTables | OfColumns | OfOthers):
        return None
    assert_never(operation)


def come(operation: Operation) -> Constraint | Index | None:
    """The constraint or index that is there after the operation and was not so before, or ``None``."""
    if isinstance(operation, AddConstraint):
        return operation.constraint
    if isinstance(operation, CreateIndex):
        return operation.index
    if isinstance(operation, InPlace):
        return operation.after
    if isinstance(operation, DropIndex | DropConstraint | OfTables | OfColumns | OfOthers):
        return None
    assert_never(operation)


def pair(operation: InPlace) -> tuple[DropIndex, CreateIndex] | tuple[DropConstraint, AddConstraint]:
    """The drop and the addition that lead to the same where the server cannot change it where it stands."""
    match operation:
        case (
            RenameIndex(table=table, before=before, after=after)
            | AlterIndex(table=table, before=before, after=after)
        ):
            return DropIndex(table, before), CreateIndex(table, after)
        case (
            RenameConstraint(table=table, before=old, after=new)
            | AlterConstraint(table=table, before=old, after=new)
        ):
            return DropConstraint(table, old), AddConstraint(table, new)
        case _:
            assert_never(operation)


def definitions(operation: Operation) -> tuple[Column, ...]:
    """The columns that it defines or takes away, as they are before and after it."""
    if isinstance(operation, AddColumn | DropColumn):
        return (operation.column,)
    if isinstance(operation, AlterColumn):
        return (operation.before, operation.after)
    if isinstance(operation, RenameColumn | OfTables | OfParts | OfOthers):
        return ()
    assert_never(operation)


def made_columns(operation: Operation) -> tuple[Column, ...]:
    """The columns that it makes, as they are after it: those of a new table, a new one, a changed one."""
    if isinstance(operation, CreateTable):
        return operation.table.columns
    return () if isinstance(operation, DropColumn) else definitions(operation)[-1:]


def named_columns(operation: Operation) -> tuple[str, ...]:
    """The names of the columns that it changes, or that its index or constraint is on."""
    if isinstance(operation, RenameColumn):
        return (operation.before, operation.after)
    names = [column.name for column in definitions(operation)]
    for thing in things(operation):
        if not isinstance(thing, Check):
            names += thing.columns
        elif thing.column:
            names.append(thing.column)
    return tuple(names)


def expressions(operation: Operation) -> Iterator[str]:
    """The expressions in it, which may speak of columns."""
    for column in definitions(operation):
        if column.generated:
            yield column.generated.expression
        if column.default and not column.default.startswith("'"):
            yield column.default
    for thing in things(operation):
        if isinstance(thing, Check):
            yield thing.expression
        elif isinstance(thing, Index | Exclude):
            yield from (part.expression for part in thing.parts if part.expression)


def things(operation: Operation) -> tuple[Constraint | Index, ...]:
    """The constraint or index that it is about, as it is before and after it."""
    return tuple(dict.fromkeys(one for one in (gone(operation), come(operation)) if one is not None))
