"""Facts of a live schema after some effects of a revision, and before others. Pure.

Forward, an effect leaves facts: a column is there. Backward, it asks for others, which have to hold for it to be still
to come, in the place of those that it will bring about: the column is not there. Facts are kept under the names of the
moment, which a rename moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemadiff.alembic import effects as fx
from schemadiff.alembic.columns import changed, has
from schemadiff.alembic.effects import Change
from schemadiff.dialects import Dialect
from schemadiff.errors import SchemadiffError
from schemadiff.models.reader import read_onto
from schemadiff.schema import Column, Constraint, ForeignKey, Index, Name, Schema, Table, Unique
from schemadiff.schema.matching import find, find_constraint

Spelled = Callable[[Table, Column], Column]
"""A column that is to be in a table, as the server would show it."""

Part = tuple[str, str, str]
"""The part of a table that a fact is about: its kind, its name, and an attribute."""

TABLE: Part = ("table", "", "")
_COLUMNS: Part = ("columns", "", "")
_OF_COLUMN = ("column", "attribute", "altered")
_COMMENT: Part = ("comment", "", "")


@dataclass(frozen=True, slots=True)
class Fact:
    """``there`` says whether it is to be there; ``change`` is what defines it, ``columns`` all columns of a table."""

    there: bool
    change: Change | None = None
    columns: frozenset[str] | None = None


class Facts:
    """Facts about a live schema, and how many of them do not hold. `strict`: an index or key is known by what it is,
    not by its name alone, and what is still to be altered is not as it will be.
    """

    def __init__(self, live: Schema, dialect: Dialect, spelled: Spelled, *, strict: bool = True) -> None:
        self._look = Look(live, dialect, spelled, strict=strict)
        self._strict = strict
        self._named = dialect.named
        self._facts: dict[Name | None, dict[Part, tuple[Fact, bool]]] = {}
        self.broken = 0

    def after(self, change: Change) -> None:
        """Goes forward over an effect."""
        match change:
            case fx.MakeTable(table=place, elements=elements, lenient=lenient):
                name = self._named(*place)
                if not lenient:
                    self._forget_table(name)
                    names = frozenset(one.name for one in elements if isinstance(one, sa.Column))
                    self._put(name, _COLUMNS, Fact(True, columns=names))
                self._put(name, TABLE, Fact(True))
            case fx.DropTable(table=place):
                name = self._named(*place)
                self._forget_table(name)
                self._put(name, TABLE, Fact(False))
            case fx.RenameTable(table=place, after=after):
                self._move_table(self._named(*place), self._named(*after))
                self._put(self._named(*after), TABLE, Fact(True))
                self._put(self._named(*place), TABLE, Fact(False))
            case fx.RenameColumn(table=place, name=old, after=new):
                name = self._named(*place)
                self._move_column(name, old, new)
                self._put(name, ("column", new, ""), Fact(True))
                self._put(name, ("column", old, ""), Fact(False))
                self._set_columns(name, add=new, drop=old)
            case fx.AlterColumn(table=place, name=column, to=to):
                for attribute in to:
                    self._put(self._named(*place), ("attribute", column, attribute), Fact(True, change))
            case fx.CommentTable(table=place):
                self._put(self._named(*place), _COMMENT, Fact(True, change))
            case _:
                self._part(change, forward=True)

    def before(self, change: Change) -> None:
        """Goes backward over an effect."""
        match change:
            case fx.MakeTable(table=place, lenient=lenient) | fx.DropTable(table=place, lenient=lenient):
                name = self._named(*place)
                self._forget_table(name)
                if not lenient:
                    self._put(name, TABLE, Fact(isinstance(change, fx.DropTable)))
            case fx.RenameTable(table=place, after=after):
                self._move_table(self._named(*after), self._named(*place))
                self._put(self._named(*place), TABLE, Fact(True))
                self._put(self._named(*after), TABLE, Fact(False))
            case fx.RenameColumn(table=place, name=old, after=new):
                name = self._named(*place)
                self._move_column(name, new, old)
                self._put(name, ("column", old, ""), Fact(True))
                self._put(name, ("column", new, ""), Fact(False))
            case fx.AlterColumn(table=place, name=column):
                self._put(self._named(*place), ("column", column, ""), Fact(True))
                self._ask_unaltered(self._named(*place), change)
            case fx.CommentTable(table=place):
                self._forget(self._named(*place), _COMMENT)
                if self._strict:
                    self._put(self._named(*place), _COMMENT, Fact(False, change))
            case _:
                self._part(change, forward=False)

    def _ask_unaltered(self, name: Name, change: fx.AlterColumn) -> None:
        """Something of what it alters is otherwise, as far as nothing before it decides that."""
        for part, (fact, _) in list(self._facts.get(name, {}).items()):
            other = fact.change
            if part[:2] == ("altered", change.name) and isinstance(other, fx.AlterColumn):
                if not other.to.keys().isdisjoint(change.to):
                    self._forget(name, part)
        if self._strict:
            self._put(name, ("altered", change.name, f"{id(change)}"), Fact(False, change))

    def _part(self, change: Change, *, forward: bool) -> None:
        """An effect that makes a part of a table, or drops it."""
        lenient = bool(getattr(change, "lenient", False)) and not forward
        match change:
            case fx.AddColumn(table=place):
                name, part, made = self._named(*place), ("column", str(change.column.name), ""), True
            case fx.DropColumn(table=place, name=column):
                name, part, made = self._named(*place), ("column", column, ""), False
            case fx.MakeIndex(table=place, name=called):
                name, part, made = self._named(*place), ("index", called, ""), True
            case fx.DropIndex(table=None, name=called):
                self._forget_named(None, ("index", "unique"), called)
                if not lenient:
                    self._put(None, ("index", called, ""), Fact(not forward, change))
                return
            case fx.DropIndex(table=(own, schema), name=called):
                name, part, made = self._named(own, schema), ("index", called, ""), False
            case fx.AddConstraint(table=place, kind=kind):
                # Those without a name are told apart by what they are.
                called = "" if kind == "primary" else str(change.name or f"#{id(change)}")
                name, part, made = self._named(*place), (kind, called, ""), True
            case fx.DropConstraint(table=place, name=called_or_none, kind=some):
                called = "" if some == "primary" else str(called_or_none)
                name, part, made = self._named(*place), (some or "any", called, ""), False
            case _:
                return  # rows, SQL and what is not understood: nothing is seen of it
        later = self._facts.get(name, {}).get(part)
        if part[0] == "column":
            self._forget_column(name, part[1])
            if forward:
                self._set_columns(name, add=part[1] if made else None, drop=None if made else part[1])
        else:
            self._forget_named(name, _ALIKE.get(part[0], (part[0], "any")), part[1])
        if not forward:
            self._put(name, TABLE, Fact(True))
        if not lenient:
            self._put(name, part, Fact(made == forward, change))
        if self._strict and not forward and not made and later is not None:
            # What takes its name later is another thing.
            self._put(name, (part[0], part[1], "unlike"), Fact(False, later[0].change))

    # what is known

    def _put(self, name: Name | None, part: Part, fact: Fact) -> None:
        self._forget(name, part)
        holds = self._look.holds(name, part, fact)
        self._facts.setdefault(name, {})[part] = (fact, holds)
        self.broken += not holds

    def _forget(self, name: Name | None, part: Part) -> None:
        known = self._facts.get(name, {}).pop(part, None)
        if known is not None:
            self.broken -= not known[1]

    def _forget_table(self, name: Name) -> None:
        for part in list(self._facts.get(name, ())):
            self._forget(name, part)

    def _forget_column(self, name: Name, column: str) -> None:
        for part in list(self._facts.get(name, ())):
            if part[0] in _OF_COLUMN and part[1] == column:
                self._forget(name, part)

    def _forget_named(self, name: Name | None, kinds: tuple[str, ...], called: str) -> None:
        for place in (name, None):
            for kind in kinds:
                self._forget(place, (kind, called, ""))
                self._forget(place, (kind, called, "unlike"))

    def _move_table(self, before: Name, after: Name) -> None:
        self._forget_table(after)
        for part, (fact, _) in list(self._facts.get(before, {}).items()):
            self._forget(before, part)
            self._put(after, part, fact)

    def _move_column(self, name: Name, before: str, after: str) -> None:
        self._forget_column(name, after)
        for part, (fact, _) in list(self._facts.get(name, {}).items()):
            if part[0] in _OF_COLUMN and part[1] == before:
                self._forget(name, part)
                self._put(name, (part[0], after, part[2]), fact)
            elif part[1].startswith("#"):
                self._forget(name, part)  # its definition may speak of the column

    def _set_columns(self, name: Name, *, add: str | None, drop: str | None) -> None:
        known = self._facts.get(name, {}).get(_COLUMNS)
        if known is not None and known[0].columns is not None:
            left = known[0].columns - {drop} | {add}
            self._put(name, _COLUMNS, Fact(True, columns=frozenset(one for one in left if one is not None)))


_ALIKE = {
    "index": ("index", "unique", "any"),
    "unique": ("index", "unique", "any"),
    "any": ("index", "unique", "foreignkey", "check", "any"),
}
"""The kinds of parts of which no two have one name. On MySQL a unique constraint is an index."""


class Look:
    """One look at a live schema."""

    def __init__(self, live: Schema, dialect: Dialect, spelled: Spelled, *, strict: bool) -> None:
        self._strict = strict
        self._live = live
        self._dialect = dialect
        self._spelled = spelled

    def holds(self, name: Name | None, part: Part, fact: Fact) -> bool:
        """Whether the fact holds."""
        if name is None:
            tables: Iterator[Table] = iter(self._live.tables.values())
            return any(index_of(table, part[1]) for table in tables) == fact.there
        table = self._live.tables.get(name)
        if part == TABLE:
            return (table is not None) == fact.there
        if table is None:
            return not fact.there
        return self._is_there(table, part, fact) == fact.there

    def _is_there(self, table: Table, part: Part, fact: Fact) -> bool:
        kind, called, _ = part
        match kind, fact.change:
            case "columns", _:
                return frozenset(column.name for column in table.columns) == fact.columns
            case "comment", fx.CommentTable(comment=comment):
                return (table.options.comment or None) == (comment or None)
            case "column", _:
                return table.column(called) is not None
            case "attribute", fx.AlterColumn(to=to):
                return self._has(table, called, {part[2]: to[part[2]]}, to)
            case "altered", fx.AlterColumn(to=to):
                return self._has(table, called, to, to)
            case _, fx.MakeIndex() | fx.AddConstraint() if part[2] == "unlike":
                return self._is_there(table, (kind, called, ""), Fact(True, fact.change))
            case "index", fx.MakeIndex() as made if fact.there:
                # The application may make up other names than SQLAlchemy does.
                found = index_of(table, called) or (None if made.named else _alike(table, made))
                return found is not None and (not self._strict or _is_as_made(found, made))
            case "index", _:
                return index_of(table, called) is not None
            case _, fx.AddConstraint() as added if called.startswith("#") or kind == "primary":
                return self._is_defined(table, added)
            case _, fx.AddConstraint() as added if self._strict and fact.there:
                found_one = constraint_of(table, called, kind)
                return found_one is not None and self._is_as_added(table, found_one, added)
            case _:
                return constraint_of(table, called, None if kind == "any" else kind) is not None

    def _has(self, table: Table, name: str, some: Mapping[str, Any], to: Mapping[str, Any]) -> bool:
        """Whether the column has `some` of what it is to have."""
        column = table.column(name)
        if column is None:
            return False
        if "default" in some and "type" in to:
            some = {**some, "type": to["type"]}  # how a default is shown is the type's
        wanted = changed(column, table, some, self._dialect)
        return has(column, wanted, some) or has(column, self._spelled(table, wanted), some)

    def _is_as_added(self, table: Table, found: Constraint | Index, change: fx.AddConstraint) -> bool:
        try:
            read = read_onto(change.make(), table, self._dialect)
        except SchemadiffError:
            return False
        match found, read:
            case ForeignKey(), ForeignKey():
                return _of_key(found) == _of_key(read)
            case ((Unique() | Index()), (Unique() | Index())):
                return found.columns == read.columns
            case _:
                return True  # only the server knows what an expression is to it

    def _is_defined(self, table: Table, change: fx.AddConstraint) -> bool:
        try:
            read = read_onto(change.make(), table, self._dialect)
        except SchemadiffError:
            return False  # it speaks of columns that are not there yet
        if isinstance(read, Index):
            return find(table.indexes, read) is not None
        return find_constraint(table, read) is not None


def _of_key(key: ForeignKey) -> tuple[object, ...]:
    return key.columns, key.target, key.target_columns, key.on_delete, key.on_update


def _alike(table: Table, change: fx.MakeIndex) -> Index | None:
    return next((one for one in table.indexes if _is_as_made(one, change)), None)


def _is_as_made(index: Index, change: fx.MakeIndex) -> bool:
    """Whether it is of these columns, where it is of columns alone."""
    if not all(isinstance(one, str) for one in change.parts):
        return True
    return (index.columns, index.unique) == (change.parts, bool(change.options.get("unique")))


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
