"""What SQLAlchemy's schema constructs say is seen, and a name that is taken in the database is said beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.compare.comparer import compare
from schemadiff.database.connection import connected, open_engine
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.errors import ModelsError, UnsupportedError
from schemadiff.models.reader import read
from schemadiff.operations import CreateTable, DropTable
from schemadiff.schema import Name


def execute(url: str, *statements: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        for one in statements:
            connection.exec_driver_sql(one)
    engine.dispose()


def applied(url: str, metadata: sa.MetaData, versions: Path) -> schemadiff.Planned:
    planned = schemadiff.plan(url, metadata, versions)
    schemadiff.apply(url, versions, allow=["all"])
    return planned


def quiet(url: str, metadata: sa.MetaData, versions: Path) -> None:
    assert not schemadiff.check(url, metadata, versions)
    assert not schemadiff.plan(url, metadata, versions, dry_run=True).plan.operations


# FetchedValue


def table_with(*arguments: Any, **options: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("n", sa.Integer, *arguments, **options),
    ]
    sa.Table("item", metadata, *columns)
    return metadata


def test_a_default_of_the_databases_own_stays(url: str, engine_name: str, tmp_path: Path) -> None:
    default = "CREATE TABLE item (id INTEGER NOT NULL {}, n {} DEFAULT 7)"
    kind = {"postgresql": "SERIAL PRIMARY KEY"}.get(engine_name)
    text = default.format(
        "PRIMARY KEY" if engine_name == "sqlite" else "AUTO_INCREMENT PRIMARY KEY", "INTEGER"
    )
    execute(url, f"CREATE TABLE item (id {kind}, n INTEGER DEFAULT 7)" if kind else text)
    metadata = table_with(server_default=sa.FetchedValue())
    assert not schemadiff.check(url, metadata, tmp_path / "none")
    applied(url, metadata, tmp_path)
    quiet(url, metadata, tmp_path)
    # It is repeated where another attribute changes, and no other default is left alone.
    bigger = table_with(server_default=sa.FetchedValue(), nullable=False)
    applied(url, bigger, tmp_path)
    quiet(url, bigger, tmp_path)
    execute(url, "INSERT INTO item (id) VALUES (1)")
    with connected(url) as (connection, _):
        assert connection.exec_driver_sql("SELECT n FROM item").scalar() == 7
    assert schemadiff.check(url, table_with(nullable=False), tmp_path).missing


@pytest.mark.engines("mysql", "mariadb")
def test_what_the_database_does_on_update_stays(url: str, tmp_path: Path) -> None:
    metadata = sa.MetaData()
    told = sa.Column("at", sa.DateTime, server_default=sa.func.now(), server_onupdate=sa.FetchedValue())
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), told)
    at = "datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    execute(url, f"CREATE TABLE item (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, at {at})")
    assert not schemadiff.check(url, metadata, tmp_path / "none")
    applied(url, metadata, tmp_path)
    quiet(url, metadata, tmp_path)


# system=True, ddl_if, order


@pytest.mark.engines("postgresql")
def test_a_system_column_is_never_planned(url: str, tmp_path: Path) -> None:
    metadata = table_with()
    metadata.tables["item"].append_column(sa.Column("xmin", sa.Integer, system=True))
    applied(url, metadata, tmp_path)
    quiet(url, metadata, tmp_path)


def conditional() -> sa.MetaData:
    metadata = table_with()
    item = metadata.tables["item"]

    # SQLAlchemy 2.0 and 2.1 have other names for what it is called with.
    def only_sqlite(*_: Any, dialect: Any, **__: Any) -> Any:
        return dialect.name == "sqlite"

    sa.Index("ix_all", item.c.n)
    sa.Index("ix_some", item.c.n, item.c.id).ddl_if(dialect=cast(Any, ("postgresql", "sqlite")))
    item.append_constraint(sa.CheckConstraint("n > 0", name="ck_some").ddl_if(callable_=only_sqlite))
    item.append_constraint(sa.UniqueConstraint("n", name="uq_none").ddl_if(dialect="oracle"))
    return metadata


def test_ddl_if_decides(url: str, engine_name: str, tmp_path: Path) -> None:
    """As create_all does it, and so that the two agree."""
    planned = applied(url, conditional(), tmp_path)
    (created,) = [one for one in planned.plan.operations if isinstance(one, CreateTable)]
    table = created.table
    made = {one.name for some in (table.indexes, table.checks, table.uniques) for one in some}
    some = {"postgresql": {"ix_some"}, "sqlite": {"ix_some", "ck_some"}}.get(engine_name, set())
    assert made == {"ix_all", *some}
    quiet(url, conditional(), tmp_path)


def test_create_all_with_ddl_if_is_no_difference(url: str, tmp_path: Path) -> None:
    engine = open_engine(url)
    conditional().create_all(engine)
    engine.dispose()
    assert not schemadiff.check(url, conditional(), tmp_path)


def test_a_condition_that_needs_a_connection_is_refused_by_name() -> None:
    metadata = table_with()

    def asks(_ddl: Any, _target: Any, bind: Any, *_: Any, **__: Any) -> bool:
        return bool(bind.dialect.server_version_info)

    sa.Index("ix_n", metadata.tables["item"].c.n).ddl_if(callable_=cast(Any, asks))
    with pytest.raises(UnsupportedError, match='Index "ix_n" of table "item": what ddl_if'):
        read(metadata, offline_dialect("sqlite"))


@pytest.mark.parametrize("engine", ["sqlite", "mysql", "mariadb", "postgresql"])
def test_a_table_comes_after_those_that_it_says_it_depends_on(engine: str) -> None:
    metadata = sa.MetaData()
    first, last = (sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True)) for name in "ab")
    first.add_is_dependent_on(last)
    dialect = offline_dialect(engine)
    empty, full = read(sa.MetaData(), dialect), read(metadata, dialect)
    created = [one.table.name.name for one in compare(empty, full, dialect) if isinstance(one, CreateTable)]
    dropped = [one.table.name.name for one in compare(full, empty, dialect) if isinstance(one, DropTable)]
    assert (created, dropped) == (["b", "a"], ["a", "b"])


@pytest.mark.engines("postgresql")
def test_a_table_comes_after_its_parents(url: str, tmp_path: Path) -> None:
    metadata = sa.MetaData()
    sa.Table("z_parent", metadata, sa.Column("n", sa.Integer))
    sa.Table("m_child", metadata, sa.Column("n", sa.Integer), postgresql_inherits="z_parent")
    sa.Table(
        "a_grandchild", metadata, sa.Column("n", sa.Integer), postgresql_inherits=("m_child", "z_parent")
    )
    applied(url, metadata, tmp_path)
    quiet(url, metadata, tmp_path)
    schemadiff.rollback(url, tmp_path, to=0, allow=["all"])


def test_an_optional_sequence(url: str, tmp_path: Path) -> None:
    metadata = sa.MetaData()
    sequence = sa.Sequence("item_numbers", optional=True, metadata=metadata)
    sa.Table("item", metadata, sa.Column("id", sa.Integer, sequence, primary_key=True))
    engine = open_engine(url)
    metadata.create_all(engine)
    assert not schemadiff.check(url, metadata, tmp_path)
    metadata.drop_all(engine)
    engine.dispose()
    applied(url, metadata, tmp_path)
    quiet(url, metadata, tmp_path)


# A name that is taken

TAKEN = {
    "sqlite": [("CREATE VIEW item AS SELECT 1 AS id", "view"), ("CREATE INDEX item ON base (id)", "index")],
    "mysql": [("CREATE VIEW item AS SELECT 1 AS id", "view")],
    "mariadb": [("CREATE VIEW item AS SELECT 1 AS id", "view"), ("CREATE SEQUENCE item", "sequence")],
    "postgresql": [
        ("CREATE VIEW item AS SELECT 1 AS id", "view"),
        ("CREATE MATERIALIZED VIEW item AS SELECT 1 AS id", "materialized view"),
        ("CREATE SEQUENCE item", "sequence"),
        ("CREATE INDEX item ON base (id)", "index"),
        ("CREATE TYPE item AS (id int)", "composite type"),
        ("CREATE TYPE item AS ENUM ('a')", "type"),
        ("CREATE DOMAIN item AS int", "type"),
    ],
}
TAKEN_ROWS = [
    pytest.param(engine, sql, kind, marks=pytest.mark.engines(engine), id=f"{engine}-{kind}-{sql[7:11]}")
    for engine, some in TAKEN.items()
    for sql, kind in some
]


@pytest.mark.parametrize(("name", "sql", "kind"), TAKEN_ROWS)
def test_a_name_that_something_else_has_is_said_beforehand(
    name: str, sql: str, kind: str, fresh_database: Any, tmp_path: Path
) -> None:
    url = fresh_database(name)
    execute(url, "CREATE TABLE base (id INTEGER NOT NULL PRIMARY KEY)", sql)
    metadata = sa.MetaData()
    sa.Table("base", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
    for work in (schemadiff.plan, schemadiff.check):
        with pytest.raises(ModelsError, match=f"item: an? {kind}"):
            work(url, metadata, tmp_path / "versions")
    assert not (tmp_path / "versions").exists()
    metadata.tables["item"].info["schemadiff"] = "ignore"
    missing = schemadiff.check(url, metadata, tmp_path / "versions").missing
    assert not any(isinstance(one, CreateTable) for one in missing)


def test_a_name_that_the_plan_frees_is_no_obstacle(url: str, tmp_path: Path) -> None:
    metadata = table_with()
    applied(url, metadata, tmp_path)
    other = sa.MetaData()
    sa.Table("other", other, sa.Column("id", sa.Integer, primary_key=True))
    applied(url, other, tmp_path)
    applied(url, metadata, tmp_path)
    quiet(url, metadata, tmp_path)


# What cannot be meant


def test_an_index_without_columns_is_refused() -> None:
    metadata = table_with()
    sa.Index("ix_empty", _table=metadata.tables["item"])
    with pytest.raises(ModelsError, match='index "ix_empty" of table "item" has no columns'):
        read(metadata, offline_dialect("mysql"))


def test_a_foreign_key_that_is_declared_twice_is_named() -> None:
    metadata = table_with(sa.ForeignKey("item.id"))
    metadata.tables["item"].append_constraint(sa.ForeignKeyConstraint(["n"], ["item.id"], name="again"))
    (note,) = read(metadata, offline_dialect("mysql")).unsupported
    assert (note.table, str(note)) == (
        Name("item"),
        "item: the foreign key (n to item.id) is declared 2 times: the database makes as many",
    )


def test_a_prefix_and_an_option_that_are_not_compared_are_named() -> None:
    metadata = sa.MetaData()
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), prefixes=["FANCY"])
    sa.Table("brief", metadata, sa.Column("id", sa.Integer, primary_key=True), prefixes=["LOCAL TEMPORARY"])
    found = read(metadata, offline_dialect("postgresql"))
    assert list(found.tables) == [Name("item")]
    assert [str(one) for one in found.unsupported] == [
        "item: has the prefix FANCY, which is not compared: say it with op.execute(…)"
    ]


if hasattr(sa, "CreateView"):  # came with SQLAlchemy 2.1

    def test_an_option_of_a_view_is_named() -> None:
        metadata = sa.MetaData()
        query = sa.select(sa.literal(1).label("id"))
        sa.CreateView(query, "one", metadata=metadata, postgresql_with={"security_barrier": True})
        assert [str(one) for one in read(metadata, offline_dialect("postgresql")).unsupported] == [
            "one: has the option postgresql_with, which is not compared: say it with op.execute(…)"
        ]
