"""A virtual column that becomes a plain one on MySQL and MariaDB, of a table that others use: it keeps its values, and
the table is copied once for it and what else the revision changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.execute.executor import Event
from schemadiff.planning.planner import Step
from tests.conftest import FreshDatabase
from tests.dialects.test_mysql_server import texts_of

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

INSTANT = "INSTANT"
COPY = "COPY: nobody can write meanwhile"

Items = Sequence[Any]


def _models(*items: Any, b: Any = None) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        *([sa.Column("b", sa.Integer)] if b is None else b),
        sa.Column("s", sa.String(50), nullable=False),
        *items,
    )
    return metadata


def _virtual(name: str, kind: Any, expression: str) -> Any:
    return sa.Column(name, kind, sa.Computed(expression, persisted=False))


def before() -> sa.MetaData:
    return _models(
        _virtual("next", sa.Integer, "b + 1"),
        _virtual("third", sa.Numeric(10, 3), "b / 3"),
        _virtual("label", sa.String(60), "concat(s, '!')"),
        _virtual("shout", sa.String(60), "upper(s)"),
        _virtual("data", sa.JSON, "json_object('b', b, 's', s)"),
        sa.Index("by_next", "next", "third"),
    )


def after() -> sa.MetaData:
    return _models(
        sa.Column("next", sa.Integer),
        sa.Column("third", sa.Numeric(10, 3), server_default="7.5"),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("shout", sa.String(60), sa.Computed("upper(s)", persisted=True)),
        sa.Column("data", sa.JSON),
        sa.Column("more", sa.Integer),
        sa.Index("by_next", "next", "third"),
        sa.Index("by_label", "label"),
        sa.CheckConstraint("b <> 3", name="ck_b"),
    )


def test_several_columns_and_a_check_cost_one_copy(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    url = fresh_database(engine_name)
    made = {models: _created(fresh_database(engine_name), models()) for models in (before, after)}
    _begin(url, tmp_path, before())
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t (id, s) VALUES (3, 'nothing')")
    values = _values(url)
    steps = _plan(url, tmp_path, after())
    (copying,) = [step for step in steps if step.method.words.startswith("COPY")]
    assert copying.method.words == COPY
    assert "ADD CONSTRAINT `ck_b`" in copying.sql
    (last,) = [step for step in steps if "MODIFY" in step.sql]
    assert last.method.words == INSTANT
    schemadiff.apply(url, tmp_path, allow=["all"], online="always")
    assert texts_of(url) == made[after]
    assert _values(url) == values
    schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
    assert texts_of(url) == made[before]
    assert _values(url) == values


@pytest.mark.parametrize("online", ["always", "never"])
def test_stopped_anywhere_it_is_finished_or_undone(
    online: Any, fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """Also where the columns have their values by a default that is yet to be taken away."""

    class Stopped(Exception):
        pass

    url = fresh_database(engine_name)
    made = {models: _created(fresh_database(engine_name), models()) for models in (before, after)}
    _begin(url, tmp_path, before())
    values = _values(url)
    steps = _plan(url, tmp_path, after(), online=online)
    assert len(steps) > 1
    for position, step in enumerate(steps):
        for work, end in ((schemadiff.rollback, before), (schemadiff.apply, after)):

            def stop(event: Event, position: int = position) -> None:
                if event.position == position and event.seconds is not None:
                    raise Stopped

            with pytest.raises(Stopped):
                schemadiff.apply(url, tmp_path, allow=["all"], online=online, progress=stop)
            if "DEFAULT (b + 1)" in step.sql:
                assert any("DEFAULT (" in line for line in texts_of(url)["t"])
            work(url, tmp_path, allow=["all"], online=online)
            assert texts_of(url) == made[end]
            assert _values(url) == values
        schemadiff.rollback(url, tmp_path, allow=["all"], online=online)
        assert texts_of(url) == made[before]
        assert _values(url) == values


def cases() -> dict[str, tuple[Items, Any, int]]:
    """What becomes of ``next``, which was ``b + 1``, of ``twice``, which was ``next * 2``, and of the column ``b``, and
    how many copies that takes.
    """
    plain = (sa.Column("next", sa.Integer), sa.Column("twice", sa.Integer))
    b = sa.Column("b", sa.Integer)
    return {
        "both": (plain, [b], 1),
        "wider": (plain, [sa.Column("b", sa.BigInteger)], 2),
        "gone": (plain, [], 1),
        "renamed": (plain, [sa.Column("c", sa.Integer)], 1),
        "required": (plain, [sa.Column("b", sa.Integer, nullable=False)], 1),
        "other_type": ((sa.Column("next", sa.String(20)), plain[1]), [b], 2),
        "beside_a_new_one": (
            (*plain, sa.Column("new", sa.Integer, nullable=False, server_default="5")),
            [b],
            1,
        ),
    }


@pytest.mark.parametrize("case", cases())
def test_what_the_values_come_from_may_change_as_well(
    case: str, fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    items, b, copies = cases()[case]
    url = fresh_database(engine_name)
    _begin(
        url,
        tmp_path,
        _models(_virtual("next", sa.Integer, "b + 1"), _virtual("twice", sa.Integer, "next * 2")),
    )
    query = "SELECT id, next + 0, twice FROM t ORDER BY id"
    values = _rows(url, query)
    desired = _models(*items, b=b)
    renamed = ["t.b=c"] if case == "renamed" else []
    steps = _plan(url, tmp_path, desired, rename=renamed)
    assert [step.method.words for step in steps if step.method.words.startswith("COPY")] == (
        [COPY] if copies == 1 else [f"{COPY} (this table is copied {copies} times)"] * copies
    )
    schemadiff.apply(url, tmp_path, allow=["all"], online="always")
    assert _rows(url, query) == values
    assert texts_of(url) == _created(
        fresh_database(engine_name),
        _models(*(one._copy() for one in items), b=b and [one._copy() for one in b]),
    )


def _begin(url: str, folder: Path, metadata: sa.MetaData) -> None:
    """The database has the tables, by a revision, and rows."""
    schemadiff.plan(url, metadata, folder, no_renames=True)
    schemadiff.apply(url, folder)
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql(
            "INSERT INTO t (id, b, s) VALUES (1, 4, 'it''s'), (2, 5, ''), (9, -7, 'x%%y')"
        )


def _plan(
    url: str, folder: Path, metadata: sa.MetaData, *, online: Any = "always", rename: Sequence[str] = ()
) -> tuple[Step, ...]:
    return schemadiff.plan(url, metadata, folder, no_renames=True, rename=rename, online=online).plan.steps


def _created(url: str, metadata: sa.MetaData) -> dict[str, list[str]]:
    engine = sa.create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    return texts_of(url)


def _values(url: str) -> list[Any]:
    return _rows(url, "SELECT id, next, third, label, shout, data FROM t ORDER BY id")


def _rows(url: str, query: str) -> list[Any]:
    with connected(url) as (connection, _):
        return [tuple(row) for row in connection.exec_driver_sql(query)]
