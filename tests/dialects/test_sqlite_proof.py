"""What a transaction proves at its end: everything that may be broken is looked at, and nothing else."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import cast

import pytest
import sqlalchemy as sa

from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.errors import StepError

SCRIPT = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT, "na""me" TEXT);
CREATE UNIQUE INDEX by_code ON parent (code);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id));
CREATE TABLE coded (id INTEGER PRIMARY KEY, code TEXT REFERENCES parent (code));
CREATE TABLE "o""dd" (id INTEGER PRIMARY KEY);
CREATE TABLE even (id INTEGER PRIMARY KEY, odd INTEGER REFERENCES "o""dd" (id));
CREATE TABLE log (id INTEGER PRIMARY KEY);
CREATE TABLE echo (id INTEGER PRIMARY KEY);
CREATE TABLE apart (id INTEGER PRIMARY KEY, of INTEGER REFERENCES apart (id));
INSERT INTO log VALUES (9);
CREATE TRIGGER first AFTER INSERT ON log BEGIN INSERT INTO echo VALUES (NEW.id); END;
CREATE TRIGGER second AFTER INSERT ON echo BEGIN DELETE FROM parent; END;
CREATE VIEW seen AS SELECT id FROM log;
CREATE TRIGGER third INSTEAD OF DELETE ON seen BEGIN DELETE FROM "o""dd"; END;
INSERT INTO parent VALUES (1, 'a', 'b');
INSERT INTO child VALUES (1, 1);
INSERT INTO coded VALUES (1, 'a');
INSERT INTO "o""dd" VALUES (1);
INSERT INTO even VALUES (1, 1);
"""

DELETING = "AFTER INSERT ON apart BEGIN DELETE FROM parent; END"


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw(connection).executescript(SCRIPT)
        yield connection
    engine.dispose()


