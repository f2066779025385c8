"""Operations of MySQL and MariaDB as SQL text, without a server."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.mariadb import MariaDB
from schemadiff.errors import UnsupportedError
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Operation,
    RenameColumn,
    RenameTable,
)
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
    Schema,
    Table,
    Type,
    Unsupported,
)

T = Name("user")
DIALECT = MySQL.offline()


def column(name: str, sql: str = "int", nullable: bool = True, **words: Any) -> Column:
    return DIALECT.canonical(Table(T, (Column(name, Type(sql), nullable, **words),))).columns[0]


ID = column("id", "bigint", False, autoincrement=True)
P = column("p")
KEY = ForeignKey(("p",), Name("parent"), ("id",))
MADE = Index((Part("p"),), "p", implicit=True)
TABLE = DIALECT.canonical(Table(T, (ID, P, column("q")), PrimaryKey(("id",))))


def sql(operations: Sequence[Operation], *tables: Table, dialect: MySQL = DIALECT) -> list[str]:
    before = Schema({table.name: table for table in tables or (TABLE,)})
    return [statement.sql for statement in dialect.statements(operations, before)]


def changed(**words: Any) -> Table:
    return dataclasses.replace(TABLE, **words)


def test_one_column_on_one_line() -> None:
    assert sql([AddColumn(T, column("email", "varchar(255)"))]) == [
        "ALTER TABLE `user` ADD COLUMN `email` varchar(255) NULL"
    ]


def test_much_of_one_table_in_one_statement() -> None:
    (statement,) = DIALECT.statements(
        [
            DropColumn(T, P),
            AddColumn(T, column("n", "text", default="'it''s'", comment="50%")),
            CreateIndex(
                T, Index((Part("q", descending=True), Part(expression="`q` + 1")), "ix", unique=True)
            ),
        ],
        Schema({T: TABLE}),
    )
    assert len(statement.operations) == 3
    assert statement.sql == (
        "ALTER TABLE `user`\n"
        "  DROP COLUMN `p`,\n"
        "  ADD COLUMN `n` text NULL DEFAULT ('it''s') COMMENT '50%',\n"
        "  ADD UNIQUE INDEX `ix` (`q` DESC, (`q` + 1))"
    )


def test_modify_repeats_everything() -> None:
    before = column("t", "timestamp", default="now()", on_update="now()", comment="x", visible=False)
    after = column(
        "t", "timestamp(6)", False, default="now(6)", on_update="now(6)", comment="x", visible=False
    )
    assert sql([AlterColumn(T, before, after)], changed(columns=(ID, before))) == [
        "ALTER TABLE `user` MODIFY COLUMN `t` timestamp(6) NOT NULL INVISIBLE DEFAULT CURRENT_TIMESTAMP(6) "
        "ON UPDATE CURRENT_TIMESTAMP(6) COMMENT 'x'"
    ]


def test_a_new_definition_and_a_new_name_at_once() -> None:
    operations: list[Operation] = [
        RenameColumn(T, "p", "r"),
        AlterColumn(T, column("r"), column("r", "bigint")),
    ]
    assert sql(operations) == ["ALTER TABLE `user` CHANGE COLUMN `p` `r` bigint NULL"]
    operations = [AlterColumn(T, P, column("p", "bigint")), RenameColumn(T, "p", "r")]
    assert sql(operations) == ["ALTER TABLE `user` CHANGE COLUMN `p` `r` bigint NULL"]
    assert sql([RenameColumn(T, "p", "r")]) == ["ALTER TABLE `user` RENAME COLUMN `p` TO `r`"]


def test_a_column_that_is_changed_twice_takes_two_statements() -> None:
    new = column("new")
    operations: list[Operation] = [
        AddColumn(T, new),
        AlterColumn(T, new, column("new", "bigint")),
        DropColumn(T, column("new")),
    ]
    assert sql(operations) == [
        "ALTER TABLE `user` ADD COLUMN `new` int NULL",
        "ALTER TABLE `user` MODIFY COLUMN `new` bigint NULL",
        "ALTER TABLE `user` DROP COLUMN `new`",
    ]


def test_primary_key_and_automatic_column_go_together() -> None:
    table = changed(columns=(P,), primary_key=None)
    assert sql([AddColumn(T, ID), AddConstraint(T, PrimaryKey(("id",)))], table) == [
        "ALTER TABLE `user`\n  ADD COLUMN `id` bigint NOT NULL AUTO_INCREMENT,\n  ADD PRIMARY KEY (`id`)"
    ]


def test_foreign_key_by_the_name_that_the_database_has() -> None:
    live = changed(
        foreign_keys=(ForeignKey(("p",), Name("parent"), ("id",), "user_ibfk_7"),), indexes=(MADE,)
    )
    assert sql([DropConstraint(T, KEY)], live) == [
        "ALTER TABLE `user`\n  DROP FOREIGN KEY `user_ibfk_7`,\n  DROP INDEX `p`"
    ]


def test_foreign_key_by_the_name_that_it_must_have() -> None:
    other = ForeignKey(("q",), Name("parent"), ("id",))
    assert sql([DropConstraint(T, other)], changed(foreign_keys=(KEY, other))) == [
        "ALTER TABLE `user`\n  DROP FOREIGN KEY `user_ibfk_2`,\n  DROP INDEX `q`"
    ]
    named = ForeignKey(("p",), Name("parent"), ("id",), "fk")
    assert sql([DropConstraint(T, named)], changed(foreign_keys=(named,))) == [
        "ALTER TABLE `user`\n  DROP FOREIGN KEY `fk`,\n  DROP INDEX `fk`"
    ]


@pytest.mark.parametrize(
    "table",
    [
        changed(foreign_keys=(KEY,), indexes=(Index((Part("p"), Part("q")), "ix"),)),
        changed(foreign_keys=(KEY,), indexes=(Index((Part("p"),), "p"),)),
        changed(foreign_keys=(KEY, ForeignKey(("p",), Name("parent"), ("id",), "other")), indexes=(MADE,)),
    ],
    ids=["another serves", "somebody named it", "another key needs it"],
)
def test_an_index_that_stays_when_its_foreign_key_goes(table: Table) -> None:
    (statement,) = sql([DropConstraint(T, KEY)], table)
    assert "DROP INDEX" not in statement


def test_a_foreign_key_under_its_old_name_takes_two_statements() -> None:
    old, new = (ForeignKey(("p",), Name("parent"), ("id",), "fk", action) for action in (None, "CASCADE"))
    table = changed(foreign_keys=(old,), indexes=(Index((Part("p"),), "fk", implicit=True),))
    assert sql([DropConstraint(T, old), AddConstraint(T, new)], table) == [
        "ALTER TABLE `user` DROP FOREIGN KEY `fk`",
        "ALTER TABLE `user` ADD CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `parent` (`id`) ON DELETE CASCADE",
    ]


def test_the_servers_index_makes_way_and_comes_back() -> None:
    index = Index((Part("p"), Part("q")), "ix")
    key = ForeignKey(("p",), Name("parent"), ("id",), "user_ibfk_1")
    live = changed(foreign_keys=(key,), indexes=(MADE,))
    assert sql([CreateIndex(T, index)], live) == [
        "ALTER TABLE `user`\n  DROP INDEX `p`,\n  ADD INDEX `ix` (`p`, `q`)"
    ]
    live = changed(foreign_keys=(key,), indexes=(index,))
    assert sql([DropIndex(T, index)], live) == [
        "ALTER TABLE `user`\n  DROP INDEX `ix`,\n  ADD INDEX `p` (`p`)"
    ]


def test_the_servers_index_follows_its_column() -> None:
    key = ForeignKey(("p",), Name("parent"), ("id",), "user_ibfk_1")
    live = changed(foreign_keys=(key,), indexes=(MADE,))
    assert sql([RenameColumn(T, "p", "r")], live) == [
        "ALTER TABLE `user`\n  RENAME COLUMN `p` TO `r`,\n  RENAME INDEX `p` TO `r`"
    ]


def test_checks() -> None:
    check = Check("`p` > 0", enforced=False)
    assert sql([AddConstraint(T, check)]) == ["ALTER TABLE `user` ADD CHECK (`p` > 0) NOT ENFORCED"]
    drop: list[Operation] = [DropConstraint(T, Check("p>0"))]
    live = changed(checks=(Check("`q` > 0", "user_chk_1"), Check("`p` > 0", "user_chk_2")))
    assert sql(drop, live) == ["ALTER TABLE `user` DROP CHECK `user_chk_2`"]
    assert sql(drop, changed(checks=(Check("q>0"), Check("p>0")))) == [
        "ALTER TABLE `user` DROP CHECK `user_chk_2`"
    ]
    mariadb = MariaDB.offline()
    assert sql(drop, changed(checks=(Check("p>0"),)), dialect=mariadb) == [
        "ALTER TABLE `user` DROP CONSTRAINT `CONSTRAINT_1`"
    ]


def test_a_columns_own_check_on_mariadb() -> None:
    mariadb = MariaDB.offline()
    check = Check("`p` > 0", column="p")
    live = changed(checks=(check,))
    assert sql([AlterColumn(T, P, column("p", "bigint"))], live, dialect=mariadb) == [
        "ALTER TABLE `user` MODIFY COLUMN `p` bigint NULL CHECK (`p` > 0)"
    ]
    assert sql([DropConstraint(T, check)], live, dialect=mariadb) == [
        "ALTER TABLE `user` MODIFY COLUMN `p` int NULL"
    ]


def test_options() -> None:
    before = Options(
        "old", "InnoDB", "utf8mb4", "utf8mb4_0900_ai_ci", (("ROW_FORMAT", "COMPACT"), ("MAX_ROWS", "9"))
    )
    after = Options(None, "MyISAM", "latin1", "latin1_bin", (("DATA_DIRECTORY", "/it's"),))
    assert sql([AlterTable(T, before, after)], changed(options=before)) == [
        "ALTER TABLE `user`\n"
        "  ENGINE=MyISAM,\n"
        "  DEFAULT CHARACTER SET latin1 COLLATE latin1_bin,\n"
        "  COMMENT='',\n"
        "  ROW_FORMAT=DEFAULT,\n"
        "  MAX_ROWS=0,\n"
        "  DATA DIRECTORY='/it''s'"
    ]


def test_a_column_says_its_collation_only_where_it_is_not_the_tables() -> None:
    latin = Options(engine="InnoDB", charset="latin1", collation="latin1_swedish_ci")
    text = Column("s", Type("varchar(9)"), charset="latin1", collation="latin1_swedish_ci")
    other = Column("s", Type("varchar(9)"), charset="latin1", collation="latin1_bin")
    assert sql([AddColumn(T, text)], changed(options=latin)) == [
        "ALTER TABLE `user` ADD COLUMN `s` varchar(9) NULL"
    ]
    assert sql([AddColumn(T, other)], changed(options=latin)) == [
        "ALTER TABLE `user` ADD COLUMN `s` varchar(9) COLLATE latin1_bin NULL"
    ]
    assert sql([AddColumn(T, text)]) == [
        "ALTER TABLE `user` ADD COLUMN `s` varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL"
    ]
    assert sql([AlterTable(T, TABLE.options, latin), AddColumn(T, text)])[0].endswith(
        "ADD COLUMN `s` varchar(9) NULL"
    )


def test_generated_columns() -> None:
    virtual = column("g", generated=Generated("`p` + 1", stored=False))
    stored = column("g", generated=Generated("`p` + 1", stored=True), nullable=False)
    assert sql([AddColumn(T, stored)]) == [
        "ALTER TABLE `user` ADD COLUMN `g` int GENERATED ALWAYS AS (`p` + 1) STORED NOT NULL"
    ]
    table = changed(columns=(ID, P, virtual), indexes=(Index((Part("g"),), "ix"),))
    assert sql([AlterColumn(T, virtual, column("g"))], table) == [
        "ALTER TABLE `user`\n"
        "  DROP INDEX `ix`,\n"
        "  DROP COLUMN `g`,\n"
        "  ADD COLUMN `g` int NULL DEFAULT (`p` + 1),\n"
        "  ADD INDEX `ix` (`g`)",
        "ALTER TABLE `user` MODIFY COLUMN `g` int NULL",
    ]


def test_create_table() -> None:
    table = Table(
        Name("user", "shop"),
        (ID, column("s", "varchar(9)", False, default="'x'"), P, column("t", "text")),
        PrimaryKey(("id",)),
        indexes=(
            Index((Part("s", length=3),), "ix"),
            Index((Part("s"), Part("p")), unique=True, constraint=True),
            Index((Part("t"),), "ft", kind="FULLTEXT", parser="ngram", comment="it's", visible=False),
        ),
        foreign_keys=(ForeignKey(("p",), Name("pa`rent"), ("id",), "fk", "SET NULL", "CASCADE"),),
        checks=(Check("`p` > 0", column="p"), Check("`p` < 9", "ck")),
        options=Options("it's \\ 50%", "MyISAM", "latin1", "latin1_swedish_ci", (("ROW_FORMAT", "FIXED"),)),
    )
    (text,) = sql([CreateTable(table)])
    assert text == (
        "CREATE TABLE `shop`.`user` (\n"
        "  `id` bigint NOT NULL AUTO_INCREMENT,\n"
        "  `s` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NOT NULL DEFAULT 'x',\n"
        "  `p` int NULL,\n"
        "  `t` text CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci NULL,\n"
        "  PRIMARY KEY (`id`),\n"
        "  UNIQUE KEY (`s`, `p`),\n"
        "  KEY `ix` (`s`(3)),\n"
        "  FULLTEXT KEY `ft` (`t`) WITH PARSER `ngram` COMMENT 'it''s' INVISIBLE,\n"
        "  CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `pa``rent` (`id`) ON DELETE SET NULL ON UPDATE CASCADE,\n"
        "  CHECK (`p` > 0),\n"
        "  CONSTRAINT `ck` CHECK (`p` < 9)\n"
        ") ENGINE=MyISAM DEFAULT CHARACTER SET latin1 COLLATE latin1_swedish_ci COMMENT='it''s \\\\ 50%' "
        "ROW_FORMAT=FIXED"
    )
    mariadb = MariaDB.offline()
    assert "`p` int NULL CHECK (`p` > 0),\n" in sql([CreateTable(table)], dialect=mariadb)[0]


def test_whole_tables() -> None:
    operations: list[Operation] = [
        RenameTable(T, Name("person")),
        DropColumn(Name("person"), P),
        DropTable(TABLE),
    ]
    assert sql(operations) == [
        "RENAME TABLE `user` TO `person`",
        "ALTER TABLE `person` DROP COLUMN `p`",
        "DROP TABLE `user`",
    ]


def test_the_servers_names_follow_a_renamed_table() -> None:
    live = changed(
        foreign_keys=(ForeignKey(("p",), Name("parent"), ("id",), "user_ibfk_1"),),
        checks=(Check("`p` > 0", "user_chk_3"),),
        indexes=(MADE,),
    )
    new = Name("person")
    operations: list[Operation] = [
        RenameTable(T, new),
        DropConstraint(new, KEY),
        DropConstraint(new, Check("`p` > 0")),
    ]
    assert sql(operations, live)[1] == (
        "ALTER TABLE `person`\n  DROP FOREIGN KEY `person_ibfk_1`,\n  DROP CHECK `person_chk_3`,\n  DROP INDEX `p`"
    )


def test_what_is_not_for_a_dialect() -> None:
    with pytest.raises(TypeError, match="Execute"):
        DIALECT.statements([Execute("SELECT 1")], Schema())


def test_what_cannot_be_repeated_is_not_lost() -> None:
    before, after = column("t", "int"), column("t", "bigint")
    live = Schema({T: changed(columns=(before,))}, unsupported=(Unsupported(T, "column t: `x`='1'"),))
    with pytest.raises(UnsupportedError, match="would lose"):
        DIALECT.statements([AlterColumn(T, before, after)], live)
    other = dataclasses.replace(live, unsupported=(Unsupported(T, "column u: `x`='1'"),))
    assert DIALECT.statements([AlterColumn(T, before, after)], other)
