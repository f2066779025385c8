"""What SQLite itself says of a table that the models declare, asked in a database in memory of the same
library.

SQLite keeps expressions as they were written, so reading a table back settles names, types and whether it
can be made at all. Two expressions that still differ from those of the live table of the same name are
compared by the bytecode that they compile to (EXPLAIN), and the live text is taken over where that is the
same: ``a > 0`` is ``(0 < a) = 1`` to nobody, but ``a IS NOT NULL`` is ``a NOTNULL``. Nothing is written to
the live database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.sqlite import ddl
from schemadiff.dialects.sqlite.catalog import inspect
from schemadiff.dialects.sqlite.tokens import quote
from schemadiff.dialects.stand_in import merge, stand_in
from schemadiff.schema import Check, Column, Index, Name, Part, Table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Same = Callable[[str, str], bool]


def ask(connection: Connection, tables: Sequence[Table], version: tuple[int, ...]) -> tuple[Table, ...]:
    """The tables as SQLite reports them, their expressions in the live table's words where these mean the
    same.

    A table that SQLite does not create comes back as it was given, for example when an expression calls a
    function that only the application's connections know.
    """
    if not tables:
        return ()
    names = {table.name for table in tables}
    live = inspect(connection, {name.schema for name in names}, version, names).tables
    engine = sa.create_engine("sqlite://", module=connection.dialect.dbapi, poolclass=sa.pool.StaticPool)
    try:
        with engine.connect() as scratch:
            return tuple(
                _in_words_of(
                    live.get(table.name), _read_back(scratch, table, number, version), scratch, number
                )
                for number, table in enumerate(tables)
            )
    finally:
        engine.dispose()


def _read_back(scratch: Connection, table: Table, number: int, version: tuple[int, ...]) -> Table:
    name = Name(f"asked_{number}")
    asked = stand_in(table, name)
    scratch.exec_driver_sql("SAVEPOINT asked")
    try:
        scratch.exec_driver_sql(ddl.create_table(asked)).close()
        for index in asked.indexes:
            scratch.exec_driver_sql(ddl.create_index(name, index)).close()
        return merge(table, inspect(scratch, (None,), version).tables[name])
    except DBAPIError:
        return table
    finally:
        scratch.exec_driver_sql("ROLLBACK TO asked")
        scratch.exec_driver_sql("RELEASE asked")


def _in_words_of(live: Table | None, table: Table, scratch: Connection, number: int) -> Table:
    """The table with the live one's expressions where these compile to the same bytecode."""
    if live is None or live == table:
        return table
    name = quote(f"bare_{number}")
    # Without constraints and indexes: with them the bytecode of one expression is not always the same.
    columns = ", ".join(
        ddl.column(Column(one.name, one.type, collation=one.collation)) for one in live.columns
    )
    try:
        scratch.exec_driver_sql(f"CREATE TABLE {name} ({columns})").close()
    except DBAPIError:
        return table

    def same(one: str, other: str) -> bool:
        return one == other or _bytecode(scratch, one, name) == _bytecode(scratch, other, name) is not None

    checks = [check for check in live.checks if check not in table.checks]
    return dataclasses.replace(
        table,
        columns=tuple(_column(column, live.column(column.name), same) for column in table.columns),
        checks=tuple(
            check if check in live.checks else _check(check, checks, same) for check in table.checks
        ),
        indexes=tuple(_index(index, live, same) for index in table.indexes),
    )


def _bytecode(scratch: Connection, expression: str, table: str) -> tuple[object, ...] | None:
    try:
        rows = scratch.exec_driver_sql(f"EXPLAIN SELECT ({expression}) FROM {table}").fetchall()
    except DBAPIError:
        return None
    return tuple(tuple(row)[1:7] for row in rows)


def _column(column: Column, live: Column | None, same: Same) -> Column:
    if live is None:
        return column
    default, generated = column.default, column.generated
    if default is not None and live.default is not None and same(default, live.default):
        default = live.default
    if generated and live.generated and same(generated.expression, live.generated.expression):
        generated = dataclasses.replace(generated, expression=live.generated.expression)
    return dataclasses.replace(column, default=default, generated=generated)


def _check(check: Check, live: list[Check], same: Same) -> Check:
    for other in live:
        if other.name == check.name and same(other.expression, check.expression):
            live.remove(other)
            return dataclasses.replace(check, expression=other.expression)
    return check


def _index(index: Index, live: Table, same: Same) -> Index:
    other = next((one for one in live.indexes if one.name == index.name), None)
    if other is None or len(other.parts) != len(index.parts):
        return index
    where = index.where
    if where is not None and other.where is not None and same(where, other.where):
        where = other.where
    pairs = zip(index.parts, other.parts, strict=True)
    return dataclasses.replace(index, where=where, parts=tuple(_part(*pair, same) for pair in pairs))


def _part(part: Part, live: Part, same: Same) -> Part:
    if part.expression is not None and live.expression is not None and same(part.expression, live.expression):
        return dataclasses.replace(part, expression=live.expression)
    return part
