"""The operations of revisions, as a closed set of frozen values.

Every operation carries both sides, so that its reverse is derived, never written twice. Each has

- ``reverse()``: the operation that undoes it; raises `UnsupportedError` where there is none;
- ``apply(schema)``: the schema after it. Strict: raises `ReplayError` when the before-image is not what is there.
  ``apply(schema, strict=False)`` only looks parts up by name, for a live schema whose spelling is the server's;
- ``describe()``: one line for people, without colour.

SQL text, hazards and source text are each one ``match`` in a module of their own. No I/O here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemadiff.errors import ReplayError, UnsupportedError
from schemadiff.operations.functions import name_of
from schemadiff.operations.in_place import (
    InPlace,
)
from schemadiff.operations.objects import ObjectOperation
from schemadiff.schema import (
    LISTS,
    Column,
    Constraint,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
)
from schemadiff.schema.describe import constraint_words, differences, index_words, option_words, short
from schemadiff.schema.matching import expect_free, without

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class CreateTable:
    table: Table

    def reverse(self) -> DropTable:
        return DropTable(self.table)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        if strict and self.table.name in schema.tables:
            raise ReplayError(f'create_table: there is a table "{self.table.name}" already')
        return schema.with_table(self.table)

    def describe(self) -> str:
        return f"create table {self.table.name}"


@dataclass(frozen=True, slots=True)
class DropTable:
    table: Table

    def reverse(self) -> CreateTable:
        return CreateTable(self.table)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        if strict and _table(schema, self.table.name, "drop_table") != self.table:
            raise ReplayError(
                f'drop_table: table "{self.table.name}" is not what the earlier revisions made of it'
            )
        return schema.without_table(self.table.name)

    def describe(self) -> str:
        return f"drop table {self.table.name}"


@dataclass(frozen=True, slots=True)
class RenameTable:
    before: Name
    after: Name

    def reverse(self) -> RenameTable:
        return RenameTable(self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.before, "rename_table")
        if strict and self.after in schema.tables:
            raise ReplayError(f'rename_table: there is a table "{self.after}" already')
        renamed = schema.without_table(self.before).with_table(dataclasses.replace(table, name=self.after))
        if self.before in schema.definitions:
            moved = {
                self.after if name == self.before else name: text for name, text in schema.definitions.items()
            }
            renamed = dataclasses.replace(renamed, definitions=moved)
        for other in tuple(renamed.tables.values()):
            keys = tuple(
                dataclasses.replace(key, target=self.after) if key.target == self.before else key
                for key in other.foreign_keys
            )
            if keys != other.foreign_keys:
                renamed = renamed.with_table(dataclasses.replace(other, foreign_keys=keys))
        return renamed

    def describe(self) -> str:
        return f"rename table {self.before} to {self.after}"


@dataclass(frozen=True, slots=True)
class AlterTable:
    """Changes what belongs to the table as a whole: comment, engine, charset, collation and other options."""

    table: Name
    before: Options
    after: Options

    def reverse(self) -> AlterTable:
        return AlterTable(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "alter_table")
        if strict and table.options != self.before:
            has, told = option_words(table.options, self.before)
            raise ReplayError(f'alter_table: table "{self.table}" has {has}, not {told} as the revision says')
        options = dataclasses.replace(self.after, managed=self.after.managed or table.options.managed)
        return schema.with_table(dataclasses.replace(table, options=options))

    def describe(self) -> str:
        return f"alter table {self.table}: {', '.join(differences(self.before, self.after))}"


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: Name
    column: Column

    def reverse(self) -> DropColumn:
        return DropColumn(self.table, self.column)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "add_column")
        if strict and table.column(self.column.name):
            raise ReplayError(f'add_column: table "{self.table}" has a column "{self.column.name}" already')
        columns = tuple(column for column in table.columns if column.name != self.column.name)
        return schema.with_table(dataclasses.replace(table, columns=(*columns, self.column)))

    def describe(self) -> str:
        return f"add column {self.table}.{self.column.name} {self.column.type.sql}"


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: Name
    column: Column

    def reverse(self) -> AddColumn:
        return AddColumn(self.table, self.column)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "drop_column")
        if strict:
            _expect(table, self.column, "drop_column")
        columns = tuple(column for column in table.columns if column.name != self.column.name)
        return schema.with_table(dataclasses.replace(table, columns=columns))

    def describe(self) -> str:
        return f"drop column {self.table}.{self.column.name} {self.column.type.sql}"


@dataclass(frozen=True, slots=True)
class AlterColumn:
    table: Name
    before: Column
    after: Column

    def reverse(self) -> AlterColumn:
        return AlterColumn(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "alter_column")
        if strict:
            _expect(table, self.before, "alter_column")
        columns = tuple(self.after if column.name == self.before.name else column for column in table.columns)
        return schema.with_table(dataclasses.replace(table, columns=columns))

    def describe(self) -> str:
        return (
            f"alter column {self.table}.{self.after.name}: {', '.join(differences(self.before, self.after))}"
        )


@dataclass(frozen=True, slots=True)
class RenameColumn:
    """Renames a column; keys, indexes and foreign keys that name it follow, expressions do so on the server."""

    table: Name
    before: str
    after: str

    def reverse(self) -> RenameColumn:
        return RenameColumn(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "rename_column")
        if strict and not table.column(self.before):
            raise ReplayError(f'rename_column: table "{self.table}" has no column "{self.before}"')
        if strict and table.column(self.after):
            raise ReplayError(f'rename_column: table "{self.table}" has a column "{self.after}" already')

        def new(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(self.after if name == self.before else name for name in names)

        for other in tuple(schema.tables.values()):
            keys = tuple(
                dataclasses.replace(
                    key,
                    columns=new(key.columns) if other.name == self.table else key.columns,
                    target_columns=new(key.target_columns)
                    if key.target == self.table
                    else key.target_columns,
                )
                for key in other.foreign_keys
            )
            if keys != other.foreign_keys:
                schema = schema.with_table(dataclasses.replace(other, foreign_keys=keys))
        table = schema.tables[self.table]
        primary_key = table.primary_key
        return schema.with_table(
            dataclasses.replace(
                table,
                columns=tuple(
                    dataclasses.replace(column, name=self.after) if column.name == self.before else column
                    for column in table.columns
                ),
                primary_key=primary_key
                and dataclasses.replace(
                    primary_key, columns=new(primary_key.columns), include=new(primary_key.include)
                ),
                uniques=tuple(
                    dataclasses.replace(unique, columns=new(unique.columns), include=new(unique.include))
                    for unique in table.uniques
                ),
                indexes=tuple(
                    dataclasses.replace(index, parts=self._renamed(index.parts), include=new(index.include))
                    for index in table.indexes
                ),
                excludes=tuple(
                    dataclasses.replace(exclude, parts=self._renamed(exclude.parts))
                    for exclude in table.excludes
                ),
            )
        )

    def _renamed(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        return tuple(
            dataclasses.replace(part, column=self.after) if part.column == self.before else part
            for part in parts
        )

    def describe(self) -> str:
        return f"rename column {self.table}.{self.before} to {self.after}"


@dataclass(frozen=True, slots=True)
class CreateIndex:
    table: Name
    index: Index

    def reverse(self) -> DropIndex:
        return DropIndex(self.table, self.index)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        indexes = _indexes(schema, self.table, "create_index")
        expect_free(indexes if strict else (), self.index, f'create_index: table "{self.table}"')
        return schema.with_indexes(self.table, (*indexes, self.index))

    def describe(self) -> str:
        return f"create {index_words(self.index)} on {self.table}"


@dataclass(frozen=True, slots=True)
class DropIndex:
    table: Name
    index: Index

    def reverse(self) -> CreateIndex:
        return CreateIndex(self.table, self.index)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        indexes = _indexes(schema, self.table, "drop_index")
        left = without(indexes, self.index, strict, f'drop_index: table "{self.table}"')
        return schema.with_indexes(self.table, left)

    def describe(self) -> str:
        return f"drop {index_words(self.index)} on {self.table}"


@dataclass(frozen=True, slots=True)
class AddConstraint:
    table: Name
    constraint: Constraint

    def reverse(self) -> DropConstraint:
        return DropConstraint(self.table, self.constraint)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "add_constraint")
        where = f'add_constraint: table "{self.table}"'
        match self.constraint:
            case PrimaryKey() as key:
                if strict and table.primary_key:
                    columns = ", ".join(table.primary_key.columns)
                    raise ReplayError(f"{where} has a primary key already: {columns}")
                table = dataclasses.replace(table, primary_key=key)
            case constraint:
                field = LISTS[type(constraint)]
                if strict:
                    expect_free(getattr(table, field), constraint, where)
                changed: dict[str, Any] = {field: (*getattr(table, field), constraint)}
                table = dataclasses.replace(table, **changed)
        return schema.with_table(table)

    def describe(self) -> str:
        return f"add {constraint_words(self.constraint)} to {self.table}"


@dataclass(frozen=True, slots=True)
class DropConstraint:
    table: Name
    constraint: Constraint

    def reverse(self) -> AddConstraint:
        return AddConstraint(self.table, self.constraint)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        table = _table(schema, self.table, "drop_constraint")
        where = f'drop_constraint: table "{self.table}"'
        match self.constraint:
            case PrimaryKey() as key:
                if strict and (not table.primary_key or table.primary_key.columns != key.columns):
                    raise ReplayError(f"{where} has no primary key on {', '.join(key.columns)}")
                table = dataclasses.replace(table, primary_key=None)
            case constraint:
                field = LISTS[type(constraint)]
                rest = without(getattr(table, field), constraint, strict, where)
                changed: dict[str, Any] = {field: rest}
                table = dataclasses.replace(table, **changed)
        return schema.with_table(table)

    def describe(self) -> str:
        return f"drop {constraint_words(self.constraint)} from {self.table}"


@dataclass(frozen=True, slots=True)
class Execute:
    """Raw SQL of the user's. ``undo`` is its reverse: SQL, ``""`` for "nothing to undo", ``None`` for irreversible.

    ``only`` names the dialects that it is meant for, empty for all. ``effect`` are operations that tell replay what
    the SQL did to the schema.
    """

    sql: str
    undo: str | None = None
    only: tuple[str, ...] = ()
    effect: tuple[Operation, ...] = ()

    def reverse(self) -> Execute:
        if self.undo is None:
            raise UnsupportedError(
                f"execute({short(self.sql)!r}) has no reverse",
                hint='Give it one in the revision file: op.execute(sql, reverse="…"), '
                "or reverse=op.nothing where there is nothing to undo.",
            )
        effect = tuple(operation.reverse() for operation in reversed(self.effect))
        return Execute(self.undo, self.sql, self.only, effect)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        for operation in self.effect:
            schema = operation.apply(schema, strict=strict)
        return schema

    def describe(self) -> str:
        return f"execute {short(self.sql)}" if self.sql else "nothing to undo"


@dataclass(frozen=True, slots=True)
class Run:
    """A function that is called with the connection. ``undo`` as in `Execute`; `nothing` for "nothing to undo"."""

    function: Callable[[Connection], object]
    undo: Callable[[Connection], object] | None = None

    def reverse(self) -> Run:
        if self.undo is None:
            raise UnsupportedError(
                f"{self.describe()} has no reverse",
                hint="Give it one in the revision file: op.run(function, reverse=other_function), "
                "or reverse=op.nothing where there is nothing to undo.",
            )
        return Run(self.undo, self.function)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        return schema

    def describe(self) -> str:
        return f"run {name_of(self.function)}()"


def nothing(connection: Connection) -> None:
    """Does nothing: the reverse of a data step that needs no undoing."""


@dataclass(frozen=True, slots=True)
class Found:
    """A change that was made to the database outside of the revisions, and found there when one was planned.

    Replay counts it as done at this point; carrying it out does so only where the database does not have it yet.
    """

    operation: Operation

    def reverse(self) -> Operation:
        return self.operation.reverse()

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        return self.operation.apply(schema, strict=strict)

    def describe(self) -> str:
        return f"{self.operation.describe()} (found in the database)"


Operation = (
    CreateTable
    | DropTable
    | RenameTable
    | AlterTable
    | AddColumn
    | DropColumn
    | AlterColumn
    | RenameColumn
    | CreateIndex
    | DropIndex
    | AddConstraint
    | DropConstraint
    | InPlace
    | ObjectOperation
    | Execute
    | Run
    | Found
)


def live_after(schema: Schema, operations: Iterable[Operation]) -> Schema:
    """Return the live schema after the operations, which look parts up by name only."""
    for operation in operations:
        schema = operation.apply(schema, strict=False)
    return schema


def _table(schema: Schema, name: Name, verb: str) -> Table:
    table = schema.tables.get(name)
    if table is None:
        raise ReplayError(f'{verb}: there is no table "{name}"')
    return table


def _indexes(schema: Schema, name: Name, verb: str) -> tuple[Index, ...]:
    indexes = schema.indexes_of(name)
    return _table(schema, name, verb).indexes if indexes is None else indexes


def _expect(table: Table, column: Column, verb: str) -> None:
    found = table.column(column.name)
    if found is None:
        raise ReplayError(f'{verb}: table "{table.name}" has no column "{column.name}"')
    if found != column:
        raise ReplayError(
            f'{verb}: column "{table.name}.{column.name}" is not what the earlier revisions made of it: '
            f"{', '.join(differences(column, found))}"
        )
