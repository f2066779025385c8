"""MySQL and MariaDB on real servers: what create_all makes is read back as the models say, and every operation
leads to what it says, forth and back.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from schemadiff.compare.comparer import compare, reverse
from schemadiff.database.connection import connected
from schemadiff.database.inspector import with_implicit
from schemadiff.dialects import Dialect
from schemadiff.dialects.mysql.server.conversation import only, session
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.models.reader import read
from schemadiff.operations import (
    Operation,
)
from schemadiff.planning.planner import plan
from schemadiff.schema import Schema
from tests.conftest import FreshDatabase
from tests.definitions import found_differences

pytestmark = pytest.mark.engines("mysql", "mariadb")

Models = Callable[[sa.MetaData], object]
"""A function that declares tables in a MetaData."""


def both(**words: str) -> dict[str, Any]:
    """Options for either name that a URL may have for a MariaDB server."""
    return {f"{prefix}_{word}": value for prefix in ("mysql", "mariadb") for word, value in words.items()}


class Colour(enum.Enum):
    red = 1
    green = 2


def generic_types(metadata: sa.MetaData) -> None:
    columns: list[sa.Column[Any]] = [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("small", sa.SmallInteger),
        sa.Column("big", sa.BigInteger, nullable=False),
        sa.Column("flag", sa.Boolean, nullable=False),
        sa.Column("numeric", sa.Numeric),
        sa.Column("numeric10", sa.Numeric(10)),
        sa.Column("money", sa.Numeric(12, 4)),
        sa.Column("float", sa.Float),
        sa.Column("float24", sa.Float(24)),
        sa.Column("float53", sa.Float(53)),
        sa.Column("double", sa.Double),
        sa.Column("real", sa.REAL),
        sa.Column("string", sa.String(50)),
        sa.Column("unicode", sa.Unicode(50)),
        sa.Column("text", sa.Text),
        sa.Column("text63", sa.Text(63)),
        sa.Column("text64", sa.Text(64)),
        sa.Column("text100", sa.Text(100)),
        sa.Column("text70000", sa.Text(70000)),
        sa.Column("blob", sa.LargeBinary),
        sa.Column("blob100", sa.LargeBinary(100)),
        sa.Column("blob70000", sa.LargeBinary(70000)),
        sa.Column("date", sa.Date),
        sa.Column("datetime", sa.DateTime),
        sa.Column("zoned", sa.DateTime(timezone=True)),
        sa.Column("time", sa.Time),
        sa.Column("timestamp", sa.TIMESTAMP),
        sa.Column("stamped", sa.TIMESTAMP, nullable=False),
        sa.Column("interval", sa.Interval),
        sa.Column("enum", sa.Enum("a", "it's", 'b"', "c\\d", "e,f", "(g)", "50%", "trailing ")),
        sa.Column("colour", sa.Enum(Colour)),
        sa.Column("loose", sa.Enum("x", "yyy", native_enum=False)),
        sa.Column("pickle", sa.PickleType),
        sa.Column("json", sa.JSON),
        sa.Column("uuid", sa.Uuid),
        sa.Column("uuid_text", sa.Uuid(native_uuid=False)),
        sa.Column("char3", sa.CHAR(3)),
        sa.Column("nchar", sa.NCHAR(3)),
        sa.Column("nvarchar", sa.NVARCHAR(3)),
        sa.Column("binary", sa.BINARY(3)),
        sa.Column("varbinary", sa.VARBINARY(3)),
        sa.Column("decimal", sa.DECIMAL(5, 1)),
        sa.Column("collated", sa.String(20, collation="utf8mb4_bin")),
    ]
    sa.Table("generic", metadata, *columns)


def native_types(metadata: sa.MetaData) -> None:
    sa.Table(
        "native",
        metadata,
        sa.Column("id", mysql.INTEGER(unsigned=True), primary_key=True),
        sa.Column("bit", mysql.BIT),
        sa.Column("bit8", mysql.BIT(8)),
        sa.Column("tiny", mysql.TINYINT),
        sa.Column("tiny1", mysql.TINYINT(1)),
        sa.Column("tiny1u", mysql.TINYINT(1, unsigned=True)),
        sa.Column("tiny4", mysql.TINYINT(4)),
        sa.Column("small5", mysql.SMALLINT(5)),
        sa.Column("medium", mysql.MEDIUMINT),
        sa.Column("mediumu", mysql.MEDIUMINT(unsigned=True)),
        sa.Column("int11", mysql.INTEGER(11)),
        sa.Column("int5", mysql.INTEGER(5)),
        sa.Column("int5z", mysql.INTEGER(5, zerofill=True)),
        sa.Column("intz", mysql.INTEGER(zerofill=True)),
        sa.Column("big20", mysql.BIGINT(20)),
        sa.Column("bigu", mysql.BIGINT(unsigned=True)),
        sa.Column("decimalu", mysql.DECIMAL(10, 2, unsigned=True)),
        sa.Column("float30", mysql.FLOAT(30)),
        sa.Column("float10_2", mysql.FLOAT(10, 2)),
        sa.Column("double10_3", mysql.DOUBLE(10, 3)),
        sa.Column("doubleu", mysql.DOUBLE(unsigned=True)),
        sa.Column("char5n", mysql.CHAR(5, national=True)),
        sa.Column("latin", mysql.VARCHAR(20, charset="latin1")),
        sa.Column("own", mysql.VARCHAR(20, charset="utf8mb4")),
        sa.Column("binary", mysql.VARCHAR(20, binary=True)),
        sa.Column("ascii", mysql.VARCHAR(20, ascii=True)),
        sa.Column("ucs2", mysql.VARCHAR(20, unicode=True)),
        sa.Column("utf8", mysql.VARCHAR(20, charset="utf8")),
        sa.Column("bytes", mysql.VARCHAR(20, charset="binary")),
        sa.Column("tinytext", mysql.TINYTEXT),
        sa.Column("latintext", mysql.TEXT(60000, charset="latin1")),
        sa.Column("mediumtext", mysql.MEDIUMTEXT),
        sa.Column("longtext", mysql.LONGTEXT(collation="utf8mb4_bin")),
        sa.Column("tinyblob", mysql.TINYBLOB),
        sa.Column("mediumblob", mysql.MEDIUMBLOB),
        sa.Column("longblob", mysql.LONGBLOB),
        sa.Column("datetime6", mysql.DATETIME(fsp=6)),
        sa.Column("timestamp3", mysql.TIMESTAMP(fsp=3)),
        sa.Column("time6", mysql.TIME(fsp=6)),
        sa.Column("year", mysql.YEAR),
        sa.Column("enum", mysql.ENUM("a", "b", charset="latin1")),
        sa.Column("set", mysql.SET("a", "it's", "b,c".replace(",", ";"))),
        sa.Column("json", mysql.JSON),
        **both(charset="latin1"),
    )


def every_default(metadata: sa.MetaData) -> None:
    def column(name: str, kind: sa.types.TypeEngine[Any], default: str, **words: Any) -> sa.Column[Any]:
        return sa.Column(name, kind, server_default=sa.text(default), **words)

    sa.Table(
        "defaults",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("plain", sa.String(20), server_default='it\'s 50% \\ "x"\nnew'),
        sa.Column("number", sa.Integer, server_default="5"),
        sa.Column("yes", sa.Boolean, server_default=sa.true(), nullable=False),
        sa.Column("no", sa.Boolean, server_default=sa.false()),
        sa.Column("now", sa.DateTime, server_default=sa.func.now()),
        sa.Column("stamp", sa.TIMESTAMP, server_default=sa.func.current_timestamp(), nullable=False),
        column("negative", sa.Integer(), "-1"),
        column("fraction", sa.Integer(), "1.5"),
        column("hexadecimal", sa.BigInteger(), "0x1F"),
        column("bit", mysql.BIT(8), "b'101'"),
        column("decimal", sa.Numeric(10, 2), "1.5"),
        column("rounded", sa.Numeric(10, 2), "'1.555'"),
        column("float", sa.Float(), "1.10"),
        column("large", sa.Float(), "1e10"),
        column("double", sa.Double(), "0.10"),
        column("huge", sa.Double(), "1e100"),
        column("scaled", mysql.FLOAT(10, 2), "1.5"),
        column("zerofill", mysql.INTEGER(5, zerofill=True), "7"),
        column("padded", mysql.DOUBLE(zerofill=True), "1"),
        column("year", mysql.YEAR(), "20"),
        column("empty", sa.String(20), "''"),
        column("double_quoted", sa.String(20), '"dq"'),
        column("escaped", sa.String(20), "'it\\'s'"),
        column("numeric_text", sa.String(20), "5"),
        column("char", sa.CHAR(3), "'a  '"),
        column("binary", sa.BINARY(3), "'a'"),
        column("varbinary", sa.VARBINARY(5), "x'00ff'"),
        column("enum", sa.Enum("a", "b"), "'a'"),
        column("set", mysql.SET("a", "b"), "'b,a'"),
        column("date", sa.Date(), "'2020-01-02'"),
        column("moment", sa.DateTime(), "'2020-01-02'"),
        column("exact", mysql.DATETIME(fsp=3), "'2020-01-02 03:04:05.6'"),
        column("time", sa.Time(), "'1:2:3'"),
        column("micro", mysql.DATETIME(fsp=6), "now(6)"),
        column("touched", sa.DateTime(), "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"),
        column("touched6", mysql.DATETIME(fsp=6), "NOW(6) ON UPDATE NOW(6)"),
        column("updated", sa.DateTime(), "NULL ON UPDATE CURRENT_TIMESTAMP"),
        column("legacy", sa.TIMESTAMP(), "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", nullable=False),
        column("null", sa.Integer(), "NULL"),
        column("uuid", sa.String(36), "(uuid())"),
        column("called", sa.String(36), "uuid()"),
        column("sum", sa.Integer(), "(1+2)"),
        column("other", sa.Integer(), "(number*2)"),
        column("concat", sa.String(50), "(CONCAT('a', \"b\", 'é'))"),
        column("tomorrow", sa.DateTime(), "(CURRENT_TIMESTAMP + INTERVAL 1 DAY)"),
        column("today", sa.Date(), "(CURRENT_DATE)"),
        column("text", sa.Text(), "('x')"),
        column("json", sa.JSON(), "('{}')"),
        column("array", sa.JSON(), "(json_array(1, 'a'))"),
        column("constant", sa.Double(), "(pi())"),
        column("lower", sa.String(9), "(lower('ABC'))"),
    )


def constraints(metadata: sa.MetaData) -> None:
    sa.Table(
        "parent",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(10), unique=True, nullable=False),
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer),
        sa.UniqueConstraint("a", "b", name="uq_parent_ab"),
        sa.Index("ix_parent_b", "b"),
        comment='it\'s a "parent"; 50% \\ done',
    )
    sa.Table(
        "child",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.ForeignKey("parent.id", ondelete="CASCADE"), nullable=False),
        sa.Column("code", sa.ForeignKey("parent.code", name="fk_code", onupdate="CASCADE")),
        sa.Column("indexed_id", sa.ForeignKey("parent.id", ondelete="SET NULL"), index=True),
        sa.Column("unique_id", sa.ForeignKey("parent.id"), unique=True),
        sa.Column("self_id", sa.ForeignKey("child.id")),
        sa.Column("a", sa.Integer, sa.CheckConstraint("a <> 7")),
        sa.Column("b", sa.Integer, comment='it\'s "b"; 50%\n\\ é 😀'),
        sa.Column("flag", sa.Boolean(create_constraint=True, name="ck_flag")),
        sa.Column("kind", sa.Enum("x", "y", native_enum=False, create_constraint=True, name="ck_kind")),
        sa.Column("text", sa.Text),
        sa.Column("total", sa.Integer, sa.Computed("a+b")),
        sa.Column("stored", sa.String(60), sa.Computed("concat(b, '-', a)", persisted=True)),
        sa.ForeignKeyConstraint(["a", "b"], ["parent.a", "parent.b"]),
        sa.CheckConstraint("a>0 AND b<10 or kind in ('x', \"it's\") AND text not like 'a\\_%'"),
        sa.CheckConstraint("a >= 0", name="ck_positive"),
        sa.Index("ix_child_text", "text", mysql_length=20, mariadb_length=20),
        sa.Index("ix_child_desc", sa.desc("b"), "a"),
        sa.Index("ft_child", "text", mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT"),
    )


def synonyms(metadata: sa.MetaData) -> None:
    """What the servers show in different words, though it means the same."""
    sa.Table("synonym_parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "synonym",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("one", sa.ForeignKey("synonym_parent.id", ondelete="RESTRICT", onupdate="NO ACTION")),
        sa.Column("two", sa.ForeignKey("synonym_parent.id", ondelete="no action", onupdate="set null")),
        sa.Column("three", sa.Integer),
        sa.CheckConstraint("(THREE >= 0)", name="ck_three"),
        sa.Index("ix_three", "three"),
        **both(engine="innodb", row_format="dynamic"),
    )


def options(metadata: sa.MetaData) -> None:
    words = both(engine="myisam", charset="utf8", row_format="dynamic", stats_persistent="0")
    sa.Table(
        "myisam",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.String(9)),
        **words,
    )
    sa.Table(
        "latin",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.Text(100)),
        sa.Column("utf8", mysql.VARCHAR(10, charset="utf8mb4")),
        **both(collate="latin1_bin"),
    )


def hostile(metadata: sa.MetaData) -> None:
    sa.Table(
        "select `from` it's; 50%",
        metadata,
        sa.Column("primary key", sa.Integer, primary_key=True),
        sa.Column("`", sa.Integer, comment="`"),
        sa.Column('"', sa.Integer, comment='"'),
        sa.Column("'", sa.String(20), comment="'", server_default="'"),
        sa.Column(",\n  `x` int,", sa.Integer, comment=",\n  `x` int,"),
        sa.Column("DEFAULT 5 COMMENT 'x'", sa.Integer, comment="DEFAULT 5 COMMENT 'x'"),
        sa.Column("a)b(", sa.Integer, comment=")"),
        sa.Column("-- x", sa.Integer, comment="/*!80000 x */ -- x"),
        sa.Column("%s %(x)s", sa.Integer, comment="%s %(x)s %% :x"),
        sa.Column("back\\slash", sa.Integer, comment="back\\slash\\"),
        sa.Column("ünï", sa.Integer, comment="ünï 😀"),
        sa.Column("NULL", sa.Enum("NULL", ")", "'", "\\", "%", "\n"), server_default="\\"),
        sa.UniqueConstraint("`", '"', name="uq `x` (`a`),"),
        sa.Index("ix ) COMMENT 'x'", "a)b("),
        sa.CheckConstraint("`-- x` > 0 and `'` <> ')'", name="ck `,\n"),
        comment="; DROP TABLE x; -- 'it''s' `q` \" \n %s 😀",
    )
    sa.Table(
        "child of",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("to`", sa.Integer),
        sa.ForeignKeyConstraint(["to`"], ["select `from` it's; 50%.primary key"], name="fk ` ON DELETE"),
    )


MODELS = [generic_types, native_types, every_default, constraints, synonyms, options, hostile]
SPELLED_ALIKE = [generic_types, constraints, options, hostile]
"""Where schemadiff's words are the ones that SQLAlchemy uses. Elsewhere it writes the shorter of two that mean the
same: ``DEFAULT CURRENT_TIMESTAMP`` for ``DEFAULT (now())``, nothing for ``ON DELETE RESTRICT``.
"""


def declare(models: Models) -> sa.MetaData:
    metadata = sa.MetaData()
    models(metadata)
    return metadata


@contextmanager
def open_database(url: str) -> Iterator[tuple[sa.Connection, Dialect]]:
    with connected(url) as (connection, dialect):
        yield connection, dialect


def carry_out(connection: sa.Connection, statements: Sequence[str]) -> None:
    for sql in statements:
        connection.exec_driver_sql(sql, execution_options=VERBATIM)


def perform(
    connection: sa.Connection, dialect: Dialect, operations: Sequence[Operation], known: Schema
) -> None:
    """Plans against the live schema, as apply does: `known` tells which indexes nobody has named."""
    before = with_implicit(dialect.inspect(connection), [known], dialect)
    carry_out(connection, plan(operations, before, dialect).statements)


def texts(connection: sa.Connection, dialect: Dialect) -> dict[str, list[str]]:
    """SHOW CREATE TABLE of every table, line by line and sorted: the order of columns and indexes is no equality."""
    names = list(dialect.inspect(connection).tables)
    with session(connection, {"sql_quote_show_create": "1"}) as talk:
        replies = talk([[f"SHOW CREATE TABLE {dialect.quote_name(name)}"] for name in names])
        rows = [only(reply)[0][1] for reply in replies]
    return {
        name.name: sorted(line.rstrip(",") for line in row.split("\n"))
        for name, row in zip(names, rows, strict=True)
    }


def texts_of(url: str) -> dict[str, list[str]]:
    """Those of a database, without the version table."""
    with connected(url) as (connection, dialect):
        found = texts(connection, dialect)
    return {name: text for name, text in found.items() if name != "schemadiff_version"}


@pytest.mark.parametrize("models", MODELS)
def test_create_all_then_compare_says_nothing(models: Models, url: str) -> None:
    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        live = dialect.inspect(connection)
        assert live.unsupported == ()
        assert found_differences(connection, dialect, live, read(metadata, dialect)) == ()


def test_rules_alone_settle_types_and_options(url: str) -> None:
    with open_database(url) as (connection, dialect):
        for models in (generic_types, native_types, options):
            metadata = declare(models)
            metadata.create_all(connection)
            live = dialect.inspect(connection)
            assert compare(live, read(metadata, dialect), dialect) == ()
            metadata.drop_all(connection)


@pytest.mark.parametrize("models", [generic_types, native_types, options, hostile])
def test_the_server_says_what_the_rules_say(models: Models, url: str) -> None:
    with open_database(url) as (connection, dialect):
        tables = tuple(read(declare(models), dialect).tables.values())
        for table, answer in zip(tables, dialect.ask(connection, tables), strict=True):
            assert answer.columns == table.columns
            assert answer.indexes == table.indexes


@pytest.mark.parametrize("models", MODELS)
def test_what_is_read_is_canonical(models: Models, url: str) -> None:
    metadata = declare(models)
    with open_database(url) as (connection, dialect):
        metadata.create_all(connection)
        for table in (*dialect.inspect(connection).tables.values(), *read(metadata, dialect).tables.values()):
            assert dialect.canonical(table) == table


@pytest.mark.parametrize("models", MODELS)
def test_created_tables_are_what_the_models_say(models: Models, url: str) -> None:
    with open_database(url) as (connection, dialect):
        desired = read(declare(models), dialect)
        creation = compare(Schema(), desired, dialect)
        perform(connection, dialect, creation, desired)
        live = dialect.inspect(connection)
        assert live.tables.keys() == desired.tables.keys()
        assert found_differences(connection, dialect, live, desired) == ()
        perform(connection, dialect, reverse(creation), desired)
        assert dialect.inspect(connection).tables == {}


@pytest.mark.parametrize("models", SPELLED_ALIKE)
def test_create_table_is_that_of_create_all(
    models: Models, engine_name: str, fresh_database: FreshDatabase
) -> None:
    metadata = declare(models)
    with open_database(fresh_database(engine_name)) as (connection, dialect):
        metadata.create_all(connection)
        theirs = texts(connection, dialect)
    with open_database(fresh_database(engine_name)) as (connection, dialect):
        desired = read(metadata, dialect)
        perform(connection, dialect, compare(Schema(), desired, dialect), desired)
        assert texts(connection, dialect) == theirs
