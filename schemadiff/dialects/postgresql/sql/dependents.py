"""The columns that a CHECK, an exclusion constraint or an index mentions, and the drop and re-creation around a
change of that. Pure text.
"""

from __future__ import annotations

import dataclasses

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server.sql_text import quote, words
from schemadiff.dialects.postgresql.sql import create, restored_settings
from schemadiff.schema import Check, Constraint, Exclude, Index, Table


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
    known = create.constraint_name(table.name, constraint, table)
    return f"ALTER TABLE {quoted(table.name)} DROP CONSTRAINT {quote(known)}"


def add_again(table: Table, constraint: Constraint, changed: Constraint | None = None) -> list[str]:
    """The statements that add a dropped constraint again, or what it has `changed` to, under the name that it had."""
    known = create.constraint_name(table.name, constraint, table)
    return add(table, dataclasses.replace(changed or constraint, name=known))


def add(table: Table, constraint: Constraint) -> list[str]:
    """The statements that add a constraint that a live table had, with its comment and what hung on its index."""
    words = create.constraint(constraint, restored_settings.known_marks(table, constraint))
    comment = create.own_comment(table.name, constraint)
    return [
        f"ALTER TABLE {quoted(table.name)} ADD {words}",
        *([comment] if comment else []),
        *restored_settings.of_index(table, constraint),
    ]


def create_index(table: Table, index: Index) -> list[str]:
    """The statements that create an index that a live table had, with what hung on it."""
    return [create.create_index(table.name, index), *restored_settings.of_index(table, index)]
