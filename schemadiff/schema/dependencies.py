"""Dependencies of views, triggers, routines and domains, and the order that follows. Pure.

Where the server keeps a catalog of dependencies and was asked, that decides (``needs``). Elsewhere a name that stands
in a definition counts as needed: it may be a column's or a string's, which costs nothing but a place in the order.
Where such names go round in a circle, one of them is no reference, and only that circle is cut, at its weakest place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from schemadiff.schema import Entry, Key, Name, Routine, StoredObject, View
from schemadiff.schema.kinds import kind_of

_WORD = re.compile(r'"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([^\W\d][\w$]*)')
_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[^\W\d][\w$]*)'
_REFERENCE = re.compile(
    rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ON|CALL)\s+\(*\s*((?:{_NAME}\s*\.\s*)*{_NAME})"
    rf"|((?:{_NAME}\s*\.\s*)*{_NAME})\s*\(",
    re.IGNORECASE,
)
"""References in SQL: the name of a table or view behind a keyword, and the name of a function that is called."""


def mentions(stored: StoredObject) -> frozenset[str]:
    """The words and quoted names in the object's definition, case-folded, and the name of a trigger's table."""
    if isinstance(stored, Routine):
        counted = Counter(_words(stored.definition))
        counted[stored.name.name.casefold()] -= 1  # behind CREATE
        table = [stored.table.name.casefold()] if stored.table else []
        return frozenset([*table, *(word for word, times in counted.items() if times > 0)])
    return frozenset[str]().union(*map(words, kind_of(stored).texts(stored)))


def words(text: str) -> frozenset[str]:
    """The words and quoted names in a text, case-folded."""
    return frozenset(_words(text))


def _words(text: str) -> Iterable[str]:
    for quoted, ticked, plain in _WORD.findall(text):
        yield (quoted.replace('""', '"') or ticked.replace("``", "`") or plain).casefold()


def mentions_any(stored: StoredObject, names: Collection[Name]) -> bool:
    """Whether the object needs what has one of the names: by the server's catalog, else by its definition."""
    if (needs := _needs(stored)) is not None:
        return any(name in needs for name in names)
    found = mentions(stored)
    return any(name.name.casefold() in found for name in names)


def _needs(stored: StoredObject) -> frozenset[Name] | None:
    return stored.needs if isinstance(stored, View | Routine | Entry) else None


def in_order(objects: Iterable[StoredObject]) -> list[StoredObject]:
    """The objects, each after those that it needs, otherwise by kind and name."""
    by_key: Mapping[Key, StoredObject] = {one.key: one for one in sorted(objects, key=sort_key)}
    graph = {key: _needed(one, by_key) for key, one in by_key.items()}
    while True:
        try:
            return [by_key[key] for key in TopologicalSorter(graph).static_order()]
        except CycleError as error:
            # graphlib lists each before the one that needs it.
            edges = list(pairwise(error.args[1]))
            needed, needing = min(edges, key=lambda edge: (_strength(by_key[edge[1]], by_key[edge[0]]), edge))
            graph[needing].remove(needed)


def _needed(stored: StoredObject, others: Mapping[Key, StoredObject]) -> list[Key]:
    needs, found = _needs(stored), mentions(stored)
    return [
        key
        for key, other in others.items()
        if key != stored.key
        and (other.name in needs if needs is not None else other.name.name.casefold() in found)
    ]


def _strength(stored: StoredObject, other: StoredObject) -> int:
    """How sure it is that the object needs the other one before it is there itself."""
    if _needs(stored) is not None:
        return 3
    kind = kind_of(stored)
    if kind.late_bound:
        return 0
    texts = kind.texts(stored)
    named = {list(_words(one or called))[-1] for text in texts for one, called in _REFERENCE.findall(text)}
    return 2 if other.name.name.casefold() in named else 1


def sort_key(stored: StoredObject) -> tuple[str, str, str, str]:
    """Sorts objects by kind and name."""
    key = stored.key
    return (key.kind, key.name.name, key.name.schema or "", key.rest)


def dependents(objects: Iterable[StoredObject], names: Collection[Name]) -> list[StoredObject]:
    """Those of the objects that need what has one of the names, or one that does, and so on; in order."""
    ordered = in_order(objects)
    known = set(names)
    result: list[StoredObject] = []
    for _ in ordered:
        new = [one for one in ordered if one not in result and mentions_any(one, known - {one.name})]
        if not new:
            break
        result += new
        known |= {one.name for one in new}
    return [one for one in ordered if one in result]
