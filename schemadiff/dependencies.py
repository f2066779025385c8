"""What a view, a trigger or a routine needs, as far as its text tells, and the order that follows. Pure.

A name that stands in a definition counts as needed: it may be a column's or a string's, which costs nothing but a
place in the order. The servers' own dependency catalogs would know better, and only after the object is there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from schemadiff.schema import Domain, Key, Name, Routine, StoredObject, View

_WORD = re.compile(r'"((?:[^"]|"")+)"|`((?:[^`]|``)+)`|([^\W\d][\w$]*)')


def mentions(stored: StoredObject) -> frozenset[str]:
    """The words and quoted names in the object's definition, case-folded, and the name of a trigger's table; of a
    domain those of the type that it is made of.
    """
    if isinstance(stored, Domain):
        return frozenset(word.casefold() for word in _words(stored.type))
    if not isinstance(stored, View | Routine):
        return frozenset()
    table = [stored.table.name.casefold()] if isinstance(stored, Routine) and stored.table else []
    return frozenset([*table, *(word.casefold() for word in _words(stored.definition))])


def _words(text: str) -> Iterable[str]:
    for quoted, ticked, plain in _WORD.findall(text):
        yield quoted.replace('""', '"') or ticked.replace("``", "`") or plain


def mentions_any(stored: StoredObject, names: Collection[Name]) -> bool:
    """Whether the object's definition mentions one of the names."""
    found = mentions(stored)
    return any(name.name.casefold() in found for name in names)


def in_order(objects: Iterable[StoredObject]) -> list[StoredObject]:
    """The objects, each after those that its definition mentions, otherwise by kind and name."""
    by_key: Mapping[Key, StoredObject] = {one.key: one for one in sorted(objects, key=sort_key)}
    found = {key: mentions(one) for key, one in by_key.items()}
    graph = {
        key: [other for other in by_key if other != key and other.name.name.casefold() in found[key]]
        for key in by_key
    }
    sorter = TopologicalSorter(graph)
    try:
        return [by_key[key] for key in sorter.static_order()]
    except CycleError:
        # Two that mention each other: one of the words is no reference. The server has the last word.
        return list(by_key.values())


def sort_key(stored: StoredObject) -> tuple[str, str, str, str]:
    """Sorts objects by kind and name."""
    key = stored.key
    return (key.kind, key.name.name, key.name.schema or "", key.rest)


def dependents(objects: Iterable[StoredObject], names: Collection[Name]) -> list[StoredObject]:
    """Those of the objects that mention one of the names, or one that does, and so on; in order."""
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
