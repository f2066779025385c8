"""How MySQL and MariaDB carry out changes of a table that others use: the plan asks them, and holds them to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

import schemadiff
from schemadiff.cli.output.plan_lines import statements
from schemadiff.config.settings import Online
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from schemadiff.errors import StepError
from schemadiff.execute.executor import Event
from schemadiff.planning.planner import Step
from tests.conftest import FreshDatabase
from tests.dialects.mysql_algorithms import (
    COPY,
    INPLACE,
    INSTANT,
    NOCOPY,
    SHARED,
    cases,
    make_column,
    make_table,
)
from tests.dialects.test_mysql_server import texts_of

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

Models = Callable[[sa.MetaData], object]


@pytest.fixture
def metadata(url: str, tmp_path: Path) -> sa.MetaData:
    """The models of a table ``t``, which the database has by a revision in `tmp_path`."""
    made = sa.MetaData()
    make_table(made, "t")
    _apply(url, tmp_path, made)
    return made


def test_each_change_is_made_in_the_cheapest_way(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """Each is as it was measured on a full table, also where an empty copy would say otherwise."""

    def models(metadata: sa.MetaData, *, new: bool) -> None:
        sa.Table("target", metadata, sa.Column("id", sa.Integer, primary_key=True))
        for name, (changed, gone, added, *_) in cases().items():
            same = {"id": changed["id"]} if "id" in changed else {}
            make_table(metadata, name, *(added if new else gone), **(changed if new else same))

    up, _ = _there_and_back(
        fresh_database,
        engine_name,
        tmp_path,
        lambda metadata: models(metadata, new=False),
        lambda metadata: models(metadata, new=True),
    )
    found: dict[str, list[str]] = {name: [] for name in cases()}
    for step in up:
        found[step.tables[0].name].append(step.method.words)
    assert found == {
        name: mysql if engine_name == "mysql" else mariadb for name, (*_, mysql, mariadb) in cases().items()
    }
    words = {INSTANT: "INSTANT", INPLACE: "INPLACE", NOCOPY: "NOCOPY", SHARED: "INPLACE", COPY: "COPY"}
    assert all(f"ALGORITHM={words[step.method.words]}" in step.sql for step in up)


def test_what_costs_the_same_goes_together(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """Instant things first, one copy, and after it the indexes."""

    def before(metadata: sa.MetaData) -> None:
        make_table(metadata, "t", sa.CheckConstraint("a > 0", name="ck"))

    def after(metadata: sa.MetaData) -> None:
        wide = {"a": make_column("a", sa.BigInteger), "b": make_column("b", sa.Integer)}
        new = (make_column("n", sa.Integer), sa.Index("by_s", "s"), sa.Index("by_n", "n"))
        make_table(metadata, "t", *new, sa.CheckConstraint("a > 0", name="ck"), **wide)

    up, _ = _there_and_back(fresh_database, engine_name, tmp_path, before, after)
    integer, big = ("int", "bigint") if engine_name == "mysql" else ("int(11)", "bigint(20)")
    place = "INPLACE" if engine_name == "mysql" else "NOCOPY"
    assert [step.sql for step in up] == [
        f"ALTER TABLE `t` ADD COLUMN `n` {integer} NULL, ALGORITHM=INSTANT",
        "ALTER TABLE `t`\n"
        f"  MODIFY COLUMN `a` {big} NULL,\n"
        f"  MODIFY COLUMN `b` {integer} NULL,\n"
        "  ALGORITHM=COPY, LOCK=SHARED",
        "ALTER TABLE `t`\n"
        "  ADD INDEX `by_n` (`n`),\n"
        "  ADD INDEX `by_s` (`s`),\n"
        f"  ALGORITHM={place}, LOCK=NONE",
    ]
    assert [sorted(one.describe().split(" ", 2)[0] for one in step.operations) for step in up] == [
        ["add"],
        ["alter", "alter"],
        ["create", "create"],
    ]


def test_what_needs_each_other_stays_together(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """A column that counts and its key, an index in the place of a foreign key's, a CHECK and its column."""

    def before(metadata: sa.MetaData) -> None:
        sa.Table("target", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table(
            "counting",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("n", sa.Integer),
        )
        key = sa.ForeignKeyConstraint(["a"], ["target.id"], name="fk")
        make_table(metadata, "joined", sa.Index("k1", "a"), key)
        make_table(metadata, "checked")

    def after(metadata: sa.MetaData) -> None:
        sa.Table("target", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table(
            "counting",
            metadata,
            sa.Column("id", sa.Integer, nullable=False),
            sa.Column("n", sa.Integer, primary_key=True, autoincrement=True),
            sa.Column("m", sa.Integer),
            sa.Index("by_id", "id"),
        )
        key = sa.ForeignKeyConstraint(["a"], ["target.id"], name="fk")
        make_table(metadata, "joined", sa.Index("k2", "a", "b"), key, make_column("n", sa.Integer))
        check = sa.CheckConstraint("n > a", name="ck_new")
        make_table(metadata, "checked", make_column("n", sa.Integer), check, sa.Index("by_b", "b"))

    up, down = _there_and_back(fresh_database, engine_name, tmp_path, before, after)
    for steps in (up, down):
        for name in ("counting", "joined", "checked"):
            methods = [step.method.words for step in steps if step.tables[0].name == name]
            assert sum(method.startswith("COPY") for method in methods) <= 1
            assert not any(method.startswith("not asked") for method in methods)
    (counting,) = [step.sql for step in up if "PRIMARY KEY" in step.sql]
    assert "AUTO_INCREMENT" in counting
    assert "DROP PRIMARY KEY" in counting
    (joined,) = [step.sql for step in up if "`k1`" in step.sql]
    assert "`k2`" in joined


def test_a_foreign_key_and_the_type_of_its_column_cost_one_copy(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    def models(metadata: sa.MetaData, kind: Any) -> None:
        sa.Table("target", metadata, sa.Column("id", kind, primary_key=True))
        make_table(
            metadata,
            "t",
            sa.ForeignKeyConstraint(["a"], ["target.id"], name="fk"),
            a=sa.Column("a", kind),
            b=sa.Column("b", kind, nullable=False),
        )

    up, down = _there_and_back(
        fresh_database,
        engine_name,
        tmp_path,
        lambda metadata: models(metadata, sa.Integer),
        lambda metadata: models(metadata, sa.BigInteger),
    )
    for steps in (up, down):
        methods = [step.method.words for step in steps if step.tables[0].name == "t"]
        assert [method for method in methods if method.startswith("COPY")] == [COPY]
    assert not any("foreign_key_checks" in step.sql for step in (*up, *down))


def test_a_key_to_the_table_itself_joins_the_copy_on_mariadb(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """MySQL may die of it (SIGSEGV): there it is a copy of its own, and the plan says that there are two."""

    def after(metadata: sa.MetaData) -> None:
        key = sa.ForeignKeyConstraint(["a"], ["t.id"], name="fk")
        make_table(metadata, "t", key, d=make_column("d", sa.Numeric(12, 2)))

    up, _ = _there_and_back(
        fresh_database, engine_name, tmp_path, lambda metadata: make_table(metadata, "t"), after
    )
    twice = f"{COPY} (this table is copied 2 times)"
    assert [step.method.words for step in up] == ([COPY] if engine_name == "mariadb" else [twice, twice])


def test_a_referenced_column_is_renamed_in_the_way_that_its_table_allows(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """INSTANT on an empty copy of the table, to which no foreign key refers."""
    url = fresh_database(engine_name)

    def models(name: str) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("target", metadata, sa.Column(name, sa.Integer, primary_key=True))
        make_table(metadata, "t", sa.ForeignKeyConstraint(["a"], [f"target.{name}"], name="fk"))
        return metadata

    _apply(url, tmp_path, models("id"))
    found = schemadiff.plan(url, models("key"), tmp_path, rename=["target.id=key"], online="always")
    assert [step.method.words for step in found.plan.steps] == [
        INPLACE if engine_name == "mysql" else INSTANT
    ]
    schemadiff.apply(url, tmp_path, online="always")
    assert not schemadiff.check(url, models("key"), tmp_path)


def test_what_a_full_text_index_left_behind_is_seen(url: str, tmp_path: Path, metadata: sa.MetaData) -> None:
    _execute(url, "ALTER TABLE t ADD FULLTEXT INDEX f (s)", "ALTER TABLE t DROP INDEX f")
    metadata = sa.MetaData()
    make_table(metadata, "t", make_column("n", sa.Integer))
    found = schemadiff.plan(url, metadata, tmp_path, online="always")
    assert [step.method.words for step in found.plan.steps] == [INPLACE]
    schemadiff.apply(url, tmp_path, online="always")


@pytest.mark.engines("mysql")
def test_the_last_version_of_rows_is_seen(url: str, tmp_path: Path, metadata: sa.MetaData) -> None:
    """MySQL changes a table INSTANT 255 times; an empty copy begins at 0 again."""
    forth, back = (
        f"ALTER TABLE t {what}, ALGORITHM=INSTANT" for what in ("ADD COLUMN n int", "DROP COLUMN n")
    )
    _execute(url, *(forth, back) * 127)
    restricted: AbstractContextManager[str]
    for name, restricted, method in (
        ("last", nullcontext(url), INSTANT),
        # Who cannot see it has it refused, and then done in place.
        ("unseen", _user(url, "ALL"), INSTANT),
        ("seen", nullcontext(url), INSTANT),
    ):
        metadata.tables["t"].append_column(sa.Column(name, sa.Integer))
        with restricted as by:
            found = schemadiff.plan(by, metadata, tmp_path, online="always")
            assert [step.method.words for step in found.plan.steps] == [method]
            told: list[str] = []
            schemadiff.apply(by, tmp_path, online="always", tell=told.append)
            assert bool(told) == (name == "unseen")
        assert not schemadiff.check(url, metadata, tmp_path)
    _execute(url, *(forth, back) * 127)
    metadata.tables["t"].append_column(sa.Column("next", sa.Integer))
    found = schemadiff.plan(url, metadata, tmp_path, online="always")
    assert [step.method.words for step in found.plan.steps] == [INPLACE]
    schemadiff.apply(url, tmp_path, online="always")


def test_a_refusal_says_how_to_go_on(url: str, tmp_path: Path, metadata: sa.MetaData) -> None:
    """Without the right PROCESS what a full-text index left behind is not seen before the server says so."""
    _execute(url, "ALTER TABLE t ADD FULLTEXT INDEX f (s)", "ALTER TABLE t DROP INDEX f")
    metadata.tables["t"].append_column(sa.Column("n", sa.Integer))
    with _user(url, "ALL") as restricted:
        found = schemadiff.plan(restricted, metadata, tmp_path, online="always")
        assert [step.method.words for step in found.plan.steps] == [INSTANT]
        with pytest.raises(StepError, match="ALGORITHM=INSTANT") as caught:
            schemadiff.apply(restricted, tmp_path, online="always")
        assert "changed nothing" in str(caught.value.hint)
        assert "--online never" in str(caught.value.hint)
        schemadiff.apply(restricted, tmp_path, online="never")
    assert not schemadiff.check(url, metadata, tmp_path)


@pytest.mark.parametrize("missing", ["create", "drop"])
def test_without_the_right_nobody_is_asked(
    url: str, tmp_path: Path, metadata: sa.MetaData, missing: str
) -> None:
    metadata.tables["t"].append_column(sa.Column("n", sa.Integer))
    rights = {"select", "insert", "update", "delete", "alter", "create", "drop", "create temporary tables"}
    # ALTER TABLE takes CREATE as well, on the table.
    with _user(url, ", ".join(rights - {missing}), table="ALTER, CREATE, INSERT") as restricted:
        found = schemadiff.plan(restricted, metadata, tmp_path, online="always")
        assert [step.method.words for step in found.plan.steps] == [
            f"not asked: no right to {missing} a table"
        ]
        assert "ALGORITHM" not in found.plan.statements[0]
        schemadiff.apply(restricted, tmp_path, online="always")
    assert not schemadiff.check(url, metadata, tmp_path)
    assert not _probes(url)


def test_what_a_killed_run_left_behind_goes(url: str, tmp_path: Path, metadata: sa.MetaData) -> None:
    """It is no table of the database meanwhile."""
    _execute(
        url,
        "CREATE TABLE schemadiff_probe_0123456789ab LIKE t",
        "CREATE TABLE schemadiff_probe_of_mine (id int)",
    )
    with connected(url) as (connection, dialect):
        assert {name.name for name in inspect(connection, dialect).tables} >= {
            "t",
            "schemadiff_probe_of_mine",
        }
    assert not any("0123456789ab" in str(one) for one in schemadiff.check(url, metadata, tmp_path).drifted)
    metadata.tables["t"].append_column(sa.Column("n", sa.Integer))
    schemadiff.plan(url, metadata, tmp_path, online="always", exclude=["schemadiff_probe_of_mine"])
    assert _probes(url) == ["schemadiff_probe_of_mine"]


def test_small_tables_and_a_callers_transaction_are_left_alone(
    url: str, tmp_path: Path, metadata: sa.MetaData
) -> None:
    metadata.tables["t"].append_column(sa.Column("n", sa.Integer))
    never: tuple[Online, ...] = ("auto", "never")
    for online in never:
        found = schemadiff.plan(url, metadata, tmp_path, online=online, dry_run=True)
        assert found.plan.methods == ("",)
        assert "ALGORITHM" not in found.plan.statements[0]
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO t (id, b) VALUES (1, 1)")
        found = schemadiff.plan(connection, metadata, tmp_path, online="always", dry_run=True)
        connection.rollback()
        assert found.plan.methods[0].startswith("not asked: the connection may be in a transaction")
        assert connection.exec_driver_sql("SELECT count(*) FROM t").scalar() == 0
    engine.dispose()


def test_revisions_that_build_on_each_other_are_asked_together(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """Before the first of them is applied the server is asked about the second."""
    url, other = fresh_database(engine_name), fresh_database(engine_name)
    metadata = sa.MetaData()
    make_table(metadata, "t")
    _apply(url, tmp_path, metadata)
    schemadiff.apply(other, tmp_path)
    check = sa.CheckConstraint("n > 0", name="ck_n")
    for item in (sa.Column("n", sa.Integer), sa.Index("by_n", "n"), check):
        table = metadata.tables["t"]
        if isinstance(item, sa.Column):
            table.append_column(item)
        elif isinstance(item, sa.Index):
            sa.Index(item.name, table.c.n)
        else:
            table.append_constraint(item)
        _apply(url, tmp_path, metadata)
    place = INPLACE if engine_name == "mysql" else NOCOPY
    dry = schemadiff.apply(other, tmp_path, dry_run=True, online="always")
    done = schemadiff.apply(other, tmp_path, online="always")
    for outcome in (dry, done):
        assert [one.plan.methods for one in outcome.done] == [(INSTANT,), (place,), (COPY,)]
    dry = schemadiff.rollback(other, tmp_path, to=1, dry_run=True, online="always", allow=["all"])
    assert [one.plan.methods for one in dry.done] == [(INSTANT,), (place,), (INSTANT,)]


def test_a_group_that_stopped_anywhere_is_finished_or_undone(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """The operations stand in other statements, and in another order, than the revision has them."""

    class Stopped(Exception):
        pass

    def before(metadata: sa.MetaData) -> None:
        make_table(metadata, "t", sa.Index("k1", "b"))

    def after(metadata: sa.MetaData) -> None:
        new = (make_column("n", sa.Integer), sa.Index("by_n", "n"), sa.UniqueConstraint("s", name="u1"))
        make_table(metadata, "t", *new, a=make_column("a", sa.BigInteger), d=None)

    url = fresh_database(engine_name)
    made = {models: _created(fresh_database(engine_name), models) for models in (before, after)}
    _apply(url, tmp_path, _metadata(before))
    steps = schemadiff.plan(url, _metadata(after), tmp_path, no_renames=True, online="always").plan.steps
    assert [step.method.words for step in steps] == [
        INSTANT,
        COPY,
        INPLACE if engine_name == "mysql" else NOCOPY,
    ]
    for last in range(len(steps)):
        for work, end in ((schemadiff.rollback, before), (schemadiff.apply, after)):

            def stop(event: Event, last: int = last) -> None:
                if event.position == last and event.seconds is not None:
                    raise Stopped

            with pytest.raises(Stopped):
                schemadiff.apply(url, tmp_path, allow=["all"], online="always", progress=stop)
            work(url, tmp_path, allow=["all"], online="always")
            assert texts_of(url) == made[end]
        schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
        assert texts_of(url) == made[before]


def test_a_table_that_is_not_small_is_changed_so_by_itself(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    url = fresh_database(engine_name)

    def models(*items: Any) -> sa.MetaData:
        metadata = sa.MetaData()
        for name in ("large", "small"):
            make_table(
                metadata, name, make_column("blob", sa.LargeBinary(100_000)), *(one._copy() for one in items)
            )
        return metadata

    _apply(url, tmp_path, models())
    rows = "SELECT 1 AS b, REPEAT('x', 60000) AS value" + " UNION ALL SELECT 1, REPEAT('x', 60000)" * 199
    _execute(url, f"INSERT INTO large (b, `blob`) {rows}", "ANALYZE TABLE large, small")
    found = schemadiff.plan(url, models(make_column("n", sa.Integer)), tmp_path)
    assert dict(zip((step.tables[0].name for step in found.plan.steps), found.plan.methods, strict=True)) == {
        "large": INSTANT,
        "small": "",
    }
    shown = [
        "".join(one if isinstance(one, str) else one[0] for one in line) for line in statements(found.plan)
    ]
    assert any(line.endswith("ALGORITHM=INSTANT;  -- INSTANT") for line in shown)
    schemadiff.apply(url, tmp_path)


def _there_and_back(
    fresh_database: FreshDatabase, engine_name: str, folder: Path, before: Models, after: Models
) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The steps forward and back of the change, which were carried out, and left what create_all makes."""
    url = fresh_database(engine_name)
    made = {models: _created(fresh_database(engine_name), models) for models in (before, after)}
    _apply(url, folder, _metadata(before))
    planned = schemadiff.plan(url, _metadata(after), folder, no_renames=True, online="always")
    assert not _probes(url)
    done = schemadiff.apply(url, folder, allow=["all"], online="always").done[0]
    assert done.plan.statements == planned.plan.statements
    assert texts_of(url) == made[after]
    undone = schemadiff.rollback(url, folder, allow=["all"], online="always").done[0]
    assert texts_of(url) == made[before]
    assert not _probes(url)
    return planned.plan.steps, undone.plan.steps


def _metadata(models: Models) -> sa.MetaData:
    metadata = sa.MetaData()
    models(metadata)
    return metadata


def _apply(url: str, folder: Path, metadata: sa.MetaData) -> None:
    schemadiff.plan(url, metadata, folder, no_renames=True)
    schemadiff.apply(url, folder, allow=["all"])


def _created(url: str, models: Models) -> dict[str, list[str]]:
    engine = sa.create_engine(url)
    _metadata(models).create_all(engine)
    engine.dispose()
    return texts_of(url)


def _probes(url: str) -> list[str]:
    engine = sa.create_engine(url)
    names = [name for name in sa.inspect(engine).get_table_names() if name.startswith("schemadiff_probe")]
    engine.dispose()
    return names


def _execute(url: str, *statements: str) -> None:
    with connected(url, changes=True) as (connection, _):
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def _user(url: str, rights: str, *, table: str | None = None) -> Iterator[str]:
    """The URL for a user who has these rights on the database, and those on its table ``t``."""
    parsed = make_url(url)
    name = f"sd_{secrets.token_hex(4)}"
    with connected(url) as (connection, _):
        host = connection.exec_driver_sql("SELECT USER()").scalar_one().rpartition("@")[2]
    who = f"'{name}'@'{host}'"
    grants = [f"GRANT {rights} ON `{parsed.database}`.* TO {who}"]
    if table:
        grants.append(f"GRANT {table} ON `{parsed.database}`.t TO {who}")
    _execute(url, f"CREATE USER {who} IDENTIFIED BY 'secret'", *grants)
    try:
        yield parsed.set(username=name, password="secret").render_as_string(hide_password=False)
    finally:
        _execute(url, f"DROP USER {who}")
