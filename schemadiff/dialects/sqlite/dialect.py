"""SQLite, 3.31 and later.

The catalog is `read.catalog`, with `read.definition` for what only the text in sqlite_master says; canonical forms are
`canonical.tables` and `canonical.expressions`; SQL text is `sql.create` and `sql.alter`; carrying out is `run.lock` and
`run.transaction`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError

from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects.contract.connecting import Connecting
from schemadiff.dialects.contract.dialect import Dialect
from schemadiff.dialects.contract.fingerprint import Mark
from schemadiff.dialects.contract.script import Client
from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.lacking_features import Feature
from schemadiff.dialects.shared.lexer import Lexer
from schemadiff.dialects.shared.row_renumbering import Renumbering
from schemadiff.dialects.sqlite.canonical import expressions, sqlalchemy_types
from schemadiff.dialects.sqlite.canonical import tables as canonical_tables
from schemadiff.dialects.sqlite.read import catalog, objects, scratch
from schemadiff.dialects.sqlite.run import lock, progress
from schemadiff.dialects.sqlite.run import transaction as run_transaction
from schemadiff.dialects.sqlite.run.script import Sqlite3
from schemadiff.dialects.sqlite.server.connecting import SQLiteConnecting
from schemadiff.dialects.sqlite.server.lexer import SQLiteLexer
from schemadiff.dialects.sqlite.sql import alter, rowids
from schemadiff.errors import DatabaseError
from schemadiff.operations import Operation
from schemadiff.operations.objects import STORED_KINDS, ObjectOperation
from schemadiff.schema import Column, Index, Name, Schema, StoredObject, Table, View

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect
    from sqlalchemy.types import TypeEngine

__all__ = ["SQLite"]

_SQLALCHEMY = cast(Any, SQLiteDialect_pysqlite)()


@dataclass(frozen=True)
class SQLite(Dialect):
    """SQLite, with the version of the library that the driver uses."""

    name: ClassVar[str] = "sqlite"
    lacks: ClassVar[frozenset[Feature]] = frozenset({"exclusion constraints", "included columns"})
    transactional_ddl: ClassVar[bool] = True
    shows_statements: ClassVar[bool] = False
    client: ClassVar[Client] = Sqlite3()
    connecting: ClassVar[Connecting] = SQLiteConnecting()
    lexer: ClassVar[Lexer] = SQLiteLexer()
    one_statement_group_per_table: ClassVar[bool] = True
    batch_copies: ClassVar[bool] = True
    case_insensitive: ClassVar[tuple[type, ...]] = (Table, Column)
    makes_names: ClassVar[bool] = False
    shared_names: ClassVar[tuple[type, ...]] = (Index,)

    version: tuple[int, ...] = (3, 51, 0)

    @classmethod
    def offline(cls) -> SQLite:
        return cls()

    @classmethod
    def connect(cls, connection: Connection) -> SQLite:
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
        return cls(tuple(int(number) for number in str(version).split(".")))

    @property
    def default_schema(self) -> str | None:
        return "main"

    @property
    def sqlalchemy(self) -> SQLAlchemyDialect:
        return cast("SQLAlchemyDialect", _SQLALCHEMY)

    def canonical(self, table: Table) -> Table:
        return canonical_tables.canonical(table)

    def add_generated(self, current: Table, desired: Table) -> Table:
        return sqlalchemy_types.settle(current, desired)

    def mentions(self, expression: str, column: str) -> bool:
        return expressions.mentions(expression, column)

    def renamed(self, expression: str, before: str, after: str) -> str:
        return expressions.renamed(expression, before, after)

    def inspect(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        *,
        only: Collection[Name] | None = None,
    ) -> Schema:
        try:
            return catalog.inspect(connection, schemas, self.version, only)
        except DBAPIError as error:
            raise DatabaseError(f"SQLite refuses to say what tables there are: {error.orig}") from error

    def mark(self, connection: Connection) -> Mark:
        return catalog.mark(connection)

    def taken(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, str]:
        return objects.taken(connection, names)

    def ask(self, connection: Connection, tables: Sequence[Table]) -> tuple[Table, ...]:
        return scratch.ask(connection, tables, self.version)

    def objects(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        kinds: Collection[str] = STORED_KINDS,
    ) -> tuple[StoredObject, ...]:
        try:
            return tuple(objects.read(connection, schemas, kinds))
        except DBAPIError as error:
            raise DatabaseError(f"SQLite refuses to say what views there are: {error.orig}") from error

    def canonical_object(self, stored: StoredObject) -> StoredObject:
        return objects.canonical(stored)

    def same_view(self, connection: Connection, one: View, other: View) -> bool | None:
        return objects.same_view(one, other)

    def advice_on(self, error: BaseException) -> str | None:
        return alter.advice_on(str(getattr(error, "orig", error)))

    def tracks(self, one: StoredObject) -> bool:
        return True

    def sqlalchemy_type(self, column: Column) -> TypeEngine[object]:
        found = sqlalchemy_types.sqlalchemy_type(column.type.sql, column.collation, self.sqlalchemy)
        return cast("TypeEngine[object]", found)

    def renumbered(self, operations: Sequence[Operation], live: Schema) -> Mapping[Operation, Renumbering]:
        return rowids.renumbered(operations, live)

    def statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        return alter.statements(operations, before, self.version)

    def object_statements(
        self, operation: ObjectOperation, was: StoredObject | None, before: Schema
    ) -> tuple[Statement, ...]:
        return objects.statements(operation, was)

    def locked(
        self,
        connection: Connection,
        wait: float,
        timeout: float = LOCK_TIMEOUT,
        tell: Callable[[str], object] = str,
    ) -> AbstractContextManager[None]:
        return lock.locked(connection, wait, tell)

    def transaction(
        self, connection: Connection, ending: Ending | None = None
    ) -> AbstractContextManager[None]:
        return run_transaction.transaction(connection, ending)

    def expect_anything(self, connection: Connection) -> None:
        run_transaction.expect_anything(connection)

    def session(self, connection: Connection, sql: str, tables: Sequence[Name]) -> progress.SQLiteSession:
        return progress.SQLiteSession(connection, sql)
