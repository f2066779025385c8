"""The live database -> `Schema`: SHOW CREATE TABLE for every table, many in one round trip.

SHOW CREATE TABLE and not information_schema: MySQL 9.7's catalog views lose binary defaults and mis-encode
expressions, and cost no less at a thousand tables (0.25 s on MySQL 9.7, 0.04 s on MariaDB 10.11).
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from schemadiff.dialects.mysql.read.show_create import Parsed, parse
from schemadiff.dialects.mysql.read.wide_characters import with_told
from schemadiff.dialects.mysql.server.conversation import Refusal, Talk, only, reading_mode, session
from schemadiff.dialects.mysql.server.probe_tables import is_probe
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import literal, quote
from schemadiff.dialects.mysql.sql.create import GENERATED_KEY
from schemadiff.errors import DatabaseError
from schemadiff.schema import Name, Schema, Table, Unsupported

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_GONE = 1146
_NOT_SHOWN = (1142, 1143)
"""The errors for a table that the account may not see, whether it exists or not."""


def read_settings(facts: Facts) -> dict[str, str]:
    """The session variables that reading sets: what SHOW CREATE TABLE says must not depend on who asks.

    MySQL 8.0.30+ is told to leave out the primary keys that it made by itself (sql_generate_invisible_primary_key),
    which no model has.
    """
    settings = {
        "sql_mode": literal(reading_mode(facts.sql_mode)),
        "sql_quote_show_create": "1",
        "sql_select_limit": "18446744073709551615",
        facts.product.time_limit: "0",
    }
    if facts.product.has_verbosity:
        settings["show_create_table_verbosity"] = "0"
    if facts.hides_generated_keys:
        settings["show_gipk_in_create_table_and_information_schema"] = "0"
    return settings


_GENERATED_KEYS = (
    "SELECT table_schema, table_name FROM information_schema.columns WHERE column_name = 'my_row_id' "
    "AND column_key = 'PRI' AND extra LIKE '%INVISIBLE%'"
)


def read_schema(
    connection: Connection,
    facts: Facts,
    schemas: Collection[str | None],
    only_these: Collection[Name] | None,
    canonical: Callable[[Table], Table],
) -> Schema:
    """The base tables of the given schemas, or only these of them. Raises `DatabaseError` when the server refuses."""
    tables: dict[Name, Table] = {}
    unsupported: list[Unsupported] = []
    shown: list[tuple[Name, Parsed, bool]] = []
    with session(connection, read_settings(facts)) as talk:
        names = _names(talk, facts, schemas, only_these)
        replies = talk([[f"SHOW CREATE TABLE {_qualified(name)}"] for name in names])
        for name, reply in zip(names, replies, strict=True):
            if isinstance(reply, Refusal):
                if reply.code in (_GONE, *_NOT_SHOWN):
                    continue
                raise DatabaseError(f'the server does not show the table "{name}": {reply}')
            text = reply[0][1]
            shown.append((name, parse(text, name, facts.database), "?" in text))
        for name, parsed, doubtful in shown:
            raw = parsed.table
            untold: tuple[str, ...] = ()
            if doubtful:
                raw, untold = with_told(talk, facts, raw, _qualified(name))
            table = _as_shown(canonical(raw), raw)
            tables[table.name] = table
            unsupported += [Unsupported(table.name, what) for what in (*parsed.unsupported, *untold)]
    if facts.hides_generated_keys and any(table.primary_key is None for table in tables.values()):
        for name in _with_generated_keys(connection, facts):
            if name in tables and tables[name].primary_key is None:
                options = dataclasses.replace(tables[name].options, managed=((GENERATED_KEY, ""),))
                tables[name] = dataclasses.replace(tables[name], options=options)
    return Schema(tables, unsupported=tuple(unsupported))


def _with_generated_keys(connection: Connection, facts: Facts) -> list[Name]:
    """The tables whose primary key the server made by itself (MySQL 9.7 manual, 15.1.24.11)."""
    shown = {"show_gipk_in_create_table_and_information_schema": "1"}
    with session(connection, shown) as talk:
        rows = only(next(talk([[_GENERATED_KEYS]])))
    return [Name(table, None if schema == facts.database else schema) for schema, table in rows]


def unseen(connection: Connection, facts: Facts, names: Collection[Name]) -> frozenset[Name]:
    """Which of the tables the account may not see: on a server that shows only what one has a right to, they may be
    there.
    """
    if not names:
        return frozenset()
    asked = list(names)
    with session(connection, read_settings(facts)) as talk:
        replies = talk([[f"SHOW CREATE TABLE {_qualified(name)}"] for name in asked])
        return frozenset(
            name
            for name, reply in zip(asked, replies, strict=True)
            if isinstance(reply, Refusal) and reply.code in _NOT_SHOWN
        )


def taken(connection: Connection, facts: Facts, names: Collection[Name]) -> dict[Name, str]:
    """Which of the names a view or a sequence has: they share one space of names with the tables."""
    schemas = {name.schema or facts.database or "" for name in names}
    query = (
        "SELECT table_schema, table_name, table_type FROM information_schema.tables "
        f"WHERE table_schema IN ({', '.join(map(literal, sorted(schemas)))}) "
        f"AND table_name IN ({', '.join(literal(name.name) for name in names)}) "
        "AND table_type NOT IN ('BASE TABLE', 'SYSTEM VERSIONED')"
    )
    with session(connection, read_settings(facts)) as talk:
        rows = only(next(talk([[query]])))
    fold = str.lower if facts.lower_case_table_names else str
    found = {
        (fold(schema), fold(name)): str(kind).rsplit(maxsplit=1)[-1].lower() for schema, name, kind in rows
    }
    keys = {name: (fold(name.schema or facts.database or ""), fold(name.name)) for name in names}
    return {name: found[key] for name, key in keys.items() if key in found}


def _as_shown(table: Table, shown: Table) -> Table:
    """The canonical table, its columns remembering where MySQL shows a default as an expression and it is also
    a literal: ``DEFAULT (now())``.
    """
    columns = list(table.columns)
    for place, raw in enumerate(shown.columns):
        if raw.default is None or not raw.default.startswith("("):
            continue
        column = columns[place]
        if column.default and not column.default.startswith("("):
            written = dataclasses.replace(column, default=raw.default)
            columns[place] = dataclasses.replace(column, written=written)
    same = all(map(operator.is_, columns, table.columns))
    return table if same else dataclasses.replace(table, columns=tuple(columns))


def _names(
    talk: Talk, facts: Facts, schemas: Collection[str | None], only_these: Collection[Name] | None
) -> list[Name]:
    """The names of the base tables, sorted. Views and sequences are none, and temporary tables are not listed."""
    asked: dict[str, str | None] = {schema: schema for schema in schemas if schema is not None}
    if None in schemas and facts.database is not None:
        asked[facts.database] = None
    if not asked or (only_these is not None and not only_these):
        return []
    condition = f"table_schema IN ({', '.join(map(literal, asked))})"
    if only_these is not None:
        condition += f" AND table_name IN ({', '.join(literal(name.name) for name in only_these)})"
    query = (
        "SELECT table_schema, table_name FROM information_schema.tables "
        f"WHERE {condition} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')"
    )
    rows = only(next(talk([[query]])))
    if facts.lower_case_table_names:
        asked = {found.lower(): schema for found, schema in asked.items()}
        rows = [(schema.lower(), name) for schema, name in rows]
    names = [Name(name, asked[schema]) for schema, name in rows if schema in asked and not is_probe(name)]
    wanted = None if only_these is None else set(only_these)
    return sorted(
        (name for name in names if wanted is None or name in wanted),
        key=lambda name: (name.schema or "", name.name),
    )


def _qualified(name: Name) -> str:
    return f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)
