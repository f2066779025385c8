"""Names that only one table of a schema can have: what gives one up goes before what takes it. Pure.

On SQLite and PostgreSQL that is the name of an index, on PostgreSQL also that of a unique constraint, on MySQL that of
a CHECK. Within one table drops come first anyway.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddConstraint,
    CreateIndex,
    CreateTable,
    DropConstraint,
    DropIndex,
    Operation,
)
from schemadiff.schema import Check, Constraint, Index, Name, Table, Unique

Taken = Mapping[tuple[str | None, str], set[Name]]
"""By schema and name, the tables that take the name."""


def make_way(
    changes: Sequence[Operation], created: Iterable[Table], dropped: Iterable[Table], dialect: Dialect
) -> tuple[list[Operation], list[Operation], list[Table]]:
    """The drops that have to come first because another table takes over the name, the other changes, and the
    dropped tables without what is dropped before them.
    """
    named = taken((*(CreateTable(table) for table in created), *changes), dialect)
    first: list[Operation] = []
    rest: list[Operation] = []
    for change in changes:
        (first if gives_way(change, named) else rest).append(change)
    tables = []
    for table in dropped:
        drops = [
            drop
            for one in _shared(table, dialect)
            if gives_way(
                drop := DropIndex(table.name, one)
                if isinstance(one, Index)
                else DropConstraint(table.name, one),
                named,
            )
        ]
        gone = {drop.index if isinstance(drop, DropIndex) else drop.constraint for drop in drops}
        first += drops
        tables.append(
            dataclasses.replace(
                table,
                uniques=tuple(one for one in table.uniques if one not in gone),
                indexes=tuple(one for one in table.indexes if one not in gone),
                checks=tuple(one for one in table.checks if one not in gone),
            )
            if gone
            else table
        )
    return first, rest, tables


def taken(operations: Iterable[Operation], dialect: Dialect) -> Taken:
    """The names that the operations give, of the kinds whose names all tables of a schema share."""
    found: dict[tuple[str | None, str], set[Name]] = {}
    for operation in operations:
        things: Iterable[Constraint | Index]
        match operation:
            case CreateTable(table=table):
                name, things = table.name, _shared(table, dialect)
            case CreateIndex(table=name, index=index):
                things = (index,)
            case AddConstraint(table=name, constraint=constraint):
                things = (constraint,)
            case _:
                continue
        for thing in things:
            if thing.name is not None and isinstance(thing, dialect.shared_names):
                found.setdefault((name.schema, thing.name), set()).add(name)
    return found


def gives_way(operation: Operation, named: Taken) -> bool:
    """Whether the operation drops something whose name another table takes."""
    match operation:
        case DropIndex(table=table, index=thing) | DropConstraint(table=table, constraint=thing):
            return bool(named.get((table.schema, thing.name or ""), set()) - {table})
        case _:
            return False


def _shared(table: Table, dialect: Dialect) -> Iterator[Index | Unique | Check]:
    things: tuple[Index | Unique | Check, ...] = (*table.indexes, *table.uniques, *table.checks)
    for one in things:
        if isinstance(one, dialect.shared_names):
            yield one
