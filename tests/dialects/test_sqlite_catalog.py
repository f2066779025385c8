"""What create_all makes reads as what the models say; what people write by hand reads as what it means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from schemadiff.compare.comparer import compare
from schemadiff.dialects.sqlite.canonical.tables import canonical
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.dialects.sqlite.read.catalog import generated_type
from schemadiff.errors import DatabaseError
from schemadiff.models.reader import read
from schemadiff.schema import Check, ForeignKey, Generated, Index, Name, Part, Table, Unique

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'some.db'}")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection
    engine.dispose()


def run(connection: sa.Connection, script: str) -> None:
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.executescript(script)


def live(connection: sa.Connection, name: str) -> Table:
    return SQLite.connect(connection).inspect(connection).tables[Name(name)]


TYPES: tuple[TypeEngine[Any], ...] = (
    sa.BigInteger(),
    sa.SmallInteger(),
    sa.Boolean(),
    sa.Date(),
    sa.DateTime(timezone=True),
    sa.Time(),
    sa.Interval(),
    sa.Double(),
    sa.Float(24),
    sa.Numeric(),
    sa.Numeric(10, 2),
    sa.DECIMAL(7),
    sa.REAL(),
    sa.String(),
    sa.String(30),
    sa.Unicode(30),
    sa.Text(),
    sa.UnicodeText(),
    sa.CHAR(2),
    sa.NVARCHAR(5),
    sa.LargeBinary(),
    sa.VARBINARY(16),
    sa.JSON(),
    sa.Uuid(),
    sa.UUID(),
    sa.Enum("a", "b", name="e"),
    sa.Enum("a", "b", name="ee", native_enum=False, create_constraint=True),
    sa.Boolean(create_constraint=True, name="bb"),
    sa.PickleType(),
    sa.String(9, collation="NOCASE"),
    sa.TIMESTAMP(),
)

MODELS: dict[str, Callable[[], list[Any]]] = {
    "every generic type": lambda: [
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(f"c{number}", kind) for number, kind in enumerate(TYPES)),
    ],
    "defaults": lambda: [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, server_default="0"),
        sa.Column("b", sa.Integer, server_default=sa.text("0")),
        sa.Column("c", sa.String(9), server_default="0"),
        sa.Column("d", sa.String(9), server_default=sa.text("0")),
        sa.Column("e", sa.String(9), server_default='it\'s; -- "a"'),
        sa.Column("f", sa.DateTime, server_default=sa.func.now()),
        sa.Column("g", sa.DateTime, server_default=sa.text("current_timestamp")),
        sa.Column("h", sa.Text, server_default=sa.text("(lower( 'X' || 'y'))")),
        sa.Column("i", sa.Boolean, server_default=sa.true()),
        sa.Column("j", sa.Float, server_default=sa.text("-1.5e3")),
        sa.Column("k", sa.LargeBinary, server_default=sa.text("x'00ff'")),
        sa.Column("l", sa.Text, server_default=sa.text("NULL")),
        sa.Column("m", sa.JSON, server_default='{"a": [1, 2]}'),
        sa.Column("n", sa.Integer, server_default=sa.text("+5")),
    ],
    "keys without a number": lambda: [
        sa.Column("a", sa.String(5), primary_key=True),
        sa.Column("b", sa.BigInteger, primary_key=True),
        sa.Column("c", sa.Integer, sa.Identity()),
    ],
    "a key that SQLAlchemy does not call automatic": lambda: [
        sa.Column("a", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("b", sa.Integer, comment="no place for this"),
    ],
    "a key with a default": lambda: [sa.Column("a", sa.Integer, primary_key=True, server_default="5")],
    "no key": lambda: [sa.Column("a", sa.Integer), sa.Column("b", sa.Text)],
    "constraints with and without names": lambda: [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.String(9), unique=True, index=True),
        sa.Column("b", sa.Integer, sa.CheckConstraint("b > 0")),
        sa.UniqueConstraint("a", "b"),
        sa.UniqueConstraint("b", "a", name="uq ' \""),
        sa.CheckConstraint("a  <>'x -- ' AND ( \"b\" == 1 )", name="ck"),
        sa.CheckConstraint("((a) IN ('(', ')', ','))"),
        sa.Index("ux", "b", unique=True),
    ],
    "generated": lambda: [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.Integer, sa.Computed("a+1")),
        sa.Column("c", sa.String(9), sa.Computed("'x' || (a)", persisted=True)),
        sa.Column("d", sa.Integer, sa.Computed("(a * 2)", persisted=False), nullable=False),
    ],
    "indexes": lambda: [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.String(9, collation="NOCASE")),
        sa.Column("Mixed", sa.String(9)),
        sa.Index("i1", "a", sa.desc("id")),
        sa.Index("i2", sa.text("lower(a)"), sa.text('a || "Mixed" DESC'), unique=True),
        sa.Index("i3", sa.text("a COLLATE BINARY"), sqlite_where=sa.text("a IS NOT NULL AND Mixed > 'x'")),
        sa.Index("i4", sa.text("(Mixed) COLLATE nocase desc")),
        sa.Index("i5", sa.text("a COLLATE NOCASE")),
    ],
    "names that need quotes": lambda: [
        sa.Column("order", sa.Integer, primary_key=True),
        sa.Column("two words", sa.Text, sa.ForeignKey("names that need quotes.order")),
        sa.Column('q"; DROP TABLE x; --', sa.Text, index=True, unique=True),
        sa.Column("100%", sa.Text, sa.CheckConstraint('"100%" > 0 AND "100%" LIKE \'%s\'')),
        sa.Column(":x ?", sa.Text),
        sa.Column("Ünï", sa.Text),
        sa.CheckConstraint('"order" > 0', name="select"),
    ],
}


@pytest.mark.parametrize("naming", [None, CONVENTION], ids=["plain", "naming convention"])
@pytest.mark.parametrize("kind", MODELS)
def test_create_all_then_inspect_says_nothing(
    connection: sa.Connection, kind: str, naming: dict[str, str] | None
) -> None:
    metadata = sa.MetaData(naming_convention=naming)
    sa.Table(kind, metadata, *MODELS[kind]())
    metadata.create_all(connection)
    dialect = SQLite.connect(connection)
    found, wanted = dialect.inspect(connection), read(metadata, dialect)
    assert compare(found, wanted, dialect) == ()
    assert found.tables == wanted.tables
    assert found.unsupported == ()
    assert [canonical(table) for table in found.tables.values()] == list(found.tables.values())
    assert dialect.ask(connection, tuple(wanted.tables.values())) == tuple(wanted.tables.values())
    for column in found.tables[Name(kind)].columns:
        alone = sa.Table("x", sa.MetaData(), sa.Column("c", dialect.sqlalchemy_type(column)))
        again = read(alone.metadata, dialect).tables[Name("x")].columns[0]
        assert (again.type, again.collation) == (column.type, column.collation)


@pytest.mark.parametrize(
    "options",
    [
        {"sqlite_autoincrement": True},
        {"sqlite_with_rowid": False},
        {"sqlite_strict": True},
        {"comment": "people", "mysql_engine": "InnoDB"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_of_tables(connection: sa.Connection, options: dict[str, Any]) -> None:
    try:
        metadata = sa.MetaData(naming_convention=CONVENTION)
        sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), **options)
    except sa.exc.ArgumentError:
        assert "sqlite_strict" in options  # SQLAlchemy has it since 2.0.37
        return
    metadata.create_all(connection)
    dialect = SQLite.connect(connection)
    assert dialect.inspect(connection).tables == read(metadata, dialect).tables


def test_tables_that_refer_to_each_other(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "a",
        metadata,
        sa.Column("x", sa.Integer, primary_key=True),
        sa.Column("y", sa.Integer, primary_key=True),
        sa.Column("b", sa.Integer, sa.ForeignKey("b.id", name="fk_ab", ondelete="SET DEFAULT")),
        sa.Column("own", sa.Integer),
        sa.Column("own2", sa.Integer),
        sa.ForeignKeyConstraint(["own", "own2"], ["a.x", "a.y"], onupdate="cascade", ondelete="NO ACTION"),
        sa.ForeignKeyConstraint(["own2"], ["b.id"], deferrable=True, initially="deferred"),
        sa.ForeignKeyConstraint(["own"], ["b.id"], ondelete="restrict", deferrable=True),
    )
    sa.Table("b", metadata, sa.Column("id", sa.Integer, sa.ForeignKey("b.id"), primary_key=True))
    metadata.create_all(connection)
    dialect = SQLite.connect(connection)
    assert dialect.inspect(connection).tables == read(metadata, dialect).tables


def test_a_change_of_anything_is_seen(connection: sa.Connection) -> None:
    run(connection, "CREATE TABLE t (a TEXT, b TEXT, CHECK (a > 'x'), UNIQUE (a))")
    seen = {live(connection, "t")}
    for change in (
        "a TEXT, b TEXT, CHECK (a > 'X'), UNIQUE (a)",
        "a TEXT, b TEXT, CHECK (a >= 'x'), UNIQUE (a)",
        "a TEXT, b TEXT, CONSTRAINT c CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b TEXT, CHECK (a > 'x'), CONSTRAINT c UNIQUE (a)",
        "a TEXT, b TEXT, CHECK (a > 'x'), UNIQUE (a, b)",
        "a TEXT COLLATE nocase, b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT NOT NULL, b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT DEFAULT '', b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT DEFAULT 'a', b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT DEFAULT 'A', b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b VARCHAR(3), CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b AS (a), CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b AS (a) STORED, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b TEXT, CHECK (a > 'x'), UNIQUE (a)) STRICT --",
        "a TEXT, b TEXT REFERENCES t, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b TEXT REFERENCES t (a), CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b TEXT REFERENCES t (a) ON DELETE RESTRICT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT, b TEXT REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT PRIMARY KEY, b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a INTEGER PRIMARY KEY, b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT, CHECK (a > 'x'), UNIQUE (a)",
        "a TEXT PRIMARY KEY, b TEXT, CHECK (a > 'x'), UNIQUE (a)) WITHOUT ROWID --",
    ):
        closed = change if change.endswith("--") else f"{change})"
        run(connection, f"DROP TABLE t; CREATE TABLE t ({closed}")
        table = live(connection, "t")
        assert table not in seen, change
        seen.add(table)
    run(connection, "DROP TABLE t; CREATE TABLE t (a TEXT, b TEXT)")
    seen = {live(connection, "t")}
    for index in (
        "INDEX i ON t (a)",
        "UNIQUE INDEX i ON t (a)",
        "INDEX j ON t (a)",
        "INDEX i ON t (a, b)",
        "INDEX i ON t (a DESC)",
        "INDEX i ON t (a COLLATE NOCASE)",
        "INDEX i ON t (lower(a))",
        "INDEX i ON t (lower(a) COLLATE NOCASE)",
        "INDEX i ON t (a) WHERE b > 1",
        "INDEX i ON t (a) WHERE b > 2",
    ):
        run(connection, f"DROP INDEX IF EXISTS i; DROP INDEX IF EXISTS j; CREATE {index}")
        table = live(connection, "t")
        assert table not in seen, index
        seen.add(table)


def test_what_people_write_by_hand(connection: sa.Connection) -> None:
    run(
        connection,
        """
        create table if not exists /* ( , */ People ( -- ) ,
          "Id" integer primary key autoincrement,
          [first name] varchar (20) collate NoCase not null constraint u1 unique,
          `last` Character Varying(20) default "x" -- the comma is below
          , 'age' int constraint positive check (AGE > 0 and People.age<200) default ( - 1 ),
          born datetime default current_timestamp constraint nn not null,
          boss references people on update cascade on delete set null not deferrable,
          "check" decimal( 10 , 2 ) generated always as ((("age"*2))) stored check ("check" is not null),
          unique ([first name], LAST) constraint "c,)" check (age in (1,2) or last like '%),(%')
          constraint fk foreign key (BOSS) references PEOPLE (ID) match full deferrable initially deferred
        );
        create index "people's" on people (LAST collate nocase desc, (age + 1), "First Name") where "last" > 'where (';
        """,
    )
    table = live(connection, "People")
    kinds = {column.name: (column.type.sql, column.default, column.collation) for column in table.columns}
    assert kinds == {
        "Id": ("INTEGER", None, None),
        "first name": ("VARCHAR(20)", None, "NOCASE"),
        "last": ("CHARACTER VARYING(20)", "'x'", None),
        "age": ("INT", "-1", None),
        "born": ("DATETIME", "CURRENT_TIMESTAMP", None),
        "boss": ("", None, None),
        "check": ("DECIMAL(10, 2)", None, None),
    }
    assert [column.name for column in table.columns if not column.nullable] == ["Id", "first name", "born"]
    assert table.options.extra == (("AUTOINCREMENT", ""),)
    assert table.column("check").generated == Generated("age * 2", stored=True)  # type: ignore[union-attr]
    assert table.uniques == (Unique(("first name",), "u1"), Unique(("first name", "last")))
    assert table.checks == (
        Check("age > 0 AND age < 200", "positive"),
        Check('"check" IS NOT NULL'),
        Check("age IN (1, 2) OR \"last\" LIKE '%),(%'", "c,)"),
    )
    assert table.foreign_keys == (
        ForeignKey(("boss",), Name("People"), ("Id",), on_update="CASCADE", on_delete="SET NULL"),
        ForeignKey(
            ("boss",), Name("People"), ("Id",), "fk", match="FULL", deferrable="DEFERRABLE INITIALLY DEFERRED"
        ),
    )
    assert table.indexes == (
        Index(
            (Part("last", descending=True, collation="NOCASE"), Part(None, "age + 1"), Part("first name")),
            "people's",
            where="\"last\" > 'where ('",
        ),
    )


def test_what_cannot_be_represented_is_said_by_name(connection: sa.Connection) -> None:
    run(
        connection,
        """
        CREATE TABLE a (id INTEGER PRIMARY KEY DESC, b TEXT NOT NULL ON CONFLICT IGNORE);
        CREATE TABLE b (id INTEGER, c TEXT, PRIMARY KEY (id, c DESC), UNIQUE (c COLLATE NOCASE) ON CONFLICT FAIL);
        CREATE VIRTUAL TABLE docs USING fts5 (body);
        CREATE TABLE docs_more (x);
        CREATE VIEW v AS SELECT 1;
        """,
    )
    schema = SQLite.connect(connection).inspect(connection).without_kept()
    assert set(schema.tables) == {Name("a"), Name("b"), Name("docs_more")}
    assert sorted(map(str, schema.unsupported)) == [
        'a: the primary key sorts "id" in descending order',
        "b: UNIQUE (c) sorts in an order or collation of its own",
        "b: the primary key sorts in an order or collation of its own",
        "docs: virtual tables are left alone",
    ]
    assert schema.tables[Name("a")].columns[1].on_conflict == "IGNORE"
    assert schema.tables[Name("b")].uniques[0].on_conflict == "FAIL"
    older = SQLite((3, 36, 0)).inspect(connection).without_kept()
    assert set(older.tables) == {Name("a"), Name("b")}


def test_definitions_hold_the_triggers(connection: sa.Connection) -> None:
    run(connection, "CREATE TABLE t (a); CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END")
    schema = SQLite.connect(connection).inspect(connection)
    assert schema.definitions == {Name("t"): ("CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; END",)}


def test_only_some_tables(connection: sa.Connection) -> None:
    run(
        connection,
        """
        CREATE TABLE p (a TEXT, b TEXT, PRIMARY KEY (b, a));
        CREATE TABLE "it's" (x TEXT, y TEXT, FOREIGN KEY (x, y) REFERENCES P);
        CREATE INDEX i ON "it's" (x); CREATE INDEX j ON p (a);
        """,
    )
    dialect = SQLite.connect(connection)
    whole = dialect.inspect(connection)
    for name in whole.tables:
        assert dialect.inspect(connection, only=[name]).tables == {name: whole.tables[name]}
    assert dialect.inspect(connection, only=[]).tables == {}
    assert dialect.inspect(connection, only=[Name("none")]).tables == {}
    assert whole.tables[Name("it's")].foreign_keys[0].target_columns == ("b", "a")


def test_asking_takes_over_the_live_words_where_the_bytecode_is_the_same(connection: sa.Connection) -> None:
    run(
        connection,
        """
        CREATE TABLE t (
          a INTEGER DEFAULT (1 + (2)), b TEXT, c AS ((a) + 1 * 2),
          CHECK (a IS NOT NULL), CONSTRAINT n CHECK (NOT (b = 'x')), CHECK (a < 5)
        );
        CREATE INDEX i ON t (ifnull(a, 0)) WHERE b NOT NULL;
        """,
    )
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("a", sa.Integer, server_default=sa.text("((1) + 2)")),
        sa.Column("b", sa.Text),
        sa.Column("c", sa.types.NullType().with_variant(sa.Integer(), "sqlite"), sa.Computed("a + (1 * 2)")),
        sa.CheckConstraint("a NOTNULL"),
        sa.CheckConstraint("b <> 'x'", name="n"),
        sa.CheckConstraint("a <= 4"),
        sa.Index("i", sa.text("coalesce(a, 0)"), sqlite_where=sa.text("b IS NOT NULL")),
    )
    dialect = SQLite.connect(connection)
    found = live(connection, "t")
    (asked,) = dialect.ask(connection, tuple(read(metadata, dialect).tables.values()))
    assert asked.indexes == found.indexes
    assert asked.column("a") == found.column("a")
    assert asked.column("c").generated == found.column("c").generated  # type: ignore[union-attr]
    assert asked.checks == (Check("a IS NOT NULL"), Check("b != 'x'", "n"), Check("a <= 4"))


def test_a_table_that_sqlite_does_not_create_for_the_asking_comes_back(connection: sa.Connection) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.Integer), sa.CheckConstraint("no_such_function(a)"))
    dialect = SQLite.connect(connection)
    tables = tuple(read(metadata, dialect).tables.values())
    assert dialect.ask(connection, tables) == tables


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database, but long enough to be taken for one\n" * 100)
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection, pytest.raises(DatabaseError, match="not a database"):
        SQLite((3, 40, 1)).inspect(connection)
    engine.dispose()


def test_a_thousand_tables_are_read_quickly(connection: sa.Connection) -> None:
    columns = ", ".join(f"column_{number} VARCHAR(50) DEFAULT '{number}'" for number in range(12))
    script = "".join(
        f"CREATE TABLE t{n} (id INTEGER NOT NULL, {columns}, p_id INTEGER, CONSTRAINT u{n} UNIQUE (column_1),"
        f" PRIMARY KEY (id), FOREIGN KEY (p_id) REFERENCES t0 (id), CHECK (column_2 > 'x'));"
        f"CREATE INDEX ix{n} ON t{n} (column_3);"
        for n in range(1000)
    )
    run(connection, f"BEGIN; {script} COMMIT;")
    dialect = SQLite.connect(connection)
    dialect.inspect(connection)
    started = time.process_time()
    schema = dialect.inspect(connection)
    spent = time.process_time() - started
    assert len(schema.tables) == 1000
    assert spent < 1.5, f"{spent:.2f} s of CPU (0.3 s when this was written)"


def test_the_type_of_a_generated_column_in_older_libraries() -> None:
    assert generated_type("INTEGER GENERATED ALWAYS") == "INTEGER"
    assert generated_type("VARCHAR(20) generated always") == "VARCHAR(20)"
    assert generated_type("GENERATED ALWAYS") == ""
    assert generated_type("INTEGER") == "INTEGER"
