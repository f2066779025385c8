"""Asks the server what definitions mean: they are created as temporary tables, read back, and rolled back.

Temporary and permanent tables are reported alike (measured on PostgreSQL 15). Only what has a text of the user's is
created: keys, foreign keys, identities and comments are settled by rules and would only cost time. Nothing is ever
committed: everything stands in a savepoint, or in a transaction where none is open, that is always rolled back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.base import merge, stand_in
from schemadiff.dialects.postgresql import catalog, definitions, enums
from schemadiff.dialects.postgresql.types import parse_enum
from schemadiff.schema import Column, Index, Name, Options, Table

_PREFIX = "schemadiff_ask_"
_CHUNK = 100
"""So many tables at a time: each locks a handful of objects until it is rolled back, and the server has room for
``max_locks_per_transaction`` times its connections (6,400 by default)."""
_POINT = "schemadiff_ask"


def ask(connection: Connection, tables: Sequence[Table], *, version: int) -> tuple[Table, ...]:
    """The tables as the server reports them; one that it refuses to create comes back as it was given."""
    answers: list[Table] = []
    with catalog.reading(connection) as default:
        live = catalog.read_enums(connection, default)
    for start in range(0, len(tables), _CHUNK):
        chunk = tables[start : start + _CHUNK]
        with _rolled_back(connection):
            if not _may_create(connection):
                return tuple(tables)
            created = _create(connection, chunk, live, start)
            names = [Name(f"{_PREFIX}{number}") for number in range(start, start + len(chunk))]
            found = _read(connection, version, names) if created else {}
        answers += [
            _merged(table, found[name]) if name in found else table
            for table, name in zip(chunk, names, strict=True)
        ]
    return tuple(answers)


# what is created


def _lean(table: Table, name: Name) -> Table:
    """The table's `stand_in`, with only what has a text to ask about."""
    lean = stand_in(table, name)
    return dataclasses.replace(
        lean,
        primary_key=None,
        uniques=(),
        indexes=tuple(index for index in lean.indexes if _has_text(index)),
        columns=tuple(_lean_column(column) for column in lean.columns),
        options=Options(extra=tuple(pair for pair in lean.options.extra if pair[0] == "PARTITION_BY")),
    )


def _has_text(index: Index) -> bool:
    return bool(
        index.where is not None
        or index.options
        or any(part.expression is not None or part.opclass or part.collation for part in index.parts)
    )


def _lean_column(column: Column) -> Column:
    return dataclasses.replace(column, identity=None, autoincrement=False, comment=None)


def _statements(table: Table) -> list[str]:
    indexes = [definitions.create_index(table.name, index) for index in table.indexes]
    return [definitions.create_table(table, temporary=True), *indexes]


def _create(
    connection: Connection, tables: Sequence[Table], live: Mapping[Name, tuple[str, ...]], start: int
) -> bool:
    """Creates stand-ins for the tables, each unless the server refuses it; whether there are any."""
    types: dict[Name, tuple[str, ...]] = {}
    stand_ins: list[list[str]] = []
    for number, table in enumerate(tables, start):
        lean = _lean(table, Name(f"{_PREFIX}{number}"))
        if all(types.setdefault(name, values) == values for name, values in _types(lean)):
            stand_ins.append(_statements(lean))
    creations = [
        enums.create(Name(name.name, "pg_temp"), values)
        for name, values in types.items()
        if live.get(name) != values
    ]
    if not _try(connection, creations):
        return False
    if _try(connection, [sql for statements in stand_ins for sql in statements]):
        return True
    created = [_try(connection, statements) for statements in stand_ins]
    return any(created)


def _types(table: Table) -> Iterator[tuple[Name, tuple[str, ...]]]:
    """The enumerated types that the table's columns need. A stand-in in pg_temp is found before the real one.

    One with a schema cannot be stood in for: its table is refused, unless the real type is there.
    """
    for column in table.columns:
        if column.type.values is not None:
            name = parse_enum(column.type.sql).name
            if name.schema is None:
                yield name, column.type.values


# how it is run


def _run(connection: Connection, sql: str) -> None:
    # Without parameters the driver leaves percent signs alone.
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})


def _try(connection: Connection, statements: Sequence[str]) -> bool:
    """Whether the server carries all the statements out; if it does not, none of them counts."""
    _run(connection, f"SAVEPOINT {_POINT}_try")
    try:
        for sql in statements:
            _run(connection, sql)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        _run(connection, f"ROLLBACK TO SAVEPOINT {_POINT}_try")
        return False
    _run(connection, f"RELEASE SAVEPOINT {_POINT}_try")
    return True


def _may_create(connection: Connection) -> bool:
    """Whether this role, in this transaction, may create temporary tables at all."""
    sql = """SELECT has_database_privilege(current_database(), 'TEMPORARY')
             AND current_setting('transaction_read_only') = 'off'"""
    return bool(connection.execute(sa.text(sql)).scalar_one())


def _read(connection: Connection, version: int, names: Collection[Name]) -> Mapping[Name, Table]:
    schema = connection.execute(
        sa.text("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
    ).scalar_one()
    with catalog.reading(connection) as default:
        return catalog.read(connection, {schema: None}, default, version=version, only=names).tables


@contextmanager
def _rolled_back(connection: Connection) -> Iterator[None]:
    """A savepoint, or a transaction where none is open, that is rolled back whatever happens."""
    try:
        _run(connection, f"SAVEPOINT {_POINT}")
        inside = True
    except DBAPIError as error:
        if error.connection_invalidated or not _outside_of_transaction(error):
            raise
        _run(connection, "BEGIN")
        inside = False
    try:
        yield
    finally:
        if inside:
            _run(connection, f"ROLLBACK TO SAVEPOINT {_POINT}")
            _run(connection, f"RELEASE SAVEPOINT {_POINT}")
        else:
            _run(connection, "ROLLBACK")


def _outside_of_transaction(error: DBAPIError) -> bool:
    """SAVEPOINT was refused because there is no transaction (SQLSTATE 25P01)."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return state == "25P01"


# what is made of the answer


def _merged(table: Table, answer: Table) -> Table:
    """`table` with the server's texts; what was not asked about stays."""
    given = {column.name: column for column in table.columns}
    columns = []
    for column in answer.columns:
        own = given[column.name]
        kind = own.type if own.type.values is not None else column.type
        columns.append(
            dataclasses.replace(
                column,
                type=kind,
                nullable=own.nullable,
                default=None if own.identity or own.autoincrement else column.default,
                identity=own.identity,
                autoincrement=own.autoincrement,
                comment=own.comment,
            )
        )
    merged = merge(table, dataclasses.replace(answer, columns=tuple(columns)))
    partition = {key: text for key, text in answer.options.extra if key == "PARTITION_BY"}
    extra = tuple((key, partition.get(key, text)) for key, text in table.options.extra)
    return dataclasses.replace(merged, options=dataclasses.replace(table.options, extra=extra))
