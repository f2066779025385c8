"""Locks: whoever holds one that a step needs is named, nobody stands long behind a step that waits, and a run that was
killed is waited for.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.dialects.mysql.read import process_list
from schemadiff.dialects.postgresql.read.catalog import reading
from schemadiff.errors import LockedError, SchemadiffError, StepError
from tests.proxy import Proxy
from tests.runs import start

TABLES = """
import sqlalchemy as sa


def upgrade(op):
    op.create_table("entry", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
"""
COLUMN = """
import sqlalchemy as sa


def upgrade(op):
    op.add_column("entry", sa.Column("size", sa.Integer))
"""

pytestmark = [pytest.mark.engines("mysql", "mariadb", "postgresql"), pytest.mark.once]


@pytest.fixture
def versions(url: str, tmp_path: Path) -> Path:
    """Two revisions, the first of which the database has."""
    (tmp_path / "0001_tables.py").write_text(TABLES)
    (tmp_path / "0002_column.py").write_text(COLUMN)
    schemadiff.apply(url, tmp_path, to=1)
    return tmp_path


@pytest.fixture
def reader(url: str) -> Iterator[sa.Connection]:
    """A session of the application that has read the table and left its transaction open."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT count(*) FROM entry")).scalar_one()
        yield connection


def number_of(connection: sa.Connection) -> str:
    """What the messages call a session."""
    if connection.dialect.name == "postgresql":
        return f"process {connection.execute(sa.text('SELECT pg_backend_pid()')).scalar_one()} "
    return f"connection {connection.execute(sa.text('SELECT CONNECTION_ID()')).scalar_one()} "


def test_who_holds_the_lock_is_named(url: str, versions: Path, reader: sa.Connection) -> None:
    with pytest.raises(StepError) as caught:
        schemadiff.apply(url, versions, lock_wait=0, lock_timeout=0.5)
    assert f"in its way: {number_of(reader)}" in caught.value.message
    assert "--lock-wait" in (caught.value.hint or "")
    reader.rollback()
    assert schemadiff.apply(url, versions).after == 2


def test_a_connection_is_lost_while_it_is_asked_who_holds_the_lock(
    url: str, versions: Path, reader: sa.Connection
) -> None:
    """At any of the answers: the step is not tried again over a connection that is gone."""
    with Proxy(url) as whole:
        waited: list[int] = []
        with pytest.raises(StepError):
            schemadiff.apply(
                whole.url,
                versions,
                lock_wait=2,
                lock_timeout=0.1,
                tell=lambda _: waited.append(whole.answers),
            )
    for cut in range(waited[0] - 4, waited[0]):
        with Proxy(url, cut_after=cut) as proxy, pytest.raises(SchemadiffError) as caught:
            schemadiff.apply(proxy.url, versions, lock_wait=5, lock_timeout=0.1)
        assert re.search("lost|Lost|closed", caught.value.message), caught.value.message
        assert "transaction" not in caught.value.message
    reader.rollback()
    assert schemadiff.apply(url, versions).after == 2


def test_a_step_tries_again_and_lets_others_pass(url: str, versions: Path, reader: sa.Connection) -> None:
    told: list[str] = []
    waits = threading.Event()

    def tell(words: str) -> None:
        told.append(words)
        waits.set()

    with ThreadPoolExecutor() as pool:
        run = pool.submit(schemadiff.apply, url, versions, lock_wait=60, lock_timeout=1, tell=tell)
        assert waits.wait(30)
        # The step that waits for the reader has given way to those who come after it.
        with sa.create_engine(url, poolclass=sa.NullPool).begin() as writer:
            began = time.monotonic()
            writer.execute(sa.text("INSERT INTO entry (id) VALUES (1)"))
            stalled = time.monotonic() - began
        assert not run.done()
        reader.rollback()
        assert run.result(60).after == 2
    assert stalled < 10
    assert any("entry" in words and number_of(reader) in words for words in told)


def test_a_run_that_was_killed_is_waited_for(url: str, versions: Path, reader: sa.Connection) -> None:
    """Its statement waits for the reader's lock on the server, whether its client lives or not."""
    process = start(url, versions, "apply", lock_timeout=20)
    _await(lambda: _waiting_statements(url) == 1)
    process.kill()
    process.join()
    told: list[str] = []
    if "MariaDB" not in str(_scalar(url, "SELECT VERSION()")) and reader.dialect.name == "mysql":
        # MariaDB and PostgreSQL notice within two seconds that the client is gone.
        with pytest.raises(LockedError, match="a run of schemadiff"):
            schemadiff.apply(url, versions, lock_wait=1)
    with ThreadPoolExecutor() as pool:
        run = pool.submit(schemadiff.apply, url, versions, lock_wait=60, tell=told.append)
        _await(lambda: bool(told))
        reader.rollback()
        assert run.result(60).after == 2
    assert not schemadiff.status(url, versions).interrupted


