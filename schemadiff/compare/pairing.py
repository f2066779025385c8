"""A drop and an addition -> one operation that changes the index or constraint where it stands, and back. Pure.

The dialect says which differences its server can change so (`Dialect.changes_in_place`). The comparer drops and adds
whatever differs; here, once for all dialects, such a pair becomes what it is. Older revision files say drop and add:
they are carried out the same way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterIndex,
    CreateIndex,
    CreateTable,
    DropConstraint,
    DropIndex,
    DropTable,
    Found,
    InPlace,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    touched,
)
from schemadiff.operations.subject import come, gone, pair
from schemadiff.schema import Constraint, ForeignKey, Index, Name, PrimaryKey, Schema, Table, Unique

_Goes = DropIndex | DropConstraint
_Comes = CreateIndex | AddConstraint
_Pairs = Mapping[int, int]
"""The positions of drops, each with that of its addition."""


def in_place(operations: Iterable[Operation], before: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    """The operations, which start from `before`; a drop and an addition that are a change in place as that."""
    operations = tuple(operations)
    pairs = _pairs(operations, dialect)
    while pairs:
        made = _with_changes(operations, pairs, before)
        refused = {*_refused(made, before), *_without_key(operations, pairs)}
        if not refused:
            return tuple(one for _, one in made)
        if refused.isdisjoint(pairs):
            break  # what is given as a change in place has no room beside the pairs
        pairs = {drop: add for drop, add in pairs.items() if drop not in refused}
    return operations


def carried_out(operations: Iterable[Operation], before: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    """The operations as the server can carry them out: in place where it can, by a drop and an addition elsewhere."""
    return in_place((one for each in operations for one in _expanded(each, dialect)), before, dialect)


def _expanded(operation: Operation, dialect: Dialect) -> Iterator[Operation]:
    if isinstance(operation, Found):
        yield from map(Found, _expanded(operation.operation, dialect))
    elif isinstance(operation, InPlace) and not dialect.changes_in_place(operation.before, operation.after):
        yield from pair(operation)
    else:
        yield operation


def _pairs(operations: Sequence[Operation], dialect: Dialect) -> dict[int, int]:
    """The drops and additions that are changes in place. None stands across what is the user's own, what is no table,
    or what renames the table or a column of it; and where tables share the names, across nothing of another table.
    There, nothing is renamed to or from a name that goes and comes again: what somebody has set on an index (a
    comment, the REPLICA IDENTITY) goes by its name.
    """
    added: dict[Name, list[tuple[int, tuple[int, int], int]]] = {}
    dropped: list[tuple[int, tuple[int, int], int]] = []
    eras: dict[Name, int] = {}
    era = run = 0
    last: Name | None = None
    for position, operation in enumerate(operations):
        name = touched(operation)
        if name is None or isinstance(operation, Found):
            era += 1
            continue
        if name != last:
            run, last = run + 1, name
        if isinstance(operation, RenameTable | RenameColumn | CreateTable | DropTable):
            eras[name] = eras.get(name, 0) + 1
        place = position, (era, eras.get(name, 0)), run
        if isinstance(operation, _Goes):
            dropped.append(place)
        elif isinstance(operation, _Comes):
            added.setdefault(name, []).append(place)
    passed_on = {(touched(operations[place[0]]), _name(gone(operations[place[0]]))) for place in dropped} & {
        (name, _name(come(operations[place[0]]))) for name, places in added.items() for place in places
    }
    found: dict[int, int] = {}
    for position, when, stretch in dropped:
        drop = operations[position]
        old, name = gone(drop), touched(drop)
        others = added.get(name or Name(""), [])
        for place in others:
            new = come(operations[place[0]])
            if (
                position < place[0]
                and when == place[1]
                and type(old) is type(new)
                and (stretch == place[2] or not isinstance(old, dialect.shared_names))
                and old is not None
                and new is not None
                and dialect.changes_in_place(old, new)
                and not (
                    old.name != new.name
                    and isinstance(old, dialect.shared_names)
                    and {(name, old.name), (name, new.name)} & passed_on
                )
            ):
                found[position] = place[0]
                others.remove(place)
                break
    return found


def _with_changes(
    operations: Sequence[Operation], pairs: _Pairs, before: Schema
) -> list[tuple[int, Operation]]:
    """The operations with the changes in the place of the pairs, each with its position, or that of its drop.

    Of what goes and changes one after the other in one table, what goes is first; what takes a name that another one
    gives up comes after that.
    """
    added = set(pairs.values())
    units = [
        (position, _changes(operation, operations[pairs[position]]) if position in pairs else (operation,))
        for position, operation in enumerate(operations)
        if position not in added
    ]
    made: list[tuple[int, Operation]] = []
    for (name, leaves), some in groupby(units, key=lambda unit: (touched(unit[1][0]), _leaves(unit[1][0]))):
        group = list(some)
        if name and leaves and any(position in pairs for position, _ in group):
            changes = [unit for unit in group if unit[0] in pairs or isinstance(unit[1][0], InPlace)]
            drops = [unit for unit in group if unit not in changes]
            left = _names(before.tables.get(name)).difference(_name(gone(one)) for _, (one,) in drops)
            group = [*drops, *_in_turn(changes, left)]
        made += [(position, one) for position, unit in group for one in unit]
    return made


def _leaves(operation: Operation) -> bool:
    return isinstance(operation, _Goes | InPlace)


def _in_turn(
    changes: Iterable[tuple[int, tuple[Operation, ...]]], taken: Collection[str | None]
) -> Iterator[tuple[int, tuple[Operation, ...]]]:
    names, rest = set(taken), list(changes)
    while rest:
        unit = next((one for one in rest if _name(come(one[1][0])) not in names), rest[0])
        rest.remove(unit)
        names.discard(_name(gone(unit[1][0])))
        names.add(_name(come(unit[1][0])))
        yield unit


def _changes(drop: Operation, add: Operation) -> tuple[Operation, ...]:
    """Return the changes in place that the pair amounts to: of the name, of attributes, or the one after the other."""
    name, before, after = touched(drop), gone(drop), come(add)
    assert name is not None
    made: list[Operation] = []
    if isinstance(before, Index) and isinstance(after, Index):
        if before.name != after.name:
            renamed = dataclasses.replace(before, name=after.name)
            made.append(RenameIndex(name, before, after if renamed == after else renamed))
            before = renamed
        if before != after:
            made.append(AlterIndex(name, before, after))
    elif (
        before is not None
        and after is not None
        and not isinstance(before, Index)
        and not isinstance(after, Index)
    ):
        if before.name != after.name:
            named = dataclasses.replace(before, name=after.name)
            made.append(RenameConstraint(name, before, after if named == after else named))
            before = named
        if before != after:
            made.append(AlterConstraint(name, before, after))
    return tuple(made)


def _refused(operations: Iterable[tuple[int, Operation]], before: Schema) -> set[int]:
    """The positions of the changes that give a name which something else of the table has at that time."""
    known: dict[Name, list[str]] = {}
    refused = set()
    for position, operation in operations:
        name = touched(operation)
        old, new = _name(gone(operation)), _name(come(operation))
        if name is None or (old is None and new is None):
            continue
        names = known.setdefault(name, sorted(_names(before.tables.get(name))))
        if old in names:
            names.remove(old)
        if isinstance(operation, InPlace) and new in names:
            refused.add(position)
        if new is not None:
            names.append(new)
    return refused


def _without_key(operations: Sequence[Operation], pairs: _Pairs) -> set[int]:
    """The positions of the foreign keys to drop and re-create: for a key to which they refer, and which goes, or for
    a column that they join, and which gets another type.
    """
    lost = {
        (touched(operation), frozenset(thing.columns))
        for position, operation in enumerate(operations)
        if position not in pairs and isinstance(operation, _Goes)
        for thing in (gone(operation),)
        if isinstance(thing, PrimaryKey | Unique) or (isinstance(thing, Index) and thing.unique)
    }
    altered = {
        (operation.table, operation.before.name)
        for operation in operations
        if isinstance(operation, AlterColumn) and operation.before.type != operation.after.type
    }
    keys = {position: (touched(operations[position]), gone(operations[position])) for position in pairs}
    return {
        position
        for position, (table, key) in keys.items()
        if isinstance(key, ForeignKey)
        and (
            (key.target, frozenset(key.target_columns)) in lost
            or any((table, column) in altered for column in key.columns)
            or any((key.target, column) in altered for column in key.target_columns)
        )
    }


def _name(thing: Constraint | Index | None) -> str | None:
    return thing.name if thing is not None else None


def _names(table: Table | None) -> set[str]:
    """The names of the table's constraints and indexes."""
    things = (*table.constraints(), *table.indexes) if table else ()
    return {one.name for one in things if one.name is not None}
