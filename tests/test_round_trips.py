"""How often a command waits for the server: the same for few tables and for many, and seldom.

A round trip takes what the network takes, 10 ms and more to a server that is elsewhere.
"""

import dataclasses
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from schemadiff.dialects.contract.registry import dialect_of
from schemadiff.dialects.postgresql.server import pipeline
from tests.conftest import FreshDatabase
from tests.proxy import Proxy

MOST = {"mysql": 13, "mariadb": 11, "postgresql": 10}
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


@pytest.mark.parametrize("changes", [False, True])
def test_what_is_asked_at_once_is_what_sqlalchemy_would_know(url: str, *, changes: bool) -> None:
    names = [
        *("server_version_info", "default_schema_name", "default_isolation_level", "is_mariadb"),
        *("_sql_mode", "_casing", "_server_ansiquotes", "_backslash_escapes"),
    ]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        usual = {name: getattr(connection.dialect, name, None) for name in names}
        dialect = dialect_of(connection)
    with connected(url, changes=changes) as (connection, own):
        assert {name: getattr(connection.dialect, name, None) for name in names} == usual
        facts: list[str] = (
            [one.name for one in dataclasses.fields(own)] if dataclasses.is_dataclass(own) else []
        )
        assert [getattr(own, name) for name in facts] == [getattr(dialect, name) for name in facts]


@pytest.mark.engines("postgresql")
def test_a_pipeline_gives_what_one_query_after_the_other_gives(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = models(5)
    table = metadata.tables["t3"]
    table.append_column(sa.Column("kind", sa.Enum("a", "b", name="kind"), server_default="a", comment="c"))
    table.append_column(sa.Column("twice", sa.Integer, sa.Computed("id * 2", persisted=True)))
    table.append_constraint(sa.CheckConstraint("id > 0", name="positive"))
    with connected(url, changes=True) as (connection, dialect):
        metadata.create_all(connection)
        at_once = inspect(connection, dialect)
        monkeypatch.setattr(pipeline, "_can_pipeline", lambda driver: False)
        assert repr(inspect(connection, dialect)) == repr(at_once)
    assert len(at_once.tables) == 5
