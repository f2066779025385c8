"""Every kind of change on MySQL and MariaDB servers, forth and back: it converges, and the rows stay."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from schemadiff.compare.comparer import compare, reverse
from schemadiff.database.server_spelling import ask
from schemadiff.dialects import Dialect
from schemadiff.models.reader import read
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Operation,
    RenameColumn,
    RenameTable,
)
from schemadiff.planning.planner import plan
from schemadiff.schema import Check, Column, Index, Name, Part, Schema
from tests.definitions import found_differences
from tests.dialects.mysql_changes import (
    CHANGES,
    KEPT,
    Change,
    make_parent,
    make_table,
)
from tests.dialects.test_mysql_server import carry_out, declare, open_database, perform, texts

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]


def fill(connection: sa.Connection, metadata: sa.MetaData) -> None:
    if "parent" in metadata.tables:
        codes = [", 'one'", "(id, code)"] if "code" in metadata.tables["parent"].columns else ["", "(id)"]
        connection.exec_driver_sql(f"INSERT INTO parent {codes[1]} VALUES (1{codes[0]})")
    connection.exec_driver_sql("INSERT INTO t (id, name, p) VALUES (1, 'one', 1)")


@pytest.mark.parametrize("change", CHANGES)
def test_forth_and_back(change: Change, url: str) -> None:
    old, new = sa.MetaData(), sa.MetaData()
    change(old, False)
    change(new, True)
    with open_database(url) as (connection, dialect):
        old.create_all(connection)
        fill(connection, old)
        before, after = read(old, dialect), read(new, dialect)
        first = dialect.inspect(connection)
        assert found_differences(connection, dialect, first, before) == ()
        operations = found_differences(connection, dialect, first, after)
        assert operations
        perform(connection, dialect, operations, before)
        live = dialect.inspect(connection)
        assert found_differences(connection, dialect, live, after) == ()
        assert compare(first, live, dialect) != ()
        assert [tuple(row) for row in connection.execute(KEPT)] == [(1, "one", 1)]
        perform(connection, dialect, reverse(operations), after)
        assert found_differences(connection, dialect, dialect.inspect(connection), before) == ()
        assert [tuple(row) for row in connection.execute(KEPT)] == [(1, "one", 1)]


def renamed_tables(metadata: sa.MetaData) -> None:
    make_parent(metadata)
    make_table(
        metadata,
        sa.Column("a", sa.Integer, server_default="1", comment="a"),
        sa.Index("ix_a", "a"),
        sa.UniqueConstraint("a", "p", name="uq"),
        sa.ForeignKeyConstraint(["p"], ["parent.id"]),
        sa.CheckConstraint("name <> ''"),
    )


def test_rename_column_and_table_forth_and_back(url: str) -> None:
    metadata = declare(renamed_tables)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        fill(connection, metadata)
        before = read(metadata, dialect)
        original = texts(connection, dialect)
        column = before.tables[Name("t")].column("a")
        assert column
        bigger = read_column_like(dialect, sa.Column("b", sa.BigInteger, server_default="2", comment="b"))
        operations: list[Operation] = [
            RenameColumn(Name("t"), "a", "b"),
            AlterColumn(Name("t"), named(column, "b"), bigger),
            RenameTable(Name("t"), Name("t2")),
            RenameColumn(Name("t2"), "p", "parent_id"),
            AddColumn(Name("t2"), read_column_like(dialect, sa.Column("new", sa.Integer))),
            CreateIndex(Name("t2"), Index((Part("parent_id"), Part("new")), "ix_new")),
            AddConstraint(Name("t2"), Check("`new` > 0", "ck_new")),
        ]
        perform(connection, dialect, operations, before)
        after = before
        for operation in operations:
            after = operation.apply(after)
        live = dialect.inspect(connection)
        assert found_differences(connection, dialect, live, after) == ()
        assert connection.exec_driver_sql("SELECT id, name, parent_id, b FROM t2").one() == (1, "one", 1, 1)
        perform(connection, dialect, reverse(operations), after)
        assert texts(connection, dialect) == original


def read_column_like(dialect: Dialect, column: sa.Column[Any]) -> Column:
    metadata = sa.MetaData()
    sa.Table("t", metadata, column)
    (read_one,) = read(metadata, dialect).tables[Name("t")].columns
    return read_one


def named(column: Column, name: str) -> Column:
    return dataclasses.replace(column, name=name)


@pytest.mark.parametrize("kind", [sa.Enum("a", "b"), sa.Integer()], ids=["copies", "goes in place"])
def test_rename_a_column_of_a_foreign_key(kind: sa.types.TypeEngine[Any], url: str) -> None:
    """MySQL 9.7 copies a table with a CHECK on an ENUM column for a mere rename, and refuses to under a foreign key."""

    def models(metadata: sa.MetaData) -> None:
        make_parent(metadata)
        make_table(
            metadata,
            sa.Column("kind", kind),
            sa.CheckConstraint("kind <> 'x'", name="ck"),
            sa.ForeignKeyConstraint(["p"], ["parent.id"]),
            sa.ForeignKeyConstraint(["p"], ["t.id"], name="fk_self"),
        )

    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        fill(connection, metadata)
        before = read(metadata, dialect)
        rename = RenameColumn(Name("t"), "p", "parent_id")
        perform(connection, dialect, [rename], before)
        after = rename.apply(before)
        assert found_differences(connection, dialect, dialect.inspect(connection), after) == ()
        perform(connection, dialect, [rename.reverse()], after)
        assert found_differences(connection, dialect, dialect.inspect(connection), before) == ()


def test_an_index_for_two_foreign_keys_keeps_the_name_of_the_one_that_stays(url: str) -> None:
    def models(metadata: sa.MetaData, new: bool) -> None:
        make_parent(metadata)
        more = [sa.ForeignKeyConstraint(["p"], ["parent.id"])] if new else []
        make_table(metadata, sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"), *more)

    old, new = sa.MetaData(), sa.MetaData()
    models(old, False)
    models(new, True)
    with open_database(url) as (connection, dialect):
        old.create_all(connection)
        original = texts(connection, dialect)
        before, after = read(old, dialect), read(new, dialect)
        operations = found_differences(connection, dialect, dialect.inspect(connection), after)
        perform(connection, dialect, operations, before)
        assert found_differences(connection, dialect, dialect.inspect(connection), after) == ()
        perform(connection, dialect, reverse(operations), after)
        assert texts(connection, dialect) == original


def test_names_that_the_server_made_up_are_found(url: str) -> None:
    """What a revision drops without a name is dropped by the name that it has in the live database."""

    def models(metadata: sa.MetaData) -> None:
        make_parent(metadata)
        make_table(
            metadata,
            sa.ForeignKeyConstraint(["p"], ["parent.id"]),
            sa.ForeignKeyConstraint(["name"], ["parent.code"]),
            sa.CheckConstraint("p > 0"),
            sa.CheckConstraint("p < 100"),
            sa.UniqueConstraint("name", "p"),
        )

    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        asked = ask(connection, dialect, read(metadata, dialect), dialect.inspect(connection))
        table = asked.tables[Name("t")]
        drops: list[Operation] = [
            *(DropConstraint(Name("t"), key) for key in table.foreign_keys[1:]),
            *(DropConstraint(Name("t"), check) for check in table.checks[1:]),
            *(DropIndex(Name("t"), index) for index in table.indexes),
        ]
        perform(connection, dialect, drops, asked)
        (live,) = (found for name, found in dialect.inspect(connection).tables.items() if name.name == "t")
        assert [key.columns for key in live.foreign_keys] == [("p",)]
        assert [check.expression for check in live.checks] == ["`p` > 0"]
        assert [index.columns for index in live.indexes] == [("p",)]


def test_what_revisions_know_is_enough_to_drop_what_has_no_name(url: str) -> None:
    """Without a look at the database: the server's names are foretold."""

    def models(metadata: sa.MetaData) -> None:
        make_parent(metadata)
        make_table(
            metadata,
            sa.ForeignKeyConstraint(["p"], ["parent.id"]),
            sa.ForeignKeyConstraint(["name"], ["parent.code"], name="fk_code"),
            sa.CheckConstraint("p > 0"),
            sa.UniqueConstraint("name", "p"),
        )

    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        before = read(metadata, dialect)
        table = before.tables[Name("t")]
        carry_out(connection, plan(compare(Schema(), before, dialect), Schema(), dialect).statements)
        drops = [DropConstraint(Name("t"), key) for key in table.foreign_keys]
        drops += [DropConstraint(Name("t"), check) for check in table.checks]
        carry_out(connection, plan(drops, before, dialect).statements)
        live = dialect.inspect(connection).tables[Name("t")]
        assert live.foreign_keys == ()
        assert live.checks == ()
        assert [index.columns for index in live.indexes] == [("name", "p")]


