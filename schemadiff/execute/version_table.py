"""The version table: one row that says which revision a database is at, and what was being done to it.

``version`` is the number of the last revision that is applied in full, ``digest`` vouches for the history up to it,
and ``files`` holds a short digest of each revision by itself, so that one which was edited later can be named.
``journal`` is empty at rest; while a revision is carried out on a server whose DDL commits by itself it says how far
that is (see `executor`).
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateTable

from schemadiff import __version__
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.script import VERSION_TABLE
from schemadiff.dialects.shared.ending import Ending, written
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import DatabaseError, VersionError
from schemadiff.execute.status import State, wrong_column

TABLE = sa.Table(
    VERSION_TABLE,
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("files", sa.JSON(none_as_null=True)),
    sa.Column("journal", sa.JSON(none_as_null=True)),
    sa.Column("changed_at", sa.DateTime),
    sa.Column("tool", sa.String(64)),
    sa.CheckConstraint("id = 1", name="schemadiff_version_one_row"),
)


@functools.cache
def _table(schema: str | None) -> sa.Table:
    """The version table in that schema."""
    return TABLE.to_metadata(sa.MetaData(), schema=schema) if schema else TABLE


@functools.cache
def _update(schema: str | None) -> sa.Update:
    """The statement that changes its row."""
    table = _table(schema)
    return table.update().where(table.c.id == 1)


def read(connection: Connection, dialect: Dialect) -> State | None:
    """The version row, or ``None`` where there is no version table.

    Raises `VersionError` when the table holds no row or several, or something that schemadiff never wrote.
    """
    table = _table(dialect.version_schema)
    if not sa.inspect(connection).has_table(VERSION_TABLE, schema=table.schema):
        return None
    try:
        rows = connection.execute(sa.select(table)).all()
    except (ValueError, TypeError, RecursionError) as error:  # of what reads JSON or a time
        raise VersionError(
            f"the version table {VERSION_TABLE} was changed by hand, and cannot be read: {str(error)[:200]}",
            hint=_RESTORE,
        ) from error
    if len(rows) != 1:
        found = "no row" if not rows else f"{len(rows)} rows"
        raise VersionError(
            f"the version table {VERSION_TABLE} holds {found} where there must be exactly one",
            hint=_RESTORE,
        )
    row = rows[0]
    if column := wrong_column(row._mapping):
        raise VersionError(
            f"the version table {VERSION_TABLE} was changed by hand: its {column} cannot be "
            f"{str(row._mapping[column])[:60]!r}",
            hint=_RESTORE,
        )
    return State(row.version, row.digest, tuple(row.files or ()), row.journal, row.changed_at, row.tool)


_RESTORE = (
    "Restore the row from a backup; or, when you know which revision the database is at, empty the table and insert "
    "one row with id 1, that version and its digest (`schemadiff history` shows it)."
)


def create(connection: Connection, dialect: Dialect) -> State:
    """Creates the version table with its one row at version 0, both or neither, unless it is there; returns the row."""
    state = read(connection, dialect)
    if state is not None:
        return state
    statements = creation(dialect)
    with dialect.transaction(connection) if len(statements) > 1 else nullcontext():
        for statement in statements:
            connection.exec_driver_sql(statement, execution_options=VERBATIM)
    return State()


def creation(dialect: Dialect) -> tuple[str, ...]:
    """The statements of `create`, for one transaction; on a database that has the table they do nothing."""
    created = _table(dialect.version_schema).to_metadata(sa.MetaData())
    # Only here, since SQLAlchemy imports its part for the product to be told.
    options = dialect.own_table_options
    created.dialect_kwargs.update(
        {f"{prefix}_{key}": value for prefix in dialect.option_prefixes for key, value in options.items()}
    )
    table = str(CreateTable(created, if_not_exists=True).compile(dialect=dialect.sqlalchemy)).strip()
    row = (
        "SELECT 1 AS id, 0 AS version, '' AS digest, NULL AS files, NULL AS journal, "
        f"{dialect.client.now} AS changed_at, {dialect.client.literal(__version__)} AS tool"
    )
    if not dialect.transactional_ddl:
        # One statement, because DDL commits by itself: MySQL 8.0+ and MariaDB leave no table when it fails, and leave
        # the row alone where there is a table.
        return (f"{table} {row}",)
    return (
        table,
        f"INSERT INTO {dialect.version_table} (id, version, digest, files, journal, changed_at, tool) "
        f"{row} WHERE NOT EXISTS (SELECT 1 FROM {dialect.version_table})",
    )


def expected(dialect: Dialect, state: State) -> str:
    """The SQL that is true where the version row says this and nothing is in progress."""
    return (
        f"EXISTS (SELECT 1 FROM {dialect.version_table} WHERE id = 1 AND version = {state.version} "
        f"AND digest = {dialect.client.literal(state.digest)} AND journal IS NULL)"
    )


def update(dialect: Dialect, before: State, after: State) -> str:
    """The statement that leads the version row from one state to the other, as `write` does: nothing changes where it
    is not in the first one.
    """
    literal = dialect.client.literal
    values = {
        "version": str(after.version),
        "digest": literal(after.digest),
        **({} if after.files is None else {"files": literal(json.dumps(list(after.files)))}),
        "journal": literal(json.dumps(after.journal)) if after.journal else "NULL",
        "changed_at": dialect.client.now,
        "tool": literal(__version__),
    }
    settings = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f"UPDATE {dialect.version_table} SET {settings} WHERE id = 1 AND version = {before.version}"


def ending(dialect: Dialect, before: State, after: Callable[[], State]) -> Ending:
    """The end of a transaction that leads from one state to the other."""
    return _ending(dialect, lambda: update(dialect, before, after()))


def noting(dialect: Dialect, position: int) -> Ending:
    """The end of a transaction that moves the journal which is in the version row."""
    return _ending(dialect, lambda: dialect.client.advance(position, None))


def _ending(dialect: Dialect, sql: Callable[[], str]) -> Ending:
    return Ending(sql, _count(dialect), _vanished)


def _count(dialect: Dialect) -> str:
    return f"SELECT count(*) FROM {dialect.version_table}"


def write(connection: Connection, dialect: Dialect, state: State) -> None:
    """Puts the state into the version row. Raises `VersionError` when the row is not there any more, and
    `DatabaseError` when the journal is too long for the server.
    """
    if state.journal:
        try:
            # As a literal, in which every quote and backslash is escaped.
            dialect.admit(connection, json.dumps(json.dumps(state.journal)))
        except DatabaseError as error:
            number = state.journal["revision"]
            begin = f"the steps of revision {number:04} cannot be written down, and none is carried out"
            error.message = f"{begin}: {error.message}"
            raise
    result = connection.execute(_update(dialect.version_schema), _values(state))
    if written(connection, result, _count(dialect)) != 1:
        raise _vanished()


def note_files(connection: Connection, dialect: Dialect, state: State) -> None:
    """Makes `files` whole in a row that is at this version, and leaves the rest as it is."""
    table = _table(dialect.version_schema)
    at = table.c.version == state.version
    connection.execute(_update(dialect.version_schema).where(at), {"files": list(state.files or ())})


def advance(connection: Connection, dialect: Dialect, position: int, fingerprint: str | None) -> None:
    """Moves the journal that is in the version row. Raises `VersionError` when the row is not there any more."""
    _ending(dialect, lambda: dialect.client.advance(position, fingerprint)).carry_out(connection)


def _vanished() -> VersionError:
    return VersionError(
        f"the row of the version table {VERSION_TABLE} has vanished while schemadiff was running"
    )


def _values(state: State) -> dict[str, Any]:
    return {
        "version": state.version,
        "digest": state.digest,
        **({} if state.files is None else {"files": list(state.files)}),
        "journal": state.journal,
        "changed_at": datetime.datetime.now(datetime.UTC).replace(tzinfo=None, microsecond=0),
        "tool": __version__,
    }
