"""The indexes of materialized views that somebody changed by hand: named by check, and put back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
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


KEPT = """SELECT c.relname, a.attname, a.attstattarget, a.attoptions::text, a.attstorage::text, c.relispopulated,
i.indisclustered, obj_description(c.oid, 'pg_class'), col_description(a.attrelid, a.attnum), a.attacl::text,
(SELECT array_agg(x::text ORDER BY x::text) FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x),
(SELECT array_agg(concat_ws('; ', pg_get_statisticsobjdef(s.oid), s.stxstattarget,
    obj_description(s.oid, 'pg_statistic_ext'), s.stxowner::regrole)) FROM pg_statistic_ext s WHERE s.stxrelid = c.oid)
FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relname IN ('names', 'ix_id', 'ix_lower', 'ix_part') ORDER BY 1, 2"""

SETTINGS = (
    "ALTER MATERIALIZED VIEW names ALTER COLUMN name SET STATISTICS 0, ALTER COLUMN name SET STORAGE EXTERNAL, "
    "ALTER COLUMN id SET (n_distinct = 5)",
    "ALTER MATERIALIZED VIEW names CLUSTER ON ix_id",
    "ALTER INDEX ix_lower ALTER COLUMN 1 SET STATISTICS 77",
    "COMMENT ON INDEX ix_id IS 'it''s kept'",
    "COMMENT ON COLUMN names.name IS 'a name'",
    "GRANT SELECT (name) ON names TO PUBLIC",
    "CREATE STATISTICS many ON id, name FROM names",
    "ALTER STATISTICS many SET STATISTICS 5",
    "COMMENT ON STATISTICS many IS 'of both'",
    "REFRESH MATERIALIZED VIEW names WITH NO DATA",
)


def test_what_a_materialized_view_is_set_to_comes_back(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url, role = fresh_database("postgresql"), f"sd_{uuid.uuid4().hex[:8]}"
    schemadiff.plan(url, models(), tmp_path, message="models")
    schemadiff.apply(url, tmp_path)
    by_default = f"ALTER DEFAULT PRIVILEGES {{0}} SELECT ON TABLES {{1}} {role}"
    _run(url, *SETTINGS, f"CREATE ROLE {role}", f"ALTER STATISTICS many OWNER TO {role}")
    # Who may read every new table by default may not read this one.
    _run(url, by_default.format("GRANT", "TO"))
    wanted = _rows(url, KEPT)
    metadata = models()
    metadata.tables["person"].c.name.type = sa.Text()
    schemadiff.plan(url, metadata, tmp_path, message="longer")
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, tmp_path)
        assert _rows(url, KEPT) == wanted
    _run(
        url,
        by_default.format("REVOKE", "FROM"),
        f"REASSIGN OWNED BY {role} TO CURRENT_USER",
        f"DROP ROLE {role}",
    )


def test_a_view_that_loses_a_column_keeps_what_hangs_on_the_others(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    from sqlalchemy.sql.ddl import CreateView

    def models(*names: str) -> sa.MetaData:
        metadata = sa.MetaData()
        person = sa.Table(
            "person",
            metadata,
            *(sa.Column(name, sa.Integer, primary_key=name == "id") for name in ("id", "age")),
        )
        CreateView(sa.select(*(person.c[name] for name in names)), "ages", metadata=metadata)
        return metadata

    url = fresh_database("postgresql")
    schemadiff.plan(url, models("id", "age"), tmp_path, message="models")
    schemadiff.apply(url, tmp_path)
    _run(url, "COMMENT ON COLUMN ages.age IS 'in years'", "COMMENT ON COLUMN ages.id IS 'a number'")
    schemadiff.plan(url, models("id"), tmp_path, message="less")
    schemadiff.apply(url, tmp_path)
    assert _rows(url, "SELECT col_description('ages'::regclass, 1)") == [("a number",)]


def _run(url: str, *statements: str) -> None:
    with connected(url, changes=True) as (connection, _):
        for sql in statements:
            connection.exec_driver_sql(sql)
        connection.commit()


def _rows(url: str, sql: str) -> list[Any]:
    with connected(url) as (connection, _):
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


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
