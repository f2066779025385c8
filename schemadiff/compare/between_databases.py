"""Two databases of one product, compared: nothing is left unsaid in either of them. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from schemadiff.dialects import Dialect
from schemadiff.schema import Column, Schema, Table
from schemadiff.schema.matching import Named, unnamed


def as_in_database(current: Schema, desired: Schema, dialect: Dialect) -> Schema:
    """`desired`, another database, ready to be compared with `current`: it says all of what it has, and what a server
    named by itself in both has one name.
    """
    return _outspoken(current, _same_names(current, desired, dialect))


def _outspoken(current: Schema, desired: Schema) -> Schema:
    """`desired`, which says also what SQLAlchemy has no word for: in a database that is nothing if not said."""
    tables = dict(desired.tables)
    for name, table in desired.tables.items():
        known = current.tables.get(name, table)
        was = {column.name: column for column in known.columns}
        columns = tuple(_said(was.get(column.name), column) for column in table.columns)
        key = table.primary_key
        if key and known.primary_key and known.primary_key.parts and not key.parts:
            key = dataclasses.replace(key, parts=((None, False),) * len(key.columns))
        if columns != table.columns or key != table.primary_key:
            tables[name] = dataclasses.replace(table, columns=columns, primary_key=key)
    return dataclasses.replace(desired, tables=tables)


def _said(current: Column | None, desired: Column) -> Column:
    if current and current.attributes and desired.attributes is None:
        desired = dataclasses.replace(desired, attributes=())
    if current and current.visible is False and desired.visible is None:
        desired = dataclasses.replace(desired, visible=True)
    return desired


def _same_names(current: Schema, desired: Schema, dialect: Dialect) -> Schema:
    """`desired` with the names of `current` for what a server named by itself in both: they number by age."""
    tables = dict(desired.tables)
    for name, table in desired.tables.items():
        known = current.tables.get(name)
        if known is not None and known != table:
            tables[name] = _renamed(known, table, dialect)
    return dataclasses.replace(desired, tables=tables)


def _renamed(current: Table, desired: Table, dialect: Dialect) -> Table:
    def matched(old: Sequence[Named], new: Sequence[Named]) -> tuple[Named, ...]:
        free = [one for one in old if one not in new and dialect.is_generated_name(current.name, one)]
        result = []
        for one in new:
            if one not in old and dialect.is_generated_name(desired.name, one):
                match = next((other for other in free if unnamed(other) == unnamed(one)), None)
                if match is not None:
                    free.remove(match)
                    one = dataclasses.replace(one, name=match.name)
            result.append(one)
        return tuple(result)

    return dataclasses.replace(
        desired,
        uniques=matched(current.uniques, desired.uniques),
        indexes=matched(current.indexes, desired.indexes),
        foreign_keys=matched(current.foreign_keys, desired.foreign_keys),
        checks=matched(current.checks, desired.checks),
        excludes=matched(current.excludes, desired.excludes),
    )
