"""Changes of a large table on PostgreSQL: nobody waits, and a kill in the middle leaves nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Column as C
from sqlalchemy import ForeignKey as Key
from sqlalchemy import Index, Integer, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ExcludeConstraint

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.postgresql.canonical.types import parse
from schemadiff.dialects.postgresql.online import leftovers
from schemadiff.dialects.postgresql.sql import conversion
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import DatabaseError, SchemadiffError, StepError
from schemadiff.execute.executor import Event
from schemadiff.planning.planner import Step
from schemadiff.schema import Name, Type
from tests import postgresql_catalog
from tests.clients import run_script
from tests.convergence import with_one_connection
from tests.dialects.postgresql_changes import CASES, LONG, Elements, a, b, models

pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.once]


@contextmanager
def session(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def execute(url: str, *statements: str) -> list[Any]:
    rows: list[Any] = []
    with session(url) as connection:
        for one in statements:
            result = connection.exec_driver_sql(one, execution_options=VERBATIM)
            rows = list(result.all()) if result.returns_rows else []
        connection.commit()
    return rows


def catalog(url: str) -> dict[str, list[str]]:
    with session(url) as connection:
        return postgresql_catalog.catalog(connection)


def created(url: str, metadata: sa.MetaData) -> dict[str, list[str]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    metadata.create_all(engine)
    return catalog(url)


def begin(url: str, versions: Path, before: sa.MetaData, after: sa.MetaData) -> list[Step]:
    """Brings the database to `before` and writes the revision that leads to `after`; returns its steps."""
    schemadiff.plan(url, before, versions)
    schemadiff.apply(url, versions)
    execute(url, "INSERT INTO other (id, code) SELECT g, g FROM generate_series(0, 9) g")
    planned = schemadiff.plan(url, after, versions, no_renames=True, online="always")
    return list(planned.plan.steps)


def words(step: Step) -> str:
    """The verb of a step, in capitals, with ``!`` where it runs alone."""
    sql = step.sql
    for one in (
        "VALIDATE",
        "NOT VALID",
        "USING INDEX",
        "SET NOT NULL",
        "RENAME",
        "CONCURRENTLY",
        "DROP CONSTRAINT",
    ):
        if one in sql:
            return ("DROP " if sql.startswith("DROP INDEX") else "") + one + "!" * step.alone
    return " ".join(sql.split()[:2]) + "!" * step.alone


@pytest.mark.parametrize("case", CASES)
def test_forth_and_back(case: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    before, after, forth, back = CASES[case]
    url = fresh_database("postgresql")
    wanted = created(fresh_database("postgresql"), models(*after()))
    steps = begin(url, tmp_path, models(*before()), models(*after()))
    was = catalog(url)
    assert ", ".join(map(words, steps)) == forth
    schemadiff.apply(url, tmp_path, allow=["all"], online="always")
    assert catalog(url) == wanted
    assert not schemadiff.check(url, models(*after()), tmp_path)
    undo = schemadiff.rollback(url, tmp_path, allow=["all"], online="always", dry_run=True).done[0].plan
    assert ", ".join(map(words, undo.steps)) == back
    schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
    assert catalog(url) == was


def everything() -> tuple[Any, ...]:
    """Elements that take every kind of step."""
    return (
        C("a", Integer, Key("other.id"), nullable=False, server_default="1"),
        b(30),
        Check("length(b) > 0"),
        UniqueConstraint("b"),
        PrimaryKeyConstraint("id"),
        Index("ix_b", "b"),
        Index("ix_lower", sa.text("lower(b)")),
    )


def little() -> tuple[Any, ...]:
    return (a(), b(), Index("ix_a", "a"), UniqueConstraint("b", "a", name="uq_b_a"))


ROWS = "INSERT INTO t (id, a, b) SELECT g, 1, g FROM generate_series(1, 100) g"


def ended(url: str, number: int, run: Callable[..., Any], versions: Path, *, done: bool) -> bool:
    """Runs it, and ends its session when the step of that number begins, or is `done`; whether there was one."""

    def progress(event: Event) -> None:
        if event.position == number and event.running is None and done == (event.seconds is not None):
            execute(url, terminate("pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"))

    try:
        run(url, versions, allow=["all"], online="always", progress=progress)
    except (StepError, DatabaseError):
        return True
    return False


def terminate(condition: str) -> str:
    return (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
    )


def test_a_session_that_ends_between_any_steps(fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    url = fresh_database("postgresql")
    kept = with_one_connection(url)  # for all that does not end

    def found() -> dict[str, list[str]]:
        with kept.connect() as connection:
            return postgresql_catalog.catalog(connection)

    steps = begin(url, tmp_path, models(*little()), models(*everything()))
    execute(url, ROWS)
    was = found()
    schemadiff.apply(kept, tmp_path, allow=["all"], online="always")
    wanted = found()
    undo = schemadiff.rollback(kept, tmp_path, allow=["all"], online="always").done[0].plan.steps
    assert len(steps) > 15
    for number in range(len(steps)):
        assert ended(url, number, schemadiff.apply, tmp_path, done=number % 2 == 0)
        schemadiff.rollback(kept, tmp_path, allow=["all"], online="always")
        assert found() == was, f"turned round at step {number}"
        assert ended(url, number, schemadiff.apply, tmp_path, done=number % 2 == 1)
        schemadiff.apply(kept, tmp_path, allow=["all"], online="always")
        assert found() == wanted, f"finished from step {number}"
        if number < len(undo):
            assert ended(url, number, schemadiff.rollback, tmp_path, done=number % 2 == 0)
            schemadiff.apply(kept, tmp_path, allow=["all"], online="always")
            assert found() == wanted, f"turned round at step {number} of the rollback"
            assert ended(url, number, schemadiff.rollback, tmp_path, done=number % 2 == 1)
        schemadiff.rollback(kept, tmp_path, allow=["all"], online="always")
        assert found() == was, f"finished from step {number} of the rollback"
    kept.dispose()


@contextmanager
def halted(url: str, run: Callable[..., Any], versions: Path, word: str) -> Iterator[list[SchemadiffError]]:
    """A run that waits in the statement with that word for a transaction that has written to the table."""
    errors: list[SchemadiffError] = []

    def carry_out() -> None:
        try:
            run(url, versions, allow=["all"], online="always")
        except SchemadiffError as error:
            errors.append(error)

    thread = threading.Thread(target=carry_out)
    with session(url) as writer:
        writer.exec_driver_sql("INSERT INTO t (id, a, b) VALUES (1000, 1, 'open')")
        thread.start()
        deadline = time.monotonic() + 30
        waits = f"datname = current_database() AND query LIKE '%{word}%' AND wait_event_type = 'Lock'"
        while not execute(url, f"SELECT FROM pg_stat_activity WHERE {waits}"):
            assert thread.is_alive(), errors
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield errors
        writer.rollback()
    thread.join(30)
    assert not thread.is_alive()


INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"


@pytest.mark.parametrize("direction", ["forth", "back"])
def test_nobody_waits_while_an_index_is_built_or_dropped(
    direction: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    begin(url, tmp_path, models(a(), b()), models(a(), b(), Index("ix_a", "a")))
    run, word = schemadiff.apply, "CREATE INDEX CONCURRENTLY"
    if direction == "back":
        schemadiff.apply(url, tmp_path, online="always")
        run, word = schemadiff.rollback, "DROP INDEX CONCURRENTLY"
    with halted(url, run, tmp_path, word) as errors:
        execute(
            url, "SET lock_timeout = '2s'", "INSERT INTO t (id) VALUES (7)", "SELECT * FROM t WHERE a = 1"
        )
    assert not errors
    assert execute(url, "SELECT id FROM t") == [(7,)]
    assert not execute(url, INVALID)


def expect_led_on(url: str, versions: Path, leads_on: Callable[..., Any], state: Any) -> None:
    """What was ended inside of its first step left an index that is not valid; the verb leads to that state."""
    assert len(execute(url, INVALID)) == 1, "nothing was left behind"
    found = schemadiff.status(url, versions).interrupted
    assert found
    assert found.done == 0
    leads_on(url, versions, allow=["all"], online="always")
    assert catalog(url) == state
    assert not schemadiff.status(url, versions).interrupted


@pytest.mark.parametrize("leads_on", [schemadiff.apply, schemadiff.rollback])
@pytest.mark.parametrize(
    ("before", "after", "runs", "word"),
    [
        (lambda: (a(), b()), lambda: (a(), b(), Index("ix_a", "a")), schemadiff.apply, "CREATE INDEX"),
        (lambda: (a(), b()), lambda: (a(unique=True), b()), schemadiff.apply, "CREATE UNIQUE INDEX"),
        (lambda: (a(), b(), Index("ix_a", "a")), lambda: (a(), b()), schemadiff.apply, "DROP INDEX"),
        (lambda: (a(), b()), lambda: (a(), b(), Index("ix_a", "a")), schemadiff.rollback, "DROP INDEX"),
    ],
    ids=["create", "unique", "drop", "undo"],
)
def test_a_session_that_ends_inside_of_a_step(
    before: Elements,
    after: Elements,
    runs: Callable[..., Any],
    word: str,
    leads_on: Callable[..., Any],
    fresh_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    url = fresh_database("postgresql")
    begin(url, tmp_path, models(*before()), models(*after()))
    states: dict[Any, Any] = {schemadiff.rollback: catalog(url)}
    schemadiff.apply(url, tmp_path, allow=["all"], online="always")
    states[schemadiff.apply] = catalog(url)
    if runs is schemadiff.apply:
        schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
    with halted(url, runs, tmp_path, word) as errors:
        execute(url, terminate(f"query LIKE '%{word}%'"))
    assert errors
    expect_led_on(url, tmp_path, leads_on, states[leads_on])


@pytest.mark.parametrize("leads_on", [schemadiff.apply, schemadiff.rollback])
@pytest.mark.parametrize("word", ["CREATE INDEX", "DROP INDEX"])
def test_a_script_that_ends_inside_of_a_step(
    word: str, leads_on: Callable[..., Any], fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    begin(url, tmp_path, models(a(), b()), models(a(), b(), Index("ix_a", "a")))
    without = catalog(url)
    schemadiff.apply(url, tmp_path, online="always")
    states = {schemadiff.apply: catalog(url), schemadiff.rollback: without}
    if word == "CREATE INDEX":
        schemadiff.rollback(url, tmp_path, allow=["all"], online="always")

    def run(url: str, versions: Path, **options: Any) -> None:
        verb = schemadiff.apply if word == "CREATE INDEX" else schemadiff.rollback
        error = run_script(url, "\n".join(verb(url, versions, sql=True, **options).script))
        if error:
            raise SchemadiffError(error)

    with halted(url, run, tmp_path, f"{word} CONCURRENTLY") as errors:
        execute(url, terminate(f"query LIKE '%{word}%' AND wait_event_type = 'Lock'"))
    assert errors
    expect_led_on(url, tmp_path, leads_on, states[leads_on])


@pytest.mark.parametrize(
    ("after", "row", "words_"),
    [
        (lambda: (a(unique=True), b()), "(1, 1, 'y')", "(a)=(1) is duplicated"),
        (lambda: (a(), b(), Index("ix", "b", unique=True)), "(1, 2, 'x')", "(b)=(x) is duplicated"),
        (
            lambda: (a(nullable=False), b()),
            "(1, NULL, 'y')",
            '"schemadiff_a_not_null" of relation "t" is violated',
        ),
        (lambda: (a(), b(), Check("a < 9", name="ck")), "(1, 9, 'y')", '"ck" of relation "t" is violated'),
        (
            lambda: (C("a", Integer, Key("other.id")), b()),
            "(1, 77, 'y')",
            '(a)=(77) is not present in table "other"',
        ),
    ],
    ids=["unique", "unique index", "not null", "check", "foreign key"],
)
@pytest.mark.parametrize("leads_on", [schemadiff.apply, schemadiff.rollback])
def test_rows_that_are_in_the_way(
    after: Elements,
    row: str,
    words_: str,
    leads_on: Callable[..., Any],
    fresh_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    url = fresh_database("postgresql")
    wanted = created(fresh_database("postgresql"), models(*after()))
    begin(url, tmp_path, models(a(), b()), models(*after()))
    was = catalog(url)
    execute(url, "INSERT INTO t (id, a, b) VALUES (0, 1, 'x')", f"INSERT INTO t (id, a, b) VALUES {row}")
    with pytest.raises(StepError) as caught:
        schemadiff.apply(url, tmp_path, online="always")
    assert words_ in caught.value.message
    assert "`schemadiff apply`" in str(caught.value.hint)
    assert "`schemadiff rollback`" in str(caught.value.hint)
    assert not execute(url, INVALID)
    if leads_on is schemadiff.apply:
        with pytest.raises(StepError):
            schemadiff.apply(url, tmp_path, online="always")
        execute(url, "DELETE FROM t WHERE id = 1")
    leads_on(url, tmp_path, online="always")
    assert catalog(url) == (wanted if leads_on is schemadiff.apply else was)


def test_an_index_that_somebody_left_invalid_is_rebuilt(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    indexed = models(a(), b(), Index("ix", "a", unique=True))
    schemadiff.plan(url, indexed, tmp_path)
    schemadiff.apply(url, tmp_path)
    was = catalog(url)
    execute(url, "DROP INDEX ix", "INSERT INTO t (id, a) VALUES (1, 1), (2, 1)")
    with session(url) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(sa.exc.IntegrityError):
            connection.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY ix ON t (a)")
    execute(url, "DELETE FROM t")
    assert schemadiff.check(url, indexed, tmp_path).drifted
    planned = schemadiff.plan(url, indexed, tmp_path, online="always")
    assert ", ".join(map(words, planned.plan.steps)) == "DROP CONCURRENTLY!, CONCURRENTLY!"
    schemadiff.apply(url, tmp_path, online="always")
    assert catalog(url) == was


def test_names_of_our_own() -> None:
    assert leftovers.not_null_name("email") == "schemadiff_email_not_null"
    long = [leftovers.own_name(f"{LONG[:-1]}{number}") for number in range(3)]
    assert len(set(long)) == 3
    assert all(len(name.encode()) <= 63 for name in (*long, leftovers.own_name("ü" * 60)))
    assert all(name.startswith("schemadiff_") for name in long)


TYPES = [
    *(("varchar(10)", one) for one in ("varchar(20)", "varchar(9)", "varchar", "text", "char(10)")),
    *(("text", one) for one in ("varchar", "varchar(10)")),
    *(("numeric(10,2)", one) for one in ("numeric(12,2)", "numeric(12,3)", "numeric")),
    *(("timestamp(3)", one) for one in ("timestamp(6)", "timestamp", "timestamp(0)")),
    *(("timestamp", one) for one in ("timestamp(6)", "timestamp(3)")),
    *(("interval", one) for one in ("interval(6)", "interval(3)")),
    *(("varbit(3)", one) for one in ("varbit(5)", "varbit")),
    *(("integer", one) for one in ("bigint", "smallint", "numeric")),
    *(("cidr", "inet"), ("inet", "cidr"), ("json", "jsonb"), ("xml", "text"), ("bit(3)", "bit(5)")),
    *(("varchar(5)[]", "varchar(9)[]"), ("varchar(5)[]", "varchar[]"), ("integer[]", "bigint[]")),
]


def test_what_writes_the_table_anew(url: str) -> None:
    place = "SELECT pg_relation_filenode('t')"
    told, seen = {}, {}
    for before, after in TYPES:
        was = execute(url, "DROP TABLE IF EXISTS t", f"CREATE TABLE t (c {before})", place)
        old, new = (Type(parse(sql).sql) for sql in (before, after))
        using = conversion.using("c", old, new)
        values = f" USING {using}" if using else ""
        now = execute(url, f"ALTER TABLE t ALTER COLUMN c TYPE {after}{values}", place)
        told[before, after], seen[before, after] = conversion.rewrites(old, new), was != now
    assert told == seen


def test_the_plan_says_what_others_have_to_wait_for(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    before = (a(), b(), C("c", Integer), C("d", Integer))
    after = (
        C("a", sa.BigInteger),
        b(30),
        C("c", Integer, nullable=False),
        C("d", Integer, Key("parted.id"), Key("other.id")),
        C("e", Integer, sa.Identity()),
        ExcludeConstraint(("a", "="), name="ex", using="btree"),
        Index("ix", "d"),
    )
    steps = begin(fresh_database("postgresql"), tmp_path, models(*before), models(*after))
    assert [step.method.words for step in steps] == [
        "rewrites the table: nobody can read or write it meanwhile",
        "concurrently: readers and writers go on",
        "",
        "reads the whole table: readers and writers go on",
        "reads nothing: the CHECK that was validated says the same",
        "",
        "",
        "reads the whole table: readers and writers go on",
        "",
    ]


def test_a_partitioned_table_is_as_large_as_its_partitions(url: str) -> None:
    execute(
        url,
        "CREATE TABLE parted (id int) PARTITION BY RANGE (id)",
        "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (100000)",
        "CREATE TABLE plain (id int)",
        "INSERT INTO parted SELECT generate_series(1, 9999)",
        "INSERT INTO plain SELECT generate_series(1, 9999)",
    )
    with connected(url) as (connection, dialect):
        sizes = dialect.sizes(connection, {Name("parted"), Name("plain"), Name("none")})
    assert sizes.keys() == {Name("parted"), Name("plain")}
    assert sizes[Name("parted")] == sizes[Name("plain")] > 100_000


def test_a_script_stops_at_rows_in_the_way_and_is_led_on(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    begin(url, tmp_path, models(*little()), models(*everything()))
    was = catalog(url)
    schemadiff.apply(url, tmp_path, online="always")
    wanted = catalog(url)
    schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
    execute(url, ROWS, "INSERT INTO t (id, b) VALUES (1, 'again')")
    script = "\n".join(schemadiff.apply(url, tmp_path, sql=True, online="always").script)
    assert "(id)=(1) is duplicated" in run_script(url, script)
    schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
    assert catalog(url) == was
    script = "\n".join(schemadiff.apply(url, tmp_path, sql=True, online="always").script)
    assert run_script(url, script)
    execute(url, "DELETE FROM t WHERE b = 'again'")
    schemadiff.apply(url, tmp_path, online="always")
    assert catalog(url) == wanted
    script = "\n".join(schemadiff.rollback(url, tmp_path, allow=["all"], sql=True, online="always").script)
    assert run_script(url, script) == ""
    assert catalog(url) == was
    assert schemadiff.status(url, tmp_path).version == 1
