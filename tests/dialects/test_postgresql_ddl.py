"""The text of PostgreSQL's statements, without a server."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from schemadiff.compare.comparer import compare, reverse
from schemadiff.compare.pairing import in_place
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.postgresql.sql.create import made_name
from schemadiff.errors import UnsupportedError
from schemadiff.models.reader import read
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
    Identity,
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
T = Name("t")
INTEGER = Type("integer")
TEXT = Type("text")


def sql(*operations: Operation, before: Schema | None = None, dialect: PostgreSQL = SERVER) -> list[str]:
    before = before or schema(Table(T, ()))
    operations = in_place(operations, before, dialect)
    return [statement.sql for statement in dialect.statements(operations, before)]


def schema(*tables: Table) -> Schema:
    return Schema({table.name: table for table in tables})


def altered(before: Column, **changes: object) -> AlterColumn:
    return AlterColumn(T, before, dataclasses.replace(before, **changes))  # type: ignore[arg-type]


# statements


def test_create_table_is_laid_out_for_reading() -> None:
    metadata = sa.MetaData()
    sa.Table(
        "user",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, comment="it's the key"),
        sa.Column("email", sa.String(100), nullable=False, unique=True, server_default="a\\b"),
        sa.Column("kind", sa.Enum("it's", "b", name="Kind"), server_default="b"),
        sa.Column("manager", sa.ForeignKey("user.id", ondelete="SET NULL"), index=True),
        sa.CheckConstraint("length(email) > 3", name="long enough"),
        comment="people",
    )
    table = read(metadata, SERVER).tables[Name("user")]
    assert sql(CreateTable(table)) == [
        """CREATE TYPE "Kind" AS ENUM ('it''s', 'b')""",
        """CREATE TABLE "user" (
  "id" serial NOT NULL,
  "email" character varying(100) DEFAULT 'a\\b'::character varying NOT NULL,
  "kind" "Kind" DEFAULT 'b'::"Kind",
  "manager" integer,
  PRIMARY KEY ("id"),
  UNIQUE ("email"),
  CONSTRAINT "long enough" CHECK (length(email) > 3),
  FOREIGN KEY ("manager") REFERENCES "user" ("id") ON DELETE SET NULL
)""",
        'CREATE INDEX "ix_user_manager" ON "user" ("manager")',
        """COMMENT ON TABLE "user" IS 'people'""",
        """COMMENT ON COLUMN "user"."id" IS 'it''s the key'""",
    ]
    assert sql(DropTable(table), before=schema(table)) == ['DROP TABLE "user"', 'DROP TYPE "Kind"']


def test_what_can_share_a_statement_does() -> None:
    before = schema(
        Table(
            T,
            (Column("a", INTEGER), Column("b", INTEGER), Column("c", INTEGER)),
            uniques=(Unique(("a",), "t_a_key"),),
            checks=(Check("b > 0", "t_b_check1"),),
            indexes=(Index((Part("b"),), "old"),),
        )
    )
    operations = (
        DropConstraint(T, Check("b > 0")),
        DropConstraint(T, Unique(("a",))),
        DropIndex(T, Index((Part("b"),))),
        AddColumn(T, Column("d", TEXT, nullable=False, default="'x'::text", comment="new")),
        AlterColumn(T, Column("a", INTEGER), Column("a", INTEGER, nullable=False)),
        DropColumn(T, Column("c", INTEGER)),
        AddConstraint(T, PrimaryKey(("a",))),
        CreateIndex(T, Index((Part("b", descending=True),), "new", where="b > 0")),
        AddConstraint(T, Unique(("d",), "uq", "DEFERRABLE INITIALLY DEFERRED", nulls_distinct=False)),
    )
    statements = SERVER.statements(operations, before)
    assert [statement.sql for statement in statements] == [
        'DROP INDEX "old"',
        'ALTER TABLE "t"\n'
        '  DROP CONSTRAINT "t_b_check1",\n'
        '  DROP CONSTRAINT "t_a_key",\n'
        "  ADD COLUMN \"d\" text DEFAULT 'x'::text NOT NULL,\n"
        '  ALTER COLUMN "a" SET NOT NULL,\n'
        '  DROP COLUMN "c",\n'
        '  ADD PRIMARY KEY ("a"),\n'
        '  ADD CONSTRAINT "uq" UNIQUE NULLS NOT DISTINCT ("d") DEFERRABLE INITIALLY DEFERRED',
        """COMMENT ON COLUMN "t"."d" IS 'new'""",
        'CREATE INDEX "new" ON "t" ("b" DESC) WHERE b > 0',
    ]
    carried = {operation for statement in statements for operation in statement.operations}
    assert carried == set(operations)


def test_renames_stand_alone() -> None:
    assert sql(
        RenameColumn(T, "a", 'b"c'),
        AddColumn(T, Column("a", INTEGER)),
        RenameTable(T, Name("u", "other")),
        RenameTable(Name("u", "other"), Name("u")),
    ) == [
        'ALTER TABLE "t" RENAME COLUMN "a" TO "b""c"',
        'ALTER TABLE "t" ADD COLUMN "a" integer',
        'ALTER TABLE "t" SET SCHEMA "other"',
        'ALTER TABLE "other"."t" RENAME TO "u"',
        'ALTER TABLE "other"."u" SET SCHEMA "public"',
    ]


def test_an_operation_is_not_carried_out_before_the_one_it_follows() -> None:
    unique = Unique(("a",), "uq")
    assert sql(AddConstraint(T, unique), DropConstraint(T, unique)) == [
        'ALTER TABLE "t" ADD CONSTRAINT "uq" UNIQUE ("a")',
        'ALTER TABLE "t" DROP CONSTRAINT "uq"',
    ]
    column = Column("a", INTEGER)
    assert len(sql(DropColumn(T, column), AddColumn(T, column))) == 2


def test_a_foreign_key_to_the_table_itself_goes_before_its_index_and_comes_after() -> None:
    key = ForeignKey(("b",), T, ("a",), "fk")
    index = Index((Part("a"),), "ix", unique=True)
    assert sql(DropIndex(T, index), DropConstraint(T, key)) == [
        'ALTER TABLE "t" DROP CONSTRAINT "fk"',
        'DROP INDEX "ix"',
    ]
    assert sql(AddConstraint(T, key), CreateIndex(T, index)) == [
        'CREATE UNIQUE INDEX "ix" ON "t" ("a")',
        'ALTER TABLE "t" ADD CONSTRAINT "fk" FOREIGN KEY ("b") REFERENCES "t" ("a")',
    ]


def test_a_foreign_key_to_the_table_itself_is_not_renamed_while_its_key_goes() -> None:
    unnamed = ForeignKey(("b",), T, ("a",))
    named = dataclasses.replace(unnamed, name="fk")
    changed = (DropConstraint(T, unnamed), AddConstraint(T, named))
    assert sql(*changed) == ['ALTER TABLE "t" RENAME CONSTRAINT "t_b_fkey" TO "fk"']
    drop, add = changed
    keys = (DropConstraint(T, PrimaryKey(("a",), "pk")), AddConstraint(T, PrimaryKey(("a",))))
    assert sql(drop, *keys, add) == [
        'ALTER TABLE "t"\n'
        '  DROP CONSTRAINT "t_b_fkey",\n'
        '  DROP CONSTRAINT "pk",\n'
        '  ADD PRIMARY KEY ("a"),\n'
        '  ADD CONSTRAINT "fk" FOREIGN KEY ("b") REFERENCES "t" ("a")'
    ]


@pytest.mark.parametrize(
    ("constraint", "name"),
    [
        (PrimaryKey(("a",)), "t_pkey"),
        (Unique(("a", "b")), "t_a_b_key"),
        (ForeignKey(("a",), Name("u"), ("id",)), "t_a_fkey"),
        (Check("a > 0"), "t_a_check"),
        (Check("a > b"), "t_check"),
    ],
)
def test_what_has_no_name_is_dropped_under_the_servers(
    constraint: PrimaryKey | Unique | ForeignKey | Check, name: str
) -> None:
    before = schema(Table(T, (Column("a", INTEGER), Column("b", INTEGER))))
    assert sql(DropConstraint(T, constraint), before=before) == [f'ALTER TABLE "t" DROP CONSTRAINT "{name}"']


def test_long_names_are_cut_as_the_server_cuts_them() -> None:
    assert made_name("t" * 60, "c" * 60, "key") == f"{'t' * 29}_{'c' * 29}_key"
    assert made_name("t" * 70, "c", "fkey") == f"{'t' * 56}_c_fkey"
    assert made_name("é" * 40, "", "pkey") == f"{'é' * 29}_pkey"


@pytest.mark.parametrize(
    ("before", "after", "clauses"),
    [
        ("character varying(50)", "character varying(100)", "TYPE character varying(100)"),
        ("text", "character varying(5)", "TYPE character varying(5)"),
        ("integer", "bigint", "TYPE bigint"),
        ("integer", "text", "TYPE text"),
        ("text", "integer", 'TYPE integer USING "c"::integer'),
        ("integer", "boolean", 'TYPE boolean USING "c"::boolean'),
        ("bigint", "boolean", 'TYPE boolean USING "c" <> 0'),
        ("boolean", "bigint", 'TYPE bigint USING "c"::integer::bigint'),
        ("bytea", "uuid", 'TYPE uuid USING "c"::text::uuid'),
        ("integer[]", "text[]", "TYPE text[]"),
        ("text[]", "integer[]", 'TYPE integer[] USING "c"::integer[]'),
        ("jsonb", "json", "TYPE json"),
        ("date", "timestamp with time zone", "TYPE timestamp with time zone"),
        ("interval", "bigint", 'TYPE bigint USING extract(epoch from "c")::bigint'),
        ("interval", "interval year", "TYPE interval year"),
        (
            "integer",
            "integer[]",
            'TYPE integer[] USING CASE WHEN "c" IS NOT NULL THEN ARRAY["c"]::integer[] END',
        ),
        ("integer[]", "integer", "TYPE integer USING trim(both '{}' from \"c\"::text)::integer"),
        ("text[]", "jsonb", 'TYPE jsonb USING to_jsonb("c")'),
        ("date", "jsonb", 'TYPE jsonb USING to_jsonb("c")'),
        ("uuid", "character(32)", "TYPE character(32) USING replace(\"c\"::text, '-', '')"),
        ("money", "integer", 'TYPE integer USING "c"::numeric::integer'),
        ("bit(3)", "bit(5)", 'TYPE bit(5) USING "c"::bit(5)'),
        ("bit(5)", "bit(3)", "TYPE bit(3)"),
    ],
)
def test_using_is_written_where_the_server_finds_no_way(before: str, after: str, clauses: str) -> None:
    operation = altered(Column("c", Type(before)), type=Type(after))
    assert sql(operation) == [f'ALTER TABLE "t" ALTER COLUMN "c" {clauses}']


def test_a_default_is_set_again_when_the_kind_of_type_changes() -> None:
    column = Column("c", Type("character varying(5)"), default="'1'::character varying")
    assert sql(altered(column, type=INTEGER, default="1")) == [
        'ALTER TABLE "t"\n'
        '  ALTER COLUMN "c" DROP DEFAULT,\n'
        '  ALTER COLUMN "c" TYPE integer USING "c"::integer,\n'
        '  ALTER COLUMN "c" SET DEFAULT 1'
    ]
    assert sql(altered(column, type=Type("character varying(9)"))) == [
        'ALTER TABLE "t" ALTER COLUMN "c" TYPE character varying(9)'
    ]


def test_only_what_differs_is_altered() -> None:
    column = Column("c", TEXT, default="'x'::text", comment="old", collation="C")
    assert sql(altered(column, nullable=False)) == ['ALTER TABLE "t" ALTER COLUMN "c" SET NOT NULL']
    assert sql(altered(column, default=None)) == ['ALTER TABLE "t" ALTER COLUMN "c" DROP DEFAULT']
    assert sql(altered(column, default="lower('A'::text) || '%'::text")) == [
        "ALTER TABLE \"t\" ALTER COLUMN \"c\" SET DEFAULT (lower('A'::text) || '%'::text)"
    ]
    assert sql(altered(column, comment=None)) == ['COMMENT ON COLUMN "t"."c" IS NULL']
    assert sql(altered(column, collation=None)) == ['ALTER TABLE "t" ALTER COLUMN "c" TYPE text']
    assert sql(altered(column, collation="POSIX")) == [
        'ALTER TABLE "t" ALTER COLUMN "c" TYPE text COLLATE "POSIX"'
    ]


def test_counting_columns_go_on_after_the_rows_that_are_there() -> None:
    plain = Column("id", INTEGER, nullable=False)
    last = (
        """SELECT setval(pg_get_serial_sequence('"t"', 'id'), greatest(max("id") + 1, 1), false) FROM "t\""""
    )
    serial, identity = {"autoincrement": True}, {"identity": Identity(always=True, increment=2)}
    assert sql(altered(plain, **serial)) == [
        'CREATE SEQUENCE IF NOT EXISTS "t_id_seq" AS integer OWNED BY "t"."id"',
        """ALTER TABLE "t" ALTER COLUMN "id" SET DEFAULT nextval('"t_id_seq"'::regclass)""",
        last,
    ]
    assert sql(altered(plain, **identity)) == [
        'ALTER TABLE "t" ALTER COLUMN "id" ADD GENERATED ALWAYS AS IDENTITY (INCREMENT BY 2)',
        last,
    ]
    assert sql(altered(plain, **serial).reverse()) == [
        'ALTER TABLE "t" ALTER COLUMN "id" DROP DEFAULT',
        """DO $do$ BEGIN EXECUTE 'DROP SEQUENCE ' || pg_get_serial_sequence('"t"', 'id'); END $do$""",
    ]
    assert sql(altered(plain, **identity).reverse()) == ['ALTER TABLE "t" ALTER COLUMN "id" DROP IDENTITY']


