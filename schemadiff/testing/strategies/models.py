"""The drawn models: tables as values that can write themselves as source text.

`Models` is what a program declares, made into a MetaData by its own source. Texts in here (a type, a default, an
option) are Python source. No Hypothesis in this module.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemadiff.testing.strategies.engines import DIALECTS, Engine, Kind


@dataclass(frozen=True)
class Column:
    """A column; ``computed`` are the column and the form of its expression, and whether it is stored."""

    name: str
    kind: Kind
    nullable: bool = True
    default: str | None = None
    comment: str | None = None
    autoincrement: bool | None = None
    identity: str | None = None
    computed: tuple[str, str, bool | None] | None = None


@dataclass(frozen=True)
class Unique:
    columns: tuple[str, ...]
    name: str | None = None
    deferrable: bool = False


@dataclass(frozen=True)
class IndexPart:
    """A column of an index; ``form`` is the expression that it makes of it."""

    column: str
    form: str = "{0}"


@dataclass(frozen=True)
class Index:
    """An index; ``option`` is one more keyword argument, whose braces stand for the first column's name."""

    parts: tuple[IndexPart, ...]
    name: str
    unique: bool = False
    where: str | None = None
    option: str | None = None


@dataclass(frozen=True)
class ForeignKey:
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    name: str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    deferrable: bool = False


@dataclass(frozen=True)
class Check:
    """A CHECK of one or two columns; ``inline`` when it stands in the column's own definition."""

    columns: tuple[str, ...]
    form: str
    name: str | None = None
    inline: bool = False

    def source(self) -> str:
        """The constraint as a call."""
        if self.inline:
            # SQLAlchemy takes no expression of `sa.column` in a column's own definition.
            return _call("sa.CheckConstraint", [repr(self.form.format(*self.columns))])
        # The type decides how SQLAlchemy writes what the column is compared with.
        kind = ", sa.String" if "like" in self.form else ", sa.Integer" if "%" in self.form else ""
        columns = [f"sa.column({name!r}{kind})" for name in self.columns]
        named = f", name={self.name!r}" if self.name else ""
        return f"sa.CheckConstraint({self.form.format(*columns)}{named})"


