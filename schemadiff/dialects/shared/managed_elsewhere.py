"""Options that somebody else manages in the database and neither models nor revisions declare. Pure.

Silence is consent: partitions, storage parameters, tablespaces that a DBA has set and nobody speaks of are set apart in
the live schema, so that they take no part in a comparison, stay as they are, and can be named. An option that models or
revisions speak of is compared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence

from schemadiff.schema import Index, Options, Table


def set_apart(live: Table, known: Sequence[Table], may_set: Collection[str] | None, lists: str = "") -> Table:
    """The live table, its options in ``managed`` that none of the `known` descriptions of it speaks of.

    `may_set` are the options that a DBA may set (``None``: all). Of the option `lists`, such as ``a=1, b=2``, each
    entry counts for itself. Without any description the whole table is somebody's, and stays as it is.
    """
    if not known:
        return live
    options, kept = _set_apart([table.options for table in known], live.options, may_set, lists)
    indexes = list(live.indexes)
    for place, index in enumerate(indexes):
        if index.options or index.tablespace is not None:
            indexes[place], more = _index_set_apart(index, [one for table in known for one in table.indexes])
            kept += more
    if not kept:
        return live
    options = dataclasses.replace(options, managed=(*live.options.managed, *kept))
    return dataclasses.replace(live, options=options, indexes=tuple(indexes))


def _set_apart(
    known: Sequence[Options], live: Options, may_set: Collection[str] | None, lists: str
) -> tuple[Options, list[tuple[str, str]]]:
    said = {key for options in known for key, _ in options.extra}
    entries = {
        name for options in known for key, text in options.extra if key == lists for name, _ in _entries(text)
    }
    extra: list[tuple[str, str]] = []
    kept: list[tuple[str, str]] = []
    for key, text in live.extra:
        if may_set is not None and key not in may_set:
            extra.append((key, text))
        elif key == lists and key in said:
            ours = ", ".join(part for name, part in _entries(text) if name in entries)
            extra += [(key, ours)] if ours else []
            kept += [(name, part) for name, part in _entries(text) if name not in entries]
        else:
            (extra if key in said else kept).append((key, text))
    return (dataclasses.replace(live, extra=tuple(extra)) if kept else live), kept


def _index_set_apart(live: Index, known: Sequence[Index]) -> tuple[Index, list[tuple[str, str]]]:
    """The same of an index; its descriptions are those of its name, or of its columns where they have none."""
    mine = [
        one for one in known if one.name == live.name or (one.name is None and one.columns == live.columns)
    ]
    if not mine:
        return live, []
    said = {key for one in mine for key, _ in one.options}
    options = tuple(pair for pair in live.options if pair[0] in said)
    tablespace = live.tablespace if any(one.tablespace for one in mine) else None
    kept = [(f"{live.name} {key}", text) for key, text in live.options if key not in said]
    if tablespace != live.tablespace:
        kept.append((f"{live.name} TABLESPACE", live.tablespace or ""))
    return (dataclasses.replace(live, options=options, tablespace=tablespace) if kept else live), kept


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """The name of each parameter, and the parameter."""
    for part in text.split(", "):
        yield part.partition("=")[0].strip(), part
