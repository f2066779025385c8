"""What models declare: created by schemadiff as by SQLAlchemy, and read back from a real server as it was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from schemadiff.compare.comparer import reverse
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.models.reader import read
from schemadiff.schema import Schema
from tests.dialects.postgresql_live import Live, connected

pytestmark = pytest.mark.engines("postgresql")

FreshDatabase = Callable[[str], str]

# fmt: off
TYPES: list[sa.types.TypeEngine[Any]] = [
    sa.Integer(), sa.SmallInteger(), sa.BigInteger(), sa.Boolean(create_constraint=True), sa.Numeric(),
    sa.Numeric(10), sa.Numeric(10, 2), sa.Float(), sa.Float(24), sa.Double(), sa.REAL(), sa.String(50), sa.String(),
    sa.Text(), sa.LargeBinary(), sa.Date(), sa.DateTime(), sa.DateTime(timezone=True), sa.Time(), sa.PickleType(),
    sa.Time(timezone=True), sa.JSON(), sa.Uuid(), sa.Uuid(native_uuid=False), sa.CHAR(3), sa.CHAR(), sa.NCHAR(3),
    sa.DECIMAL(5, 1), sa.ARRAY(sa.Integer), sa.ARRAY(sa.String(10)), sa.ARRAY(sa.Integer, dimensions=2),
    sa.ARRAY(sa.CHAR()), sa.String(20, collation="C"), sa.Enum("a", "b", name="plain"), sa.Enum("a", name="Order"),
    sa.Enum("it's", 'b"q', "x\\y", "100%", name='odd "name"'), sa.Enum("a", name="between"),
    sa.ARRAY(sa.Enum("x", "y", name="listed")), sa.Enum("a", "b", native_enum=False),
    sa.Enum("a", "b", native_enum=False, create_constraint=True, name="ck"), pg.BIT(5), pg.BIT(varying=True),
    pg.BIT(5, varying=True), pg.CIDR(), pg.INET(), pg.MACADDR(), pg.MONEY(), pg.OID(), pg.REGCLASS(), pg.TSVECTOR(),
    pg.TSQUERY(), pg.JSONB(), pg.JSONPATH(), pg.INTERVAL(), pg.INTERVAL(fields="DAY TO SECOND", precision=3),
    pg.INTERVAL(precision=3), pg.INTERVAL(fields="YEAR"), pg.TIMESTAMP(timezone=True, precision=3),
    pg.TIME(precision=0), pg.INT4RANGE(), pg.TSTZRANGE(), pg.INT4MULTIRANGE(), pg.ARRAY(sa.Numeric(10, 2)),
    pg.NUMERIC(5, -2), pg.ARRAY(pg.TIMESTAMP(precision=2)), NativeType("int8"), NativeType("bpchar"),
    NativeType('"char"'), NativeType("name"), NativeType("timestamptz(0)"), NativeType("xml"), NativeType("point"),
    NativeType("_text"), NativeType("text[3]"), NativeType("national character varying(3)"), NativeType("float(25)"),
    NativeType("interval hour to minute"),
]

DEFAULTS: list[tuple[Any, str]] = [
    (sa.Integer(), "5 ; '5' ; -1 ; (-1) ; 1+2 ; NULL ; length('abc') ; 1.5"),
    (sa.BigInteger(), "9999999999 ; -9999999999 ; '7'"),
    (sa.Numeric(10, 2), "0 ; '1.50' ; 1.50 ; -.5 ; 1e3"),
    (sa.Float(), "1.10 ; 1e10 ; '0.10' ; random() ; 'NaN'"),
    (sa.REAL(), "0.10 ; '0.10'"),
    (sa.Boolean(), "true ; 't' ; FALSE ; 'off' ; 1 > 0"),
    (sa.String(20), "'' ; 'it''s' ; '100%' ; 'a\\b' ; E'a\\nb' ; 'x'::text ; 5 ; 'NULL' ; 'x'::varchar(5)"),
    (sa.Text(), "'a' || 'b' ; current_user ; lower('ABC') ; 'é' ; NULL::text ; 'a;b--c'"),
    (sa.CHAR(3), "'a' ; 'a  '"),
    (sa.Date(), "'2020-01-02' ; DATE '2020-01-02' ; CURRENT_DATE ; now()"),
    (sa.DateTime(), "now() ; CURRENT_TIMESTAMP ; localtimestamp ; '2020-01-02 03:04' ; timezone('utc', now())"),
    (sa.DateTime(timezone=True), "now() + interval '1 day' ; clock_timestamp() ; '2020-01-02 03:04+5'"),
    (pg.TIMESTAMP(timezone=True, precision=3), "CURRENT_TIMESTAMP(3)"),
    (sa.Time(), "'1:2'"),
    (pg.INTERVAL(), "'1 day' ; interval '1' day"),
    (sa.Uuid(), "gen_random_uuid() ; '00000000-0000-0000-0000-000000000000'"),
    (sa.JSON(), """'{"b": 1, "a":2}'"""),
    (pg.JSONB(), """'{"b": 1, "a":2}' ; '[]' ; jsonb_build_object('a',1)"""),
    (pg.ARRAY(sa.Integer), "'{}' ; '{1,2}' ; ARRAY[1,2] ; array[]::int[]"),
    (pg.ARRAY(sa.Text), "ARRAY['a','b'] ; '{}'"),
    (sa.LargeBinary(), "'\\x00ff' ; E'\\\\001'"),
    (pg.BIT(4), "B'0101'"),
    (pg.BIT(8), "X'1F'"),
    (pg.INET(), "'10.0.0.1'"),
    (pg.INT4RANGE(), "'[1,5]'"),
    (sa.Enum("x", "y", name="kind"), "'x' ; 'y'::kind"),
    (sa.ARRAY(sa.Enum("x", "y", name="kind")), "'{x,y}'"),
    (sa.Enum("a", name="Order"), "'a'::\"Order\""),
]
# fmt: on

CHECKS = """
a > 0
a>0 AND b<10 OR c IS NULL
a IN (1,2,3)
a NOT IN (1,-2)
a BETWEEN 1 AND 10 AND b <> 3
s IN ('x','y')
s IN ('x')
s NOT IN ('it''s', 'b"q')
s LIKE 'a%'
s ILIKE '%A' OR s || 'x' <> 'yx'
length(s) > 3
coalesce(a,0) >= 0
CASE WHEN a > 0 THEN b > 0 ELSE TRUE END
cast(s as integer) > 0
s ~ '^[a-z]+$'
jb ? 'a'
jb @> '{"a":1}'
a % 2 = 0
a ^ 2 > 0
bo
NOT bo
bo IS NOT FALSE
s COLLATE "C" = 'x'
s = E'a\\nb'
d > 1e3
ts > now()
extract(year from ts) > 2000
a IS NOT DISTINCT FROM b
(a, b) = (1, 2)
e IN ('x','y')
e = 'x'
1=1
true
s BETWEEN 'a' AND 'z'
"""


@pytest.fixture
def url(fresh_database: FreshDatabase) -> str:
    return fresh_database("postgresql")


@pytest.fixture
def live(url: str) -> Iterator[Live]:
    with connected(url) as opened:
        yield opened


STORAGE: dict[str, Any] = {"postgresql_with": {"fillfactor": 80}} if sa.__version__ >= "2.1" else {}
"""SQLAlchemy 2.0 has no word for a table's storage parameters."""


