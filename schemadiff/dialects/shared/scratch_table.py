"""A table that stands in for another one while the server is asked what its texts mean, and what it answered. Pure."""

from __future__ import annotations

import dataclasses

from schemadiff.schema import Column, Index, Name, Part, Table, Type


def stand_in(table: Table, name: Name) -> Table:
    """The table under another name, without foreign keys, every index and constraint with a name of its own: what a
    dialect creates as a temporary table to ask the server what the table's texts mean.
    """
    return dataclasses.replace(
        table,
        name=name,
        foreign_keys=(),
        primary_key=table.primary_key and dataclasses.replace(table.primary_key, name=None),
        uniques=tuple(
            dataclasses.replace(unique, name=f"{name.name}_u{number}")
            for number, unique in enumerate(table.uniques)
        ),
        indexes=tuple(
            dataclasses.replace(index, name=f"{name.name}_i{number}")
            for number, index in enumerate(table.indexes)
        ),
        checks=tuple(
            dataclasses.replace(check, name=f"{name.name}_c{number}", not_valid=False)
            for number, check in enumerate(table.checks)
        ),
        excludes=tuple(
            dataclasses.replace(exclude, name=f"{name.name}_x{number}")
            for number, exclude in enumerate(table.excludes)
        ),
    )


def merge(table: Table, answer: Table) -> Table:
    """`table` with the texts of `answer`, which was read back from the server after its `stand_in` was created."""
    columns = {column.name: column for column in answer.columns}
    # A product that keeps no names of constraints keeps their order.
    made = [
        dataclasses.replace(one, name=one.name or f"{answer.name.name}_c{n}")
        for n, one in enumerate(answer.checks)
    ]
    checks = {check.name: check for check in made}
    indexes = {index.name: index for index in answer.indexes}
    excludes = {exclude.name: exclude for exclude in answer.excludes}
    name = answer.name.name
    return dataclasses.replace(
        table,
        columns=tuple(
            _merge_column(column, columns[column.name]) if column.name in columns else column
            for column in table.columns
        ),
        checks=tuple(
            dataclasses.replace(check, expression=checks[f"{name}_c{number}"].expression)
            if f"{name}_c{number}" in checks
            else check
            for number, check in enumerate(table.checks)
        ),
        indexes=tuple(
            _merge_index(index, indexes[f"{name}_i{number}"]) if f"{name}_i{number}" in indexes else index
            for number, index in enumerate(table.indexes)
        ),
        excludes=tuple(
            dataclasses.replace(exclude, parts=found.parts, where=found.where)
            if (found := excludes.get(f"{name}_x{number}"))
            else exclude
            for number, exclude in enumerate(table.excludes)
        ),
    )


def _merge_column(column: Column, answer: Column) -> Column:
    merged_type = Type(answer.type.sql, column.type.values, column.type.source)
    return dataclasses.replace(answer, type=merged_type, written=column.written)


def _merge_index(index: Index, answer: Index) -> Index:
    parts: tuple[Part, ...] = answer.parts if len(answer.parts) == len(index.parts) else index.parts
    return dataclasses.replace(index, parts=parts, where=answer.where, options=answer.options)
