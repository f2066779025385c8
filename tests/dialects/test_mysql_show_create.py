"""SHOW CREATE TABLE, as MySQL 9.7 and MariaDB 10.11 write it, without a server."""

from __future__ import annotations

import pytest

from schemadiff.dialects.mysql.read import show_create
from schemadiff.dialects.mysql.read.show_create import parse
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Type,
)

MYSQL = r"""CREATE TABLE `t``,
  x` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `a``,
  b` varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT 'it''s, `x` (\n' COMMENT 'c;,\n) ''q''',
  `e` enum('a,b','(c','it''s','\\') COLLATE utf8mb4_bin DEFAULT NULL,
  `g` varchar(9) GENERATED ALWAYS AS (concat(`a``,
  b`,_utf8mb4')')) STORED NOT NULL COMMENT 'g',
  `u` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6) /*!80023 INVISIBLE */ COMMENT 'u',
  `p` point NOT NULL /*!80003 SRID 4326 */,
  `f` int /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT FIXED */ DEFAULT ((1 + (2))),
  PRIMARY KEY (`id`) USING BTREE,
  UNIQUE KEY `uq` (`a``,
  b`,`e`),
  UNIQUE KEY `prefix` (`a``,
  b`(3) DESC),
  KEY `fx` (((`id` + 1)) DESC,`e`) USING BTREE COMMENT 'k''s' /*!80000 INVISIBLE */,
  FULLTEXT KEY `ft` (`e`) /*!50100 WITH PARSER `ngram` */ ,
  SPATIAL KEY `sp` (`p`),
  CONSTRAINT `fk``1` FOREIGN KEY (`id`, `e`) REFERENCES `other`.`t(` (`x)`, `y`) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT `fk2` FOREIGN KEY (`id`) REFERENCES `home`.`t` (`x`),
  CONSTRAINT `ck` CHECK (((`id` > 0) and (`e` <> _utf8mb4')'))) /*!80016 NOT ENFORCED */
) /*!50100 TABLESPACE `ts` */ ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci STATS_PERSISTENT=0 /*!80023 AUTOEXTEND_SIZE=4194304 */ COMMENT='it''s ENGINE=x' COMPRESSION='zlib'
/*!50100 PARTITION BY HASH (`id`)
PARTITIONS 3 */"""  # noqa: E501

MARIADB = r"""CREATE TABLE `t` (
  `a` int(11) DEFAULT 5 CHECK (`a` > 3 and `a` <> ')'),
  `b` varchar(36) INVISIBLE DEFAULT concat('a',uuid()) COMMENT 'b',
  `c` datetime DEFAULT (current_timestamp() + interval 1 day) ON UPDATE current_timestamp(),
  `d` varbinary(5) DEFAULT 0x00FF,
  `n` int(11) DEFAULT nextval(`db`.`sq`),
  `z` text /*M!100301 COMPRESSED*/ DEFAULT 'x',
  `s` timestamp(6) GENERATED ALWAYS AS ROW START,
  KEY `k` (`a`) USING HASH KEY_BLOCK_SIZE=8 COMMENT 'k' IGNORED,
  VECTOR KEY `v` (`d`) `M`=8,
  PERIOD FOR SYSTEM_TIME (`s`, `e`),
  CONSTRAINT `CONSTRAINT_1` CHECK (`a` < 5)
) ENGINE=Aria DEFAULT CHARSET=latin1 COLLATE=latin1_bin `ENCRYPTED`=YES PAGE_CHECKSUM=1 UNION=(`x`,`y`) WITH SYSTEM VERSIONING
 PARTITION BY HASH (`a`)
PARTITIONS 3"""  # noqa: E501


def test_mysql() -> None:
    table, unsupported = parse(MYSQL, Name("t`,\n  x"), "home")
    assert table.columns == (
        Column("id", Type("int unsigned"), False, autoincrement=True),
        Column(
            "a`,\n  b",
            Type("varchar(20)"),
            False,
            r"'it''s, `x` (\n'",
            charset="latin1",
            collation="latin1_swedish_ci",
            comment="c;,\n) 'q'",
        ),
        Column(
            "e",
            Type(r"enum('a,b','(c','it''s','\\')"),
            charset="utf8mb4",
            collation="utf8mb4_bin",
        ),
        Column(
            "g",
            Type("varchar(9)"),
            False,
            generated=Generated("(concat(`a``,\n  b`,_utf8mb4')'))", stored=True),
            charset="utf8mb4",
            collation="utf8mb4_0900_ai_ci",
            comment="g",
        ),
        Column(
            "u",
            Type("timestamp(6)"),
            default="CURRENT_TIMESTAMP(6)",
            on_update="CURRENT_TIMESTAMP(6)",
            comment="u",
            visible=False,
        ),
        Column("p", Type("point"), False, srid=4326),
        Column("f", Type("int"), default="((1 + (2)))", attributes=("STORAGE DISK", "COLUMN_FORMAT FIXED")),
    )
    assert table.primary_key == PrimaryKey(("id",))
    assert table.indexes == (
        Index((Part("a`,\n  b"), Part("e")), "uq", unique=True),
        Index((Part("a`,\n  b", descending=True, length=3),), "prefix", unique=True),
        Index(
            (Part(expression="((`id` + 1))", descending=True), Part("e")),
            "fx",
            method="BTREE",
            visible=False,
            comment="k's",
        ),
        Index((Part("e"),), "ft", kind="FULLTEXT", parser="ngram"),
        Index((Part("p"),), "sp", kind="SPATIAL"),
    )
    assert [index.constraint for index in table.indexes] == [True, False, False, False, False]
    assert table.foreign_keys == (
        ForeignKey(("id", "e"), Name("t(", "other"), ("x)", "y"), "fk`1", "SET NULL", "CASCADE"),
        ForeignKey(("id",), Name("t"), ("x",), "fk2"),
    )
    assert table.checks == (Check("(((`id` > 0) and (`e` <> _utf8mb4')')))", "ck", enforced=False),)
    assert table.options == Options(
        "it's ENGINE=x",
        "InnoDB",
        "utf8mb4",
        "utf8mb4_0900_ai_ci",
        (
            ("AUTOEXTEND_SIZE", "4194304"),
            ("AUTO_INCREMENT", "7"),
            ("COMPRESSION", "'zlib'"),
            ("PARTITION_BY", "HASH (`id`) PARTITIONS 3"),
            ("STATS_PERSISTENT", "0"),
        ),
    )
    assert unsupported == ("/*!50100 TABLESPACE `ts` */",)


