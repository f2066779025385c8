"""Every operation forth and back on a real SQLite file, and what a rebuild of a table must not lose."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.errors import StepError, UnsupportedError
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
    Unique,
)

USER = Name("user")
INTEGER = Type("INTEGER")
TEXT = Type("TEXT")

SITE = """
CREATE TABLE "user" (
  id INTEGER NOT NULL,
  name VARCHAR(20) COLLATE NOCASE NOT NULL,
  age INTEGER DEFAULT 7,
  twice INTEGER GENERATED ALWAYS AS (age * 2) VIRTUAL,
  PRIMARY KEY (id),
  CONSTRAINT ck_age CHECK (age > 0)
);
CREATE TABLE question (
  id INTEGER PRIMARY KEY,
  author_id INTEGER REFERENCES "user" (id) ON DELETE CASCADE,
  "select" TEXT
);
CREATE TABLE log (line TEXT);
INSERT INTO "user" (id, name, age) VALUES (1, 'ann', 20), (2, 'Bob', 30);
INSERT INTO question (id, author_id, "select") VALUES (10, 1, 'x'), (11, 2, 'y');
CREATE INDEX ix_age ON "user" (age DESC);
CREATE UNIQUE INDEX ux_name ON "user" (lower(name)) WHERE age > 1;
CREATE VIEW adults AS SELECT id, name, age FROM "user" WHERE age > 17;
CREATE TRIGGER on_insert AFTER INSERT ON "user" BEGIN INSERT INTO log VALUES (NEW.name || '; new'); END;
CREATE TRIGGER on_question AFTER INSERT ON question BEGIN
  UPDATE "user" SET age = age + 1 WHERE id = NEW.author_id; -- a point
END;
"""


class Site:
    """A database file with two tables that belong together, a view and two triggers."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.dialect = SQLite.connect(connection)

    def run(self, script: str) -> None:
        raw = self.connection.connection.dbapi_connection
        assert raw is not None
        raw.executescript(script)

    def schema(self) -> Schema:
        return self.dialect.inspect(self.connection)

    def table(self, name: str = "user") -> Table:
        return self.schema().tables[Name(name)]

    def column(self, name: str) -> Column:
        column = self.table().column(name)
        assert column is not None
        return column

    def carry(self, *operations: Operation) -> list[str]:
        """Carries them out on the live schema, and says with what statements."""
        statements = self.dialect.statements(operations, self.schema())
        with self.dialect.transaction(self.connection):
            for statement in statements:
                self.connection.exec_driver_sql(statement.sql)
        return [statement.sql for statement in statements]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.connection.exec_driver_sql(sql)]

    def whole(self) -> None:
        """Nothing that has to do with the table was lost: rows, references, indexes, triggers, view."""
        assert self.rows('SELECT id, name, age, twice FROM "user"') == [
            (1, "ann", 20, 40),
            (2, "Bob", 30, 60),
        ]
        assert self.rows("SELECT id, author_id FROM question") == [(10, 1), (11, 2)]
        assert self.rows("SELECT * FROM adults ORDER BY id") == [(1, "ann", 20), (2, "Bob", 30)]
        assert {index.name for index in self.table().indexes} == {"ix_age", "ux_name"}
        kept = self.rows("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        assert kept == [("on_insert", "user"), ("on_question", "question")]
        assert self.rows("PRAGMA integrity_check") == [("ok",)]
        self.connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        self.connection.exec_driver_sql("BEGIN")
        self.connection.exec_driver_sql("INSERT INTO \"user\" (id, name) VALUES (3, 'cy')")
        self.connection.exec_driver_sql("INSERT INTO question (author_id) VALUES (3)")
        assert self.rows('SELECT age FROM "user" WHERE id = 3') == [(8,)]
        assert self.rows("SELECT line FROM log WHERE line = 'cy; new'") == [("cy; new",)]
        self.connection.exec_driver_sql('DELETE FROM "user"')
        assert self.rows("SELECT * FROM question") == []
        self.connection.exec_driver_sql("ROLLBACK")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'site.db'}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        made = Site(connection)
        made.run(SITE)
        yield made
    engine.dispose()


