"""DuckDB for schemadiff: tables, columns, keys, indexes and CHECKs.

DuckDB is embedded and DDL is part of a transaction, so there is no journal, no online change and nobody to wait for.
Its ALTER TABLE refuses most of what touches a constraint or an index: `sql` then copies the table. What DuckDB has not,
`canonical` refuses by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from duckdb_engine import Dialect as SQLAlchemyDuckDB

from schemadiff.dialects import Dialect, Statement
from schemadiff.dialects.contract.connecting import Connecting
from schemadiff.dialects.contract.script import Client
from schemadiff.dialects.shared.lacking_features import Feature
from schemadiff.dialects.shared.value_loss import Loss
from schemadiff.operations import Operation
from schemadiff.schema import Column, Index, Name, Schema, Table
from schemadiff_duckdb import canonical, catalog, run, sql, types

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect
    from sqlalchemy.types import TypeEngine

__all__ = ["DuckDB"]

_SQLALCHEMY = cast(
    "SQLAlchemyDialect", SQLAlchemyDuckDB(paramstyle="named")
)  # so that no percent sign is doubled


@dataclass(frozen=True)
class DuckDB(Dialect):
    """DuckDB 2.0 and later."""

    name: ClassVar[str] = "duckdb"
    transactional_ddl: ClassVar[bool] = True
    lacks: ClassVar[frozenset[Feature]] = canonical.LACKS
    savepoints: ClassVar[bool] = False
    shows_statements: ClassVar[bool] = False
    retypes_only_without_foreign_keys: ClassVar[bool] = True
    lifts_views: ClassVar[bool] = False
    makes_names: ClassVar[bool] = False
    case_insensitive: ClassVar[tuple[type, ...]] = (Table, Column)
    shared_names: ClassVar[tuple[type, ...]] = (Index,)
    connecting: ClassVar[Connecting] = run.DuckDBConnecting()
    client: ClassVar[Client] = run.DuckDBClient()

    @property
    def sqlalchemy(self) -> SQLAlchemyDialect:
        return _SQLALCHEMY

    @property
    def model_prefixes(self) -> tuple[str, ...]:
        return ("postgresql",)  # duckdb-engine writes DDL with the compiler of that dialect

    @property
    def default_schema(self) -> str | None:
        return catalog.MAIN

    def canonical(self, table: Table) -> Table:
        return canonical.canonical(table)

    def inspect(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        *,
        only: Collection[Name] | None = None,
    ) -> Schema:
        return catalog.inspect(connection, schemas, only)

    def taken(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, str]:
        return catalog.taken(connection, names)

    def ask(self, connection: Connection, tables: Sequence[Table]) -> tuple[Table, ...]:
        return catalog.ask(tables)

    def sqlalchemy_type(self, column: Column) -> TypeEngine[object]:
        return types.sqlalchemy_type(column)

    def losing(self, before: Column, after: Column) -> Loss | None:
        return types.losing(before, after, self.quote(before.name))

    def statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        return sql.statements(operations, before)

    def locked(
        self,
        connection: Connection,
        wait: float,
        timeout: float = 0,
        tell: Callable[[str], object] = str,
    ) -> AbstractContextManager[None]:
        return run.locked(connection, wait)
