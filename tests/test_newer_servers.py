"""What only newer servers have than the ordinary ones of the tests: run by `make test-versions`."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import schemadiff
from schemadiff.database.connection import connected
from tests.conftest import FreshDatabase

pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.since((18,))]

CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid::regclass::text IN ('room', 'booking') AND contype <> 'n' ORDER BY 1, 2
"""


def execute(url: str, *statements: str) -> list[tuple[object, ...]]:
    with connected(url) as (connection, _):
        for statement in statements:
            result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def bookings(*more: sa.Column[object], kind: sa.types.TypeEngine[str] | None = None) -> sa.MetaData:
    """Models that are silent about time, as SQLAlchemy is."""
    metadata = sa.MetaData()
    text = kind or sa.String(10)
    sa.Table(
        "room",
        metadata,
        sa.Column("name", text, nullable=False),
        sa.Column("open", postgresql.TSRANGE, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("name", "open"),
        sa.UniqueConstraint("code", "open"),
    )
    sa.Table(
        "booking",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("room", text, nullable=False),
        sa.Column("during", postgresql.TSRANGE, nullable=False),
        *more,
        sa.ForeignKeyConstraint(["room", "during"], ["room.name", "room.open"], name="in_room"),
    )
    return metadata


OVER_TIME = (
    "CREATE EXTENSION btree_gist",
    "CREATE TABLE room (name varchar(10), open tsrange, code int NOT NULL, "
    "PRIMARY KEY (name, open WITHOUT OVERLAPS), UNIQUE (code, open WITHOUT OVERLAPS))",
    "CREATE TABLE booking (id serial PRIMARY KEY, room varchar(10) NOT NULL, during tsrange NOT NULL, "
    "CONSTRAINT in_room FOREIGN KEY (room, PERIOD during) REFERENCES room (name, PERIOD open))",
)


def test_keys_over_time_stay_in_a_newer_server(
    url: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    execute(url, *OVER_TIME)
    before = execute(url, CONSTRAINTS)
    assert sum("PERIOD" in str(row) or "WITHOUT OVERLAPS" in str(row) for row in before) == 3
    assert not schemadiff.check(url, bookings(), tmp_path / "none")

    # Another type drops the keys and makes them again; the history makes the same elsewhere.
    collated = bookings(sa.Column("note", sa.Text), kind=sa.String(20, collation="C"))
    other = fresh_database("postgresql")
    execute(other, OVER_TIME[0])
    for models in (bookings(), collated):
        schemadiff.plan(url, models, tmp_path)
        schemadiff.apply(url, tmp_path)
    schemadiff.apply(other, tmp_path)
    for each in (url, other):
        assert execute(each, CONSTRAINTS) == before
        assert not schemadiff.check(each, collated, tmp_path)
    schemadiff.rollback(other, tmp_path, to=1, allow=("all",))
    assert execute(other, CONSTRAINTS) == before


def test_keys_over_time_that_models_speak_of_in_a_newer_server(url: str, tmp_path: Path) -> None:
    execute(url, OVER_TIME[0])
    metadata = sa.MetaData()
    sa.Table(
        "room",
        metadata,
        sa.Column("name", sa.String(10), nullable=False),
        sa.Column("open", postgresql.TSRANGE, nullable=False),
        sa.PrimaryKeyConstraint("name", "open", info={"schemadiff": {"without_overlaps": True}}),
    )
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    assert execute(url, CONSTRAINTS) == [("room", "room_pkey", "PRIMARY KEY (name, open WITHOUT OVERLAPS)")]
    assert not schemadiff.check(url, metadata, tmp_path)


def test_what_is_not_enforced_is_told_apart_in_a_newer_server(url: str, tmp_path: Path) -> None:
    def models(enforced: bool) -> sa.MetaData:
        metadata = sa.MetaData()
        info = {} if enforced else {"schemadiff": {"enforced": False}}
        sa.Table("room", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table(
            "booking",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("room", sa.Integer),
            sa.CheckConstraint("room > 0", name="positive", info=info),
            sa.ForeignKeyConstraint(["room"], ["room.id"], name="in_room", info=info),
        )
        return metadata

    schemadiff.plan(url, models(False), tmp_path)
    schemadiff.apply(url, tmp_path)
    loose = execute(url, CONSTRAINTS)
    assert sum("NOT ENFORCED" in str(row) for row in loose) == 2
    assert not schemadiff.check(url, models(False), tmp_path)
    assert len(schemadiff.check(url, models(True), tmp_path).missing) == 4
    schemadiff.plan(url, models(True), tmp_path)
    schemadiff.apply(url, tmp_path, online="always")
    assert not schemadiff.check(url, models(True), tmp_path)
    assert not any("NOT ENFORCED" in str(row) for row in execute(url, CONSTRAINTS))
    schemadiff.rollback(url, tmp_path)
    assert execute(url, CONSTRAINTS) == loose


def test_a_not_null_that_is_not_valid_is_seen_in_a_newer_server(url: str, tmp_path: Path) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "room",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, nullable=False),
    )
    execute(
        url, "CREATE TABLE room (id serial PRIMARY KEY, a int)", "ALTER TABLE room ADD NOT NULL a NOT VALID"
    )
    found = schemadiff.check(url, metadata, tmp_path / "none")
    assert [one.describe() for one in found.missing] == ["alter column room.a: nullable yes -> no"]
    assert ["NOT NULL of column a" in one.what for one in found.unsupported] == [True]
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path)
    valid = "SELECT convalidated FROM pg_constraint WHERE contype = 'n' AND conrelid = 'room'::regclass"
    assert execute(url, valid) == [(True,), (True,)]
