"""SQLite's own form of a table that the models declare, asked in a database in memory of the same
library.

SQLite keeps expressions as they were written, so reading a table back settles names, types and whether it
can be made at all. Two expressions that still differ from those of the live table of the same name are
compared by the bytecode that they compile to (EXPLAIN), and the live text is taken over where that is the
same: ``a > 0`` is ``(0 < a) = 1`` to nobody, but ``a IS NOT NULL`` is ``a NOTNULL``. Nothing is written to
the live database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.shared.live_wording import in_words_of
from schemadiff.dialects.shared.scratch_table import merge, stand_in
from schemadiff.dialects.sqlite.read.catalog import inspect
from schemadiff.dialects.sqlite.server.tokens import quote
from schemadiff.dialects.sqlite.sql import create
from schemadiff.schema import Column, Name, Table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


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
        scratch.exec_driver_sql(create.create_table(asked)).close()
        for index in asked.indexes:
            scratch.exec_driver_sql(create.create_index(name, index)).close()
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
        create.column(Column(one.name, one.type, collation=one.collation)) for one in live.columns
    )
    try:
        scratch.exec_driver_sql(f"CREATE TABLE {name} ({columns})").close()
    except DBAPIError:
        return table
    return in_words_of(live, table, _Bytecode(scratch, name))[0]


@dataclass(frozen=True, slots=True)
class _Bytecode:
    """Judges expressions by what they compile to on a bare table."""

    scratch: Connection
    table: str

    def same(self, one: str, other: str) -> bool:
        return one == other or self._of(one) == self._of(other) is not None

    def same_default(self, column: Column, one: str, other: str) -> bool:
        return self.same(one, other)

    def is_default(self, manner: str) -> bool:
        return False

    def _of(self, expression: str) -> tuple[object, ...] | None:
        try:
            rows = self.scratch.exec_driver_sql(f"EXPLAIN SELECT ({expression}) FROM {self.table}").fetchall()
        except DBAPIError:
            return None
        return tuple(tuple(row)[1:7] for row in rows)
