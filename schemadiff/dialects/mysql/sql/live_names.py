"""Finds the live constraint or index that an operation is about, under its name there. Pure."""

from __future__ import annotations

import dataclasses

from schemadiff.dialects.mysql.canonical import implicit
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterIndex,
    AlterTable,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    RenameColumn,
    RenameIndex,
)
from schemadiff.schema import Check, ForeignKey, Index, Table

OneTable = (
    AlterTable
    | AddColumn
    | DropColumn
    | AlterColumn
    | RenameColumn
    | CreateIndex
    | DropIndex
    | AddConstraint
    | DropConstraint
    | RenameIndex
    | AlterIndex
)
"""The operations that an ALTER TABLE can carry out."""


def resolved(operation: OneTable, table: Table) -> OneTable:
    """The operation; what it drops is the thing that the table has, with its name there."""
    match operation:
        case DropIndex(index=index):
            return DropIndex(operation.table, implicit.find_made(table.indexes, index, table) or index)
        case RenameIndex(before=index):
            found = implicit.find_made(table.indexes, index, table) or index
            return RenameIndex(operation.table, found, operation.after)
        case DropConstraint(constraint=ForeignKey() as key):
            return DropConstraint(operation.table, implicit.find_made(table.foreign_keys, key, table) or key)
        case DropConstraint(constraint=Check() as check):
            return DropConstraint(operation.table, _find_check(table, check))
        case _:
            return operation


def with_server_name(operation: OneTable, table: Table, facts: Facts) -> OneTable:
    """The operation; what it adds without a name has the one that it gets."""
    match operation:
        case AddConstraint(constraint=ForeignKey(name=None) as key):
            name = implicit.next_foreign_key_name(table)
            return AddConstraint(operation.table, dataclasses.replace(key, name=name))
        case AddConstraint(constraint=Check(name=None, column=None) as check):
            name = implicit.next_check_name(table, facts.product)
            return AddConstraint(operation.table, dataclasses.replace(check, name=name))
        case _:
            return operation


def index_name(table: Table, index: Index) -> str:
    if index.name:
        return index.name
    return implicit.free_name(index.columns[0], (other.name for other in table.indexes))


def _find_check(table: Table, check: Check) -> Check:
    """The table's CHECK that is meant, also where it has no name and its text was never asked for."""
    found = implicit.find_made(table.checks, check, table)
    if found is None:
        alike = [other for other in table.checks if _letters(other.expression) == _letters(check.expression)]
        found = alike[0] if alike else None
    return found or check


def _letters(expression: str) -> str:
    return "".join(character for character in expression.lower() if character not in "`() \t\n")


def with_column(key: ForeignKey, renamed: RenameColumn) -> ForeignKey:
    """The foreign key of the table, with one of the table's columns under its new name."""

    def new(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(renamed.after if column == renamed.before else column for column in columns)

    targets = new(key.target_columns) if key.target == renamed.table else key.target_columns
    return dataclasses.replace(key, columns=new(key.columns), target_columns=targets)