def test_options_of_an_identity_are_set_one_by_one() -> None:
    column = Column("id", INTEGER, nullable=False, identity=Identity(start=5, maximum=100, cycle=True))
    assert sql(altered(column, identity=Identity(always=True, increment=3, cache=4))) == [
        'ALTER TABLE "t" ALTER COLUMN "id" SET GENERATED ALWAYS SET INCREMENT BY 3 SET NO MAXVALUE '
        "SET START WITH 1 SET CACHE 4 SET NO CYCLE"
    ]


def test_a_generated_expression_changes_in_place_from_version_17() -> None:
    column = Column("g", INTEGER, generated=Generated("a + 1", stored=True))
    operation = altered(column, generated=Generated("a + 2", stored=True))
    before = schema(
        Table(
            T, (Column("a", INTEGER), column), uniques=(Unique(("g",), "uq"),), checks=(Check("g > 0", "ck"),)
        )
    )
    assert sql(operation, before=before, dialect=PostgreSQL(17)) == [
        'ALTER TABLE "t" ALTER COLUMN "g" SET EXPRESSION AS (a + 2)'
    ]
    assert sql(operation, before=before) == [
        'ALTER TABLE "t"\n  DROP COLUMN "g",\n  ADD COLUMN "g" integer GENERATED ALWAYS AS (a + 2) STORED',
        'ALTER TABLE "t" ADD CONSTRAINT "uq" UNIQUE ("g")',
        'ALTER TABLE "t" ADD CONSTRAINT "ck" CHECK (g > 0)',
    ]
    assert sql(altered(column, generated=None)) == ['ALTER TABLE "t" ALTER COLUMN "g" DROP EXPRESSION']
    assert sql(altered(column, generated=None).reverse()) == [
        'ALTER TABLE "t"\n  DROP COLUMN "g",\n  ADD COLUMN "g" integer GENERATED ALWAYS AS (a + 1) STORED'
    ]


