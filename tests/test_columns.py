"""Columns that say the same are read once, and only they."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

from schemadiff.dialects import Dialect
from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.mariadb import MariaDB
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.models.reader import read
from schemadiff.schema import Column, Name

DIALECTS = (SQLite.offline(), PostgreSQL.offline(), MySQL.offline(), MariaDB.offline())


class Money(sa.types.TypeDecorator[int]):
    """A type of the application's own, by its parameter another one in the database."""

    impl = sa.Integer
    cache_ok = True

    def __init__(self, big: bool) -> None:
        super().__init__()
        self.big = big

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.BigInteger() if self.big else sa.SmallInteger())


class Compiled(sa.Integer):
    """A type that is compiled by the column that it stands in."""


@compiles(Compiled)
def _compile(kind: Compiled, compiler: Any, *, type_expression: sa.Column[Any], **_: Any) -> str:
    return "BIGINT" if type_expression.nullable else "SMALLINT"


def columns() -> Iterator[sa.Column[Any]]:
    """Columns of one name, each of which says something else than the others."""
    kinds: list[TypeEngine[Any]] = [
        *(sa.Integer(), sa.BigInteger(), sa.String(5), sa.String(6), sa.Text(), sa.Boolean()),
        *(sa.Numeric(5, 2), sa.Numeric(5, 3), sa.Numeric(5, 2, asdecimal=False), sa.DateTime(timezone=True)),
        *(sa.String(5).with_variant(sa.String(9), "sqlite", "mysql", "mariadb", "postgresql"), Money(True)),
        *(Money(False), sa.Enum("a", "b", native_enum=False), sa.Enum("a", "c", native_enum=False)),
    ]
    for kind in kinds:
        yield sa.Column("a", kind)
    for kind in (sa.Integer(), Compiled()):
        for nullable in (True, False):
            yield sa.Column("a", kind, nullable=nullable, comment="b")
    for default in ("1", "2", sa.text("1"), sa.text("2"), sa.func.now(), sa.func.abs(1), sa.func.abs(2)):
        yield sa.Column("a", sa.Integer, server_default=default)
    yield sa.Column("a", sa.Integer, sa.Computed("b + 1"))
    yield sa.Column("a", sa.Integer, sa.Computed("b + 2"))
    yield sa.Column("a", sa.Integer, sa.FetchedValue())
    yield sa.Column("a", sa.Integer, comment="a")
    yield sa.Column("a", sa.Integer, info={"schemadiff": {"visible": False}})
    yield sa.Column("a", sa.Integer, sqlite_on_conflict_not_null="FAIL", nullable=False)
    yield sa.Column("a", sa.Integer, primary_key=True, autoincrement=False)
    yield sa.Column("a", sa.Integer, primary_key=True)
    yield sa.Column("a", sa.Integer, sa.Identity(start=3), primary_key=True)


def tables(metadata: sa.MetaData, numbers: set[int]) -> sa.MetaData:
    """A table for each of the columns of these numbers."""
    for number, column in enumerate(columns()):
        if number in numbers:
            sa.Table(f"t{number}", metadata, column, sa.Column("b", sa.Integer))
    return metadata


def all_of(column: Column | None) -> str:
    """Everything that a column says, also what is not compared."""
    assert column is not None
    said = repr((column, column.written, column.type.source, column.kept))
    return re.sub(r" at 0x\w+", "", said)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_each_is_read_as_if_it_were_alone(dialect: Dialect) -> None:
    numbers = set(range(sum(1 for _ in columns())))
    together = read(tables(sa.MetaData(), numbers), dialect).tables
    again = read(tables(sa.MetaData(), numbers), dialect).tables
    for number in numbers:
        name = Name(f"t{number}")
        alone = read(tables(sa.MetaData(), {number}), type(dialect).offline()).tables[name]
        assert all_of(together[name].column("a")) == all_of(alone.column("a"))
        assert all_of(again[name].column("a")) == all_of(alone.column("a"))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_ordinary_ones_are_one_value(dialect: Dialect) -> None:
    metadata = sa.MetaData()
    for number in range(3):
        sa.Table(
            f"t{number}",
            metadata,
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("name", sa.String(50), nullable=False, server_default=""),
            sa.Column("since", sa.DateTime(), server_default=sa.func.now()),
        )
    found = read(metadata, dialect).tables.values()
    assert len({id(column) for table in found for column in table.columns}) == 3


def test_what_one_server_makes_of_a_column_is_not_anothers() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.String(5)), mysql_engine="InnoDB")
    one = MySQL.offline()
    other = MySQL(**{**vars(one), "charset": "latin1", "collation": "latin1_swedish_ci"})
    collations = [
        read(metadata, dialect).tables[Name("t")].columns[0].collation for dialect in (one, other, one)
    ]
    assert collations == ["utf8mb4_0900_ai_ci", "latin1_swedish_ci", "utf8mb4_0900_ai_ci"]


def test_lists_in_types_are_no_hindrance() -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", mysql.SET("x", "y")), sa.Column("b", mysql.ENUM("x")))
    sa.Table("u", metadata, sa.Column("a", mysql.SET("x", "z")), sa.Column("b", mysql.ENUM("y")))
    found = read(metadata, MySQL.offline()).tables
    assert [column.type.sql for table in found.values() for column in table.columns] == [
        *("set('x','y')", "enum('x')", "set('x','z')", "enum('y')")
    ]
    other = sa.MetaData()
    sa.Table("t", other, sa.Column("a", postgresql.ARRAY(sa.Integer)), sa.Column("b", postgresql.HSTORE()))
    assert [one.type.sql for one in read(other, PostgreSQL.offline()).tables[Name("t")].columns] == [
        *("integer[]", "hstore")
    ]
