"""What a CHECK, an exclusion constraint or an index speaks of, and how a constraint goes and comes again around a
change of that. Pure text.
"""

from __future__ import annotations

import dataclasses

from schemadiff.dialects.postgresql import definitions
from schemadiff.dialects.postgresql.sqltext import quote, words
from schemadiff.dialects.postgresql.types import quoted
from schemadiff.schema import Check, Constraint, Exclude, Index, Name, Table


def texts(thing: Check | Exclude | Index) -> tuple[str, ...]:
    """Its expressions and its predicate."""
    if isinstance(thing, Check):
        return (thing.expression,)
    found = (thing.where, *(part.expression for part in thing.parts))
    return tuple(text for text in found if text)


def words_of(thing: Check | Exclude | Index) -> frozenset[str]:
    """The words and names in its texts."""
    return frozenset(word for text in texts(thing) for word in words(text))


def drop(table: Table, constraint: Constraint) -> str:
    """The statement that drops the constraint of a live table."""
    known = definitions.constraint_name(table.name, constraint, table)
    return f"ALTER TABLE {quoted(table.name)} DROP CONSTRAINT {quote(known)}"


def add_again(table: Table, constraint: Constraint, changed: Constraint | None = None) -> list[str]:
    """The statements that add a dropped constraint again, or what it has `changed` to, under the name that it had."""
    known = definitions.constraint_name(table.name, constraint, table)
    return add(table.name, dataclasses.replace(changed or constraint, name=known))


def add(table: Name, constraint: Constraint) -> list[str]:
    """The statements that add a constraint with its comment."""
    sql = f"ALTER TABLE {quoted(table)} ADD {definitions.constraint(constraint)}"
    comment = definitions.own_comment(table, constraint)
    return [sql, comment] if comment else [sql]