NATIVE = {
    "a nullable column": AddColumn(USER, Column("phone", Type("VARCHAR(11)"))),
    "a column with a constant default": AddColumn(USER, Column("n", INTEGER, nullable=False, default="-1")),
    "a virtual column": AddColumn(USER, Column("g", INTEGER, generated=Generated("age + 1", stored=False))),
    "an index": CreateIndex(USER, Index((Part("name"), Part("age", descending=True)), "ix both")),
    "no index": DropIndex(USER, Index((Part("age", descending=True),), "ix_age")),
}

REBUILT = {
    "a column with another default": AddColumn(USER, Column("at", TEXT, default="CURRENT_TIMESTAMP")),
    "a stored column": AddColumn(USER, Column("g", INTEGER, generated=Generated("age + 1", stored=True))),
    "a unique constraint": AddConstraint(USER, Unique(("name",), "uq_name")),
    "a check": AddConstraint(USER, Check("length(name) > 1", "ck name")),
    "no check": DropConstraint(USER, Check("age > 0", "ck_age")),
    "a foreign key to itself": AddConstraint(USER, ForeignKey(("id",), USER, ("id",), on_delete="RESTRICT")),
    "AUTOINCREMENT": AlterTable(USER, Options(), Options(extra=(("AUTOINCREMENT", ""),))),
}


@pytest.mark.parametrize("operation", NATIVE.values(), ids=NATIVE.keys())
def test_sqlite_does_what_it_can_by_itself(site: Site, operation: Operation) -> None:
    before = site.table()
    assert len(site.carry(operation)) == 1
    changed = site.table()
    assert changed != before
    assert changed == operation.apply(Schema({USER: before})).tables[USER]
    assert len(site.carry(operation.reverse())) == 1
    assert site.table() == before
    site.whole()


