"""Objects that are compared by their SQL (`Entry`) in two schemas -> the operations on them. Pure.

Extensions come before all else. Partitions come after the tables, and go before them. What is set on something else (a
comment, a grant, row level security) comes last of all; with what it is set on it goes by itself, and where that is
made again, so is it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from schemadiff.operations import Operation
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import Entry, Key, Schema, StoredObject
from schemadiff.schema.dependencies import in_order

Changes = Sequence[tuple[StoredObject, StoredObject]]


def keys(schema: Schema) -> set[Key]:
    """Objects that an entry may belong to."""
    found = {*schema.objects, *(Key("table", name) for name in schema.tables)}
    for name, table in schema.tables.items():
        found |= {
            Key("index", name._replace(name=one.name))
            for one in (*table.indexes, *table.constraints())
            if one.name
        }
    found |= {Key("table", one.name) for one in of_stage(schema.objects.values(), "partition")}
    return found


def of_stage(objects: Iterable[StoredObject], stage: str) -> list[Entry]:
    """Those of the objects that are entries of the stage."""
    return [one for one in objects if isinstance(one, Entry) and one.stage == stage]


def without_owner(gone: Iterable[StoredObject], desired: Schema) -> set[Key]:
    """The keys of those that go by themselves, with what they stand on."""
    owned = [one for one in gone if isinstance(one, Entry) and one.owner]
    staying = keys(desired) if owned else set()
    return {one.key for one in owned if one.owner not in staying}


def extensions(new: Iterable[StoredObject], changed: Changes) -> list[Operation]:
    """The extensions that come and change."""
    created: list[Operation] = [CreateObject(one) for one in of_stage(new, "extension")]
    return created + _replaced(changed, "extension")


def partitions(new: Iterable[StoredObject], changed: Changes) -> list[Operation]:
    """The partitions that come and change, each after the one that it is a part of."""
    created: list[Operation] = [CreateObject(one) for one in in_order(of_stage(new, "partition"))]
    return created + _replaced(changed, "partition")


def dropped(gone: Iterable[StoredObject], stage: str, desired: Schema) -> list[Operation]:
    """The drops of the entries of a stage that do not go by themselves."""
    ordered = reversed(in_order(of_stage(gone, stage)))
    alone = without_owner(gone, desired)
    return [DropObject(one) for one in ordered if one.key not in alone]


def settings(
    current: Schema, desired: Schema, made_again: Collection[Key]
) -> tuple[list[Operation], list[Operation]]:
    """Return the settings removed before the tables change, and those set or removed last. `made_again` are the keys of
    objects that lose their settings on the way.
    """
    first: list[Operation] = []
    last: list[Operation] = []
    there, wanted = (
        {one.key: one for one in of_stage(schema.objects.values(), "setting")}
        for schema in (current, desired)
    )
    alone = without_owner(there.values(), desired)
    for key in sorted({*there, *wanted}):
        before, after = there.get(key), wanted.get(key)
        lost = any(one.owner in made_again for one in (before, after) if one)
        if after is None and before is not None:
            if key not in alone and before.late:
                last.append(DropObject(before))
            elif key not in alone and not lost:
                first.append(DropObject(before))
        elif after is not None and (before is None or lost):
            last.append(CreateObject(after))
        elif before is not None and after is not None and before != after:
            last.append(ReplaceObject(before, after))
    return first, last


def _replaced(changed: Changes, stage: str) -> list[Operation]:
    return [ReplaceObject(*pair) for pair in changed if pair[0] in of_stage([pair[0]], stage)]
