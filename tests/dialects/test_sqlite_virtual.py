"""The tables in which virtual tables keep their rows are nobody's to compare or to drop, and are counted as ignored."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.schema import Name

FTS = "CREATE VIRTUAL TABLE docs USING fts5 (body)"
UNKNOWN = (
    # As sqlite-vec leaves it; the entry is written by hand, so that no extension is needed.
    "CREATE TABLE vec_chunks (chunk_id INTEGER PRIMARY KEY AUTOINCREMENT, validity BLOB NOT NULL)",
    "CREATE TABLE VEC_rowids (rowid INTEGER PRIMARY KEY AUTOINCREMENT, id, chunk_id INTEGER)",
    "CREATE TABLE vec_vector_chunks00 (rowid PRIMARY KEY, vectors BLOB NOT NULL)",
    "PRAGMA writable_schema = ON",
    "INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql) VALUES"
    " ('table', 'vec', 'vec', 0, 'CREATE VIRTUAL TABLE vec USING vec0(embedding float[4])')",
    "PRAGMA writable_schema = OFF",
)
SHADOWS = {
    FTS: {"docs_data", "docs_idx", "docs_content", "docs_docsize", "docs_config"},
    "CREATE VIRTUAL TABLE docs USING fts4 (body)": {
        *("docs_content", "docs_segments", "docs_segdir", "docs_docsize", "docs_stat"),
    },
    "CREATE VIRTUAL TABLE docs USING rtree (id, x1, x2)": {"docs_rowid", "docs_node", "docs_parent"},
}


def models(*more: str) -> sa.MetaData:
    metadata = sa.MetaData()
    for name in ("t", *more):
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, Path]:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, models(), versions)
    schemadiff.apply(url, versions)
    return url, versions


def run(url: str, *script: str) -> None:
    with connected(url) as (connection, _):
        for sql in script:
            connection.exec_driver_sql(sql)


@pytest.mark.parametrize("sql", SHADOWS)
def test_what_sqlite_says_is_a_shadow_is_ignored(sql: str, place: tuple[str, Path]) -> None:
    url, versions = place
    run(url, sql)
    found = schemadiff.check(url, models(), versions)
    assert not found
    assert set(found.ignored.tables) == {Name(one) for one in SHADOWS[sql]}


def test_where_the_module_is_not_loaded_the_names_tell(place: tuple[str, Path]) -> None:
    url, versions = place
    run(url, *UNKNOWN)
    found = schemadiff.check(url, models(), versions)
    assert not found
    assert str(found.ignored) == 'left alone: "VEC_rowids", "vec_chunks", "vec_vector_chunks00"'
    assert not schemadiff.plan(url, models(), versions).found
    assert not schemadiff.diff(url, models())


def test_a_table_of_such_a_name_that_is_the_models_own_is_compared(place: tuple[str, Path]) -> None:
    url, versions = place
    schemadiff.plan(url, models("vec_log"), versions)
    schemadiff.apply(url, versions)
    run(url, *UNKNOWN)
    assert not schemadiff.check(url, models("vec_log"), versions)
    run(url, "ALTER TABLE vec_log ADD COLUMN more TEXT")
    assert schemadiff.check(url, models("vec_log"), versions).drifted
    # Nor is it forgotten that it goes.
    planned = schemadiff.plan(url, models(), versions)
    assert any("drop table vec_log" in one.describe() for one in planned.plan.operations)


def test_a_table_beside_a_virtual_one_whose_module_is_loaded_is_a_difference(place: tuple[str, Path]) -> None:
    url, versions = place
    run(url, FTS, "CREATE TABLE docs_more (x)")
    found = schemadiff.check(url, models(), versions)
    assert [one.describe() for one in found.drifted] == ["create table docs_more"]


@pytest.mark.parametrize(
    ("other", "one"),
    [
        *(
            ("INT", sa.Integer()),
            ("int8", sa.BigInteger()),
            ("bool", sa.Boolean()),
            ("dec(9, 2)", sa.Numeric(9, 2)),
        ),
        *(
            ("character(7)", sa.CHAR(7)),
            ("varying character(7)", sa.String(7)),
            ("double precision", sa.Double()),
        ),
        *(("timestamp", sa.DateTime()), ("DECIMAL", sa.Numeric())),
    ],
)
def test_other_words_for_a_type_are_no_difference(
    other: str, one: sa.types.TypeEngine[object], tmp_path: Path
) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    run(url, f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {other}, y TEXT)", "INSERT INTO t (id) VALUES (1)")
    metadata = sa.MetaData()
    x = sa.Column("x", one)
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), x, sa.Column("y", sa.Text))
    assert not schemadiff.check(url, metadata, versions)
    schemadiff.plan(url, metadata, versions)
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions)
    # Also when the table is made anew for something else, forth and back.
    metadata.tables["t"].c.y.nullable = False
    run(url, "UPDATE t SET y = ''")
    schemadiff.plan(url, metadata, versions)
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions)
    schemadiff.rollback(url, versions)


def test_an_int_that_is_no_rowid_is_a_difference(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    run(url, "CREATE TABLE t (id INT PRIMARY KEY)")
    assert schemadiff.check(url, models(), versions)
