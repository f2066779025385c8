"""Indexes and constraints that get another name, or change in place: said so in revisions, carried out so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemadiff.compare import comparer
from schemadiff.compare.pairing import in_place
from schemadiff.dialects import Dialect
from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.mariadb import MariaDB
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.errors import RevisionError
from schemadiff.execute import revision_run
from schemadiff.models.reader import read
from schemadiff.operations import Operation
from schemadiff.planning import planner
from schemadiff.revisions import files
from schemadiff.revisions.writer import revision as writer
from schemadiff.schema import Schema

SERVERS: tuple[type[Dialect], ...] = (MySQL, MariaDB, PostgreSQL)


def table(*elements: sa.schema.SchemaItem) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column(name, sa.Integer) for name in ("a", "b", "c")]
    sa.Table("other", metadata, sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns, *elements)
    return metadata


def said(operations: Sequence[Operation], dialect: Dialect) -> list[str]:
    """Return the statements of `upgrade` that say the operations."""
    text = writer.write(operations, "change", dialect)
    return [line.strip() for line in text.partition("def upgrade(op):\n")[2].splitlines()]


def between(dialect: Dialect, before: sa.MetaData, after: sa.MetaData) -> list[str]:
    return said(comparer.compare(read(before, dialect), read(after, dialect), dialect), dialect)


def both_ways(
    folder: Path, dialect: Dialect, before: sa.MetaData, *lines: str
) -> tuple[list[str], list[str]]:
    """Return the SQL that applies a revision file of these lines to the tables, and the SQL that rolls it back."""
    path = folder / "0001_change.py"
    body = "\n".join(f"    {line}" for line in lines)
    path.write_text(f'"""change"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n{body}\n')
    (revision,) = files.load(folder)
    start = read(before, dialect)
    operations, end = revision.record(start, dialect)
    back = revision_run.reversal(operations, revision, end, dialect)
    return _sql(operations, start, dialect), _sql(back, end, dialect)


def _sql(operations: Sequence[Operation], schema: Schema, dialect: Dialect) -> list[str]:
    return [" ".join(one.split()) for one in planner.plan(operations, schema, dialect).statements]


@pytest.mark.parametrize("product", SERVERS)
def test_a_renamed_index_is_said_so(product: type[Dialect]) -> None:
    before, after = table(sa.Index("x", "a")), table(sa.Index("y", "a"))
    assert between(product.offline(), before, after) == ['op.rename_index("item", "x", "y")']


def test_what_sqlite_makes_again_it_says_so() -> None:
    before, after = table(sa.Index("x", "a")), table(sa.Index("y", "a"))
    assert between(SQLite.offline(), before, after) == [
        'op.drop_index("item", sa.Index("x", "a"))',
        'op.create_index("item", sa.Index("y", "a"))',
    ]


@pytest.mark.parametrize("product", [MySQL, MariaDB])
def test_a_hidden_index_is_altered(product: type[Dialect]) -> None:
    hidden = sa.Index("x", "a", info={"schemadiff": {"visible": False}})
    assert between(product.offline(), table(sa.Index("x", "a")), table(hidden)) == [
        "op.alter_index(",
        '"item",',
        'sa.Index("x", "a"),',
        'sa.Index("x", "a", info={"schemadiff": {"visible": False}}),',
        ")",
    ]


def test_a_constraint_that_is_renamed_and_commented_is_two_changes() -> None:
    before = table(sa.UniqueConstraint("a", name="x"))
    after = table(sa.UniqueConstraint("a", name="y", comment="why"))
    assert between(PostgreSQL.offline(), before, after) == [
        'op.rename_constraint("item", "x", "y")',
        "op.alter_constraint(",
        '"item",',
        'sa.UniqueConstraint("a", name="y"),',
        'sa.UniqueConstraint("a", name="y", comment="why"),',
        ")",
    ]


@pytest.mark.parametrize("product", [MySQL, MariaDB])
def test_a_name_that_is_given_up_can_be_taken(product: type[Dialect]) -> None:
    chain = table(sa.Index("x", "a"), sa.Index("y", "b")), table(sa.Index("y", "a"), sa.Index("z", "b"))
    assert between(product.offline(), *chain) == [
        'op.rename_index("item", "y", "z")',
        'op.rename_index("item", "x", "y")',
    ]
    freed = table(sa.Index("x", "a"), sa.Index("y", "b")), table(sa.Index("y", "a"))
    assert between(product.offline(), *freed) == [
        'op.drop_index("item", sa.Index("y", "b"))',
        'op.rename_index("item", "x", "y")',
    ]


@pytest.mark.parametrize("product", [MySQL, MariaDB])
def test_of_two_indexes_that_swap_names_one_is_made_again(product: type[Dialect]) -> None:
    before = table(sa.Index("x", "a"), sa.Index("y", "b"))
    after = table(sa.Index("y", "a"), sa.Index("x", "b"))
    assert between(product.offline(), before, after) == [
        'op.drop_index("item", sa.Index("x", "a"))',
        'op.rename_index("item", "y", "x")',
        'op.create_index("item", sa.Index("y", "a"))',
    ]