@dataclass(frozen=True)
class Table:
    """A table; ``options`` are keyword arguments."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    primary_key_name: str | None = None
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    comment: str | None = None
    options: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    def with_column(self, column: Column) -> Table:
        """This table with the column in the place of the one of its name."""
        columns = tuple(column if one.name == column.name else one for one in self.columns)
        return dataclasses.replace(self, columns=columns)

    def targets(self) -> list[tuple[str, ...]]:
        """The columns that a foreign key can refer to."""
        found = [unique.columns for unique in self.uniques if not unique.deferrable]
        keys = dict.fromkeys([self.primary_key, *found] if self.primary_key else found)
        columns = {key: [self.column(name) for name in key] for key in keys}
        # PostgreSQL 15 makes one to an array in CREATE TABLE, but fails to check it in ALTER TABLE ("anyarray").
        return [
            key
            for key, parts in columns.items()
            if not any("ARRAY" in one.kind.source or one.computed for one in parts)
        ]


@dataclass(frozen=True, repr=False)
class Models:
    """The models of a random program for one engine. ``serial`` is the last number that went into a name."""

    engine: Engine
    tables: tuple[Table, ...] = ()
    enums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    serial: int = 0

    def __repr__(self) -> str:
        return f"models for {self.engine.name}\n{self.source()}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the models as their source when Hypothesis shows a failing example."""
        printer.text(repr(self))

    def table(self, name: str) -> Table:
        """The table of that name."""
        return next(table for table in self.tables if table.name == name)

    def with_table(self, table: Table) -> Models:
        """These models with the table in the place of the one of its name, or behind the others."""
        names = [one.name for one in self.tables]
        if table.name not in names:
            return dataclasses.replace(self, tables=(*self.tables, table))
        tables = tuple(table if one.name == table.name else one for one in self.tables)
        return dataclasses.replace(self, tables=tables)

    def kinds(self) -> tuple[Kind, ...]:
        """The types that a column can have, the plainest ones first."""
        enums = tuple(Kind(name, "enum", (repr(members[0]),)) for name, members in self.enums)
        arrays = tuple(Kind(f"postgresql.ARRAY({name})", "none") for name, _ in self.enums[:1])
        return (*self.engine.kinds, *enums, *(arrays if self.engine.enum_arrays else ()))

    @property
    def names(self) -> set[str]:
        """The names that constraints and indexes were given: any other name was made up by the server."""
        given: list[str | None] = [*self.index_names]
        for table in self.tables:
            given.append(table.primary_key_name)
            given += [key.name for key in table.foreign_keys]
            given += [check.name for check in table.checks]
        return {name for name in given if name}

    @property
    def index_names(self) -> set[str]:
        """The names that indexes and unique constraints were given."""
        names = [thing.name for table in self.tables for thing in table.indexes]
        return {*names, *(one.name for table in self.tables for one in table.uniques if one.name)}

    def metadata(self) -> sa.MetaData:
        """A new MetaData, which the source text fills."""
        metadata = sa.MetaData()
        names = {"sa": sa, **DIALECTS, "metadata": metadata}
        exec(self.source(), names)  # noqa: S102 - its own text
        return metadata

    def source(self) -> str:
        """The statements that fill ``metadata``; ``sa``, ``mysql`` and ``postgresql`` are SQLAlchemy's modules."""
        used = {column.kind.source for table in self.tables for column in table.columns}
        lines = [
            f"{name} = sa.Enum({', '.join(map(repr, members))}, name={name!r})"
            for name, members in self.enums
            if any(name in source for source in used)
        ]
        for number, table in enumerate(self.tables):
            lines += self._table(table, f"t{number}")
        return "\n".join(lines) + "\n"

    def _table(self, table: Table, variable: str) -> list[str]:
        parts = [self._column(table, column) for column in table.columns]
        if table.primary_key:
            named = [f"name={table.primary_key_name!r}"] if table.primary_key_name else []
            parts.append(_call("sa.PrimaryKeyConstraint", [*map(repr, table.primary_key), *named]))
        for unique in table.uniques:
            named = [f"name={unique.name!r}"] if unique.name else []
            later = ["deferrable=True"] if unique.deferrable else []
            parts.append(_call("sa.UniqueConstraint", [*map(repr, unique.columns), *named, *later]))
        parts += [check.source() for check in table.checks if not check.inline]
        parts += [_foreign_key(key) for key in table.foreign_keys]
        if table.comment is not None:
            parts.append(f"comment={table.comment!r}")
        parts += table.options
        lines = [f"{variable} = sa.Table(", f"    {table.name!r},", "    metadata,"]
        lines += [*(f"    {part}," for part in parts), ")"]
        for index in table.indexes:
            arguments = [repr(index.name)]
            arguments += [part.form.format(f"{variable}.c[{part.column!r}]") for part in index.parts]
            arguments += ["unique=True"] if index.unique else []
            if index.where:
                where = index.where.format(f"{variable}.c[{index.parts[0].column!r}]")
                arguments.append(f"{self.engine.name}_where={where}")
            if index.option:
                arguments.append(index.option.replace("{}", repr(index.parts[0].column)))
            lines.append(_call("sa.Index", arguments))
        return lines

    def _column(self, table: Table, column: Column) -> str:
        checks = [
            check.source() for check in table.checks if check.inline and check.columns == (column.name,)
        ]
        arguments = [repr(column.name), column.kind.source, *checks]
        if column.identity is not None:
            arguments.append(column.identity)
        if column.computed:
            base, form, stored = column.computed
            persisted = "" if stored is None else f", persisted={stored}"
            arguments.append(f"sa.Computed({form.format(self.engine.quote(base))!r}{persisted})")
        if not column.nullable:
            arguments.append("nullable=False")
        if column.default is not None:
            arguments.append(f"server_default={column.default}")
        if column.autoincrement is not None:
            arguments.append(f"autoincrement={column.autoincrement}")
        elif not self.engine.counting and column.name in table.primary_key:
            arguments.append("autoincrement=False")
        if column.comment is not None:
            arguments.append(f"comment={column.comment!r}")
        return _call("sa.Column", arguments)


@dataclass(frozen=True, repr=False)
class Pair:
    """Models, and what they become."""

    before: Models
    after: Models

    def __repr__(self) -> str:
        return f"a pair for {self.before.engine.name}\n# A\n{self.before.source()}# B\n{self.after.source()}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


def _call(function: str, arguments: Sequence[str]) -> str:
    return f"{function}({', '.join(arguments)})"


def _foreign_key(key: ForeignKey) -> str:
    targets = [f"{key.target}.{column}" for column in key.target_columns]
    arguments: list[Any] = [repr(list(key.columns)), repr(targets)]
    arguments += [f"name={key.name!r}"] if key.name else []
    arguments += [f"ondelete={key.on_delete!r}"] if key.on_delete else []
    arguments += [f"onupdate={key.on_update!r}"] if key.on_update else []
    arguments += ["deferrable=True, initially='DEFERRED'"] if key.deferrable else []
    return _call("sa.ForeignKeyConstraint", arguments)
