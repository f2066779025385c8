"""Constraints and columns that are dropped and re-created around the rename of a column on MySQL. Pure.

MySQL 9.7 refuses to rename a column that a CHECK (3959), a generated column (3108), a default (3766) or a functional
index (3837) speaks of, unless the same ALTER drops or redefines that; MariaDB renames in all of them by itself.
A generated column that is redefined makes it copy the table, which it refuses while the renamed column belongs to a
foreign key at either end (1846).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from schemadiff.dialects.contract.dialect import Dialect
from schemadiff.dialects.mysql.server.sql_text import mentions
from schemadiff.dialects.shared.rename_in_expressions import (
    rename_in_check,
    rename_in_column,
    rename_in_index,
)
from schemadiff.operations import (
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Operation,
    RenameColumn,
    live_after,
)
from schemadiff.schema import Check, Column, ForeignKey, Index, Name, Schema


def with_dependents(
    operations: Sequence[Operation], schema: Schema, dialect: Dialect
) -> tuple[Operation, ...]:
    """The operations, each rename of a column between those that take away and give back what speaks of it.

    What a later operation drops or alters anyhow is dropped or altered by that one, which then stands at the rename.
    """
    rest = list(operations)
    result: list[Operation] = []
    while rest:
        operation = rest.pop(0)
        if isinstance(operation, RenameColumn) and operation.table in schema.tables:
            first, last = _around(operation, schema, rest, dialect)
            result += [*first, operation, *last]
            schema = live_after(schema, (*first, operation, *last))
        else:
            result.append(operation)
            if getattr(operation, "table", None) in schema.tables:
                schema = operation.apply(schema, strict=False)
    return tuple(result)


def _around(
    rename: RenameColumn, schema: Schema, rest: list[Operation], dialect: Dialect
) -> tuple[list[Operation], list[Operation]]:
    table = schema.tables[rename.table]

    def new(text: str) -> str:
        return dialect.renamed(text, rename.before, rename.after)

    first: list[Operation] = []
    last: list[Operation] = []
    for check in table.checks:
        if mentions(check.expression, rename.before) and check.column is None:
            drop = _drop_of(check, rename.table, rest)
            first.append(drop or DropConstraint(rename.table, check))
            if drop is None:
                last.append(AddConstraint(rename.table, rename_in_check(check, new)))
    for index in table.indexes:
        if any(part.expression and mentions(part.expression, rename.before) for part in index.parts):
            drop = _drop_of(index, rename.table, rest)
            first.append(drop or DropIndex(rename.table, index))
            if drop is None:
                last.append(CreateIndex(rename.table, rename_in_index(index, new)))
    for column in table.columns:
        if _speaks_of(column, rename.before):
            alter = AlterColumn(rename.table, column, rename_in_column(column, new, defaults=True))
            last.append(_alter_of(column, rename, rest) or alter)
    if any(column.generated and _speaks_of(column, rename.before) for column in table.columns):
        for name, key in _bound(rename, schema):
            drop = _drop_of(key, name, rest)
            first.append(drop or DropConstraint(name, key))
            if drop is None:
                last.append(AddConstraint(name, _with_new_name(key, name, rename)))
    return first, last


def _bound(rename: RenameColumn, schema: Schema) -> list[tuple[Name, ForeignKey]]:
    """The foreign keys, each with its table, that the renamed column belongs to."""
    return [
        (table.name, key)
        for table in schema.tables.values()
        for key in table.foreign_keys
        if (table.name == rename.table and rename.before in key.columns)
        or (key.target == rename.table and rename.before in key.target_columns)
    ]


def _with_new_name(key: ForeignKey, table: Name, rename: RenameColumn) -> ForeignKey:
    """The table's foreign key after the rename."""

    def new(columns: tuple[str, ...], owner: Name) -> tuple[str, ...]:
        return tuple(
            rename.after if owner == rename.table and column == rename.before else column
            for column in columns
        )

    return dataclasses.replace(
        key, columns=new(key.columns, table), target_columns=new(key.target_columns, key.target)
    )


def _drop_of(thing: Check | Index | ForeignKey, table: Name, rest: list[Operation]) -> Operation | None:
    """The operation among the rest that drops it, taken out of them."""
    for operation in rest:
        match operation:
            case DropConstraint(constraint=Check() | ForeignKey() as dropped) | DropIndex(index=dropped) if (
                operation.table == table and isinstance(dropped, type(thing)) and dropped.name == thing.name
            ):
                rest.remove(operation)
                return operation
            case _:
                pass
    return None


def _speaks_of(column: Column, name: str) -> bool:
    texts = (column.generated.expression if column.generated else None, column.default)
    return any(text and mentions(_outside_of_texts(text), name) for text in texts)


def _outside_of_texts(text: str) -> str:
    """A default that is nothing but a literal speaks of no column."""
    return "" if text.startswith("'") else text


def _alter_of(column: Column, rename: RenameColumn, rest: list[Operation]) -> Operation | None:
    """The operation among the rest that changes the column, taken out of them."""
    for operation in rest:
        if isinstance(operation, AlterColumn) and operation.table == rename.table:
            if operation.before.name == column.name:
                rest.remove(operation)
                return operation
    return None
