"""The SQL that a dialect makes of operations, as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from schemadiff.operations import Operation
from schemadiff.schema import Schema


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """Adjacent operations on one table, the schema that they start from, and those of the same plan that come after."""

    operations: tuple[Operation, ...]
    before: Schema
    later: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """A condition on the rows, checked before a statement runs. ``exceptions`` is a query that returns the ``key`` of
    each row that breaks it; ``words`` go on from their number, ``advice`` says what to do. A script cannot check it
    unless it is ``portable``.
    """

    exceptions: str
    key: str
    words: str
    advice: str
    portable: bool = True


Lock = Literal["none", "shared", "exclusive"]
"""The access that other sessions keep to the table meanwhile: reading and writing, reading, none."""


@dataclass(frozen=True, slots=True)
class Method:
    """How the server carries a statement out, in ``words``; ``algorithm`` names it for programs. All are empty where
    nobody asked, the last two also where that is not known.
    """

    words: str = ""
    algorithm: str | None = None
    lock: Lock | None = None


UNASKED = Method()


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement, without a terminator, and the operations that it carries out.

    ``method`` is how the server does it.
    ``alone``: where DDL can be rolled back, this cannot: it runs outside of a transaction and commits by itself.
    ``group`` is what it was made of, where the server is still to be asked how it would carry that out.
    ``expects`` is looked at first: where it is not so, the statement is not run. ``effect`` is what it does by itself,
    where that is another thing than its operations: they take several statements. ``None``: the operations whose last
    statement it is.
    """

    sql: str
    operations: tuple[Operation, ...]
    method: Method = UNASKED
    alone: bool = False
    group: Group | None = None
    expects: tuple[Expectation, ...] = ()
    effect: tuple[Operation, ...] | None = None


@dataclass(frozen=True, slots=True)
class Retraction:
    """How operations that were carried out in part are made whole again: ``statements`` take away what is there of
    them, after which the ``undone`` ones are not there at all and the others wholly; ``live`` is the schema then.
    """

    statements: tuple[Statement, ...]
    undone: tuple[Operation, ...]
    live: Schema


def carrying(operations: Sequence[Operation], texts: Iterable[str]) -> list[Statement]:
    """Statements that only all together carry the operations out: the first one has them."""
    return [Statement(text, () if number else tuple(operations)) for number, text in enumerate(texts)]
