"""A table's texts in the words of the live table, where both mean the same. Pure: who judges is handed in.

For a server that cannot be asked by creating the table for it. What it cannot judge either is taken for what is there,
and is told: a difference in spelling alone must not become one of schema.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from schemadiff.schema import Check, Column, Exclude, Index, Part, Table, same_columns
from schemadiff.schema.matching import unnamed

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Texts = TypeVar("Texts", Check, Index, Exclude)


class Judge(Protocol):
    """Tells whether two texts of one table mean the same; ``None`` where it cannot tell."""

    def same(self, one: str, other: str) -> bool | None:
        """Two expressions: of a CHECK, a generated column, an index, a predicate."""

    def same_default(self, column: Column, one: str, other: str) -> bool | None:
        """Two defaults of the column."""

    def is_default(self, manner: str) -> bool | None:
        """Whether an operator class or a collation of an index's part is the one that it has when none is said."""


class Judging:
    """Who judges the texts of a dialect's tables: for a `Dialect` to say."""

    def judging(self, connection: Connection, table: Table) -> AbstractContextManager[Judge] | None:
        """A judge of the table's texts that creates nothing and takes no right, for a table that came back from `ask`
        as it was given; ``None`` where there is no other way to ask.
        """
        return None

    def rules(self, table: Table) -> Judge | None:
        """A judge of the table's texts that asks nobody: it says yes where rules are certain of it, and no elsewhere.
        ``None`` where `canonical` has applied all rules.
        """
        return None


def by_rules(live: Table, table: Table, judge: Judge) -> Table:
    """The table with the texts of the live one where the judge is certain that these mean the same; the very table
    where that is nowhere. How it is partitioned is left as it is: no rule knows that.
    """
    wording = _Wording(judge)
    changed: dict[str, Any] = {}
    if not same_columns(table.columns, live.columns) and any(map(_has_expression, table.columns)):
        known = {column.name: column for column in live.columns}
        columns = tuple([wording.column(column, known.get(column.name)) for column in table.columns])
        if columns != table.columns:
            changed["columns"] = columns
    if table.checks != live.checks:
        checks = wording.things(table.checks, live.checks)
        if checks != table.checks:
            changed["checks"] = checks
    if any(map(_has_text, table.indexes)) and table.indexes != live.indexes:
        indexes = wording.things(table.indexes, live.indexes)
        if indexes != table.indexes:
            changed["indexes"] = indexes
    return dataclasses.replace(table, **changed) if changed else table


def in_words_of(live: Table, table: Table, judge: Judge) -> tuple[Table, tuple[str, ...]]:
    """The table with the texts of the live one where these mean the same or nobody can tell, and, in a sentence each,
    what nobody could tell.
    """
    wording = _Wording(judge)
    worded = dataclasses.replace(
        table,
        columns=tuple(wording.column(column, live.column(column.name)) for column in table.columns),
        checks=wording.things(table.checks, live.checks),
        indexes=wording.things(table.indexes, live.indexes),
        excludes=wording.things(table.excludes, live.excludes),
        options=dataclasses.replace(table.options, extra=wording.partition(table, live)),
    )
    return worded, tuple(wording.untold)


