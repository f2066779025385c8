"""The least that reading a database can cost: bulk queries by the bare driver, plain tuples by table, no comparing.

MySQL and MariaDB show their tables in packets of many statements, PostgreSQL answers from three catalogs, SQLite from
its one. Each table comes to its columns as (name, type, nullable, default) and its other parts as text.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from itertools import islice
from typing import Any

import psycopg
import pymysql
import sqlalchemy as sa
from pymysql.constants import CLIENT

Tables = dict[str, tuple[list[tuple[Any, ...]], list[str]]]
"""By name, the columns and the other parts."""


def read(url: str) -> Tables:
    """All tables of the database."""
    parsed = sa.make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(str(parsed.database))
        case "postgresql":
            return _postgresql(parsed)
        case _:
            return _mysql(parsed)


_LINE = re.compile(r"  `((?:[^`]|``)+)` (\S+(?: unsigned)?)(.*?)(?: DEFAULT ('(?:[^']|'')*'|\S+))?,?")
_PACKET = 250


def _mysql(url: sa.URL) -> Tables:
    _, told = sa.create_engine(url).dialect.create_connect_args(url)
    flags = told.pop("client_flag", 0) | CLIENT.MULTI_STATEMENTS
    connection = pymysql.connect(**told, client_flag=flags)
    tables: Tables = {}
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        )
        names = iter([name for (name,) in cursor.fetchall()])
        while some := list(islice(names, _PACKET)):
            cursor.execute("; ".join(f"SHOW CREATE TABLE `{name}`" for name in some))
            while True:
                ((name, text),) = cursor.fetchall()
                tables[name] = _shown(text)
                if not cursor.nextset():
                    break
    return tables


def _shown(text: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    columns, others = [], []
    for line in text.split("\n")[1:]:
        if found := _LINE.fullmatch(line):
            name, kind, options, default = found.groups()
            columns.append((name, kind, "NOT NULL" not in options, default))
        else:
            others.append(line.strip(" ,"))
    return columns, others


_POSTGRESQL = (
    """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
              pg_get_expr(d.adbin, d.adrelid)
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0
       AND NOT a.attisdropped ORDER BY c.oid, a.attnum""",
    """SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
       WHERE c.relnamespace = current_schema()::regnamespace""",
    """SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
       WHERE c.relnamespace = current_schema()::regnamespace""",
)


def _postgresql(url: sa.URL) -> Tables:
    tables: Tables = defaultdict(lambda: ([], []))
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        for name, *column in connection.execute(_POSTGRESQL[0]):
            tables[name][0].append(tuple(column))
        for query in _POSTGRESQL[1:]:
            for name, text in connection.execute(query):
                tables[name][1].append(text)
    return tables


_PART = re.compile(r"\t(?:CONSTRAINT|PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK) ?.*")


def _sqlite(path: str) -> Tables:
    tables: Tables = defaultdict(lambda: ([], []))
    connection = sqlite3.connect(path)
    for name, text, *column in connection.execute(
        'SELECT m.name, CASE WHEN c.cid = 0 THEN m.sql END, c.name, c.type, NOT c."notnull", c.dflt_value '
        "FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'"
    ):
        tables[name][0].append(tuple(column))
        if text:
            tables[name][1].extend(_PART.findall(text))
    for name, text in connection.execute(
        "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ):
        tables[name][1].append(text)
    connection.close()
    return tables
