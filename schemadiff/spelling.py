"""One thing has several spellings: as it was written in a revision file, as rules make of it, as the server reports
it. Here they are matched with each other. Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

from schemadiff import comparer, planner
from schemadiff.dialects import Dialect
from schemadiff.lookup import Named
from schemadiff.operations import Operation, touched
from schemadiff.schema import Check, Column, ForeignKey, Index, Schema, Unique

Part = TypeVar("Part", Column, Unique, Index, ForeignKey, Check)


def with_live_names(expected: Schema, asked: Schema, live: Schema, dialect: Dialect) -> Schema:
    """`expected` in its own spelling, with the names of the live database for what it leaves unnamed. `asked` is the
    same schema in the server's spelling, by which its parts are found in the live one.
    """
    asked = comparer.align(live, asked, dialect)
    tables = {}
    for name, table in expected.tables.items():
        named = asked.tables[name]
        tables[name] = dataclasses.replace(
            table,
            primary_key=named.primary_key,
            uniques=_names_taken(table.uniques, named.uniques),
            foreign_keys=_names_taken(table.foreign_keys, named.foreign_keys),
            checks=_names_taken(table.checks, named.checks),
            # What the server made by itself stands behind the ones that the models have.
            indexes=(*_names_taken(table.indexes, named.indexes), *named.indexes[len(table.indexes) :]),
        )
    return dataclasses.replace(expected, tables=tables)


def as_written(live: Schema, expected: Schema, dialect: Dialect) -> Schema:
    """The live schema, each part of it that is as `expected` says carrying what the revision files wrote for it."""
    aligned = comparer.align(live, expected, dialect)
    tables = dict(live.tables)
    for name, table in live.tables.items():
        known = aligned.tables.get(name)
        if known is None:
            continue
        tables[name] = dataclasses.replace(
            table,
            columns=_known(table.columns, known.columns),
            options=known.options if known.options == table.options else table.options,
            uniques=_known(table.uniques, known.uniques),
            indexes=_known(table.indexes, known.indexes),
            foreign_keys=_known(table.foreign_keys, known.foreign_keys),
            checks=_known(table.checks, known.checks),
        )
    return dataclasses.replace(live, tables=tables)


def _names_taken(things: Sequence[Named], named: Sequence[Named]) -> tuple[Named, ...]:
    pairs = zip(things, named, strict=False)
    return tuple(dataclasses.replace(one, name=other.name) for one, other in pairs)


def _known(things: Sequence[Part], known: Sequence[Part]) -> tuple[Part, ...]:
    """The things, each that has an equal in `known` replaced by that: equal ones differ in what does not count."""
    by_value = {one: one for one in known}
    return tuple(by_value.get(one, one) for one in things)


def unnamed_drops(operations: Sequence[Operation], expected: Schema) -> tuple[Operation, ...]:
    """The operations as a revision file should have them: what an earlier revision left without a name is dropped
    without one, so that the file also fits another database, which gave it another name.
    """
    result = []
    for operation in operations:
        name = touched(operation)
        table = expected.tables.get(name) if name else None
        result.append(planner.forget_name(operation, table) if table else operation)
    return tuple(result)
