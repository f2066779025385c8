"""The stored objects of two schemas side by side, and the enumerated types that stand for themselves. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass

from schemadiff.dialects import Dialect
from schemadiff.operations import Operation
from schemadiff.operations.objects import CreateObject, DropObject
from schemadiff.schema import Column, Composite, Domain, Enum, Key, Name, Schema, StoredObject
from schemadiff.schema.dependencies import in_order, words

Pair = tuple[StoredObject, StoredObject]


@dataclass(frozen=True, slots=True)
class StoredChanges:
    """``gone``, ``new`` and ``both``: the objects of one side, of the other, and those that both have by their key."""

    current: Schema
    desired: Schema
    gone: Several[StoredObject]
    new: Several[StoredObject]
    both: Several[Pair]

    @property
    def changed(self) -> list[Pair]:
        """Those of both sides that differ."""
        return [(before, after) for before, after in self.both if before != after]


def stored_changes(current: Schema, desired: Schema, dialect: Dialect) -> StoredChanges:
    """The objects of the two schemas that stand for themselves, side by side."""
    there, wanted = by_themselves(current, dialect), by_themselves(desired, dialect)
    return StoredChanges(
        current,
        desired,
        gone=[one for key, one in there.items() if key not in wanted],
        new=[one for key, one in wanted.items() if key not in there],
        both=[(one, wanted[key]) for key, one in there.items() if key in wanted],
    )


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


@dataclass(frozen=True, slots=True)
class EnumChanges:
    """Enumerated types that come, go, and change their values because columns take them or leave them to themselves."""

    early: Several[Operation]
    late: Several[Operation]
    changed: Several[Pair]
    dropped: Several[Operation]


def enum_changes(changes: StoredChanges, dialect: Dialect) -> EnumChanges:
    """The operations on enumerated types. Columns that leave a type to itself which is to have other values give it up
    first; those that take one, after.
    """
    new = [one for one in in_order(changes.new) if isinstance(one, Enum)]
    gone = [one for one in in_order(changes.gone) if isinstance(one, Enum)]
    waiting = [one for one in new if _values(one, changes.current, dialect) != one.values]
    taken = {
        one: dataclasses.replace(one, values=_values(one, changes.desired, dialect))
        for one in changes.gone
        if isinstance(one, Enum)
    }
    return EnumChanges(
        early=[CreateObject(one) for one in new if one not in waiting],
        late=[CreateObject(one) for one in waiting],
        changed=[(one, after) for one, after in taken.items() if after != one],
        dropped=[DropObject(taken[one]) for one in gone],
    )


def _columns(schema: Schema, kind: Name, dialect: Dialect) -> Iterator[Column]:
    """The columns that have the type."""
    for table in schema.tables.values():
        yield from (column for column in table.columns if dialect.has_type(column, kind))


def _values(one: Enum, schema: Schema, dialect: Dialect) -> tuple[str, ...]:
    """The values of the type as the columns of the schema have it; its own where none has."""
    found = (column.type.values for column in _columns(schema, one.name, dialect))
    return next((values for values in found if values is not None), one.values)
