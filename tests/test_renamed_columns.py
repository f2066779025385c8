"""A renamed column has its new name in all that speaks of it, on every engine, forth and back."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.errors import UsageError
from schemadiff.operations import Operation

pytestmark = pytest.mark.once


def describe(operations: Iterable[Operation]) -> str:
    return "; ".join(operation.describe() for operation in operations)


def table(name: str, *others: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(name, sa.Integer),
        sa.Column("c", sa.String(20)),
        *others,
    )
    return metadata


def everything(name: str, engine: str, limit: int = 0) -> sa.MetaData:
    """A table where CHECKs, a generated column, a default and indexes speak of the column."""
    quoted: sa.ColumnClause[int] = sa.column(name)
    things: list[Any] = [
        sa.CheckConstraint(quoted > limit, name="ck_t"),
        sa.CheckConstraint(sa.and_(quoted < 1000, sa.column("c") != name)),
        sa.Column("twice", sa.Integer, sa.Computed(quoted * 2, persisted=True)),
        sa.Index("ix_t", name, "c"),
        sa.UniqueConstraint(name, "c", name="uq_t"),
    ]
    if engine != "mariadb":
        things.append(sa.Index("ix_next", quoted + 1))
    if engine in ("mysql", "mariadb"):
        things.append(sa.Column("more", sa.Integer, server_default=quoted + 1))
    if engine in ("sqlite", "postgresql"):
        where: dict[str, Any] = {f"{engine}_where": quoted > 5}
        things.append(sa.Index("ix_some", "c", **where))
    return table(name, *things)


@pytest.mark.parametrize("new", ["b", "order"])
def test_all_that_speaks_of_it_follows(url: str, engine_name: str, tmp_path: Path, new: str) -> None:
    before, after = everything("a", engine_name), everything(new, engine_name)
    # One CHECK holds the old name as text, which stays what it is.
    check = next(
        one for one in after.tables["t"].constraints if isinstance(one, sa.CheckConstraint) and not one.name
    )
    check.sqltext = sa.and_(sa.column(new) < 1000, sa.column("c") != "a")
    schemadiff.plan(url, before, tmp_path)
    schemadiff.apply(url, tmp_path)
    planned = schemadiff.plan(url, after, tmp_path, rename=[f"t.a={new}"])
    assert describe(planned.plan.operations) == f"rename column t.a to {new}"
    assert len(planned.plan.statements) == 1
    schemadiff.apply(url, tmp_path)
    drift = schemadiff.check(url, after, tmp_path)
    assert not drift, describe((*drift.missing, *drift.drifted))
    schemadiff.rollback(url, tmp_path)
    drift = schemadiff.check(url, before, tmp_path)
    assert not drift.drifted, describe(drift.drifted)


def test_what_changes_beside_the_name(url: str, engine_name: str, tmp_path: Path) -> None:
    before, after = everything("a", engine_name), everything("b", engine_name, limit=7)
    schemadiff.plan(url, before, tmp_path)
    schemadiff.apply(url, tmp_path)
    planned = schemadiff.plan(url, after, tmp_path, rename=["t.a=b"])
    told = describe(planned.plan.operations)
    assert told.startswith("rename column t.a to b; drop check ")
    assert "add check ck_t" in told
    schemadiff.apply(url, tmp_path)
    drift = schemadiff.check(url, after, tmp_path)
    assert not drift, describe((*drift.missing, *drift.drifted))
    schemadiff.rollback(url, tmp_path)
    assert not schemadiff.check(url, before, tmp_path).drifted


def test_what_goes_with_the_rename(url: str, engine_name: str, tmp_path: Path) -> None:
    schemadiff.plan(url, everything("a", engine_name), tmp_path)
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, table("b"), tmp_path, rename=["t.a=b"])
    schemadiff.apply(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, table("b"), tmp_path)
    schemadiff.rollback(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, table("b"), tmp_path).drifted


def numbered(name: str, *columns: str) -> sa.MetaData:
    metadata = sa.MetaData()
    kinds: list[Any] = [sa.Integer(), sa.String(20), sa.Numeric(10, 2)]
    named: list[sa.Column[Any]] = [
        sa.Column(column, kind) for column, kind in zip(columns, kinds, strict=True)
    ]
    sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), *named)
    return metadata


def test_columns_exchange_their_names_while_their_table_gets_another(url: str, tmp_path: Path) -> None:
    after = numbered("u", "b", "c", "a")
    schemadiff.plan(url, numbered("t", "a", "b", "c"), tmp_path)
    schemadiff.apply(url, tmp_path)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t (a, b, c) VALUES (1, 'two', 3.5)")
    schemadiff.plan(url, after, tmp_path, rename=["t=u", "t.a=b", "t.b=c", "t.c=a"])
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, after, tmp_path)
    with connected(url) as (connection, _):
        assert tuple(connection.exec_driver_sql("SELECT b, c, a FROM u").one()) == (1, "two", Decimal("3.5"))
    schemadiff.rollback(url, tmp_path)
    with connected(url) as (connection, _):
        assert tuple(connection.exec_driver_sql("SELECT a, b, c FROM t").one()) == (1, "two", Decimal("3.5"))


def test_a_name_that_stays_another_columns_is_refused(url: str, tmp_path: Path) -> None:
    schemadiff.plan(url, numbered("t", "a", "b", "c"), tmp_path)
    schemadiff.apply(url, tmp_path)
    with pytest.raises(UsageError, match='the table has a column "c" already'):
        schemadiff.plan(url, numbered("t", "c", "b", "d"), tmp_path, rename=["t.a=c"])


@pytest.mark.parametrize(
    ("engine", "text", "expected"),
    [
        ("sqlite", "a > 'a' AND a(a) COLLATE a", "b > 'a' AND a(b) COLLATE a"),
        ("mysql", "`a` > 'a' and A < a(a) and `c`.a", "`b` > 'a' and b < a(b) and `c`.a"),
        ("mysql", "cast(a as a) = 'it\\'s a'", "cast(b as a) = 'it\\'s a'"),
        ("mariadb", "`x``a` > a", "`x``a` > b"),
        (
            "postgresql",
            """a > 'a'::a AND "A" > A AND a(a) = E'\\'a'""",
            """b > 'a'::a AND "A" > b AND a(b) = '''a'""",
        ),
        ("postgresql", 'CAST(a AS a) COLLATE "a" = "a"', 'CAST(b AS a) COLLATE "a" = "b"'),
    ],
)
def test_names_of_other_things_stay(engine: str, text: str, expected: str) -> None:
    assert offline_dialect(engine).renamed(text, "a", "b") == expected
