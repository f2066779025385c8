"""How far a database is in an Alembic revision: which of its effects are seen in the live schema. Pure.

A database is *at* a number k of effects where each of the first k is seen as done, as far as none of them undoes it
again, and each later one as not begun, as far as no later one drops it first. SQL and rows are not
seen: where they stand between two numbers that both fit, only a person knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from schemadiff.alembic import effects as fx
from schemadiff.alembic.columns import changed, has
from schemadiff.alembic.effects import Change, Effect, Script
from schemadiff.dialects import Dialect
from schemadiff.errors import SchemadiffError
from schemadiff.models.reader import read_onto
from schemadiff.schema import Column, Constraint, Index, Name, Schema, Table
from schemadiff.schema.matching import find, find_constraint

Spelled = Callable[[Table, Column], Column]
"""A column that is to be in a table, as the server would show it."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """``possible`` are the numbers of effects that may be done, in order; none where the database is at no point of the
    revision. ``seen`` says of each effect whether it is seen as done: ``None`` where nothing is to be seen.
    """

    script: Script
    possible: tuple[int, ...]
    seen: tuple[bool | None, ...]

    @property
    def choices(self) -> tuple[int, ...]:
        """The numbers that differ in what is not seen; one alone is certain."""
        if not self.possible:
            return ()
        found = [
            one
            for one, following in zip(self.possible, self.possible[1:], strict=False)
            if any(_is_unseen(effect.change) for effect in self.script.effects[one:following])
        ]
        return (*found, self.possible[-1])

    def operations(self, count: int) -> int:
        """How many whole operations the first effects are."""
        left = {one.operation for one in self.script.effects[count:]}
        return sum(one.number not in left for one in self.script.operations)


def stand(script: Script, live: Schema, dialect: Dialect, spelled: Spelled) -> Standing:
    """Where the database is."""
    script = _as_seen(script, _Look(script.effects, live, dialect, spelled))
    look = _Look(script.effects, live, dialect, spelled)
    count = len(script.effects)
    possible = tuple(k for k in range(count + 1) if not _splits(script.effects, k) and look.fits(k))
    seen = tuple(look.done(position, position + 1) for position in range(count))
    return Standing(script, possible, seen)


def _as_seen(script: Script, look: _Look) -> Script:
    """The script with the indexes and constraints of each operation in an order in which those that are seen come
    first: Alembic takes those of one table or column from a set.
    """
    found: list[Effect] = []
    places = list(enumerate(script.effects))
    for (_, is_part), some in groupby(places, lambda one: (one[1].operation, _is_part(one[1].change))):
        group = list(some)
        if is_part:
            group.sort(key=lambda one: not look.done(one[0], one[0] + 1))
        found += [one for _, one in group]
    return Script(script.operations, tuple(found))


def _is_part(change: Change) -> bool:
    return isinstance(change, fx.MakeIndex | fx.AddConstraint)


def _splits(effects: Sequence[Effect], k: int) -> bool:
    """Whether a copy of a table would be in use by half."""
    if not 0 < k < len(effects):
        return False
    before, after = effects[k - 1].rebuild, effects[k].rebuild
    return before is not None and before == after


def _is_unseen(change: Change) -> bool:
    return isinstance(change, fx.Execute | fx.Insert | fx.Unknown)


class _Look:
    """One look at the live schema for all effects."""

    def __init__(self, effects: Sequence[Effect], live: Schema, dialect: Dialect, spelled: Spelled) -> None:
        self._changes = [one.change for one in effects]
        self._live = live
        self._dialect = dialect
        self._spelled = spelled
        self._covers = [set(self._covered(position)) for position in range(len(effects))]

    def fits(self, k: int) -> bool:
        """Whether the database may be at this number of effects."""
        for position, change in enumerate(self._changes):
            if _is_unseen(change):
                continue
            between = range(position + 1, k) if position < k else range(k, position)
            covered = set[Key]().union(*(self._covers[one] for one in between))
            if self._is_hidden(position, covered):
                continue
            if isinstance(change, fx.AlterColumn):
                found = self._altered(position, k, covered)
            else:
                found = self.done(position, k)
            if found is None:
                continue
            if found != (position < k) and not (position >= k and self._holds_anyway(position, k)):
                return False
        return True

    def _holds_anyway(self, position: int, k: int) -> bool:
        """Whether what is still to come may look as if it were done: a column that is already as it will be."""
        return isinstance(self._changes[position], fx.AlterColumn)

    def done(self, position: int, k: int) -> bool | None:
        """Whether the effect is seen as done in a database that is at k; ``None`` where it is not to be seen."""
        change = self._changes[position]
        match change:
            case fx.MakeTable() | fx.DropTable():
                there = self._table(change.table, position, k) is not None
                return there == isinstance(change, fx.MakeTable)
            case fx.RenameTable(table=before, after=after):
                if position < k:
                    return self._table(after, position, k) is not None
                return self._table(before, position, k) is None
            case fx.CommentTable(table=name, comment=comment):
                table = self._table(name, position, k)
                return None if table is None else (table.options.comment or None) == (comment or None)
            case fx.AddColumn(table=name, column=column):
                return self._column(name, column.name, position, k) is not None
            case fx.DropColumn(table=name, name=gone):
                return self._column(name, gone, position, k) is None
            case fx.RenameColumn(table=name, name=before_name, after=after_name):
                if position < k:
                    return self._column(name, after_name, position, k) is not None
                return self._column(name, before_name, position, k) is None
            case fx.AlterColumn():
                return self._altered(position, k, set())
            case fx.MakeIndex(table=name, name=called):
                return self._index(name, called, position, k) is not None
            case fx.DropIndex(table=place, name=called):
                return self._index(place, called, position, k) is None
            case fx.AddConstraint(table=name):
                return self._has_constraint(change, position, k)
            case fx.DropConstraint(table=name, name=called, kind=kind):
                table = self._table(name, position, k)
                return table is None or constraint_of(table, called, kind) is None
            case fx.Execute() | fx.Insert() | fx.Unknown():
                return None

    # what is there

    def _name(self, table: fx.Table, position: int, k: int) -> Name:
        """Return the name that the table of an effect has in a database that is at k."""
        name = self._dialect.named(*table)
        if position < k:
            for one in self._changes[position + 1 : k]:
                if isinstance(one, fx.RenameTable) and self._dialect.named(*one.table) == name:
                    name = self._dialect.named(*one.after)
        else:
            for one in reversed(self._changes[k:position]):
                if isinstance(one, fx.RenameTable) and self._dialect.named(*one.after) == name:
                    name = self._dialect.named(*one.table)
        return name

    def _table(self, table: fx.Table, position: int, k: int) -> Table | None:
        return self._live.tables.get(self._name(table, position, k))

    def _column(self, table: fx.Table, column: str, position: int, k: int) -> Column | None:
        there = self._table(table, position, k)
        if there is None:
            return None
        own = self._name(table, position, k)
        if position < k:
            for later in range(position + 1, k):
                one = self._changes[later]
                if (
                    isinstance(one, fx.RenameColumn)
                    and one.name == column
                    and self._name(one.table, later, k) == own
                ):
                    column = one.after
        else:
            for earlier in reversed(range(k, position)):
                one = self._changes[earlier]
                if (
                    isinstance(one, fx.RenameColumn)
                    and one.after == column
                    and self._name(one.table, earlier, k) == own
                ):
                    column = one.name
        return there.column(column)

    def _index(self, table: fx.Table | None, name: str, position: int, k: int) -> Index | Constraint | None:
        if table is not None:
            there = self._table(table, position, k)
            return index_of(there, name) if there else None
        return next((one for each in self._live.tables.values() if (one := index_of(each, name))), None)

    def _altered(self, position: int, k: int, covered: Collection[Key]) -> bool | None:
        """Whether the column has what it is to have, as far as nothing else decides that."""
        change = self._changes[position]
        assert isinstance(change, fx.AlterColumn)
        table = self._table(change.table, position, k)
        column = self._column(change.table, change.name, position, k)
        if table is None or column is None:
            return None
        origin = self._origin(change.table, position)
        to = {
            key: one for key, one in change.to.items() if (*origin, "column", change.name, key) not in covered
        }
        if not to:
            return None
        wanted = changed(column, table, to, self._dialect)
        return has(column, wanted, to) or has(column, self._spelled(table, wanted), to)

    def _has_constraint(self, change: fx.AddConstraint, position: int, k: int) -> bool:
        table = self._table(change.table, position, k)
        if table is None:
            return False
        if change.name is not None and change.kind != "primary":
            return constraint_of(table, change.name, change.kind) is not None
        try:
            read = read_onto(change.make(), table, self._dialect)
        except SchemadiffError:
            return False  # it speaks of columns that are not there yet
        if isinstance(read, Index):
            return find(table.indexes, read) is not None
        return find_constraint(table, read) is not None

    # what decides about what

    def _origin(self, table: fx.Table, position: int) -> Key:
        """The name of the table before all effects."""
        name = self._name(table, position, 0)
        return (name.schema or "", name.name)

    def _is_hidden(self, position: int, covered: Collection[Key]) -> bool:
        """Whether others decide whether the effect is seen."""
        return any(key in covered or _any_prefix(key, covered) for key in self._keys(position))

    def _keys(self, position: int) -> Iterator[Key]:
        """Yield the keys of the parts that the effect makes, changes or drops."""
        change = self._changes[position]
        match change:
            case fx.MakeTable(table=name) | fx.DropTable(table=name) | fx.CommentTable(table=name):
                yield (
                    *self._origin(name, position),
                    *(["comment"] if isinstance(change, fx.CommentTable) else []),
                )
            case fx.RenameTable(table=name):
                yield self._origin(name, position)
            case fx.AddColumn(table=name):
                yield (*self._origin(name, position), "column", change.column.name)
            case fx.DropColumn(table=name) | fx.RenameColumn(table=name) | fx.AlterColumn(table=name):
                yield (*self._origin(name, position), "column", change.name)
            case fx.MakeIndex(table=name):
                yield (*self._origin(name, position), "index", change.name)
            case fx.DropIndex(table=place):
                yield (*(self._origin(place, position) if place else ()), "index", change.name)
            case fx.AddConstraint(table=name, kind="primary") | fx.DropConstraint(table=name, kind="primary"):
                yield (*self._origin(name, position), "primary")
            case fx.AddConstraint(table=name) | fx.DropConstraint(table=name):
                for kind in ("index" if change.kind == "unique" else change.kind,) if change.kind else _KINDS:
                    yield (*self._origin(name, position), kind, change.name or f"{position}")
            case _:
                pass

    def _covered(self, position: int) -> Iterator[Key]:
        """Yield the keys of the parts of which the effect hides what others did: a key ends with ``*`` where all below
        it is meant.
        """
        change = self._changes[position]
        match change:
            case fx.MakeTable(table=name) | fx.DropTable(table=name):
                yield (*self._origin(name, position), "*")
                yield self._origin(name, position)
            case fx.RenameTable(table=name, after=after):
                yield self._origin(name, position)
                yield (after[1] or "", after[0])
            case fx.AddColumn() | fx.DropColumn():
                for key in self._keys(position):
                    yield key
            case fx.RenameColumn(table=name, after=after_name):
                yield from self._keys(position)
                yield (*self._origin(name, position), "column", after_name)
            case fx.AlterColumn(to=to):
                for key in self._keys(position):
                    yield from ((*key, attribute) for attribute in to)
            case _:
                yield from self._keys(position)


_KINDS = ("index", "foreignkey", "check")


def _any_prefix(key: Key, covered: Collection[Key]) -> bool:
    return any((*key[:length], "*") in covered for length in range(1, len(key) + 1))


def index_of(table: Table, name: str) -> Index | None:
    """The index of that name."""
    return next((one for one in table.indexes if one.name == name), None)


def constraint_of(table: Table, name: str | None, kind: str | None) -> Constraint | Index | None:
    """The constraint of that name and kind (Alembic's ``type_``), which may be an index that is unique."""
    if kind == "primary":
        return table.primary_key
    things: list[Constraint | Index] = []
    if kind in (None, "unique"):
        things += [*table.uniques, *(one for one in table.indexes if one.unique)]
    if kind in (None, "foreignkey"):
        things += table.foreign_keys
    if kind in (None, "check"):
        things += table.checks
    if kind is None:
        things += table.constraints()
    return next((one for one in things if one.name == name), None)
