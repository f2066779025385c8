"""A key that does not count by itself, in a table that somebody made by hand: a revision repeats it as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from tests.site_database import execute

pytestmark = pytest.mark.once

KINDS: dict[str, sa.types.TypeEngine[Any]] = {
    "int": sa.Integer(),
    "smallint": sa.SmallInteger(),
    "bigint": sa.BigInteger(),
    "numeric(10)": sa.Numeric(10),
}


def _models(kind: sa.types.TypeEngine[Any], *more: sa.Column[Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    key = sa.Column("id", kind, primary_key=True, autoincrement=False)
    sa.Table("found", metadata, key, sa.Column("c", sa.Integer), *more)
    return metadata


def _live(url: str) -> Any:
    with connected(url) as (connection, dialect):
        return inspect(connection, dialect).tables


@pytest.mark.parametrize("sql", KINDS)
def test_a_plain_key_that_was_found_is_adopted(
    sql: str, engine_name: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url, empty = fresh_database(engine_name), fresh_database(engine_name)
    execute(url, f"CREATE TABLE found (id {sql} PRIMARY KEY, c int)")
    models = _models(KINDS[sql])
    schemadiff.plan(url, models, tmp_path, message="found")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, models, tmp_path)
    schemadiff.apply(empty, tmp_path)
    assert not schemadiff.check(empty, models, tmp_path)
    assert _live(empty) == _live(url)


@pytest.mark.parametrize("sql", ["int", "numeric(10)"])
def test_a_plain_key_that_was_found_and_dropped_comes_back(sql: str, url: str, tmp_path: Path) -> None:
    execute(url, f"CREATE TABLE found (id {sql} PRIMARY KEY, c int)")
    schemadiff.plan(url, _models(KINDS[sql], sa.Column("more", sa.Integer)), tmp_path, message="found")
    schemadiff.apply(url, tmp_path)
    before = _live(url)
    schemadiff.plan(url, sa.MetaData(), tmp_path, message="dropped")
    schemadiff.apply(url, tmp_path, allow=["all"])
    schemadiff.rollback(url, tmp_path)
    assert _live(url) == before
