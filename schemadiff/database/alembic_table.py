"""Alembic's own table in a database: which revisions it says are applied. All of it is untrusted text."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.database.other_tools import ALEMBIC_COLUMN, is_alembics
from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import UsageError, VersionError
from schemadiff.schema import Name

ALEMBIC_TABLE = Name("alembic_version")


def is_there(connection: Connection, table: Name = ALEMBIC_TABLE) -> bool:
    """Whether the database has it."""
    return sa.inspect(connection).has_table(table.name)


def named(connection: Connection, dialect: Dialect) -> Name:
    """Its name, which ``version_table`` in Alembic's ``env.py`` may have changed: then it is told by its one column.
    Raises `UsageError` where there are several.
    """
    if is_there(connection):
        return ALEMBIC_TABLE
    found = sorted(name for name, table in dialect.inspect(connection).tables.items() if is_alembics(table))
    if len(found) > 1:
        raise UsageError(
            f"there are {len(found)} tables that may be Alembic's: {', '.join(map(str, found[:5]))}",
            hint="Several histories in one database are taken over without --from-alembic, as what is there.",
        )
    return found[0] if found else ALEMBIC_TABLE


def rows(connection: Connection, dialect: Dialect, table: Name = ALEMBIC_TABLE) -> tuple[str, ...]:
    """The ids in it. Raises `UsageError` where it is not there, or is another table of that name."""
    if not is_there(connection, table):
        raise UsageError(
            f"the database has no table {table}: Alembic has run nothing here",
            hint="Is it the right database? Without --from-alembic a baseline is made of what is there.",
        )
    _expect_alembics(connection, table)
    found = connection.exec_driver_sql(
        f"SELECT {dialect.quote(ALEMBIC_COLUMN)} FROM {dialect.quote_name(table)}",
        execution_options=VERBATIM,
    )
    return tuple(sorted(str(one[0]) for one in found))


def drop(connection: Connection, dialect: Dialect) -> None:
    """Drops it, where it is there. Raises `UsageError` where it is another table of that name."""
    table = named(connection, dialect)
    if is_there(connection, table):
        _expect_alembics(connection, table)
        connection.exec_driver_sql(f"DROP TABLE {dialect.quote_name(table)}", execution_options=VERBATIM)


def _expect_alembics(connection: Connection, table: Name) -> None:
    columns = [one["name"] for one in sa.inspect(connection).get_columns(table.name)]
    if columns != [ALEMBIC_COLUMN]:
        raise UsageError(
            f"the table {table} is not Alembic's: its columns are {', '.join(map(repr, columns[:5]))}",
            hint="It is left alone. Leave --from-alembic and --drop-alembic-version out.",
        )


def expected(dialect: Dialect, at: Collection[str]) -> str:
    """The SQL that is true where the table says just these revisions."""
    table, column, literal = (
        dialect.quote_name(ALEMBIC_TABLE),
        dialect.quote(ALEMBIC_COLUMN),
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
        dialect.quote(ALEMBIC_COLUMN),
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
