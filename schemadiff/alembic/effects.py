"""The effects of an Alembic revision file on a schema, as values. Pure.

One call may be several statements of Alembic's: ``create_table`` of a column with ``index=True`` is a CREATE TABLE and
a CREATE INDEX, between which it can be killed. Each of them is an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemadiff.alembic.migration import Batch

Table = tuple[str, str | None]
"""The name of a table and its schema."""

UNSAID: Any = object()
"""Marks an attribute that a change of a column leaves as it is."""


@dataclass(frozen=True, slots=True)
class MakeTable:
    """``lenient``, here and in others: carried out only where it is not done (``if_not_exists``, ``if_exists``)."""

    table: Table
    elements: tuple[Any, ...]
    options: Mapping[str, Any]
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class DropTable:
    table: Table
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class RenameTable:
    table: Table
    after: Table


@dataclass(frozen=True, slots=True)
class CommentTable:
    table: Table
    comment: str | None
    was: Any = UNSAID


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: Table
    column: sa.Column[Any]
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: Table
    name: str
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class RenameColumn:
    table: Table
    name: str
    after: str


@dataclass(frozen=True, slots=True)
class AlterColumn:
    """``to`` is what changes, of ``type``, ``nullable``, ``default``, ``comment`` and ``autoincrement``; ``was`` what
    the file says of these before.
    """

    table: Table
    name: str
    to: Mapping[str, Any]
    was: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MakeIndex:
    """``parts`` and ``options`` are the arguments of `sa.Index`; its name is made up where it is not ``named``."""

    table: Table
    name: str
    parts: tuple[Any, ...]
    options: Mapping[str, Any]
    named: bool = True
    lenient: bool = False

    def make(self) -> sa.Index:
        """The index, each time another one: SQLAlchemy's belong to one table."""
        return sa.Index(self.name, *self.parts, **self.options)


@dataclass(frozen=True, slots=True)
class DropIndex:
    """``table`` is missing where the file does not say it."""

    table: Table | None
    name: str
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class AddConstraint:
    """``make`` makes the constraint, each time another one. ``kind`` is as in `DropConstraint`."""

    table: Table
    name: str | None
    kind: str
    make: Callable[[], sa.Constraint]


@dataclass(frozen=True, slots=True)
class DropConstraint:
    """``kind`` is Alembic's ``type_``."""

    table: Table
    name: str | None
    kind: str | None
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Execute:
    """SQL, of which nothing is seen in the schema."""

    sql: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows of ``bulk_insert``."""

    table: sa.TableClause
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A statement whose effect only running the file would tell."""

    words: str


Change = (
    MakeTable
    | DropTable
    | RenameTable
    | CommentTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterColumn
    | MakeIndex
    | DropIndex
    | AddConstraint
    | DropConstraint
    | Execute
    | Insert
    | Unknown
)


@dataclass(frozen=True, slots=True)
class Effect:
    """``operation`` is the number of the call that it belongs to, from 1. Effects that share ``rebuild`` come about at
    once, when the copy of a table takes the table's name.
    """

    change: Change
    operation: int
    rebuild: Batch | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the file: its number, its line, and its words for people."""

    number: int
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Script:
    """One function of a revision file."""

    operations: tuple[Operation, ...]
    effects: tuple[Effect, ...]

    @property
    def unknown(self) -> tuple[Operation, ...]:
        """The operations that are not understood."""
        numbers = {one.operation for one in self.effects if isinstance(one.change, Unknown)}
        return tuple(one for one in self.operations if one.number in numbers)
