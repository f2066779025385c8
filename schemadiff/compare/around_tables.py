"""Views, triggers, routines and policies around a change of tables: which go before it, come after it, or are replaced.

They go before the tables change and come after, each after what it needs. A function comes before the tables, which may
call it, unless it needs one that this plan creates or changes, and goes when nothing calls it any more. Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import assert_never

from schemadiff.compare import entries
from schemadiff.compare.stored_changes import Pair, StoredChanges
from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddColumn,
    AlterColumn,
    AlterTable,
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
from schemadiff.operations.subject import OfOthers, OfParts
from schemadiff.schema import Domain, Name, Routine, StoredObject, View
from schemadiff.schema.dependencies import dependents, in_order, mentions_any
from schemadiff.schema.kinds import holds, is_dependent, is_function


@dataclass(frozen=True, slots=True)
class Around:
    """``leaving`` is all that is dropped on the way, what comes again included. ``lost`` are drops of indexes that only
    the live view has. ``dropped`` go before the tables change, ``early`` come before that; ``uncalled`` go after it,
    ``late`` come or are replaced after it, and ``held`` go with the types, last.
    """

    leaving: Several[StoredObject]
    lost: Several[Operation]
    dropped: Several[Operation]
    early: Several[StoredObject]
    uncalled: Several[Operation]
    late: Several[Operation]
    held: Several[StoredObject]


def around_tables(
    changes: StoredChanges, tables: Several[Operation], rebuilt: Several[Pair], dialect: Dialect
) -> Around:
    """Tells what happens to dependents and routines; `rebuilt` are the types dropped and created on the way."""
    indexed = [pair for pair in changes.changed if _differ_in_indexes(*pair)]
    texts = [pair for pair in changes.changed if _stands_around(pair[0]) and pair not in indexed]
    replaced = _replaced(changes, texts, tables, dialect)
    alone = entries.without_owner(changes.gone, changes.desired)
    leaving = [one for one in changes.gone if _stands_around(one) and one.key not in alone]
    leaving += [before for before, after in texts if (before, after) not in replaced]
    arriving = [one for one in changes.new if _stands_around(one)]
    arriving += [after for before, after in texts if (before, after) not in replaced]
    lifted: list[StoredObject] = []
    lost: list[Operation] = []
    if dialect.lifts_views:
        lifted = _lifted(changes, tables, leaving, rebuilt, replaced, dialect)
        for one in lifted:
            after = changes.desired.objects[one.key]
            before, dropped = _without_lost_indexes(one, after)
            lost += dropped
            leaving.append(before)
            arriving.append(after)
    early = _early(changes, arriving, tables)

    going = list(reversed(in_order(leaving)))
    # A function may be called by a table that only this plan changes, and goes after that.
    soon = {one.key for one in (*early, *lifted)}
    called = [one for one in going if is_function(one) and one.key not in soon]
    held = _held(changes, called, replaced)
    was_of = {after.key: before for before, after in replaced}
    late = [one for one in arriving if one not in early]
    coming: list[Operation] = []
    for one in in_order([*late, *(after for _, after in replaced)]):
        was = was_of.get(one.key)
        coming.append(CreateObject(one) if was is None else ReplaceObject(was, one))
    left = {one.key for one in leaving}
    for before, after in indexed:
        if before.key not in left:
            coming += _changed_indexes(before, after)
    return Around(
        leaving,
        lost,
        dropped=[DropObject(one) for one in going if one not in called],
        early=early,
        uncalled=[DropObject(one) for one in called if one not in held],
        late=coming,
        held=held,
    )


def _stands_around(stored: StoredObject) -> bool:
    """Whether it goes before the tables change, and comes after."""
    return is_dependent(stored) or is_function(stored)


def _replaced(
    changes: StoredChanges, texts: Several[Pair], tables: Several[Operation], dialect: Dialect
) -> list[Pair]:
    """Those that are replaced where they stand. What needs something that changes as well is not: undoing runs in the
    contrary order.
    """
    moving = {name for name in map(touched, tables) if name}
    moving |= {one.name for one in (*changes.gone, *changes.new)}
    moving |= {before.name for before, _ in texts}
    remade = {before.name for before, after in texts if not dialect.replaces(before, after)}

    def needs_what_changes(before: StoredObject, after: StoredObject) -> bool:
        if is_function(before):
            return _is_bound_to(before, remade)
        return any(mentions_any(one, moving - {one.name}) for one in (before, after))

    return [pair for pair in texts if dialect.replaces(*pair) and not needs_what_changes(*pair)]


def _lifted(
    changes: StoredChanges,
    tables: Several[Operation],
    leaving: Several[StoredObject],
    rebuilt: Several[Pair],
    replaced: Several[Pair],
    dialect: Dialect,
) -> list[StoredObject]:
    """Return the objects to drop first and re-create: for those created again, and for the changes of tables."""
    retyped = {
        name
        for name, table in changes.current.tables.items()
        if any(dialect.has_type(column, one.name) for column in table.columns for one, _ in rebuilt)
    }
    remade = {one.name for one in leaving} | {before.name for before, _ in rebuilt}
    settled = {one.key for one in leaving} | {before.key for before, _ in replaced}
    staying = [before for before, _ in changes.both if before.key not in settled]
    disturbed = remade | _disturbed(tables) | retyped
    lifted = dependents([one for one in staying if holds(one)], disturbed)
    names = {*disturbed, *(one.name for one in lifted)}
    # So has a function whose body the server has parsed, and again what uses that.
    parsed = [one for one in staying if is_function(one) and _is_bound_to(one, names)]
    if parsed:
        lifted += dependents([one for one in staying if holds(one)], {one.name for one in parsed})
    return list(dict.fromkeys((*lifted, *parsed)))


def _without_lost_indexes(before: StoredObject, after: StoredObject) -> tuple[StoredObject, list[DropIndex]]:
    """A view without the indexes that only the database has, and their drops: they go for good, and are named."""
    if not isinstance(before, View) or not isinstance(after, View):
        return before, []
    lost = [index for index in before.indexes if index not in after.indexes]
    kept = tuple(index for index in before.indexes if index not in lost)
    return dataclasses.replace(before, indexes=kept), [DropIndex(before.name, index) for index in lost]


def _early(
    changes: StoredChanges, arriving: Several[StoredObject], tables: Several[Operation]
) -> list[StoredObject]:
    """The functions that come before the tables change: those that need nothing which this plan creates or changes."""
    functions = [one for one in arriving if is_function(one)]
    unready = {name for name in map(touched, tables) if name}
    unready |= {one.name for one in (*changes.gone, *changes.new, *arriving) if isinstance(one, View)}
    waiting = dependents(functions, unready)
    return [one for one in functions if one not in waiting]


def _held(
    changes: StoredChanges, called: Several[StoredObject], replaced: Several[Pair]
) -> list[StoredObject]:
    """Those of the functions that go which something calls until it is replaced, or goes last itself."""
    users = [before for before, _ in replaced]
    users += [one for one in changes.gone if isinstance(one, Domain)]
    held: list[StoredObject] = []
    for one in called:
        if one in changes.gone and any(mentions_any(user, [one.name]) for user in (*users, *held)):
            held.append(one)
    return held


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


def _is_bound_to(stored: StoredObject, names: Collection[Name]) -> bool:
    """Whether the server's catalog says that the object needs one of them."""
    return isinstance(stored, Routine) and stored.needs is not None and not stored.needs.isdisjoint(names)


def _disturbed(tables: Several[Operation]) -> set[Name]:
    """The tables a view of which stands in the way of what happens to them."""
    found: set[Name] = set()
    for one in tables:
        if isinstance(one, AlterColumn):
            if one.before.type != one.after.type or one.before.generated != one.after.generated:
                found.add(one.table)
        elif isinstance(one, DropColumn):
            found.add(one.table)
        elif isinstance(one, DropTable):
            found.add(one.table.name)
        elif not isinstance(
            one,
            # Views follow a rename, and speak of no index and of no constraint.
            RenameColumn | RenameTable | CreateTable | AlterTable | AddColumn | OfParts | OfOthers,
        ):
            assert_never(one)
    return found
