"""The objects of two schemas besides tables -> the operations that lead from one to the other. Pure.

Schemas, sequences, enumerated types and domains come before the tables that need them, and go after. An enumerated
type that a column has is that column's; without one it stands for itself, if somebody declares it. Views and triggers
go before the tables change and come after, each after what it needs. A function comes before the tables, which may
call it, unless it needs one that this plan creates or changes, and goes when nothing calls it any more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Sequence as Several
from itertools import takewhile

from schemadiff.compare import entries
from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    touched,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import (
    Column,
    Composite,
    Domain,
    Enum,
    Key,
    Name,
    Namespace,
    Routine,
    Schema,
    Sequence,
    StoredObject,
    View,
)
from schemadiff.schema.dependencies import dependents, in_order, mentions_any, words
from schemadiff.schema.describe import speaks_of


def compare(
    current: Schema, desired: Schema, tables: Several[Operation], dialect: Dialect
) -> tuple[list[Operation], list[Operation]]:
    """The operations that stand before those on tables, and those that stand after."""
    there, wanted = by_themselves(current, dialect), by_themselves(desired, dialect)
    gone = [one for key, one in there.items() if key not in wanted]
    new = [one for key, one in wanted.items() if key not in there]
    both = [(one, wanted[key]) for key, one in there.items() if key in wanted]
    changed = [(before, after) for before, after in both if before != after]

    first: list[Operation] = [
        CreateObject(Namespace(Name(name)))
        for name in sorted(
            (desired.namespaces | dialect.type_schemas(desired))
            - (current.namespaces | dialect.type_schemas(current))
        )
    ]
    first += entries.extensions(new, changed)
    first += [CreateObject(one) for one in in_order(new) if isinstance(one, Sequence)]
    # Columns that leave a type to itself which is to have other values give it up first; those that take one, after.
    changing = [one for one in new if isinstance(one, Enum) and _values(one, current, dialect) != one.values]
    taken = {one: _values(one, desired, dialect) for one in gone if isinstance(one, Enum)}
    changed += [
        (one, dataclasses.replace(one, values=values))
        for one, values in taken.items()
        if values != one.values
    ]
    first += [CreateObject(one) for one in in_order(new) if isinstance(one, Enum) and one not in changing]
    altered = [pair for pair in changed if isinstance(pair[0], Sequence | Enum | Domain | Composite)]
    rebuilt = [pair for pair in altered if not dialect.alters_in_place(*pair, current)]
    retyped = {
        name
        for name, table in current.tables.items()
        if any(dialect.has_type(column, one.name) for column in table.columns for one, _ in rebuilt)
    }
    indexed = [pair for pair in changed if _differ_in_indexes(*pair)]
    texts = [pair for pair in changed if _hangs(pair[0]) and pair not in indexed]
    moving = {name for name in map(touched, tables) if name} | {one.name for one in (*gone, *new)}
    moving |= {before.name for before, _ in texts}
    remade = {before.name for before, after in texts if not dialect.replaces(before, after)}
    replaced = [
        pair
        for pair in texts
        if dialect.replaces(*pair)
        # What needs something that changes as well is not replaced: undoing runs in the contrary order.
        and not (
            _is_bound_to(pair[0], remade)
            if _is_function(pair[0])
            else any(mentions_any(one, moving - {one.name}) for one in pair)
        )
    ]
    alone = entries.without_owner(gone, desired)
    leaving: list[StoredObject] = [one for one in gone if _hangs(one) and one.key not in alone]
    leaving += [before for before, after in texts if (before, after) not in replaced]
    arriving: list[StoredObject] = [one for one in new if _hangs(one)]
    arriving += [after for before, after in texts if (before, after) not in replaced]
    lifted: list[StoredObject] = []
    if dialect.lifts_views:
        remade_names = {one.name for one in leaving} | {before.name for before, _ in rebuilt}
        settled = {one.key for one in leaving} | {before.key for before, _ in replaced}
        staying = [before for before, _ in both if before.key not in settled]
        lifted = _in_the_way(staying, remade_names, _disturbed(tables) | retyped)
        for one in lifted:
            before, after = one, desired.objects[one.key]
            if isinstance(before, View) and isinstance(after, View):
                # What only the database has goes for good, and is named.
                lost = [index for index in before.indexes if index not in after.indexes]
                first += [DropIndex(before.name, index) for index in lost]
                kept = tuple(index for index in before.indexes if index not in lost)
                before = dataclasses.replace(before, indexes=kept)
            leaving.append(before)
            arriving.append(after)
    functions = [one for one in arriving if _is_function(one)]
    unready = {name for name in map(touched, tables) if name}
    unready |= {one.name for one in (*gone, *new, *arriving) if isinstance(one, View)}
    waiting = dependents(functions, unready)
    early = [one for one in functions if one not in waiting]
    late = [one for one in arriving if one not in early]

    going = list(reversed(in_order(leaving)))
    # A function may be called by a table that only this plan changes, and goes after that.
    soon = {one.key for one in (*early, *lifted)}
    called = [one for one in going if _is_function(one) and one.key not in soon]
    unset = (
        {one.key for one in leaving}
        | {before.key for before, _ in rebuilt}
        | _remade_indexes(current, desired)
    )
    off, on = entries.settings(current, desired, unset)
    first += off
    first += [DropObject(one) for one in going if one not in called]
    first += entries.dropped(gone, "partition", desired)
    # A domain's CHECK may call a function, and a function may take or give a domain.
    types = [one for one in new if isinstance(one, Domain | Composite)]
    first += [CreateObject(one) for one in in_order([*early, *types])]
    first += [ReplaceObject(*pair) for pair in altered if pair not in rebuilt]
    first += [ReplaceObject(*pair) for pair in rebuilt]
    last: list[Operation] = [CreateObject(one) for one in in_order(changing)]
    last += entries.partitions(new, changed)
    # What calls it until it is replaced, or goes last itself, holds it.
    users = [*(before for before, _ in replaced), *(one for one in gone if isinstance(one, Domain))]
    held: list[StoredObject] = []
    for one in called:
        if one in gone and any(mentions_any(user, [one.name]) for user in (*users, *held)):
            held.append(one)
    last += [DropObject(one) for one in called if one not in held]
    was_of = {after.key: before for before, after in replaced}
    for one in in_order([*late, *(after for _, after in replaced)]):
        was = was_of.get(one.key)
        last.append(CreateObject(one) if was is None else ReplaceObject(was, one))
    last += [
        one
        for before, after in indexed
        if before.key not in {gone.key for gone in leaving}
        for one in _changed_indexes(before, after)
    ]
    last += [
        DropObject(one)
        for one in reversed(in_order(gone))
        if isinstance(one, Domain | Composite) or one in held
    ]
    last += [
        DropObject(dataclasses.replace(one, values=taken[one]))
        for one in in_order(gone)
        if isinstance(one, Enum)
    ]
    last += [DropObject(one) for one in in_order(gone) if isinstance(one, Sequence)]
    last += on
    last += entries.dropped(gone, "extension", desired)
    last += [DropObject(one) for one in in_order(gone) if isinstance(one, Namespace)]
    return first, last


def _hangs(stored: StoredObject) -> bool:
    """Whether it goes before the tables change, and comes after."""
    return isinstance(stored, View | Routine) or entries.is_dependent(stored)


def _remade_indexes(current: Schema, desired: Schema) -> set[Key]:
    """The keys of the indexes that are made again under their names."""
    return {
        Key("index", name._replace(name=index.name))
        for name, table in current.tables.items()
        if name in desired.tables and table != desired.tables[name]
        for index in table.indexes
        if index.name and index not in desired.tables[name].indexes
    }


def by_themselves(schema: Schema, dialect: Dialect) -> Mapping[Key, StoredObject]:
    """The objects, without the enumerated types that a column has, unless a domain or another type is made of them."""
    texts = [one.type for one in schema.objects.values() if isinstance(one, Domain)]
    texts += [
        text for one in schema.objects.values() if isinstance(one, Composite) for _, text in one.columns
    ]

    def is_columns(one: Enum) -> bool:
        held = any(True for _ in _columns(schema, one.name, dialect))
        return held and not any(one.name.name.casefold() in words(text) for text in texts)

    return {
        key: one for key, one in schema.objects.items() if not isinstance(one, Enum) or not is_columns(one)
    }


def _columns(schema: Schema, kind: Name, dialect: Dialect) -> Iterator[Column]:
    """The columns that have the type."""
    for table in schema.tables.values():
        yield from (column for column in table.columns if dialect.has_type(column, kind))


def _values(one: Enum, schema: Schema, dialect: Dialect) -> tuple[str, ...]:
    """The values of the type as the columns of the schema have it; its own where none has."""
    found = (column.type.values for column in _columns(schema, one.name, dialect))
    return next((values for values in found if values is not None), one.values)


def _differ_in_indexes(before: StoredObject, after: StoredObject) -> bool:
    """Whether they are one view, with other indexes."""
    return (
        isinstance(before, View)
        and isinstance(after, View)
        and dataclasses.replace(before, indexes=after.indexes) == after
    )


def _changed_indexes(before: StoredObject, after: StoredObject) -> Iterator[Operation]:
    assert isinstance(before, View)
    assert isinstance(after, View)
    yield from (DropIndex(before.name, one) for one in before.indexes if one not in after.indexes)
    yield from (CreateIndex(after.name, one) for one in after.indexes if one not in before.indexes)


def _in_the_way(
    staying: Several[StoredObject], remade: Collection[Name], tables: Collection[Name]
) -> list[StoredObject]:
    """Return the objects to drop first and re-create: for those created again, and for the changes of tables."""
    lifted = dependents([one for one in staying if _depends(one)], {*remade, *tables})
    names = {*remade, *(one.name for one in lifted)}
    # So has a function whose body the server has parsed, and again what uses that.
    parsed = [one for one in staying if _is_function(one) and _is_bound_to(one, {*names, *tables})]
    if parsed:
        lifted += dependents([one for one in staying if _depends(one)], {one.name for one in parsed})
    return list(dict.fromkeys((*lifted, *parsed)))


def _is_bound_to(stored: StoredObject, names: Collection[Name]) -> bool:
    """Whether the server's catalog says that the object needs one of them."""
    return isinstance(stored, Routine) and stored.needs is not None and not stored.needs.isdisjoint(names)


def _depends(stored: StoredObject) -> bool:
    """Whether the server refuses to drop what the object mentions."""
    trigger = isinstance(stored, Routine) and stored.kind == "trigger"
    return trigger or isinstance(stored, View) or entries.is_dependent(stored)


def _is_function(stored: StoredObject) -> bool:
    return isinstance(stored, Routine) and stored.kind in ("function", "procedure")


def _disturbed(tables: Several[Operation]) -> set[Name]:
    """The tables a view of which stands in the way of what happens to them."""
    found: set[Name] = set()
    for one in tables:
        match one:
            case AlterColumn(before=before, after=after) if (
                before.type != after.type or before.generated != after.generated
            ):
                found.add(one.table)
            case DropColumn():
                found.add(one.table)
            case DropTable():
                found.add(one.table.name)
            case RenameColumn() | RenameTable() | CreateTable():
                # Views follow a rename.
                pass
            case _:
                pass
    return found


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
