"""The options that sequences and identity columns share. Pure."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from schemadiff.schema import Identity, Sequence

Counting = TypeVar("Counting", Identity, Sequence)


def without_defaults(options: Counting, lowest: int, highest: int, cache: int) -> Counting:
    """The options with ``None`` for what the server takes anyhow: one up from 1 to `highest`, one down from -1 to
    `lowest`, each from its first number on and by 1, `cache` numbers at a time.
    """
    up = (options.increment or 1) > 0
    low, high = (1, highest) if up else (lowest, -1)
    first = options.minimum if up else options.maximum
    if first is None:
        first = low if up else high
    return dataclasses.replace(
        options,
        start=None if options.start == first else options.start,
        increment=None if options.increment == 1 else options.increment,
        minimum=None if options.minimum == low else options.minimum,
        maximum=None if options.maximum == high else options.maximum,
        cache=None if options.cache == cache else options.cache,
    )


def given(options: Identity | Sequence) -> list[str]:
    """The words of the options that are not the server's defaults."""
    numbers = (
        ("START WITH", options.start),
        ("INCREMENT BY", options.increment),
        ("MINVALUE", options.minimum),
        ("MAXVALUE", options.maximum),
        ("CACHE", options.cache),
    )
    found = [f"{option} {number}" for option, number in numbers if number is not None]
    return [*found, "CYCLE"] if options.cycle else found


def turns(before: Identity | Sequence, after: Identity | Sequence) -> bool:
    """Whether it counts in the other direction: the number that it has come to is beyond its end then."""
    return ((before.increment or 1) < 0) != ((after.increment or 1) < 0)


def changes(
    before: Identity | Sequence, after: Identity | Sequence, *, cache: int = 1, no_cycle: str = "NO CYCLE"
) -> list[str]:
    """The words that lead from the one to the other. The number that it has come to stays, unless it `turns`: then
    RESTART has to follow.
    """
    found = []
    start = 1 if after.minimum is None else after.minimum
    if (after.increment or 1) < 0:
        start = -1 if after.maximum is None else after.maximum
    limits = (before.minimum, before.maximum) != (after.minimum, after.maximum)
    for old, new, words, none, moved in (
        (before.increment, after.increment, "INCREMENT BY", "INCREMENT BY 1", False),
        (before.minimum, after.minimum, "MINVALUE", "NO MINVALUE", turns(before, after)),
        (before.maximum, after.maximum, "MAXVALUE", "NO MAXVALUE", turns(before, after)),
        (before.start, after.start, "START WITH", f"START WITH {start}", turns(before, after) or limits),
        (before.cache, after.cache, "CACHE", f"CACHE {cache}", False),
    ):
        # What nobody gave depends on the direction in which it counts, and on where it begins.
        if old != new or (moved and new is None):
            found.append(none if new is None else f"{words} {new}")
    if before.cycle != after.cycle:
        found.append("CYCLE" if after.cycle else no_cycle)
    return found
