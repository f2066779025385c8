"""The verbs of revision files for indexes and constraints, and what all verbs share: see `recorder`."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import TypeVar

import sqlalchemy as sa

from schemadiff import operations as ops
from schemadiff.dialects import Dialect
from schemadiff.errors import ReplayError
from schemadiff.models.reader import named, read_onto
from schemadiff.models.table_options import arguments_of
from schemadiff.operations import Found, Operation
from schemadiff.operations.in_place import AlterConstraint, AlterIndex, RenameConstraint, RenameIndex
from schemadiff.planning import replay
from schemadiff.schema import Column, Constraint, Index, Key, Name, PrimaryKey, Schema, Table, Type, View

Called = TypeVar("Called", bound=Constraint | Index)


class Recording:
    """The state of a recording: its ``operations`` so far, and the ``schema`` that they leave."""

    def __init__(self, schema: Schema, dialect: Dialect) -> None:
        self.schema = schema
        self.operations: list[Operation] = []
        self._dialect = dialect
        self._finding = False

    def _record(self, operation: Operation) -> Operation:
        self.schema = replay.after(operation, self.schema, self._dialect)
        self.operations.append(Found(operation) if self._finding else operation)
        return operation

    def _name(self, name: str, schema: str | None) -> Name:
        return self._dialect.named(name, schema)

    def _table(self, verb: str, name: str, schema: str | None) -> Table:
        table = self.schema.tables.get(self._name(name, schema))
        if table is None:
            raise ReplayError(
                f'{verb}: there is no table "{self._name(name, schema)}" at this point of the history'
            )
        return table


class PartVerbs(Recording):
    """The verbs for the indexes and constraints of a table."""

    def create_index(self, table: str, index: sa.Index, *, schema: str | None = None) -> Operation:
        """Creates an index, which names the columns of the table, or of the materialized view, by text:
        ``sa.Index("ix_user_email", "email")``.
        """
        return self._record(ops.CreateIndex(*self._onto("create_index", table, index, schema)))

    def drop_index(self, table: str, index: sa.Index, *, schema: str | None = None) -> Operation:
        """Drops an index, which is described as fully as when it is created."""
        return self._record(ops.DropIndex(*self._onto("drop_index", table, index, schema)))

    def add_constraint(
        self, table: str, constraint: sa.Constraint, *, schema: str | None = None
    ) -> Operation:
        """Adds a primary key, unique, check or foreign key constraint, which names columns by text."""
        current = self._table("add_constraint", table, schema)
        read = read_onto(constraint, current, self._dialect)
        if isinstance(read, Index):
            return self._record(ops.CreateIndex(current.name, read))
        return self._record(ops.AddConstraint(current.name, read))

    def drop_constraint(
        self, table: str, constraint: sa.Constraint, *, schema: str | None = None
    ) -> Operation:
        """Drops a constraint, which is described as fully as when it is added."""
        current = self._table("drop_constraint", table, schema)
        read = read_onto(constraint, current, self._dialect)
        if isinstance(read, Index):
            return self._record(ops.DropIndex(current.name, read))
        if isinstance(read, PrimaryKey) and read.name is None and (own := current.primary_key) is not None:
            # SQLite has no place for the name in a table that has got AUTOINCREMENT before; it comes back without it.
            read = own if dataclasses.replace(own, name=None) == read else read
        return self._record(ops.DropConstraint(current.name, read))

    def rename_index(
        self, table: str, before: str | sa.Index, after: str, *, schema: str | None = None
    ) -> Operation:
        """Renames an index. One that has no name yet is described: ``sa.Index(None, "email")``."""
        name = self._name(table, schema)
        if isinstance(before, str):
            old = self._called("rename_index", name, before, self.schema.indexes_of(name) or ())
        else:
            old = self._onto("rename_index", table, before, schema)[1]
        return self._record(RenameIndex(name, old, dataclasses.replace(old, name=after)))

    def alter_index(
        self, table: str, before: sa.Index, after: sa.Index, *, schema: str | None = None
    ) -> Operation | None:
        """Changes an index from `before` to `after` without building it, where the server can do that. To give it
        another name, rename it first.
        """
        (name, old), (_, new) = (self._onto("alter_index", table, one, schema) for one in (before, after))
        self._expect_one_name("alter_index", "rename_index", old.name, new.name)
        return self._record(AlterIndex(name, old, new)) if old != new else None

    def rename_constraint(
        self, table: str, before: str | sa.Constraint, after: str, *, schema: str | None = None
    ) -> Operation | None:
        """Renames a constraint. One that has no name yet is described: ``sa.UniqueConstraint("email")``."""
        current = self._table("rename_constraint", table, schema)
        if isinstance(before, str):
            things = (*current.constraints(), *(one for one in current.indexes if one.unique))
            old = self._called("rename_constraint", current.name, before, things)
        else:
            old = read_onto(before, current, self._dialect)
        if isinstance(old, Index):
            return self._record(RenameIndex(current.name, old, dataclasses.replace(old, name=after)))
        new = named(old, after, current, self._dialect)
        return self._record(RenameConstraint(current.name, old, new)) if old != new else None

    def alter_constraint(
        self, table: str, before: sa.Constraint, after: sa.Constraint, *, schema: str | None = None
    ) -> Operation | None:
        """Changes a constraint from `before` to `after`, in place where the server can do that. To give it another
        name, rename it first.
        """
        current = self._table("alter_constraint", table, schema)
        old, new = (read_onto(one, current, self._dialect) for one in (before, after))
        if type(old) is not type(new):
            raise ReplayError("alter_constraint: takes the same kind of constraint before and after")
        self._expect_one_name("alter_constraint", "rename_constraint", old.name, new.name)
        if old == new:
            return None
        if isinstance(old, Index) and isinstance(new, Index):
            return self._record(AlterIndex(current.name, old, new))
        assert not isinstance(old, Index)
        assert not isinstance(new, Index)
        return self._record(AlterConstraint(current.name, old, new))

    def _expect_one_name(self, verb: str, rename: str, before: str | None, after: str | None) -> None:
        if before != after:
            raise ReplayError(
                f'{verb}: "{before}" and "{after}" are two names',
                hint=f"Rename it with op.{rename}(…) first.",
            )

    def _called(self, verb: str, table: Name, name: str, things: Iterable[Called]) -> Called:
        """Return the one of `things` that has this name."""
        known = list(things)
        found = next((one for one in known if one.name == name), None)
        if found is None:
            names = [one.name for one in known if one.name]
            raise ReplayError(
                f'{verb}: table "{table}" has none named "{name}" at this point of the history',
                hint=f"There are {', '.join(names)}." if names else None,
            )
        return found

    def _onto(self, verb: str, table: str, index: sa.Index, schema: str | None) -> tuple[Name, Index]:
        name = self._name(table, schema)
        if Key(View.kind, name) in self.schema.objects:
            return name, self._read_index(index, name)
        read = read_onto(index, self._table(verb, table, schema), self._dialect)
        assert isinstance(read, Index)
        return name, read

    def _read_index(self, index: sa.Index, view: Name) -> Index:
        """The index of a view. What columns that has, only the server knows: every name in the index may be one."""
        included = arguments_of(index, self._dialect.option_prefixes).get("include") or ()
        parts = [*getattr(index, "_pending_colargs", ()), *included]
        words = {word for part in parts for word in re.findall(r'"([^"]+)"|(\w+)', str(part))}
        names = sorted({word for pair in words for word in pair if word} | {str(part) for part in parts})
        scene = Table(view, tuple(Column(name, Type("text")) for name in names))
        read = read_onto(index, scene, self._dialect)
        assert isinstance(read, Index)
        return read
