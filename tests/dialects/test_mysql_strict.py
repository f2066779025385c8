"""A server that is not strict cuts values that a change has no room for, and says nothing: the session that changes
tables is strict, whatever the server's mode, and what the user wrote runs in the server's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.mysql import dialect as module
from schemadiff.dialects.mysql.server.conversation import working_mode
from schemadiff.dialects.mysql.server.product import read_facts
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import StepError

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

REVISION = '''
"""by hand"""


def upgrade(op):
    op.run(insert, reverse=op.nothing)
    op.execute("INSERT INTO t (id, code) VALUES (3, 'much too long')", reverse=op.nothing)


def insert(connection):
    connection.exec_driver_sql("INSERT INTO t (id, code) VALUES (2, 'much too long')")
'''


@pytest.fixture
def lax(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a server whose sessions are not strict, and whose own mode, which is not to be changed on a server
    that others use, is taken to be not strict either.
    """
    mode = "NO_ENGINE_SUBSTITUTION"
    monkeypatch.setattr(module, "read_facts", lambda connection: {**read_facts(connection), "sql_mode": mode})
    told = {"init_command": f"SET SESSION sql_mode = '{mode}'"}
    return sa.make_url(url).update_query_dict(told).render_as_string(hide_password=False)


def models(*columns: sa.Column[object]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False), *columns)
    return metadata


CUTS: dict[str, tuple[Any, Any, object]] = {
    "text": (sa.String(50), sa.String(5), "abcdefghij"),
    "number": (sa.Integer(), sa.SmallInteger(), 100000),
    "label": (sa.Enum("a", "b", "c"), sa.Enum("a", "b"), "c"),
    "kind": (sa.String(50), sa.Integer(), "abc"),
    "date": (sa.String(50), sa.Date(), "not a date"),
}


@pytest.mark.parametrize("cut", CUTS)
def test_the_server_refuses_rather_than_cuts(cut: str, lax: str, tmp_path: Path) -> None:
    before, after, value = CUTS[cut]
    schemadiff.plan(lax, models(sa.Column("c", before)), tmp_path, message="begin")
    schemadiff.apply(lax, tmp_path)
    with connected(lax) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t VALUES (1, %s)", (value,))
    schemadiff.plan(lax, models(sa.Column("c", after)), tmp_path, message="cut")
    with pytest.raises(StepError):
        schemadiff.apply(lax, tmp_path, allow=["all"])
    with connected(lax) as (connection, _):
        assert connection.exec_driver_sql("SELECT c FROM t").scalar_one() == value
    schemadiff.rollback(lax, tmp_path)


def test_a_script_is_strict_too(lax: str, tmp_path: Path) -> None:
    schemadiff.plan(lax, models(sa.Column("c", sa.String(5))), tmp_path, message="begin")
    script = schemadiff.apply(lax, tmp_path, sql=True).script
    assert any("sql_mode" in line and "STRICT_ALL_TABLES" in line for line in script)


def test_what_the_user_wrote_runs_in_the_servers_mode(lax: str, tmp_path: Path) -> None:
    schemadiff.plan(lax, models(sa.Column("code", sa.String(4))), tmp_path, message="begin")
    (tmp_path / "0002_by_hand.py").write_text(REVISION.lstrip())
    schemadiff.apply(lax, tmp_path)
    with connected(lax) as (connection, _):
        rows = connection.exec_driver_sql("SELECT code FROM t", execution_options=VERBATIM).scalars().all()
    assert rows == ["much", "much"]


def test_rows_that_stay_as_they_are_do_not_hinder_a_change(lax: str, tmp_path: Path) -> None:
    schemadiff.plan(lax, models(sa.Column("day", sa.Date)), tmp_path, message="begin")
    schemadiff.apply(lax, tmp_path)
    with connected(lax) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t VALUES (1, '0000-00-00')", execution_options=VERBATIM)
    after = models(sa.Column("day", sa.Date), sa.Column("code", sa.String(4), primary_key=True))
    schemadiff.plan(lax, after, tmp_path, message="copy")
    schemadiff.apply(lax, tmp_path)
    assert not schemadiff.check(lax, after, tmp_path)


def test_the_mode_in_which_tables_are_changed() -> None:
    assert working_mode("", zero_dates=False) == "STRICT_ALL_TABLES"
    assert working_mode("NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION", zero_dates=False) == (
        "NO_ENGINE_SUBSTITUTION,STRICT_ALL_TABLES"
    )
    assert working_mode("STRICT_TRANS_TABLES,NO_ZERO_DATE", zero_dates=False) == (
        "STRICT_TRANS_TABLES,NO_ZERO_DATE,STRICT_ALL_TABLES"
    )
