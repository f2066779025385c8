"""The lock, and transactions that leave nothing broken: with other processes, kills included."""

from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.dialects.sqlite.sql.triggers import moved
from schemadiff.errors import DatabaseError, LockedError, RevisionError, StepError
from schemadiff.operations import AddConstraint
from schemadiff.schema import Check, Name, Schema

SCRIPT = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id), name TEXT);
CREATE VIEW names AS SELECT name FROM parent;
CREATE TRIGGER follow AFTER UPDATE OF name ON parent BEGIN
  UPDATE child SET name = NEW.name WHERE parent_id = NEW.id;
END;
CREATE TRIGGER add_name INSTEAD OF INSERT ON names BEGIN INSERT INTO parent (name) VALUES (NEW.name); END;
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TRIGGER counting AFTER INSERT ON counted BEGIN SELECT 1; END;
"""

HOLD = """
import sys, time, sqlalchemy as sa
from schemadiff.dialects.sqlite.dialect import SQLite
engine = sa.create_engine("sqlite:///" + sys.argv[1])
with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
    dialect = SQLite.connect(connection)
    with dialect.locked(connection, 5):
        if sys.argv[2] == "rebuild":
            with dialect.transaction(connection):
                connection.exec_driver_sql("CREATE TABLE new_parent (id INTEGER PRIMARY KEY)")
                connection.exec_driver_sql("INSERT INTO new_parent SELECT id FROM parent")
                connection.exec_driver_sql("DROP TABLE parent")
                print("ready", flush=True)
                time.sleep(60)
        print("ready", flush=True)
        time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "it's a folder" / "some ünï.db"
    path.parent.mkdir()
    raw = sqlite3.connect(path)
    raw.executescript(SCRIPT)
    raw.close()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def dialect(connection: sa.Connection) -> SQLite:
    return SQLite.connect(connection)


def hold(path: Path, what: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), what], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def rows(connection: sa.Connection, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(sql)]


# the lock


def test_a_second_run_waits_and_then_gives_up(connection: sa.Connection, dialect: SQLite, path: Path) -> None:
    process = hold(path, "60")
    try:
        started = time.monotonic()
        with pytest.raises(LockedError, match=r"some ünï\.db") as caught, dialect.locked(connection, 0.3):
            pytest.fail("got the lock")
        assert time.monotonic() - started >= 0.3
        assert "--lock-wait" in str(caught.value)
        assert rows(connection, "PRAGMA busy_timeout") == [(5000,)]
    finally:
        end(process)


def test_the_lock_ends_with_a_kill_and_leaves_nothing_behind(
    connection: sa.Connection, dialect: SQLite, path: Path
) -> None:
    end(hold(path, "60"))
    with dialect.locked(connection, 0):
        assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_second_run_goes_on_when_the_first_has_ended(
    connection: sa.Connection, dialect: SQLite, path: Path
) -> None:
    process = hold(path, "0.5")
    try:
        with dialect.locked(connection, 30):
            assert rows(connection, "PRAGMA busy_timeout") == [(30000,)]
        assert rows(connection, "PRAGMA busy_timeout") == [(5000,)]
    finally:
        end(process)


def test_two_threads_of_one_process(connection: sa.Connection, dialect: SQLite, path: Path) -> None:
    errors: list[Exception] = []

    def other() -> None:
        engine = sa.create_engine(f"sqlite:///{path}")
        with engine.connect() as second:
            try:
                with SQLite.connect(second).locked(second, 0):
                    pass
            except LockedError as error:
                errors.append(error)
        engine.dispose()

    with dialect.locked(connection, 0):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(errors) == 1


def test_databases_in_memory_need_no_lock() -> None:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        dialect = SQLite.connect(connection)
        with dialect.locked(connection, 0), dialect.locked(connection, 0):
            pass
    engine.dispose()


def test_readers_read_while_the_lock_is_held(path: Path) -> None:
    process = hold(path, "60")
    try:
        reader = sqlite3.connect(path, timeout=0)
        assert reader.execute("SELECT count(*) FROM parent").fetchall() == [(0,)]
        reader.execute("INSERT INTO parent (name) VALUES ('a writer between two transactions')")
        reader.commit()
        reader.close()
    finally:
        end(process)


