"""A default that is a zero date, on a server that refuses it for new tables: the models and the history say it, and an
old database has it. It is made, it goes, and it comes back.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.mysql import dialect as module
from schemadiff.dialects.mysql.server.product import read_facts
from schemadiff.dialects.shared.verbatim import VERBATIM

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

MODE = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE"


@pytest.fixture
def strict(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a server whose mode refuses zero dates, which only MySQL's does by itself."""
    monkeypatch.setattr(module, "read_facts", lambda connection: {**read_facts(connection), "sql_mode": MODE})
    told = {"init_command": f"SET SESSION sql_mode = '{MODE}'"}
    return sa.make_url(url).update_query_dict(told).render_as_string(hide_password=False)


def models(**defaults: str | sa.TextClause | None) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [
        sa.Column(name, sa.Date if name.startswith("day") else sa.DateTime, server_default=default)
        for name, default in defaults.items()
    ]
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


@pytest.mark.parametrize("zero", ["0000-00-00 00:00:00", "2010-00-01 00:00:00", sa.text("0")], ids=str)
def test_the_last_one_goes_and_comes_back(zero: str | sa.TextClause, strict: str, tmp_path: Path) -> None:
    first = models(at=zero)
    schemadiff.plan(strict, first, tmp_path, message="begin")
    schemadiff.apply(strict, tmp_path)
    assert not schemadiff.check(strict, first, tmp_path)
    schemadiff.plan(strict, models(at=None), tmp_path, message="without")
    schemadiff.apply(strict, tmp_path, allow=["all"])
    assert not schemadiff.check(strict, models(at=None), tmp_path)
    schemadiff.rollback(strict, tmp_path, allow=["all"])
    assert not schemadiff.check(strict, first, tmp_path).drifted
    # Every later ALTER of the table needs the mode as well, in the same run and in another one.
    schemadiff.apply(strict, tmp_path, allow=["all"])
    two = models(at=zero, day=zero if isinstance(zero, sa.TextClause) else zero[:10])
    schemadiff.plan(strict, two, tmp_path, message="again")
    schemadiff.apply(strict, tmp_path)
    schemadiff.plan(strict, models(at=zero, day=None, day_2=None), tmp_path, message="other")
    schemadiff.apply(strict, tmp_path, allow=["all"])
    assert not schemadiff.check(strict, models(at=zero, day=None, day_2=None), tmp_path)


def test_a_script_takes_it_too(strict: str, tmp_path: Path) -> None:
    schemadiff.plan(strict, models(at="0000-00-00 00:00:00"), tmp_path, message="begin")
    script = schemadiff.apply(strict, tmp_path, sql=True).script
    modes = [line for line in script if "sql_mode" in line]
    assert modes
    assert not any("NO_ZERO" in line for line in modes)


def test_other_zeros_are_refused_as_the_server_does(strict: str, tmp_path: Path) -> None:
    schemadiff.plan(strict, models(), tmp_path, message="begin")
    schemadiff.apply(strict, tmp_path)
    schemadiff.plan(strict, models(at="2000-01-01 00:00:00"), tmp_path, message="date")
    script = schemadiff.apply(strict, tmp_path, sql=True).script
    assert any("NO_ZERO_DATE" in line for line in script)
    with connected(strict) as (connection, _):
        shown = connection.exec_driver_sql("SELECT @@sql_mode", execution_options=VERBATIM).scalar_one()
    assert "NO_ZERO_DATE" in shown
