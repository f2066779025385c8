"""One thing has several spellings: as it was written in a revision file, as rules make of it, as the server reports
it. Here they are matched with each other. Pure.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import TypeVar

from schemadiff.compare.align import align, take_names
from schemadiff.dialects import Dialect
from schemadiff.operations import Operation, RenameTable, touched
from schemadiff.planning.live_names import LiveParts, forget_names
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Schema,
    StoredObject,
    Table,
    Unique,
    View,
)

Part = TypeVar("Part", Column, Unique, Index, ForeignKey, Check, Exclude)


def live_parts(expected: Schema, asked: Schema, live: Schema, dialect: Dialect) -> LiveParts:
    """For each table, which of the live constraints and indexes each of those that `expected` describes is.

    `asked` is `expected` in the server's spelling, by which they are recognised.
    """
    found: dict[Name, dict[Constraint | Index, list[Constraint | Index]]] = {}
    for name, table in expected.tables.items():
        known = live.tables.get(name)
        if known is None:
            continue
        by_value: dict[object, Constraint | Index] = {
            one: one for one in (*known.constraints(), *known.indexes)
        }
        mine, theirs = _parts(table), _parts(take_names(known, asked.tables[name], dialect))
        found[name] = defaultdict(list)
        for one, other in zip(mine, theirs, strict=True):
            if other in by_value:
                found[name][one].append(by_value[other])
    return found


def _parts(table: Table) -> list[Constraint | Index]:
    return [*table.constraints(), *(index for index in table.indexes if not index.implicit)]


def as_written(live: Schema, expected: Schema, dialect: Dialect) -> Schema:
    """The live schema, each part of it that is as `expected` says carrying what the revision files wrote for it."""
    aligned = align(live, expected, dialect)
    tables = dict(live.tables)
    for name, table in live.tables.items():
        known = aligned.tables.get(name)
        if known is None:
            continue
        tables[name] = dataclasses.replace(
            table,
            columns=_known(table.columns, known.columns),
            # What was put into `known` to compare it is no part of what was written.
            options=expected.tables[name].options if known.options == table.options else table.options,
            uniques=_known(table.uniques, known.uniques),
            indexes=_known(table.indexes, known.indexes),
            foreign_keys=_known(table.foreign_keys, known.foreign_keys),
            checks=_known(table.checks, known.checks),
            excludes=_known(table.excludes, known.excludes),
        )
    objects = {key: _stored_as_written(one, expected.objects.get(key)) for key, one in live.objects.items()}
    return dataclasses.replace(live, tables=tables, objects=objects)


def _stored_as_written(one: StoredObject, expected: StoredObject | None) -> StoredObject:
    """The live object as it was written; a view of which only the indexes were changed with its SELECT as written."""
    if expected is None or one == expected:
        return expected or one
    if isinstance(one, View) and isinstance(expected, View):
        indexes = _known(one.indexes, expected.indexes)
        if dataclasses.replace(expected, indexes=one.indexes) == one:
            return dataclasses.replace(one, indexes=indexes, written=expected.written)
    return one


def _known(things: Sequence[Part], known: Sequence[Part]) -> tuple[Part, ...]:
    """The things, each that has an equal in `known` replaced by that: equal ones differ in what does not count."""
    by_value = {one: one for one in known}
    return tuple(by_value.get(one, one) for one in things)


def unnamed_drops(operations: Sequence[Operation], asked: Schema) -> tuple[Operation, ...]:
    """The operations as a revision file should have them: what an earlier revision left without a name is dropped
    without one, so that the file also fits another database, which gave it another name.
    """
    result = []
    for operation in operations:
        name = touched(operation)
        table = asked.tables.get(name) if name else None
        result.append(forget_names(operation, table) if table else operation)
        if isinstance(operation, RenameTable):
            asked = operation.apply(asked, strict=False)
    return tuple(result)
