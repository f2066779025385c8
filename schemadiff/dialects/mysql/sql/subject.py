"""The columns that an operation names, and the expressions in it, which may speak of others. Pure."""

from __future__ import annotations

from collections.abc import Iterator

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
from schemadiff.schema import Check, Column, ForeignKey, PrimaryKey, Unique


def definitions(operation: Operation) -> tuple[Column, ...]:
    """The columns that it defines or takes away, as they are before and after it."""
    match operation:
        case AddColumn(column=column) | DropColumn(column=column):
            return (column,)
        case AlterColumn(before=before, after=after):
            return (before, after)
        case _:
            return ()


def named_columns(operation: Operation) -> tuple[str, ...]:
    """The names of the columns that it changes, or that its index or constraint is on."""
    match operation:
        case AddColumn(column=column) | DropColumn(column=column):
            return (column.name,)
        case AlterColumn(before=before, after=after):
            return (before.name, after.name)
        case RenameColumn(before=old, after=new):
            return (old, new)
        case CreateIndex(index=index) | DropIndex(index=index):
            return index.columns
        case AddConstraint(constraint=PrimaryKey() | Unique() | ForeignKey() as key):
            return key.columns
        case DropConstraint(constraint=PrimaryKey() | Unique() | ForeignKey() as key):
            return key.columns
        case AddConstraint(constraint=Check() as check) | DropConstraint(constraint=Check() as check):
            return (check.column,) if check.column else ()
        case _:
            return ()


def expressions(operation: Operation) -> Iterator[str]:
    """The expressions in it, which may speak of columns."""
    for column in definitions(operation):
        if column.generated:
            yield column.generated.expression
        if column.default and not column.default.startswith("'"):
            yield column.default
    match operation:
        case CreateIndex(index=index) | DropIndex(index=index):
            yield from (part.expression for part in index.parts if part.expression)
        case AddConstraint(constraint=Check() as check) | DropConstraint(constraint=Check() as check):
            yield check.expression
        case _:
            pass