def raw(connection: sa.Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def carry_out(connection: sa.Connection, dialect: SQLite, *statements: str) -> None:
    with dialect.transaction(connection):
        for sql in statements:
            connection.exec_driver_sql(sql)


@pytest.mark.parametrize(
    "statements",
    [
        ["DELETE FROM parent"],
        ["DELETE FROM PARENT"],
        ["/* first */ delete from [parent]"],
        ["UPDATE child SET parent_id = 7"],
        ["REPLACE INTO child VALUES (1, 7)"],
        ["ALTER TABLE parent RENAME TO elder", "DELETE FROM elder"],
        ["ALTER TABLE child RENAME TO younger", "INSERT INTO younger VALUES (2, 7)"],
        ["DROP TABLE parent"],
        ["CREATE TABLE later (a REFERENCES parent (id))", "INSERT INTO later VALUES (7)"],
        ["ALTER TABLE echo ADD COLUMN later REFERENCES parent (id)", "UPDATE echo SET later = 7"],
        ['DELETE FROM "o""dd"'],
        ["INSERT INTO log VALUES (1)"],
        ["DELETE FROM seen"],
        [
            "CREATE TRIGGER fourth AFTER INSERT ON apart BEGIN DELETE FROM parent; END",
            "INSERT INTO apart VALUES (1, 1)",
        ],
        [
            "CREATE TEMP TRIGGER fifth AFTER INSERT ON apart BEGIN DELETE FROM parent; END",
            "INSERT INTO apart VALUES (1, 1)",
        ],
        ["DROP INDEX by_code"],
        ["ALTER TABLE parent RENAME TO elder", "DROP INDEX by_code"],
    ],
    ids=lambda statements: statements[-1],
)
def test_what_breaks_a_foreign_key_is_found(connection: sa.Connection, statements: list[str]) -> None:
    dialect = SQLite.connect(connection)
    before = list(raw(connection).iterdump())
    carry_out(connection, dialect, "UPDATE log SET id = id")  # after which much is known already
    with pytest.raises(StepError):
        carry_out(connection, dialect, *statements)
    assert list(raw(connection).iterdump()) == before


def test_what_a_function_does_unseen_is_found(connection: sa.Connection) -> None:
    dialect = SQLite.connect(connection)

    def function() -> None:
        dialect.expect_anything(connection)
        raw(connection).execute("DELETE FROM parent")

    with pytest.raises(StepError, match="refer to no row"), dialect.transaction(connection):
        function()


def test_a_trigger_of_the_connection_alone_counts(connection: sa.Connection) -> None:
    dialect = SQLite.connect(connection)
    raw(connection).execute("CREATE TEMP TRIGGER fifth AFTER INSERT ON apart BEGIN DELETE FROM parent; END")
    with pytest.raises(StepError, match="refer to no row"), dialect.transaction(connection):
        connection.exec_driver_sql("INSERT INTO apart VALUES (1, 1)")


def test_what_others_break_in_between_stays_as_it_is(connection: sa.Connection) -> None:
    """It is no work of the transaction, though what the one before knew said that all was whole."""
    dialect = SQLite.connect(connection)
    with dialect.transaction(connection):
        connection.exec_driver_sql("INSERT INTO parent VALUES (2, 'c', 'd')")
    raw(connection).execute("CREATE VIEW dangling AS SELECT * FROM nowhere")
    raw(connection).execute("UPDATE child SET parent_id = 7")
    with dialect.transaction(connection):
        connection.exec_driver_sql("ALTER TABLE child ADD COLUMN more")


@pytest.mark.parametrize(
    ("sql", "checked"),
    [
        ("CREATE TABLE more (a)", set()),
        ("UPDATE echo SET id = id", {"child", "coded"}),  # by a trigger
        ("ALTER TABLE log ADD COLUMN a", {"child", "coded"}),  # by two of them
        ("UPDATE apart SET of = id", {"apart"}),
        ("UPDATE child SET id = id", {"child"}),
        ("UPDATE parent SET id = id", {"child", "coded"}),
        ("CREATE INDEX more ON coded (id)", {"coded"}),
    ],
)
def test_other_tables_are_not_looked_at(connection: sa.Connection, sql: str, checked: set[str]) -> None:
    """But for what refers to a name with a quote in it, of which nobody can tell whether it is named."""
    dialect = SQLite.connect(connection)
    seen: list[str] = []
    raw(connection).set_trace_callback(seen.append)
    with dialect.transaction(connection):
        connection.exec_driver_sql(sql)
    looked = Counter(one.split('"')[1] for one in seen if "foreign_key_check(" in one)
    assert looked == dict.fromkeys({*checked, "even"}, 2)  # before and after


@pytest.fixture
def bare() -> Iterator[sa.Connection]:
    """A database in which nothing refers to anything."""
    engine = sa.create_engine("sqlite://")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw(connection).executescript("CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a VALUES (1);")
        yield connection
    engine.dispose()


PLAIN = (
    "CREATE TABLE b (id INTEGER PRIMARY KEY)",
    "ALTER TABLE b ADD COLUMN c",
    "CREATE UNIQUE INDEX by_c ON b (c)",
    "INSERT INTO b VALUES (1, 1)",
    "DROP INDEX by_c",
    "ALTER TABLE b DROP COLUMN c",
    "DROP TABLE b",
)


def test_where_nothing_refers_to_anything_nobody_looks_for_it(bare: sa.Connection) -> None:
    """Once, at the beginning: with each revision it would be the square of a long history."""
    dialect = SQLite.connect(bare)
    seen: list[str] = []
    raw(bare).set_trace_callback(seen.append)
    for sql in PLAIN:
        carry_out(bare, dialect, sql)
    assert sum("sqlite_master" in one and not one.startswith("--") for one in seen) == 1


def trigger_by_extension(connection: sa.Connection) -> None:
    """As SpatiaLite's AddGeometryColumn does it."""

    def make() -> None:
        raw(connection).execute("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END")

    raw(connection).create_function("make", 0, make)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
        "/* a */ create trigger t AFTER INSERT ON a BEGIN SELECT 1; END",
        "SELECT make()",
        "INSERT INTO a SELECT 2 WHERE make() IS NOT NULL",
        "CREATE TABLE c AS SELECT make()",
    ],
)
def test_the_first_trigger_is_watched_by_the_next_transaction(bare: sa.Connection, sql: str) -> None:
    dialect = SQLite.connect(bare)
    trigger_by_extension(bare)
    with dialect.transaction(bare):
        bare.exec_driver_sql(sql).close()
    anew = ("CREATE TABLE b (id INTEGER PRIMARY KEY)", "DROP TABLE a", "ALTER TABLE b RENAME TO a")
    with pytest.raises(StepError, match="would lose the triggers"):
        carry_out(bare, dialect, *anew)


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE b (x REFERENCES a (id))", "ALTER TABLE a ADD COLUMN x REFERENCES a (id)"]
)
def test_the_first_foreign_key_is_checked_by_the_next_transaction(bare: sa.Connection, sql: str) -> None:
    dialect = SQLite.connect(bare)
    carry_out(bare, dialect, sql)
    with pytest.raises(StepError, match="refer to no row"):
        carry_out(bare, dialect, f"INSERT INTO {sql.split()[2]} (x) VALUES (7)")


def test_each_connection_to_one_file_is_watched() -> None:
    """Also the second one through the pool, for which SQLAlchemy takes the same of the driver's."""
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        raw(connection).executescript(SCRIPT)
    for _ in range(2):
        with engine.connect() as connection:
            dialect = SQLite.connect(connection)
            carry_out(connection, dialect, "UPDATE log SET id = id")
            with pytest.raises(StepError, match="refer to no row"):
                carry_out(connection, dialect, "DELETE FROM parent")
    engine.dispose()
