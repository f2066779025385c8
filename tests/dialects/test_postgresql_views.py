"""The indexes of materialized views that somebody changed by hand: named by check, and put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database import connected
from tests import postgresql_catalog

# SQLAlchemy 2.0 cannot declare views, and leaves out what is to be run once.
pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.once]

BY_HAND = {
    "an index less": ["DROP INDEX ix_id"],
    "an index more": ["CREATE INDEX more ON names (name, id DESC)"],
    "another name": ["ALTER INDEX ix_id RENAME TO other"],
    "another option": ["ALTER INDEX ix_lower SET (fillfactor = 50)"],
    "another predicate": ["DROP INDEX ix_part", "CREATE INDEX ix_part ON names (id) WHERE id > 6"],
    "another view": [
        "DROP MATERIALIZED VIEW names",
        "CREATE MATERIALIZED VIEW names AS SELECT id, name FROM person WHERE id > 0",
        "CREATE UNIQUE INDEX ix_id ON names (id)",
    ],
    "no view": ["DROP MATERIALIZED VIEW names"],
}


def models() -> sa.MetaData:
    from sqlalchemy.sql.ddl import CreateView

    metadata = sa.MetaData()
    person = sa.Table(
        "person", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50))
    )
    query = sa.select(person.c.id, person.c.name)
    names = CreateView(query, "names", metadata=metadata, materialized=True).table
    sa.Index("ix_id", names.c.id, unique=True)
    sa.Index("ix_lower", sa.func.lower(names.c.name))
    sa.Index("ix_part", names.c.id, postgresql_where=names.c.id > 5)
    return metadata


@pytest.mark.parametrize("case", BY_HAND)
def test_put_back(case: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    url = fresh_database("postgresql")
    schemadiff.plan(url, models(), tmp_path, message="models")
    schemadiff.apply(url, tmp_path)
    wanted = _catalog(url)
    with connected(url, changes=True) as (connection, _):
        for sql in BY_HAND[case]:
            connection.exec_driver_sql(sql)
        connection.commit()

    assert schemadiff.check(url, models(), tmp_path).drifted
    assert schemadiff.plan(url, models(), tmp_path, message="put back").path
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, models(), tmp_path)
    assert _catalog(url) == wanted


def test_what_hangs_on_a_view_that_makes_room_comes_back(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    schemadiff.plan(url, models(), tmp_path, message="models")
    schemadiff.apply(url, tmp_path)
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql("COMMENT ON MATERIALIZED VIEW names IS 'kept'")
        connection.exec_driver_sql("GRANT SELECT ON names TO PUBLIC")
        connection.commit()
    metadata = models()
    metadata.tables["person"].c.name.type = sa.Text()
    schemadiff.plan(url, metadata, tmp_path, message="longer")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path)
    with connected(url) as (connection, _):
        comment, grants = connection.exec_driver_sql(
            "SELECT obj_description(oid), relacl::text FROM pg_class WHERE relname = 'names'"
        ).one()
        assert (comment, "=r/" in grants) == ("kept", True)
        assert len(sa.inspect(connection).get_indexes("names")) == 3


def test_an_index_by_hand_goes_by_name_when_its_view_makes_room(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    schemadiff.plan(url, models(), tmp_path, message="models")
    schemadiff.apply(url, tmp_path)
    made = _catalog(url)
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql("CREATE INDEX by_hand ON names (id) WHERE name IN ('a', 'b')")
        connection.commit()
    metadata = models()
    metadata.tables["person"].c.name.type = sa.Text()
    planned = schemadiff.plan(url, metadata, tmp_path, message="longer")
    assert any("drop index by_hand" in one.describe() for one in planned.plan.operations)
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path)
    schemadiff.rollback(url, tmp_path)
    assert _catalog(url) == made


def _catalog(url: str) -> dict[str, list[str]]:
    with connected(url) as (connection, _):
        return postgresql_catalog.catalog(connection)
