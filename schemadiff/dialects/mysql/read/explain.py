"""The server's form of an expression, asked without creating anything: EXPLAIN and SHOW WARNINGS (note 1003) show a
query in one spelling, with every name resolved (MySQL 9.7, MariaDB 10.11).

An expression is explained over a derived table that has the table's columns, so that it takes no right, not even that
to read the table, and serves on a read-only server, in a read-only transaction and for a table that is about to be
renamed. The derived table is a UNION, which neither server merges into the query: of a table with one row both would
show the row's values instead of the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemadiff.dialects.mysql.read.catalog import read_settings
from schemadiff.dialects.mysql.server.conversation import Refusal, Talk, session
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import bare, quote
from schemadiff.schema import Column, Table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_NOTE = 1003
FORBIDDEN = (1044, 1142, 1143, 1227, 1345, 1370, 4031)
"""Refusals for lack of a right: they say nothing of the text."""

_TYPE = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>[\d, ]*)\))?(?P<rest>.*)", re.DOTALL)
_INTEGERS = ("bit", "tinyint", "smallint", "mediumint", "int", "bigint", "year")
_TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set")
_BINARIES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_MOMENTS = {"date": "2000-01-01", "datetime": "2000-01-01", "timestamp": "2000-01-01", "time": "00:00:00"}


def explained(talk: Talk, facts: Facts, query: str) -> str | Refusal | None:
    """The query as the server shows it, or why it does not."""
    reply = next(talk([[f"{facts.product.explain} {query}", "SHOW WARNINGS"]]))
    if isinstance(reply, Refusal):
        return reply
    return next((str(text) for _, code, text in reply if int(code) == _NOTE), None)


@contextmanager
def judging(connection: Connection, facts: Facts, table: Table) -> Iterator[Explained]:
    """A judge of the expressions of that table."""
    with session(connection, read_settings(facts)) as talk:
        yield Explained(talk, facts, _scene(table))


@dataclass(frozen=True, slots=True)
class Explained:
    """Judges expressions by what EXPLAIN makes of them over the scene, a derived table."""

    talk: Talk
    facts: Facts
    scene: str

    def same(self, one: str, other: str) -> bool | None:
        there = self._text(other)
        if not isinstance(there, str):
            return None
        mine = self._text(one)
        if isinstance(mine, Refusal):
            # What the server refuses for itself is not what is there.
            return None if mine.code in FORBIDDEN else False
        return bare(mine) == bare(there)

    def same_default(self, column: Column, one: str, other: str) -> bool | None:
        verdict = self.same(one, other)
        if verdict is False and self.facts.product.folds_defaults:
            # Of a constant expression only the constant is kept.
            values = next(self.talk([[f"SELECT CAST(({one}) AS BINARY) = CAST(({other}) AS BINARY)"]]))
            return not isinstance(values, Refusal) and values[0][0] == 1
        return verdict

    def is_default(self, manner: str) -> bool:
        return False

    def _text(self, expression: str) -> str | Refusal | None:
        return explained(self.talk, self.facts, f"SELECT ({expression}) AS value FROM {self.scene}")


def _scene(table: Table) -> str:
    values = ", ".join(f"{_value(column)} AS {quote(column.name)}" for column in table.columns)
    return f"(SELECT {values} UNION ALL SELECT {values}) AS {quote(table.name.name)}"


def _value(column: Column) -> str:
    """A value of the column's type, as far as there is one that can be written down."""
    match = _TYPE.match(column.type.sql)
    name = match["name"] if match else ""
    arguments = f"({match['arguments']})" if match and match["arguments"] else ""
    if name in _INTEGERS:
        return f"CAST(0 AS {'UNSIGNED' if match and 'unsigned' in match['rest'] else 'SIGNED'})"
    if name in _TEXTS:
        charset = f" CHARACTER SET {quote(column.charset)}" if column.charset else ""
        collate = f" COLLATE {quote(column.collation)}" if column.collation else ""
        return f"CAST('' AS CHAR{charset}){collate}"
    if name in _MOMENTS:
        kind = "DATETIME" if name == "timestamp" else name.upper()
        return f"CAST('{_MOMENTS[name]}' AS {kind}{arguments})"
    if name in _BINARIES:
        return "CAST('' AS BINARY)"
    match name:
        case "decimal":
            return f"CAST(0 AS DECIMAL{arguments})"
        case "float" | "double":
            return "0e0"
        case "json":
            return "CAST('{}' AS JSON)"
        case _:
            return "NULL"