def test_options_of_a_table() -> None:
    before = Options(extra=(("WITH", "autovacuum_enabled=off, fillfactor=70"),))
    after = Options(comment="c", extra=(("TABLESPACE", "fast"), ("WITH", "fillfactor=80")))
    assert sql(AlterTable(T, before, after)) == [
        'ALTER TABLE "t"\n  SET TABLESPACE "fast",\n  SET (fillfactor = 80),\n  RESET (autovacuum_enabled)',
        """COMMENT ON TABLE "t" IS 'c'""",
    ]
    with pytest.raises(UnsupportedError, match="how a table is partitioned"):
        sql(AlterTable(T, before, Options(extra=(("PARTITION_BY", "RANGE (a)"),))))


# enumerated types


def enum(*members: str, default: str | None = None, name: str = "kind") -> Column:
    return Column("c", Type("kind", members), default=default and f"'{default}'::kind")


def with_kind(*names: str, members: tuple[str, ...]) -> Schema:
    return schema(*(Table(Name(name), (enum(*members),)) for name in names))


def test_members_are_added_where_that_is_all() -> None:
    assert sql(AlterColumn(T, enum("b"), enum("a", "b", "it's")), before=with_kind("t", members=("b",))) == [
        """ALTER TYPE "kind" ADD VALUE 'a' BEFORE 'b'""",
        """ALTER TYPE "kind" ADD VALUE 'it''s' AFTER 'b'""",
    ]


