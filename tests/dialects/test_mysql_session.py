"""Conversations with MySQL and MariaDB servers: sessions, rights, locks, and what cannot be represented."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.registry import dialect_of
from schemadiff.dialects.mysql.server import conversation as session_module
from schemadiff.errors import ConfigError, LockedError
from schemadiff.models.reader import read
from schemadiff.schema import Name
from tests.accounts import account
from tests.conftest import FreshDatabase
from tests.definitions import found_differences
from tests.dialects.test_mysql_server import MODELS, Models, constraints, declare, open_database

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]


@contextmanager
def plain_connection(url: str, **arguments: object) -> Iterator[sa.Connection]:
    """A connection as an application opens it: without what schemadiff asks of its own ones."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=arguments)
    with engine.connect() as connection:
        yield connection


@pytest.mark.parametrize("models", MODELS)
def test_connections_of_the_users_own_see_the_same(models: Models, url: str) -> None:
    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        expected = dialect.inspect(connection)
        desired = read(metadata, dialect)
    for arguments in (
        {},
        {"charset": "latin1"},
        {"init_command": "SET SESSION sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'"},
        {"init_command": "SET SESSION sql_select_limit = 1"},
    ):
        with plain_connection(url, **arguments) as connection:
            dialect = dialect_of(connection)
            live = dialect.inspect(connection)
            assert live == expected
            assert found_differences(connection, dialect, live, desired) == ()


def with_charset(url: str, charset: str) -> sa.URL:
    return sa.make_url(url).update_query_dict({"charset": charset})


REVISION = """
import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "t",
        sa.Column("a", sa.String(9), server_default="größe", comment="größe"),
        sa.Column("b", sa.String(9), server_default="☃", comment="☃"),
        sa.Column("c", sa.String(9), server_default="😀"),
        sa.CheckConstraint("a <> 'größe!'", name="ck_a"),
        sa.CheckConstraint("b <> '☃!'", name="ck_b"),
        comment="größe",
    )
    op.execute("INSERT INTO t () VALUES ()", reverse="DELETE FROM t")
"""


@pytest.mark.parametrize("charset", ["utf8", "latin1"])
def test_a_connection_with_few_characters_writes_all(url: str, tmp_path: Path, charset: str) -> None:
    (tmp_path / "0001_t.py").write_text(REVISION)
    engine = sa.create_engine(with_charset(url, charset), pool_size=1, max_overflow=0)
    query = "SELECT @@character_set_client, @@character_set_results, @@collation_connection"
    with engine.connect() as connection:
        before = connection.exec_driver_sql(query).one()
    schemadiff.apply(engine, tmp_path)
    for database in (engine, url):
        assert not schemadiff.check(database, sa.MetaData(), tmp_path).drifted
    with engine.connect() as connection:
        assert connection.exec_driver_sql(query).one() == before
        assert connection.exec_driver_sql("SELECT a FROM t").scalar_one() == "größe"
    with plain_connection(url) as connection:
        row = connection.exec_driver_sql("SELECT a, b, c FROM t").one()
    assert row == ("größe", "☃", "😀")
    engine.dispose()


def test_what_was_made_with_charset_utf8_is_the_same(url: str) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.String(9)), sa.CheckConstraint("a <> 'größe'", name="ck"))
    with plain_connection(url, charset="utf8") as connection:
        metadata.create_all(connection)
    for database in (url, with_charset(url, "utf8")):
        assert not schemadiff.check(database, metadata, Path("none"))


def test_other_drivers_go_one_by_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "several", lambda connection, taken: nullcontext(False))
    metadata = declare(constraints)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        live = dialect.inspect(connection)
        assert found_differences(connection, dialect, live, read(metadata, dialect)) == ()


def settings(connection: sa.Connection) -> tuple[object, ...]:
    names = (
        "sql_mode",
        "sql_quote_show_create",
        "character_set_client",
        "character_set_results",
        "autocommit",
    )
    words = ", ".join(f"@@SESSION.{name}" for name in (*names, "collation_connection"))
    return tuple(connection.exec_driver_sql(f"SELECT {words}").one())


def test_the_session_is_left_as_it_was(url: str) -> None:
    with open_database(url) as (connection, _):
        declare(constraints).create_all(connection)
    ansi = "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', sql_quote_show_create = 0"
    with plain_connection(url, init_command=ansi) as connection:
        before = settings(connection)
        dialect = dialect_of(connection)
        live = dialect.inspect(connection)
        assert dialect.ask(connection, tuple(live.tables.values())) == tuple(live.tables.values())
        assert settings(connection) == before
        with dialect.locked(connection, 1):
            assert "NO_BACKSLASH_ESCAPES" not in str(settings(connection)[0])
            assert "ANSI_QUOTES" in str(settings(connection)[0]), "SQLAlchemy goes on quoting so"
        assert settings(connection) == before


