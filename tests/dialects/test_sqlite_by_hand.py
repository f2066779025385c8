"""Whatever is changed by hand in an SQLite database is named by `check`, and taken back by the next revision."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from schemadiff.schema import Schema

ITEMS = {
    "id": "id INTEGER NOT NULL",
    "name": "name VARCHAR(20) DEFAULT 'x' NOT NULL",
    "size": "size INTEGER",
    "shop_id": "shop_id INTEGER",
    "key": "PRIMARY KEY (id)",
    "check": "CONSTRAINT ck CHECK (size > 0)",
    "unique": "CONSTRAINT uq UNIQUE (name)",
    "foreign key": "CONSTRAINT fk FOREIGN KEY (shop_id) REFERENCES shop (id) ON DELETE CASCADE",
}
CHANGES = {
    "type": ("size", "size BIGINT"),
    "no type": ("size", "size"),
    "length": ("name", "name VARCHAR(21) DEFAULT 'x' NOT NULL"),
    "nullability": ("name", "name VARCHAR(20) DEFAULT 'x'"),
    "default": ("name", "name VARCHAR(20) DEFAULT 'y' NOT NULL"),
    "collation": ("name", "name VARCHAR(20) COLLATE NOCASE DEFAULT 'x' NOT NULL"),
    "not null": ("name", "name VARCHAR(20) DEFAULT 'x' NOT NULL ON CONFLICT REPLACE"),
    "generated": ("size", "size INTEGER AS (id * 2)"),
    "no key": ("key", "CHECK (1)"),
    "wider key": ("key", "PRIMARY KEY (id, name)"),
    "named key": ("key", "CONSTRAINT pk PRIMARY KEY (id)"),
    "key conflict": ("key", "PRIMARY KEY (id) ON CONFLICT REPLACE"),
    "autoincrement": ("key", "PRIMARY KEY (id AUTOINCREMENT)"),
    "check": ("check", "CONSTRAINT ck CHECK (size >= 0)"),
    "check without a name": ("check", "CHECK (size > 0)"),
    "check renamed": ("check", "CONSTRAINT ck2 CHECK (size > 0)"),
    "unique without a name": ("unique", "UNIQUE (name)"),
    "unique conflict": ("unique", "CONSTRAINT uq UNIQUE (name) ON CONFLICT IGNORE"),
    "wider unique": ("unique", "CONSTRAINT uq UNIQUE (name, size)"),
    "action": ("foreign key", "CONSTRAINT fk FOREIGN KEY (shop_id) REFERENCES shop (id) ON DELETE SET NULL"),
    "deferrable": ("foreign key", f"{ITEMS['foreign key']} DEFERRABLE INITIALLY DEFERRED"),
    "foreign key without a name": ("foreign key", ITEMS["foreign key"].removeprefix("CONSTRAINT fk ")),
    "target": ("foreign key", "CONSTRAINT fk FOREIGN KEY (shop_id) REFERENCES item (id) ON DELETE CASCADE"),
}
SCRIPTS = {
    "index gone": ["DROP INDEX ix"],
    "index unique": ["DROP INDEX ix", "CREATE UNIQUE INDEX ix ON item (size)"],
    "index descending": ["DROP INDEX ix", "CREATE INDEX ix ON item (size DESC)"],
    "index collation": ["DROP INDEX ix", "CREATE INDEX ix ON item (size COLLATE NOCASE)"],
    "index predicate": ["DROP INDEX ix", "CREATE INDEX ix ON item (size) WHERE size > 1"],
    "index on expressions": ["CREATE INDEX iy ON item (lower(name) DESC, size + 1)"],
    "column": ["ALTER TABLE item ADD COLUMN z TEXT COLLATE RTRIM DEFAULT 'q'"],
    "table": ["CREATE TABLE z (x UNIQUE, y TEXT CHECK (y <> ''), z REAL AS (x * 2) STORED UNIQUE)"],
    "table without rowid": ["CREATE TABLE z (x, y TEXT DEFAULT (1 + 1), PRIMARY KEY (x, y)) WITHOUT ROWID"],
    "table that refers to nothing": ["CREATE TABLE z (x REFERENCES nowhere, y REFERENCES item)"],
    "copy of a table": ["CREATE TABLE z AS SELECT * FROM item"],
}


def models() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("shop", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False, server_default="x"),
        sa.Column("size", sa.Integer),
        sa.Column("shop_id", sa.ForeignKey("shop.id", name="fk", ondelete="CASCADE")),
        sa.CheckConstraint("size > 0", name="ck"),
        sa.UniqueConstraint("name", name="uq"),
        sa.Index("ix", "size"),
    )
    return metadata


def made_anew(what: str, text: str) -> list[str]:
    columns = ", ".join({**ITEMS, what: text}.values())
    return ["DROP TABLE item", f"CREATE TABLE item ({columns})", "CREATE INDEX ix ON item (size)"]


def live(url: str) -> Schema:
    with connected(url) as (connection, dialect):
        return inspect(connection, dialect)


@pytest.mark.parametrize(
    "script",
    [
        *(pytest.param(made_anew(*change), id=name) for name, change in CHANGES.items()),
        *(pytest.param(script, id=name) for name, script in SCRIPTS.items()),
    ],
)
def test_it_is_named_and_taken_back(script: list[str], tmp_path: Path) -> None:
    url, other, versions = (
        f"sqlite:///{tmp_path}/one.db",
        f"sqlite:///{tmp_path}/two.db",
        tmp_path / "versions",
    )
    schemadiff.plan(url, models(), versions)
    schemadiff.apply(url, versions)
    as_made = live(url)
    with connected(url) as (connection, _):
        for statement in script:
            connection.exec_driver_sql(statement)
    assert schemadiff.check(url, models(), versions).drifted
    assert schemadiff.plan(url, models(), versions, no_renames=True).found
    # Another database, which nobody changed by hand, goes the same way.
    for each in (url, other):
        schemadiff.apply(each, versions, allow=["all"])
        assert not schemadiff.check(each, models(), versions)
        assert live(each).tables == as_made.tables
    schemadiff.rollback(url, versions, to=1, allow=["all"])


def test_the_same_in_other_words_is_quiet(tmp_path: Path) -> None:
    url, versions = f"sqlite:///{tmp_path}/one.db", tmp_path / "versions"
    schemadiff.plan(url, models(), versions)
    schemadiff.apply(url, versions)
    with connected(url) as (connection, _):
        connection.exec_driver_sql("DROP TABLE item")
        connection.exec_driver_sql(
            'create table "item" ([id] integer not null primary key /* x */, `name` varchar ( 20 ) not null '
            "default ('x'), size INTEGER -- c\n, shop_id integer constraint fk references SHOP(ID) on delete cascade, "
            'constraint "ck" check ( (size) >0 ), constraint uq unique (NAME))'
        )
        connection.exec_driver_sql("CREATE INDEX ix on item(Size asc)")
    assert not schemadiff.check(url, models(), versions)
