"""Reading, asking, locking and transactions on a real PostgreSQL server."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.exc import DBAPIError

import schemadiff
from schemadiff.database.inspector import inspect_for
from schemadiff.database.server_spelling import differences
from schemadiff.dialects.postgresql.canonical.default_storage import Storage
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.errors import DatabaseError, LockedError
from schemadiff.models.reader import read
from schemadiff.planning import planner
from schemadiff.schema import Check, Column, Index, Name, Options, Part, Table, Type
from tests.dialects.postgresql_live import Live, connected, metadata_of

pytestmark = pytest.mark.engines("postgresql")

FreshDatabase = Callable[[str], str]


@pytest.fixture
def url(fresh_database: FreshDatabase) -> str:
    return fresh_database("postgresql")


@pytest.fixture
def live(url: str) -> Iterator[Live]:
    with connected(url) as opened:
        yield opened


# reading


def test_models_may_name_the_tablespace_of_the_database() -> None:
    own = Storage(own="fast")
    there = Table(Name("t"), (), indexes=(Index((Part("a"),), "ix"),))
    options = Options(extra=(("TABLESPACE", "fast"),))
    told = dataclasses.replace(
        there, options=options, indexes=(dataclasses.replace(there.indexes[0], tablespace="fast"),)
    )
    assert own.settled(there, told) == there
    assert Storage().settled(there, told) == told


def test_what_has_no_representation_is_said(live: Live) -> None:
    live.run(
        "CREATE TABLE t (a int PRIMARY KEY WITH (fillfactor = 70))",
        "COMMENT ON INDEX t_pkey IS 'c'",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER tr AFTER INSERT ON t EXECUTE FUNCTION f()",
        "CREATE TABLE quick (a int)",
        "ALTER TABLE quick ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY pol ON quick USING (a > 0)",
        "CREATE RULE ru AS ON DELETE TO quick DO INSTEAD NOTHING",
        "ALTER TABLE quick FORCE ROW LEVEL SECURITY, REPLICA IDENTITY FULL",
        "ALTER TABLE t CLUSTER ON t_pkey, ADD b int",
        "CREATE STATISTICS st ON a, b FROM t",
    )
    said = {str(one) for one in live.inspect().unsupported}
    for words in (
        "t: constraint t_pkey has an index with storage parameters",
        "t: comment of index t_pkey",
        "t: trigger tr",
        "quick: row level security",
        "quick: row security policy pol",
        "quick: rule ru",
        "quick: row level security of its owner",
        "quick: replica identity FULL",
        "t: order of its rows, CLUSTER ON t_pkey",
        "t: statistics st",
    ):
        assert any(one.startswith(words) for one in said), words
    assert len(said) == 10


def test_what_was_done_by_hand_is_undone(live: Live) -> None:
    metadata = metadata_of(
        sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0", name="here"), index=True),
        sa.Column("b", sa.Integer, sa.ForeignKey("u.b", name="late")),
    )
    sa.Table("u", metadata, sa.Column("b", sa.Integer, sa.CheckConstraint("b > 0", name="ck"), unique=True))
    live.carry_out(live.differences(metadata))
    live.run(
        "ALTER TABLE t DROP CONSTRAINT here, ADD CONSTRAINT here CHECK (a > 0) NO INHERIT",
        "ALTER TABLE t DROP CONSTRAINT late, ADD CONSTRAINT late FOREIGN KEY (b) REFERENCES u (b) NOT VALID",
        "ALTER TABLE u DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (b > 0) NOT VALID",
        "COMMENT ON CONSTRAINT here ON t IS 'why?'",
        "DROP INDEX ix_t_a",
        "INSERT INTO t (a) VALUES (1), (1)",
    )
    with pytest.raises(DBAPIError):
        live.run("CREATE UNIQUE INDEX CONCURRENTLY ix_t_a ON t (a)")
    found = [one.describe() for one in live.differences(metadata)]
    assert "drop invalid unique index ix_t_a (a) on t" in found
    statements = live.carry_out(live.differences(metadata))
    assert 'ALTER TABLE "u" VALIDATE CONSTRAINT "ck"' in statements
    assert live.differences(metadata) == ()
    assert live.rows(
        "SELECT count(*) FROM pg_constraint WHERE NOT convalidated OR connoinherit AND contype = 'c'"
    ) == [(0,)]


def test_an_index_that_was_left_invalid_is_made_anew(live: Live, url: str, tmp_path: Path) -> None:
    metadata = metadata_of(sa.Column("a", sa.Integer), sa.Index("ix", "a", unique=True))
    versions = tmp_path / "versions"
    schemadiff.plan(url, metadata, versions, message="one")
    schemadiff.apply(url, versions)
    live.run("DROP INDEX ix", "INSERT INTO t VALUES (1), (1)")
    with pytest.raises(DBAPIError):
        live.run("CREATE UNIQUE INDEX CONCURRENTLY ix ON t (a)")
    live.run("DELETE FROM t")
    drifted = [one.describe() for one in schemadiff.check(url, metadata, versions).drifted]
    assert drifted == ["drop unique index ix (a) on t", "create invalid unique index ix (a) on t"]
    planned = schemadiff.plan(url, metadata, versions, message="two")
    assert planned.plan.statements == ('DROP INDEX "ix"', 'CREATE UNIQUE INDEX "ix" ON "t" ("a")')
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions)
    schemadiff.rollback(url, versions)
    assert not schemadiff.check(url, metadata, versions).drifted


def test_a_constraint_that_old_rows_may_break_is_added_without_looking_at_them(live: Live) -> None:
    live.run("CREATE TABLE t (a int)", "INSERT INTO t VALUES (-1)")
    check = sa.CheckConstraint("a > 0", name="ck", postgresql_not_valid=True)
    metadata = metadata_of(sa.Column("a", sa.Integer), check)
    assert live.carry_out(live.differences(metadata)) == (
        'ALTER TABLE "t" ADD CONSTRAINT "ck" CHECK (a > 0) NOT VALID',
    )
    assert live.differences(metadata) == ()
    live.run("DELETE FROM t", "ALTER TABLE t VALIDATE CONSTRAINT ck")
    assert live.differences(metadata) == ()


def test_an_index_in_a_tablespace(live: Live) -> None:
    live.run("SET allow_in_place_tablespaces TO on")
    space = f"{live.rows('SELECT current_database()')[0][0]}_space"
    live.run(f"CREATE TABLESPACE {space} LOCATION ''")
    try:
        metadata = metadata_of(sa.Column("a", sa.Integer), sa.Index("ix", "a", postgresql_tablespace=space))
        live.carry_out(live.differences(metadata))
        assert live.differences(metadata) == ()
        moved = metadata_of(sa.Column("a", sa.Integer), sa.Index("ix", "a"))
        statements = live.carry_out(live.differences(moved))
        assert statements == ('ALTER INDEX "ix" SET TABLESPACE "pg_default"',)
        assert live.differences(moved) == ()
    finally:
        live.run("DROP TABLE t", f"DROP TABLESPACE {space}")


def test_partitions_are_no_tables(live: Live) -> None:
    metadata = sa.MetaData()
    table = sa.Table("logs", metadata, sa.Column("n", sa.Integer), postgresql_partition_by="LIST (abs(n))")
    live.carry_out(live.differences(metadata))
    live.run("CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1)", "CREATE INDEX ix ON logs (n)")
    sa.Index("ix", table.c.n)
    assert live.differences(metadata) == ()


def test_tables_come_in_the_order_in_which_they_were_created(live: Live) -> None:
    """So the statements that several of them need stand in one order. A change of a table moves its row."""
    live.run("CREATE TABLE b (a int)", "CREATE TABLE a (a int)", "CREATE TABLE c (a int)")
    for table in ("b", "a", "b"):
        live.run(f"ALTER TABLE {table} SET (fillfactor = 50)", "VACUUM pg_class")
        assert [str(name) for name in live.inspect().tables] == ["b", "a", "c"]


def test_tables_of_extensions_are_left_out(live: Live) -> None:
    live.run("CREATE TABLE t (a int)", "CREATE EXTENSION hstore", "ALTER EXTENSION hstore ADD TABLE t")
    assert live.inspect().tables == {}


def test_schemas(live: Live) -> None:
    live.run("CREATE SCHEMA other", "CREATE SCHEMA third", "CREATE EXTENSION citext SCHEMA third")
    live.run("SET search_path TO public, third")
    metadata = sa.MetaData()
    kind = sa.Enum("a", "b", name="kind", schema="other")
    sa.Table("u", metadata, sa.Column("id", sa.Integer, primary_key=True), schema="other")
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.ForeignKey("other.u.id"), primary_key=True),
        sa.Column("k", kind, server_default="a"),
        sa.Column("c", pg.CITEXT, server_default="X"),
        sa.CheckConstraint("k <> 'b'"),
        schema="public",
    )
    desired = read(metadata, live.dialect)
    assert set(desired.tables) == {Name("t"), Name("u", "other")}
    empty = inspect_for(live.connection, live.dialect, desired)
    operations = differences(live.connection, live.dialect, empty, desired)
    with live.dialect.transaction(live.connection):
        live.run(*planner.plan(operations, empty, live.dialect).statements)
    for path in ("public, third", "public, other, third"):
        live.run(f"SET search_path TO {path}")
        found = inspect_for(live.connection, live.dialect, desired)
        assert differences(live.connection, live.dialect, found, desired) == ()
        assert found.tables[Name("t")].foreign_keys[0].target == Name("u", "other")
        assert live.rows("SHOW search_path") == [(path,)]
    assert set(live.inspect().tables) == {Name("t")}
    assert set(live.dialect.inspect(live.connection, (None, "other"), only=[Name("u", "other")]).tables) == {
        Name("u", "other")
    }
    live.run("SET search_path TO nowhere")
    with pytest.raises(DatabaseError, match="no default schema"):
        live.inspect()


def test_a_thousand_tables_in_a_few_round_trips(live: Live) -> None:
    columns = ", ".join(f"c{number} varchar(50) DEFAULT ''x'' NOT NULL" for number in range(13))
    live.run(
        f"""DO $$ BEGIN FOR i IN 1..1000 LOOP EXECUTE format(
            'CREATE TABLE t%s (id serial PRIMARY KEY, parent int REFERENCES t%s, {columns},
             CHECK (c1 <> ''x''), UNIQUE (c2))', i, greatest(i - 1, 1));
            IF i % 250 = 0 THEN COMMIT; END IF;
            END LOOP; END $$"""
    )
    trips = 0

    def count(*_: object) -> None:
        nonlocal trips
        trips += 1

    sa.event.listen(live.connection, "before_cursor_execute", count)
    started = time.process_time()
    found = live.inspect()
    seconds = time.process_time() - started
    assert len(found.tables) == 1000
    assert trips <= 12  # BEGIN and ROLLBACK among them: nothing may be left on a session
    assert seconds < 1.5, "0.25 s on an idle machine"


# asking


TABLE = Table(
    Name("t"),
    (Column("a", Type("integer")), Column("k", Type("kind", ("x", "y")), default="'x'::kind")),
    checks=(Check("a>0 AND k IN ('x', 'y')", "ck"), Check("a % 2=0")),
)
BROKEN = Table(Name("b"), (Column("a", Type("integer")),), checks=(Check("missing > 0"),))


def assert_asked(live: Live) -> None:
    one, broken, other = live.dialect.ask(live.connection, [TABLE, BROKEN, TABLE])
    assert broken == BROKEN
    assert one == other
    assert [check.expression for check in one.checks] == [
        "(a > 0) AND (k = ANY (ARRAY['x'::kind, 'y'::kind]))",
        "(a % 2) = 0",
    ]
    assert [check.name for check in one.checks] == ["ck", None]
    assert one.columns == TABLE.columns


def test_asking_leaves_nothing_behind(live: Live) -> None:
    assert_asked(live)
    assert live.rows("SELECT relname FROM pg_class WHERE relname LIKE 'schemadiff%'") == []
    assert live.inspect().enums == {}


def test_asking_inside_a_transaction_does_not_end_it(live: Live, url: str) -> None:
    live.run("BEGIN", "CREATE TABLE mine (a int)")
    assert_asked(live)
    assert live.inspect().tables
    live.run("ROLLBACK")
    assert live.inspect().tables == {}
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:  # not in autocommit mode
        connection.exec_driver_sql("CREATE TABLE mine (a int)")
        assert_asked(Live(connection))
        assert connection.exec_driver_sql("SELECT count(*) FROM mine").scalar_one() == 0


def test_asking_shows_the_members_that_are_to_come(live: Live) -> None:
    live.run("CREATE TYPE kind AS ENUM ('old')", "CREATE TABLE t (k kind)")
    assert_asked(live)
    assert live.inspect().enums == {Name("kind"): ("old",)}


def test_without_the_right_to_ask_tables_come_back_as_given(live: Live, url: str) -> None:
    live.run("SET default_transaction_read_only TO on")
    assert live.dialect.ask(live.connection, [TABLE]) == (TABLE,)
    live.run("SET default_transaction_read_only TO off")
    (database,) = live.rows("SELECT current_database()")[0]
    role = f"{database}_role"
    live.run(
        f"CREATE ROLE {role}", f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", f"SET ROLE {role}"
    )
    try:
        assert live.dialect.ask(live.connection, [TABLE]) == (TABLE,)
    finally:
        live.run("RESET ROLE", f"DROP ROLE {role}")


@pytest.mark.parametrize("option", ["role={role}", "default_transaction_read_only=on"])
def test_what_may_not_be_created_is_explained(live: Live, url: str, tmp_path: Path, option: str) -> None:
    def models(
        check: str, default: str, generated: str, where: str, index: str, kind: str = "text_ops"
    ) -> sa.MetaData:
        return metadata_of(
            sa.Column("a", sa.Integer, server_default=sa.text(default)),
            sa.Column("b", sa.String(20)),
            sa.Column("c", sa.Integer, sa.Computed(generated, persisted=True)),
            sa.CheckConstraint(check, name="ck"),
            sa.CheckConstraint("a <> 7 AND b NOT IN ('p', 'q')"),
            sa.Index("ix", sa.text(index), postgresql_where=sa.text(where)),
            sa.Index("plain", "b", postgresql_ops={"b": kind}),
        )

    same = models("a BETWEEN 1 AND 9 AND b IN ('x', 'y')", "1 + 1", "a*2", "a in (1, 2)", "upper(b || 'x')")
    with live.connection.engine.connect() as connection, connection.begin():
        same.create_all(connection)
    (database,) = live.rows("SELECT current_database()")[0]
    role = f"{database}_reader"
    live.run(f"CREATE ROLE {role}", f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC")
    try:
        options = {"options": f"-c {option.format(role=role)}"}
        told = sa.make_url(url).update_query_dict(options).render_as_string(hide_password=False)
        found = schemadiff.check(told, same, tmp_path / "none")
        assert [one.describe() for one in found.missing] == []
        assert found.unsupported == ()
        for number, other in enumerate(
            [
                ("a BETWEEN 1 AND 8 AND b IN ('x', 'y')", "1 + 1", "a*2", "a in (1, 2)", "upper(b || 'x')"),
                ("a BETWEEN 1 AND 9 AND b IN ('x', 'y')", "1 + 2", "a*2", "a in (1, 2)", "upper(b || 'x')"),
                ("a BETWEEN 1 AND 9 AND b IN ('x', 'y')", "1 + 1", "a*3", "a in (1, 2)", "upper(b || 'x')"),
                ("a BETWEEN 1 AND 9 AND b IN ('x', 'y')", "1 + 1", "a*2", "a in (1, 3)", "upper(b || 'x')"),
                ("a BETWEEN 1 AND 9 AND b IN ('x', 'y')", "1 + 1", "a*2", "a in (1, 2)", "upper(b || 'y')"),
                ("a > 0 AND nothing IN ('x', 'y')", "1 + 1", "a*2", "a in (1, 2)", "upper(b || 'x')"),
                ("b COLLATE \"C\" IN ('x')", "1 + 1", "a*2", "a in (1, 2)", "upper(b || 'x')"),
                (
                    *("a BETWEEN 1 AND 9 AND b IN ('x', 'y')", "1 + 1", "a*2", "a in (1, 2)"),
                    *("upper(b || 'x')", "text_pattern_ops"),
                ),
            ]
        ):
            assert schemadiff.check(told, models(*other), tmp_path / "none").missing, number
    finally:
        live.run(f"DROP ROLE {role}")
    assert schemadiff.check(url, same, tmp_path / "none").unsupported == ()


# carrying out


def test_the_lock_is_held_by_one(live: Live, url: str) -> None:
    with connected(url) as other:
        with live.dialect.locked(live.connection, 1):
            (pid,) = live.rows("SELECT pg_backend_pid()")[0]
            started = time.monotonic()
            with (
                pytest.raises(LockedError, match=f"process {pid}"),
                other.dialect.locked(other.connection, 0.3),
            ):
                pass
            assert time.monotonic() - started >= 0.3
        with other.dialect.locked(other.connection, 0):
            pass


def test_the_lock_is_waited_for(live: Live, url: str) -> None:
    with connected(url) as other:
        holding = live.dialect.locked(live.connection, 0)
        holding.__enter__()
        timer = threading.Timer(0.5, lambda: holding.__exit__(None, None, None))
        timer.start()
        with other.dialect.locked(other.connection, 20):
            timer.join()


def test_the_lock_is_given_back_and_the_session_as_it_was(live: Live) -> None:
    before = live.rows("SHOW client_connection_check_interval")
    with live.dialect.locked(live.connection, 0):
        assert live.rows("SHOW client_connection_check_interval") == [("500ms",)]
    assert live.rows("SHOW client_connection_check_interval") == before
    assert live.rows(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    ) == [(0,)]


def test_a_transaction_is_all_or_nothing(live: Live) -> None:
    with live.dialect.transaction(live.connection):
        live.run("CREATE TABLE kept (a int)")
    with pytest.raises(DBAPIError), live.dialect.transaction(live.connection):
        live.run("CREATE TABLE lost (a int)", "SELECT 1 / 0")
    assert set(live.inspect().tables) == {Name("kept")}


def test_where_the_database_stores_what_nobody_says_is_no_difference(live: Live) -> None:
    live.run("SET allow_in_place_tablespaces TO on")
    database = live.rows("SELECT current_database()")[0][0]
    space = f"{database}_default"
    live.run(f"CREATE TABLESPACE {space} LOCATION ''")
    try:
        live.run(f"SET default_tablespace TO {space}")
        live.dialect = PostgreSQL.connect(live.connection)
        metadata = metadata_of(sa.Column("a", sa.Integer), sa.Index("ix", "a"))
        live.carry_out(live.differences(metadata))
        assert live.rows(
            "SELECT count(*) FROM pg_class WHERE reltablespace <> 0 AND relname IN ('t', 'ix')"
        ) == [(2,)]
        assert live.differences(metadata) == ()
    finally:
        live.run("DROP TABLE t", f"DROP TABLESPACE {space}")


def test_what_the_server_notes_of_a_column_for_itself_is_no_attribute(live: Live) -> None:
    live.run("CREATE TABLE t (a int, b int)", "ALTER TABLE t ALTER a SET (n_distinct = 5)")
    # As PostgreSQL 17.12 does it.
    live.run(
        "UPDATE pg_attribute SET attoptions = ARRAY['pg_attver=7'] || coalesce(attoptions, '{}') "
        "WHERE attrelid = 't'::regclass AND attnum > 0"
    )
    columns = live.inspect().tables[Name("t")].columns
    assert [column.attributes for column in columns] == [("n_distinct=5",), None]
