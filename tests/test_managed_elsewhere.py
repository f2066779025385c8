"""What somebody else manages in a database, a DBA or another tool, is kept and named, and is no difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.database.other_tools import is_bookkeeping, of_other_tools
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.schema import Name

pytestmark = pytest.mark.once

TABLE = "(id int NOT NULL, at date NOT NULL, msg varchar(100), PRIMARY KEY (id, at))"
MONTHS = "PARTITION BY RANGE (YEAR(at)) (PARTITION p1 VALUES LESS THAN (2024), PARTITION pm VALUES LESS THAN MAXVALUE)"
ROTATED = (
    "ALTER TABLE log REORGANIZE PARTITION pm INTO "
    "(PARTITION p2 VALUES LESS THAN (2025), PARTITION pm VALUES LESS THAN MAXVALUE)"
)
MANAGED = {
    "mysql": (
        (f"CREATE TABLE log {TABLE} ROW_FORMAT=COMPRESSED STATS_PERSISTENT=1 {MONTHS}", ROTATED),
        ("PARTITION_BY", "ROW_FORMAT", "STATS_PERSISTENT"),
        "SHOW CREATE TABLE log",
        ("p2", "ROW_FORMAT=COMPRESSED", "STATS_PERSISTENT=1"),
        {"mysql_row_format": "DYNAMIC"},
        "ROW_FORMAT",
    ),
    "postgresql": (
        (
            f"CREATE TABLE log {TABLE} PARTITION BY RANGE (at)",
            "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
            "CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        ),
        ("PARTITION_BY",),
        "SELECT 'log', pg_get_partkeydef(c) || (SELECT count(*) FROM pg_inherits WHERE inhparent = c)::text "
        "FROM (SELECT 'log'::regclass AS c) AS known",
        ("RANGE (at)2",),
        None,
        "",
    ),
    "postgresql, parameters": (
        (
            f"CREATE TABLE log {TABLE} WITH (fillfactor=70, autovacuum_enabled=false)",
            "CREATE INDEX ix_log_msg ON log (msg) WITH (fillfactor=60)",
        ),
        ("WITH", "ix_log_msg fillfactor"),
        "SELECT 'log', string_agg(reloptions::text, ' ') FROM pg_class WHERE relname IN ('log', 'ix_log_msg')",
        ("fillfactor=70", "autovacuum_enabled=false", "fillfactor=60"),
        {"postgresql_with": {"fillfactor": 80}},
        "WITH",
    ),
}
MANAGED["mariadb"] = MANAGED["mysql"]


def models(length: int, indexed: bool, **options: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "log",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Date, primary_key=True),
        sa.Column("msg", sa.String(length), index=indexed),
        **options,
    )
    return metadata


def run(url: str, *statements: str) -> str:
    with connected(url) as (connection, _):
        for sql in statements:
            result = connection.exec_driver_sql(sql, execution_options=VERBATIM)
        return str(result.one()[1]) if result.returns_rows else ""


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.engines(case.partition(",")[0])) for case in MANAGED]
)
def test_what_a_dba_has_set_stays_and_is_named(
    case: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    made, options, shown, kept, said, compared = MANAGED[case]
    url = fresh_database(case.partition(",")[0])
    indexed = "parameters" in case
    run(url, *made)

    assert not schemadiff.check(url, models(100, indexed), tmp_path)
    assert not schemadiff.diff(url, models(100, indexed))
    schemadiff.plan(url, models(100, indexed), tmp_path, message="found")
    schemadiff.apply(url, tmp_path)
    planned = schemadiff.plan(url, models(200, indexed), tmp_path, message="longer")
    assert tuple(option for _, option in planned.ignored.options) == options
    assert "kept as the database has it" in str(planned.ignored)
    schemadiff.apply(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, models(200, indexed), tmp_path)
    assert all(words in run(url, shown) for words in kept)
    schemadiff.rollback(url, tmp_path, to=1, allow=["all"])
    assert not schemadiff.check(url, models(200, indexed), tmp_path).drifted
    assert all(words in run(url, shown) for words in kept)
    if said:
        (difference,) = schemadiff.diff(url, models(100, indexed, **said)).plan.operations
        assert compared.lower() in difference.describe().lower()


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_what_revisions_have_said_and_models_say_no_more_goes(
    url: str, engine_name: str, tmp_path: Path
) -> None:
    said: dict[str, Any] = {"mysql_row_format": "COMPRESSED"}
    if engine_name == "postgresql":
        said = {"postgresql_with": {"fillfactor": 80}}
    schemadiff.plan(url, models(100, False, **said), tmp_path, message="said")
    schemadiff.apply(url, tmp_path)
    missing = schemadiff.check(url, models(100, False), tmp_path).missing
    assert len(missing) == 1
    schemadiff.plan(url, models(100, False), tmp_path, message="unsaid")
    schemadiff.apply(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, models(100, False), tmp_path)


TOOLS = (
    "alembic_version",
    "django_migrations",
    "flyway_schema_history",
    "schema_migrations",
    "SequelizeMeta",
)


def test_the_tables_of_other_tools_are_never_dropped(url: str, tmp_path: Path) -> None:
    run(url, *(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY)" for name in TOOLS))
    planned = schemadiff.plan(url, models(100, False), tmp_path, message="begin")
    assert [one.describe() for one in planned.plan.operations] == ["create table log"]
    assert {name.name.lower() for name in planned.ignored.tables} == {name.lower() for name in TOOLS}
    assert str(planned.ignored).count("left alone: ") == 1
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, models(100, False), tmp_path)


def test_a_model_that_has_such_a_name_is_compared(url: str, tmp_path: Path) -> None:
    metadata = sa.MetaData()
    sa.Table("migrations", metadata, sa.Column("id", sa.Integer, primary_key=True))
    schemadiff.plan(url, metadata, tmp_path, message="begin")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path)
    planned = schemadiff.plan(url, sa.MetaData(), tmp_path, message="end")
    assert [one.describe() for one in planned.plan.operations] == ["drop table migrations"]


def test_the_names_of_other_tools() -> None:
    ours = ("user", "migration", "post_del", "version", "releases")
    theirs = ("DATABASECHANGELOG", "_user_gho", "goose_db_version", "knex_migrations_lock", "lhma_2026_user")
    assert not any(is_bookkeeping(Name(name)) for name in ours)
    assert all(is_bookkeeping(Name(name)) for name in theirs)
    assert is_bookkeeping(Name("releases", "sqitch"))


def test_the_copies_of_other_tools_count_beside_their_table() -> None:
    long = "a" * 64
    ours = [Name(name) for name in ("user", "_user_copy", "_new", "_post_old", "session_new", long)]
    theirs = [
        Name(name) for name in ("_user_new", "__user_new", "_user_old", "_user_chkpnt", f"_{long[:59]}_new")
    ]
    assert of_other_tools([*ours, *theirs]) == frozenset(theirs)
    assert of_other_tools([Name("_user_new", "other"), Name("user")]) == frozenset()


OSC = ("_log_new", "__log_old", "_log_gho", "_log_ghc")


def test_what_a_table_is_changed_online_by_is_left_alone_and_counted(
    url: str, engine_name: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    schemadiff.plan(url, models(100, False), tmp_path, message="begin")
    schemadiff.apply(url, tmp_path)
    run(url, *(f"CREATE TABLE {name} (id int NOT NULL PRIMARY KEY)" for name in OSC))
    planned = schemadiff.plan(url, models(100, False), tmp_path, message="no more")
    assert not planned.plan.operations
    assert {name.name for name in planned.ignored.tables} == {*OSC}
    assert not schemadiff.check(url, models(100, False), tmp_path)
    if engine_name in ("mysql", "mariadb"):
        run(
            url,
            "CREATE TRIGGER pt_osc_shop_log_del AFTER DELETE ON log FOR EACH ROW "
            "DELETE IGNORE FROM _log_new WHERE id <=> OLD.id",
        )
        other = fresh_database(engine_name)
        schemadiff.apply(other, tmp_path)
        for before, after in ((url, other), (other, url)):
            difference = schemadiff.diff(before, after)
            assert not difference
            assert {name.name for name in difference.ignored.tables} == {*OSC}
            assert any("pt_osc_shop_log_del" in str(one) for one in difference.unsupported)


@pytest.mark.engines("postgresql")
def test_the_tables_of_an_extension_are_counted(url: str, tmp_path: Path) -> None:
    run(
        url,
        "CREATE EXTENSION dict_int",
        "CREATE TABLE places (id int PRIMARY KEY)",
        "ALTER EXTENSION dict_int ADD TABLE places",
    )
    planned = schemadiff.plan(url, models(100, False), tmp_path, message="begin")
    assert [one.describe() for one in planned.plan.operations] == ["create table log"]
    assert [str(name) for name in planned.ignored.tables] == ["places"]


@pytest.mark.engines("mysql", "mariadb")
def test_a_renamed_column_keeps_the_partitions_of_which_nobody_speaks(url: str, tmp_path: Path) -> None:
    # MySQL 9.7 renames a column by which a table is partitioned only in the ALTER that partitions it (3855).
    partitions = (
        "RANGE (YEAR(at)) (PARTITION at VALUES LESS THAN (2024), PARTITION pm VALUES LESS THAN MAXVALUE)"
    )
    for name in ("aaa", "log"):
        run(
            url,
            f"CREATE TABLE {name} (id int NOT NULL, at date NOT NULL, msg varchar(100), PRIMARY KEY (id, at)) "
            f"PARTITION BY {partitions}",
        )

    def models(at: str, comment: str | None) -> sa.MetaData:
        metadata = sa.MetaData()
        for name in ("aaa", "log"):
            sa.Table(
                name,
                metadata,
                sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
                sa.Column(at, sa.Date, primary_key=True, info={"renamed_from": "at"}),
                sa.Column("msg", sa.String(100)),
                comment=comment,
            )
        return metadata

    def shown() -> str:
        return " ".join(run(url, "SHOW CREATE TABLE log").replace("`", "").lower().split())

    schemadiff.plan(url, models("at", None), tmp_path, message="found")
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, models("day", "Once more"), tmp_path, message="renamed")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, models("day", "Once more"), tmp_path)
    assert "by range (year(day)) (partition at values less than (2024)" in shown()
    schemadiff.rollback(url, tmp_path, to=1, allow=["all"])
    assert not schemadiff.check(url, models("at", None), tmp_path).drifted
    assert "by range (year(at)) (partition at values less than (2024)" in shown()


@pytest.mark.engines("mysql", "mariadb")
def test_two_columns_of_a_partitioned_table_change_names(url: str, tmp_path: Path) -> None:
    def models(first: str, second: str) -> sa.MetaData:
        by = f"RANGE ({first}) (PARTITION p VALUES LESS THAN (9), PARTITION q VALUES LESS THAN (99))"
        metadata = sa.MetaData()
        sa.Table(
            "log",
            metadata,
            sa.Column(first, sa.Integer, primary_key=True, autoincrement=False),
            sa.Column(second, sa.BigInteger, primary_key=True, autoincrement=False),
            mysql_partition_by=by,
            mariadb_partition_by=by,
        )
        return metadata

    schemadiff.plan(url, models("a", "b"), tmp_path, message="made")
    schemadiff.apply(url, tmp_path)
    run(url, "INSERT INTO log (a, b) VALUES (1, 70), (50, 2)")
    swapped = models("b", "a")
    schemadiff.plan(url, swapped, tmp_path, message="swapped", rename=["log.a=b", "log.b=a"])
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, swapped, tmp_path)
    assert run(url, "SELECT 0, group_concat(b ORDER BY b) FROM log PARTITION (p)") == "1"
    schemadiff.rollback(url, tmp_path, to=1, allow=["all"])
    assert not schemadiff.check(url, models("a", "b"), tmp_path).drifted
    assert run(url, "SELECT 0, group_concat(a ORDER BY a) FROM log PARTITION (p)") == "1"