@pytest.mark.engines("mariadb")
def test_a_column_keeps_its_own_check(url: str) -> None:
    """MariaDB 10.11's MODIFY drops what it does not repeat, and only MODIFY drops a column's own CHECK."""

    def models(metadata: sa.MetaData, new: bool) -> None:
        kind = sa.BigInteger if new else sa.Integer
        make_table(
            metadata,
            sa.Column("a", kind, sa.CheckConstraint("a > 3"), comment="a"),
            sa.Column("b", sa.Integer, *([] if new else [sa.CheckConstraint("b > 4")]), comment="b"),
            sa.Column("j", sa.JSON, comment="new" if new else "old"),
        )

    old, new = sa.MetaData(), sa.MetaData()
    models(old, False)
    models(new, True)
    with open_database(url) as (connection, dialect):
        old.create_all(connection)
        original = texts(connection, dialect)
        before, after = read(old, dialect), read(new, dialect)
        operations = found_differences(connection, dialect, dialect.inspect(connection), after)
        perform(connection, dialect, operations, before)
        live = dialect.inspect(connection)
        assert [(check.column, check.expression) for check in live.tables[Name("t")].checks] == [
            ("a", "`a` > 3")
        ]
        assert "json_valid" in str(texts(connection, dialect))
        assert found_differences(connection, dialect, live, after) == ()
        rename = RenameColumn(Name("t"), "a", "c")
        column = live.tables[Name("t")].column("a")
        assert column
        alter = AlterColumn(
            Name("t"), named(column, "c"), dataclasses.replace(column, name="c", nullable=False)
        )
        perform(connection, dialect, [rename, alter], after)
        checks = dialect.inspect(connection).tables[Name("t")].checks
        assert [(check.column, check.expression) for check in checks] == [("c", "`c` > 3")]
        perform(connection, dialect, reverse([rename, alter]), after)
        perform(connection, dialect, reverse(operations), after)
        assert texts(connection, dialect) == original


