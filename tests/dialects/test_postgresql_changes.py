"""Every change on a real server: forth, quiet, back, quiet, and the rows are still there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from schemadiff.compare.align import align
from schemadiff.compare.comparer import reverse
from schemadiff.operations import AlterColumn, Operation, RenameColumn, RenameTable
from schemadiff.schema import Name
from tests.dialects.postgresql_live import Live, connected, metadata_of

pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.once]

FreshDatabase = Callable[[str], str]


@pytest.fixture
def url(fresh_database: FreshDatabase) -> str:
    return fresh_database("postgresql")


@pytest.fixture
def live(url: str) -> Iterator[Live]:
    with connected(url) as opened:
        yield opened


Elements = Callable[[], list[Any]]


def a_() -> sa.Column[Any]:
    return sa.Column("a", sa.Integer)


def id_() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True)


def plain_id() -> sa.Column[Any]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)


def kind() -> sa.Enum:
    return sa.Enum("a", "b", name="kind")


def text_column(name: str = "s", **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.String(20), **options)


CHANGES: dict[str, tuple[Elements, Elements]] = {
    "nothing to a column": (
        lambda: [id_(), a_()],
        lambda: [id_(), a_(), text_column(nullable=False, server_default="x", comment="it's")],
    ),
    "a generated column": (
        lambda: [id_(), a_()],
        lambda: [id_(), a_(), sa.Column("g", sa.Integer, sa.Computed("a * 2", persisted=True))],
    ),
    "an expression": (
        lambda: [id_(), a_(), sa.Column("g", sa.Integer, sa.Computed("a * 2", persisted=True), index=True)],
        lambda: [
            id_(),
            a_(),
            sa.Column("g", sa.BigInteger, sa.Computed("a * 3", persisted=True), index=True),
        ],
    ),
    "what an expression is computed from": (
        lambda: [
            id_(),
            a_(),
            sa.Column("g", sa.Text, sa.Computed("a::text || 'x'", persisted=True), comment="kept"),
        ],
        lambda: [
            *(id_(), sa.Column("g", sa.Text, sa.Computed("a::text || 'x'", persisted=True), comment="kept")),
            sa.Column("a", sa.BigInteger),
        ],
    ),
    "an expression and what it is computed from": (
        lambda: [id_(), a_(), sa.Column("g", sa.Integer, sa.Computed("a + 1", persisted=True), unique=True)],
        lambda: [
            *(id_(), sa.Column("g", sa.Integer, sa.Computed("b + 1", persisted=True), unique=True)),
            sa.Column("b", sa.Integer, server_default="1"),
        ],
    ),
    "a type and default": (
        lambda: [id_(), sa.Column("a", sa.Integer, server_default="1")],
        lambda: [id_(), sa.Column("a", sa.String(20), server_default="x", nullable=False)],
    ),
    "a type under a check": (
        lambda: [id_(), a_(), sa.CheckConstraint("a IN (1, 2, 3) AND a > 0", name="ck")],
        lambda: [
            id_(),
            sa.Column("a", sa.BigInteger),
            sa.CheckConstraint("a IN (1, 2, 3) AND a > 0", name="ck"),
        ],
    ),
    "varchar under a check": (
        lambda: [id_(), text_column(server_default="x"), sa.CheckConstraint("s IN ('x', 'y')")],
        lambda: [id_(), sa.Column("s", sa.Text, server_default="x"), sa.CheckConstraint("s IN ('x', 'y')")],
    ),
    "a collation": (
        lambda: [id_(), sa.Column("s", sa.Text)],
        lambda: [id_(), sa.Column("s", sa.Text(collation="C"))],
    ),
    "a comment": (lambda: [id_(), a_()], lambda: [id_(), sa.Column("a", sa.Integer, comment="100% 'sure'")]),
    "an array": (
        lambda: [id_(), sa.Column("a", sa.Integer)],
        lambda: [id_(), sa.Column("a", pg.ARRAY(sa.Integer), server_default="{}")],
    ),
    "a serial": (lambda: [plain_id(), a_()], lambda: [id_(), a_()]),
    "a serial's size": (lambda: [id_()], lambda: [sa.Column("id", sa.BigInteger, primary_key=True)]),
    "a serial to an identity": (
        lambda: [id_()],
        lambda: [sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True)],
    ),
    "an identity": (
        lambda: [plain_id()],
        lambda: [sa.Column("id", sa.Integer, sa.Identity(start=3), primary_key=True)],
    ),
    "options of an identity": (
        lambda: [sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)],
        lambda: [
            sa.Column(
                "id", sa.BigInteger, sa.Identity(always=True, increment=7, cycle=True), primary_key=True
            )
        ],
    ),
    "a key": (
        lambda: [plain_id(), a_()],
        lambda: [sa.Column("id", sa.Integer, nullable=False), a_(), sa.PrimaryKeyConstraint("id", "a")],
    ),
    "no key": (lambda: [plain_id()], lambda: [sa.Column("id", sa.Integer)]),
    "constraints": (
        lambda: [
            id_(),
            a_(),
            text_column(),
            sa.UniqueConstraint("a"),
            sa.CheckConstraint("a > 0"),
            sa.CheckConstraint("a > 1"),
        ],
        lambda: [
            *(id_(), a_(), text_column(), sa.UniqueConstraint("a", "s", name="uq", deferrable=True)),
            *(sa.CheckConstraint("a > -1"), sa.CheckConstraint("s LIKE '%x%'", name="like")),
        ],
    ),
    "an index": (
        lambda: [id_(), a_(), text_column()],
        lambda: [id_(), a_(), text_column(), sa.Index("ix", "a", postgresql_where=sa.text("a > 0"))],
    ),
    "the way an index sorts": (
        lambda: [id_(), a_(), sa.Index("ix", "a")],
        lambda: [id_(), a_(), sa.Index("ix", sa.column("a").desc())],
    ),
    "a key to the table itself": (
        lambda: [plain_id(), a_()],
        lambda: [
            plain_id(),
            a_(),
            sa.Index("ux", "a", unique=True),
            sa.ForeignKeyConstraint(["id"], ["t.a"], initially="DEFERRED"),
        ],
    ),
    "an enum": (
        lambda: [id_(), text_column("k", server_default="a")],
        lambda: [id_(), sa.Column("k", kind(), server_default="a")],
    ),
    "a first enum": (
        lambda: [id_()],
        lambda: [id_(), sa.Column("k", kind(), server_default="b", nullable=False)],
    ),
    "a member": (
        lambda: [id_(), sa.Column("k", kind(), server_default="a"), sa.CheckConstraint("k <> 'b'")],
        lambda: [
            id_(),
            sa.Column("k", sa.Enum("z", "a", "b", "c", name="kind"), server_default="a"),
            sa.CheckConstraint("k <> 'b'"),
        ],
    ),
    "members, and what uses them": (
        lambda: [
            *(
                id_(),
                sa.Column("k", kind(), server_default="a"),
                sa.Column("l", sa.ARRAY(kind()), server_default="{a,b}"),
            ),
            *(sa.CheckConstraint("k <> 'b'"), sa.Index("ix", "id", postgresql_where=sa.text("k = 'a'"))),
            *(sa.Index("plain", "k"), sa.UniqueConstraint("k")),
        ],
        lambda: [
            id_(),
            sa.Column("k", sa.Enum("b", "new one", "a", name="kind"), server_default="new one"),
            sa.Column("l", sa.ARRAY(sa.Enum("b", "new one", "a", name="kind")), server_default="{a,b}"),
            sa.CheckConstraint("k <> 'b'"),
            sa.Index("ix", "id", postgresql_where=sa.text("k = 'a'")),
            *(sa.Index("plain", "k"), sa.UniqueConstraint("k")),
        ],
    ),
    "an enum for another": (
        lambda: [id_(), sa.Column("k", kind())],
        lambda: [id_(), sa.Column("k", sa.Enum("a", "b", name="Other %"))],
    ),
    "many things at once": (
        lambda: [
            id_(),
            a_(),
            text_column("gone", server_default="x"),
            sa.UniqueConstraint("a"),
            sa.Index("ix", "gone"),
        ],
        lambda: [
            *(
                id_(),
                sa.Column("a", sa.BigInteger, nullable=False, server_default="7"),
                text_column("new", index=True),
            ),
            *(sa.CheckConstraint("a > 0"), sa.UniqueConstraint("new", "a")),
        ],
    ),
}


VALUES = {"id": "2", "a": "2", "s": "'x'", "k": "'a'"}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_goes_forth_and_back_and_keeps_the_rows(live: Live, name: str) -> None:
    before, after = (metadata_of(*elements()) for elements in CHANGES[name])
    live.carry_out(live.differences(before))
    assert live.differences(before) == ()
    first = live.inspect()
    columns = [column.name for column in first.tables[Name("t")].columns if column.name in VALUES]
    if name != "an array":  # a number is none
        live.run(f"INSERT INTO t ({', '.join(columns)}) VALUES ({', '.join(VALUES[one] for one in columns)})")
    kept = ", ".join(one for one in columns if one in after.tables["t"].columns)
    rows = live.rows(f"SELECT {kept} FROM t")

    operations = live.differences(after)
    assert operations
    live.carry_out(operations)
    assert live.differences(after) == ()
    assert live.rows("SELECT count(*) FROM t") == [(len(rows),)]

    live.carry_out(reverse(operations))
    assert live.differences(before) == ()
    assert live.inspect().tables == align(live.inspect(), first, live.dialect).tables
    assert live.inspect().enums == first.enums
    assert live.rows(f"SELECT {kept} FROM t") == rows


def test_a_longer_string_type_leaves_checks_and_indexes_alone(live: Live) -> None:
    def models(kind: sa.types.TypeEngine[Any]) -> sa.MetaData:
        check = sa.CheckConstraint("s IN ('x', 'y') AND length(s) > 0")
        index = sa.Index("ix", sa.text("lower(s)"), postgresql_where=sa.text("s <> ''"))
        return metadata_of(id_(), sa.Column("s", kind, server_default="x"), check, index)

    live.carry_out(live.differences(models(sa.String(20))))
    for kind in (sa.String(30), sa.Text(), sa.String(20)):
        operations = live.differences(models(kind))
        assert [type(one) for one in operations] == [AlterColumn]
        live.carry_out(operations)
        assert live.differences(models(kind)) == ()


def test_counting_goes_on_where_it_was(live: Live) -> None:
    serial, identity = (
        metadata_of(id_(), a_()),
        metadata_of(sa.Column("id", sa.Integer, sa.Identity(), primary_key=True), a_()),
    )
    live.carry_out(live.differences(serial))
    live.run("INSERT INTO t (a) VALUES (1), (2)")
    for metadata in (identity, serial, metadata_of(plain_id(), a_()), identity):
        live.carry_out(live.differences(metadata))
        if metadata is not identity and metadata is not serial:
            continue
        live.run("INSERT INTO t (a) VALUES (3)")
    assert [row[0] for row in live.rows("SELECT id FROM t ORDER BY id")] == [1, 2, 3, 4, 5]


def test_a_sequence_is_found_under_whatever_name(live: Live) -> None:
    live.carry_out(live.differences(metadata_of(id_())))
    live.run(
        "ALTER TABLE t RENAME TO u",
        "ALTER TABLE u RENAME TO t",
        'ALTER SEQUENCE t_id_seq RENAME TO "odd\'s one"',
    )
    assert live.differences(metadata_of(id_())) == ()
    live.carry_out(live.differences(metadata_of(sa.Column("id", sa.BigInteger, primary_key=True))))
    assert live.rows("SELECT data_type::text FROM pg_sequences") == [("bigint",)]
    live.carry_out(live.differences(metadata_of(plain_id())))
    assert live.rows("SELECT data_type::text FROM pg_sequences") == []


def test_an_enum_that_two_tables_share_is_changed_once(live: Live) -> None:
    def models(*members: str, second: bool = True) -> sa.MetaData:
        metadata = sa.MetaData()
        for name in ("one", "two") if second else ("one",):
            kind = sa.Enum(*members, name="kind")
            sa.Table(name, metadata, id_(), sa.Column("k", kind, server_default=members[0]))
        return metadata

    live.carry_out(live.differences(models("a", "b", second=False)))
    live.run("INSERT INTO one VALUES (1, 'b')")
    # The type grows before the table that needs the new member is created.
    operations = live.differences(models("a", "b", "c"))
    live.carry_out(operations)
    assert live.differences(models("a", "b", "c")) == ()
    operations = live.differences(models("c", "b"))
    statements = live.carry_out(operations)
    assert sum(statement.startswith("CREATE TYPE") for statement in statements) == 1
    assert live.differences(models("c", "b")) == ()
    live.carry_out(reverse(operations))
    assert live.differences(models("a", "b", "c")) == ()
    assert live.inspect().enums == {Name("kind"): ("a", "b", "c")}
    live.carry_out(live.differences(sa.MetaData()))
    assert live.inspect().enums == {}


def test_a_type_that_is_left_over_is_used(live: Live) -> None:
    live.run(
        "CREATE TYPE kind AS ENUM ('a', 'b')",
        "CREATE FUNCTION f(kind) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    models = metadata_of(id_(), sa.Column("k", kind()))
    live.carry_out(live.differences(models))
    assert live.differences(models) == ()


def test_hostile_names(live: Live) -> None:
    names = [
        'quo"te',
        "select",
        "semi;colon",
        "100%s %(x)s",
        "it's",
        "Mixed Case",
        "back\\slash",
        "naïve",
        "a.b",
        "$do$",
    ]
    metadata = sa.MetaData()
    first = None
    for name in names:
        table = sa.Table(
            name,
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            *(sa.Column(one, sa.Integer, comment=one, server_default="1") for one in names),
            sa.Column("kind", sa.Enum(*names, name=f"type of {name}"), server_default=names[0]),
            sa.UniqueConstraint(name),
            sa.Index(f"ix {name}", name),
            sa.CheckConstraint(sa.column(name) > 0, name=f"ck {name}"),
            comment=name,
        )
        if first is not None:
            table.append_constraint(sa.ForeignKeyConstraint([name], [first.c.id], name=f"fk {name}"))
        first = table
    operations = live.differences(metadata)
    live.carry_out(operations)
    assert live.differences(metadata) == ()
    changed = sa.MetaData()
    for table in metadata.tables.values():
        copy = table.to_metadata(changed)
        copy.append_column(sa.Column("more", sa.Integer, comment="m'"))
        column = copy.c[table.name]
        column.type, column.comment, column.server_default = sa.BigInteger(), None, None
    alterations = live.differences(changed)
    live.carry_out(alterations)
    assert live.differences(changed) == ()
    live.carry_out(reverse(alterations))
    assert live.differences(metadata) == ()
    renames: tuple[Operation, ...] = (
        RenameColumn(Name('quo"te'), "100%s %(x)s", 'n"'),
        RenameTable(Name("it's"), Name('"')),
    )
    live.carry_out(renames)
    live.carry_out(reverse(renames))
    assert live.differences(metadata) == ()
    live.carry_out(reverse(operations))
    assert live.inspect().tables == {}
