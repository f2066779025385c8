"""The live schema while a run is under way: read whole once, then again only where it may be another one by now.

Between two revisions that is what the one before has changed, and what the next one is about to change, whoever may
have changed that meanwhile. After what only its author knows, a function or SQL that tells no effect, it is everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.engine import Connection

from schemadiff.database.inspector import Extent, inspect_for, reread
from schemadiff.dialects import Dialect
from schemadiff.execute.opaque_sql import words
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameTable,
    Run,
    touched,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import Domain, Enum, Name, Namespace, PrimaryKey, Schema, Unique, View
from schemadiff.schema import Sequence as Counter

_ROWS = re.compile(r"\s*(?:insert|update|delete|replace|merge)\b", re.IGNORECASE)
"""SQL that changes rows, and no definition."""

_APART = (Namespace, Counter, Enum, Domain, View)
"""Objects that are no part of a table, and are read by themselves."""

_WITHIN = AddColumn | CreateIndex | DropIndex | CreateTable | AlterTable
"""Operations that change nothing of what other tables have to do with theirs."""


class Live:
    """The live schema as it is known during a run."""

    schema: Schema
    """As it was when it was read."""

    def __init__(self, connection: Connection, dialect: Dialect, known: Sequence[Schema]) -> None:
        self._connection = connection
        self._dialect = dialect
        self._read(known)
        self._seen = self._mark

    def _read(self, known: Sequence[Schema]) -> None:
        self._done: list[Operation] = []
        self._mark = self._dialect.mark(self._connection)
        self._extent = Extent.of(self._dialect, known)
        self.schema = inspect_for(self._connection, self._dialect, *known)

    def begin(self) -> None:
        """From now on operations are carried out. The run's own table is there by now."""
        now = self._dialect.mark(self._connection)
        self._seen = now and self._seen and now._replace(others=self._seen.others)

    def goes_as_foreseen(self, done: Sequence[Operation]) -> bool:
        """Whether nothing has changed since the run began but by operations whose effect is known; `done` are those
        that were carried out since this was asked before.
        """
        self._done += done
        now, before = self._dialect.mark(self._connection), self._seen
        if now is None or before is None or now.others != before.others:
            self._seen = None
        else:
            known = now.definitions == before.definitions or not self._are_opaque(done)
            self._seen = now if known else None
        return self._seen is not None

    def read_again(self, coming: Sequence[Operation], known: Sequence[Schema]) -> None:
        """Reads what the operations that are done may have changed, and what those that are `coming` touch."""
        mark = self._dialect.mark(self._connection)
        if mark is not None and self._mark is not None and mark.definitions == self._mark.definitions:
            return
        if self._are_opaque(self._done):
            self._read(known)
            return
        names = reach([*self._done, *coming], self.schema, self._dialect)
        again = reread(self._connection, self._dialect, self.schema, names, known, self._extent)
        if again is None:
            self._read(known)
        else:
            self._mark, self.schema, self._done = mark, again, []

    def _are_opaque(self, operations: Iterable[Operation]) -> bool:
        return any(is_opaque(one, self._dialect) for one in _unfolded(operations, self._dialect))


class Filled:
    """Which tables may hold rows by now that were not there, under that name, when the run began."""

    def __init__(self) -> None:
        self._words: set[str] = set()
        self._any = False

    def by(self, operations: Sequence[Operation], dialect: Dialect) -> None:
        """Takes note of operations that were carried out: rows come into tables that the SQL names."""
        self._words |= {word for one in operations if isinstance(one, Execute) for word in words(one.sql)}
        for one in _unfolded(operations, dialect):
            self._any = self._any or isinstance(one, RenameTable | Run) or is_opaque(one, dialect)

    def among(self, names: Iterable[Name]) -> set[Name]:
        """Those of the tables."""
        return {one for one in names if self._any or one.name.casefold() in self._words}


def stand_alone(operations: Iterable[Operation], dialect: Dialect) -> bool:
    """Whether the SQL of all of the operations is the same whatever the live database holds."""
    return all(_stands_alone(one, dialect) for one in operations)


def _stands_alone(operation: Operation, dialect: Dialect) -> bool:
    match operation:
        case Run() | Execute():
            return True
        case CreateIndex(index=index) | DropIndex(index=index):
            alone = index.name is not None
        case CreateTable(table=table) | DropTable(table=table):
            alone = all(column.type.values is None for column in table.columns)
        case AddColumn(column=column) | DropColumn(column=column):
            # Types with names of their own come and go with the columns that have them.
            alone = column.type.values is None
        case _:
            alone = False
    return alone and isinstance(operation, dialect.stand_alone)


def is_opaque(operation: Operation, dialect: Dialect) -> bool:
    """Whether only its author knows which definitions the operation changes."""
    match operation:
        case Execute():
            return not _ROWS.match(operation.sql)
        case CreateObject(object=thing) | DropObject(object=thing) | ReplaceObject(after=thing):
            return not isinstance(thing, _APART)
        case Run():
            return dialect.transactional_ddl  # elsewhere it is refused whatever would commit
        case _:
            return False


def reach(operations: Iterable[Operation], live: Schema, dialect: Dialect) -> frozenset[Name]:
    """The tables that the operations touch, with those that foreign keys join to one whose keys or names they may
    change.
    """
    found: set[Name] = set()
    shared: set[Name] = set()
    for operation in _unfolded(operations, dialect):
        name = touched(operation)
        if name is None:
            continue
        found.add(name)
        if isinstance(operation, RenameTable):
            found.add(operation.after)
        if not isinstance(operation, _WITHIN) and not (
            isinstance(operation, AddConstraint) and not isinstance(operation.constraint, PrimaryKey | Unique)
        ):
            shared.add(name)
    if shared:
        for name, table in live.tables.items():
            targets = {key.target for key in table.foreign_keys}
            if name in shared:
                found |= targets
            elif not shared.isdisjoint(targets):
                found.add(name)
    return frozenset(found)


def _unfolded(operations: Iterable[Operation], dialect: Dialect) -> Iterator[Operation]:
    """The operations; in the place of SQL that tells its effect, that; without what is meant for other products."""
    for operation in operations:
        match operation:
            case Found():
                yield from _unfolded([operation.operation], dialect)
            case Execute(only=only) if not operation.sql or (only and dialect.name not in only):
                pass
            case Execute() if operation.effect:
                yield from _unfolded(operation.effect, dialect)
            case _:
                yield operation
