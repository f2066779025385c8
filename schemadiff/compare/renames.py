"""Which columns and tables were renamed: never guessed. Pure.

A rename comes from `--rename`, or from ``info={"renamed_from": …}`` of a column or table. Where neither says so and
a dropped and an added column of one table are alike in everything but the name, somebody has to decide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from schemadiff.dialects import Dialect
from schemadiff.errors import UsageError
from schemadiff.operations import AddColumn, DropColumn, Operation, RenameColumn, RenameTable
from schemadiff.schema import Column, Name, Schema, Table
from schemadiff.schema.fields import FIELDS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may have been renamed."""

    table: Name
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.table}.{self.before}={self.after}"


def given(renames: Iterable[str], current: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    """The operations that ``table.column=new`` and ``table=new`` ask for. Raises `UsageError` for what is neither."""
    operations: list[Operation] = []
    by_text = {str(name): name for name in current.tables}
    for text in renames:
        before, separator, after = text.partition("=")
        if not separator or not before or not after:
            raise UsageError(f'--rename "{text}": write table.column=new_name or table=new_name')
        table, _, column = before.rpartition(".")
        table, whole = dialect.named(table).name, dialect.named(before).name
        if table in by_text and current.tables[by_text[table]].column(column):
            operations.append(RenameColumn(by_text[table], column, after.rpartition(".")[2]))
        elif whole in by_text:
            name = by_text[whole]
            operations.append(RenameTable(name, dialect.named(after.rpartition(".")[2], name.schema)))
        else:
            raise UsageError(
                f'--rename "{text}": the database has neither a table "{before}" nor, in a table "{table}", '
                f'a column "{column}"'
            )
    return tuple(_in_turn(operations, current))


def _in_turn(operations: Sequence[Operation], current: Schema) -> Iterator[Operation]:
    """The renames, those of columns first, each after the one that gives up its new name; where they go round, by a
    name in between.
    """
    columns = [one for one in operations if isinstance(one, RenameColumn)]
    for table in dict.fromkeys(one.table for one in columns):
        names = {column.name for column in current.tables[table].columns}
        waiting = [one for one in columns if one.table == table]
        while waiting:
            ready = next((one for one in waiting if one.after not in names), None)
            if ready is not None:
                waiting.remove(ready)
                names ^= {ready.before, ready.after}
                yield ready
                continue
            first = waiting.pop(0)
            if first.after not in {one.before for one in waiting}:
                raise UsageError(
                    f'--rename "{table}.{first.before}={first.after}": the table has a column "{first.after}" already'
                )
            between = f"{first.before[:40]}_schemadiff_old"
            names ^= {first.before, between}
            yield RenameColumn(table, first.before, between)
            waiting.append(RenameColumn(table, between, first.after))
    yield from (one for one in operations if not isinstance(one, RenameColumn))


def declared(
    metadata: Iterable[sa.MetaData], current: Schema, desired: Schema, dialect: Dialect
) -> tuple[Operation, ...]:
    """The operations that the models' ``info={"renamed_from": …}`` ask for and that are not done yet."""
    operations: list[Operation] = []
    for table in (table for one in metadata for table in one.tables.values()):
        name = dialect.named(table.name, table.schema)
        if name not in desired.tables:
            continue
        told = table.info.get("renamed_from")
        old = name if told is None else dialect.named(str(told), name.schema)
        if old != name and old in current.tables and name not in current.tables:
            operations.append(RenameTable(old, name))
        live = current.tables.get(name) or current.tables.get(old)
        for column in table.columns:
            before = column.info.get("renamed_from")
            if not desired.tables[name].column(column.name):
                continue  # it is ignored
            if before and live and live.column(str(before)) and not live.column(column.name):
                operations.append(RenameColumn(name, str(before), column.name))
    return tuple(operations)


def respelled(current: Schema, desired: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    """The operations for names of which only the capitals changed, where the database does not tell these apart."""
    operations: list[Operation] = []
    tables = {str(name).lower(): name for name in current.tables}
    for name, table in desired.tables.items():
        old = name
        if name not in current.tables and Table in dialect.case_insensitive:
            old = tables.get(str(name).lower(), name)
            if old != name and old not in desired.tables:
                operations.append(RenameTable(old, name))
        before = current.tables.get(old)
        if before is None or Column not in dialect.case_insensitive:
            continue
        columns = {column.name.lower(): column.name for column in before.columns}
        operations += [
            RenameColumn(name, columns[column.name.lower()], column.name)
            for column in table.columns
            if columns.get(column.name.lower(), column.name) != column.name
        ]
    return tuple(operations)


def candidates(operations: Sequence[Operation]) -> tuple[Candidate, ...]:
    """The columns that are dropped while another one of the same table is added that differs only in its name."""
    added = [one for one in operations if isinstance(one, AddColumn)]
    found = []
    for drop in (one for one in operations if isinstance(one, DropColumn)):
        for add in added:
            if add.table == drop.table and _alike(add.column, drop.column):
                found.append(Candidate(drop.table, drop.column.name, add.column.name))
                added.remove(add)
                break
    return tuple(found)


def _alike(one: Column, other: Column) -> bool:
    unheard = {row.name: getattr(other, row.name) for row in FIELDS[Column] if row.unsaid}
    same = dataclasses.replace(one, name=other.name, comment=other.comment, **unheard)
    return same == other
