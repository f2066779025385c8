"""Drops checks and indexes that mention a column before its type changes, and re-creates them afterwards from their
declared text: the server keeps constants and operators of the old type in its own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Operation,
)
from schemadiff.operations.objects import ReplaceObject
from schemadiff.schema import Check, Domain, Index, Name, Schema, Table


def around(
    operations: Sequence[Operation], current: Schema, aligned: Schema, given: Schema, dialect: Dialect
) -> tuple[Operation, ...]:
    """The operations, with the drops and re-creations that they need around them. `aligned` is the desired schema with
    the names of `current`, `given` the same without.
    """
    retyped = [
        one.before.name
        for one in operations
        if isinstance(one, ReplaceObject)
        and isinstance(one.before, Domain)
        and isinstance(one.after, Domain)
        and one.before.type != one.after.type
    ]
    altered = {
        (one.table, one.after.name)
        for one in operations
        if isinstance(one, AlterColumn) and dialect.changes_meaning_of_expressions(one.before, one.after)
    }
    if not retyped and not altered:
        return tuple(operations)
    first: list[Operation] = []
    last: list[Operation] = []
    for name, table in sorted(current.tables.items()):
        columns = {
            column.name
            for column in table.columns
            if (name, column.name) in altered or any(dialect.has_type(column, domain) for domain in retyped)
        }
        things: tuple[Check | Index, ...] = (*table.checks, *table.indexes)
        for thing in things:
            if _speaks_of(thing, columns, dialect):
                first.append(_drop(name, thing))
                if name in aligned.tables:
                    last += _again(thing, aligned.tables[name], given.tables[name])
    return (*first, *(one for one in operations if one not in first), *last)


def _speaks_of(thing: Check | Index, columns: Iterable[str], dialect: Dialect) -> bool:
    if isinstance(thing, Check):
        texts: tuple[str | None, ...] = (thing.expression,)
    else:
        texts = (thing.where, *(part.expression for part in thing.parts))
    return any(dialect.mentions(text, column) for text in texts if text for column in columns)


def _drop(table: Name, thing: Check | Index) -> Operation:
    return DropConstraint(table, thing) if isinstance(thing, Check) else DropIndex(table, thing)


def _again(thing: Check | Index, aligned: Table, given: Table) -> list[Operation]:
    """The operation that re-creates it, without a generated name; none where it changes, which creates it anyway."""
    if isinstance(thing, Check):
        return [
            AddConstraint(given.name, mine)
            for one, mine in zip(aligned.checks, given.checks, strict=True)
            if one == thing
        ]
    return [
        CreateIndex(given.name, mine)
        for one, mine in zip(aligned.indexes, given.indexes, strict=True)
        if one == thing
    ]
