"""Reads the tables of a DuckDB database. DuckDB shows every expression in a form of its own, so it is asked for that
form in a database in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.shared.lexer import Lexer
from schemadiff.dialects.shared.scratch_table import merge, stand_in
from schemadiff.dialects.shared.standard_sql import create_whole
from schemadiff.errors import DatabaseError
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unique,
)
from schemadiff_duckdb.canonical import canonical

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MAIN = "main"
"""The schema of a connection."""

_HERE = "WHERE database_name = current_database() AND NOT internal"
_TABLES = (
    f"SELECT schema_name, table_name, comment, sql FROM duckdb_tables() {_HERE} AND NOT temporary ORDER BY 2"
)
_COLUMNS = (
    "SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default, generation_expression, "
    f"comment FROM duckdb_columns() {_HERE} ORDER BY column_index"
)
_CONSTRAINTS = (
    "SELECT schema_name, table_name, constraint_type, expression, constraint_column_names, referenced_table, "
    "referenced_column_names FROM duckdb_constraints() WHERE database_name = current_database() "
    "ORDER BY constraint_index"
)
_INDEXES = (
    "SELECT schema_name, table_name, index_name, is_unique, comment, sql FROM duckdb_indexes() "
    "WHERE database_name = current_database() ORDER BY index_name"
)
_VIEWS = f"SELECT schema_name, view_name FROM duckdb_views() {_HERE}"


def inspect(
    connection: Connection, schemas: Collection[str | None], only: Collection[Name] | None = None
) -> Schema:
    """The tables of the schemas, in canonical form."""
    try:
        columns = _by_table(connection, _COLUMNS)
        constraints = _by_table(connection, _CONSTRAINTS)
        indexes = _by_table(connection, _INDEXES)
        found = connection.exec_driver_sql(_TABLES).all()
    except DBAPIError as error:
        raise DatabaseError(f"DuckDB refuses to say what tables there are: {error.orig}") from error
    tables = {}
    for schema, table, comment, text in found:
        name = _name(schema, table)
        if name.schema in schemas and (only is None or name in only):
            tables[name] = canonical(
                _table(name, comment, columns[name], constraints[name], indexes[name], text)
            )
    return Schema(tables)


def taken(connection: Connection, names: Collection[Name]) -> dict[Name, str]:
    """Those of the names that a view has."""
    views = {_name(schema, view) for schema, view in connection.exec_driver_sql(_VIEWS)}
    return dict.fromkeys(views.intersection(names), "view")


def ask(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables as DuckDB reports them; one that it does not create as it was given."""
    if not tables:
        return ()
    engine = sa.create_engine("duckdb:///:memory:", poolclass=sa.pool.StaticPool)
    try:
        with engine.connect() as scratch:
            return tuple(_read_back(scratch, table, number) for number, table in enumerate(tables))
    finally:
        engine.dispose()


def _read_back(scratch: Connection, table: Table, number: int) -> Table:
    asked = stand_in(table, Name(f"asked_{number}"))
    try:
        for text in create_whole(asked):
            scratch.exec_driver_sql(text)
    except DBAPIError:
        scratch.rollback()
        return table
    return canonical(merge(table, inspect(scratch, (None,), {asked.name}).tables[asked.name]))


def _name(schema: str, table: str) -> Name:
    return Name(table, None if schema == MAIN else schema)


def _by_table(connection: Connection, query: str) -> Mapping[Name, list[Any]]:
    found: dict[Name, list[Any]] = defaultdict(list)
    for schema, table, *rest in connection.exec_driver_sql(query):
        found[_name(schema, table)].append(rest)
    return found


def _table(
    name: Name, comment: str | None, columns: list[Any], constraints: list[Any], indexes: list[Any], text: str
) -> Table:
    collations = dict(_collations(text))
    key: PrimaryKey | None = None
    uniques, foreign_keys, checks = [], [], []
    for kind, expression, over, target, target_columns in constraints:
        match kind:
            case "PRIMARY KEY":
                key = PrimaryKey(tuple(over))
            case "UNIQUE":
                uniques.append(Unique(tuple(over)))
            case "CHECK":
                checks.append(Check(expression))
            case "FOREIGN KEY":
                foreign_keys.append(ForeignKey(tuple(over), Name(target, name.schema), tuple(target_columns)))
            case _:  # NOT NULL is said of the column
                pass
    return Table(
        name,
        tuple(
            Column(
                column,
                Type(kind),
                nullable=nullable,
                default=None if generated else default,
                generated=Generated(_uncast(generated, kind), stored=False) if generated else None,
                collation=collations.get(column),
                comment=about,
            )
            for column, kind, nullable, default, generated, about in columns
        ),
        key,
        tuple(uniques),
        tuple(
            Index(tuple(_parts(made)), index, unique=unique, comment=about)
            for index, unique, about, made in indexes
        ),
        tuple(foreign_keys),
        tuple(checks),
        Options(comment=comment),
    )


def _uncast(expression: str, kind: str) -> str:
    """The expression without the CAST to the column's type that DuckDB puts around it."""
    head, tail = "CAST(", f" AS {kind})"
    return (
        expression[len(head) : -len(tail)]
        if expression.startswith(head) and expression.endswith(tail)
        else expression
    )


def _listed(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each item of the first list in parentheses, and whether it is a single word."""
    depth = start = count = 0
    for token in Lexer().tokens(text):
        if depth == 1 and token.text in (",", ")"):
            yield text[start : token.start].strip(), count == 1
            start, count = token.end, 0
        elif depth:
            count += 1
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 1 and token.text == "(":
            start = start or token.end
        if not depth and token.text == ")":
            return


def _parts(text: str) -> Iterator[Part]:
    for one, is_name in _listed(text):
        yield Part(column=_unquoted(one)) if is_name else Part(expression=one)


def _collations(text: str) -> Iterator[tuple[str, str]]:
    """The columns that have a collation: only the statement says so that would make the table."""
    for one, _ in _listed(text):
        words = Lexer().tokens(one)
        if [token.word for token in words[1:3]] == ["VARCHAR", "COLLATE"]:
            yield _unquoted(words[0].text), words[3].text


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
