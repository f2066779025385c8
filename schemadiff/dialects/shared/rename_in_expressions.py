"""A renamed column's new name in the expressions of its table. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from schemadiff.operations import Operation, RenameColumn
from schemadiff.schema import Check, Column, Exclude, Index, Schema, Table

Rename = Callable[[str], str]
"""An expression with the new name in it."""


def applied(operation: Operation, schema: Schema, renamed: Callable[[str, str, str], str]) -> Schema:
    """The schema after the operation; `renamed` gives an expression with a column's new name in the place of its old
    one, as `Dialect.renamed`.
    """
    after = operation.apply(schema, strict=False)
    if not isinstance(operation, RenameColumn):
        return after
    before, new = operation.before, operation.after
    table = after.tables[operation.table]
    return after.with_table(rename_in_table(table, lambda text: renamed(text, before, new), defaults=False))


def rename_in_table(table: Table, new: Rename, *, defaults: bool) -> Table:
    """The table with the new name in its CHECKs, generated columns, indexes and, where they can speak of columns,
    `defaults`: also in what somebody wrote for these.
    """
    return dataclasses.replace(
        table,
        columns=tuple(rename_in_column(column, new, defaults=defaults) for column in table.columns),
        indexes=tuple(rename_in_index(index, new) for index in table.indexes),
        checks=tuple(rename_in_check(check, new) for check in table.checks),
        excludes=tuple(rename_in_exclude(exclude, new) for exclude in table.excludes),
    )


def rename_in_column(column: Column, new: Rename, *, defaults: bool) -> Column:
    """The column with the new name in its expressions; its own name stays."""
    generated = column.generated
    return dataclasses.replace(
        column,
        generated=generated and dataclasses.replace(generated, expression=new(generated.expression)),
        default=new(column.default) if defaults and column.default is not None else column.default,
        written=column.written and rename_in_column(column.written, new, defaults=defaults),
    )


def rename_in_index(index: Index, new: Rename) -> Index:
    """The index with the new name in its expressions; the columns among its parts stay."""
    return dataclasses.replace(
        index,
        parts=tuple(
            dataclasses.replace(part, expression=part.expression and new(part.expression))
            for part in index.parts
        ),
        where=index.where and new(index.where),
        written=index.written and rename_in_index(index.written, new),
    )


def rename_in_check(check: Check, new: Rename) -> Check:
    """The CHECK with the new name in it."""
    return dataclasses.replace(
        check, expression=new(check.expression), written=check.written and new(check.written)
    )


def rename_in_exclude(exclude: Exclude, new: Rename) -> Exclude:
    """The exclusion constraint with the new name in its expressions; the columns among its parts stay."""
    return dataclasses.replace(
        exclude,
        parts=tuple(
            dataclasses.replace(part, expression=part.expression and new(part.expression))
            for part in exclude.parts
        ),
        where=exclude.where and new(exclude.where),
        written=exclude.written and rename_in_exclude(exclude.written, new),
    )
