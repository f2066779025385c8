"""The rules of MySQL and MariaDB, without a server: types, defaults, options and names in canonical form."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import mysql

from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.dialects.mysql.canonical.defaults import canonical_default, split_on_update
from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.mariadb import MARIADB, MariaDB
from schemadiff.dialects.mysql.server.product import Product
from schemadiff.dialects.mysql.server.sql_text import (
    bare,
    literal,
    quote,
    storable,
    unquote,
    unquote_name,
    with_plain_negatives,
)
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.errors import UnsupportedError
from schemadiff.models.reader import read, read_column
from schemadiff.schema import (
    Check,
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

MYSQL = Product()
TYPES = [
    # written, MySQL, MariaDB
    ("INTEGER", "int", "int(11)"),
    ("INT UNSIGNED", "int unsigned", "int(10) unsigned"),
    ("INTEGER(5)", "int", "int(5)"),
    ("INTEGER(5) ZEROFILL", "int(5) unsigned zerofill", "int(5) unsigned zerofill"),
    ("INTEGER ZEROFILL", "int(10) unsigned zerofill", "int(10) unsigned zerofill"),
    ("SMALLINT", "smallint", "smallint(6)"),
    ("MEDIUMINT", "mediumint", "mediumint(9)"),
    ("MIDDLEINT UNSIGNED", "mediumint unsigned", "mediumint(8) unsigned"),
    ("TINYINT", "tinyint", "tinyint(4)"),
    ("TINYINT(1)", "tinyint(1)", "tinyint(1)"),
    ("TINYINT(1) UNSIGNED", "tinyint unsigned", "tinyint(1) unsigned"),
    ("BOOL", "tinyint(1)", "tinyint(1)"),
    ("BIGINT SIGNED", "bigint", "bigint(20)"),
    ("INT8", "bigint", "bigint(20)"),
    ("NUMERIC", "decimal(10,0)", "decimal(10,0)"),
    ("DEC(5)", "decimal(5,0)", "decimal(5,0)"),
    ("FIXED( 5 , 2 )", "decimal(5,2)", "decimal(5,2)"),
    ("NUMERIC(10, 2) UNSIGNED", "decimal(10,2) unsigned", "decimal(10,2) unsigned"),
    ("FLOAT(24)", "float", "float"),
    ("FLOAT(25)", "double", "double"),
    ("FLOAT(10, 2)", "float(10,2)", "float(10,2)"),
    ("REAL(10, 3)", "double(10,3)", "double(10,3)"),
    ("DOUBLE PRECISION UNSIGNED", "double unsigned", "double unsigned"),
    ("BIT", "bit(1)", "bit(1)"),
    ("CHAR", "char(1)", "char(1)"),
    ("CHARACTER VARYING(10)", "varchar(10)", "varchar(10)"),
    ("CHAR BYTE", "binary(1)", "binary(1)"),
    ("VARCHAR(10) BYTE", "varbinary(10)", "varbinary(10)"),
    ("VARCHAR(10) CHARACTER SET binary", "varbinary(10)", "varbinary(10)"),
    ("TEXT CHARSET binary", "blob", "blob"),
    ("TEXT(63)", "tinytext", "tinytext"),
    ("TEXT(64)", "text", "text"),
    ("TEXT(100) CHARACTER SET latin1", "tinytext", "tinytext"),
    ("TEXT(16384)", "mediumtext", "mediumtext"),
    ("TEXT(16383)", "text", "text"),
    ("BLOB(70000)", "mediumblob", "mediumblob"),
    ("LONG VARCHAR", "mediumtext", "mediumtext"),
    ("YEAR", "year", "year(4)"),
    ("DATETIME(0)", "datetime", "datetime"),
    ("TIMESTAMP(6)", "timestamp(6)", "timestamp(6)"),
    ("GEOMETRYCOLLECTION", "geomcollection", "geometrycollection"),
    (
        "ENUM('A','it''s', 'b\"','c\\\\d','(e,f)','g ')",
        *2 * ("enum('A','it''s','b\"','c\\\\d','(e,f)','g')",),
    ),
    ("SET('x' , 'y')", "set('x','y')", "set('x','y')"),
    ("JSON", "json", "json"),
    ("UUID", "uuid", "uuid"),
    ("Vector(3)", "vector(3)", "vector(3)"),
]
TEXTS = [
    # written, character set, collation (MySQL)
    ("VARCHAR(20)", "utf8mb4", "utf8mb4_0900_ai_ci"),
    ("VARCHAR(20) COLLATE utf8mb4_bin", "utf8mb4", "utf8mb4_bin"),
    ("VARCHAR(20) CHARACTER SET latin1", "latin1", "latin1_swedish_ci"),
    ("varchar(20) character set UTF8 collate utf8_bin", "utf8mb3", "utf8mb3_bin"),
    ("NATIONAL CHAR(3)", "utf8mb3", "utf8mb3_general_ci"),
    ("NVARCHAR(3)", "utf8mb3", "utf8mb3_general_ci"),
    ("TEXT BINARY", "utf8mb4", "utf8mb4_bin"),
    ("TEXT ASCII", "latin1", "latin1_swedish_ci"),
    ("CHAR(3) UNICODE BINARY", "ucs2", "ucs2_bin"),
    ("ENUM('a') CHARACTER SET latin1", "latin1", "latin1_swedish_ci"),
    ("INTEGER", None, None),
    ("JSON", None, None),
    ("BLOB", None, None),
]
DEFAULTS = [
    # type, written, MySQL, MariaDB
    ("int", "5", "'5'", "5"),
    ("int", "'5'", "'5'", "5"),
    ("int", "+7", "'7'", "7"),
    ("int", "(-1)", "'-1'", "-1"),
    ("int", "(-(1))", "'-1'", "-1"),
    ("int", "1.5", "'2'", "2"),
    ("int", "TRUE", "'1'", "1"),
    ("int", "0x1F", "'31'", "31"),
    ("int", "NULL", None, None),
    ("int", "(null)", None, None),
    ("int(5) unsigned zerofill", "7", "'00007'", "00007"),
    ("decimal(10,2)", "1.5", "'1.50'", "1.50"),
    ("decimal(10,2)", "'1.555'", "'1.56'", "1.56"),
    ("decimal(5,1)", "-1.25", "'-1.3'", "-1.3"),
    ("decimal(3,1)", "-0.01", "'0.0'", "0.0"),
    ("float", "1.10", "'1.1'", "1.1"),
    ("float", "1e10", "'10000000000'", "10000000000"),
    ("float", "0.1234567", "'0.123457'", "0.123457"),
    ("double", "1e100", "'1e100'", "1e100"),
    ("float(10,2)", "1.5", "'1.50'", "1.50"),
    ("year", "20", "'2020'", "2020"),
    ("year", "0", "'0000'", "0000"),
    ("year", "'0'", "'2000'", "2000"),
    ("bit(8)", "5", "b'101'", "b'101'"),
    ("bit(8)", "(0x05)", "b'101'", "b'101'"),
    ("varchar(9)", '"it\'s"', "'it''s'", "'it''s'"),
    ("varchar(9)", "'it\\'s'", "'it''s'", "'it''s'"),
    ("varchar(9)", "(_utf8mb4'x')", "'x'", "'x'"),
    ("varchar(9)", "5", "'5'", "'5'"),
    ("varchar(9)", "1e3", "1e3", "1e3"),
    ("varchar(9)", "0x616263", "'abc'", "'abc'"),
    ("varchar(9)", "'a\nb'", "'a\\nb'", "'a\\nb'"),
    ("varchar(9)", "'a' 'b'", "'ab'", "'ab'"),
    ("varchar(9)", "'NULL'", "'NULL'", "'NULL'"),
    ("char(3)", "'a  '", "'a'", "'a'"),
    ("binary(3)", "'a'", "'a\\0\\0'", "'a\\0\\0'"),
    ("varbinary(5)", "x'00ff'", "0x00FF", "0x00FF"),
    ("set('a','b')", "'b,a'", "'a,b'", "'a,b'"),
    ("date", "'2020-01-02'", "'2020-01-02'", "'2020-01-02'"),
    ("datetime", "'2020-01-02'", "'2020-01-02 00:00:00'", "'2020-01-02 00:00:00'"),
    ("datetime(3)", "'2020-01-02 03:04:05.6'", *2 * ("'2020-01-02 03:04:05.600'",)),
    ("datetime", "'2020-01-02 03:04:05.6'", *2 * ("'2020-01-02 03:04:05.6'",)),
    ("time", "'1:02'", "'01:02:00'", "'01:02:00'"),
    ("datetime", "now()", "CURRENT_TIMESTAMP", "current_timestamp()"),
    ("datetime", "(now())", "CURRENT_TIMESTAMP", "current_timestamp()"),
    ("timestamp(6)", "NOW(6)", "CURRENT_TIMESTAMP(6)", "current_timestamp(6)"),
    ("datetime(6)", "(now())", "(now())", "current_timestamp(6)"),
    ("date", "(now())", "(now())", "current_timestamp()"),
    ("date", "CURRENT_DATE", "(curdate())", "curdate()"),
    ("varchar(36)", "(uuid())", "(uuid())", "uuid()"),
    ("varchar(36)", "uuid()", "(uuid())", "uuid()"),
    ("int", "((1 + 2))", "(1 + 2)", "(1 + 2)"),
    ("text", "('x')", "'x'", "'x'"),
    ("json", "(_utf8mb4'{}')", "'{}'", "'{}'"),
    ("json", "(json_array(1,_utf8mb4'a'))", "(json_array(1,'a'))", "json_array(1,'a')"),
    ("varchar(9)", "(concat(_utf8mb4'a',_latin1'\xe9'))", *2 * (None,)),
]


def canonical(column: Column, dialect: MySQL, **words: Any) -> Column:
    return dialect.canonical(Table(Name("t"), (column,), **words)).columns[0]


@pytest.mark.parametrize(("written", "mysql_text", "mariadb_text"), TYPES)
def test_types(written: str, mysql_text: str, mariadb_text: str) -> None:
    column = Column("c", Type(written))
    for dialect, expected in ((MySQL.offline(), mysql_text), (MariaDB.offline(), mariadb_text)):
        found = canonical(column, dialect)
        assert found.type.sql == expected
        assert canonical(found, dialect) == found


@pytest.mark.parametrize(("written", "charset", "collation"), TEXTS)
def test_character_sets(written: str, charset: str | None, collation: str | None) -> None:
    found = canonical(Column("c", Type(written)), MySQL.offline())
    assert (found.charset, found.collation) == (charset, collation)
    assert canonical(found, MySQL.offline()) == found


def test_columns_take_the_tables_character_set() -> None:
    column = Column("c", Type("TEXT(100)"))
    found = canonical(column, MySQL.offline(), options=Options(charset="latin1"))
    assert (found.type.sql, found.charset, found.collation) == ("tinytext", "latin1", "latin1_swedish_ci")
    found = canonical(column, MySQL.offline(), options=Options(collation="latin1_bin"))
    assert (found.type.sql, found.charset, found.collation) == ("tinytext", "latin1", "latin1_bin")
    found = canonical(column, MySQL.offline(), options=Options(charset="binary"))
    assert (found.type.sql, found.charset) == ("tinyblob", None)


@pytest.mark.parametrize(("kind", "written", "mysql_text", "mariadb_text"), DEFAULTS[:-1])
def test_defaults(kind: str, written: str, mysql_text: str | None, mariadb_text: str | None) -> None:
    for product, expected in ((MYSQL, mysql_text), (MARIADB, mariadb_text)):
        found = canonical_default(written, kind, product)
        assert found == expected
        if found is not None:
            assert canonical_default(found, kind, product) == found


def test_the_introducer_of_other_text_stays() -> None:
    assert canonical_default("(concat(_latin1'\xe9'))", "varchar(9)", MYSQL) == "(concat(_latin1'\xe9'))"


def test_on_update_is_cut_out_of_the_default() -> None:
    assert split_on_update("now() ON UPDATE now()") == ("now()", "now()")
    assert split_on_update("'x on update y'") == ("'x on update y'", None)
    column = Column("c", Type("TIMESTAMP"), default="CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")
    found = canonical(column, MariaDB.offline())
    assert (found.default, found.on_update) == ("current_timestamp()", "current_timestamp()")
    found = canonical(Column("c", Type("TIMESTAMP"), default="NULL ON UPDATE NOW()"), MySQL.offline())
    assert (found.default, found.on_update) == (None, "CURRENT_TIMESTAMP")


def test_columns_of_a_key_are_not_null() -> None:
    column = Column("c", Type("INTEGER"), identity=Identity(), default="5")
    found = canonical(column, MySQL.offline(), primary_key=PrimaryKey(("c",), "pk"))
    assert (found.nullable, found.autoincrement, found.identity, found.default) == (False, True, None, None)


def test_constraints() -> None:
    table = Table(
        Name("t"),
        (Column("A", Type("INTEGER")), Column("b", Type("INTEGER"))),
        primary_key=PrimaryKey(("A",), "pk_t"),
        uniques=(Unique(("A", "b"), "uq", deferrable="DEFERRABLE"),),
        indexes=(
            Index((Part(expression="(b)", descending=True),), "ix", method="btree"),
            Index((Part(expression="( lower(_utf8mb4'X') )"),), "fx", options=(("x", "y"),)),
        ),
        foreign_keys=(
            ForeignKey(("b",), Name("t"), ("A",), on_delete="NO ACTION", on_update="RESTRICT", match="FULL"),
        ),
        checks=(Check("((`a` > _utf8mb4'x'))", written="a > 'x'"),),
    )
    found = MySQL.offline().canonical(table)
    assert found.primary_key == PrimaryKey(("A",))
    assert found.uniques == ()
    assert found.indexes == (
        Index((Part("A"), Part("b")), "uq", unique=True),
        Index((Part("b", descending=True),), "ix"),
        Index((Part(expression="lower('X')"),), "fx"),
    )
    assert found.indexes[0].constraint
    assert found.foreign_keys == (ForeignKey(("b",), Name("t"), ("A",)),)
    assert found.checks == (Check("`A` > 'x'"),)
    assert found.checks[0].written == "a > 'x'"
    assert MySQL.offline().canonical(found) == found


def test_hash_indexes_count_where_they_make_a_difference() -> None:
    columns = (Column("a", Type("int")), Column("b", Type("text")))
    unique = Index((Part("a"),), "u", unique=True, method="HASH")
    forced = Index((Part("b"),), "v", unique=True, method="hash")
    plain = Index((Part("a"),), "i", method="HASH")
    table = Table(Name("t"), columns, indexes=(unique, forced, plain))
    assert [index.method for index in MySQL.offline().canonical(table).indexes] == [None, None, None]
    assert [index.method for index in MariaDB.offline().canonical(table).indexes] == ["HASH", None, None]
    memory = dataclasses.replace(table, options=Options(engine="memory"), indexes=(plain,))
    assert MySQL.offline().canonical(memory).indexes[0].method is None


def test_json_is_json_on_mariadb() -> None:
    column = Column("j", Type("longtext"), charset="utf8mb4", collation="utf8mb4_bin")
    own = Check("json_valid(`j`)", column="j")
    dialect = MariaDB.offline()
    found = dialect.canonical(Table(Name("t"), (column,), checks=(own,)))
    assert (found.columns[0].type.sql, found.columns[0].collation, found.checks) == ("json", None, ())
    table = Table(Name("t"), (column,), checks=(dataclasses.replace(own, column=None, name="ck"),))
    assert dialect.canonical(table).columns[0].type.sql == "longtext"


def test_options() -> None:
    options = Options(
        comment="😀",
        engine="innodb",
        charset="UTF8",
        extra=(
            ("row_format", "dynamic"),
            ("AUTO_INCREMENT", "7"),
            ("COMPRESSION", "zlib"),
            ("DATA DIRECTORY", "/x"),
        ),
    )
    found = MySQL.offline().canonical(Table(Name("t"), (), options=options)).options
    assert found == Options(
        comment="?",
        engine="InnoDB",
        charset="utf8mb3",
        collation="utf8mb3_general_ci",
        extra=(("COMPRESSION", "'zlib'"), ("DATA_DIRECTORY", "/x"), ("ROW_FORMAT", "DYNAMIC")),
    )
    nothing = MariaDB.offline().canonical(Table(Name("t"), ())).options
    assert nothing == Options(engine="InnoDB", charset="utf8mb4", collation="utf8mb4_general_ci")


def test_names_are_folded_where_the_server_folds_them() -> None:
    folding = dataclasses.replace(MySQL.offline(), lower_case_table_names=1)
    key = ForeignKey(("A",), Name("Parent", "Other"), ("Id",))
    table = Table(Name("Child"), (Column("A", Type("int")),), foreign_keys=(key,))
    found = folding.canonical(table)
    assert (found.name, found.foreign_keys[0].target) == (Name("child"), Name("parent", "other"))
    assert MySQL.offline().canonical(table).name == Name("Child")


def test_what_does_not_count_is_kept() -> None:
    """`written` and `source` survive, and no field of a column is forgotten."""
    source: Any = sa.Integer()
    column = Column("c", Type("INTEGER", source=source), visible=False, srid=4326, comment="x")
    column = dataclasses.replace(column, written=column)
    found = canonical(column, MySQL.offline())
    assert found.type.source is source
    assert found.written is column.written
    assert (found.visible, found.srid, found.comment) == (False, 4326, "x")


TEXT = st.text(st.characters(codec="utf-8"))


@given(TEXT)
def test_literals_and_names_can_be_read_back(text: str) -> None:
    assert unquote(literal(text)) == text
    if storable(text) == text:
        assert unquote_name(quote(text)) == text
    assert bare(f"(({literal(text)}))") == literal(text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("(a > 0) and (b > 0)", "(a > 0) and (b > 0)"),
        (" ( (`a)` > ')') ) ", "`a)` > ')'"),
        ("_utf8mb4'x' = _latin1'y'", "'x' = 'y'"),
        (
            "_utf8mb4'é' = _latin1'é' and a_utf8mb4 = '_utf8mb4''x'''",
            "'é' = _latin1'é' and a_utf8mb4 = '_utf8mb4''x'''",
        ),
    ],
)
def test_expressions_lose_only_their_clothes(written: str, expected: str) -> None:
    assert bare(written) == expected
    assert bare(expected) == expected


def test_names_that_no_server_keeps_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="beyond U\\+FFFF"):
        quote("😀")


SPELLINGS: list[sa.types.TypeEngine[Any]] = [
    sa.Integer(),
    sa.SmallInteger(),
    sa.BigInteger(),
    sa.Boolean(),
    mysql.TINYINT(),
    mysql.TINYINT(unsigned=True),
    mysql.MEDIUMINT(),
    mysql.INTEGER(unsigned=True),
    mysql.INTEGER(5),
    mysql.BIGINT(unsigned=True, zerofill=True),
    mysql.INTEGER(5, zerofill=True),
    sa.Numeric(10, 2),
    sa.Numeric(),
    mysql.DECIMAL(10, 2, unsigned=True),
    sa.Float(),
    sa.Double(),
    mysql.FLOAT(10, 2),
    mysql.DOUBLE(10, 3, unsigned=True),
    mysql.DOUBLE(unsigned=True),
    sa.String(50),
    sa.String(50, collation="utf8mb4_bin"),
    mysql.VARCHAR(50, charset="latin1"),
    sa.CHAR(3),
    sa.CHAR(3, collation="latin1_bin"),
    sa.Text(),
    mysql.TEXT(charset="latin1"),
    mysql.TINYTEXT(),
    mysql.LONGTEXT(collation="utf8mb4_bin"),
    sa.LargeBinary(),
    mysql.TINYBLOB(),
    mysql.MEDIUMBLOB(),
    mysql.LONGBLOB(),
    sa.BINARY(3),
    sa.VARBINARY(3),
    mysql.BIT(8),
    sa.Date(),
    sa.DateTime(),
    mysql.DATETIME(fsp=6),
    sa.TIMESTAMP(),
    mysql.TIMESTAMP(fsp=3),
    sa.Time(),
    mysql.TIME(fsp=6),
    mysql.YEAR(),
    sa.Enum("a", "it's", "b%", "\\"),
    mysql.ENUM("a", "b", collation="latin1_bin"),
    mysql.SET("a", "b"),
    mysql.SET("a", "", retrieve_as_bitwise=True),
    sa.JSON(),
    sa.Uuid(),
    sa.Interval(),
    NativeType("point"),
    NativeType("geometrycollection"),
    NativeType("vector(3)"),
    NativeType("inet6"),
]


@pytest.mark.parametrize("name", ["mysql", "mariadb"])
@pytest.mark.parametrize("kind", SPELLINGS, ids=repr)
def test_sqlalchemy_types_are_read_back_as_the_same(kind: sa.types.TypeEngine[Any], name: str) -> None:
    dialect = offline_dialect(name)
    table = dialect.canonical(Table(Name("t"), ()))
    column = read_column(sa.Column("c", kind), table, dialect)
    spelled = dialect.sqlalchemy_type(column)
    assert read_column(sa.Column("c", spelled), table, dialect) == column


def test_generic_types_where_they_say_the_same() -> None:
    dialect = MySQL.offline()

    def spelled(sql: str, collation: str | None = None) -> str:
        return repr(dialect.sqlalchemy_type(canonical(Column("c", Type(sql), collation=collation), dialect)))

    assert spelled("varchar(50)") == "String(length=50)"
    assert spelled("tinyint(1)") == "Boolean()"
    assert spelled("enum('a','b')") == "Enum('a', 'b')"
    assert spelled("decimal(10,2)") == "Numeric(precision=10, scale=2)"
    assert spelled("varchar(20)", "utf8mb4_bin") == "VARCHAR(collation='utf8mb4_bin', length=20)"
    assert spelled("datetime(6)") == "DATETIME(fsp=6)"
    assert spelled("point") == "NativeType('point')"
    assert repr(MariaDB.offline().sqlalchemy_type(Column("c", Type("int(11)")))) == "Integer()"


def test_percent_signs_are_not_doubled() -> None:
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("a%s", sa.Enum("50%"), server_default="50%"),
        sa.CheckConstraint("`a%s` <> '50%'"),
    )
    for name in ("mysql", "mariadb"):
        dialect = offline_dialect(name)
        (table,) = read(metadata, dialect).tables.values()
        assert (table.columns[0].type.sql, table.columns[0].default) == ("enum('50%')", "'50%'")
        assert table.checks[0].expression == "`a%s` <> '50%'"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("`b` < -(5)", "`b` < -5"),
        ("`b` between -(5) and -(1.5)", "`b` between -5 and -1.5"),
        ("`b` > -(1e5)", "`b` > -1e5"),
        ("`b` <> -(`b`)", "`b` <> -(`b`)"),
        ("`b` <> '-(5)'", "`b` <> '-(5)'"),
        ("`-(5)` <> -((`b` + 1))", "`-(5)` <> -((`b` + 1))"),
    ],
)
def test_negative_numbers_are_plain(shown: str, expected: str) -> None:
    assert with_plain_negatives(shown) == expected
