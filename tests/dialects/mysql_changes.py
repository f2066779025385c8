"""Changes of tables for MySQL and MariaDB: each function fills the metadata before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

Change = Callable[[sa.MetaData, bool], object]
"""Declares tables as they are before the change, and after it."""


def make_parent(metadata: sa.MetaData) -> None:
    sa.Table(
        "parent",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(10), nullable=False, unique=True),
    )


def make_table(metadata: sa.MetaData, *items: Any, **words: Any) -> None:
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
    make_table(metadata, *(columns if new else []))


def alter_type(metadata: sa.MetaData, new: bool) -> None:
    kinds = (mysql.INTEGER(unsigned=True), sa.BigInteger()) if new else (sa.SmallInteger(), sa.Integer())
    make_table(
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
    make_table(
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
    make_table(metadata, *(new_items if new else old_items))


def checks(metadata: sa.MetaData, new: bool) -> None:
    old_items = [sa.CheckConstraint("p > 0"), sa.CheckConstraint("name <> '50%'", name="ck_name")]
    new_items = [
        sa.CheckConstraint("p >= 0 OR name = 'x'"),
        sa.CheckConstraint("name <> '60%'", name="ck_name"),
    ]
    make_table(metadata, *(new_items if new else old_items))


def foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    make_parent(metadata)
    old_items = [sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p")]
    new_items = [
        sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["name"], ["parent.code"]),
    ]
    make_table(metadata, *(new_items if new else old_items))


def drop_foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    make_parent(metadata)
    items = [
        sa.ForeignKeyConstraint(["p"], ["parent.id"]),
        sa.ForeignKeyConstraint(["name"], ["parent.code"], name="fk_code"),
    ]
    make_table(metadata, *([] if new else items))


def drop_column_with_key(metadata: sa.MetaData, new: bool) -> None:
    make_parent(metadata)
    old_items = [
        sa.Column("parent_id", sa.ForeignKey("parent.id"), index=True),
        sa.Column("other_id", sa.ForeignKey("parent.id")),
        sa.Column("u", sa.Integer, unique=True),
        sa.Column("c", sa.Integer),
        sa.CheckConstraint("c > 0"),
        sa.CheckConstraint("c < p", name="ck_two"),
        sa.UniqueConstraint("c", "p"),
    ]
    make_table(metadata, *([] if new else old_items))


def index_for_foreign_key(metadata: sa.MetaData, new: bool) -> None:
    make_parent(metadata)
    make_table(
        metadata,
        sa.ForeignKeyConstraint(["p"], ["parent.id"]),
        *([sa.Index("ix_p", "p", "name")] if new else []),
    )


def index_that_replaces_another(metadata: sa.MetaData, new: bool) -> None:
    make_parent(metadata)
    index = sa.Index("ix_both", "p", "name") if new else sa.Index("ix_p", "p")
    make_table(metadata, sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"), index)


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
    make_table(metadata, *([] if new else items))


def much_under_foreign_keys(metadata: sa.MetaData, new: bool) -> None:
    """What MySQL 9.7 refuses to do at once."""
    make_parent(metadata)
    make_table(
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
    make_parent(metadata)
    make_table(
        metadata,
        sa.Column("q", sa.ForeignKey("parent.id"), nullable=not new, server_default="1"),
        sa.Column("when", sa.DateTime),
        sa.Column("text", sa.Text),
        sa.CheckConstraint("`when` > '2020-01-01'", name="ck_when"),
        sa.ForeignKeyConstraint(["p"], ["parent.id"], name="fk_p"),
        sa.Index("ft", "text", mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT"),
    )


def new_tables(metadata: sa.MetaData, new: bool) -> None:
    make_table(metadata)
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
    make_table(metadata, **words)


def table_charset(metadata: sa.MetaData, new: bool) -> None:
    make_table(
        metadata,
        sa.Column("text", sa.Text, comment="stays"),
        sa.Column("own", mysql.VARCHAR(10, charset="utf8mb4", collation="utf8mb4_bin"), server_default="x"),
        sa.Column("e", sa.Enum("a", "b")),
        mysql_charset="latin1" if new else "utf8mb4",
    )


def table_collation(metadata: sa.MetaData, new: bool) -> None:
    make_table(metadata, mysql_collate="utf8mb4_bin" if new else "utf8mb4_general_ci")


def table_engine(metadata: sa.MetaData, new: bool) -> None:
    make_table(metadata, mysql_engine="MyISAM" if new else "InnoDB")


def generated(metadata: sa.MetaData, new: bool) -> None:
    make_table(
        metadata,
        sa.Column("a", sa.Integer, sa.Computed("p + 2" if new else "p + 1")),
        sa.Column("b", sa.Integer, sa.Computed("p + 2" if new else "p + 1", persisted=True)),
        sa.Column("c", sa.Integer, sa.Computed("p + 1", persisted=new)),
        sa.Column("d", sa.Integer, *([sa.Computed("p + 1", persisted=True)] if new else [])),
        sa.Column("e", sa.Integer, *([] if new else [sa.Computed("p + 1")]), comment="e"),
        sa.Index("ix_c", "c", "p"),
    )


def all_at_once(metadata: sa.MetaData, new: bool) -> None:
    make_parent(metadata)
    if new:
        make_table(
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
        make_table(
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
    make_table(metadata, *(added if new else []), comment="new '; %s" if new else "old")


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