def wide() -> list[sa.Column[Any]]:
    return [
        *(sa.Column(name, sa.Integer) for name in "abc"),
        sa.Column("s", sa.String(20)),
        sa.Column("d", sa.Numeric),
        sa.Column("jb", pg.JSONB),
        sa.Column("bo", sa.Boolean),
        sa.Column("ts", sa.DateTime),
        sa.Column("e", sa.Enum("x", "y", name="xy")),
    ]


def escaped(sql: str) -> str:
    """The SQL for `sa.text`, which takes ``:name`` for a parameter."""
    return sql.replace(":", "\\:")


def everything() -> sa.MetaData:
    metadata = sa.MetaData()
    for number, kind in enumerate(TYPES):
        sa.Table(
            f"type{number}", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", kind)
        )
    for number, (kind, texts) in enumerate(DEFAULTS):
        columns = [
            sa.Column(f"c{position}", kind, server_default=sa.text(escaped(text)))
            for position, text in enumerate(texts.split(" ; "))
        ]
        sa.Table(f"default{number}", metadata, *columns)
    for number, check in enumerate(CHECKS.strip().splitlines()):
        sa.Table(f"check{number}", metadata, *wide(), sa.CheckConstraint(escaped(check)))
    sa.Table(
        "indexed",
        metadata,
        *wide(),
        sa.Column("g", sa.Integer, sa.Computed("a + b", persisted=True)),
        sa.Column("h", sa.Text, sa.Computed("lower(s) || '-'", persisted=True)),
        sa.UniqueConstraint("a", "b"),
        sa.UniqueConstraint("s", name="uq", deferrable=True, initially="DEFERRED"),
        sa.UniqueConstraint("c", postgresql_nulls_not_distinct=True),
        sa.Index("i1", "a", sa.column("b").desc(), unique=True),
        sa.Index("i2", sa.text("lower(s)"), sa.text("a DESC NULLS LAST")),
        sa.Index("i3", "s", postgresql_where=sa.text("s IN ('x', 'y') AND a > 0")),
        sa.Index("i4", "jb", postgresql_using="gin", postgresql_ops={"jb": "jsonb_path_ops"}),
        sa.Index("i5", "ts", postgresql_using="brin", postgresql_with={"pages_per_range": 32}),
        sa.Index("i6", "a", postgresql_include=["b", "c"], postgresql_with={"fillfactor": 70}),
        sa.Index("i7", "s", postgresql_ops={"s": "varchar_pattern_ops"}),
        sa.Index("i8", sa.text('s COLLATE "C"')),
        sa.Index("i9", sa.text("(jb->>'a')"), "d"),
        sa.Index("i10", sa.column("a").nulls_first(), unique=True, postgresql_nulls_not_distinct=True),
        comment="it's 100% indexed; \\ and all",
        **STORAGE,
    )
    sa.Table(
        "parent",
        metadata,
        sa.Column(
            "id", sa.BigInteger, sa.Identity(always=True, start=10, increment=5, cycle=True), primary_key=True
        ),
        sa.Column("down", sa.SmallInteger, sa.Identity(increment=-1, maxvalue=10, cache=3), nullable=False),
        sa.Column("code", sa.String(5), unique=True, comment="a 'code'"),
    )
    sa.Table(
        "child",
        metadata,
        sa.Column("id", sa.SmallInteger, primary_key=True),
        sa.Column("other", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column(
            "parent", sa.ForeignKey("parent.id", ondelete="CASCADE", onupdate="NO ACTION", deferrable=True)
        ),
        sa.Column("code", sa.ForeignKey("parent.code", name="fk", onupdate="SET NULL", match="FULL")),
        sa.Column("again", sa.ForeignKey("parent.code", ondelete="RESTRICT", initially="DEFERRED")),
        sa.Column("up", sa.SmallInteger),
        sa.Column("up2", sa.Integer),
        sa.ForeignKeyConstraint(["up", "up2"], ["child.id", "child.other"], ondelete="SET NULL (up)"),
    )
    sa.Table(
        "logs",
        metadata,
        sa.Column("at", sa.Date),
        sa.Column("n", sa.Integer),
        postgresql_partition_by="RANGE(at)",
    )
    return metadata


def test_create_all_then_inspect_is_quiet(url: str, live: Live) -> None:
    metadata = everything()
    metadata.create_all(sa.create_engine(url, poolclass=sa.NullPool))
    assert live.differences(metadata) == ()
    found = live.inspect()
    assert found.unsupported == ()
    for table in found.tables.values():
        assert live.dialect.canonical(table) == table
    # What the server reports it takes again, and reports alike.
    tables = list(found.tables.values())
    for given, asked in zip(tables, live.dialect.ask(live.connection, tables), strict=True):
        assert given == asked


def test_what_schemadiff_creates_is_what_create_all_creates(
    url: str, live: Live, fresh_database: FreshDatabase
) -> None:
    metadata = everything()
    metadata.create_all(sa.create_engine(url, poolclass=sa.NullPool))
    with connected(fresh_database("postgresql")) as other:
        operations = other.differences(metadata)
        other.carry_out(operations)
        assert other.inspect().tables == live.inspect().tables
        assert other.inspect().enums == live.inspect().enums
        other.carry_out(reverse(operations))
        assert other.inspect() == Schema()
        assert other.inspect().enums == {}


def test_sqlalchemy_types_are_read_back_as_the_column(url: str, live: Live) -> None:
    everything().create_all(sa.create_engine(url, poolclass=sa.NullPool))
    again = sa.MetaData()
    found = {name: table for name, table in live.inspect().tables.items() if name.name.startswith("type")}
    for name, table in found.items():
        kinds = [(column.name, live.dialect.sqlalchemy_type(column)) for column in table.columns]
        sa.Table(name.name, again, *(sa.Column(column, kind) for column, kind in kinds))
    for name, table in read(again, live.dialect).tables.items():
        for one, other in zip(table.columns, found[name].columns, strict=True):
            assert (one.type, one.collation) == (other.type, other.collation)