def test_asking_commits_nothing(url: str) -> None:
    metadata = declare(constraints)
    with plain_connection(url) as connection:
        metadata.create_all(connection)
        connection.commit()
        dialect = dialect_of(connection)
        tables = tuple(read(metadata, dialect).tables.values())
        connection.exec_driver_sql("INSERT INTO parent (id, code) VALUES (1, 'x')")
        answers = dialect.ask(connection, tables)
        assert [answer.name for answer in answers] == [table.name for table in tables]
        assert answers != tables
        connection.rollback()
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM parent").scalar() == 0
        assert dialect.inspect(connection).tables.keys() == {table.name for table in tables}


def test_asking_keeps_what_the_server_refuses(url: str) -> None:
    def models(metadata: sa.MetaData) -> None:
        for name, check in (("good", "a>1"), ("bad", "no_such_function(a) > 1"), ("other", "a>2")):
            sa.Table(name, metadata, sa.Column("a", sa.Integer), sa.CheckConstraint(check))

    with open_database(url) as (connection, dialect):
        tables = tuple(read(declare(models), dialect).tables.values())
        good, bad, other = dialect.ask(connection, tables)
        assert [check.expression for table in (good, other) for check in table.checks] == [
            "`a` > 1",
            "`a` > 2",
        ]
        assert bad == tables[1]
        assert dialect.inspect(connection).tables == {}


def test_asking_in_a_read_only_transaction_asks_nothing(url: str) -> None:
    metadata = declare(constraints)
    with open_database(url) as (connection, dialect):
        tables = tuple(read(metadata, dialect).tables.values())
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
        assert dialect.ask(connection, tables) == tables


def test_asking_without_the_right_asks_nothing(url: str) -> None:
    metadata = declare(constraints)
    with open_database(url) as (connection, _):
        metadata.create_all(connection)
    right = "GRANT SELECT ON {database}.* TO {user}"
    with account(url, [right]) as poor, connected(poor) as (reading, dialect):
        tables = tuple(read(metadata, dialect).tables.values())
        assert dialect.ask(reading, tables) == tables
        assert dialect.inspect(reading).tables.keys() == {table.name for table in tables}
    right = "GRANT SELECT, CREATE TEMPORARY TABLES ON {database}.* TO {user}"
    with account(url, [right]) as poor, connected(poor) as (reading, dialect):
        live = dialect.inspect(reading)
        assert found_differences(reading, dialect, live, read(metadata, dialect)) == ()


@pytest.mark.engines("mysql")
def test_asking_where_every_table_must_have_a_key(url: str) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.Integer), sa.CheckConstraint("a>1", name="ck"))
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        connection.exec_driver_sql("SET SESSION sql_require_primary_key = 1")
        live = dialect.inspect(connection)
        assert found_differences(connection, dialect, live, read(metadata, dialect)) == ()


