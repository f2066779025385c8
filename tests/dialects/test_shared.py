"""What a dialect can take over that has nothing of its own to say: refusals by name, plain tables, standard SQL."""

from collections.abc import Mapping

import pytest

from schemadiff.dialects.shared.lacking_features import FEATURES, Feature, refuse_lacking
from schemadiff.dialects.shared.plain_tables import bare, nameless, plain
from schemadiff.dialects.shared.standard_sql import create_whole, drop_index
from schemadiff.errors import UnsupportedError
from schemadiff.schema import (
    Check,
    Column,
    Exclude,
    ForeignKey,
    Generated,
    Identity,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Table,
    Type,
    Unique,
)

T = Name("t")
A = Column("a", Type("INTEGER"), nullable=False)
KEY = ForeignKey(("a",), Name("o"), ("b",))
INDEX = Index((Part("a"),), "i")

TABLES: Mapping[Feature, list[tuple[Table, str]]] = {
    "autoincrement": [(Table(T, (Column("a", A.type, autoincrement=True),)), "column a")],
    "computed columns": [
        (Table(T, (Column("a", A.type, generated=Generated("1", stored=False)),)), "column a")
    ],
    "deferrable constraints": [
        (Table(T, (A,), PrimaryKey(("a",), deferrable="DEFERRABLE")), "the primary key is DEFERRABLE"),
        (Table(T, (A,), uniques=(Unique(("a",), deferrable="DEFERRABLE"),)), "constraint on a is DEFERRABLE"),
        (
            Table(T, (A,), foreign_keys=(ForeignKey(("a",), T, ("b",), deferrable="DEFERRABLE"),)),
            "on a to t is DEF",
        ),
    ],
    "exclusion constraints": [(Table(T, (A,), excludes=(Exclude((Part("a"),), ("=",), "x"),)), ": x")],
    "foreign key actions": [
        (
            Table(T, (A,), foreign_keys=(ForeignKey(("a",), T, ("b",), on_delete="CASCADE"),)),
            "has ON DELETE CASCADE",
        ),
        (
            Table(T, (A,), foreign_keys=(ForeignKey(("a",), T, ("b",), on_update="SET NULL"),)),
            "ON UPDATE SET NULL",
        ),
    ],
    "foreign keys between schemas": [
        (Table(T, (A,), foreign_keys=(ForeignKey(("a",), Name("o", "s"), ("b",)),)), "on a to s.o")
    ],
    "identity columns": [(Table(T, (Column("a", A.type, identity=Identity()),)), "column a")],
    "included columns": [
        (Table(T, (A,), PrimaryKey(("a",), include=("b",))), "the primary key"),
        (Table(T, (A,), indexes=(Index((Part("a"),), "i", include=("b",)),)), "index i"),
    ],
    "index expressions": [(Table(T, (A,), indexes=(Index((Part(expression="a + 1"),), "i"),)), "index i")],
    "index methods": [
        (Table(T, (A,), indexes=(Index((Part("a"),), "i", method="gin"),)), "index i is gin"),
        (Table(T, (A,), indexes=(Index((Part("a"),), "i", kind="FULLTEXT"),)), "index i is FULLTEXT"),
    ],
    "index options": [
        (Table(T, (A,), indexes=(Index((Part("a"),), "i", options=(("fillfactor", "50"),)),)), "index i"),
        (Table(T, (A,), indexes=(Index((Part("a"),), "i", tablespace="x"),)), "index i"),
    ],
    "nulls not distinct": [
        (Table(T, (A,), uniques=(Unique(("a",), nulls_distinct=False),)), "constraint on a"),
        (Table(T, (A,), indexes=(Index((Part("a"),), "i", nulls_distinct=False),)), "index i"),
    ],
    "partial indexes": [(Table(T, (A,), indexes=(Index((Part("a"),), "i", where="a > 0"),)), "index i")],
    "stored computed columns": [
        (Table(T, (Column("a", A.type, generated=Generated("1", stored=True)),)), "column a")
    ],
    "table options": [(Table(T, (A,), options=Options(extra=(("STRICT", "1"),))), "strict=1")],
    "temporal keys": [
        (Table(T, (A,), PrimaryKey(("a",), without_overlaps=True)), "the primary key"),
        (Table(T, (A,), foreign_keys=(ForeignKey(("a",), T, ("b",), period=True),)), "on a to t"),
    ],
}


