"""What a database holds besides tables, in two schemas -> the operations that lead from one to the other. Pure.

Schemas and sequences come before the tables that need them, and sequences go after. Views and triggers go before
the tables change and come after, each after what its definition mentions. A function comes before the tables, which
may call it, unless it mentions one that this plan creates or changes.
"""

from __future__ import annotations

from collections.abc import Sequence as Several

from schemadiff.dependencies import dependents, in_order, mentions_any
from schemadiff.operations import (
    AlterColumn,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    touched,
)
from schemadiff.schema import Name, Namespace, Routine, Schema, Sequence, StoredObject, View
from schemadiff.stored import CreateObject, DropObject, ReplaceObject


def compare(
    current: Schema, desired: Schema, tables: Several[Operation], *, replaces_views: bool
) -> tuple[list[Operation], list[Operation]]:
    """The operations that stand before those on tables, and those that stand after.

    Without `replaces_views` a view that changes, one that mentions it, and one that mentions a column that changes is
    dropped first and created again at the end.
    """
    gone = [one for key, one in current.objects.items() if key not in desired.objects]
    new = [one for key, one in desired.objects.items() if key not in current.objects]
    both = [(one, desired.objects[key]) for key, one in current.objects.items() if key in desired.objects]
    changed = [(before, after) for before, after in both if before != after]

    first: list[Operation] = [
        CreateObject(Namespace(Name(name))) for name in sorted(desired.namespaces - current.namespaces)
    ]
    first += [CreateObject(one) for one in in_order(new) if isinstance(one, Sequence)]
    first += [ReplaceObject(*pair) for pair in changed if isinstance(pair[0], Sequence)]

    texts = [pair for pair in changed if isinstance(pair[0], View | Routine)]
    moving = {name for name in map(touched, tables) if name} | {one.name for one in (*gone, *new)}
    moving |= {before.name for before, _ in texts}
    # In place only where nothing that it needs changes as well: undoing runs in the contrary order.
    replaced = [
        pair
        for pair in texts
        if replaces_views
        and isinstance(pair[0], View)
        and not any(mentions_any(one, moving - {one.name}) for one in pair)
    ]
    leaving: list[StoredObject] = [one for one in gone if isinstance(one, View | Routine)]
    leaving += [pair[0] for pair in texts if pair not in replaced]
    arriving: list[StoredObject] = [one for one in new if isinstance(one, View | Routine)]
    arriving += [pair[1] for pair in texts if pair not in replaced]
    if not replaces_views:
        disturbed = {one.name for one in leaving if isinstance(one, View)} | _disturbed(tables)
        for one in dependents((before for before, _ in both if isinstance(before, View)), disturbed):
            if one not in leaving:
                leaving.append(one)
                arriving.append(desired.objects[one.key])
    early = [one for one in arriving if _is_function(one) and not mentions_any(one, moving - {one.name})]
    late = [one for one in arriving if one not in early]

    # What takes a dropped function's place is created after it went, and both may stand before the tables.
    free = {one.key for one in leaving}
    going = list(reversed(in_order(leaving)))
    needed = [one for one in going if _is_function(one) and one.key not in {o.key for o in early}]
    first += [DropObject(one) for one in going if one not in needed]
    first += [CreateObject(one) for one in in_order(early)]
    last: list[Operation] = [DropObject(one) for one in needed if one.key in free]
    after = {pair[1].key: pair[0] for pair in replaced}
    for one in in_order([*late, *(pair[1] for pair in replaced)]):
        before = after.get(one.key)
        last.append(CreateObject(one) if before is None else ReplaceObject(before, one))
    last += [DropObject(one) for one in in_order(gone) if isinstance(one, Sequence)]
    return first, last


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
