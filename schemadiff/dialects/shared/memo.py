"""What was made of a value, remembered by which value it is. Pure.

Of a thousand tables' columns most are one and the same value (see `columns`), and to hash one takes as long as to bring
it to canonical form. The value is kept beside what was made of it, so that no other one gets its place in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_MOST = 8192


class Remembered(Generic[Value]):
    """The latest few thousand values that were made."""

    def __init__(self) -> None:
        self._known: dict[tuple[Hashable, ...], tuple[object, object, Value]] = {}

    def of(self, value: object, facts: object, context: Hashable, make: Callable[[], Value]) -> Value:
        """What `make` makes of this very value, by the facts of this very server, in an equal context."""
        key = (id(value), id(facts), context)
        found = self._known.get(key)
        if found is not None and found[0] is value and found[1] is facts:
            return found[2]
        made = make()
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = (value, facts, made)
        return made
