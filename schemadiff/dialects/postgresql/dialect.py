"""PostgreSQL, from version 13.

`read.catalog` reads, `canonical.tables` brings to one form, `read.scratch` lets the server say what a text means, `sql`
writes statements, `run` carries out. The facts of a server that these need are its version and the name of its
default schema.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects.contract.connecting import Connecting
from schemadiff.dialects.contract.dialect import Dialect
from schemadiff.dialects.contract.script import Client
from schemadiff.dialects.contract.session import ServerSession
from schemadiff.dialects.contract.statements import Retraction, Statement
from schemadiff.dialects.postgresql.canonical import equivalence, temporal_keys, types
from schemadiff.dialects.postgresql.canonical import tables as canonical_tables
from schemadiff.dialects.postgresql.canonical.default_storage import ORDINARY, Storage
from schemadiff.dialects.postgresql.online import concurrently, leftovers
from schemadiff.dialects.postgresql.read import catalog, domains, explain, objects, scratch, uncompared
from schemadiff.dialects.postgresql.read.taken_names import taken
from schemadiff.dialects.postgresql.run import blockers, lock, progress
from schemadiff.dialects.postgresql.run.script import Psql
from schemadiff.dialects.postgresql.server import opening, session_settings, sql_text
from schemadiff.dialects.postgresql.server.connecting import PostgreSQLConnecting
from schemadiff.dialects.postgresql.server.lexer import PostgreSQLLexer
from schemadiff.dialects.postgresql.sql import (
    alter_table,
    column_settings,
    conversion,
    create,
    enums,
    in_place,
    label_renames,
    lost_index_settings,
    value_loss,
)
from schemadiff.dialects.shared.connection_cache import answered
from schemadiff.dialects.shared.driver_errors import server_words
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.lexer import Lexer
from schemadiff.dialects.shared.opening import Opening
from schemadiff.errors import DatabaseError, UnsupportedError
from schemadiff.operations import AddColumn, CreateIndex, CreateTable, DropColumn, DropIndex, DropTable
from schemadiff.schema import Exclude, Index, PrimaryKey, Unique

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect
    from sqlalchemy.types import TypeEngine

    from schemadiff.dialects.shared.label_renames import Relabelling
    from schemadiff.dialects.shared.live_wording import Judge
    from schemadiff.dialects.shared.value_loss import Loss
    from schemadiff.operations import Operation
    from schemadiff.schema import (
        Check,
        Column,
        Constraint,
        Domain,
        ForeignKey,
        Index,
        Name,
        Schema,
        StoredObject,
        Table,
        Unique,
        Unsupported,
        View,
    )
from schemadiff.dialects.shared.managed_elsewhere import set_apart
from schemadiff.operations.objects import STORED_KINDS, ObjectOperation

__all__ = ["PostgreSQL"]

_OLDEST, _NEWEST = 13, 18


@dataclass(frozen=True)
class PostgreSQL(Dialect):
    """PostgreSQL of one major version, with the name of the connection's default schema where it is known."""

    name: ClassVar[str] = "postgresql"
    transactional_ddl: ClassVar[bool] = True
    table_prefixes: ClassVar[frozenset[str]] = frozenset({"UNLOGGED"})
    lexer: ClassVar[Lexer] = PostgreSQLLexer()
    connecting: ClassVar[Connecting] = PostgreSQLConnecting()
    stand_alone: ClassVar[tuple[type, ...]] = (
        CreateTable,
        DropTable,
        AddColumn,
        DropColumn,
        CreateIndex,
        DropIndex,
    )
    named_enums: ClassVar[bool] = True
    retypes_only_without_foreign_keys: ClassVar[bool] = True
    shared_names: ClassVar[tuple[type, ...]] = (Index, Unique, PrimaryKey)

    version: int = _NEWEST
    schema: str | None = None
    driver: type[Any] = PGDialect_psycopg
    storage: Storage = ORDINARY

    @property
    def default_schema(self) -> str | None:
        """The first schema of the search_path that exists."""
        return self.schema

    @property
    def version_schema(self) -> str | None:
        """The default schema: with a search_path of a tenant's schema and public the latter has one, too."""
        return self.schema

    @property
    def client(self) -> Client:
        return Psql(self.version_table)

    @classmethod
    def offline(cls) -> PostgreSQL:
        """The newest version whose catalogs and statements are known."""
        return cls()

    @classmethod
    def connect(cls, connection: Connection) -> PostgreSQL:
        """The version and the default schema of the connection. Raises `UnsupportedError` for a server before 13: no
        column stops being generated there."""
        known = answered(connection)
        if known is None:
            known = list(connection.exec_driver_sql(opening.QUESTIONS).one())
        number, schema, own, tablespace, method = known
        if number // 10000 < _OLDEST:
            raise UnsupportedError(
                f"schemadiff needs PostgreSQL {_OLDEST} or later, and this server is {number // 10000}"
            )
        return cls(number // 10000, schema, type(connection.dialect), Storage(own, tablespace, method))

    @property
    def sqlalchemy(self) -> SQLAlchemyDialect:
        """SQLAlchemy's dialect without a driver: it doubles neither percent signs nor backslashes. But the driver has
        its say in types: what ``dialect.type_descriptor(sa.CHAR(32))`` in an application's type comes to is VARCHAR(32)
        with psycopg and pg8000, and CHAR(32) with the others (SQLAlchemy 2.0 and 2.1).
        """
        return _sqlalchemy(self.driver)  # type: ignore[arg-type] # mypy thinks that a type has no hash

    # canonical forms

    def canonical(self, table: Table) -> Table:
        """The table as the server would report it, as far as rules tell."""
        declared = canonical_tables.without_duplicates(table)
        return canonical_tables.canonical(declared, default_schema=self.schema, virtual=self.version >= 18)

    def with_managed(self, live: Table, known: Sequence[Table]) -> Table:
        return set_apart(live, known, ("PARTITION_BY", "TABLESPACE", "USING", "WITH"), lists="WITH")

    def add_generated(self, current: Table, desired: Table) -> Table:
        """`desired` without the storage and the compression that a column had and its new type cannot have, and with
        the keys over time that it has and the storage that the database chooses.
        """
        desired = self.storage.settled(current, temporal_keys.kept(current, desired))
        columns = tuple(column_settings.fitting(column) for column in desired.columns)
        return desired if columns == desired.columns else dataclasses.replace(desired, columns=columns)

    def changes_in_place(self, before: Constraint | Index, after: Constraint | Index) -> bool:
        return in_place.changes_in_place(before, after)

    def mentions(self, expression: str, column: str) -> bool:
        """Whether the name stands in the expression, outside of strings."""
        return column in sql_text.words(expression)

    def renamed(self, expression: str, before: str, after: str) -> str:
        """With the new name quoted where the old one was, or where it has to be."""
        return sql_text.renamed(expression, before, after, self.sqlalchemy.identifier_preparer.quote)

    def joined(self, column: Column, key: Sequence[Column]) -> object:
        """The kind of its type: the server compares an integer with a bigint while only one of them has changed. Its
        whole type where a column of the key is compared by an operator for many types: see `polymorphic`.
        """
        if any(conversion.polymorphic(one.type) for one in key):
            return (column.type.sql, column.collation)
        return conversion.comparable(column.type)

    # reading

    def inspect(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        *,
        only: Collection[Name] | None = None,
    ) -> Schema:
        """The tables of the schemas, from pg_catalog. Partitions, and tables that belong to an extension, are
        left out; what stands in a table and has no representation is listed in ``unsupported``.
        """
        try:
            with catalog.reading(connection) as default:
                wanted = {one or default: None if one in (None, default) else one for one in schemas}
                return catalog.read(connection, wanted, default, version=self.version, only=only)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise DatabaseError(f"the catalog cannot be read: {server_words(error)}") from error

    def taken(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, str]:
        return taken(connection, names)

    def ask(self, connection: Connection, tables: Sequence[Table]) -> tuple[Table, ...]:
        """The tables as the server reports them after it has created them as temporary ones."""
        try:
            return scratch.ask(connection, tables, version=self.version)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise DatabaseError(f"the server cannot be asked: {server_words(error)}") from error

    def rules(self, table: Table) -> Judge:
        """Of expressions without strings and casts."""
        return equivalence.Rules(frozenset(column.name for column in table.columns))

    def judging(self, connection: Connection, table: Table) -> AbstractContextManager[Judge]:
        """The planner's form of expressions."""
        return explain.judging(connection, table)

    def objects(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        kinds: Collection[str] = STORED_KINDS,
    ) -> tuple[StoredObject, ...]:
        """Read the stored objects of the schemas from pg_catalog, but those that belong to an extension."""
        wanted = {
            one or self.schema or "public": None if one in (None, self.schema) else one for one in schemas
        }
        try:
            return tuple(objects.read(connection, wanted, kinds, self.version))
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise DatabaseError(f"the catalog cannot be read: {server_words(error)}") from error

    def uncompared(
        self, connection: Connection, schemas: Collection[str | None] = (None,)
    ) -> tuple[Unsupported, ...]:
        """Read from pg_catalog what is neither a table nor one of `objects`, but those that belong to an extension."""
        wanted = {
            one or self.schema or "public": None if one in (None, self.schema) else one for one in schemas
        }
        return tuple(uncompared.read(connection, wanted))

    def schemas(self, connection: Connection) -> tuple[str | None, ...]:
        """All schemas but the server's own and those of extensions."""
        return (None, *(name for name in objects.schemas(connection) if name != self.schema))

    def is_generated_name(self, table: Name, thing: Unique | Index | ForeignKey | Check | Exclude) -> bool:
        """Whether it is made of the table's name, columns and a word for its kind (ChooseIndexName in the source)."""
        return objects.is_generated_name(table, thing)

    def predicts_name(self, table: Name, thing: Constraint | Index, schema: Schema) -> bool:
        """Where nothing else would get the same name: those are numbered by their age."""
        return create.is_alone_in_name(table, thing, schema)

    def replaces(self, before: StoredObject, after: StoredObject) -> bool:
        """A function or procedure, by CREATE OR REPLACE, as long as it returns the same."""
        return objects.replaces(before, after)

    def tracks(self, one: StoredObject) -> bool:
        return objects.is_tracked(one)

    def alters_in_place(self, before: StoredObject, after: StoredObject, schema: Schema) -> bool:
        return objects.alters_in_place(before, after, schema)

    def canonical_object(self, stored: StoredObject) -> StoredObject:
        """The object without what is a default."""
        return objects.canonical(stored)

    def is_domain(self, kind: TypeEngine[Any]) -> bool:
        """Whether it is a `postgresql.DOMAIN`, or an ARRAY of one."""
        return domains.domain_of(kind) is not None

    def has_type(self, column: Column, name: Name) -> bool:
        return types.is_named(column.type, name)

    def changes_meaning_of_expressions(self, before: Column, after: Column) -> bool:
        """A varchar stands as ``(s)::text`` in them, which drops the blanks at the end of a char (PostgreSQL 15)."""
        kinds = {types.parse(column.type.sql).kind for column in (before, after)}
        return len(kinds) == 2 and "character" in kinds and kinds <= types.STRINGS

    def type_schemas(self, schema: Schema) -> frozenset[str]:
        return enums.schemas(schema)

    def declared_domain(self, kind: TypeEngine[Any]) -> Domain | None:
        """Return the domain that a `postgresql.DOMAIN`, or an ARRAY of one, declares; ``None`` for other types."""
        return domains.declared(kind, self.sqlalchemy, self.schema)

    def same_domain(self, connection: Connection, one: Domain, other: Domain) -> bool | None:
        """Asked by creating a domain in the session's temporary schema, which is rolled back."""
        return domains.same(connection, one, other)

    def same_view(self, connection: Connection, one: View, other: View) -> bool | None:
        """Asked by creating a temporary view, which is rolled back."""
        return objects.same_view(connection, one, other)

    def settings(self, connection: Connection, statements: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the statements that set where names are looked up (search_path) and how literals are read."""
        return lock.settings(connection)

    # text

    def sqlalchemy_type(self, column: Column) -> TypeEngine[object]:
        """A generic SQLAlchemy type where it says the same, else one of PostgreSQL's, else its own words."""
        found: TypeEngine[object] = types.sqlalchemy_type(column)
        return found

    def statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        """One ALTER TABLE for all that can share it, and enumerated types created, changed and dropped as needed."""
        return alter_table.statements(operations, before, version=self.version, default_schema=self.schema)

    def online_statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        """Indexes built and dropped concurrently, constraints validated apart."""
        return concurrently.statements(operations, before, self.statements)

    def undo_partial(self, operations: Sequence[Operation], live: Schema) -> Retraction:
        """Indexes that are no constraints yet, constraints that are not valid yet."""
        return leftovers.retraction(operations, live)

    def object_statements(
        self, operation: ObjectOperation, was: StoredObject | None, before: Schema
    ) -> tuple[Statement, ...]:
        """CREATE, ALTER and DROP of schemas, sequences, views and routines."""
        return objects.statements(operation, was, before)

    # carrying out

    def other_run(self, connection: Connection) -> str | None:
        return lock.at_work(connection)

    def locked(
        self,
        connection: Connection,
        wait: float,
        timeout: float = LOCK_TIMEOUT,
        tell: Callable[[str], object] = str,
    ) -> AbstractContextManager[None]:
        """An advisory lock of the session."""
        return lock.locked(connection, wait, timeout, tell)

    def without_lock_timeout(self, connection: Connection, sql: str) -> AbstractContextManager[None]:
        """An index that is made or dropped concurrently waits for old transactions, and blocks nobody meanwhile."""
        return session_settings.without_lock_timeout(connection) if " CONCURRENTLY " in sql else nullcontext()

    def sizes(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, int]:
        return blockers.sizes(connection, {self.quote_name(name): name for name in names})

    def relabelling(self, operation: Operation) -> Relabelling | None:
        return label_renames.relabelling(operation)

    def losing(self, before: Column, after: Column) -> Loss | None:
        return value_loss.losing(before, after)

    def is_lock_timeout(self, error: BaseException) -> bool:
        return blockers.is_lock_timeout(error)

    def forgone(self, operations: Sequence[Operation], live: Schema) -> Mapping[Operation, str]:
        return lost_index_settings.forgone(operations, live)

    def advice_on(self, error: BaseException) -> str | None:
        """For a view, trigger, rule or policy that hangs on a column and that the models do not declare."""
        return blockers.advice_on(error)

    def blockers(self, connection: Connection, tables: Collection[Name]) -> tuple[str, ...]:
        return blockers.holders(connection, [self.quote_name(name) for name in tables])

    def clear(
        self, connection: Connection, operations: Sequence[Operation], *, patiently: bool = True
    ) -> None:
        """Drops the invalid indexes that CREATE INDEX CONCURRENTLY left behind."""
        leftovers.clear(connection, operations, patiently=patiently)

    def transaction(
        self, connection: Connection, ending: Ending | None = None
    ) -> AbstractContextManager[Opening | None]:
        """BEGIN and COMMIT, or ROLLBACK."""
        return lock.transaction(connection, ending)

    def session(self, connection: Connection, sql: str, tables: Sequence[Name]) -> ServerSession:
        """The backend, read from pg_stat_activity and the progress views, ended by pg_cancel_backend."""
        table = tables[0] if tables else None
        return ServerSession(
            connection, progress.ADDRESS, lambda number: progress.Reader(number, table), progress.CANCEL
        )

    def copying_database(self, template: str, name: str) -> tuple[str, ...]:
        # From version 15 the default writes all of it into the log as well: 30 ms in place of 10.
        strategy = " STRATEGY FILE_COPY" if self.version >= 15 else ""
        return (f"CREATE DATABASE {self.quote(name)} TEMPLATE {self.quote(template)}{strategy}",)

    def dropping_database(self, name: str) -> tuple[str, ...]:
        """Also while a test is still connected to it."""
        return (f"DROP DATABASE IF EXISTS {self.quote(name)} WITH (FORCE)",)


@functools.cache
def _sqlalchemy(driver: type[Any]) -> SQLAlchemyDialect:
    dialect: SQLAlchemyDialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
    dialect.colspecs = driver.colspecs
    # SQLAlchemy's own default in 2.1; in 2.0 it is set from the server's standard_conforming_strings.
    dialect._backslash_escapes = False  # type: ignore[attr-defined]
    return dialect
