"""Column settings of PostgreSQL that SQLAlchemy has no word for: how its values are stored and compressed, how much
the planner is to know of them, how the sequence of a SERIAL counts. Pure text.

Each is one of `Column.attributes`: ``STORAGE EXTERNAL``, ``COMPRESSION pglz``, ``STATISTICS 500``, ``n_distinct=5``,
``SEQUENCE INCREMENT BY 7``. The server forgets storage and compression when the column's type changes (PostgreSQL 15,
ATExecAlterColumnType), so they are given back.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from schemadiff.dialects.postgresql.canonical.types import parse
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.shared import sequence_options as shared_sequence_options
from schemadiff.schema import Column, Identity

_SEQUENCE = "SEQUENCE "
_OF_VALUES = ("STORAGE ", "COMPRESSION ")
_FIXED = frozenset(
    {
        *(
            "smallint",
            "integer",
            "bigint",
            "real",
            "double precision",
            "boolean",
            "date",
            "uuid",
            "money",
            "oid",
        ),
        *("timestamp without time zone", "timestamp with time zone", "time without time zone", "macaddr8"),
        *(
            "time with time zone",
            "macaddr",
            "name",
            "point",
            "line",
            "lseg",
            "box",
            "circle",
            "interval",
            '"char"',
        ),
    }
)
"""The types of one length, whose values are never stored apart."""


def of_sequence(options: Identity) -> tuple[str, ...]:
    """Return the options of a SERIAL's sequence as an attribute of the column; `options` are those that differ from the
    server's defaults.
    """
    words = shared_sequence_options.given(options)
    return (f"{_SEQUENCE}{' '.join(words)}",) if words else ()


def fitting(column: Column) -> Column:
    """The column without what its type cannot have."""
    given = column.attributes or ()
    if not given:
        return column
    kept = tuple(
        one
        for one in given
        if not (one.startswith(_OF_VALUES) and _is_fixed(column))
        and not (one.startswith(_SEQUENCE) and not column.autoincrement)
    )
    return column if kept == given else dataclasses.replace(column, attributes=kept or None)


def clauses(before: Column | None, after: Column, *, retyped: bool = False) -> Iterator[str]:
    """The clauses of ALTER TABLE that lead from the one to the other; `before` is `None` for a new column. `retyped`:
    the same statement changes the type.
    """
    column = f"ALTER COLUMN {quote(after.name)}"
    old, new = _plain(before), _plain(after)
    for one in old:
        if one not in new and not (retyped and one.startswith(_OF_VALUES)) and not _follows(one, new):
            yield f"{column} {_undone(one, after)}"
    for one in new:
        if one not in old or (retyped and one.startswith(_OF_VALUES)):
            yield f"{column} {_done(one)}"


def sequence_options(before: Column | None, after: Column) -> str | None:
    """Return the words of the ALTER SEQUENCE for a SERIAL's sequence; ``None`` if its options stay. It sets every
    option, those that are not declared to their defaults.
    """
    old, new = _of_sequence(before), _of_sequence(after)
    if old == new or not after.autoincrement:
        return None
    most = re.search(r"MAXVALUE (\d+)", new or "")
    kind = "bigint" if most and int(most[1]) >= 2**31 else after.type.sql
    limits = " ".join(f"NO {word}" for word in ("MINVALUE", "MAXVALUE") if f"{word} " not in (new or ""))
    words = {"INCREMENT BY": "1", "START WITH": "1", "CACHE": "1"}
    rest = [f"{word} {number}" for word, number in words.items() if word not in (new or "")]
    cycle = "NO CYCLE" if "CYCLE" not in (new or "") else ""
    return " " + " ".join(filter(None, [f"AS {kind}", *rest, limits, cycle, new]))


def _plain(column: Column | None) -> Sequence[str]:
    return [one for one in (column.attributes if column else None) or () if not one.startswith(_SEQUENCE)]


def _of_sequence(column: Column | None) -> str | None:
    given = (column.attributes if column else None) or ()
    return next((one.removeprefix(_SEQUENCE) for one in given if one.startswith(_SEQUENCE)), None)


def _follows(gone: str, new: Sequence[str]) -> bool:
    """Whether another of the kind comes in its place."""
    word = gone.partition("=")[0].partition(" ")[0]
    return any(one.partition("=")[0].partition(" ")[0] == word for one in new)


def _done(attribute: str) -> str:
    name, is_option, value = attribute.partition("=")
    return f"SET ({name} = {value})" if is_option else f"SET {attribute}"


def _undone(attribute: str, column: Column) -> str:
    name, is_option, _ = attribute.partition("=")
    if is_option:
        return f"RESET ({name})"
    word = attribute.partition(" ")[0]
    usual = {"STATISTICS": "-1", "COMPRESSION": "DEFAULT", "STORAGE": _storage(column)}
    return f"SET {word} {usual[word]}"


def _storage(column: Column) -> str:
    kind = parse(column.type.sql)
    if _is_fixed(column):
        return "PLAIN"
    return "MAIN" if not kind.array and kind.kind in ("numeric", "inet", "cidr") else "EXTENDED"


def _is_fixed(column: Column) -> bool:
    kind = parse(column.type.sql)
    return not kind.array and (column.type.values is not None or kind.kind.partition("(")[0] in _FIXED)
