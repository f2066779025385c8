"""MariaDB is reached as ``mysql+…`` and as ``mariadb+…``."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from tests.conftest import FreshDatabase


@pytest.mark.engines("mariadb")
@pytest.mark.parametrize(("name", "kept"), [("mysql", "MyISAM"), ("mariadb", "Aria")])
def test_options_are_those_of_the_urls_own_name(
    name: str, kept: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """MariaDB is reached under either name, and ``create_all`` heeds that one's arguments alone."""
    url = sa.make_url(fresh_database("mariadb")).set(drivername=f"{name}+pymysql")
    text = url.render_as_string(hide_password=False)

    def models(length: int) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table(
            "note",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("text", sa.String(50)),
            sa.Index("by_text", "text", mysql_length=length, mariadb_length=length + 1),
            mysql_engine="MyISAM",
            mariadb_engine="Aria",
        )
        return metadata

    engine = sa.create_engine(text)
    models(5).create_all(engine)
    engine.dispose()
    assert not schemadiff.check(text, models(5), tmp_path)
    schemadiff.plan(text, models(5), tmp_path, message="as it is")
    schemadiff.apply(text, tmp_path)
    schemadiff.plan(text, models(7), tmp_path, message="longer")
    schemadiff.apply(text, tmp_path)
    assert not schemadiff.check(text, models(7), tmp_path)
    with connected(text) as (connection, _):
        shown = str(connection.exec_driver_sql("SHOW CREATE TABLE note").one()[1])
    assert f"ENGINE={kept}" in shown
    assert f"(`text`({7 if name == 'mysql' else 8}))" in shown
