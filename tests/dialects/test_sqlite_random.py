"""Random pairs of schemas: from one to the other and back, and the rows of the columns that stay are still there."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemadiff.compare.comparer import compare
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.models.reader import read
from schemadiff.planning.planner import plan
from schemadiff.schema import Name, Schema

TABLES = ("user", 'odd "table"; --', "Order")
COLUMNS = ("a", "select", "two words", 'quo"te', "Ünï")

TYPES: tuple[Any, ...] = (
    sa.Integer(),
    sa.BigInteger(),
    sa.String(20),
    sa.String(20, collation="NOCASE"),
    sa.Text(),
    sa.Numeric(10, 2),
    sa.DateTime(),
    sa.Boolean(),
    sa.LargeBinary(),
)
DEFAULTS: tuple[Any, ...] = (
    None,
    "0",
    "it's",
    sa.text("0"),
    sa.text("(1 + 2)"),
    sa.text("CURRENT_TIMESTAMP"),
    sa.text("-1.5"),
)


@st.composite
def columns(draw: st.DrawFn, name: str) -> sa.Column[Any]:
    computed = draw(st.sampled_from((None, None, None, False, True)))
    if computed is not None:
        return sa.Column(name, sa.Integer(), sa.Computed("id + 1", persisted=computed))
    default = draw(st.sampled_from(DEFAULTS))
    return sa.Column(
        name,
        draw(st.sampled_from(TYPES)),
        nullable=default is None or draw(st.booleans()),
        server_default=default,
    )


@st.composite
def metadatas(draw: st.DrawFn) -> sa.MetaData:
    metadata = sa.MetaData()
    names = draw(st.lists(st.sampled_from(TABLES), unique=True, min_size=1))
    for table_name in names:
        key = sa.Column("id", draw(st.sampled_from((sa.Integer(), sa.BigInteger()))), primary_key=True)
        chosen = draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
        autoincrement = isinstance(key.type, sa.Integer) and not isinstance(key.type, sa.BigInteger)
        table = sa.Table(
            table_name,
            metadata,
            key,
            *(draw(columns(name)) for name in chosen),
            sqlite_autoincrement=autoincrement and draw(st.booleans()),
            sqlite_strict=False,
        )
        plain = [table.c[name] for name in chosen if table.c[name].computed is None]
        for number, column in enumerate(plain):
            place = f"{TABLES.index(table_name)}_{number}"
            match draw(st.sampled_from(("", "", "index", "unique index", "unique", "check", "partial"))):
                case "index":
                    sa.Index(f"ix_{place}", column)
                case "unique index":
                    sa.Index(f"ux_{place}", column.desc(), unique=True)
                case "unique":
                    name = draw(st.sampled_from((None, f"uq_{number}")))
                    table.append_constraint(sa.UniqueConstraint(column, name=name))
                case "check":
                    name = draw(st.sampled_from((None, f"it's check {number}")))
                    table.append_constraint(
                        sa.CheckConstraint(column.is_(None) | (sa.func.length(column) > 0), name=name)
                    )
                case "partial":
                    sa.Index(f"px_{place}", sa.func.lower(column), sqlite_where=column.is_not(None))
                case _:
                    pass
        if draw(st.booleans()):
            target = draw(st.sampled_from(names))
            table.append_column(
                sa.Column(
                    "refers",
                    sa.Integer,
                    sa.ForeignKey(
                        f"{target}.id",
                        ondelete=draw(st.sampled_from((None, "CASCADE", "SET NULL", "RESTRICT"))),
                        name=draw(st.sampled_from((None, "fk"))),
                        deferrable=draw(st.sampled_from((None, True))),
                    ),
                )
            )
    return metadata


def carry(connection: sa.Connection, dialect: SQLite, current: Schema, desired: Schema) -> None:
    made = plan(compare(current, desired, dialect), current, dialect)
    with dialect.transaction(connection):
        for step in made.steps:
            connection.exec_driver_sql(step.sql)


def fill(connection: sa.Connection, schema: Schema, dialect: SQLite) -> None:
    """One row in each table, every value of which is the id, but for the foreign keys'."""
    for name, table in schema.tables.items():
        filled = [one.name for one in table.columns if not one.generated and one.name != "refers"]
        names = ", ".join(map(dialect.quote, filled))
        values = ", ".join("41" for _ in filled)
        connection.exec_driver_sql(f"INSERT INTO {dialect.quote(name.name)} ({names}) VALUES ({values})")


@pytest.mark.slow
@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(metadatas(), metadatas())
def test_there_and_back(one: sa.MetaData, other: sa.MetaData) -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        dialect = SQLite.connect(connection)
        first, second = read(one, dialect), read(other, dialect)
        one.create_all(connection)
        live = dialect.inspect(connection)
        assert live.tables == first.tables
        assert dialect.ask(connection, tuple(first.tables.values())) == tuple(first.tables.values())
        fill(connection, first, dialect)
        before = {name: table for name, table in first.tables.items() if name in second.tables}
        carry(connection, dialect, live, second)
        live = dialect.inspect(connection)
        assert differences(live, second, dialect) == []
        for name in before:
            assert ids(connection, dialect, name) == [41]
        carry(connection, dialect, live, first)
        assert differences(dialect.inspect(connection), first, dialect) == []
        for name in before:
            assert ids(connection, dialect, name) == [41]
    engine.dispose()


def differences(current: Schema, desired: Schema, dialect: SQLite) -> list[str]:
    return [operation.describe() for operation in compare(current, desired, dialect)]


def ids(connection: sa.Connection, dialect: SQLite, name: Name) -> list[int]:
    rows = connection.exec_driver_sql(f"SELECT id FROM {dialect.quote(name.name)}")
    return [row[0] for row in rows]