def test_a_type_is_built_anew_once_for_all_its_columns() -> None:
    before = with_kind("t", "u", members=("a", "b"))
    first = AlterColumn(T, enum("a", "b"), enum("b", "a", default="b"))
    assert sql(first, before=before) == [
        'ALTER TYPE "kind" RENAME TO "kind_schemadiff_old"',
        """CREATE TYPE "kind" AS ENUM ('b', 'a')""",
        'ALTER TABLE "u" ALTER COLUMN "c" TYPE "kind" USING "c"::text::"kind"',
        'ALTER TABLE "t"\n  ALTER COLUMN "c" TYPE "kind" USING "c"::text::"kind",\n'
        "  ALTER COLUMN \"c\" SET DEFAULT 'b'::kind",
        'DROP TYPE "kind_schemadiff_old"',
    ]
    second = AlterColumn(Name("u"), enum("a", "b"), enum("b", "a"))
    assert sql(second, before=first.apply(before)) == []


def test_a_member_that_is_used_at_once_needs_a_new_type() -> None:
    statements = sql(
        AlterColumn(T, enum("a"), enum("a", "b", default="b")), before=with_kind("t", members=("a",))
    )
    assert statements[0] == 'ALTER TYPE "kind" RENAME TO "kind_schemadiff_old"'


