"""Changes of type that alter values without an error: named and counted before, held until they are allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

import schemadiff
from schemadiff.database import facts
from schemadiff.database.connection import connected
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import HazardError
from schemadiff.schema import Name
from tests.counting import counted

pytestmark = pytest.mark.once

Type = sa.types.TypeEngine[Any]


class Change(NamedTuple):
    """From one type to another: a value that changes with it, and one that does not (SQL)."""

    old: Type
    new: Type
    lost: str
    kept: str
    code: str


MOMENT, MIDNIGHT = "'2024-01-02 10:11:12'", "'2024-01-02 00:00:00'"
EVERYWHERE = (
    Change(sa.Numeric(12, 4), sa.Numeric(12, 2), "1.2345", "1.2300", "SD105"),
    Change(sa.Numeric(12, 4), sa.Integer(), "1.5", "2.0000", "SD105"),
    Change(sa.Double(), sa.Integer(), "2.7", "3", "SD105"),
    Change(sa.Double(), sa.Numeric(10, 2), "2.567", "2.5", "SD105"),
    Change(sa.BigInteger(), sa.Double(), "9007199254740993", "9007199254740992", "SD105"),
    Change(sa.Integer(), sa.REAL().with_variant(mysql.FLOAT(), "mysql", "mariadb"), "16777217", "7", "SD105"),
    Change(sa.DateTime(), sa.Date(), MOMENT, MIDNIGHT, "SD108"),
    Change(sa.DateTime(), sa.Time(), MOMENT, "NULL", "SD108"),
    Change(sa.String(30), sa.Integer(), "'007'", "'7'", "SD109"),
    Change(sa.String(30), sa.Numeric(10, 2), "'1.567'", "'1.5'", "SD109"),
    Change(sa.String(30), sa.Date(), MOMENT, MIDNIGHT, "SD108"),
    Change(sa.String(30), sa.Time(), MOMENT, "'10:11:12'", "SD108"),
)
CHANGES = {
    "mysql": (
        *EVERYWHERE,
        Change(mysql.DATETIME(fsp=6), sa.DateTime(), "'2024-01-02 10:11:12.7'", MOMENT, "SD108"),
        Change(mysql.TIME(fsp=3), sa.Time(), "'10:11:12.7'", "'10:11:12'", "SD108"),
        Change(sa.Time(), sa.DateTime(), "'10:11:12'", "NULL", "SD109"),
        Change(mysql.DOUBLE(), mysql.FLOAT(), "0.123456789", "0.5", "SD105"),
        Change(mysql.DECIMAL(30, 10), mysql.DOUBLE(), "12345678901234.0123456789", "0.5", "SD105"),
    ),
    "postgresql": (
        *EVERYWHERE,
        Change(sa.Numeric(), sa.Numeric(12, 2), "1.2345", "1.2", "SD105"),
        Change(sa.Double(), sa.REAL(), "0.123456789", "0.5", "SD105"),
        Change(sa.Integer(), sa.Boolean(), "7", "1", "SD109"),
        Change(sa.DateTime(), postgresql.TIMESTAMP(precision=0), "'2024-01-02 10:11:12.7'", MOMENT, "SD108"),
        Change(
            postgresql.INTERVAL(), postgresql.INTERVAL(fields="DAY"), "'1 day 2 hours'", "'1 day'", "SD108"
        ),
        Change(sa.ARRAY(sa.Numeric(8, 4)), sa.ARRAY(sa.Integer()), "'{1.5,2}'", "'{1,2}'", "SD105"),
    ),
}
CHANGES["mariadb"] = CHANGES["mysql"]
SAFE: tuple[tuple[Type, Type], ...] = (
    (sa.Integer(), sa.BigInteger()),
    (sa.Integer(), sa.Numeric(20, 2)),
    (sa.Numeric(8, 2), sa.Numeric(12, 4)),
    (sa.Integer(), sa.Double()),
    (sa.String(20), sa.Text()),
    (sa.Date(), sa.DateTime()),
    (sa.DateTime(), sa.String(40)),
    (sa.String(40), sa.String(20)),
    (sa.Numeric(12, 0), sa.BigInteger()),
)


def models(types: list[Type]) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(f"c{number}", one) for number, one in enumerate(types)]
    sa.Table("Thing", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


def run(url: str, sql: str) -> list[tuple[Any, ...]]:
    with connected(url) as (connection, dialect):
        table = dialect.quote("Thing")
        result = connection.exec_driver_sql(sql.replace("{table}", table), execution_options=VERBATIM)
        return [tuple(row) for row in result] if result.returns_rows else []


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_loss_is_counted_and_held(url: str, engine_name: str, tmp_path: Path) -> None:
    changes = CHANGES[engine_name]
    schemadiff.plan(url, models([one.old for one in changes]), tmp_path)
    schemadiff.apply(url, tmp_path)
    run(url, f"INSERT INTO {{table}} VALUES (1, {', '.join(one.lost for one in changes)})")
    run(url, f"INSERT INTO {{table}} VALUES (2, {', '.join(one.kept for one in changes)})")
    before = run(url, "SELECT * FROM {table} ORDER BY id")
    planned = schemadiff.plan(url, models([one.new for one in changes]), tmp_path)
    told = [(one.code, one.level) for one in planned.plan.hazards]
    assert told == [(one.code, "destructive") for one in changes]
    assert all(" in 1 of 2 rows" in one.message for one in planned.plan.hazards)
    with pytest.raises(HazardError):
        schemadiff.apply(url, tmp_path)
    assert run(url, "SELECT * FROM {table} ORDER BY id") == before
    # What was told is true: allowed, and rolled back, each of the first row's values is another one.
    schemadiff.apply(url, tmp_path, allow=["SD105", "SD108", "SD109"])
    if engine_name != "postgresql":  # where a time does not become a moment again
        schemadiff.rollback(url, tmp_path, to=1, allow=["all"])
        (lost, _) = run(url, "SELECT * FROM {table} ORDER BY id")
        same = [one.new for one, was, now in zip(changes, before[0][1:], lost[1:], strict=True) if was == now]
        assert [type(one) for one in same] == [sa.DateTime]  # which only had a date added


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_rows_that_lose_nothing_need_no_leave(url: str, engine_name: str, tmp_path: Path) -> None:
    changes = CHANGES[engine_name]
    schemadiff.plan(url, models([one.old for one in changes]), tmp_path)
    schemadiff.apply(url, tmp_path)
    run(url, f"INSERT INTO {{table}} VALUES (2, {', '.join(one.kept for one in changes)})")
    planned = schemadiff.plan(url, models([one.new for one in changes]), tmp_path)
    assert planned.plan.hazards == ()
    schemadiff.apply(url, tmp_path)
    assert run(url, "SELECT id FROM {table}") == [(2,)]


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_what_cannot_lose_is_not_counted(url: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models([old for old, _ in SAFE]), tmp_path)
    schemadiff.apply(url, tmp_path)
    run(url, f"INSERT INTO {{table}} (id) VALUES {', '.join(f'({number})' for number in range(1, 4))}")
    planned = schemadiff.plan(url, models([new for _, new in SAFE]), tmp_path)
    with connected(url) as (connection, dialect):
        read: list[str] = []
        sa.event.listen(connection, "before_cursor_execute", lambda *given: read.append(given[2]))
        live = schemadiff.database.inspector.inspect(connection, dialect)
        read.clear()
        found = facts.facts_about(connection, dialect, planned.plan.operations, live)
    assert found.lost == {}
    assert not [one for one in read if "Thing" in one and "COUNT" in one]


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_column_that_is_renamed_in_the_same_plan_is_counted(url: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models([sa.Numeric(12, 4)]), tmp_path)
    schemadiff.apply(url, tmp_path)
    run(url, "INSERT INTO {table} VALUES (1, 1.2345)")
    metadata = sa.MetaData()
    sa.Table(
        "Item", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("d", sa.Numeric(12, 2))
    )
    planned = schemadiff.plan(url, metadata, tmp_path, rename=["Thing.c0=d", "Thing=Item"])
    (hazard,) = planned.plan.hazards
    assert (hazard.code, " in 1 of 1 row" in hazard.message) == ("SD105", True)


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_rows_beyond_the_limit_are_said_not_to_be_read(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "COUNT_LIMIT", 2)
    schemadiff.plan(url, models([sa.DateTime()]), tmp_path)
    schemadiff.apply(url, tmp_path)
    run(url, f"INSERT INTO {{table}} VALUES (1, {MIDNIGHT}), (2, {MIDNIGHT}), (3, {MIDNIGHT})")
    planned = schemadiff.plan(url, models([sa.Date()]), tmp_path)
    (hazard,) = planned.plan.hazards
    assert "in 0 of the first 2 rows; the others were not read" in hazard.message


def test_rows_of_many_tables_are_counted_by_few_statements(url: str) -> None:
    """A table that cannot be read is left out, and those that are asked about with it are not."""
    names = [Name(f"t{number:02}") for number in range(60)]
    metadata = sa.MetaData()
    tables = [sa.Table(one.name, metadata, sa.Column("id", sa.Integer)) for one in names]
    with counted() as counts, connected(url) as (connection, dialect):
        metadata.create_all(connection)
        for table in tables[1:3]:
            connection.execute(table.insert(), [{"id": 1}, {"id": 2}])
        expected = {name: 2 if name in names[1:3] else 0 for name in names}
        assert facts.count_rows(connection, dialect, names * 2).rows == expected
        assert sum("COUNT(*)" in text for text in counts.texts) == 2
        tables[7].drop(connection)
        del expected[names[7]]
        assert facts.count_rows(connection, dialect, names).rows == expected
