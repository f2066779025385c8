"""Alembic's own table in a database: which revisions it says are applied. All of it is untrusted text."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import UsageError, VersionError
from schemadiff.schema import Name

ALEMBIC_TABLE = Name("alembic_version")


def is_there(connection: Connection) -> bool:
    """Whether the database has it."""
    return sa.inspect(connection).has_table(ALEMBIC_TABLE.name)


def rows(connection: Connection, dialect: Dialect) -> tuple[str, ...]:
    """The ids in it. Raises `UsageError` where it is not there, or is another table of that name."""
    if not is_there(connection):
        raise UsageError(
            f"the database has no table {ALEMBIC_TABLE}: Alembic has run nothing here",
            hint="Is it the right database? Without --from-alembic a baseline is made of what is there.",
        )
    _expect_alembics(connection)
    found = connection.exec_driver_sql(
        f"SELECT {dialect.quote('version_num')} FROM {dialect.quote_name(ALEMBIC_TABLE)}",
        execution_options=VERBATIM,
    )
    return tuple(sorted(str(one[0]) for one in found))


def drop(connection: Connection, dialect: Dialect) -> None:
    """Drops it, where it is there. Raises `UsageError` where it is another table of that name."""
    if is_there(connection):
        _expect_alembics(connection)
        connection.exec_driver_sql(
            f"DROP TABLE {dialect.quote_name(ALEMBIC_TABLE)}", execution_options=VERBATIM
        )


def _expect_alembics(connection: Connection) -> None:
    columns = [one["name"] for one in sa.inspect(connection).get_columns(ALEMBIC_TABLE.name)]
    if columns != ["version_num"]:
        raise UsageError(
            f"the table {ALEMBIC_TABLE} is not Alembic's: its columns are {', '.join(map(repr, columns[:5]))}",
            hint="It is left alone. Leave --from-alembic and --drop-alembic-version out.",
        )


def expected(dialect: Dialect, at: Collection[str]) -> str:
    """The SQL that is true where the table says just these revisions."""
    table, column, literal = (
        dialect.quote_name(ALEMBIC_TABLE),
        dialect.quote("version_num"),
        dialect.client.literal,
    )
    count = f"(SELECT COUNT(*) FROM {table}) = {len(at)}"
    each = (f"EXISTS (SELECT 1 FROM {table} WHERE {column} = {literal(one)})" for one in sorted(at))
    return " AND ".join([count, *each])


def moving(
    dialect: Dialect, rows_: Collection[str], before: Collection[str], to: str
) -> tuple[tuple[str, ...], Ending]:
    """The end of a transaction after which the table says that the revision `to`, which comes after those `before`, is
    applied; and the statements that go before that, where it joins several branches.
    """
    literal, table, column = (
        dialect.client.literal,
        dialect.quote_name(ALEMBIC_TABLE),
        dialect.quote("version_num"),
    )
    replaced = sorted(set(rows_) & set(before))
    first = tuple(f"DELETE FROM {table} WHERE {column} = {literal(one)}" for one in replaced[1:])
    if replaced:
        sql = f"UPDATE {table} SET {column} = {literal(to)} WHERE {column} = {literal(replaced[0])}"
    else:
        sql = f"INSERT INTO {table} ({column}) VALUES ({literal(to)})"
    return first, Ending(lambda: sql, f"SELECT count(*) FROM {table}", _moved)


def _moved() -> VersionError:
    return VersionError(
        f"what the table {ALEMBIC_TABLE} says has changed meanwhile: nothing was written to it",
        hint="Is Alembic at work on this database? Run the command again when it has ended.",
    )
