"""Asks the server what definitions mean: they are created as temporary tables, read back, and rolled back.

Temporary and permanent tables are reported alike (measured on PostgreSQL 15). Only what has a text of the
user's is created: keys, foreign keys, identities and comments are settled by rules and would only cost time.
Nothing is ever committed: everything stands in a savepoint, or in a transaction where none is open, that is
always rolled back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.dialects.postgresql.canonical.tables import settled
from schemadiff.dialects.postgresql.canonical.types import parse_enum
from schemadiff.dialects.postgresql.read import catalog
from schemadiff.dialects.postgresql.server.savepoints import rolled_back, succeeds
from schemadiff.dialects.postgresql.server.sql_text import words
from schemadiff.dialects.postgresql.sql import create, enums
from schemadiff.dialects.shared.scratch_table import merge, stand_in
from schemadiff.schema import Exclude, Index, Name, Options, Table

_PREFIX = "schemadiff_ask_"
_CHUNK = 100
"""So many tables at a time: each locks a handful of objects until it is rolled back, and the server has room
for ``max_locks_per_transaction`` times its connections (6,400 by default)."""


def ask(connection: Connection, tables: Sequence[Table], *, version: int) -> tuple[Table, ...]:
    """The tables as the server reports them; one that it refuses to create comes back as it was given."""
    # A thousand tables that have the same CHECK on the same kind of column are one question.
    questions: dict[tuple[object, ...], Table] = {}
    asked: dict[int, Name] = {}
    for number, table in enumerate(tables):
        lean = _lean(table, Name(_PREFIX))
        if lean.columns or lean.checks or lean.excludes:
            question = (lean.columns, lean.checks, lean.indexes, lean.excludes, lean.options)
            if question not in questions:
                questions[question] = _lean(table, Name(f"{_PREFIX}{len(questions)}"))
            asked[number] = questions[question].name
    # What the rules have settled is not asked about: it comes back equal, but is not what was refused.
    answers = [
        table if number in asked else dataclasses.replace(table) for number, table in enumerate(tables)
    ]
    if not asked:
        return tuple(answers)
    with catalog.reading(connection) as default:
        live = catalog.read_enums(connection, default)
    stand_ins = list(questions.values())
    found: dict[Name, Table] = {}
    for start in range(0, len(stand_ins), _CHUNK):
        chunk = stand_ins[start : start + _CHUNK]
        with rolled_back(connection):
            succeeds(connection, ["SET LOCAL standard_conforming_strings = on"])
            if not may_create(connection):
                break
            if _create(connection, chunk, live):
                found.update(_read(connection, version, chunk))
    for number, name in asked.items():
        if name in found:
            answers[number] = _merged(tables[number], found[name])
    return tuple(answers)


# what is created


def _lean(table: Table, name: Name) -> Table:
    """The table's `stand_in`, with only what has a text to ask about and the columns that it names."""
    lean = stand_in(table, name)
    indexes = tuple(index for index in lean.indexes if _has_text(index))
    excludes = tuple(exclude for exclude in lean.excludes if _has_text(exclude))
    partition = tuple(pair for pair in lean.options.extra if pair[0] == "PARTITION_BY")
    texts = [check.expression for check in lean.checks]
    texts += [column.generated.expression for column in lean.columns if column.generated]
    things: tuple[Index | Exclude, ...] = (*indexes, *excludes)
    texts += [part.expression for one in things for part in one.parts if part.expression]
    texts += [one.where for one in things if one.where]
    texts += [text for _, text in partition]
    named = {word for text in texts for word in words(text)}
    named.update(column for index in indexes for column in (*index.columns, *index.include))
    named.update(column for exclude in excludes for column in exclude.columns)
    return dataclasses.replace(
        lean,
        primary_key=None,
        uniques=(),
        indexes=indexes,
        excludes=excludes,
        columns=tuple(
            dataclasses.replace(column, identity=None, autoincrement=False, comment=None)
            for column in lean.columns
            if column.name in named or not settled(column)
        ),
        options=Options(extra=partition),
    )


def _has_text(index: Index | Exclude) -> bool:
    return bool(
        index.where is not None
        or (isinstance(index, Index) and index.options)
        or any(part.expression is not None or part.opclass or part.collation for part in index.parts)
    )


def _create(connection: Connection, tables: Sequence[Table], live: Mapping[Name, tuple[str, ...]]) -> bool:
    """Creates the stand-ins, each unless the server refuses it; whether there are any."""
    types: dict[Name, tuple[str, ...]] = {}
    creations: list[list[str]] = []
    for table in tables:
        if all(types.setdefault(name, values) == values for name, values in _types(table)):
            indexes = [create.create_index(table.name, index) for index in table.indexes]
            creations.append([create.create_table(table, temporary=True), *indexes])
    first = [
        enums.create(Name(name.name, "pg_temp"), values)
        for name, values in types.items()
        if live.get(name) != values
    ]
    if not creations:
        return False
    # All in one round trip, where the driver can; if that fails, one by one.
    if succeeds(connection, [";\n".join(sql for statements in (first, *creations) for sql in statements)]):
        return True
    if not succeeds(connection, first):
        return False
    created = [succeeds(connection, statements) for statements in creations]
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


# how it is read


def may_create(connection: Connection) -> bool:
    """Whether this role, in this transaction, may create temporary tables at all."""
    sql = """SELECT has_database_privilege(current_database(), 'TEMPORARY')
             AND current_setting('transaction_read_only') = 'off'"""
    return bool(connection.execute(sa.text(sql)).scalar_one())


def _read(connection: Connection, version: int, tables: Iterable[Table]) -> Mapping[Name, Table]:
    schema = connection.execute(
        sa.text("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")
    ).scalar_one()
    names = {table.name for table in tables}
    with catalog.reading(connection) as default:
        return catalog.read(connection, {schema: None}, default, version=version, only=names).tables


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
                attributes=own.attributes,
            )
        )
    merged = merge(table, dataclasses.replace(answer, columns=tuple(columns)))
    partition = {key: text for key, text in answer.options.extra if key == "PARTITION_BY"}
    extra = tuple((key, partition.get(key, text)) for key, text in table.options.extra)
    return dataclasses.replace(merged, options=dataclasses.replace(table.options, extra=extra))
