"""``--wait``: a server that is still starting is waited for, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemadiff.database.connection import UnansweredError
from schemadiff.database.starting import wait_for
from schemadiff.dialects.shared.driver_errors import is_unanswered
from schemadiff.errors import DatabaseError
from tests.cli.shell import Shell
from tests.proxy import Proxy
from tests.test_drivers import DRIVERS, with_driver

FreshDatabase = Callable[[str], str]
SERVERS = [driver for driver in DRIVERS if not driver.startswith("sqlite")]


def none(_sentence: str) -> None:
    raise AssertionError(_sentence)


@pytest.mark.engines("mysql", "mariadb", "postgresql")
@pytest.mark.parametrize("driver", SERVERS)
def test_who_refuses_connections_is_waited_for(driver: str, fresh_database: FreshDatabase) -> None:
    url = with_driver(fresh_database(driver.partition("+")[0]), driver)
    told: list[str] = []
    with Proxy(url.render_as_string(hide_password=False), closed=True) as proxy:

        def tell(sentence: str) -> None:
            told.append(sentence)
            proxy.open()

        with pytest.raises(UnansweredError, match="cannot connect"):
            wait_for(proxy.url, 0, none)
        wait_for(proxy.url, 60, tell)
        wait_for(proxy.url, 60, none)
    assert len(told) == 1
    assert told[0].startswith("waiting up to 60 s for ")


@pytest.mark.engines("mysql", "mariadb", "postgresql")
@pytest.mark.parametrize("driver", SERVERS)
def test_who_is_refused_is_not_waited_for(driver: str, fresh_database: FreshDatabase) -> None:
    url = with_driver(fresh_database(driver.partition("+")[0]), driver)
    for wrong in (
        url.set(database="schemadiff_no_such_database"),
        url.set(username="nobody", password="wrong"),
    ):
        with pytest.raises(DatabaseError) as caught:
            wait_for(wrong.render_as_string(hide_password=False), 60, none)
        assert not isinstance(caught.value, UnansweredError)


@pytest.mark.parametrize(
    ("words", "unanswered"),
    [
        # libpq, through psycopg: a server that starts, and others that have answered
        ('connection to server at "db", port 5432 failed: FATAL:  the database system is starting up', True),
        ('connection to server at "db", port 5432 failed: FATAL:  the database system is not yet accepting '
         "connections\nDETAIL:  Consistent recovery state has not been yet reached.", True),
        ('connection to server at "db", port 5432 failed: FATAL:  the database system is not accepting '
         "connections\nDETAIL:  Hot standby mode is disabled.", True),
        ('connection to server at "db", port 5432 failed: FATAL:  the database system is in recovery mode', True),
        ('could not translate host name "db" to address: Name or service not known', True),
        ("failed to resolve host 'db': [Errno -2] Name or service not known", True),
        ('connection to server on socket "/tmp/.s.PGSQL.1" failed: No such file or directory\n\tIs the server '
         "running locally and accepting connections on that socket?", True),
        ('connection to server at "db", port 5432 failed: FATAL:  password authentication failed for user "a"', False),
        ('connection to server at "db", port 5432 failed: FATAL:  database "starting" does not exist', False),
        ('connection to server at "db", port 5432 failed: FATAL:  sorry, too many clients already', False),
    ],
)  # fmt: skip
def test_the_words_of_a_server_that_starts(words: str, unanswered: bool) -> None:
    assert is_unanswered(Exception(words)) == unanswered


def test_time_is_up(free_port: int) -> None:
    begun = time.monotonic()
    told: list[str] = []
    with pytest.raises(UnansweredError):
        wait_for(f"mysql+pymysql://root@127.0.0.1:{free_port}/shop", 0.2, told.append)
    assert time.monotonic() - begun >= 0.2
    assert len(told) == 1


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with Proxy("mysql://127.0.0.1:1/", closed=True) as proxy:
        return int(sa.make_url(proxy.url).port or 0)


def test_a_command_waits(tmp_path: Path, free_port: int) -> None:
    shell = Shell(tmp_path, f"mysql+pymysql://root@127.0.0.1:{free_port}/shop")
    (tmp_path / "versions").mkdir()
    answer = shell("apply", "--wait", "0.1", code=2)
    assert "waiting up to 0.1 s for " in answer.err
    assert "cannot connect to " in answer.err
    assert "waiting" not in shell("apply", code=2).err
    local = Shell(tmp_path, f"sqlite:///{tmp_path}/a.sqlite")
    assert "waiting" not in local("apply", "--wait", "60").err
