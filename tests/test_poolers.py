"""Poolers and proxies that give each transaction another session: nothing of schemadiff's is left on one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.dialects.mysql.server import advisory_locks
from schemadiff.errors import LockedError
from tests.servers.pooler import Pooler

pytestmark = pytest.mark.once

SETTINGS = """
SELECT current_setting('lock_timeout'), current_setting('search_path'), current_setting('statement_timeout'),
       current_setting('quote_all_identifiers'), current_setting('idle_in_transaction_session_timeout')
"""
LOCKS = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def models(*columns: str) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "doc",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(10)),
        sa.CheckConstraint("kind in ('a', 'b')", name="ck_doc"),
        *(sa.Column(name, sa.Integer) for name in columns),
    )
    return metadata


def settings_of(url: str, sessions: int = 1) -> set[tuple[str, ...]]:
    """The settings that clients get, as many of them at once as there are sessions."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    connections = [engine.connect() for _ in range(sessions)]
    try:
        return {tuple(one.exec_driver_sql(SETTINGS).one()) for one in connections}
    finally:
        for one in connections:
            one.close()


@pytest.fixture(params=[0, 1], ids=["last", "in turn"])
def pooled(request: pytest.FixtureRequest, url: str) -> Iterator[str]:
    """The URL of the database through PgBouncer, which hands out the session that was given back last, or each in
    turn, of four that it has.
    """
    with Pooler(url, server_round_robin=request.param) as pooler:
        settings_of(pooler.url, sessions=4)
        yield pooler.url


@pytest.mark.engines("postgresql")
def test_a_pooler_in_transaction_mode(url: str, pooled: str, tmp_path: Path) -> None:
    plain = settings_of(url)
    assert schemadiff.status(pooled, tmp_path).version is None
    schemadiff.plan(pooled, models(), tmp_path, message="first")
    with pytest.raises(LockedError, match="several sessions") as caught:
        schemadiff.apply(pooled, tmp_path)
    assert "to the server itself" in str(caught.value.hint)
    schemadiff.apply(url, tmp_path)
    for _ in range(3):  # more often than a driver waits with preparing a statement
        assert schemadiff.status(pooled, tmp_path).version == 1
        found = schemadiff.check(pooled, models(), tmp_path)
        assert not found, found
        assert found.unsupported == ()
        assert schemadiff.check(pooled, models("more"), tmp_path).missing
        assert schemadiff.plan(pooled, models("more"), tmp_path, dry_run=True).plan.steps
    with pytest.raises(LockedError, match="several sessions"):
        schemadiff.rollback(pooled, tmp_path)
    assert settings_of(pooled, sessions=4) == plain
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(LOCKS).scalar_one() == 0
    assert schemadiff.rollback(url, tmp_path, allow=["all"]).after == 0


class Shared:
    """A connection whose statements take place in two sessions in turn, as behind a proxy that shares sessions and
    does not know of locks. To SQLAlchemy it is what the driver gives.
    """

    def __init__(self, url: str) -> None:
        told = sa.make_url(url)
        place: dict[str, Any] = {"host": told.host, "port": told.port, "database": told.database}
        account: dict[str, Any] = {"user": told.username, "password": told.password or ""}
        self.pinned = False
        self._sessions: list[Any] = [pymysql.connect(**place, **account, autocommit=True) for _ in range(2)]

    def cursor(self, *arguments: object) -> Any:
        if not self.pinned:
            self._sessions.reverse()
        cursor = self._sessions[0].cursor(*arguments)
        execute = cursor.execute

        def watched(sql: str, *others: object) -> object:
            # A client that has a temporary table keeps its session, with every proxy.
            self.pinned = "CREATE TEMPORARY TABLE" in sql or (
                self.pinned and "DROP TEMPORARY TABLE" not in sql
            )
            return execute(sql, *others)

        cursor.execute = watched
        return cursor

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    # What the protocol itself says of a connection, COM_SET_OPTION, a proxy keeps for the client.

    def _execute_command(self, *command: object) -> None:
        for session in self._sessions:
            session._execute_command(*command)

    def _read_packet(self) -> Any:
        return [session._read_packet() for session in self._sessions][-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sessions[0], name)


@pytest.mark.engines("mysql", "mariadb")
def test_a_proxy_that_shares_sessions(url: str, tmp_path: Path) -> None:
    proxied = sa.create_engine(url, creator=lambda: Shared(url), poolclass=sa.NullPool)
    schemadiff.plan(url, models(), tmp_path, message="first")
    with pytest.raises(LockedError, match="several sessions") as caught:
        schemadiff.apply(proxied, tmp_path)
    assert "to the server itself" in str(caught.value.hint)
    schemadiff.apply(url, tmp_path)
    assert schemadiff.status(proxied, tmp_path).version == 1
    assert not schemadiff.check(proxied, models(), tmp_path)
    assert schemadiff.plan(proxied, models("more"), tmp_path, dry_run=True).plan.steps
    with pytest.raises(LockedError, match="several sessions"):
        schemadiff.rollback(proxied, tmp_path)


@pytest.mark.engines("mysql", "mariadb")
def test_a_lock_that_stays_behind_is_given_back(url: str) -> None:
    shared = Shared(url)

    def ask(sql: str) -> Any:
        with shared.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()

    try:
        assert ask("SELECT GET_LOCK('schemadiff test', 0)") == (1,)
        assert not advisory_locks.is_held(ask, "'schemadiff test'")
        advisory_locks.release(ask, "'schemadiff test'")
        assert ask("SELECT IS_USED_LOCK('schemadiff test')") == (None,)
    finally:
        shared.close()


@pytest.mark.engines("postgresql")
def test_a_pooler_in_session_mode_is_as_the_server(url: str, tmp_path: Path) -> None:
    with Pooler(url, pool_mode="session") as pooler:
        schemadiff.plan(pooler.url, models(), tmp_path, message="first")
        assert schemadiff.apply(pooler.url, tmp_path).after == 1
        assert not schemadiff.check(pooler.url, models(), tmp_path)
        assert schemadiff.rollback(pooler.url, tmp_path, allow=["all"]).after == 0
        assert settings_of(pooler.url) == settings_of(url)
