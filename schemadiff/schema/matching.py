"""Finding a constraint or an index among others when it may have no name. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from operator import attrgetter
from typing import TypeVar

from schemadiff.errors import ReplayError
from schemadiff.schema import Check, Constraint, Exclude, ForeignKey, Index, PrimaryKey, Table, Unique
from schemadiff.schema.describe import words_of

Named = TypeVar("Named", Unique, Index, ForeignKey, Check, Exclude)


def without(things: tuple[Named, ...], thing: Named, strict: bool, where: str) -> tuple[Named, ...]:
    """`things` without the one that is `thing`: equal, or of its name, or, where either has no name, of its shape.

    Raises `ReplayError` when strict and there is none that is equal but for a missing name.
    """
    match = find(things, thing)
    if match is None or (strict and not _equal_but_for_missing_name(match, thing)):
        if strict:
            raise ReplayError(f"{where} has no {words_of(thing)} as the revision describes it")
        return things
    position = things.index(match)
    return things[:position] + things[position + 1 :]


def find(things: tuple[Named, ...], thing: Named) -> Named | None:
    """The one of `things` that is `thing`: equal; else of its name; else equal but for a missing name."""
    if thing in things:
        return thing
    if thing.name is not None:
        for other in things:
            if other.name == thing.name:
                return other
    for other in things:
        if _equal_but_for_missing_name(other, thing):
            return other
    return None


def find_constraint(table: Table, constraint: Constraint) -> Constraint | None:
    """The constraint of the table that is `constraint`."""
    match constraint:
        case PrimaryKey():
            key = table.primary_key
            return key if key and key.columns == constraint.columns else None
        case Unique():
            return find(table.uniques, constraint)
        case ForeignKey():
            return find(table.foreign_keys, constraint)
        case Check():
            return find(table.checks, constraint)
        case Exclude():
            return find(table.excludes, constraint)


def unnamed(thing: Named) -> Named:
    """The same thing without its name."""
    return dataclasses.replace(thing, name=None)


def is_one_or_nameless(one: Constraint | Index, other: Constraint | Index) -> bool:
    """Whether `other` is `one`, with its name or with none."""
    if other.name is not None or one.name is None or type(one) is not type(other):
        return one == other
    all_but_name = _COMPARED[type(one)]
    return bool(all_but_name(one) == all_but_name(other))


_COMPARED = {
    kind: attrgetter(*(one.name for one in dataclasses.fields(kind) if one.compare and one.name != "name"))
    for kind in (PrimaryKey, Unique, Index, ForeignKey, Check, Exclude)
}
"""For each kind of part, a function that returns all compared attributes but the name."""


def _equal_but_for_missing_name(one: Named, other: Named) -> bool:
    if one.name is not None and other.name is not None:
        return one == other
    return unnamed(one) == unnamed(other)


def expect_free(things: Sequence[Named], thing: Named, where: str) -> None:
    """Raises `ReplayError` when one of `things` has the name of `thing`."""
    if thing.name is not None and any(other.name == thing.name for other in things):
        raise ReplayError(f'{where} has one named "{thing.name}" already')
