"""The ways in which the server can carry out an ALTER TABLE, and what rules know of them. Pure.

A way is written into the statement (``ALGORITHM=INPLACE, LOCK=NONE``): a server that cannot go it refuses the statement
at once (1845, 1846), where without it the server would silently take a slower one and let writers wait.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from schemadiff.dialects.contract.statements import Lock, Method
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.sql.clauses import Alter
from schemadiff.dialects.mysql.sql.virtual_columns import is_rebuild
from schemadiff.operations import AddColumn, DropColumn, RenameColumn
from schemadiff.schema import Schema


class Cost(IntEnum):
    """The cost of a statement for users of the table: nothing, time, time without writing, a copy without writing."""

    INSTANT = 0
    ONLINE = 1
    SHARED = 2
    COPY = 3


@dataclass(frozen=True, slots=True)
class Way:
    """One way: the clause that asks for it, and what it means for others."""

    cost: Cost
    clause: str
    method: Method


def _way(cost: Cost, algorithm: str, lock: Lock) -> Way:
    meaning = {"none": "writers go on", "shared": "nobody can write meanwhile"}[lock]
    clause = f"{algorithm}, LOCK={lock.upper()}"
    return Way(cost, f"ALGORITHM={clause}", Method(f"{clause}: {meaning}", algorithm, lock))


_INSTANT = Way(Cost.INSTANT, "ALGORITHM=INSTANT", Method("INSTANT", "INSTANT", "none"))
_NOCOPY = _way(Cost.ONLINE, "NOCOPY", "none")
_NOCOPY_SHARED = _way(Cost.SHARED, "NOCOPY", "shared")
_INPLACE = _way(Cost.ONLINE, "INPLACE", "none")
_INPLACE_SHARED = _way(Cost.SHARED, "INPLACE", "shared")

COPYING = Method("COPY: nobody can write meanwhile", "COPY", "shared")
"""The method of an ALTER TABLE that copies the table."""

_COPY = Way(Cost.COPY, "ALGORITHM=COPY, LOCK=SHARED", COPYING)

_WITHOUT_NOCOPY = (_INSTANT, _INPLACE, _INPLACE_SHARED, _COPY)
_WITH_NOCOPY = (_INSTANT, _NOCOPY, _NOCOPY_SHARED, _INPLACE, _INPLACE_SHARED, _COPY)

_LAST_VERSION = 4092
_REFUSED = (1845, 1846, 1847, _LAST_VERSION)
"""Not in this way, not in this way for a reason, and MySQL's last version of rows."""

_ADDS_KEY = re.compile(r"ADD (?:CONSTRAINT `(?:[^`]|``)+` )?FOREIGN KEY ")


def ways(facts: Facts) -> tuple[Way, ...]:
    """All ways, the cheapest first."""
    return _WITH_NOCOPY if facts.product.has_nocopy else _WITHOUT_NOCOPY


def bound(sql: str, way: Way) -> str:
    """The ALTER TABLE, held to that way."""
    return f"{sql},\n  {way.clause}" if "\n" in sql else f"{sql}, {way.clause}"


def after_last_version(sql: str, code: object) -> str | None:
    """The ALTER TABLE in place, where the table cannot be changed INSTANT once more on MySQL (9.7): that rebuilds it,
    with others reading and writing. How often it was changed is only told to who has the right PROCESS.
    """
    if code == _LAST_VERSION and sql.endswith(_INSTANT.clause):
        return sql.removesuffix(_INSTANT.clause) + _INPLACE.clause
    return None


def is_refusal(code: object) -> bool:
    """Whether the server's error says that it cannot go the way that it is held to."""
    return code in _REFUSED


def of_foreign_key(clause: str) -> bool:
    """Whether the clause of an ALTER TABLE adds or drops a foreign key."""
    return clause.startswith("DROP FOREIGN KEY ") or _ADDS_KEY.match(clause) is not None


def least_cost(alter: Alter, before: Schema, facts: Facts) -> Cost:
    """Return a lower bound of the statement's cost, from what an empty copy of the table cannot show: the copy has no
    foreign keys, and no foreign key refers to it.

    Measured: adding a key copies the table on MySQL 9.7 and MariaDB 10.11 while keys are checked, and keys are always
    checked; on MySQL alone dropping one is not INSTANT, nor is renaming a column that one refers to.
    """
    if any(map(_ADDS_KEY.match, alter.clauses)):
        return Cost.COPY
    if facts.product.keys_are_instant:
        return Cost.INSTANT
    renamed = {one.before for one in alter.operations if isinstance(one, RenameColumn)}
    referred = {
        column
        for table in before.tables.values()
        for key in table.foreign_keys
        if key.target == alter.table
        for column in key.target_columns
    }
    drops = any(map(of_foreign_key, alter.clauses))
    return Cost.ONLINE if drops or renamed & referred else Cost.INSTANT


def counts_as_version(alter: Alter) -> bool:
    """Whether the statement, done INSTANT, makes one more version of the table's rows."""
    return any(
        is_rebuild(one)
        or (
            isinstance(one, AddColumn | DropColumn)
            and (one.column.generated is None or one.column.generated.stored)
        )
        for one in alter.operations
    )


def most_versions(facts: Facts) -> int | None:
    """How many versions the rows of a table can have on MySQL (9.7 manual, 17.12.1; 64 before 9.1); a copy begins at
    0 again. ``None`` for no limit.
    """
    if facts.product.has_nocopy:
        return None
    return 255 if facts.version >= (9, 1) else 64


def cheapest_from(cost: Cost, facts: Facts) -> Sequence[Way]:
    """The ways that cost at least that much, the cheapest first."""
    return [way for way in ways(facts) if way.cost >= cost]
