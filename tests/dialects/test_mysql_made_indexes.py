"""Indexes of which the server makes another kind than it was told: no difference, forth and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.mysql import VARCHAR
from sqlalchemy.types import UserDefinedType

import schemadiff

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]


class Shape(UserDefinedType[str]):
    cache_ok = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: object) -> str:
        return self.kind


def takes_forth_and_back(url: str, versions: Path, *columns: sa.Column[Any], index: sa.Index) -> None:
    def models(indexed: bool) -> sa.MetaData:
        metadata = sa.MetaData()
        copies = [column._copy() for column in columns]
        table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *copies)
        if indexed:
            sa.Index(index.name, *(table.c[name] for name in index.info["columns"]), unique=index.unique)
        return metadata

    bare, whole = models(False), models(True)
    schemadiff.plan(url, bare, versions, message="bare")
    schemadiff.apply(url, versions)
    schemadiff.plan(url, whole, versions, message="indexed")
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, whole, versions)
    assert schemadiff.check(url, bare, versions).missing
    schemadiff.rollback(url, versions)
    assert not schemadiff.check(url, whole, versions).drifted


@pytest.mark.parametrize("kind", ["POINT", "GEOMETRY", "POLYGON"])
def test_a_plain_index_on_a_shape(kind: str, url: str, tmp_path: Path) -> None:
    column = sa.Column("shape", Shape(kind), nullable=False)
    takes_forth_and_back(url, tmp_path, column, index=sa.Index("ix_shape", info={"columns": ["shape"]}))


LONG: dict[str, tuple[list[Any], list[str]]] = {
    "one column": ([VARCHAR(769, charset="utf8mb4")], ["a"]),
    "two columns": ([VARCHAR(700, charset="utf8mb4"), VARCHAR(100, charset="utf8mb4")], ["a", "b"]),
    "one byte a letter": ([VARCHAR(3073, charset="latin1")], ["a"]),
    "beside a number": ([sa.Integer(), VARCHAR(768, charset="utf8mb4")], ["a", "b"]),
    "just fits": ([VARCHAR(767, charset="utf8mb4"), sa.Integer()], ["a", "b"]),
}


@pytest.mark.engines("mariadb")
@pytest.mark.parametrize("case", LONG)
def test_a_unique_key_that_is_too_long_is_a_hash(case: str, url: str, tmp_path: Path) -> None:
    types, names = LONG[case]
    columns = [sa.Column(name, kind) for name, kind in zip(names, types, strict=True)]
    index = sa.Index("uq_long", unique=True, info={"columns": names})
    takes_forth_and_back(url, tmp_path, *columns, index=index)