@pytest.mark.parametrize("operation", REBUILT.values(), ids=REBUILT.keys())
def test_a_rebuild_loses_nothing_forth_and_back(site: Site, operation: Operation) -> None:
    before = site.table()
    sent = site.carry(operation)
    assert sent[0].startswith('CREATE TABLE "_schemadiff_user"')
    assert site.table() == operation.apply(Schema({USER: before})).tables[USER]
    if not isinstance(operation, AddColumn):
        site.whole()
    site.carry(operation.reverse())
    assert site.table() == before
    site.whole()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": Type("VARCHAR(99)")},
        {"nullable": True},
        {"default": "'nobody'"},
        {"collation": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_column_is_altered_forth_and_back(site: Site, changes: dict[str, object]) -> None:
    column = site.column("name")
    operation = AlterColumn(USER, column, dataclasses.replace(column, **changes))  # type: ignore[arg-type]
    site.carry(operation)
    assert site.column("name") == operation.after
    site.whole()
    site.carry(operation.reverse())
    assert site.column("name") == column
    site.whole()


def test_the_statements_of_a_rebuild(site: Site) -> None:
    column = site.column("age")
    sent = site.carry(
        AlterColumn(USER, column, dataclasses.replace(column, nullable=False)),
        AddConstraint(USER, Unique(("name",), "uq_user_name")),
    )
    assert sent == [
        'CREATE TABLE "_schemadiff_user" (\n'
        '  "id" INTEGER NOT NULL,\n'
        '  "name" VARCHAR(20) COLLATE "NOCASE" NOT NULL,\n'
        '  "age" INTEGER DEFAULT 7 NOT NULL,\n'
        '  "twice" INTEGER GENERATED ALWAYS AS (age * 2) VIRTUAL,\n'
        '  PRIMARY KEY ("id"),\n'
        '  CONSTRAINT "uq_user_name" UNIQUE ("name"),\n'
        '  CONSTRAINT "ck_age" CHECK (age > 0)\n'
        ")",
        'INSERT INTO "_schemadiff_user" ("id", "name", "age") SELECT "id", "name", "age" FROM "user"',
        'DROP TABLE "user"',
        "PRAGMA legacy_alter_table = ON",
        'ALTER TABLE "_schemadiff_user" RENAME TO "user"',
        "PRAGMA legacy_alter_table = OFF",
        'CREATE INDEX "ix_age" ON "user" ("age" DESC)',
        'CREATE UNIQUE INDEX "ux_name" ON "user" (lower(name)) WHERE age > 1',
        'CREATE TRIGGER on_insert AFTER INSERT ON "user" '
        "BEGIN INSERT INTO log VALUES (NEW.name || '; new'); END",
    ]
    site.whole()


def test_what_changes_nothing_on_sqlite_sends_nothing(site: Site) -> None:
    column = site.column("name")
    commented = dataclasses.replace(column, comment="who", charset="utf8mb4")
    assert site.carry(AlterColumn(USER, column, commented)) == []
    assert site.carry(AlterTable(USER, Options(), Options(engine="InnoDB", comment="people"))) == []


def test_a_new_column_brings_its_foreign_key(site: Site) -> None:
    column = Column("best_id", INTEGER)
    key = ForeignKey(("best_id",), Name("question"), ("id",), "fk_best", on_delete="SET NULL")
    before = site.table()
    sent = site.carry(AddColumn(USER, column), AddConstraint(USER, key))
    assert sent == [
        'ALTER TABLE "user" ADD COLUMN "best_id" INTEGER '
        'CONSTRAINT "fk_best" REFERENCES "question" ("id") ON DELETE SET NULL'
    ]
    assert site.table().foreign_keys == (key,)
    site.carry(DropConstraint(USER, key), DropColumn(USER, column))
    assert site.table() == before
    site.whole()


def test_a_column_is_dropped_natively_only_where_nothing_uses_it(site: Site) -> None:
    free = Column("phone", Type("VARCHAR(11)"))
    site.carry(AddColumn(USER, free))
    assert site.carry(DropColumn(USER, free)) == ['ALTER TABLE "user" DROP COLUMN "phone"']
    site.run("DROP VIEW adults")
    before = site.schema()
    statements = site.dialect.statements(
        [DropIndex(USER, index) for index in site.table().indexes] + [DropColumn(USER, site.column("age"))],
        before,
    )
    assert statements[0].sql.startswith("CREATE TABLE")  # "twice" and the CHECK use it


def test_a_not_null_column_without_default_is_refused_when_there_are_rows(site: Site) -> None:
    before = site.table()
    with pytest.raises(sa.exc.OperationalError, match="NOT NULL"):
        site.carry(AddColumn(USER, Column("must", TEXT, nullable=False)))
    assert site.table() == before
    site.whole()


def test_a_null_is_never_replaced_when_a_column_becomes_not_null(site: Site) -> None:
    site.run('UPDATE "user" SET age = NULL WHERE id = 2')
    column = site.column("age")
    with pytest.raises(sa.exc.IntegrityError, match=r"NOT NULL constraint failed: _schemadiff_user\.age"):
        site.carry(AlterColumn(USER, column, dataclasses.replace(column, nullable=False)))
    assert site.rows('SELECT age FROM "user"') == [(20,), (None,)]
    assert site.rows("SELECT count(*) FROM sqlite_master WHERE name LIKE '%schemadiff%'") == [(0,)]


def test_autoincrement_goes_on_where_it_stood(site: Site) -> None:
    site.run("""
        CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
        INSERT INTO counted (a) VALUES ('1'), ('2'), ('3');
        DELETE FROM counted;
    """)
    counted = Name("counted")
    site.carry(AddConstraint(counted, Unique(("a",))))
    site.run("INSERT INTO counted (a) VALUES ('4')")
    assert site.rows("SELECT id FROM counted") == [(4,)]
    assert site.rows("SELECT name FROM sqlite_sequence") == [("counted",)]


def test_a_renamed_column_is_renamed_in_all_that_speaks_of_it(site: Site) -> None:
    before = site.table()
    rename = RenameColumn(USER, "age", "Years lived")
    assert site.carry(rename) == ['ALTER TABLE "user" RENAME COLUMN "age" TO "Years lived"']
    assert site.rows("SELECT * FROM adults ORDER BY id") == [(1, "ann", 20), (2, "Bob", 30)]
    assert site.table().checks == (Check('"Years lived" > 0', "ck_age"),)
    site.carry(rename.reverse())
    assert site.table() == before
    site.whole()


def test_a_rename_and_a_rebuild_in_one_go(site: Site) -> None:
    before = site.table()
    age = site.column("age")
    years = dataclasses.replace(age, name="years")
    operations: list[Operation] = [
        DropConstraint(USER, Check("age > 0", "ck_age")),
        RenameColumn(USER, "age", "years"),
        AlterColumn(USER, years, dataclasses.replace(years, default="8")),
        AddConstraint(USER, Check("years > 1", "ck_years")),
        AddConstraint(USER, Unique(("years",))),
    ]
    sent = site.carry(*operations)
    assert [one.split(" ")[0] for one in sent].count("INSERT") == 1
    assert sent[-1] == 'ALTER TABLE "user" RENAME COLUMN "age" TO "years"'
    assert site.rows('SELECT id, years, twice FROM "user"') == [(1, 20, 40), (2, 30, 60)]
    assert site.table().checks == (Check("years > 1", "ck_years"),)
    assert site.table().uniques == (Unique(("years",)),)
    site.run("INSERT INTO question (author_id) VALUES (1); DELETE FROM question WHERE id > 11;")
    site.run('UPDATE "user" SET years = 20 WHERE id = 1')
    site.carry(*(operation.reverse() for operation in reversed(operations)))
    assert site.table() == before
    site.whole()


def test_a_new_column_takes_the_name_that_another_one_gives_up(site: Site) -> None:
    sent = site.carry(
        RenameColumn(USER, "age", "years"),
        AddColumn(USER, Column("age", TEXT, default="'new'")),
        AddConstraint(USER, Check("age != '' AND years > 0", "ck_both")),
    )
    assert sent[-2:] == [
        'ALTER TABLE "user" RENAME COLUMN "age" TO "years"',
        'ALTER TABLE "user" RENAME COLUMN "_schemadiff_age" TO "age"',
    ]
    assert site.rows('SELECT id, age, years, twice FROM "user"') == [(1, "new", 20, 40), (2, "new", 30, 60)]
    assert site.rows("SELECT * FROM adults ORDER BY id") == [(1, "ann", 20), (2, "Bob", 30)]
    checks = {check.name: check.expression for check in site.table().checks}
    assert checks == {"ck_age": "years > 0", "ck_both": "age != '' AND years > 0"}


def test_columns_change_places(site: Site) -> None:
    swap: list[Operation] = [
        RenameColumn(Name("log"), "line", "other"),
        AddColumn(Name("log"), Column("line", TEXT)),
    ]
    site.run("DROP TRIGGER on_insert; INSERT INTO log VALUES ('kept')")
    site.carry(*swap)
    assert site.rows("SELECT other, line FROM log") == [("kept", None)]


def test_a_table_is_renamed_with_all_that_speaks_of_it(site: Site) -> None:
    before = site.table()
    rename = RenameTable(USER, Name('the "people"; --'))
    site.carry(rename)
    assert site.table("question").foreign_keys[0].target == rename.after
    assert site.rows("SELECT count(*) FROM adults") == [(2,)]
    site.carry(rename.reverse())
    assert site.table() == before
    site.whole()
    site.carry(RenameTable(USER, Name("User")))
    assert Name("User") in site.schema().tables


def test_tables_come_and_go_with_their_indexes(site: Site) -> None:
    table = Table(
        Name("a; DROP TABLE user --"),
        (
            Column("id", INTEGER, nullable=False, autoincrement=True),
            Column('x"y', Type("VARCHAR(3)"), default="'it''s'"),
        ),
        PrimaryKey(("id",), "pk it's"),
        indexes=(Index((Part('x"y'),), "select", unique=True),),
        foreign_keys=(ForeignKey(("id",), USER, ("id",), deferrable="DEFERRABLE INITIALLY DEFERRED"),),
    )
    assert site.carry(CreateTable(table)) == [
        'CREATE TABLE "a; DROP TABLE user --" (\n'
        '  "id" INTEGER NOT NULL,\n'
        "  \"x\"\"y\" VARCHAR(3) DEFAULT 'it''s',\n"
        '  CONSTRAINT "pk it\'s" PRIMARY KEY ("id"),\n'
        '  FOREIGN KEY ("id") REFERENCES "user" ("id") DEFERRABLE INITIALLY DEFERRED\n'
        ")",
        'CREATE UNIQUE INDEX "select" ON "a; DROP TABLE user --" ("x""y")',
    ]
    assert site.table(table.name.name) == table
    site.carry(DropTable(table))
    site.whole()


def test_hostile_names_survive_a_rebuild(site: Site) -> None:
    site.run("""
        CREATE TABLE "it's ""odd""; --" (
          "a b" INTEGER PRIMARY KEY AUTOINCREMENT, [sel;] TEXT, `order` TEXT, 'quoted' INT
        );
        CREATE INDEX "ix ""odd"" " ON "it's ""odd""; --" (`order`, "quoted");
        CREATE TRIGGER "tr ' --" AFTER INSERT ON "it's ""odd""; --" BEGIN SELECT ';'; END;
        INSERT INTO "it's ""odd""; --" VALUES (5, 'é', ';', 1);
    """)
    name = Name('it\'s "odd"; --')
    before = site.schema().tables[name]
    operation = AddConstraint(name, Check("\"order\" != 'x; --'", "ck ' \""))
    site.carry(operation)
    assert site.rows('SELECT * FROM "it\'s ""odd""; --"') == [(5, "é", ";", 1)]
    site.carry(operation.reverse())
    assert site.schema().tables[name] == before
    assert site.rows("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") == [(3,)]


def test_a_table_that_cannot_be_written_again_is_not_rebuilt(site: Site) -> None:
    site.run("CREATE TABLE odd (a TEXT, b TEXT, UNIQUE (a COLLATE NOCASE))")
    assert [str(one) for one in site.schema().unsupported] == [
        "odd: UNIQUE (a) sorts in an order or collation of its own"
    ]
    with pytest.raises(UnsupportedError, match="collation of its own"):
        site.carry(AddConstraint(Name("odd"), Unique(("b",))))
    assert len(site.carry(AddColumn(Name("odd"), Column("c", TEXT)))) == 1


def test_a_copy_loses_no_row_to_on_conflict(site: Site) -> None:
    """Without OR ABORT the copy would leave out one of the two rows in silence (SQLite 3.40)."""
    site.run("CREATE TABLE twice (a TEXT, b TEXT NOT NULL); INSERT INTO twice VALUES ('x', 'y'), ('x', 'z')")
    with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
        site.carry(AddConstraint(Name("twice"), Unique(("a",), on_conflict="IGNORE")))


def test_a_view_that_would_break_stops_the_change(site: Site) -> None:
    operations: list[Operation] = [
        *(DropIndex(USER, index) for index in site.table().indexes),
        DropConstraint(USER, Check("age > 0", "ck_age")),
        DropColumn(USER, site.column("twice")),
        DropColumn(USER, site.column("age")),
    ]
    with pytest.raises(StepError, match='view "adults": no such column: age'):
        site.carry(*operations)
    site.whole()


def test_an_older_sqlite_rebuilds_to_drop_a_column(site: Site) -> None:
    site.run("DROP TRIGGER on_insert")
    column = site.table("log").columns[0]
    site.carry(AddColumn(Name("log"), Column("more", TEXT)))
    site.dialect = SQLite((3, 34, 0))
    sent = site.carry(DropColumn(Name("log"), column))
    assert sent[0] == 'CREATE TABLE "_schemadiff_log" (\n  "more" TEXT\n)'


def test_rebuild_in_an_attached_file(site: Site, tmp_path: Path) -> None:
    site.run(f"ATTACH '{tmp_path / 'second.db'}' AS \"second file\"")
    site.run("""
        CREATE TABLE "second file"."user" (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
        CREATE INDEX "second file".ix ON "user" (a);
        CREATE TRIGGER "second file".tr AFTER INSERT ON "user" BEGIN SELECT 1; END;
        INSERT INTO "second file"."user" VALUES (8, 'x');
    """)
    name = Name("user", "second file")
    before = site.dialect.inspect(site.connection, ["second file"])
    assert list(before.tables) == [name]
    operation = AddConstraint(name, Unique(("a",), "uq"))
    for statement in site.dialect.statements([operation], before):
        site.connection.exec_driver_sql(statement.sql)
    after = site.dialect.inspect(site.connection, ["second file", None])
    assert after.tables[name] == operation.apply(before).tables[name]
    assert len(after.definitions[name]) == 1
    assert site.rows('SELECT * FROM "second file"."user"') == [(8, "x")]
    site.whole()
