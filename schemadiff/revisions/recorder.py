"""The ``op`` that a revision file's ``upgrade(op)`` is handed: it records operations, and has no connection.

What it is told is SQLAlchemy; what it records are canonical values of one dialect, each applied at once, strictly, to
the schema that the earlier operations left, so that an error names the very line of the file.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Several
from contextlib import contextmanager
from typing import Any, NoReturn

import sqlalchemy as sa

from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.errors import ReplayError, RevisionError
from schemadiff.models.objects import (
    DOMAIN_OPTIONS,
    domain_options,
    read_domain,
    read_sequence,
    sequence_options,
)
from schemadiff.models.reader import read_column, read_table
from schemadiff.models.table_options import read_options
from schemadiff.operations import Operation
from schemadiff.operations import tables as ops
from schemadiff.operations.functions import ORDINARY, name_of, put_off
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.revisions import database_defaults
from schemadiff.revisions.recorder_parts import PartVerbs
from schemadiff.revisions.user_sql import expect_one
from schemadiff.schema import (
    Domain,
    Enum,
    Key,
    Name,
    Namespace,
    Sequence,
    StoredObject,
    Table,
    View,
)

NOTHING = ""


class Recorder(PartVerbs):
    """The verbs of revision files. ``operations`` is what was recorded, ``schema`` what it leaves."""

    nothing = staticmethod(ops.nothing)
    """The reverse of what needs no undoing: ``op.run(fill, reverse=op.nothing)``."""

    def __getattr__(self, verb: str) -> NoReturn:
        verbs = [name for name in dir(type(self)) if not name.startswith("_")]
        close = difflib.get_close_matches(verb, verbs, 1)
        raise ReplayError(
            f"there is no verb op.{verb}",
            hint=f"Did you mean op.{close[0]}?" if close else f"The verbs are {', '.join(verbs)}.",
        )

    # tables

    def create_table(self, name: str, *elements: Any, schema: str | None = None, **options: Any) -> Operation:
        """Creates a table; takes what `sa.Table` takes after the MetaData."""
        return self._record(ops.CreateTable(self._read_table(name, elements, schema, options)))

    def drop_table(self, name: str, *elements: Any, schema: str | None = None, **options: Any) -> Operation:
        """Drops a table, which is described as fully as when it is created, so that it can be created again."""
        told = self._read_table(name, elements, schema, options)
        current = self.schema.tables.get(told.name)
        return self._record(
            ops.DropTable(database_defaults.table_as_made(told, current, self._dialect) if current else told)
        )

    def rename_table(self, before: str, after: str, *, schema: str | None = None) -> Operation:
        """Renames a table; the foreign keys that refer to it follow."""
        return self._record(ops.RenameTable(self._name(before, schema), self._name(after, schema)))

    def alter_table(
        self,
        table: str,
        before: Mapping[str, object],
        after: Mapping[str, object],
        *,
        schema: str | None = None,
    ) -> Operation | None:
        """Changes options of the table, given as keyword arguments of `sa.Table`: ``{"comment": "…"}``."""
        current = self._table("alter_table", table, schema)
        old = database_defaults.options_as_made(read_options(before, current, self._dialect), current.options)
        new = read_options(after, current, self._dialect)
        return self._record(ops.AlterTable(current.name, old, new)) if old != new else None

    # columns

    def add_column(self, table: str, column: sa.Column[Any], *, schema: str | None = None) -> Operation:
        """Adds a column. Its keys and constraints are operations of their own."""
        current = self._table("add_column", table, schema)
        return self._record(ops.AddColumn(current.name, self._read_column("add_column", column, current)))

    def drop_column(self, table: str, column: sa.Column[Any], *, schema: str | None = None) -> Operation:
        """Drops a column, which is described as fully as when it is added."""
        current = self._table("drop_column", table, schema)
        told = self._read_column("drop_column", column, current)
        return self._record(
            ops.DropColumn(current.name, database_defaults.column_as_made(told, current, self._dialect))
        )

    def alter_column(
        self,
        table: str,
        before: sa.Column[Any],
        after: sa.Column[Any],
        *,
        schema: str | None = None,
    ) -> Operation | None:
        """Changes a column from `before` to `after`. To give it another name, rename it first."""
        current = self._table("alter_column", table, schema)
        told = self._read_column("alter_column", before, current)
        old = database_defaults.column_as_made(told, current, self._dialect)
        new = self._read_column("alter_column", after, current)
        if old.name != new.name:
            raise ReplayError(
                f'alter_column: "{old.name}" and "{new.name}" are two columns',
                hint=f'Rename it with op.rename_column("{table}", "{old.name}", "{new.name}") first.',
            )
        return self._record(ops.AlterColumn(current.name, old, new)) if old != new else None

    def rename_column(self, table: str, before: str, after: str, *, schema: str | None = None) -> Operation:
        """Renames a column; keys, indexes and foreign keys follow."""
        return self._record(ops.RenameColumn(self._name(table, schema), before, after))

    # what is no table

    def create_schema(self, name: str) -> Operation:
        """Creates a schema (on MySQL and MariaDB a database), for tables to be in."""
        return self._record(CreateObject(Namespace(Name(name))))

    def drop_schema(self, name: str) -> Operation:
        """Drops a schema, which has to be empty."""
        return self._record(DropObject(Namespace(Name(name))))

    def create_sequence(self, name: str, *, schema: str | None = None, **options: Any) -> Operation:
        """Creates a sequence; takes the options of `sa.Sequence`: ``start=1000``."""
        return self._record(CreateObject(self._sequence(name, schema, options)))

    def drop_sequence(self, name: str, *, schema: str | None = None, **options: Any) -> Operation:
        """Drops a sequence, which is described as fully as when it is created."""
        return self._record(DropObject(self._sequence(name, schema, options)))

    def alter_sequence(
        self,
        name: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        *,
        schema: str | None = None,
    ) -> Operation:
        """Changes options of a sequence, given as those of `sa.Sequence`: ``{"cache": 10}``. Its value stays."""
        key = self._sequence(name, schema, {}).key
        current = self.schema.objects.get(key)
        if not isinstance(current, Sequence):
            raise ReplayError(
                f'alter_sequence: there is no sequence "{key.name}" at this point of the history'
            )
        options = sequence_options(current)
        old = self._sequence(name, schema, {**options, **before})
        return self._record(ReplaceObject(old, self._sequence(name, schema, {**options, **after})))

    def create_enum(self, name: str, values: Several[str], *, schema: str | None = None) -> Operation | None:
        """Creates an enumerated type that no column has, of these values; one that a column has comes with that. Where
        such types have no names of their own, there is nothing to do.
        """
        return self._of_enum(CreateObject(self._enum(name, values, schema)))

    def drop_enum(self, name: str, values: Several[str], *, schema: str | None = None) -> Operation | None:
        """Drops an enumerated type, unless a column has it by now: then it is the columns' from now on."""
        return self._of_enum(DropObject(self._enum(name, values, schema)))

    def alter_enum(
        self, name: str, before: Several[str], after: Several[str], *, schema: str | None = None
    ) -> Operation | None:
        """Gives an enumerated type that no column has other values, or another order of them."""
        old, new = (self._enum(name, values, schema) for values in (before, after))
        return self._of_enum(ReplaceObject(old, new))

    def create_domain(self, name: str, *, schema: str | None = None, **options: Any) -> Operation:
        """Creates a domain: ``type="integer", default="1", nullable=False, checks={"positive": "VALUE > 0"}``, all in
        SQL; a check that nobody named stands under ``""``, several of them as a list. ``not_valid`` are the names of
        those that older values need not meet.
        """
        return self._record(CreateObject(self._domain("create_domain", name, schema, options)))

    def drop_domain(self, name: str, *, schema: str | None = None, **options: Any) -> Operation:
        """Drops a domain, which is described as fully as when it is created."""
        return self._record(DropObject(self._domain("drop_domain", name, schema, options)))

    def alter_domain(
        self,
        name: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        *,
        schema: str | None = None,
    ) -> Operation:
        """Changes options of a domain: from ``{"default": "1"}`` to ``{"default": None}``."""
        current = self.schema.objects.get(Key(Domain.kind, self._name(name, schema)))
        if not isinstance(current, Domain):
            raise ReplayError(f'alter_domain: there is no domain "{name}" at this point of the history')
        options = domain_options(current)
        old, new = (
            self._domain("alter_domain", name, schema, {**options, **side}) for side in (before, after)
        )
        return self._record(ReplaceObject(old, new))

    def create_view(
        self,
        name: str,
        definition: str,
        *indexes: sa.Index,
        materialized: bool = False,
        schema: str | None = None,
    ) -> Operation:
        """Creates a view of that SELECT; a materialized one may have indexes."""
        return self._record(CreateObject(self._view(name, definition, materialized, schema, indexes)))

    def drop_view(
        self,
        name: str,
        definition: str,
        *indexes: sa.Index,
        materialized: bool = False,
        schema: str | None = None,
    ) -> Operation:
        """Drops a view, which is described as fully as when it is created."""
        return self._record(DropObject(self._view(name, definition, materialized, schema, indexes)))

    def replace_view(self, name: str, before: str, after: str, *, schema: str | None = None) -> Operation:
        """Gives a view another SELECT."""
        old, new = (self._view(name, text, False, schema) for text in (before, after))
        return self._record(ReplaceObject(old, new))

    # what the user says in SQL or Python

    def execute(
        self,
        sql: str,
        *,
        reverse: str | Callable[..., None] | None = None,
        only: str | Several[str] = (),
        effect: Several[Operation] = (),
    ) -> Operation:
        """Raw SQL, one statement. ``reverse`` is the SQL that undoes it, `nothing` where there is nothing to undo;
        without it the revision cannot be rolled back. ``only`` names the dialects it is meant for. ``effect`` are
        operations that tell replay what it did to the schema: ``effect=[op.add_column("user", …)]``.
        """
        taken = list(effect)
        if taken and self.operations[-len(taken) :] != taken:
            raise ReplayError(
                "execute: effect takes the operations as they are called: effect=[op.add_column(…)]"
            )
        del self.operations[len(self.operations) - len(taken) :]
        names = (only,) if isinstance(only, str) else tuple(only)
        undo = NOTHING if reverse is ops.nothing else reverse
        if callable(undo):
            raise ReplayError(
                f"execute: reverse is SQL or op.nothing, not the function {name_of(undo)}()",
                hint="A function is undone by a function: op.run(function, reverse=other_function).",
            )
        if not names or self._dialect.name in names or not isinstance(sql, str):
            self._expect_sql("execute", sql)
            if undo is not None and reverse is not ops.nothing:
                self._expect_sql("execute: reverse", undo)
        operation = ops.Execute(sql, undo, names, tuple(taken))
        self.operations.append(operation)
        return operation

    def run(
        self, function: Callable[[sa.Connection], object], *, reverse: Callable[..., object] | None = None
    ) -> Operation:
        """A function that is called with the connection. Without ``reverse`` the revision cannot be rolled back."""
        self._expect_function("run", function)
        if reverse is not None:
            self._expect_function("run: reverse", reverse)
        return self._record(ops.Run(function, reverse))

    @contextmanager
    def found(self) -> Iterator[None]:
        """Mark operations whose result was found in a database, though no earlier revision made it: they are carried
        out only where it is missing.
        """
        self._finding = True
        try:
            yield
        finally:
            self._finding = False

    def type(self, sql: str) -> sa.types.TypeEngine[Any]:
        """A type in the database's own words, where SQLAlchemy has none: ``op.type("geometry")``."""
        return NativeType(sql)

    # what they share

    def _expect_sql(self, verb: str, sql: object) -> None:
        try:
            expect_one(sql, self._dialect)
        except RevisionError as error:
            raise ReplayError(f"{verb}: {error.message}", hint=error.hint) from None

    def _expect_function(self, verb: str, function: object) -> None:
        if not callable(function):
            raise ReplayError(f"{verb}: takes a function that takes the connection, not {function!r}")
        words = put_off(function)
        if words:
            raise ReplayError(
                f"{verb}: {name_of(function)}() {words}",
                hint=ORDINARY,
            )

    def _sequence(self, name: str, schema: str | None, options: Mapping[str, Any]) -> Sequence:
        given = {key: value for key, value in options.items() if value is not None}
        kind = given.pop("data_type") if isinstance(given.get("data_type"), str) else None
        declared = read_sequence(sa.Sequence(name, schema=schema, **given), self._dialect)
        if kind is not None:
            declared = dataclasses.replace(declared, type=kind)
        read = self._dialect.canonical_object(declared)
        assert isinstance(read, Sequence)
        return read

    def _enum(self, name: str, values: Several[str], schema: str | None) -> Enum:
        if isinstance(values, str):
            raise ReplayError(f'the values of the enumerated type "{name}" are a list of texts')
        return Enum(self._name(name, schema), tuple(values))

    def _of_enum(self, operation: Operation) -> Operation | None:
        return self._record(operation) if self._dialect.named_enums else None

    def _domain(self, verb: str, name: str, schema: str | None, options: Mapping[str, Any]) -> StoredObject:
        unknown = sorted(set(options).difference(DOMAIN_OPTIONS))
        if unknown:
            raise ReplayError(
                f'{verb}: there is no option "{unknown[0]}"',
                hint=f"The options are {', '.join(DOMAIN_OPTIONS)}.",
            )
        return read_domain(self._name(name, schema), options, self._dialect)

    def _view(
        self,
        name: str,
        definition: str,
        materialized: bool,
        schema: str | None,
        indexes: Several[sa.Index] = (),
    ) -> View:
        view = View(self._name(name, schema), definition, materialized, written=definition)
        read_indexes = tuple(self._read_index(index, view.name) for index in indexes)
        read = self._dialect.canonical_object(view)
        assert isinstance(read, View)
        return dataclasses.replace(read, indexes=tuple(sorted(read_indexes, key=lambda one: one.name or "")))

    def _read_table(self, name: str, elements: Any, schema: str | None, options: Mapping[str, Any]) -> Table:
        return read_table(sa.Table(name, sa.MetaData(), *elements, schema=schema, **options), self._dialect)

    def _read_column(self, verb: str, column: sa.Column[Any], table: Table) -> Any:
        if not isinstance(column, sa.Column):
            raise ReplayError(f"{verb}: takes a sa.Column, not {column!r}")
        if column.primary_key or column.unique or column.index or column.foreign_keys or column.constraints:
            raise ReplayError(
                f'{verb}: column "{column.name}" carries a key, an index or a constraint',
                hint="Write these as op.add_constraint(…) or op.create_index(…) of their own.",
            )
        return read_column(column, table, self._dialect)