def test_every_feature_is_shown() -> None:
    assert TABLES.keys() == FEATURES.keys()


@pytest.mark.parametrize(
    ("feature", "table", "words"),
    [(feature, table, words) for feature, some in TABLES.items() for table, words in some],
)
def test_what_a_product_lacks_is_refused_by_name(feature: Feature, table: Table, words: str) -> None:
    refuse_lacking(table, "Product", FEATURES.keys() - {feature, "computed columns"})
    with pytest.raises(UnsupportedError) as caught:
        refuse_lacking(table, "Product", {feature})
    assert str(caught.value).startswith(f'table "t": Product has no {feature}: ')
    assert words in str(caught.value)
    assert caught.value.hint


def test_a_plain_table_says_nothing_of_other_products() -> None:
    table = Table(
        T,
        (
            Column(
                "a", A.type, on_update="now()", charset="latin1", visible=False, srid=1, on_conflict="FAIL"
            ),
        ),
        PrimaryKey(("a",), "p", on_conflict="FAIL", parts=((1, True),)),
        (Unique(("a",), "u", comment="x"),),
        (Index((Part("a", length=3),), "i", method="btree", visible=False),),
        (
            ForeignKey(
                ("a",),
                T,
                ("a",),
                "f",
                on_delete="RESTRICT",
                on_update="CASCADE",
                match="SIMPLE",
                not_valid=True,
            ),
        ),
        (Check("a > 0", "c", enforced=False, not_valid=True, comment="x"),),
        Options("said", "InnoDB", "utf8mb4", "x"),
    )
    assert plain(table) == Table(
        T,
        (Column("a", A.type),),
        PrimaryKey(("a",), "p"),
        (Unique(("a",), "u"),),
        (Index((Part("a"),), "i"),),
        (ForeignKey(("a",), T, ("a",), "f", on_update="CASCADE"),),
        (Check("a > 0", "c"),),
        Options("said"),
    )
    assert [one.name for one in nameless(table).constraints()] == [None] * 4
    assert nameless(table).indexes == table.indexes


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("((a))", "a"),
        ("(a) + (b)", "(a) + (b)"),
        ("(')')", "')'"),
        ('(")("', '(")("'),
        ("f(a)", "f(a)"),
        ("", ""),
    ],
)
def test_parentheses_around_all_of_an_expression_go(given: str, found: str) -> None:
    assert bare(given) == found


def test_a_table_as_standard_sql() -> None:
    table = Table(
        Name("t t", "s"),
        (
            Column('q"q', Type("VARCHAR"), nullable=False, default="'x'", collation="nocase", comment="it's"),
            Column("g", Type("INTEGER"), generated=Generated("1 + 1", stored=True)),
        ),
        PrimaryKey(('q"q',), "pk"),
        (Unique(("g",)),),
        (
            Index(
                (Part("g", descending=True, nulls="LAST"), Part(expression="g + 1")),
                unique=True,
                where="g > 0",
            ),
        ),
        (ForeignKey(("g",), Name("o"), ("id",), "fk", "CASCADE", "SET NULL", "DEFERRABLE"),),
        (Check("g > 0", "c"),),
        Options("a table"),
    )
    assert list(create_whole(table)) == [
        'CREATE TABLE "s"."t t" (\n'
        '  "q""q" VARCHAR COLLATE "nocase" NOT NULL DEFAULT \'x\',\n'
        '  "g" INTEGER GENERATED ALWAYS AS (1 + 1) STORED,\n'
        '  CONSTRAINT "pk" PRIMARY KEY ("q""q"),\n'
        '  UNIQUE ("g"),\n'
        '  CONSTRAINT "c" CHECK (g > 0),\n'
        '  CONSTRAINT "fk" FOREIGN KEY ("g") REFERENCES "o" ("id") ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE\n'
        ")",
        'CREATE UNIQUE INDEX "ix_t t_g" ON "s"."t t" ("g" DESC NULLS LAST, (g + 1)) WHERE g > 0',
        'COMMENT ON TABLE "s"."t t" IS \'a table\'',
        'COMMENT ON COLUMN "s"."t t"."q""q" IS \'it\'\'s\'',
    ]
    assert drop_index(table.name, table.indexes[0]) == 'DROP INDEX "s"."ix_t t_g"'
