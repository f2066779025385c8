"""What a MetaData can hold besides tables that last: it is compared where it can be, and said by name where not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected, open_engine


def user(metadata: sa.MetaData) -> sa.Table:
    return sa.Table(
        "user", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50))
    )


def created(url: str, metadata: sa.MetaData) -> schemadiff.Drift:
    engine = open_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    return schemadiff.check(url, metadata, Path("no revisions"))


if hasattr(sa, "CreateTableAs"):  # came with SQLAlchemy 2.1

    def test_a_copy_is_named_and_left_alone(url: str) -> None:
        metadata = sa.MetaData()
        sa.CreateTableAs(sa.select(user(metadata).c.name), "copy", metadata=metadata)
        found = created(url, metadata)
        assert not found
        assert [str(one) for one in found.unsupported] == [
            "copy: is filled by CREATE TABLE AS: create it with op.execute(…)"
        ]
        assert [str(name) for name in found.ignored.tables] == ["copy"]


def test_temporary_tables_are_none_of_the_databases(url: str) -> None:
    metadata = sa.MetaData()
    user(metadata)
    sa.Table("draft", metadata, sa.Column("id", sa.Integer), prefixes=["TEMPORARY"])
    assert not created(url, metadata)


@pytest.mark.engines("sqlite")
def test_listeners_are_named(url: str) -> None:
    metadata = sa.MetaData()
    table = user(metadata)
    trigger: Any = sa.DDL
    sa.event.listen(
        table, "after_create", trigger("CREATE TRIGGER t AFTER INSERT ON user BEGIN SELECT 1; END")
    )
    found = created(url, metadata)
    assert not found
    assert [str(one).partition(":")[0] for one in found.unsupported] == ["user"]


def test_only_one_column_counts_by_itself(url: str) -> None:
    """Of the columns that say so, SQLAlchemy lets that of a primary key count alone."""
    metadata = sa.MetaData()
    sa.Table(
        "visit", metadata, sa.Column("number", sa.Integer, autoincrement=True), sa.Column("page", sa.Text)
    )
    assert not created(url, metadata)


@pytest.mark.engines("mysql", "mariadb")
def test_another_database_is_made_and_stays(
    url: str, fresh_database: Callable[[str], str], engine_name: str, tmp_path: Path
) -> None:
    """What somebody else puts into it is not ours to drop."""
    other = sa.make_url(fresh_database(engine_name)).database or ""
    with connected(url) as (connection, _):
        connection.exec_driver_sql(f"DROP DATABASE {other}")
    metadata, versions = sa.MetaData(), tmp_path / "versions"
    sa.Table("log", metadata, sa.Column("id", sa.Integer, primary_key=True), schema=other)
    schemadiff.plan(url, metadata, versions)
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql(f"CREATE TABLE {other}.precious (id int)")
    schemadiff.rollback(url, versions, allow=["all"])
    with connected(url) as (connection, _):
        found = connection.exec_driver_sql(f"SHOW TABLES FROM {other}").scalars().all()
    assert found == ["precious"]
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions, exclude=["precious"])
