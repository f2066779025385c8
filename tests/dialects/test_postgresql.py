"""PostgreSQL without a server: what is written in many ways is one thing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from schemadiff.compare.comparer import compare
from schemadiff.dialects.postgresql.canonical.expressions import expression
from schemadiff.dialects.postgresql.canonical.tables import default_text
from schemadiff.dialects.postgresql.canonical.types import parse
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.errors import UnsupportedError
from schemadiff.models.reader import read
from schemadiff.schema import (
    Column,
    ForeignKey,
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

SERVER = PostgreSQL(15, "public")
T = Name("t")
INTEGER = Type("integer")
TEXT = Type("text")


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("VARCHAR(50)", "character varying(50)"),
        ('VARCHAR(20) COLLATE "C"', "character varying(20)"),
        ("NUMERIC(10, 2)", "numeric(10,2)"),
        ("NUMERIC(10)", "numeric(10,0)"),
        ("FLOAT", "double precision"),
        ("FLOAT(24)", "real"),
        ("FLOAT(25)", "double precision"),
        ("CHAR", "character(1)"),
        ("TIMESTAMP WITHOUT TIME ZONE", "timestamp without time zone"),
        ("TIMESTAMP(3) WITH TIME ZONE", "timestamp(3) with time zone"),
        ("timestamptz(0)", "timestamp(0) with time zone"),
        ("TIME", "time without time zone"),
        ("INTERVAL DAY TO SECOND (3)", "interval day to second(3)"),
        ("INTERVAL (6)", "interval(6)"),
        ("BIT VARYING(5)", "bit varying(5)"),
        ("bit", "bit(1)"),
        ("INTEGER[][]", "integer[]"),
        ("int array[3]", "integer[]"),
        ("_int4", "integer[]"),
        ('"char"', '"char"'),
        ("geometry(Point, 4326)", "geometry(Point,4326)"),
        ("pg_catalog.int8", "bigint"),
        ("VARCHAR(10)[]", "character varying(10)[]"),
    ],
)
def test_types_are_spelled_as_the_server_does(spelling: str, canonical: str) -> None:
    assert parse(spelling).sql == canonical
    assert parse(canonical).sql == canonical


@pytest.mark.parametrize(
    ("kind", "written", "reported", "canonical"),
    [
        ("integer", "'5'", "5", "5"),
        ("integer", "-1", "'-1'::integer", "-1"),
        ("bigint", "9999999999", "'9999999999'::bigint", "9999999999"),
        ("double precision", "1e10", "'10000000000'::numeric", "10000000000"),
        ("real", "'0.10'", "'0.1'::real", "0.1"),
        ("numeric(10,2)", "'1.50'", "1.50", "1.50"),
        ("boolean", "'t'", "true", "true"),
        ("boolean", "FALSE", "false", "false"),
        ("character varying(20)", "'it''s'", "'it''s'::character varying", "'it''s'::character varying"),
        ("character varying(20)", "E'a\\nb'", "'a\nb'::character varying", "'a\nb'::character varying"),
        ("text", "'q'::varchar", "'q'::character varying", "'q'::text"),
        ("character(3)", "'a'", "'a'::bpchar", "'a'::bpchar"),
        ("text", "NULL::text", "NULL::text", None),
        ("date", "'2020-01-02'", "'2020-01-02'::date", "'2020-01-02'::date"),
        ("timestamp without time zone", "NOW()", "now()", "CURRENT_TIMESTAMP"),
        ("timestamp without time zone", "current_timestamp", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        (
            "timestamp(3) with time zone",
            "current_timestamp(3)",
            "CURRENT_TIMESTAMP(3)",
            "CURRENT_TIMESTAMP(3)",
        ),
        ("integer", "nextval('sq')", "nextval('sq'::regclass)", "nextval('sq'::regclass)"),
        ("json", "'{}'", "'{}'::json", "'{}'::json"),
        ("bit(4)", "B'0101'", "'0101'::\"bit\"", "'0101'::\"bit\""),
        ("bit varying(8)", "B'1'", "'1'::\"bit\"", "'1'::bit varying"),
        ("text", "$a$it's$a$", "'it''s'::text", "'it''s'::text"),
        ("text", "'a'\n'b' /* c */", "'ab'::text", "'ab'::text"),
        ("numeric(10,2)", "-0.00", "0.00", "0.00"),
        ("integer[]", "'{}'", "'{}'::integer[]", "'{}'::integer[]"),
        ("integer", "((1 + 2))", "(1 + 2)", "1 + 2"),
    ],
)
def test_defaults_as_written_and_as_reported_are_one(
    kind: str, written: str, reported: str, canonical: str | None
) -> None:
    assert default_text(written, kind) == default_text(reported, kind) == canonical
    assert canonical is None or default_text(canonical, kind) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(a > 0)", "a > 0"),
        (
            "((s)::text = ANY ((ARRAY['x'::character varying, 'y'::character varying])::text[]))",
            "((s)::text = ANY (ARRAY[('x'::character varying)::text, ('y'::character varying)::text]))",
        ),
        ("(a = ANY (ARRAY[(1)::bigint, ('-2'::integer)::bigint]))", "(a = ANY (ARRAY[1, '-2'::integer]))"),
        ("(((a >= 1) AND (a <= 5)) AND (a <> 3))", "((a >= 1) AND (a <= 5) AND (a <> 3))"),
        ("(ts < now())", "(ts < CURRENT_TIMESTAMP)"),
        ("(\nCASE\n    WHEN (a > 0) THEN 1\nEND > 0)", "( CASE WHEN (a > 0) THEN 1 END > 0)"),
    ],
)
def test_texts_that_are_no_fixed_point_are_one(one: str, other: str) -> None:
    assert expression(one) == expression(other)
    assert expression(expression(one)) == expression(one)


@pytest.mark.parametrize(
    "text",
    [
        "(a = 1) OR (b = 2)",
        "(a OR b) AND c",
        "NOT (a AND b) AND c",
        "a BETWEEN 1 AND (b AND c)",
        "s = 'now() AND (1 AND 2)'",
        "('a '::bpchar)::text = s",
        "a = ANY (ARRAY[(0.5)::numeric])",
    ],
)
def test_what_means_something_else_stays(text: str) -> None:
    assert expression(text) == text


def test_an_index_part_given_as_text_is_taken_apart() -> None:
    table = Table(
        T,
        (Column("name", TEXT), Column("a", INTEGER)),
        indexes=(
            Index(
                (Part(expression="lower(name) text_pattern_ops DESC"), Part(expression='name COLLATE "C"'))
            ),
            Index((Part(expression="a DESC NULLS LAST"), Part("a", nulls="LAST"), Part(expression="a + 1"))),
        ),
    )
    one, other = SERVER.canonical(table).indexes
    assert one.parts == (
        Part(expression="lower(name)", descending=True, opclass="text_pattern_ops"),
        Part("name", collation="C"),
    )
    assert other.parts == (Part("a", descending=True, nulls="LAST"), Part("a"), Part(expression="a + 1"))


def test_what_says_no_more_than_the_default_is_none() -> None:
    table = Table(
        T,
        (
            Column(
                "id", INTEGER, identity=Identity(start=1, increment=1, minimum=1, maximum=2**31 - 1, cache=1)
            ),
            Column("a", Type('TEXT COLLATE "default"'), comment=""),
        ),
        PrimaryKey(("id",)),
        indexes=(Index((Part("a"),), "ix", method="btree", options=(("FASTUPDATE", "False"),)),),
        foreign_keys=(
            ForeignKey(("a",), Name("u", "public"), ("id",), on_delete="NO ACTION", match="SIMPLE"),
        ),
        options=Options(comment=""),
    )
    canonical = SERVER.canonical(table)
    assert canonical.columns[0] == Column("id", INTEGER, nullable=False, identity=Identity())
    assert canonical.columns[1] == Column("a", TEXT)
    assert canonical.indexes == (Index((Part("a"),), "ix", options=(("fastupdate", "off"),)),)
    assert canonical.foreign_keys == (ForeignKey(("a",), Name("u"), ("id",)),)
    assert canonical.options == Options()
    assert SERVER.canonical(canonical) == canonical


def test_of_constraints_that_say_the_same_the_first_is_kept_under_the_first_name() -> None:
    table = Table(
        T,
        (Column("a", INTEGER, nullable=False), Column("b", INTEGER)),
        PrimaryKey(("a",)),
        uniques=(
            Unique(("a",), "one"),
            Unique(("b",)),
            Unique(("b",), "two"),
            Unique(("b",), "three", "DEFERRABLE"),
        ),
    )
    canonical = SERVER.canonical(table)
    assert canonical.primary_key == PrimaryKey(("a",), "one")
    assert canonical.uniques == (Unique(("b",), "two"), Unique(("b",), "three", "DEFERRABLE"))


def test_an_option_of_a_table_that_is_not_known_is_refused_by_name() -> None:
    table = Table(T, (Column("a", INTEGER),), options=Options(extra=(("SOMETHING", "new"),)))
    with pytest.raises(UnsupportedError, match=r'table "t".*postgresql_something'):
        SERVER.canonical(table)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("character varying(50)", "String(length=50)"),
        ("numeric(10,2)", "Numeric(precision=10, scale=2)"),
        ("numeric", "Numeric()"),
        ("timestamp with time zone", "DateTime(timezone=True)"),
        ("timestamp(3) without time zone", "TIMESTAMP(precision=3)"),
        ("integer[]", "ARRAY(Integer())"),
        ("interval day to second(3)", "INTERVAL(precision=3, fields='DAY TO SECOND')"),
        ("geometry(Point,4326)", "NativeType('geometry(Point,4326)')"),
        ('"char"', "NativeType('\"char\"')"),
    ],
)
def test_sqlalchemy_types_are_generic_where_they_can(kind: str, expected: str) -> None:
    assert repr(SERVER.sqlalchemy_type(Column("c", Type(kind)))) == expected


def test_sqlalchemy_types_of_enums_carry_their_members() -> None:
    found = SERVER.sqlalchemy_type(Column("c", Type('other."Kind"[]', ("a", "b"))))
    assert isinstance(found, postgresql.ARRAY)
    assert repr(found.item_type) == "Enum('a', 'b', name='Kind', schema='other')"


def test_models_that_differ_only_in_spelling_are_the_same() -> None:
    one, other = sa.MetaData(), sa.MetaData()
    sa.Table(
        "t",
        one,
        sa.Column("a", sa.Integer, primary_key=True),
        sa.Column("b", sa.Float, server_default="1.0"),
        sa.Column("c", sa.String(5, collation="C"), server_default="x"),
        sa.Column("d", sa.DateTime, server_default=sa.func.now()),
    )
    sa.Table(
        "t",
        other,
        sa.Column("a", sa.INTEGER, primary_key=True),
        sa.Column("b", sa.Double, server_default=sa.text("1")),
        sa.Column("c", NativeType('varchar(5) collate "C"'), server_default=sa.text("'x'::text")),
        sa.Column("d", NativeType("timestamp"), server_default=sa.text("CURRENT_TIMESTAMP")),
    )
    for dialect in (SERVER, PostgreSQL.offline()):
        assert compare(read(one, dialect), read(other, dialect), dialect) == ()