def test_a_name_that_goes_and_comes_again_keeps_what_was_set_on_it() -> None:
    """PostgreSQL: a comment or the REPLICA IDENTITY is given again by the name of the index."""
    before = table(sa.Index("x", "a"), sa.Index("y", "b"))
    assert between(PostgreSQL.offline(), before, table(sa.Index("y", "a"))) == [
        'op.drop_index("item", sa.Index("x", "a"))',
        'op.drop_index("item", sa.Index("y", "b"))',
        'op.create_index("item", sa.Index("y", "a"))',
    ]


@pytest.mark.parametrize("positions", ["drop, rename, create", "drop, create, rename"])
def test_what_a_file_renames_ends(positions: str, tmp_path: Path) -> None:
    """A change in place that is given, beside a drop and an addition that could be one."""
    lines = {
        "drop": 'op.drop_index("item", sa.Index("x", "a"))',
        "rename": 'op.rename_index("item", "y", "x")',
        "create": 'op.create_index("item", sa.Index("y2", "a"))',
    }
    before = table(sa.Index("x", "a"), sa.Index("y", "b"))
    up, down = both_ways(
        tmp_path, PostgreSQL.offline(), before, *(lines[one] for one in positions.split(", "))
    )
    assert sorted(up) == ['ALTER INDEX "x" RENAME TO "y2"', 'ALTER INDEX "y" RENAME TO "x"']
    assert up[0] == 'ALTER INDEX "x" RENAME TO "y2"'
    assert down == ['ALTER INDEX "x" RENAME TO "y"', 'ALTER INDEX "y2" RENAME TO "x"']


def test_a_foreign_key_is_dropped_around_a_column_of_another_type() -> None:
    def models(name: str, kind: sa.types.TypeEngine[Any]) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("other", metadata, sa.Column("id", kind, primary_key=True, autoincrement=False))
        key = sa.ForeignKeyConstraint(["a"], ["other.id"], name=name)
        sa.Table("item", metadata, sa.Column("a", kind), sa.Column("id", sa.Integer, primary_key=True), key)
        return metadata

    lines = between(PostgreSQL.offline(), models("one", sa.Uuid()), models("two", sa.Interval()))
    assert [line.partition("(")[0] for line in lines if "ForeignKey" in line] == [
        "op.drop_constraint",
        "op.add_constraint",
    ]


def test_a_foreign_key_makes_room_for_the_key_that_it_refers_to() -> None:
    keys = [sa.ForeignKeyConstraint(["a"], ["item.b"], name=name) for name in ("x", "y")]
    before = table(keys[0], sa.UniqueConstraint("b", name="uq"))
    after = table(keys[1], sa.UniqueConstraint("b", name="uq", deferrable=True))
    kept = table(sa.ForeignKeyConstraint(["a"], ["item.b"], name="y"), sa.UniqueConstraint("b", name="uq"))
    dialect = PostgreSQL.offline()
    assert not [line for line in between(dialect, before, after) if "rename" in line]
    assert between(dialect, before, kept) == ['op.rename_constraint("item", "x", "y")']


OLD = {
    "rename_index": (
        'op.drop_index("item", sa.Index("x", "a"))',
        'op.create_index("item", sa.Index("y", "a"))',
    ),
    "rename_constraint": (
        'op.drop_constraint("item", sa.UniqueConstraint("b", name="u"))',
        'op.add_constraint("item", sa.UniqueConstraint("b", name="v"))',
    ),
}
NEW = {
    "rename_index": 'op.rename_index("item", "x", "y")',
    "rename_constraint": 'op.rename_constraint("item", "u", "v")',
}
RENAMED = {
    (MySQL, "rename_index"): "ALTER TABLE `item` RENAME INDEX `{}` TO `{}`",
    (MySQL, "rename_constraint"): "ALTER TABLE `item` RENAME INDEX `{}` TO `{}`",
    (MariaDB, "rename_index"): "ALTER TABLE `item` RENAME INDEX `{}` TO `{}`",
    (MariaDB, "rename_constraint"): "ALTER TABLE `item` RENAME INDEX `{}` TO `{}`",
    (PostgreSQL, "rename_index"): 'ALTER INDEX "{}" RENAME TO "{}"',
    (PostgreSQL, "rename_constraint"): 'ALTER TABLE "item" RENAME CONSTRAINT "{}" TO "{}"',
}


@pytest.mark.parametrize("old", [False, True], ids=["new file", "older file"])
@pytest.mark.parametrize(("product", "verb"), RENAMED, ids=lambda one: getattr(one, "__name__", one))
def test_files_old_and_new_rename_in_place(
    product: type[Dialect], verb: str, old: bool, tmp_path: Path
) -> None:
    before = table(sa.Index("x", "a"), sa.UniqueConstraint("b", name="u"))
    lines = OLD[verb] if old else (NEW[verb],)
    names = ("x", "y") if verb == "rename_index" else ("u", "v")
    up, down = both_ways(tmp_path, product.offline(), before, *lines)
    assert (up, down) == (
        [RENAMED[product, verb].format(*names)],
        [RENAMED[product, verb].format(*reversed(names))],
    )