@pytest.mark.engines("mysql", "mariadb")
def test_whatever_bytes_are_in_the_statements_of_others(
    url: str, versions: Path, reader: sa.Connection
) -> None:
    """Such as those of an image that is being inserted: they are none of UTF-8."""
    name = str(sa.make_url(url).database)
    statement = (
        f"SELECT 'größe', GET_LOCK('{name}', 60), _binary'".encode() + b"\xff\xfe\x80', '" + b"\xc3\xbc" * 99
    )
    driver: Any = reader.connection.driver_connection
    with (
        sa.create_engine(url, poolclass=sa.NullPool).connect() as other,
        ThreadPoolExecutor() as pool,
    ):
        other.exec_driver_sql(f"SELECT GET_LOCK('{name}', 0)")
        busy = pool.submit(driver.query, statement + b"'")
        try:
            _await(lambda: any("GET_LOCK" in (row["info"] or "") for row in process_list.sessions(other)))
            assert other.exec_driver_sql("SELECT 'größe'").scalar_one() == "größe"
            assert not schemadiff.status(url, versions).at_work
            schemadiff.check(url, sa.MetaData(), versions)
            with pytest.raises(StepError, match=r"in its way: connection \d+ .*: SELECT 'gr\?\?e', GET_LOCK"):
                schemadiff.apply(url, versions, lock_wait=0, lock_timeout=0.5)
        finally:
            other.exec_driver_sql(f"SELECT RELEASE_LOCK('{name}')")
        busy.result(60)
        reader.rollback()
        assert schemadiff.apply(url, versions).after == 2


@pytest.mark.engines("postgresql")
def test_who_keeps_readers_away_is_named(url: str, versions: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        # The server takes the table's lock to say what such an expression is.
        connection.execute(sa.text("ALTER TABLE entry ALTER id SET DEFAULT 1"))
    with engine.connect() as holder:
        holder.execute(sa.text("LOCK TABLE entry IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(LockedError, match="its lock is taken") as caught:
            schemadiff.check(f"{url}?options=-c%20lock_timeout%3D200ms", sa.MetaData(), versions)
        assert number_of(holder) in caught.value.message


@pytest.mark.engines("postgresql")
def test_a_connection_that_is_ended_while_it_reads_is_told_as_that(url: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with (
        engine.connect() as connection,
        pytest.raises(sa.exc.OperationalError, match="terminating connection"),
        reading(connection),
    ):
        connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.mark.parametrize("kills", [True, False], ids=["killed", "running"])
def test_what_is_at_work_is_not_interrupted(
    url: str, versions: Path, reader: sa.Connection, kills: bool
) -> None:
    """Nobody is to finish or undo what somebody is doing."""
    process = start(url, versions, "apply", lock_timeout=60)
    _await(lambda: _waiting_statements(url) == 1)
    assert "a run of schemadiff" in (schemadiff.status(url, versions).at_work or "")
    assert "a run of schemadiff" in (schemadiff.check(url, sa.MetaData(), versions).at_work or "")
    if kills:
        process.kill()
        process.join()
        if reader.dialect.name == "mysql" and not getattr(reader.dialect, "is_mariadb", False):
            # The statement goes on.
            assert "a run of schemadiff" in (schemadiff.status(url, versions).at_work or "")
    reader.rollback()
    process.join()
    _await(lambda: schemadiff.status(url, versions).at_work is None)
    if kills:
        schemadiff.apply(url, versions)
    assert schemadiff.status(url, versions).version == 2


def _waiting_statements(url: str) -> Any:
    begin = "/* schemadiff 0002 "
    if url.startswith("postgresql"):
        return _scalar(
            url,
            "SELECT count(*) FROM pg_stat_activity "
            f"WHERE datname = current_database() AND query LIKE '{begin}%%' AND state = 'active'",
        )
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        listed = [row for row in process_list.sessions(connection) if row["db"] == sa.make_url(url).database]
    return sum((row["info"] or "").startswith(begin) for row in listed)


def _scalar(url: str, query: str) -> Any:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.exec_driver_sql(query).scalar_one()


def _await(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)
