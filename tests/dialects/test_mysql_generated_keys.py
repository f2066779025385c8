"""A table whose primary key the server made by itself, invisible, gets one in the models, in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.shared.verbatim import VERBATIM

pytestmark = [pytest.mark.engines("mysql"), pytest.mark.once]


def models(key: bool) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "tag",
        metadata,
        sa.Column("post_id", sa.Integer, primary_key=key, nullable=False, autoincrement=False),
        sa.Column("name", sa.String(20), primary_key=key, nullable=False),
    )
    return metadata


def test_a_key_takes_the_place_of_the_servers(url: str, tmp_path: Path) -> None:
    with connected(url) as (connection, _):
        for sql in (
            "SET SESSION sql_generate_invisible_primary_key = ON",
            "CREATE TABLE tag (post_id int NOT NULL, name varchar(20) NOT NULL)",
            "INSERT INTO tag (post_id, name) VALUES (1, 'a'), (1, 'b')",
        ):
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
    assert not schemadiff.check(url, models(False), tmp_path)
    schemadiff.plan(url, models(False), tmp_path, message="found")
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, models(True), tmp_path, message="key")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, models(True), tmp_path)
    with connected(url) as (connection, _):
        shown = connection.exec_driver_sql("SHOW CREATE TABLE tag", execution_options=VERBATIM).one()[1]
    assert "my_row_id" not in shown
    assert "PRIMARY KEY (`post_id`,`name`)" in shown
    schemadiff.rollback(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, models(True), tmp_path).drifted