def test_a_kill_in_the_middle_of_a_rebuild_undoes_it(
    connection: sa.Connection, dialect: SQLite, path: Path
) -> None:
    connection.exec_driver_sql("INSERT INTO parent VALUES (1, 'x')")
    before = dialect.inspect(connection)
    end(hold(path, "rebuild"))
    assert dialect.inspect(connection).tables == before.tables
    assert rows(connection, "SELECT * FROM parent") == [(1, "x")]
    assert rows(connection, "PRAGMA integrity_check") == [("ok",)]


# transactions


def test_an_exception_rolls_back_ddl_and_rows(connection: sa.Connection, dialect: SQLite) -> None:
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    before = dialect.inspect(connection)

    def interrupted() -> None:
        with dialect.transaction(connection):
            assert rows(connection, "PRAGMA foreign_keys") == [(0,)]
            assert rows(connection, "PRAGMA legacy_alter_table") == [(0,)]
            connection.exec_driver_sql("INSERT INTO parent VALUES (1, 'x')")
            connection.exec_driver_sql("DROP TABLE child")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert dialect.inspect(connection).tables == before.tables
    assert rows(connection, "SELECT * FROM parent") == []
    assert rows(connection, "PRAGMA foreign_keys") == [(1,)]
    assert rows(connection, "PRAGMA legacy_alter_table") == [(1,)]


def test_a_transaction_commits_and_examining_changes_nothing(
    connection: sa.Connection, dialect: SQLite
) -> None:
    with dialect.transaction(connection):
        connection.exec_driver_sql("INSERT INTO names (name) VALUES ('x')")
    assert rows(connection, "SELECT name FROM parent") == [("x",)]
    assert rows(connection, "SELECT * FROM sqlite_sequence") == []


def test_rows_that_lose_what_they_refer_to_stop_the_change(
    connection: sa.Connection, dialect: SQLite
) -> None:
    connection.exec_driver_sql("INSERT INTO parent VALUES (1, 'x')")
    connection.exec_driver_sql("INSERT INTO child VALUES (7, 1, 'x'), (8, 1, 'y')")
    with (
        pytest.raises(
            StepError, match=r'2 of the rows of table "child" refer to no row of "parent" \(rowid 7, 8\)'
        ),
        dialect.transaction(connection),
    ):
        connection.exec_driver_sql("DELETE FROM parent")
    assert rows(connection, "SELECT count(*) FROM parent") == [(1,)]


def test_what_was_broken_before_may_stay_so(connection: sa.Connection, dialect: SQLite) -> None:
    connection.exec_driver_sql("INSERT INTO child VALUES (7, 99, 'x')")
    connection.exec_driver_sql("CREATE VIEW dangling AS SELECT * FROM nowhere")
    connection.exec_driver_sql("CREATE TRIGGER lost AFTER DELETE ON child BEGIN DELETE FROM nowhere; END")
    connection.exec_driver_sql("CREATE TABLE loose (a, b REFERENCES child (name))")
    with dialect.transaction(connection):
        connection.exec_driver_sql("CREATE TABLE more (a)")
    connection.exec_driver_sql("DROP VIEW dangling")
    connection.exec_driver_sql("DROP TRIGGER lost")
    with dialect.transaction(connection):
        connection.exec_driver_sql("ALTER TABLE child RENAME TO children")
    with pytest.raises(StepError, match="refer to no row"), dialect.transaction(connection):
        connection.exec_driver_sql("INSERT INTO children VALUES (8, 98, 'x')")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("DROP TABLE parent", 'view "names": no such table: main.parent'),
        ("DROP TABLE child", 'trigger "follow": no such table: main.child'),
        ("CREATE TABLE loose (a REFERENCES child (name))", "foreign key mismatch"),
    ],
)
def test_what_would_break_is_named(
    connection: sa.Connection, dialect: SQLite, change: str, message: str
) -> None:
    before = dialect.inspect(connection)
    with pytest.raises(StepError) as caught, dialect.transaction(connection):
        connection.exec_driver_sql(change)
    assert message in str(caught.value)
    assert dialect.inspect(connection).tables == before.tables


