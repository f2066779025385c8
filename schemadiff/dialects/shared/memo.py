"""Results cached by the identity of the value that they were made of. Pure.

Of a thousand tables' columns most are one and the same value (see `models.columns`), and to hash one takes as long as
to bring it to canonical form. The value is kept beside what was made of it, so that no other one gets its place in
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable

from schemadiff.schema import Column

_MOST = 8192
_CONTEXTS = 64

Known = dict[int, tuple[Column, Column]]


class RememberedColumns:
    """The latest few thousand canonical columns, in the latest few contexts: of which server they are, what their
    tables say.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Known, Known]] = {}

    def of(
        self,
        columns: Iterable[Column],
        key: Collection[str],
        context: Hashable,
        make: Callable[[Column, bool], Column],
    ) -> list[Column]:
        """Return `make(column, in_key)` for each column of a table with that primary key. A result is kept for the very
        same column object; a generated column, whose expression names others, is computed again each time.
        """
        outside, inside = self._within(context)
        made = []
        for column in columns:
            known = inside if column.name in key else outside
            found = known.get(id(column))
            if found is None:
                found = (column, make(column, known is inside))
                if column.generated is None:
                    known[id(column)] = found
            made.append(found[1])
        return made

    def _within(self, context: Hashable) -> tuple[Known, Known]:
        if len(self._known) >= _CONTEXTS and context not in self._known:
            self._known.clear()
        found = self._known.setdefault(context, ({}, {}))
        if len(found[0]) + len(found[1]) >= _MOST:
            found = self._known[context] = ({}, {})
        return found
