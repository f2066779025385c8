"""Alembic's own table in a database: which revisions it says are applied. All of it is untrusted text."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import UsageError
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
