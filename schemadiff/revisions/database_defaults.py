"""Options that are declared nowhere and that the database therefore decides: engine, character set, collation. Pure.

A revision file leaves it out, so that it is resolved on each server: a history that was planned where
utf8mb4_0900_ai_ci is the default also runs where utf8mb4_unicode_ci is. `outspoken` says before a file is written what
is to be said; `table_as_made`, `options_as_made` and `column_as_made` find in what a file says the things as this
database has decided them.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddColumn,
    AlterColumn,
    AlterTable,
    CreateTable,
    DropColumn,
    DropTable,
    Found,
    Operation,
    RenameTable,
)
from schemadiff.schema import Column, Name, Options, Table, without_constraints

DECIDED = ("engine", "charset", "collation")
"""The options that a database has a default for, which the canonical form spells out."""

NOWHERE: Mapping[Name, Table] = {}

# Before a file is written


def outspoken(
    operations: Iterable[Operation], live: Mapping[Name, Table], dialect: Dialect
) -> tuple[Operation, ...]:
    """The operations, the options and columns in them `written` as the file is to have them; `live` are the tables that
    they start from. Options that nobody wrote are left out where the database would choose the same, and columns name
    the collation that they do not have from their table, or that this revision takes from it.
    """
    speaker = _Speaker(live, dialect)
    return tuple(speaker.say(operation) for operation in operations)


class _Speaker:
    """Follows what the tables' options are, and what they were before this revision changed them."""

    def __init__(self, live: Mapping[Name, Table], dialect: Dialect) -> None:
        self.dialect = dialect
        self.options = {name: table.options for name, table in live.items()}
        self.earlier: dict[Name, Options] = {}

    def say(self, operation: Operation) -> Operation:
        match operation:
            case Found():
                return Found(self.say(operation.operation))
            case CreateTable(table=table):
                self.options[table.name] = table.options
                return CreateTable(self._table(table))
            case DropTable(table=table):
                return DropTable(self._table(table))
            case RenameTable(before=old, after=new):
                for known in (self.options, self.earlier):
                    if old in known:
                        known[new] = known.pop(old)
                return operation
            case AlterTable(table=name, before=before, after=after):
                self.options[name] = after
                if before.collation != after.collation:
                    self.earlier[name] = before
                return AlterTable(name, self._options(name, before), self._options(name, after))
            case AddColumn(table=name, column=column):
                return AddColumn(name, self._column(name, column, self.options.get(name)))
            case DropColumn(table=name, column=column):
                return DropColumn(name, self._column(name, column, self._before(name)))
            case AlterColumn(table=name, before=old, after=new):
                return AlterColumn(
                    name,
                    self._column(name, old, self._before(name)),
                    self._column(name, new, self.options.get(name)),
                )
            case _:
                return operation

    def _before(self, name: Name) -> Options | None:
        return self.earlier.get(name) or self.options.get(name)

    def _table(self, table: Table) -> Table:
        columns = tuple(self._column(table.name, column, table.options) for column in table.columns)
        return dataclasses.replace(table, columns=columns, options=self._options(table.name, table.options))

    def _options(self, name: Name, options: Options) -> Options:
        if options.written is not None:
            return options
        default = self.dialect.canonical(Table(name, ())).options
        unsaid: dict[str, Any] = {}
        if options.engine == default.engine:
            unsaid["engine"] = None
        if (options.charset, options.collation) == (default.charset, default.collation):
            unsaid |= {"charset": None, "collation": None}
        return dataclasses.replace(options, written=dataclasses.replace(options, **unsaid))

    def _column(self, name: Name, column: Column, options: Options | None) -> Column:
        if column.collation is None or options is None:
            return column
        inherited = (column.charset, column.collation) == (options.charset, options.collation)
        if column.written is None:
            # Nobody knows whether it was said; where the table has the same, it need not be.
            bare = dataclasses.replace(column, charset=None, collation=None)
            source = self.dialect.sqlalchemy_type(bare) if inherited else self.dialect.collated_type(column)
            return self._typed(column, column, source)
        if not inherited or name not in self.earlier:
            return column
        # A column that names no collation has its table's, which this revision changes as well.
        said = said_of(self._options(name, options))
        if said.collation is None and said.charset is None:
            return column
        told = column if said.collation else dataclasses.replace(column, collation=None)
        return self._typed(column, column.written, self._collated(told, column.written.type.source))

    def _collated(self, column: Column, source: TypeEngine[object] | None) -> TypeEngine[object]:
        """The type with the column's collation, or its character set where it names no collation."""
        if column.collation and isinstance(source, sa.String) and not isinstance(source, sa.Enum):
            text = copy.copy(source)
            text.collation = column.collation
            return cast("TypeEngine[object]", text)
        return self.dialect.collated_type(column)

    def _typed(self, column: Column, written: Column, source: TypeEngine[object]) -> Column:
        kind = dataclasses.replace(written.type, source=source)
        return dataclasses.replace(column, written=dataclasses.replace(written, type=kind))


def said_of(options: Options) -> Options:
    """The options in canonical form without those that nobody said."""
    written = options.written or options
    unsaid: dict[str, Any] = {key: None for key in DECIDED if getattr(written, key) is None}
    return dataclasses.replace(options, **unsaid, written=None)


# When a file is read


def options_as_made(told: Options, current: Options) -> Options:
    """The options that a file says a table has, those that nobody gave it as this database has decided them.

    Files of schemadiff up to 0.1 name the defaults of the server that they were planned on.
    """
    said = current.written or current
    decided: dict[str, Any] = {key: getattr(current, key) for key in DECIDED if getattr(said, key) is None}
    return dataclasses.replace(told, **decided)


def column_as_made(told: Column, table: Table, dialect: Dialect) -> Column:
    """The column that a file says a table has: that of the table where the two differ in what nobody said, because
    the table had another collation when the column was made, or the file names another server's default.
    """
    made = table.column(told.name)
    if made is None or made == told or made.collation == told.collation:
        return told
    return made if _alike(told, made, table, dialect) or _alike(made, told, table, dialect) else told


def table_as_made(told: Table, current: Table, dialect: Dialect) -> Table:
    """The table that a file says there is, its columns and options as `current` has them, as above."""
    columns = tuple(column_as_made(column, current, dialect) for column in told.columns)
    return dataclasses.replace(told, columns=columns, options=options_as_made(told.options, current.options))


def _alike(one: Column, other: Column, table: Table, dialect: Dialect) -> bool:
    """Whether `one` would be `other` if that one's collation were the table's."""
    written = dataclasses.replace(one.written or one, name=one.name)
    options = dataclasses.replace(table.options, charset=other.charset, collation=other.collation)
    # Among the others, whose names its expression may say.
    rest = tuple(each for each in table.columns if each.name != one.name)
    scene = dataclasses.replace(without_constraints(table), columns=(*rest, written), options=options)
    return dialect.canonical(scene).columns[-1] == other
