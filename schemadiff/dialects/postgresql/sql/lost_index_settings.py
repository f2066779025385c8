"""Settings of an index that are lost with it and not restored on another one, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemadiff.dialects.postgresql.sql import create, restored_settings
from schemadiff.operations import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Operation,
    live_after,
    touched,
)
from schemadiff.schema import Exclude, Marks, PrimaryKey, Schema, Table, Unique

_IDENTITY = (
    "its rows are replicated by that index (REPLICA IDENTITY), and then by none: the server refuses UPDATE and DELETE "
    "of a published table"
)
_ORDER = "CLUSTER keeps the rows in the order of that index, and then in none"


def forgone(operations: Sequence[Operation], live: Schema) -> Mapping[Operation, str]:
    """The drops of indexes and constraints by whose index rows are replicated or kept in order, each with that in
    words, where what comes in its place under its name cannot have it.
    """
    found: dict[Operation, str] = {}
    for name, table in live.tables.items():
        if not any(one.identity or one.clustered for one in table.marks):
            continue
        own = [one for one in operations if touched(one) == name]
        after = live_after(live, own)
        for one in own:
            known = _marks(one, table)
            if known and (words := _lost(known, own, after.tables.get(name))):
                found[one] = words
    return found


def _marks(operation: Operation, table: Table) -> Marks | None:
    match operation:
        case DropIndex(index=index):
            return table.marks_of(create.bare_index_name(table.name, index, table))
        case DropConstraint(constraint=PrimaryKey() | Unique() | Exclude() as constraint):
            return table.marks_of(create.constraint_name(table.name, constraint, table))
        case _:
            return None


def _lost(known: Marks, operations: Sequence[Operation], after: Table | None) -> str:
    if after is None:
        return ""
    added = (
        one.index if isinstance(one, CreateIndex) else one.constraint
        for one in operations
        if isinstance(one, CreateIndex | AddConstraint)
    )
    new = next((one for one in added if restored_settings.known_marks(after, one) == known), None)
    words = []
    if known.identity and not (new and restored_settings.identifies(after, new)):
        words.append(_IDENTITY)
    if known.clustered and not (new and restored_settings.is_sorted(new)):
        words.append(_ORDER)
    return "; ".join(words)