@pytest.mark.engines("mysql")
def test_keys_that_the_server_makes_are_not_seen(url: str) -> None:
    """sql_generate_invisible_primary_key, MySQL 8.0.30+."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.Integer))
    with open_database(url) as (connection, dialect):
        connection.exec_driver_sql("SET SESSION sql_generate_invisible_primary_key = 1")
        metadata.create_all(connection)
        live = dialect.inspect(connection)
        assert [column.name for column in live.tables[Name("t")].columns] == ["a"]
        assert found_differences(connection, dialect, live, read(metadata, dialect)) == ()


def test_one_run_at_a_time(url: str) -> None:
    with connected(url) as (first, dialect), connected(url) as (second, other):
        holder = first.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
        with (
            dialect.locked(first, 1),
            pytest.raises(LockedError, match=f"connection {holder}"),
            other.locked(second, 1),
        ):
            pass
        with other.locked(second, 0):
            pass


def test_waiting_for_the_lock(url: str) -> None:
    with connected(url) as (first, dialect), connected(url) as (second, other):
        taken, done = threading.Event(), threading.Event()

        def hold() -> None:
            with dialect.locked(first, 1):
                taken.set()
                done.wait(60)

        thread = threading.Thread(target=hold)
        thread.start()
        assert taken.wait(60)
        threading.Timer(0.2, done.set).start()
        with other.locked(second, 60):
            assert done.is_set()
        thread.join()


def test_databases_have_locks_of_their_own(engine_name: str, fresh_database: FreshDatabase) -> None:
    one, two = fresh_database(engine_name), fresh_database(engine_name)
    with (
        connected(one) as (first, dialect),
        connected(two) as (second, other),
        dialect.locked(first, 1),
        other.locked(second, 0),
    ):
        assert first is not second


def insert_and_fail(connection: sa.Connection, dialect: Dialect) -> None:
    with dialect.transaction(connection):
        connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (2)")


def test_transaction(url: str) -> None:
    with open_database(url) as (connection, dialect):
        connection.exec_driver_sql("CREATE TABLE t (a int)")
        with dialect.transaction(connection):
            connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        with pytest.raises(sa.exc.DBAPIError):
            insert_and_fail(connection, dialect)
        assert connection.exec_driver_sql("SELECT a FROM t").scalars().all() == [1]


def test_only_some_tables_are_inspected(url: str) -> None:
    metadata = declare(constraints)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        names = [Name("child"), Name("no such table")]
        assert list(dialect.inspect(connection, only=names).tables) == [Name("child")]
        assert dialect.inspect(connection, only=()).tables == {}


def test_views_and_sequences_are_no_tables(url: str, engine_name: str) -> None:
    with open_database(url) as (connection, dialect):
        connection.exec_driver_sql("CREATE TABLE t (a int)")
        connection.exec_driver_sql("CREATE VIEW v AS SELECT a FROM t")
        connection.exec_driver_sql("CREATE TEMPORARY TABLE s (a int)")
        if engine_name == "mariadb":
            connection.exec_driver_sql("CREATE SEQUENCE q")
        assert dialect.inspect(connection).tables.keys() == {Name("t")}


def test_tables_of_another_database(engine_name: str, fresh_database: FreshDatabase) -> None:
    one, two = fresh_database(engine_name), fresh_database(engine_name)
    other = sa.make_url(two).database
    metadata = sa.MetaData()
    sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True), schema=other)
    sa.Table("home", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "child",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.ForeignKey(f"{other}.parent.id")),
        sa.Column("text", sa.String(9)),
        schema=other,
    )
    sa.Table("guest", metadata, sa.Column("id", sa.ForeignKey(f"{other}.parent.id"), primary_key=True))
    with open_database(one) as (connection, dialect):
        connection.exec_driver_sql(f"ALTER DATABASE {other} CHARACTER SET latin1")
        dialect = dialect_of(connection)
        metadata.create_all(connection)
        desired = read(metadata, dialect)
        live = dialect.inspect(connection, [None, other])
        assert live.tables.keys() == desired.tables.keys()
        assert found_differences(connection, dialect, live, desired) == ()
        assert dialect.inspect(connection).tables.keys() == {Name("home"), Name("guest")}
        metadata.drop_all(connection)


def test_a_connection_without_a_database(url: str) -> None:
    nowhere = sa.make_url(url).set(database="")
    with pytest.raises(ConfigError, match="names no database"), connected(nowhere):
        pass


UNSUPPORTED = [
    ("mysql", "(a int, PRIMARY KEY (a) COMMENT 'x')", "primary key: comment 'x'"),
    ("mariadb", "(a int, PRIMARY KEY (a) COMMENT 'x')", "primary key: comment 'x'"),
    ("mysql", "(a int) TABLESPACE innodb_system", "TABLESPACE `innodb_system`"),
    ("mariadb", "(a int, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING", "WITH SYSTEM VERSIONING"),
    ("mariadb", "(a int, b date, c date, PERIOD FOR p (b, c))", "PERIOD FOR `p` (`b`, `c`)"),
]


@pytest.mark.parametrize(
    ("engine", "definition", "part"),
    [
        ("mysql", "(a varchar(20), PRIMARY KEY (a(5)))", (5, False)),
        ("mariadb", "(a varchar(20), PRIMARY KEY (a(5)))", (5, False)),
        ("mysql", "(a int, PRIMARY KEY (a DESC))", (None, True)),
    ],
)
def test_the_parts_of_a_primary_key_are_read(
    engine: str, definition: str, part: tuple[int | None, bool], fresh_database: FreshDatabase
) -> None:
    with open_database(fresh_database(engine)) as (connection, dialect):
        connection.exec_driver_sql(f"CREATE TABLE t {definition}")
        found = dialect.inspect(connection)
    key = found.tables[Name("t")].primary_key
    assert key is not None
    assert (key.columns, key.parts) == (("a",), (part,))
    assert not found.unsupported


@pytest.mark.parametrize(("engine", "definition", "words"), UNSUPPORTED)
def test_what_cannot_be_represented_is_said_by_name(
    engine: str, definition: str, words: str, fresh_database: FreshDatabase
) -> None:
    with open_database(fresh_database(engine)) as (connection, dialect):
        connection.exec_driver_sql(f"CREATE TABLE t {definition}")
        unsupported = dialect.inspect(connection).unsupported
        assert any(words in one.what for one in unsupported), unsupported
        assert all(one.table == Name("t") for one in unsupported)


HAND_MADE = [
    "ADD COLUMN extra int",
    "DROP COLUMN `stored`",
    "MODIFY COLUMN flag int",
    "MODIFY COLUMN flag tinyint(1) NOT NULL",
    "MODIFY COLUMN a int DEFAULT 5",
    "MODIFY COLUMN a int COMMENT 'x'",
    "MODIFY COLUMN text text CHARACTER SET latin1",
    "MODIFY COLUMN text text COLLATE utf8mb4_bin",
    "MODIFY COLUMN kind varchar(1) DEFAULT ('x')",
    "ADD INDEX extra (a)",
    "DROP INDEX ix_child_text, ADD INDEX ix_child_text (text(21))",
    "DROP INDEX ix_child_desc, ADD INDEX ix_child_desc (b, a)",
    "DROP INDEX unique_id, ADD INDEX unique_id (unique_id)",
    "ADD CONSTRAINT extra CHECK (a > 1)",
    "DROP CONSTRAINT ck_positive",
    "DROP CONSTRAINT ck_positive, ADD CONSTRAINT ck_positive CHECK (a >= 1)",
    "ADD CONSTRAINT extra FOREIGN KEY (b) REFERENCES child (id)",
    "DROP FOREIGN KEY fk_code",
    "COMMENT = 'x'",
    "ENGINE = MyISAM",
    "DEFAULT CHARACTER SET latin1",
    "DEFAULT COLLATE utf8mb4_bin",
    "ROW_FORMAT = COMPACT",
    "MODIFY COLUMN total int GENERATED ALWAYS AS (a - b) VIRTUAL",
]


@pytest.mark.parametrize("clause", HAND_MADE)
def test_a_change_by_hand_is_named(clause: str, url: str) -> None:
    def models(metadata: sa.MetaData) -> None:
        constraints(metadata)
        if "ENGINE" in clause:
            metadata.remove(metadata.tables["child"])
            sa.Table("child", metadata, sa.Column("id", sa.Integer, primary_key=True))

    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        desired = read(metadata, dialect)
        connection.exec_driver_sql(f"ALTER TABLE child {clause}")
        found = found_differences(connection, dialect, dialect.inspect(connection), desired)
        assert found
        assert all("child" in operation.describe() for operation in found)


def test_many_tables(url: str) -> None:
    """200 tables of 15 columns: a handful of round trips, and little work for the client."""
    columns = ", ".join(
        f"c{number} varchar({20 + number}) NOT NULL DEFAULT 'x' COMMENT 'hello'"
        if number % 2
        else f"c{number} int"
        for number in range(14)
    )
    with open_database(url) as (connection, dialect):
        for number in range(200):
            connection.exec_driver_sql(f"CREATE TABLE t{number} (id int PRIMARY KEY, {columns}, KEY k (c0))")
        before = statements_so_far(connection)
        cpu = time.process_time()
        live = dialect.inspect(connection)
        cpu = time.process_time() - cpu
        assert statements_so_far(connection) - before < 220
        assert len(live.tables) == 200
        assert cpu < 1  # 0.04 s on a quiet machine, 0.2 s for a thousand tables


def statements_so_far(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Questions'").one()[1])


def test_revisions_are_carried_out_under_ansi(url: str, tmp_path: Path) -> None:
    """SQLAlchemy quotes names as ANSI_QUOTES has it for as long as the engine lives: that stays in force."""
    ansi = sa.make_url(url).update_query_dict({"init_command": "SET SESSION sql_mode = 'ANSI'"})
    text = ansi.render_as_string(hide_password=False)
    metadata = sa.MetaData()
    sa.Table(
        "order",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("group by", sa.String(20), server_default='a "quote" \\ and %', comment="it's \\"),
        sa.CheckConstraint(sa.column("group by") != 'a "b"'),
    )
    schemadiff.plan(text, metadata, tmp_path)
    schemadiff.apply(text, tmp_path)
    assert not schemadiff.check(text, metadata, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path)
    schemadiff.rollback(text, tmp_path, allow=["all"])
