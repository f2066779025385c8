"""How often a command waits for the server: the same for few tables and for many, and seldom.

A round trip takes what the network takes, 10 ms and more to a server that is elsewhere.
"""

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database import connected
from tests.conftest import FreshDatabase
from tests.proxy import Proxy

MOST = {"mysql": 16, "mariadb": 14, "postgresql": 13}
"""The round trips of a check that finds nothing, at most; 40, 40 and 27 before they were counted. Two to four are those
of the driver, for encryption and password.
"""

CHANCE = 2
"""In a pipeline the server may begin to answer before the last question is sent, which looks like a round trip more."""


def models(tables: int) -> sa.MetaData:
    metadata = sa.MetaData()
    for number in range(tables):
        sa.Table(
            f"t{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("parent", sa.ForeignKey(f"t{max(number - 1, 0)}.id", name=f"fk{number}")),
            sa.Column("name", sa.String(50), nullable=False, index=True),
            sa.Column("at", sa.DateTime),
        )
    return metadata


def checked(url: str, tables: int, folder: Path) -> int:
    """Creates the tables and returns the round trips of a check, which finds nothing."""
    metadata = models(tables)
    with connected(url, changes=True) as (connection, _):
        metadata.create_all(connection)
    with Proxy(url) as proxy:
        assert not schemadiff.check(proxy.url, metadata, folder)
        return proxy.round_trips


@pytest.mark.once
@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_check_seldom_waits_for_the_server(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    few = checked(fresh_database(engine_name), 3, tmp_path)
    many = checked(fresh_database(engine_name), 30, tmp_path)
    assert many <= few + CHANCE
    assert few <= MOST[engine_name]