def test_a_commit_from_within_is_noticed(connection: sa.Connection, dialect: SQLite) -> None:
    with pytest.raises(RevisionError, match="ended from within"), dialect.transaction(connection):
        connection.exec_driver_sql("COMMIT")


def test_a_connection_with_an_open_transaction_is_refused(connection: sa.Connection, dialect: SQLite) -> None:
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    connection.exec_driver_sql("BEGIN")
    with pytest.raises(DatabaseError, match="autocommit"), dialect.transaction(connection):
        pytest.fail("a transaction in a transaction")
    connection.exec_driver_sql("ROLLBACK")


def test_another_program_that_writes_is_waited_for(
    connection: sa.Connection, dialect: SQLite, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with (
        dialect.locked(connection, 0.2),
        pytest.raises(LockedError, match="in use by another program"),
        dialect.transaction(connection),
    ):
        pytest.fail("two writers")
    other.execute("ROLLBACK")
    other.execute("BEGIN")
    other.execute("SELECT * FROM parent").fetchall()
    with (
        dialect.locked(connection, 0.2),
        pytest.raises(LockedError, match="in use by another program"),
        dialect.transaction(connection),
    ):
        connection.exec_driver_sql("DELETE FROM parent")
    other.close()
    with dialect.transaction(connection):
        connection.exec_driver_sql("DELETE FROM parent")


def test_write_ahead_log(connection: sa.Connection, dialect: SQLite, path: Path) -> None:
    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM parent").fetchall()
    with dialect.locked(connection, 0.2), dialect.transaction(connection):
        connection.exec_driver_sql("INSERT INTO parent VALUES (1, 'x')")
    assert reader.execute("SELECT count(*) FROM parent").fetchall() == [(0,)]
    reader.close()


# triggers


def test_a_trigger_that_nobody_dropped_is_not_lost(connection: sa.Connection, dialect: SQLite) -> None:
    live = dialect.inspect(connection)
    unaware = dataclasses.replace(live, definitions={})
    with pytest.raises(StepError, match='would lose the triggers "follow" of "parent"'):
        rebuild(connection, dialect, "parent", unaware)
    assert dialect.inspect(connection).tables == live.tables
    with pytest.raises(StepError, match='would lose the triggers "it\'s new" of "counted"'):
        rebuild(
            connection,
            dialect,
            "counted",
            live,
            'CREATE TEMP TRIGGER "no matter" AFTER DELETE ON counted BEGIN SELECT 1; END',
            'CREATE TRIGGER IF NOT EXISTS main."it\'s new" AFTER DELETE ON counted BEGIN SELECT 1; END',
        )


def rebuild(connection: sa.Connection, dialect: SQLite, table: str, live: Schema, *first: str) -> None:
    statements = dialect.statements([AddConstraint(Name(table), Check("id > 0"))], live)
    with dialect.transaction(connection):
        for sql in (*first, *(statement.sql for statement in statements)):
            connection.exec_driver_sql(sql)


def test_triggers_may_be_dropped(connection: sa.Connection, dialect: SQLite) -> None:
    with dialect.transaction(connection):
        connection.exec_driver_sql('DROP TRIGGER IF EXISTS main."FOLLOW"')
        connection.exec_driver_sql("DROP TABLE counted")
        connection.exec_driver_sql("DROP VIEW names")
        connection.exec_driver_sql("ALTER TABLE parent RENAME TO other")
    assert rows(connection, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == []


def test_the_text_of_a_trigger_for_a_renamed_table() -> None:
    text = (
        'CREATE TRIGGER "user" AFTER UPDATE OF name, "user" ON user BEGIN UPDATE [User] SET a = NEW.user; END'
    )
    assert moved(text, Name("user")) == text
    assert moved(text, Name('the "people"', "aux")) == (
        'CREATE TRIGGER "aux"."user" AFTER UPDATE OF name, "user" ON "the ""people""" '
        'BEGIN UPDATE "the ""people""" SET a = NEW.user; END'
    )
    assert moved("CREATE VIEW v AS SELECT 1", Name("x")) == "CREATE VIEW v AS SELECT 1"
