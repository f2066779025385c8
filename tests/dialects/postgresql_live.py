"""A PostgreSQL database under test: an open connection with its dialect, and the way from models to changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from schemadiff.database.server_spelling import differences
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.models.reader import read
from schemadiff.operations import Operation
from schemadiff.planning import planner
from schemadiff.schema import Schema


class Live:
    """A database, an open connection to it in autocommit mode, and its dialect."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.dialect = PostgreSQL.connect(connection)

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.connection.exec_driver_sql(statement, execution_options=VERBATIM)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = self.connection.exec_driver_sql(sql, execution_options=VERBATIM)
        return [tuple(row) for row in found]

    def inspect(self, *schemas: str | None) -> Schema:
        return self.dialect.inspect(self.connection, schemas or (None,))

    def differences(self, metadata: sa.MetaData) -> tuple[Operation, ...]:
        return differences(self.connection, self.dialect, self.inspect(), read(metadata, self.dialect))

    def carry_out(self, operations: tuple[Operation, ...]) -> tuple[str, ...]:
        """Carries the operations out in one transaction; returns the statements."""
        statements = planner.plan(operations, self.inspect(), self.dialect).statements
        with self.dialect.transaction(self.connection):
            self.run(*statements)
        return statements


@contextmanager
def connected(url: str) -> Iterator[Live]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield Live(connection)


def metadata_of(*elements: Any) -> sa.MetaData:
    """A MetaData with one table, ``t``."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, *elements)
    return metadata