def test_a_check_goes_with_the_rename_of_its_column(url: str) -> None:
    """MySQL 9.7 refuses to rename a column that a CHECK uses (3959), unless the CHECK is replaced with it."""

    def models(metadata: sa.MetaData, new: bool) -> None:
        name = "b" if new else "a"
        make_table(metadata, sa.Column(name, sa.Integer), sa.CheckConstraint(f"{name} > 0", name="ck"))

    old, new = sa.MetaData(), sa.MetaData()
    models(old, False)
    models(new, True)
    with open_database(url) as (connection, dialect):
        old.create_all(connection)
        before, after = read(old, dialect), read(new, dialect)
        (was,), (is_now,) = before.tables[Name("t")].checks, after.tables[Name("t")].checks
        operations: list[Operation] = [
            DropConstraint(Name("t"), was),
            RenameColumn(Name("t"), "a", "b"),
            AddConstraint(Name("t"), is_now),
        ]
        perform(connection, dialect, operations, before)
        assert found_differences(connection, dialect, dialect.inspect(connection), after) == ()
        perform(connection, dialect, reverse(operations), after)
        assert found_differences(connection, dialect, dialect.inspect(connection), before) == ()


@pytest.mark.engines("mysql")
def test_a_table_with_a_zero_date_of_old_can_be_altered(url: str) -> None:
    """MySQL 9.7 refuses every ALTER of such a table in its default sql_mode (1067)."""
    with open_database(url) as (connection, dialect):
        connection.exec_driver_sql("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")
        connection.exec_driver_sql(
            "CREATE TABLE t (id int PRIMARY KEY, d date NOT NULL DEFAULT '0000-00-00', "
            "m datetime NOT NULL DEFAULT '0000-00-00 00:00:00')"
        )

    def models(metadata: sa.MetaData, new: bool) -> None:
        columns: list[sa.Column[Any]] = [
            sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("d", sa.Date, nullable=False, server_default="0000-00-00"),
            sa.Column("m", sa.DateTime, nullable=False, server_default="0000-00-00 00:00:00"),
        ]
        sa.Table("t", metadata, *columns, *([sa.Column("x", sa.Integer)] if new else []))

    old, new = sa.MetaData(), sa.MetaData()
    models(old, False)
    models(new, True)
    with open_database(url) as (connection, dialect):
        before, after = read(old, dialect), read(new, dialect)
        live = dialect.inspect(connection)
        assert found_differences(connection, dialect, live, before) == ()
        operations = found_differences(connection, dialect, live, after)
        with dialect.locked(connection, 1):
            perform(connection, dialect, operations, before)
        assert found_differences(connection, dialect, dialect.inspect(connection), after) == ()
