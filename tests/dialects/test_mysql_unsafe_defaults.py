"""A default that gives each row another value: MySQL fills no table with it (1674), MariaDB does."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.mysql.canonical.defaults import unsafe_function
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import UnsupportedError

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

STEPS = '''
"""by hand"""

import sqlalchemy as sa


def upgrade(op):
    def plain():
        return sa.Column("token", sa.String(36))

    filled = sa.Column("token", sa.String(36), nullable=False, server_default=sa.text("(uuid())"))
    op.add_column("t", plain())
    op.execute("UPDATE t SET token = uuid()", reverse=op.nothing)
    op.alter_column("t", plain(), filled)
'''

UNSAFE = (
    *("uuid()", "uuid_to_bin(uuid())", "uuid_short()", "rand()", "rand(3)", "random_bytes(4)", "sysdate(3)"),
    *("user()", "current_user", "current_user()", "session_user()", "system_user()"),
)
SAFE = ("concat('rand()')", "now()", "curdate()", "utc_timestamp()", "database()", "connection_id()", "1 + 1")


def models(default: str | None) -> sa.MetaData:
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    if default:
        given = sa.text(f"({default})")
        table.append_column(sa.Column("token", sa.String(36), nullable=False, server_default=given))
    return metadata


@pytest.fixture
def started(url: str, tmp_path: Path) -> str:
    """The URL of a database that has the table with two rows."""
    schemadiff.plan(url, models(None), tmp_path, message="begin")
    schemadiff.apply(url, tmp_path)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t VALUES (1), (2)", execution_options=VERBATIM)
    return url


def test_what_the_server_refuses_is_refused_when_planning(started: str, tmp_path: Path) -> None:
    if started_is_mariadb(started):
        schemadiff.plan(started, models("uuid()"), tmp_path, message="token")
        schemadiff.apply(started, tmp_path)
    else:
        with pytest.raises(UnsupportedError, match=r"t\.token.*UUID\(\).*1674") as refused:
            schemadiff.plan(started, models("uuid()"), tmp_path, message="token")
        assert "op.execute" in (refused.value.hint or "")
        assert not list(tmp_path.glob("0002*"))
        (tmp_path / "0002_by_hand.py").write_text(STEPS.lstrip())
        schemadiff.apply(started, tmp_path)
    assert not schemadiff.check(started, models("uuid()"), tmp_path)
    with connected(started) as (connection, _):
        tokens = connection.exec_driver_sql("SELECT token FROM t", execution_options=VERBATIM).scalars().all()
    assert len({*tokens}) == 2
    schemadiff.rollback(started, tmp_path, allow=["all"])
    assert not schemadiff.check(started, models(None), tmp_path).drifted


def started_is_mariadb(url: str) -> bool:
    with connected(url) as (_, dialect):
        return dialect.name == "mariadb"


@pytest.mark.engines("mysql")
def test_one_can_be_dropped_and_does_not_come_back_half(url: str, tmp_path: Path) -> None:
    schemadiff.plan(url, models("uuid()"), tmp_path, message="begin")
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, models(None), tmp_path, message="drop")
    schemadiff.apply(url, tmp_path, allow=["all"])
    with pytest.raises(UnsupportedError, match="1674"):
        schemadiff.rollback(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, models(None), tmp_path)


@pytest.mark.engines("mysql")
def test_the_server_refuses_just_these(url: str) -> None:
    with connected(url) as (connection, _):
        connection.exec_driver_sql("CREATE TABLE t (id int PRIMARY KEY)", execution_options=VERBATIM)
        for default in (*UNSAFE, *SAFE):
            function = unsafe_function(f"({default})")
            assert refusal(connection, default) == (1674 if function else None), default
            assert (function is not None) == (default in UNSAFE)


def refusal(connection: sa.Connection, default: str) -> int | None:
    """The number of the error with which the server refuses a column with that default."""
    sql = f"ALTER TABLE t ADD COLUMN c varchar(200) DEFAULT ({default})"
    try:
        connection.exec_driver_sql(sql, execution_options=VERBATIM)
    except sa.exc.DBAPIError as error:
        return int(error.orig.args[0]) if error.orig else 0
    connection.exec_driver_sql("ALTER TABLE t DROP COLUMN c", execution_options=VERBATIM)
    return None