@pytest.mark.parametrize("verb", NEW)
def test_sqlite_carries_out_what_other_databases_say(verb: str, tmp_path: Path) -> None:
    before = table(sa.Index("x", "a"), sa.UniqueConstraint("b", name="u"))
    said_old, said_new = (tmp_path / name for name in ("old", "new"))
    said_old.mkdir()
    said_new.mkdir()
    plain = both_ways(said_old, SQLite.offline(), before, *OLD[verb])
    assert both_ways(said_new, SQLite.offline(), before, NEW[verb]) == plain
    assert plain[0]


@pytest.mark.parametrize("product", [MySQL, MariaDB])
def test_a_foreign_key_is_dropped_and_added_where_it_cannot_be_renamed(
    product: type[Dialect], tmp_path: Path
) -> None:
    before = table(sa.ForeignKeyConstraint(["a"], ["other.id"], name="x"), sa.Index("ix", "a"))
    up, down = both_ways(tmp_path, product.offline(), before, 'op.rename_constraint("item", "x", "y")')
    for sql, gone, new in ((up, "x", "y"), (down, "y", "x")):
        (one,) = sql
        assert f"DROP FOREIGN KEY `{gone}`" in one
        assert f"ADD CONSTRAINT `{new}` FOREIGN KEY (`a`) REFERENCES `other` (`id`)" in one


def test_a_primary_key_has_a_name_only_where_the_database_keeps_it(tmp_path: Path) -> None:
    line = 'op.rename_constraint("item", sa.PrimaryKeyConstraint("id"), "pk")'
    up, _ = both_ways(tmp_path, PostgreSQL.offline(), table(), line)
    assert up == ['ALTER TABLE "item" RENAME CONSTRAINT "item_pkey" TO "pk"']
    assert both_ways(tmp_path, MySQL.offline(), table(), line) == ([], [])


def test_a_constraint_is_validated_after_the_other_changes(tmp_path: Path) -> None:
    check = 'sa.CheckConstraint("a > 0", name="ck", postgresql_not_valid=True)'
    before = table(sa.CheckConstraint("a > 0", name="ck", postgresql_not_valid=True))
    up, _ = both_ways(
        tmp_path,
        PostgreSQL.offline(),
        before,
        f'op.alter_constraint("item", {check}, sa.CheckConstraint("a > 0", name="ck"))',
        'op.create_index("item", sa.Index("x", "b"))',
    )
    assert up == [
        'CREATE INDEX "x" ON "item" ("b")',
        'ALTER TABLE "item" VALIDATE CONSTRAINT "ck"',
    ]


def test_an_index_whose_column_changes_beside_is_made_again(tmp_path: Path) -> None:
    (up,), _ = both_ways(
        tmp_path,
        MySQL.offline(),
        table(sa.Index("x", "a")),
        'op.rename_index("item", "x", "y")',
        'op.alter_column("item", sa.Column("a", sa.Integer()), sa.Column("a", sa.BigInteger()))',
    )
    assert up == "ALTER TABLE `item` DROP INDEX `x`, MODIFY COLUMN `a` bigint NULL, ADD INDEX `y` (`a`)"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('op.rename_index("item", "q", "y")', 'has none named "q" at this point of the history'),
        ('op.rename_constraint("item", "q", "y")', 'has none named "q" at this point of the history'),
        ('op.rename_index("item", "x", "z")', 'has one named "z" already'),
        ('op.alter_index("item", sa.Index("x", "a"), sa.Index("y", "a"))', '"x" and "y" are two names'),
        ('op.alter_index("item", sa.Index("x", "b"), sa.Index("x", "a"))', "has no index x (b)"),
        (
            'op.alter_constraint("item", sa.CheckConstraint("a > 0", name="x"), '
            'sa.UniqueConstraint("a", name="x"))',
            "takes the same kind of constraint",
        ),
    ],
)
def test_a_file_that_is_wrong_says_its_line(line: str, words: str, tmp_path: Path) -> None:
    before = table(sa.Index("x", "a"), sa.Index("z", "b"))
    with pytest.raises(RevisionError) as error:
        both_ways(tmp_path, PostgreSQL.offline(), before, line)
    assert words in str(error.value)
    assert "line 7" in str(error.value)


def test_what_stands_between_keeps_a_pair_apart(tmp_path: Path) -> None:
    drop, add = OLD["rename_index"]
    dialect = PostgreSQL.offline()
    up, _ = both_ways(
        tmp_path, dialect, table(sa.Index("x", "a")), drop, 'op.execute("SELECT 1", reverse=op.nothing)', add
    )
    assert up == ['DROP INDEX "x"', "SELECT 1", 'CREATE INDEX "y" ON "item" ("a")']
    assert in_place((), Schema(), dialect) == ()
