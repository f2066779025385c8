"""The server's form of an expression, asked without creating anything: EXPLAIN prints it as the planner has it.

The planner's form is the same for texts that mean the same, and for the texts that the catalog reports of one and the
same source at different times (PostgreSQL 15: 116 of 116 pairs). It takes no right, not even that to read the table,
and serves on a hot standby and in a read-only transaction: the columns are those of a subquery, which OFFSET keeps
from being merged into the query. The planner drops COLLATE, so that is compared apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.postgresql.read import catalog
from schemadiff.dialects.postgresql.server.savepoints import tried
from schemadiff.dialects.postgresql.server.sql_text import mask, quote, unquote
from schemadiff.dialects.shared.driver_errors import sqlstate
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.schema import Column, Domain, Table, Type, View

_COLLATE = re.compile(r"\bCOLLATE\s+(\S+?)(?=[\s),\]]|$)", re.IGNORECASE)
_FORBIDDEN = "42501"


@contextmanager
def judging(connection: Connection, table: Table) -> Iterator[Explained]:
    """A judge of the expressions of that table."""
    with catalog.reading(connection):
        columns = ", ".join(_value(column) for column in table.columns)
        yield Explained(connection, f"(SELECT {columns} OFFSET 0) AS {quote(table.name.name)}")


@dataclass(frozen=True, slots=True)
class Explained:
    """Judges expressions by what EXPLAIN makes of them over the scene, a subquery."""

    connection: Connection
    scene: str

    def same(self, one: str, other: str) -> bool | None:
        return self._same(f"({one})", f"({other})")

    def same_default(self, column: Column, one: str, other: str) -> bool | None:
        return self._same(*(f"CAST(({text}) AS {column.type.sql})" for text in (one, other)))

    def is_default(self, manner: str) -> bool | None:
        # A class of another type than the part's cannot be in the index.
        query = sa.text("SELECT bool_or(opcdefault) FROM pg_opclass WHERE opcname = :name")
        found: bool | None = self.connection.execute(query, {"name": manner}).scalar_one()
        return found

    def _same(self, one: str, other: str) -> bool | None:
        return same_query(self.connection, *(f"SELECT {text} FROM {self.scene}" for text in (one, other)))


def same_query(connection: Connection, one: str, other: str) -> bool | None:
    """Whether the planner makes the same of two queries, `other` being one that the server is known to take; ``None``
    where it does not explain that.
    """
    there = _explained(connection, other)
    if isinstance(there, DBAPIError):
        return None
    mine = _explained(connection, one)
    if isinstance(mine, DBAPIError):
        # What the server refuses for itself is not what is there.
        return None if sqlstate(mine) == _FORBIDDEN else False
    return mine == there and _collations(one) == _collations(other)


def same_domain(connection: Connection, one: Domain, other: Domain) -> bool | None:
    """Whether two domains of one name are the same, each CHECK being told by its name or its meaning."""
    if (one.type, one.collation, one.nullable, len(one.checks)) != (
        other.type,
        other.collation,
        other.nullable,
        len(other.checks),
    ):
        return False
    # In a CHECK of a domain VALUE is the value; here it is a column.
    column = Column("value", Type(one.type), collation=one.collation)
    verdicts: list[bool | None] = []
    with judging(connection, Table(one.name, (column,))) as judge:
        if one.default != other.default:
            both = one.default is not None and other.default is not None
            verdicts.append(both and judge.same_default(column, one.default or "", other.default or ""))
        mine, theirs = dict(one.checks), dict(other.checks)
        if mine.keys() != theirs.keys() or len(mine) != len(one.checks):
            return None
        verdicts += [text == theirs[name] or judge.same(text, theirs[name]) for name, text in mine.items()]
    return False if False in verdicts else None if None in verdicts else True


def same_view(connection: Connection, one: View, other: View) -> bool | None:
    """Whether two queries give the same columns, and are the same to the planner."""
    with catalog.reading(connection):
        verdict = same_query(connection, one.definition, other.definition)
        return verdict and _columns(connection, one.definition) == _columns(connection, other.definition)


def _columns(connection: Connection, query: str) -> list[str]:
    sql = f"SELECT * FROM ({query}) AS view LIMIT 0"
    return list(connection.exec_driver_sql(sql, execution_options=VERBATIM).keys())


def _explained(connection: Connection, query: str) -> list[str] | DBAPIError:
    """The lines of the plan, or why there is none."""
    return tried(connection, [f"EXPLAIN (VERBOSE, COSTS OFF) {query}"])


def _collations(text: str) -> list[str]:
    masked = mask(text)
    return sorted(unquote(masked.restore(name)) for name in _COLLATE.findall(masked.skeleton))


def _value(column: Column) -> str:
    collate = f" COLLATE {quote(column.collation)}" if column.collation else ""
    return f"(NULL::{column.type.sql}){collate} AS {quote(column.name)}"
