"""Drops without a name -> drops by the name in the live database, and the way back. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from schemadiff.dialects import Dialect
from schemadiff.operations import (
    DropConstraint,
    DropIndex,
    DropTable,
    Operation,
    RenameConstraint,
    RenameIndex,
    RenameTable,
)
from schemadiff.planning import replay
from schemadiff.schema import (
    Check,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from schemadiff.schema.matching import Named, find, find_constraint, unnamed

LiveParts = Mapping[Name, Mapping[Constraint | Index, Sequence[Constraint | Index]]]
"""For each table, what its constraints and indexes are in the live database: their names, the server's spelling.
Several where several are alike.
"""


def find_drops(
    operations: Iterable[Operation], expected: Schema, parts: LiveParts, dialect: Dialect
) -> tuple[Operation, ...]:
    """The operations, each that drops something without a name dropping what that is in the live database.

    `expected` is the schema that the operations start from, as the revision files describe it.
    """
    result: list[Operation] = []
    left = {name: {one: list(alike) for one, alike in known.items()} for name, known in parts.items()}

    def take(table: Name, mine: Constraint | Index | None) -> Constraint | Index | None:
        # The last of those that are alike: the names of the first are those of a table that has fewer of them.
        alike = left.get(table, {}).get(mine) if mine else None
        return alike.pop() if alike else None

    for operation in operations:
        found = operation
        match operation:
            case RenameIndex() | RenameConstraint() if operation.before.name is None:
                known = expected.tables.get(operation.table)
                live = take(operation.table, _match(known, operation.before) if known else None)
                if live is not None:
                    found = _of_live(operation, live)
            case DropConstraint(table=name, constraint=constraint) if name in expected.tables:
                live = (
                    take(name, find_constraint(expected.tables[name], constraint))
                    if constraint.name is None
                    else None
                )
                if live is not None and not isinstance(live, Index):
                    found = DropConstraint(name, live)
            case DropIndex(table=name, index=index) if name in expected.tables and index.name is None:
                live = take(name, find(expected.tables[name].indexes, index))
                if isinstance(live, Index):
                    found = DropIndex(name, live)
            case RenameTable(before=old, after=new) if old in left:
                left[new] = {
                    one: [_under_new_name(other, new, old, dialect) for other in alike]
                    for one, alike in left.pop(old).items()
                }
            case _:
                pass
        result.append(found)
        expected = replay.after(operation, expected, dialect, strict=False)
    return tuple(result)


def _match(table: Table, thing: Constraint | Index) -> Constraint | Index | None:
    return find(table.indexes, thing) if isinstance(thing, Index) else find_constraint(table, thing)


def _of_live(operation: RenameIndex | RenameConstraint, live: Constraint | Index) -> Operation:
    """The operation, of what that is in the live database."""
    match operation, live:
        case RenameIndex(), Index():
            return RenameIndex(operation.table, live, operation.after)
        case RenameConstraint(), PrimaryKey() | Unique() | ForeignKey() | Check() | Exclude():
            return RenameConstraint(operation.table, live, operation.after)
        case _:
            return operation


def _under_new_name(thing: Constraint | Index, name: Name, old: Name, dialect: Dialect) -> Constraint | Index:
    """The thing of a table that was called `old`, with the name that the server gives it for that."""
    match thing:
        case ForeignKey():
            return dialect.under_new_name(Table(name, (), foreign_keys=(thing,)), old).foreign_keys[0]
        case Check():
            return dialect.under_new_name(Table(name, (), checks=(thing,)), old).checks[0]
        case _:
            return thing


def forget_names(operation: Operation, table: Table) -> Operation:
    """The operation without the names of what it drops, where `table` has the same parts without names."""
    match operation:
        case DropTable(table=dropped):
            key = dropped.primary_key
            bare = dataclasses.replace(
                dropped,
                primary_key=table.primary_key if key and _same_key(key, table.primary_key) else key,
                uniques=_bare(dropped.uniques, table.uniques),
                indexes=_bare(dropped.indexes, table.indexes),
                foreign_keys=_bare(dropped.foreign_keys, table.foreign_keys),
                checks=_bare(dropped.checks, table.checks),
                excludes=_bare(dropped.excludes, table.excludes),
            )
            return DropTable(bare)
        case DropConstraint(constraint=PrimaryKey() as key) if _same_key(key, table.primary_key):
            return DropConstraint(operation.table, table.primary_key or key)
        case DropConstraint(constraint=Unique() as unique):
            return DropConstraint(operation.table, _bare((unique,), table.uniques)[0])
        case DropConstraint(constraint=ForeignKey() as foreign_key):
            return DropConstraint(operation.table, _bare((foreign_key,), table.foreign_keys)[0])
        case DropConstraint(constraint=Check() as check):
            return DropConstraint(operation.table, _bare((check,), table.checks)[0])
        case DropConstraint(constraint=Exclude() as exclude):
            return DropConstraint(operation.table, _bare((exclude,), table.excludes)[0])
        case DropIndex(index=index):
            return DropIndex(operation.table, _bare((index,), table.indexes)[0])
        case RenameIndex():
            return RenameIndex(operation.table, _bare((operation.before,), table.indexes)[0], operation.after)
        case RenameConstraint():
            match forget_names(DropConstraint(operation.table, operation.before), table):
                case DropConstraint(constraint=bare_one):
                    return RenameConstraint(operation.table, bare_one, operation.after)
                case _:
                    return operation
        case _:
            return operation


def _bare(things: Sequence[Named], known: Sequence[Named]) -> tuple[Named, ...]:
    """The things, each without its name where it is known without one and not with it."""
    bare = ((thing, unnamed(thing)) for thing in things)
    return tuple(other if thing not in known and other in known else thing for thing, other in bare)


def _same_key(one: PrimaryKey, other: PrimaryKey | None) -> bool:
    return other is not None and other.name is None and dataclasses.replace(one, name=None) == other
