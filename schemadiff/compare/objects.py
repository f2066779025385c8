"""The objects of two schemas besides tables -> the operations that lead from one to the other. Pure.

Schemas, sequences, enumerated types and domains come before the tables that need them, and go after. An enumerated
type that a column has is that column's; without one it stands for itself, if somebody declares it. Views, triggers and
routines, which stand around the tables, are the matter of `around_tables`. `schema.kinds` has the phase of each kind.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from itertools import takewhile

from schemadiff.compare import entries
from schemadiff.compare.around_tables import around_tables
from schemadiff.compare.stored_changes import enum_changes, stored_changes
from schemadiff.dialects import Dialect
from schemadiff.operations import Operation, RenameColumn, RenameTable
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import Key, Name, Namespace, Schema, StoredObject, View
from schemadiff.schema.dependencies import in_order
from schemadiff.schema.describe import speaks_of
from schemadiff.schema.kinds import kind_of, of_phase


def compare(
    current: Schema, desired: Schema, tables: Several[Operation], dialect: Dialect
) -> tuple[list[Operation], list[Operation]]:
    """The operations that stand before those on tables, and those that stand after."""
    changes = stored_changes(current, desired, dialect)
    enums = enum_changes(changes, dialect)
    altered = [pair for pair in changes.changed if kind_of(pair[0]).changes == "alter"]
    altered += enums.changed
    rebuilt = [pair for pair in altered if not dialect.alters_in_place(*pair, current)]
    around = around_tables(changes, tables, rebuilt, dialect)
    made_again = {one.key for one in around.leaving}
    made_again |= {before.key for before, _ in rebuilt}
    off, on = entries.settings(current, desired, made_again | _remade_indexes(current, desired))
    gone = list(reversed(in_order(changes.gone)))
    first: list[Operation] = [
        *_namespaces(current, desired, dialect),
        *entries.extensions(changes.new, changes.changed),
        *(CreateObject(one) for one in of_phase(in_order(changes.new), "sequence")),
        *enums.early,
        *around.lost,
        *off,
        *around.dropped,
        *entries.dropped(changes.gone, "partition", desired),
        # A domain's CHECK may call a function, and a function may take or give a domain.
        *(CreateObject(one) for one in in_order([*around.early, *of_phase(changes.new, "type")])),
        *(ReplaceObject(*pair) for pair in altered if pair not in rebuilt),
        *(ReplaceObject(*pair) for pair in rebuilt),
    ]
    last: list[Operation] = [
        *enums.late,
        *entries.partitions(changes.new, changes.changed),
        *around.uncalled,
        *around.late,
        *(DropObject(one) for one in gone if kind_of(one).phase == "type" or one in around.held),
        *enums.dropped,
        *(DropObject(one) for one in of_phase(in_order(changes.gone), "sequence")),
        *on,
        *entries.dropped(changes.gone, "extension", desired),
        *(DropObject(one) for one in of_phase(changes.gone, "namespace")),
    ]
    return first, last


def _namespaces(current: Schema, desired: Schema, dialect: Dialect) -> list[Operation]:
    """The schemas that come: created ones, and those that tables and their types are in."""
    there, wanted = (side.namespaces | dialect.type_schemas(side) for side in (current, desired))
    return [CreateObject(Namespace(Name(name))) for name in sorted(wanted - there)]


def _remade_indexes(current: Schema, desired: Schema) -> set[Key]:
    """The keys of the indexes that are made again under their names."""
    return {
        Key("index", name._replace(name=index.name))
        for name, table in current.tables.items()
        if name in desired.tables and table != desired.tables[name]
        for index in table.indexes
        if index.name and index not in desired.tables[name].indexes
    }


def around_moves(moves: Several[Operation], rest: Several[Operation]) -> tuple[Operation, ...]:
    """The moves and the operations after them; a view that speaks of what is renamed is dropped before and created
    after: undoing runs in the contrary order, and the old view needs the old name.
    """
    names = [
        move.before.name if isinstance(move, RenameTable) else move.before
        for move in moves
        if isinstance(move, RenameTable | RenameColumn)
    ]

    def moves_along(one: StoredObject) -> bool:
        return isinstance(one, View) and any(speaks_of(one.definition, name) for name in names)

    drops = tuple(takewhile(lambda one: isinstance(one, DropObject) and isinstance(one.object, View), rest))
    if not any(moves_along(one.object) for one in drops if isinstance(one, DropObject)):
        drops = ()
    first: list[Operation] = []
    last: list[Operation] = []
    for one in rest[len(drops) :]:
        if isinstance(one, ReplaceObject) and moves_along(one.before):
            first.insert(0, DropObject(one.before))
            last.append(CreateObject(one.after))
        else:
            last.append(one)
    return (*first, *drops, *moves, *last)
