"""Changes of a table on MySQL and MariaDB, and the cheapest algorithm of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from tests.dialects.test_mysql_server import both

Items = Sequence[sa.schema.SchemaItem]


INSTANT = "INSTANT"
INPLACE = "INPLACE, LOCK=NONE: writers go on"
NOCOPY = "NOCOPY, LOCK=NONE: writers go on"
SHARED = "INPLACE, LOCK=SHARED: nobody can write meanwhile"
COPY = "COPY: nobody can write meanwhile"


def make_table(metadata: sa.MetaData, name: str, *items: Any, **instead: Any) -> sa.Table:
    """A table with some columns, those of `instead` in place of the ones of that name (none for ``None``)."""
    columns: dict[str, Any] = {
        "id": sa.Column("id", sa.Integer, primary_key=True),
        "a": sa.Column("a", sa.Integer),
        "b": sa.Column("b", sa.Integer, nullable=False),
        "s": sa.Column("s", sa.String(50)),
        "d": sa.Column("d", sa.Numeric(10, 2)),
        "e": sa.Column("e", sa.Enum("x", "y")),
        **instead,
    }
    return sa.Table(name, metadata, *(one for one in columns.values() if one is not None), *items)


def make_column(name: str, kind: Any, *items: Any, **words: Any) -> Any:
    return sa.Column(name, kind, *items, **words)


def cases() -> dict[str, tuple[dict[str, Any], Items, Items, list[str], list[str]]]:
    """The columns that the change leaves otherwise than they were, what only was there before and what only is there
    after, and how MySQL and MariaDB do it.
    """
    return {
        "add_column": ({}, (), (make_column("n", sa.Integer),), [INSTANT], [INSTANT]),
        "add_required_column": (
            {},
            (),
            (make_column("n", sa.Integer, nullable=False, server_default="5"),),
            [INSTANT],
            [INSTANT],
        ),
        "add_stored": ({}, (), (make_column("n", sa.Integer, sa.Computed("b + 1", True)),), [COPY], [COPY]),
        "add_virtual": (
            {},
            (),
            (make_column("n", sa.Integer, sa.Computed("b + 1", False)),),
            [INSTANT],
            [INSTANT],
        ),
        "drop_column": ({"d": None}, (), (), [INSTANT], [INSTANT]),
        "type_of_decimal": ({"d": make_column("d", sa.Numeric(12, 2))}, (), (), [COPY], [COPY]),
        "type_of_integer": ({"a": make_column("a", sa.BigInteger)}, (), (), [COPY], [COPY]),
        "not_null": ({"a": make_column("a", sa.Integer, nullable=False)}, (), (), [INPLACE], [INPLACE]),
        "null": ({"b": make_column("b", sa.Integer)}, (), (), [INPLACE], [INPLACE]),
        "longer": ({"s": make_column("s", sa.String(60))}, (), (), [INPLACE], [INSTANT]),
        "much_longer": ({"s": make_column("s", sa.String(300))}, (), (), [COPY], [COPY]),
        "shorter": ({"s": make_column("s", sa.String(40))}, (), (), [COPY], [COPY]),
        "collation": ({"s": make_column("s", sa.String(50, "utf8mb4_bin"))}, (), (), [INPLACE], [INSTANT]),
        "collation_of_index": (
            {"s": make_column("s", sa.String(50, "utf8mb4_bin"))},
            (sa.Index("k1", "s"),),
            (sa.Index("k1", "s"),),
            [COPY],
            [NOCOPY],
        ),
        "enum_appended": ({"e": make_column("e", sa.Enum("x", "y", "z"))}, (), (), [INSTANT], [INSTANT]),
        "enum_inserted": ({"e": make_column("e", sa.Enum("z", "x", "y"))}, (), (), [COPY], [COPY]),
        "comment": ({"a": make_column("a", sa.Integer, comment="hi")}, (), (), [INSTANT], [INSTANT]),
        "default": ({"a": make_column("a", sa.Integer, server_default="5")}, (), (), [INSTANT], [INSTANT]),
        "add_index": ({}, (), (sa.Index("k1", "b"),), [INPLACE], [NOCOPY]),
        "add_unique": ({}, (), (sa.UniqueConstraint("b", name="u1"),), [INPLACE], [NOCOPY]),
        "add_fulltext": ({}, (), (sa.Index("ft", "s", **both(prefix="FULLTEXT")),), [SHARED], [SHARED]),
        "drop_index": ({}, (sa.Index("k1", "b"),), (), [INPLACE], [NOCOPY]),
        "rename_index": ({}, (sa.Index("k1", "b"),), (sa.Index("k2", "b"),), [INPLACE], [INSTANT]),
        "add_check": ({}, (), (sa.CheckConstraint("b >= 0", name="ck_add"),), [COPY], [COPY]),
        "drop_check": ({}, (sa.CheckConstraint("b >= 0", name="ck_drop"),), (), [INSTANT], [INSTANT]),
        "primary_key": (
            {"id": make_column("id", sa.Integer, autoincrement=False)},
            (sa.PrimaryKeyConstraint("id"),),
            (sa.PrimaryKeyConstraint("id", "b"),),
            [INPLACE],
            [INPLACE],
        ),
        "add_foreign_key": (
            {},
            (),
            (sa.ForeignKeyConstraint(["a"], ["target.id"], name="fk_add"),),
            [COPY],
            [COPY],
        ),
        "drop_foreign_key": (
            {},
            (sa.Index("k1", "a"), sa.ForeignKeyConstraint(["a"], ["target.id"], name="fk_drop")),
            (sa.Index("k1", "a"),),
            [INPLACE],
            [INSTANT],
        ),
    }