@dataclass(slots=True)
class _Wording:
    """One table's texts, and what could not be told of them."""

    judge: Judge
    untold: list[str] = field(default_factory=list)

    def column(self, column: Column, live: Column | None) -> Column:
        if live is None:
            return column
        default, generated = column.default, column.generated
        what = f"column {column.name}"
        if default is not None and live.default is not None and default != live.default:
            verdict = self.judge.same_default(column, default, live.default)
            if self._takes(verdict, f"{what}: default", default, live.default):
                default = live.default
        if generated and live.generated:
            there = live.generated.expression
            if self._same(f"{what}: generated", generated.expression, there):
                generated = dataclasses.replace(generated, expression=there)
        if default == column.default and generated == column.generated:
            return column
        return dataclasses.replace(column, default=default, generated=generated)

    def things(self, things: Sequence[Texts], live: Sequence[Texts]) -> tuple[Texts, ...]:
        """Each in the words of the live one that has its name, or, where it has none, of one that says the same."""
        free: list[Texts] = []
        if any(one.name is None for one in things):
            named = {one.name for one in things if one.name is not None}
            known = {unnamed(one) for one in things}
            free = [one for one in live if one.name not in named and unnamed(one) not in known]
        by_name = {one.name: one for one in live}
        found = []
        for thing in things:
            if thing.name is not None:
                other = by_name.get(thing.name)
                candidates = [] if other is None or other == thing else [other]
            else:
                candidates = [] if any(unnamed(one) == thing for one in live) else free
            match = next(self._worded(thing, candidates), None)
            if match is not None:
                worded, other = match
                if other in free:
                    free.remove(other)
                thing = worded
            found.append(thing)
        return tuple(found)

    def partition(self, table: Table, live: Table) -> tuple[tuple[str, str], ...]:
        """The table's options; how it is partitioned in the words of the live one, for nobody can tell."""
        there = dict(live.options.extra)
        options = []
        for key, text in table.options.extra:
            if key == "PARTITION_BY" and key in there and self._takes(None, key, text, there[key]):
                text = there[key]
            options.append((key, text))
        return tuple(options)

    def _worded(self, thing: Texts, candidates: Collection[Texts]) -> Iterator[tuple[Texts, Texts]]:
        """The thing in the words of each candidate that differs from it in nothing else, if in anything."""
        for other in candidates:
            likened = _under_name(_likened(thing, other), other.name)
            if likened != other:
                continue
            verdicts = [_verdict(self.judge, one, two) for one, two in _texts(thing, other)]
            verdicts += [self.judge.is_default(manner) for manner in _manners(thing, other)]
            if False in verdicts:
                continue
            if None in verdicts:
                kind = (
                    "check"
                    if isinstance(thing, Check)
                    else "index"
                    if isinstance(thing, Index)
                    else "exclusion"
                )
                self._takes(None, f"{kind} {thing.name or ''}".rstrip(), _shown(thing), _shown(other))
            yield _under_name(likened, thing.name), other

    def _same(self, what: str, one: str, other: str) -> bool:
        return one == other or self._takes(self.judge.same(one, other), what, one, other)

    def _takes(self, verdict: bool | None, what: str, one: str, other: str) -> bool:
        """Whether the live words are taken."""
        if verdict is None and one != other:
            self.untold.append(f"{what} says the same: {one}, and {other} in the database")
        return verdict is not False


def _has_expression(column: Column) -> bool:
    return column.generated is not None or (column.default is not None and column.default.startswith("("))


def _has_text(index: Index) -> bool:
    return index.where is not None or any(part.expression is not None for part in index.parts)


def _under_name(thing: Texts, name: str | None) -> Texts:
    return thing if thing.name == name else dataclasses.replace(thing, name=name)


def _verdict(judge: Judge, one: str | None, other: str | None) -> bool | None:
    return one == other or (one is not None and other is not None and judge.same(one, other))


def _likened(thing: Texts, other: Texts) -> Texts:
    """The thing with all texts of the other, which has as many parts."""
    if isinstance(thing, Check) and isinstance(other, Check):
        return dataclasses.replace(thing, expression=other.expression)
    if isinstance(thing, Check) or isinstance(other, Check) or len(thing.parts) != len(other.parts):
        return thing
    where = other.where if thing.where and other.where else thing.where
    parts = tuple(_part(*pair) for pair in zip(thing.parts, other.parts, strict=True))
    return dataclasses.replace(thing, parts=parts, where=where)


def _part(part: Part, other: Part) -> Part:
    """The part with the other one's expression, and its operator class and collation where one of them says nothing:
    to say what is the default is to say nothing.
    """
    return dataclasses.replace(
        part,
        expression=other.expression if part.expression and other.expression else part.expression,
        opclass=part.opclass if part.opclass and other.opclass else other.opclass,
        collation=part.collation if part.collation and other.collation else other.collation,
    )


def _texts(
    thing: Check | Index | Exclude, other: Check | Index | Exclude
) -> Iterator[tuple[str | None, str | None]]:
    """The texts of both, pair by pair."""
    if isinstance(thing, Check) or isinstance(other, Check):
        yield _shown(thing), _shown(other)
        return
    yield thing.where, other.where
    for part, its in zip(thing.parts, other.parts, strict=True):
        yield part.expression, its.expression


def _manners(thing: Check | Index | Exclude, other: Check | Index | Exclude) -> Iterator[str]:
    """The operator classes and collations that only one of them says."""
    if isinstance(thing, Check) or isinstance(other, Check):
        return
    for part, its in zip(thing.parts, other.parts, strict=True):
        for one, two in ((part.opclass, its.opclass), (part.collation, its.collation)):
            if one != two:
                yield one or two or ""


def _shown(thing: Check | Index | Exclude) -> str:
    if isinstance(thing, Check):
        return thing.expression
    parts = (
        " ".join(filter(None, (part.column or f"({part.expression})", part.collation, part.opclass)))
        for part in thing.parts
    )
    return f"({', '.join(parts)}){f' where {thing.where}' if thing.where else ''}"
