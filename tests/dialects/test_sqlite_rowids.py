"""A rebuild keeps the rowids of tables that have them, because others know the rows by these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected

Column = sa.Column
KEYED: dict[str, list[sa.Column[Any]]] = {
    "text key": [Column("slug", sa.String(40), primary_key=True)],
    "no key": [Column("slug", sa.String(40))],
    "a column rowid": [Column("slug", sa.String(40), primary_key=True), Column("RowId", sa.Text)],
    "columns rowid and _rowid_": [
        *(
            Column("slug", sa.String(40), primary_key=True),
            Column("rowid", sa.Text),
            Column("_rowid_", sa.Text),
        ),
    ],
    "key of two columns": [
        *(Column("slug", sa.String(40), primary_key=True), Column("n", sa.Integer, primary_key=True)),
    ],
    "key to be": [Column("slug", sa.String(40), nullable=False), Column("n", sa.Integer)],
}


def _models(columns: list[sa.Column[Any]], body: sa.types.TypeEngine[str], **kwargs: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    copies = [one._copy() for one in columns]
    sa.Table("doc", metadata, *copies, Column("body", body), **kwargs)
    return metadata


@pytest.mark.parametrize("columns", [pytest.param(columns, id=name) for name, columns in KEYED.items()])
def test_rowids_stay_forth_and_back(columns: list[sa.Column[Any]], tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, _models(columns, sa.String(10)), versions)
    schemadiff.apply(url, versions)
    name = "oid" if any(one.name.lower() == "rowid" for one in columns) else "rowid"
    with connected(url) as (connection, _):
        more = ", n" if any(one.name == "n" for one in columns) else ""
        for key in (3, 1, 70):
            number = f", {key}" if more else ""
            connection.exec_driver_sql(
                f"INSERT INTO doc ({name}, slug, body{more}) VALUES ({key}, 's{key}', 'b{key}'{number})"
            )
    schemadiff.plan(url, _models(columns, sa.Text()), versions)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, versions)
        with connected(url) as (connection, _):
            found = connection.exec_driver_sql(f"SELECT {name}, slug FROM doc ORDER BY slug").fetchall()
        assert [tuple(row) for row in found] == [(1, "s1"), (3, "s3"), (70, "s70")]


def test_a_key_that_is_new_is_the_rowid(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, _models([Column("slug", sa.Text)], sa.Text()), versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO doc (rowid, slug) VALUES (3, 'a'), (70, 'b')")
    keyed = _models([Column("id", sa.Integer, primary_key=True), Column("slug", sa.Text)], sa.Text())
    schemadiff.plan(url, keyed, versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        found = connection.exec_driver_sql("SELECT id, rowid, slug FROM doc").fetchall()
    assert [tuple(row) for row in found] == [(3, 3, "a"), (70, 70, "b")]


def test_tables_without_rowids_get_and_lose_them(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    columns = KEYED["text key"]
    schemadiff.plan(url, _models(columns, sa.String(10), sqlite_with_rowid=False), versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO doc VALUES ('b', 'x'), ('a', 'y')")
    for without in (True, False, True):
        body = sa.Text() if without else sa.String(7)
        schemadiff.plan(url, _models(columns, body, sqlite_with_rowid=not without), versions)
        schemadiff.apply(url, versions)
        with connected(url) as (connection, _):
            found = connection.exec_driver_sql("SELECT slug, body FROM doc ORDER BY slug").fetchall()
        assert [tuple(row) for row in found] == [("a", "y"), ("b", "x")]


def test_an_index_with_external_content_finds_the_rows_again(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, _models(KEYED["text key"], sa.String(10)), versions)
    schemadiff.apply(url, versions)
    find = "SELECT slug FROM doc_fts JOIN doc ON doc.rowid = doc_fts.rowid WHERE doc_fts MATCH 'banana'"
    with connected(url) as (connection, _):
        for sql in (
            "CREATE VIRTUAL TABLE doc_fts USING fts5(body, content='doc')",
            "CREATE TRIGGER doc_ai AFTER INSERT ON doc BEGIN"
            " INSERT INTO doc_fts (rowid, body) VALUES (new.rowid, new.body); END",
            "INSERT INTO doc VALUES ('a', 'apple'), ('b', 'banana')",
            "DELETE FROM doc WHERE slug = 'a'",
        ):
            connection.exec_driver_sql(sql)
    schemadiff.plan(url, _models(KEYED["text key"], sa.Text()), versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        assert connection.exec_driver_sql(find).scalars().all() == ["b"]
        connection.exec_driver_sql("INSERT INTO doc VALUES ('c', 'another banana')")
        assert connection.exec_driver_sql(find).scalars().all() == ["b", "c"]


def test_a_counter_goes_on_where_it_stood(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    columns: list[sa.Column[Any]] = [Column("id", sa.Integer, primary_key=True)]
    schemadiff.plan(url, _models(columns, sa.String(10), sqlite_autoincrement=True), versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO doc VALUES (1, 'x'), (9, 'y')")
        connection.exec_driver_sql("DELETE FROM doc WHERE id = 9")
    schemadiff.plan(url, _models(columns, sa.Text(), sqlite_autoincrement=True), versions)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, versions)
    with connected(url) as (connection, _):
        assert connection.exec_driver_sql("SELECT seq FROM sqlite_sequence").scalars().all() == [9]
        connection.exec_driver_sql("INSERT INTO doc (body) VALUES ('z')")
        assert connection.exec_driver_sql("SELECT id FROM doc ORDER BY id").scalars().all() == [1, 10]


@pytest.mark.parametrize("columns", [KEYED["text key"], [Column("id", sa.Integer, primary_key=True)]])
def test_what_analyze_found_stays(columns: list[sa.Column[Any]], tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    models = {}
    for name, body in (("before", sa.String(10)), ("after", sa.Text())):
        models[name] = _models(columns, body)
        sa.Index("ix_body", models[name].tables["doc"].c.body)
    schemadiff.plan(url, models["before"], versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO doc VALUES ('1', 'x'), ('2', 'x'), ('3', 'y')")
        connection.exec_driver_sql("ANALYZE")
        found = connection.exec_driver_sql("SELECT * FROM sqlite_stat1 ORDER BY idx").fetchall()
    assert not schemadiff.check(url, models["before"], versions)
    schemadiff.plan(url, models["after"], versions)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, versions)
        with connected(url) as (connection, _):
            assert connection.exec_driver_sql("SELECT * FROM sqlite_stat1 ORDER BY idx").fetchall() == found


TO_KEYS: dict[str, tuple[list[sa.Column[Any]], list[sa.Column[Any]], dict[str, Any], str | None]] = {
    "an integer becomes the key": (
        [Column("slug", sa.String(40), primary_key=True), Column("n", sa.Integer, nullable=False)],
        [Column("slug", sa.String(40), nullable=False), Column("n", sa.Integer, primary_key=True)],
        {},
        "2 rows get other rowids",
    ),
    "a text key becomes an integer": (
        [Column("n", sa.String(40), primary_key=True)],
        [Column("n", sa.Integer, primary_key=True)],
        {},
        "2 rows get other rowids",
    ),
    "a renamed key stays": (
        [Column("n", sa.Integer, primary_key=True)],
        [Column("m", sa.Integer, primary_key=True, info={"renamed_from": "n"})],
        {},
        None,
    ),
    "a new key takes them": (
        [Column("n", sa.Integer)],
        [Column("n", sa.Integer), Column("id", sa.Integer, primary_key=True)],
        {},
        None,
    ),
    "no rowids any more": (
        [Column("n", sa.String(40), primary_key=True)],
        [Column("n", sa.String(40), primary_key=True)],
        {"sqlite_with_rowid": False},
        "3 rows lose their rowids",
    ),
}


@pytest.mark.parametrize("case", TO_KEYS)
def test_other_rowids_are_said_before(case: str, tmp_path: Path) -> None:
    before, after, options, said = TO_KEYS[case]
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, _models(before, sa.String(10)), versions)
    schemadiff.apply(url, versions)
    others = ", slug" if len(before) == 2 else ""
    with connected(url) as (connection, _):
        for number in (1, 20, 30):
            slug = f", 's{number}'" if others else ""
            connection.exec_driver_sql(f"INSERT INTO doc (n{others}) VALUES ({number}{slug})")
    planned = schemadiff.plan(url, _models(after, sa.String(10), **options), versions)
    told = [one.message for one in planned.plan.hazards if one.code == "SD407"]
    assert len(told) == (said is not None)
    assert all(f": {said}, by which" in message for message in told)
    schemadiff.apply(url, versions, allow=["all"])
