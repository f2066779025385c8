"""Every kind of change on MySQL and MariaDB servers, forth and back: it converges, and the rows stay."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

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
from tests.dialects.test_mysql_server import carry_out, declare, open_database, perform, texts

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

Change = Callable[[sa.MetaData, bool], object]
"""Declares tables as they are before the change, and after it."""


def _parent(metadata: sa.MetaData) -> None:
    sa.Table(
        "parent",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(10), nullable=False, unique=True),
    )


def _table(metadata: sa.MetaData, *items: Any, **words: Any) -> None:
    """The table that changes. It gets one row, ``(1, 'one', 1)``, before it does."""
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("p", sa.Integer),
        *items,
        **words,
    )


def add_columns(metadata: sa.MetaData, new: bool) -> None:
    columns = [
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.String(20), nullable=False, server_default="it's 50% \\ \n"),
        sa.Column("c", sa.Text, comment='it\'s "c"; 50% \\ \n %s'),
        sa.Column("d", sa.DateTime, server_default=sa.func.now()),
        sa.Column("e", sa.Enum("x", "y"), server_default="x"),
        sa.Column("f", sa.Integer, sa.Computed("p + 1")),
        sa.Column("g", sa.Integer, sa.Computed("p + 1", persisted=True)),
        sa.Column("h", sa.JSON),
        sa.Column("i", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("j", sa.String(10, collation="latin1_bin")),
    ]
    _table(metadata, *(columns if new else []))


def alter_type(metadata: sa.MetaData, new: bool) -> None:
    kinds = (mysql.INTEGER(unsigned=True), sa.BigInteger()) if new else (sa.SmallInteger(), sa.Integer())
    _table(
        metadata,
        sa.Column("a", kinds[0], comment="stays"),
        sa.Column("b", kinds[1], nullable=False, server_default="7"),
        sa.Column("c", sa.Enum("x", "y", "z") if new else sa.Enum("x", "y"), server_default="x"),
        sa.Column("d", sa.Text() if new else sa.String(100)),
        sa.Column("e", sa.JSON() if new else mysql.LONGTEXT()),
        sa.Column("f", mysql.DATETIME(fsp=6) if new else sa.DateTime()),
        sa.Column("g", sa.Numeric(12, 4) if new else sa.Numeric(10, 2), server_default=sa.text("1.5")),
    )


def alter_attributes(metadata: sa.MetaData, new: bool) -> None:
    touch = "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    _table(
        metadata,
        sa.Column("a", sa.Integer, nullable=new, server_default="1", comment="nullability"),
        sa.Column("b", sa.Integer, server_default="2" if new else "1", comment="default"),
        sa.Column("c", sa.Integer, server_default=None if new else "1", comment="no default"),
        sa.Column("d", sa.Integer, server_default="1", comment="new %s 'words'" if new else None),
        sa.Column(
            "e", sa.DateTime, server_default=sa.text(touch if new else "CURRENT_TIMESTAMP"), comment="e"
        ),
        sa.Column(
            "f", sa.String(9, collation="utf8mb4_bin" if new else None), comment="f", server_default="x"
        ),
        sa.Column("g", sa.String(36), server_default=sa.text("(uuid())" if new else "'x'"), comment="g"),
    )


def alter_primary_key(metadata: sa.MetaData, new: bool) -> None:
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=not new),
        sa.Column("name", sa.String(20), nullable=False, primary_key=new),
        sa.Column("p", sa.Integer),
    )


def drop_primary_key(metadata: sa.MetaData, new: bool) -> None:
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=not new, nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("p", sa.Integer),
    )


def add_automatic_column(metadata: sa.MetaData, new: bool) -> None:
    sa.Table(
        "t",
        metadata,
        sa.Column("id", sa.Integer, primary_key=not new, nullable=False, autoincrement=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("p", sa.Integer),
        *([sa.Column("number", sa.Integer, primary_key=True, autoincrement=True)] if new else []),
    )


def indexes(metadata: sa.MetaData, new: bool) -> None:
    old_items = [sa.Index("ix_changes", "name"), sa.Index("ix_goes", "name", "p"), sa.UniqueConstraint("p")]
    new_items = [
        sa.Index("ix_changes", "p", sa.desc("name")),
        sa.Index("ix_prefix", "name", mysql_length=5, mariadb_length=5),
        sa.Index("ft", "name", mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT"),
        sa.UniqueConstraint("name", "p", name="uq ` 'named'"),
        sa.UniqueConstraint("name"),
    ]
    _table(metadata, *(new_items if new else old_items))


def checks(metadata: sa.MetaData, new: bool) -> None:
    old_items = [sa.CheckConstraint("p > 0"), sa.CheckConstraint("name <> '50%'", name="ck_name")]
    new_items = [
        sa.CheckConstraint("p >= 0 OR name = 'x'"),
        sa.CheckConstraint("name <> '60%'", name="ck_name"),
    ]
    _table(metadata, *(new_items if new else old_items))


def foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    _parent(metadata)
    old_items = [sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p")]
    new_items = [
        sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["name"], ["parent.code"]),
    ]
    _table(metadata, *(new_items if new else old_items))


def drop_foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    _parent(metadata)
    items = [
        sa.ForeignKeyConstraint(["p"], ["parent.id"]),
        sa.ForeignKeyConstraint(["name"], ["parent.code"], name="fk_code"),
    ]
    _table(metadata, *([] if new else items))


def drop_column_with_key(metadata: sa.MetaData, new: bool) -> None:
    _parent(metadata)
    old_items = [
        sa.Column("parent_id", sa.ForeignKey("parent.id"), index=True),
        sa.Column("other_id", sa.ForeignKey("parent.id")),
        sa.Column("u", sa.Integer, unique=True),
        sa.Column("c", sa.Integer),
        sa.CheckConstraint("c > 0"),
        sa.CheckConstraint("c < p", name="ck_two"),
        sa.UniqueConstraint("c", "p"),
    ]
    _table(metadata, *([] if new else old_items))


def index_for_foreign_key(metadata: sa.MetaData, new: bool) -> None:
    _parent(metadata)
    _table(
        metadata,
        sa.ForeignKeyConstraint(["p"], ["parent.id"]),
        *([sa.Index("ix_p", "p", "name")] if new else []),
    )


def index_that_replaces_another(metadata: sa.MetaData, new: bool) -> None:
    _parent(metadata)
    index = sa.Index("ix_both", "p", "name") if new else sa.Index("ix_p", "p")
    _table(metadata, sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"), index)


def type_under_foreign_key(metadata: sa.MetaData, new: bool) -> None:
    kind = sa.BigInteger if new else sa.Integer
    sa.Table("parent", metadata, sa.Column("id", kind, primary_key=True))
    sa.Table(
        "t",
        metadata,
        sa.Column("id", kind, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("p", kind),
        sa.Column("self_id", kind),
        sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"),
        sa.ForeignKeyConstraint(["self_id"], ["t.id"]),
    )


def key_to_the_table_itself(metadata: sa.MetaData, new: bool) -> None:
    items = [
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.Column("c", sa.Integer),
        sa.UniqueConstraint("a", "b"),
        sa.ForeignKeyConstraint(["p", "c"], ["t.a", "t.b"], name="fk_self"),
        sa.ForeignKeyConstraint(["c"], ["t.id"]),
    ]
    _table(metadata, *([] if new else items))


def much_under_foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    """What MySQL 9.7 refuses to do at once."""
    _parent(metadata)
    _table(
        metadata,
        sa.Column("q", sa.ForeignKey("parent.id"), nullable=new, server_default="1"),
        sa.Column("r", sa.ForeignKey("parent.id", name="fk_r"), comment="new" if new else "old"),
        sa.Column("other", sa.BigInteger if new else sa.Integer),
        sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"),
        sa.CheckConstraint("other > 1" if new else "other > 0", name="ck"),
        *([sa.Index("ix_q", "q", "r")] if new else []),
        comment="new" if new else "old",
    )


def copies_under_foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    """What makes MySQL 9.7 copy a table whose foreign keys forbid it."""
    _parent(metadata)
    _table(
        metadata,
        sa.Column("q", sa.ForeignKey("parent.id"), nullable=not new, server_default="1"),
        sa.Column("when", sa.DateTime),
        sa.Column("text", sa.Text),
        sa.CheckConstraint("`when` > '2020-01-01'", name="ck_when"),
        sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"),
        sa.Index("ft", "text", mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT"),
    )


def new_tables(metadata: sa.MetaData, new: bool) -> None:
    _table(metadata)
    if new:
        sa.Table(
            "one",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("two_id", sa.ForeignKey("two.id")),
        )
        sa.Table(
            "two",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("one_id", sa.ForeignKey("one.id")),
        )


def table_options(metadata: sa.MetaData, new: bool) -> None:
    words = {"comment": 'it\'s "new"; 50% \\ %s' if new else "old"}
    if new:
        words |= {"mysql_row_format": "compact", "mysql_stats_persistent": "0", "mysql_max_rows": "9"}
    _table(metadata, **words)


def table_charset(metadata: sa.MetaData, new: bool) -> None:
    _table(
        metadata,
        sa.Column("text", sa.Text, comment="stays"),
        sa.Column("own", mysql.VARCHAR(10, charset="utf8mb4", collation="utf8mb4_bin"), server_default="x"),
        sa.Column("e", sa.Enum("a", "b")),
        mysql_charset="latin1" if new else "utf8mb4",
    )


def table_collation(metadata: sa.MetaData, new: bool) -> None:
    _table(metadata, mysql_collate="utf8mb4_bin" if new else "utf8mb4_general_ci")


def table_engine(metadata: sa.MetaData, new: bool) -> None:
    _table(metadata, mysql_engine="MyISAM" if new else "InnoDB")


def generated(metadata: sa.MetaData, new: bool) -> None:
    _table(
        metadata,
        sa.Column("a", sa.Integer, sa.Computed("p + 2" if new else "p + 1")),
        sa.Column("b", sa.Integer, sa.Computed("p + 2" if new else "p + 1", persisted=True)),
        sa.Column("c", sa.Integer, sa.Computed("p + 1", persisted=new)),
        sa.Column("d", sa.Integer, *([sa.Computed("p + 1", persisted=True)] if new else [])),
        sa.Column("e", sa.Integer, *([] if new else [sa.Computed("p + 1")]), comment="e"),
        sa.Index("ix_c", "c", "p"),
    )


def all_at_once(metadata: sa.MetaData, new: bool) -> None:
    _parent(metadata)
    if new:
        _table(
            metadata,
            sa.Column("added", sa.Integer, nullable=False, server_default="1"),
            sa.Column("altered", sa.BigInteger, server_default="1", comment="x"),
            sa.ForeignKeyConstraint(["added"], ["parent.id"], name="fk_added"),
            sa.CheckConstraint("added > 0", name="ck"),
            sa.Index("ix", "altered"),
            sa.UniqueConstraint("name", name="uq"),
            comment="new",
        )
    else:
        _table(
            metadata,
            sa.Column("dropped", sa.Integer),
            sa.Column("altered", sa.Integer),
            sa.ForeignKeyConstraint(["dropped"], ["parent.id"], name="fk_dropped"),
            sa.CheckConstraint("dropped > 0", name="ck"),
            sa.Index("ix", "dropped"),
            sa.UniqueConstraint("p", name="uq"),
        )


def hostile_names(metadata: sa.MetaData, new: bool) -> None:
    sa.Table("p`; 'x' 50%", metadata, sa.Column("key `,", sa.Integer, primary_key=True))
    added = [
        sa.Column("a) %s", sa.Integer, comment="é 😀 \\' `"),
        sa.ForeignKeyConstraint(["a) %s"], ["p`; 'x' 50%.key `,"], name="fk `; %s"),
        sa.CheckConstraint("`a) %s` > 0", name="ck `; %s"),
        sa.UniqueConstraint("a) %s", name="uq `; %s"),
        sa.Index("ix `; %s", "a) %s", "p"),
    ]
    _table(metadata, *(added if new else []), comment="new '; %s" if new else "old")


CHANGES: list[Change] = [
    add_columns,
    alter_type,
    alter_attributes,
    alter_primary_key,
    drop_primary_key,
    add_automatic_column,
    indexes,
    checks,
    foreign_keys,
    drop_foreign_keys,
    drop_column_with_key,
    index_for_foreign_key,
    index_that_replaces_another,
    type_under_foreign_key,
    key_to_the_table_itself,
    much_under_foreign_keys,
    copies_under_foreign_keys,
    new_tables,
    table_options,
    table_charset,
    table_collation,
    table_engine,
    generated,
    all_at_once,
    hostile_names,
]
KEPT = sa.text("SELECT id, name, p FROM t")


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
    _parent(metadata)
    _table(
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
        _parent(metadata)
        _table(
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
        _parent(metadata)
        more = [sa.ForeignKeyConstraint(["p"], ["parent.id"])] if new else []
        _table(metadata, sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"), *more)

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
        _parent(metadata)
        _table(
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
        _parent(metadata)
        _table(
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
        _table(
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
        _table(metadata, sa.Column(name, sa.Integer), sa.CheckConstraint(f"{name} > 0", name="ck"))

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
