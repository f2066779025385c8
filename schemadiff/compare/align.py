"""Fills in what one schema does not declare from another, so that the two can be compared with ``==``. Pure.

A thousand tables come through here of which next to none differ: what changes nothing makes no new value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from operator import is_

from schemadiff.compare.fetched_values import with_kept
from schemadiff.dialects import Dialect
from schemadiff.schema import Check, Column, ForeignKey, PrimaryKey, Schema, Table, same_columns
from schemadiff.schema.matching import Named, is_one_or_nameless


def align(current: Schema, desired: Schema, dialect: Dialect) -> Schema:
    """`desired`, each of its tables with the names that `current` has for what it leaves unnamed, and with what the
    server makes by itself. Tables that are only in one of them are left alone.
    """
    aligned = {}
    for name, table in desired.tables.items():
        before = current.tables.get(name)
        if before is not None and before != table:
            aligned[name] = align_table(before, table, dialect)
    return dataclasses.replace(desired, tables={**desired.tables, **aligned}) if aligned else desired


def settled(current: Table, aligned: Table) -> Table:
    """Of two equal tables `current`, so that whoever compares them once more need not look into them; but `aligned`
    where its foreign keys stand in another order.
    """
    return current if current.foreign_keys == aligned.foreign_keys else aligned


def is_settled(current: Table, desired: Table, dialect: Dialect) -> bool:
    """Whether `align_table` is certain to make `current` of `desired`, part by part: what is missing are names that the
    server has given, and indexes that it has made. No value is made to find that out; false in doubt.
    """
    return (
        dialect.makes_names
        and current.options == desired.options
        and _is_named_key(current, desired)
        and _are_named(current.uniques, desired.uniques)
        and _are_named(tuple([one for one in current.indexes if not one.implicit]), desired.indexes)
        and _are_named(current.foreign_keys, desired.foreign_keys)
        and _are_named(current.checks, desired.checks)
        and _are_named(current.excludes, desired.excludes)
        and same_columns(current.columns, desired.columns)
    )


def _is_named_key(current: Table, desired: Table) -> bool:
    key, there = desired.primary_key, current.primary_key
    if key is None or there is None or key == there:
        return key is there or key == there
    return is_one_or_nameless(there, key) and there.name not in _index_names(desired)


def _are_named(current: tuple[Named, ...], desired: tuple[Named, ...]) -> bool:
    if len(current) != len(desired):
        return False
    if all(map(is_one_or_nameless, current, desired)):
        return True
    known = {one.name: one for one in current}
    found = [known.pop(one.name, None) == one for one in desired if one.name is not None]
    nameless = [one for one in desired if one.name is None]
    return (
        all(found) and len(known) == len(nameless) and all(map(is_one_or_nameless, known.values(), nameless))
    )


def align_table(current: Table, desired: Table, dialect: Dialect) -> Table:
    """`desired` as `align` makes it of one table."""
    named = take_names(current, desired, dialect) if dialect.makes_names else desired
    return dialect.add_generated(current, with_kept(current, named))


def take_names(current: Table, desired: Table, dialect: Dialect) -> Table:
    """`desired` with the names that `current` has for what it leaves unnamed, everything in its order. Of several that
    are alike, one that looks as if the server had named it comes before one that somebody has named.
    """

    def named(current: tuple[Named, ...], desired: tuple[Named, ...]) -> tuple[Named, ...]:
        if all(one.name is not None for one in desired):
            return desired
        return _take_names(sorted(current, key=lambda one: not dialect.is_generated_name(name, one)), desired)

    name = current.name
    desired = _content(current, desired)
    parts = (
        _take_all_unsaid(current.columns, desired.columns),
        _take_key_name(current, desired),
        named(current.uniques, desired.uniques),
        named(current.indexes, desired.indexes),
        named(current.foreign_keys, desired.foreign_keys),
        named(current.checks, desired.checks),
        named(current.excludes, desired.excludes),
    )
    columns, key, uniques, indexes, foreign_keys, checks, excludes = parts
    if all(map(is_, parts, _parts(desired))):
        return desired
    return Table(
        desired.name,
        columns,
        key,
        uniques,
        indexes,
        foreign_keys,
        checks,
        desired.options,
        excludes,
        desired.after,
    )


def _parts(table: Table) -> tuple[object, ...]:
    return (
        table.columns,
        table.primary_key,
        table.uniques,
        table.indexes,
        table.foreign_keys,
        table.checks,
        table.excludes,
    )


def _take_key_name(current: Table, desired: Table) -> PrimaryKey | None:
    key, there = desired.primary_key, current.primary_key
    if key is None or there is None or key.name is not None or there.name is None:
        return key
    # PostgreSQL names a key after a unique constraint of the same columns, which may want its name back.
    if there.columns != key.columns or there.name in _index_names(desired):
        return key
    return dataclasses.replace(key, name=there.name)


def _index_names(table: Table) -> set[str | None]:
    return {one.name for one in table.uniques} | {one.name for one in table.indexes}


def _take_all_unsaid(current: tuple[Column, ...], desired: tuple[Column, ...]) -> tuple[Column, ...]:
    if all(map(_says_alike, current, desired)) and len(current) == len(desired):
        return desired
    known = {column.name: column for column in current}
    columns = tuple(_take_unsaid(known.get(column.name), column) for column in desired)
    return desired if all(map(is_, columns, desired)) else columns


def _says_alike(one: Column, other: Column) -> bool:
    """Whether the columns are of one name, and nothing that SQLAlchemy has no word for is said of either."""
    return (
        one.visible is other.visible is None
        and one.attributes is other.attributes is None
        and one.name == other.name
    )


def _take_unsaid(current: Column | None, desired: Column) -> Column:
    """`desired` with the attributes that SQLAlchemy has no word for as they are, where the models do not say."""
    if current is None:
        return desired
    # To say that it is visible, or has no attributes, is to say what it is where nobody has said anything.
    visible = current.visible if desired.visible is None else desired.visible
    attributes = current.attributes if desired.attributes is None else desired.attributes
    if visible is not False and current.visible is not False:
        visible = current.visible
    if not attributes and not current.attributes:
        attributes = current.attributes
    if visible == desired.visible and attributes == desired.attributes:
        return desired
    return dataclasses.replace(desired, visible=visible, attributes=attributes)


def _content(current: Table, desired: Table) -> Table:
    """`desired` where it allows less than `current` has: a constraint that need not hold for old rows and does, an
    index that was left invalid and is not any more. Only what somebody wrote allows: the live schema is as it is.
    """
    lax: tuple[Check | ForeignKey, ...] = (*desired.checks, *desired.foreign_keys)
    if not any(one.not_valid for one in lax) and all(one.valid for one in desired.indexes):
        return desired
    checks, keys, indexes = list(desired.checks), list(desired.foreign_keys), list(desired.indexes)
    for position, check in enumerate(checks):
        whole = dataclasses.replace(check, not_valid=False)
        if check.not_valid and check.written and whole in current.checks:
            checks[position] = whole
    for position, key in enumerate(keys):
        strict = dataclasses.replace(key, not_valid=False)
        if key.not_valid and key.written and strict in current.foreign_keys:
            keys[position] = strict
    for position, index in enumerate(indexes):
        valid = dataclasses.replace(index, valid=True)
        if not index.valid and index.written and valid in current.indexes:
            indexes[position] = valid
    return dataclasses.replace(
        desired, checks=tuple(checks), foreign_keys=tuple(keys), indexes=tuple(indexes)
    )


def _take_names(current: Sequence[Named], desired: Sequence[Named]) -> tuple[Named, ...]:
    taken = {thing.name for thing in desired if thing.name is not None}
    free = [thing for thing in current if thing.name is not None and thing.name not in taken]
    nameless = [thing for thing in current if thing.name is None]
    result = []
    for thing in desired:
        if thing in nameless:
            nameless.remove(thing)
        elif thing.name is None:
            for position, other in enumerate(free):
                named = dataclasses.replace(thing, name=other.name)
                if named == other:
                    del free[position]
                    thing = named
                    break
        result.append(thing)
    return tuple(result)
