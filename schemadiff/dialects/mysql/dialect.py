"""MySQL 8.0 and newer: what its modules know, put together as a `Dialect`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects.contract.connecting import Connecting
from schemadiff.dialects.contract.dialect import Dialect
from schemadiff.dialects.contract.script import Client
from schemadiff.dialects.contract.session import ServerSession
from schemadiff.dialects.contract.statements import Group, Statement
from schemadiff.dialects.mysql.canonical.equivalence import Rules
from schemadiff.dialects.mysql.canonical.implicit import settle, under_new_name, with_implicit
from schemadiff.dialects.mysql.canonical.tables import canonical_name, canonical_table
from schemadiff.dialects.mysql.online import algorithms
from schemadiff.dialects.mysql.online.probe import choose_algorithms
from schemadiff.dialects.mysql.read import definers, objects, uncompared
from schemadiff.dialects.mysql.read.catalog import read_schema, taken, unseen
from schemadiff.dialects.mysql.read.explain import judging
from schemadiff.dialects.mysql.read.scratch import ask_server
from schemadiff.dialects.mysql.run import blockers
from schemadiff.dialects.mysql.run import transaction as run_transaction
from schemadiff.dialects.mysql.run.lock import admit, as_server_is, at_work, locked, settings
from schemadiff.dialects.mysql.run.progress import CANCEL, MYSQL_ADDRESS, read_mysql
from schemadiff.dialects.mysql.run.script import MySQLClient
from schemadiff.dialects.mysql.server.connecting import MySQLConnecting
from schemadiff.dialects.mysql.server.lexer import MySQLLexer
from schemadiff.dialects.mysql.server.product import DEFAULT_COLLATIONS, Facts, read_facts
from schemadiff.dialects.mysql.server.sql_text import mentions, quote, renamed
from schemadiff.dialects.mysql.sql import label_renames, member_characters, value_loss
from schemadiff.dialects.mysql.sql.alter import statements, with_made_indexes
from schemadiff.dialects.mysql.sql.clauses import changes_in_place, of_revision
from schemadiff.dialects.mysql.sql.rename_dependents import with_dependents
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.lacking_features import Feature
from schemadiff.dialects.shared.lexer import Lexer
from schemadiff.dialects.shared.live_wording import Judge
from schemadiff.dialects.shared.managed_elsewhere import set_apart
from schemadiff.errors import ConfigError
from schemadiff.operations import Operation
from schemadiff.operations.objects import STORED_KINDS, ObjectOperation
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
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

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect
    from sqlalchemy.types import TypeEngine

    from schemadiff.dialects.shared.label_renames import Relabelling
    from schemadiff.dialects.shared.value_loss import Loss


@dataclass(frozen=True, eq=False)
class MySQL(Facts, Dialect):
    """MySQL, with the facts of one server."""

    name: ClassVar[str] = "mysql"
    lacks: ClassVar[frozenset[Feature]] = frozenset(
        {"deferrable constraints", "exclusion constraints", "included columns", "partial indexes"}
    )
    transactional_ddl: ClassVar[bool] = False
    retypes_only_without_foreign_keys: ClassVar[bool] = True
    copies_for_foreign_keys: ClassVar[bool] = True
    counts_constraints: ClassVar[bool] = True
    lifts_views: ClassVar[bool] = False
    case_insensitive: ClassVar[tuple[type, ...]] = (Column,)
    # The version row has to be text, and part of a transaction.
    own_table_options: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"engine": "InnoDB", "charset": "utf8mb4"}
    )
    defaults_name_columns: ClassVar[bool] = True
    shared_names: ClassVar[tuple[type, ...]] = (Check, ForeignKey)
    client: ClassVar[Client] = MySQLClient()
    connecting: ClassVar[Connecting] = MySQLConnecting()
    lexer: ClassVar[Lexer] = MySQLLexer()

    @property
    def default_schema(self) -> str | None:
        return self.database

    def named(self, name: str, schema: str | None = None) -> Name:
        """In lower case where the server is told to keep names so."""
        folded = canonical_name(Name(name, schema), self)
        return folded if folded.schema != self.database else Name(folded.name)

    @classmethod
    def offline(cls) -> MySQL:
        return cls(
            version=(9, 7, 0),
            charset="utf8mb4",
            collation="utf8mb4_0900_ai_ci",
            collations=DEFAULT_COLLATIONS,
            sql_mode="ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
            "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
        )

    @classmethod
    def connect(cls, connection: Connection) -> MySQL:
        facts = read_facts(connection)
        if facts["database"] is None:
            raise ConfigError(
                "the URL names no database",
                hint="Write it behind the host: mysql+pymysql://user:password@host/database.",
            )
        return cls(**facts)

    @property
    def sqlalchemy(self) -> SQLAlchemyDialect:
        return self._sqlalchemy

    @cached_property
    def _sqlalchemy(self) -> SQLAlchemyDialect:
        from sqlalchemy.dialects import mysql

        # Not the paramstyle "format" of the drivers: with it the compilers double every percent sign.
        dialect: Any = mysql.dialect(paramstyle="named")
        dialect.server_version_info = self.version
        return cast("SQLAlchemyDialect", dialect)

    def quote(self, identifier: str) -> str:
        return quote(identifier)

    def canonical(self, table: Table) -> Table:
        return canonical_table(table, self)

    def with_implicit(self, live: Table, known: Sequence[Table]) -> Table:
        return with_implicit(live, known, self.product)

    def with_managed(self, live: Table, known: Sequence[Table]) -> Table:
        return set_apart(live, known, None)

    def under_new_name(self, table: Table, old: Name) -> Table:
        return under_new_name(table, old.name, self.product)

    def add_generated(self, current: Table, desired: Table) -> Table:
        return settle(current, desired)

    def changes_in_place(self, before: Constraint | Index, after: Constraint | Index) -> bool:
        return changes_in_place(before, after)

    def mentions(self, expression: str, column: str) -> bool:
        return mentions(expression, column)

    def renamed(self, expression: str, before: str, after: str) -> str:
        return renamed(expression, before, after, self.sqlalchemy.identifier_preparer.quote)

    def inspect(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        *,
        only: Collection[Name] | None = None,
    ) -> Schema:
        return read_schema(connection, self, schemas, only, self.canonical)

    def ask(self, connection: Connection, tables: Sequence[Table]) -> tuple[Table, ...]:
        return ask_server(connection, self, tables, self.canonical)

    def judging(self, connection: Connection, table: Table) -> AbstractContextManager[Judge]:
        return judging(connection, self, table)

    def rules(self, table: Table) -> Judge:
        return Rules(frozenset(column.name for column in table.columns))

    def unseen(self, connection: Connection, names: Collection[Name]) -> frozenset[Name]:
        return unseen(connection, self, names)

    def taken(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, str]:
        return taken(connection, self, names)

    def objects(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        kinds: Collection[str] = STORED_KINDS,
    ) -> tuple[StoredObject, ...]:
        return tuple(objects.read_objects(connection, self, schemas, kinds))

    def uncompared(
        self, connection: Connection, schemas: Collection[str | None] = (None,)
    ) -> tuple[Unsupported, ...]:
        return tuple(uncompared.read(connection, self, schemas))

    def is_generated_name(self, table: Name, thing: Unique | Index | ForeignKey | Check | Exclude) -> bool:
        return objects.is_generated_name(table, thing, self.product.check_name)

    def settings(self, connection: Connection, statements: Sequence[str] = ()) -> tuple[str, ...]:
        return settings(connection, self, statements)

    def predicts_name(self, table: Name, thing: Constraint | Index, schema: Schema) -> bool:
        return objects.is_first_of_its_kind(schema.tables[table], thing)

    def replaces(self, before: StoredObject, after: StoredObject) -> bool:
        return isinstance(before, View) and isinstance(after, View)

    def canonical_object(self, stored: StoredObject) -> StoredObject:
        return objects.canonical_object(stored)

    def same_view(self, connection: Connection, one: View, other: View) -> bool | None:
        return objects.same_view(connection, self, one, other)

    def sqlalchemy_type(self, column: Column) -> TypeEngine[object]:
        from schemadiff.dialects.mysql.canonical.sqlalchemy_types import sqlalchemy_type

        return sqlalchemy_type(column, self)

    def collated_type(self, column: Column) -> TypeEngine[object]:
        from schemadiff.dialects.mysql.canonical.sqlalchemy_types import sqlalchemy_type

        return sqlalchemy_type(column, self, collated=True)

    def statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        found = statements(self._expanded(operations, before), before, self, later)
        return tuple(
            Statement(
                one.sql,
                carried,
                effect=effect,
                expects=member_characters.expected(carried, operations, before, self),
            )
            for one in found
            for carried, effect in [of_revision(one, operations)]
        )

    def online_statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        group = Group(tuple(operations), before, tuple(later))
        found = self.statements(operations, before, later=later)
        return tuple(replace(one, group=group) for one in found)

    def choose_algorithms(
        self, connection: Connection, statements: Sequence[Statement]
    ) -> tuple[tuple[Statement, ...], ...]:
        expanded = {
            one.group: self._expanded(one.group.operations, one.group.before)
            for one in statements
            if one.group is not None
        }
        if not expanded:
            return super().choose_algorithms(connection, statements)
        return tuple(choose_algorithms(connection, self, statements, expanded))

    def fallback(self, sql: str, error: BaseException) -> str | None:
        return algorithms.after_last_version(sql, blockers.error_code(error))

    def is_algorithm_refusal(self, error: BaseException) -> bool:
        return algorithms.is_refusal(blockers.error_code(error))

    def _expanded(self, operations: Sequence[Operation], before: Schema) -> Sequence[Operation]:
        """The operations, with what has to make way for them and come back."""
        if self.product.renames_in_expressions:
            return operations
        return with_dependents(operations, before, self)

    def after_statements(
        self,
        operations: Sequence[Operation],
        before: Schema,
        after: Schema,
        *,
        later: Sequence[Operation] = (),
    ) -> Schema:
        return with_made_indexes(self._expanded(operations, before), before, after, self, later)

    def object_statements(
        self, operation: ObjectOperation, was: StoredObject | None, before: Schema
    ) -> tuple[Statement, ...]:
        return objects.object_statements(operation, was)

    def locked(
        self,
        connection: Connection,
        wait: float,
        timeout: float = LOCK_TIMEOUT,
        tell: Callable[[str], object] = str,
    ) -> AbstractContextManager[None]:
        return locked(connection, self, wait, timeout, tell)

    def other_run(self, connection: Connection) -> str | None:
        return at_work(connection, self)

    def sizes(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, int]:
        return blockers.sizes(connection, self, names)

    def is_lock_timeout(self, error: BaseException) -> bool:
        return blockers.is_lock_timeout(error)

    def relabelling(self, operation: Operation) -> Relabelling | None:
        return label_renames.relabelling(operation)

    def losing(self, before: Column, after: Column) -> Loss | None:
        return value_loss.losing(before, after)

    def forgone(self, operations: Sequence[Operation], live: Schema) -> Mapping[Operation, str]:
        return definers.forgone(operations, live)

    def advice_on(self, error: BaseException) -> str | None:
        return run_transaction.advice_on(error)

    def blockers(self, connection: Connection, tables: Collection[Name]) -> tuple[str, ...]:
        return blockers.holders(connection, self, tables)

    def admit(self, connection: Connection, sql: str) -> None:
        admit(connection, self, sql)

    def as_server_is(self, connection: Connection) -> AbstractContextManager[None]:
        return as_server_is(connection, self)

    def transaction(
        self, connection: Connection, ending: Ending | None = None
    ) -> AbstractContextManager[None]:
        return run_transaction.transaction(connection, ending)

    def session(self, connection: Connection, sql: str, tables: Sequence[Name]) -> ServerSession:
        return ServerSession(
            connection, MYSQL_ADDRESS, lambda number: partial(read_mysql, session=number), CANCEL
        )

    def copying_rows(self, template: str, table: Name, columns: Iterable[str]) -> tuple[str, ...]:
        # A row may refer to one that comes later, and have the number 0, which else would ask for the next one.
        mode = "SET @of_tests = @@sql_mode, SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', SESSION foreign_key_checks = 0"
        return (mode, *super().copying_rows(template, table, columns), "SET SESSION sql_mode = @of_tests")

    def dropping_database(self, name: str) -> tuple[str, ...]:
        return ("SET SESSION lock_wait_timeout = 10", *super().dropping_database(name))
