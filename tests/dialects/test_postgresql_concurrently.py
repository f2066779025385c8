"""How PostgreSQL's tables change while others use them: the statements, and what each means for others. No server."""

from __future__ import annotations

import dataclasses

import pytest

from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.postgresql.sql import retype_domain
from schemadiff.dialects.postgresql.sql.conversion import rewrites
from schemadiff.errors import UnsupportedError
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    DropIndex,
    Operation,
)
from schemadiff.schema import (
    Check,
    Column,
    Domain,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unique,
)

SERVER = PostgreSQL(15, "public")
T, PARENT = Name("t"), Name("p")
INTEGER = Type("integer")
A = Column("a", INTEGER, True)
B = Column("b", Type("character varying(20)"), True)
ID = Column("id", INTEGER, False)
IX = Index((Part("a"),), "ix_a")
TABLE = Table(T, (A, B, ID), indexes=(IX,))
BESIDE = Table(PARENT, (ID,), PrimaryKey(("id",)))
NEW = Index((Part("b"),), "ix_b")


def altered(column: Column, after: Column) -> AlterColumn:
    return AlterColumn(T, column, after)


def online(operation: Operation, table: Table = TABLE) -> list[tuple[str, str | None, str | None]]:
    """The statements, with the algorithm and lock that programs are told."""
    before = Schema({T: table, PARENT: BESIDE})
    return [
        (" ".join(one.sql.split()), one.method.algorithm, one.method.lock)
        for one in SERVER.online_statements([operation], before)
    ]


BUILT_APART: dict[str, tuple[Operation, list[str]]] = {
    "an index": (CreateIndex(T, NEW), ['CREATE INDEX CONCURRENTLY "ix_b" ON "t" ("b")']),
    "an index that goes": (DropIndex(T, IX), ['DROP INDEX CONCURRENTLY "ix_a"']),
    "a unique key, whose name the server makes": (
        AddConstraint(T, Unique(("a",))),
        [
            'CREATE UNIQUE INDEX CONCURRENTLY "schemadiff_t_a_key" ON "t" ("a")',
            'ALTER TABLE "t" ADD CONSTRAINT "t_a_key" UNIQUE USING INDEX "schemadiff_t_a_key"',
        ],
    ),
    "a primary key": (
        AddConstraint(T, PrimaryKey(("id",))),
        [
            'CREATE UNIQUE INDEX CONCURRENTLY "schemadiff_t_pkey" ON "t" ("id")',
            'ALTER TABLE "t" ADD CONSTRAINT "t_pkey" PRIMARY KEY USING INDEX "schemadiff_t_pkey"',
        ],
    ),
    "a CHECK": (
        AddConstraint(T, Check("a > 0", "ck_a")),
        [
            'ALTER TABLE "t" ADD CONSTRAINT "ck_a" CHECK (a > 0) NOT VALID',
            'ALTER TABLE "t" VALIDATE CONSTRAINT "ck_a"',
        ],
    ),
    "a foreign key": (
        AddConstraint(T, ForeignKey(("a",), PARENT, ("id",), name="fk_a")),
        [
            'ALTER TABLE "t" ADD CONSTRAINT "fk_a" FOREIGN KEY ("a") REFERENCES "p" ("id") NOT VALID',
            'ALTER TABLE "t" VALIDATE CONSTRAINT "fk_a"',
        ],
    ),
    "NOT NULL": (
        altered(A, dataclasses.replace(A, nullable=False)),
        [
            'ALTER TABLE "t" ADD CONSTRAINT "schemadiff_a_not_null" CHECK ("a" IS NOT NULL) NOT VALID',
            'ALTER TABLE "t" VALIDATE CONSTRAINT "schemadiff_a_not_null"',
            'ALTER TABLE "t" ALTER COLUMN "a" SET NOT NULL',
            'ALTER TABLE "t" DROP CONSTRAINT "schemadiff_a_not_null"',
        ],
    ),
}


@pytest.mark.parametrize("case", BUILT_APART)
def test_what_takes_long_lets_others_go_on(case: str) -> None:
    operation, statements = BUILT_APART[case]
    found = online(operation)
    assert [sql for sql, *_ in found] == statements
    assert {lock for *_, lock in found} <= {None, "none"}
    long = [sql for sql, algorithm, _ in found if algorithm in ("concurrently", "scan")]
    assert long == [sql for sql in statements if "CONCURRENTLY" in sql or "VALIDATE" in sql]


