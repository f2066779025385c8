"""What is ignored, by patterns or in the models, is invisible on both sides and never lost; several MetaData."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected, open_engine
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.errors import ModelsError, UsageError
from schemadiff.models.filters import Filter, Ignored, choose, visible
from schemadiff.models.loading import load_models
from schemadiff.models.reader import read
from schemadiff.operations import Operation
from schemadiff.schema import Name

IGNORE = {"schemadiff": "ignore"}


def execute(url: str, *statements: str) -> None:
    with connected(url) as (connection, _):
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with connected(url) as (connection, _):
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def describe(operations: Iterable[Operation]) -> str:
    return "; ".join(operation.describe() for operation in operations)


def create_all(url: str, metadata: sa.MetaData) -> None:
    engine = open_engine(url)
    metadata.create_all(engine)
    engine.dispose()


def shop(*, length: int = 20, note: bool = True) -> sa.MetaData:
    """A table with a column that is ignored, and one that refers to an ignored table."""
    metadata = sa.MetaData()
    sa.Table("legacy", metadata, sa.Column("id", sa.Integer, primary_key=True), info=IGNORE)
    sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(length), nullable=False),
        *([sa.Column("note", sa.String(20))] if note else []),
        sa.Column("secret", sa.Integer, info=IGNORE),
        sa.Column("legacy_id", sa.Integer, sa.ForeignKey("legacy.id", name="fk_item_legacy")),
        sa.Index("ix_item_secret", "name", "secret"),
        sa.CheckConstraint("secret > 0", name="ck_item_secret"),
        sa.CheckConstraint("name <> 'secret'", name="ck_item_name"),
    )
    return metadata


def test_patterns() -> None:
    chosen = Filter(include=("user*", "audit.*"), exclude=("*_old", "main.user_x"), default_schema="main")
    names = [
        Name("user"),
        Name("user_old"),
        Name("user_x"),
        Name("log", "audit"),
        Name("log"),
        Name("a_old", "audit"),
    ]
    assert [str(name) for name in names if not chosen.hides(name)] == ["user", "audit.log"]
    assert str(Ignored((Name("a"), Name("b")), ((Name("c"), "x"),))) == "2 tables and 1 column ignored"
    assert str(Ignored((), ((Name("c"), "x"),))) == "1 column ignored"


def test_what_an_ignored_column_is_part_of_is_ignored_with_it() -> None:
    metadata = shop()
    dialect = SQLite.offline()
    whole = read(metadata, dialect)
    seen = visible(whole, choose([metadata], dialect), dialect)
    assert seen == read(metadata, dialect, choose([metadata], dialect))
    item = seen.tables[Name("item")]
    assert [column.name for column in item.columns] == ["id", "name", "note", "legacy_id"]
    assert [check.name for check in item.checks] == ["ck_item_name"]
    assert not item.indexes
    assert [key.target for key in item.foreign_keys] == [Name("legacy")]


def test_what_is_ignored_is_not_even_read() -> None:
    metadata = sa.MetaData()
    odd = sa.types.UserDefinedType[object]
    sa.Table("a", metadata, sa.Column("x", sa.Integer), sa.Column("y", odd(), info=IGNORE))
    sa.Table("b", metadata, sa.Column("y", odd()), info=IGNORE)
    dialect = SQLite.offline()
    assert list(read(metadata, dialect, choose([metadata], dialect)).tables) == [Name("a")]


def test_an_unknown_word_is_refused() -> None:
    metadata = sa.MetaData()
    sa.Table("a", metadata, sa.Column("x", sa.Integer, info={"schemadiff": "ignroe"}))
    with pytest.raises(ModelsError, match=r'column "a\.x" has info=.*ignroe'):
        choose([metadata], SQLite.offline())


def test_ignored_in_the_models(url: str, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    execute(url, "CREATE TABLE legacy (id INTEGER NOT NULL PRIMARY KEY)")
    first = schemadiff.plan(url, shop(), versions)
    assert describe(first.plan.operations) == "create table item"
    assert str(first.ignored) == "1 table and 1 column ignored"
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, shop(), versions)
    # The ignored column and all that hangs on it are made by hand, and nobody minds.
    execute(
        url,
        "ALTER TABLE item ADD COLUMN secret INTEGER",
        "CREATE INDEX ix_item_secret ON item (name, secret)",
        "INSERT INTO item (id, name, note, secret) VALUES (1, 'a', 'b', 7)",
    )
    drift = schemadiff.check(url, shop(), versions)
    assert not drift, describe((*drift.missing, *drift.drifted))
    assert schemadiff.plan(url, shop(), versions).path is None
    # A change of the table beside it keeps it: also where that takes a rebuild or a MODIFY.
    for metadata in (shop(length=40), shop(length=40, note=False), shop(length=30)):
        planned = schemadiff.plan(url, metadata, versions)
        assert planned.path
        assert "secret" not in planned.text
        schemadiff.apply(url, versions, allow=["all"])
        assert not schemadiff.check(url, metadata, versions)
        assert rows(url, "SELECT id, name, secret FROM item") == [(1, "a", 7)]
    schemadiff.rollback(url, versions, to=1, allow=["all"])
    assert rows(url, "SELECT id, name, secret FROM item") == [(1, "a", 7)]
    with connected(url) as (connection, _):
        assert "ix_item_secret" in {one["name"] for one in sa.inspect(connection).get_indexes("item")}


def test_a_column_that_is_ignored_later_on(url: str, tmp_path: Path) -> None:
    versions = tmp_path / "versions"

    def models(info: dict[str, str], *columns: sa.Column[object]) -> sa.MetaData:
        metadata = sa.MetaData()
        key = sa.Column("id", sa.Integer, primary_key=True)
        hidden = sa.Column("secret", sa.Integer, index=True, info=info)
        sa.Table("item", metadata, key, hidden, *columns)
        return metadata

    schemadiff.plan(url, models({}), versions)
    schemadiff.apply(url, versions)
    execute(url, "INSERT INTO item (id, secret) VALUES (1, 7)")
    later = models(IGNORE, sa.Column("name", sa.String(10), sa.CheckConstraint("name <> ''", name="ck_name")))
    planned = schemadiff.plan(url, later, versions)
    assert "secret" not in planned.text
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, later, versions)
    assert rows(url, "SELECT secret FROM item") == [(7,)]
    # Ignored no more: nothing has changed.
    again = models({}, sa.Column("name", sa.String(10), sa.CheckConstraint("name <> ''", name="ck_name")))
    assert not schemadiff.check(url, again, versions)


def test_a_table_that_is_renamed_keeps_its_ignored_column(url: str, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    metadata = sa.MetaData()
    sa.Table(
        "old",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer, info=IGNORE),
    )
    schemadiff.plan(url, metadata, versions)
    schemadiff.apply(url, versions)
    execute(url, "ALTER TABLE old ADD COLUMN x INTEGER")
    renamed = sa.MetaData()
    sa.Table(
        "fresh",
        renamed,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer, info=IGNORE),
    )
    planned = schemadiff.plan(url, renamed, versions, rename=["old=fresh"])
    assert describe(planned.plan.operations) == "rename table old to fresh"
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, renamed, versions)
    assert rows(url, "SELECT x FROM fresh") == []


def test_include_and_exclude(url: str, tmp_path: Path) -> None:
    execute(url, "CREATE TABLE tmp_one (id INTEGER)", "CREATE TABLE tmp_two (id INTEGER)")
    metadata = sa.MetaData()
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("tmp_models", metadata, sa.Column("id", sa.Integer, primary_key=True))
    versions = tmp_path / "versions"
    planned = schemadiff.plan(url, metadata, versions, exclude=["tmp_*", "nothing_*"])
    assert describe(planned.plan.operations) == "create table item"
    assert planned.ignored == Ignored((Name("tmp_models"), Name("tmp_one"), Name("tmp_two")))
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions, exclude=["tmp_*"])
    assert not schemadiff.check(url, metadata, versions, include=["item"])
    drift = schemadiff.check(url, metadata, versions, exclude=["tmp_m*"])
    assert describe(drift.drifted) == "create table tmp_one; create table tmp_two"
    drift = schemadiff.check(url, metadata, versions, include=["item", "tmp_models"])
    assert describe(drift.missing) == "create table tmp_models"
    with pytest.raises(UsageError, match='include "itm" matches no table') as caught:
        schemadiff.check(url, metadata, versions, include=["itm"])
    assert 'Did you mean "item"?' in str(caught.value)


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_schema_that_no_model_names(url: str, tmp_path: Path, engine_name: str) -> None:
    name = f"beside_{tmp_path.name}".lower().replace("-", "_")[:60]
    execute(url, f"CREATE SCHEMA {name}", f"CREATE TABLE {name}.stray (id INTEGER)")
    try:
        metadata = sa.MetaData()
        sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
        create_all(url, metadata)
        assert not schemadiff.check(url, metadata, tmp_path / "none")
        drift = schemadiff.check(url, metadata, tmp_path / "none", schemas=[name])
        assert describe(drift.missing) == f"drop table {name}.stray"
        quiet = schemadiff.check(url, metadata, tmp_path / "none", schemas=[name], exclude=[f"{name}.*"])
        assert not quiet
        assert quiet.ignored == Ignored((Name("stray", name),))
    finally:
        execute(url, f"DROP TABLE {name}.stray", f"DROP SCHEMA {name}")


def test_a_foreign_key_to_a_table_that_is_excluded(url: str, tmp_path: Path) -> None:
    execute(url, "CREATE TABLE theirs (id INTEGER NOT NULL PRIMARY KEY)")
    metadata = sa.MetaData()
    key = sa.ForeignKey("theirs.id", name="fk_theirs")
    sa.Table(
        "mine",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("their_id", sa.Integer, key),
    )
    versions = tmp_path / "versions"
    with pytest.raises(ModelsError, match="theirs"):
        schemadiff.plan(url, metadata, versions)
    schemadiff.plan(url, metadata, versions, exclude=["theirs"])
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, metadata, versions, exclude=["theirs"])


def test_several_metadata(url: str, tmp_path: Path) -> None:
    def one(name: str, **columns: Any) -> sa.MetaData:
        metadata = sa.MetaData()
        sa.Table("shared", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.Table(name, metadata, *(sa.Column(column, kind) for column, kind in columns.items()))
        return metadata

    both = [one("left", x=sa.Integer), one("right", y=sa.Integer)]
    versions = tmp_path / "versions"
    planned = schemadiff.plan(url, both, versions)
    assert describe(planned.plan.operations) == "create table left; create table right; create table shared"
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, both, versions)
    both.append(one("right", y=sa.Integer, z=sa.Integer))
    with pytest.raises(ModelsError) as caught:
        schemadiff.check(url, both, versions)
    assert (
        'the table "right" is declared twice and not alike, in models[1] (right, shared) and in models[2]'
        in str(caught.value)
    )
    assert "add column right.z" in str(caught.value)


def test_several_models_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("filters_one", "filters_two"):
        (tmp_path / f"{name}.py").write_text(
            "import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n"
            f'sa.Table("{name}", metadata, sa.Column("id", sa.Integer))\n'
        )
    monkeypatch.syspath_prepend(tmp_path)
    found = load_models("filters_one:metadata, filters_two:metadata")
    assert [list(one.tables) for one in found] == [["filters_one"], ["filters_two"]]