def test_what_compares_with_the_old_members_is_made_again() -> None:
    table = Table(
        T,
        (enum("a", "b"), Column("d", INTEGER)),
        checks=(Check("c <> 'a'::kind", "ck"), Check("d > 0", "other")),
        indexes=(Index((Part("d"),), "ix", where="c = 'a'::kind"), Index((Part("c"),), "plain")),
    )
    assert sql(AlterColumn(T, enum("a", "b"), enum("a")), before=schema(table)) == [
        'ALTER TABLE "t" DROP CONSTRAINT "ck"',
        'DROP INDEX "ix"',
        'ALTER TYPE "kind" RENAME TO "kind_schemadiff_old"',
        """CREATE TYPE "kind" AS ENUM ('a')""",
        'ALTER TABLE "t" ALTER COLUMN "c" TYPE "kind" USING "c"::text::"kind"',
        """ALTER TABLE "t" ADD CONSTRAINT "ck" CHECK (c <> 'a'::kind)""",
        """CREATE INDEX "ix" ON "t" ("d") WHERE c = 'a'::kind""",
        'DROP TYPE "kind_schemadiff_old"',
    ]


def test_a_type_comes_with_its_first_column_and_goes_with_its_last() -> None:
    plain = Table(Name("u"), (Column("d", INTEGER),))
    one = schema(plain, Table(T, (enum("a"),)))
    add = AddColumn(Name("u"), enum("a"))
    assert sql(add, before=one) == ['ALTER TABLE "u" ADD COLUMN "c" "kind"']
    assert sql(add, before=schema(plain))[0] == """CREATE TYPE "kind" AS ENUM ('a')"""
    both = add.apply(one)
    drop = DropColumn(T, enum("a"))
    assert sql(drop, before=both) == ['ALTER TABLE "t" DROP COLUMN "c"']
    assert sql(add.reverse(), before=drop.apply(both)) == [
        'ALTER TABLE "u" DROP COLUMN "c"',
        'DROP TYPE "kind"',
    ]
    assert sql(altered(enum("a"), type=TEXT), before=one) == [
        'ALTER TABLE "t" ALTER COLUMN "c" TYPE text',
        'DROP TYPE "kind"',
    ]


def test_a_type_that_no_column_has_may_be_there_all_the_same() -> None:
    live = dataclasses.replace(with_kind(members=()), enums={Name("kind"): ("a",)})
    table = Table(T, (enum("a"),))
    assert sql(CreateTable(table), before=live)[0] == (
        """DO $do$ BEGIN IF to_regtype('"kind"') IS NULL THEN """
        """CREATE TYPE "kind" AS ENUM ('a'); END IF; END $do$"""
    )
    other = Table(T, (enum("b"),))
    assert sql(CreateTable(other), before=live)[:2] == [
        'DROP TYPE IF EXISTS "kind"',
        """CREATE TYPE "kind" AS ENUM ('b')""",
    ]


def test_every_operation_and_its_reverse_has_sql() -> None:
    one, other = sa.MetaData(), sa.MetaData()
    sa.Table("t", one, sa.Column("a", sa.Integer, primary_key=True), sa.Column("b", sa.Text, unique=True))
    sa.Table("t", other, sa.Column("a", sa.BigInteger, primary_key=True), sa.Column("c", sa.Text, index=True))
    current, desired = read(one, SERVER), read(other, SERVER)
    operations = compare(current, desired, SERVER)
    assert sql(*operations, before=current)
    assert sql(*reverse(operations), before=desired)