NO_OTHER_WAY: dict[str, tuple[Operation, Table, str, str]] = {
    "a key of a column that may be NULL": (
        AddConstraint(T, PrimaryKey(("a",))),
        TABLE,
        "build",
        "exclusive",
    ),
    "another type": (altered(A, dataclasses.replace(A, type=Type("bigint"))), TABLE, "rewrite", "exclusive"),
    "a stored column": (
        AddColumn(T, Column("c", INTEGER, True, generated=Generated("a + 1", True))),
        TABLE,
        "rewrite",
        "exclusive",
    ),
    "a default that differs by row": (
        AddColumn(T, Column("c", INTEGER, True, default="random()")),
        TABLE,
        "rewrite",
        "exclusive",
    ),
    "UNLOGGED": (
        AlterTable(T, Options(), Options(extra=(("UNLOGGED", ""),))),
        TABLE,
        "rewrite",
        "exclusive",
    ),
    "an index of a partitioned table": (
        CreateIndex(T, NEW),
        dataclasses.replace(TABLE, options=Options(extra=(("PARTITION_BY", "RANGE (a)"),))),
        "build",
        "shared",
    ),
}


@pytest.mark.parametrize("case", NO_OTHER_WAY)
def test_what_has_no_such_way_says_what_it_does(case: str) -> None:
    operation, table, algorithm, lock = NO_OTHER_WAY[case]
    assert [found[1:] for found in online(operation, table)] == [(algorithm, lock)]


@pytest.mark.parametrize(
    "operation",
    [
        altered(B, dataclasses.replace(B, type=Type("character varying(40)"))),
        altered(A, dataclasses.replace(A, default="1")),
        AddColumn(T, Column("c", INTEGER, True, default="1")),
    ],
    ids=["longer text", "default", "column with a constant"],
)
def test_what_takes_no_time_says_nothing(operation: Operation) -> None:
    ((_, algorithm, lock),) = online(operation)
    assert (algorithm, lock) == (None, None)


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        ("integer", "bigint", True),
        ("character varying(20)", "character varying(40)", False),
        ("character varying(20)", "character varying(10)", True),
        ("character varying(20)", "text", False),
        ("text", "character varying(20)", True),
        ("character(3)", "character(4)", True),
        ("numeric(8,2)", "numeric(10,2)", False),
        ("numeric(8,2)", "numeric(10,3)", True),
        ("timestamp(3) without time zone", "timestamp(6) without time zone", False),
        ("timestamp without time zone", "timestamp with time zone", True),
        ("cidr", "inet", False),
        ("inet", "cidr", True),
    ],
)
def test_which_types_write_the_table_anew(before: str, after: str, written: bool) -> None:
    assert rewrites(Type(before), Type(after)) is written


SIZE = Domain(Name("size"), "integer")
WIDER = Domain(Name("size"), "bigint")
USING = Table(
    T,
    (A, Column("s", Type("size"), True)),
    checks=(Check("s > 0", "ck_s"), Check("a > 0", "ck_a")),
    indexes=(Index((Part("a"),), "ix_s", where="s > 1"), Index((Part("s"),), "ix_plain"), IX),
)


def test_a_domain_of_another_type_takes_the_place_of_the_old_one() -> None:
    """An expression that mentions its columns goes before and comes after; all else stays."""
    found = list(retype_domain.made_anew(SIZE, WIDER, ["CREATE DOMAIN size AS bigint"], Schema({T: USING})))
    text = "\n".join(found)
    renamed, created = (
        found.index(one)
        for one in ('ALTER DOMAIN "size" RENAME TO "size_schemadiff_old"', "CREATE DOMAIN size AS bigint")
    )
    assert renamed + 1 == created
    assert found[-1] == 'DROP DOMAIN "size_schemadiff_old"'
    drops, rest = "\n".join(found[:renamed]), "\n".join(found[created:])
    assert 'DROP CONSTRAINT "ck_s"' in drops
    assert 'DROP INDEX "ix_s"' in drops
    assert rest.index('ALTER COLUMN "s" TYPE') < rest.index('CREATE INDEX "ix_s"')
    assert 'ADD CONSTRAINT "ck_s"' in rest
    assert "ck_a" not in text
    assert "ix_a" not in text
    assert "ix_plain" not in text


def test_a_domain_that_another_is_made_of_keeps_its_type() -> None:
    inner = Domain(Name("small"), "size")
    schema = Schema({T: USING}, objects={inner.key: inner})
    with pytest.raises(UnsupportedError, match='while the domain "small" is made of it'):
        list(retype_domain.made_anew(SIZE, WIDER, [], schema))


@pytest.mark.parametrize(
    ("after", "column", "in_place"),
    [
        (WIDER, "size", False),
        (dataclasses.replace(SIZE, default="1"), "size[]", True),
        (dataclasses.replace(SIZE, nullable=False), "size", True),
        (dataclasses.replace(SIZE, nullable=False), "size[]", False),
        (dataclasses.replace(SIZE, checks=(("c", "VALUE > 0"),)), "size[]", False),
    ],
)
def test_when_a_domain_is_altered_in_place(after: Domain, column: str, in_place: bool) -> None:
    schema = Schema({T: Table(T, (Column("s", Type(column), True),))})
    assert retype_domain.alters_in_place(SIZE, after, schema) is in_place
