"""Characters beyond U+FFFF, for which SHOW CREATE TABLE shows question marks in ENUM and SET and in MariaDB's defaults:
they are compared and written as they are, and a question mark stays one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.shared.verbatim import VERBATIM

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]


def models(sign: str) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("a", sa.String(20)),
        sa.Column("e", sa.Enum("it's", sign, "x\\?"), server_default=sign),
        sa.Column("s", mysql.SET("b", f"{sign}{sign}", "c")),
        sa.Column("d", sa.String(20), nullable=False, server_default=f"{sign}'"),
        sa.Column("x", sa.String(20), server_default=sa.text(f"(concat('{sign}', 'x'))")),
        sa.Column("g", sa.String(20), sa.Computed(f"concat(a, '{sign}')")),
        sa.CheckConstraint(f"a <> '{sign}'", name="ck"),
        mysql_charset="utf8mb4",
    )
    return metadata


@pytest.mark.parametrize(("one", "other"), [("😀", "🎉"), ("?", "😀"), ("😀", "?")])
def test_one_is_told_from_another(one: str, other: str, url: str, tmp_path: Path) -> None:
    for sign, message in ((one, "begin"), (other, "other")):
        schemadiff.plan(url, models(sign), tmp_path, message=message)
        schemadiff.apply(url, tmp_path, allow=["all"])
        assert not schemadiff.check(url, models(sign), tmp_path)
    changed = {operation.describe() for operation in schemadiff.check(url, models(one), tmp_path).missing}
    assert all(any(f"t.{name}" in text for text in changed) for name in "esdxg")
    schemadiff.rollback(url, tmp_path, allow=["all"])
    with connected(url) as (connection, _):
        connection.exec_driver_sql("INSERT INTO t (id, s) VALUES (1, 2)", execution_options=VERBATIM)
        found = connection.exec_driver_sql("SELECT e, s, d, x FROM t", execution_options=VERBATIM).one()
    assert tuple(map(str, found)) == (
        one,
        str({one * 2}) if isinstance(found[1], set) else one * 2,
        f"{one}'",
        f"{one}x",
    )


def test_another_database_gets_them_as_they_are(url: str) -> None:
    with connected(url) as (connection, _):
        for table in models("😀").sorted_tables:
            connection.execute(sa.schema.CreateTable(table))
    empty = sa.MetaData()
    text = "\n".join(schemadiff.diff(empty, url).script)
    assert text.count("😀") == 8
    assert "?" not in text.replace("x\\\\?", "")


def test_what_cannot_be_asked_is_named(url: str) -> None:
    with connected(url) as (connection, dialect):
        narrow = "l enum('?') CHARACTER SET latin1"
        sql = f"CREATE TABLE t (id int PRIMARY KEY, e enum('😀','?') CHARACTER SET utf8mb4, {narrow})"
        connection.exec_driver_sql(sql, execution_options=VERBATIM)
        assert not dialect.inspect(connection).unsupported
        connection.exec_driver_sql("START TRANSACTION READ ONLY", execution_options=VERBATIM)
        (named,) = dialect.inspect(connection).unsupported
        connection.exec_driver_sql("ROLLBACK", execution_options=VERBATIM)
    assert "column e: question marks that may stand for other characters" in str(named)