def test_mariadb() -> None:
    table, unsupported = parse(MARIADB, Name("t", "elsewhere"), "home")
    assert [(column.name, column.default) for column in table.columns] == [
        ("a", "5"),
        ("b", "concat('a',uuid())"),
        ("c", "(current_timestamp() + interval 1 day)"),
        ("d", "0x00FF"),
        ("n", "nextval(`db`.`sq`)"),
        ("z", "'x'"),
        ("s", None),
    ]
    assert [column.visible for column in table.columns[:2]] == [None, False]
    assert table.columns[5].attributes == ("COMPRESSED",)
    assert table.columns[2].on_update == "current_timestamp()"
    assert table.checks == (Check("(`a` > 3 and `a` <> ')')", column="a"), Check("(`a` < 5)", "CONSTRAINT_1"))
    assert [check.column for check in table.checks] == ["a", None]
    assert table.indexes == (Index((Part("a"),), "k", method="HASH", visible=False, comment="k"),)
    assert table.options == Options(
        None,
        "Aria",
        "latin1",
        "latin1_bin",
        (
            ("ENCRYPTED", "YES"),
            ("PAGE_CHECKSUM", "1"),
            ("PARTITION_BY", "HASH (`a`) PARTITIONS 3"),
            ("UNION", "(`x`,`y`)"),
        ),
    )
    assert unsupported == (
        "column s: GENERATED ALWAYS AS ROW START",
        "VECTOR KEY `v` (`d`) `M`=8",
        "PERIOD FOR SYSTEM_TIME (`s`, `e`)",
        "WITH SYSTEM VERSIONING",
    )


def test_tables_of_another_schema_refer_to_their_own() -> None:
    text = "CREATE TABLE `t` (\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES {} (`b`)\n) ENGINE=InnoDB"
    for reference, target in (
        ("`x`", Name("x", "other")),
        ("`home`.`x`", Name("x")),
        ("`third`.`x`", Name("x", "third")),
    ):
        parsed = parse(text.format(reference), Name("t", "other"), "home")
        assert [key.target for key in parsed.table.foreign_keys] == [target]


@pytest.mark.parametrize(
    "inner",
    [
        "`a` int DEFAULT 'x',\n  `b` int",
        "`a` varchar(9) DEFAULT 'x\n  KEY `k` (`a`)',\n  `b` int",  # as a literal and as a name that go on
        "`a'` varchar(9) DEFAULT 'x\n  y',\n  `b` int",
        "`a\n  b` int",
        "`a` varchar(9) DEFAULT 'x`y',\n  `b` varchar(9) DEFAULT 'x`\ny'",
        "`a` varchar(9) DEFAULT 'x`\ny`',\n  `b` int",
        "`a` varchar(9) DEFAULT '\\'\n  \\'',\n  `b` int",
    ],
)
def test_lines_end_where_no_name_and_no_literal_is_open(inner: str) -> None:
    text = f"CREATE TABLE `t` (\n  {inner}\n) ENGINE=InnoDB"
    assert show_create._lines(text) == show_create._LINE.findall(text)


def test_lines_that_tables_share_are_read_once() -> None:
    def read(number: int) -> None:
        column = "`shared by tables` varchar(17) NOT NULL DEFAULT 'once'"
        key = "UNIQUE KEY `k` (`shared by tables`)"
        parse(f"CREATE TABLE `t{number}` (\n  {column},\n  {key}\n) ENGINE=Once", Name(f"t{number}"), None)

    caches = (show_create._column, show_create._attributes, show_create._plain_parts, show_create._options)
    before = [one.cache_info().misses for one in caches]
    for number in range(30):
        read(number)
    misses = [one.cache_info().misses - was for one, was in zip(caches, before, strict=True)]
    assert misses == [1] * len(caches)
