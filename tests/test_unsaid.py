"""A history runs where other defaults hold than on the server that planned it: what nobody said is decided there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.errors import ReplayError
from tests.conftest import FreshDatabase

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

OTHER = "utf8mb4_unicode_ci"
"""Neither product's default: not that of MySQL 8.0 and later, nor that of MariaDB before or after 11.6."""


def note(*more: sa.Column[Any], words: Sequence[sa.Column[Any]] = (), **options: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "note",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        *(words or (sa.Column("text", sa.String(100)),)),
        sa.Column("state", sa.Enum("new", "old", name="note_state")),
        sa.Column("own", sa.String(20, collation="utf8mb4_bin")),
        *more,
        **options,
    )
    return metadata


def stages() -> list[sa.MetaData]:
    """The models from one revision to the next."""
    told = sa.Column("text", sa.String(100), nullable=False)
    return [
        note(sa.Column("gone", sa.Text)),
        note(words=[told], mysql_collate="utf8mb4_bin"),
        note(words=[sa.Column("text", sa.String(120))]),
        note(mysql_charset="latin1"),
        note(mysql_engine="MyISAM", mysql_charset="utf8mb4"),
        note(sa.Column("late", sa.Text), mysql_collate=OTHER),
        sa.MetaData(),
    ]


def execute(url: str, *statements: str) -> None:
    with connected(url) as (connection, _):
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture
def other(fresh_database: FreshDatabase, engine_name: str) -> str:
    """The URL of a database with another default collation."""
    url = fresh_database(engine_name)
    execute(url, f"ALTER DATABASE `{sa.make_url(url).database}` COLLATE {OTHER}")
    return url


@pytest.mark.parametrize("planned_there", [False, True])
def test_forth_and_back_where_another_collation_is_the_default(
    url: str, other: str, tmp_path: Path, planned_there: bool
) -> None:
    here, there = (other, url) if planned_there else (url, other)
    for metadata in stages():
        schemadiff.plan(here, metadata, tmp_path, no_renames=True)
        schemadiff.apply(here, tmp_path, allow=("all",))
    for number, metadata in enumerate(stages(), 1):
        schemadiff.apply(there, tmp_path, to=number, allow=("all",))
        assert not schemadiff.diff(there, metadata).plan.operations, number
    assert not schemadiff.check(there, stages()[-1], tmp_path)
    for number, metadata in reversed(list(enumerate(stages(), 1))):
        schemadiff.rollback(there, tmp_path, to=number, allow=("all",))
        assert not schemadiff.diff(there, metadata).plan.operations, number


def test_a_table_that_was_found_has_the_default_of_each_database(
    url: str, other: str, tmp_path: Path
) -> None:
    made = (
        "CREATE TABLE plain (id int PRIMARY KEY, a varchar(10), b varchar(10) COLLATE utf8mb4_bin)",
        f"CREATE TABLE own (id int PRIMARY KEY, a varchar(10) COLLATE utf8mb4_bin, b text) COLLATE {OTHER}",
    )
    for each in (url, other):
        execute(each, *made)
    planned = schemadiff.plan(url, note(), tmp_path)
    assert "InnoDB" not in planned.text
    assert planned.text.count(OTHER) == 2  # as it is found, and as it is dropped
    schemadiff.apply(url, tmp_path, allow=("all",))
    schemadiff.apply(other, tmp_path, allow=("all",))
    assert not schemadiff.check(other, note(), tmp_path)
    for each in (url, other):
        schemadiff.rollback(each, tmp_path, allow=("all",))


def test_a_found_column_keeps_the_collation_that_its_table_has_not(url: str, tmp_path: Path) -> None:
    metadata = note(mysql_collate=OTHER)
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    with connected(url) as (connection, _):
        default = connection.exec_driver_sql("SELECT @@collation_database").scalar_one()
    execute(url, f"ALTER TABLE note ADD hand varchar(10) COLLATE {default}")
    planned = schemadiff.plan(url, metadata, tmp_path)
    assert planned.text.count(f'collation="{default}"') == 2  # as it is found, and as it is dropped
    schemadiff.apply(url, tmp_path, allow=("all",))
    assert not schemadiff.check(url, metadata, tmp_path)


OLD = {
    "0001_a.py": """
import sqlalchemy as sa


def upgrade(op):
    op.create_table("note", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(100)))
""",
    "0002_b.py": """
import sqlalchemy as sa


def upgrade(op):
    op.alter_table("note", {"mysql_collate": "DEFAULT"}, {"mysql_collate": "utf8mb4_bin"})
    op.alter_column(
        "note",
        sa.Column("text", sa.String(100, collation="DEFAULT")),
        sa.Column("text", sa.String(100, collation="utf8mb4_bin")),
    )
""",
    "0003_c.py": """
import sqlalchemy as sa


def upgrade(op):
    op.drop_table(
        "note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", sa.String(100, collation="utf8mb4_bin")),
        mysql_collate="utf8mb4_bin",
    )
""",
}
"""What was planned before the defaults were left out: they stand there as those of the server that planned it."""


def test_older_files_with_the_defaults_of_another_server_still_replay(
    url: str, other: str, tmp_path: Path
) -> None:
    for name, text in OLD.items():
        (tmp_path / name).write_text(text.replace("DEFAULT", "utf8mb4_general_ci"))
    for each in (url, other):
        schemadiff.apply(each, tmp_path, allow=("all",))
        assert not schemadiff.check(each, sa.MetaData(), tmp_path)
        schemadiff.rollback(each, tmp_path, to=1)
        assert not schemadiff.diff(
            each, note_of(sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String(100)))
        ).plan.operations


def note_of(*columns: sa.Column[Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("note", metadata, *columns)
    return metadata


def test_what_somebody_said_is_told_apart_in_the_words_of_sql(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_a.py").write_text(
        OLD["0001_a.py"].replace("sa.String(100))", f'sa.String(100)), mysql_collate="{OTHER}"')
    )
    (tmp_path / "0002_b.py").write_text(OLD["0002_b.py"].replace("DEFAULT", "utf8mb4_general_ci"))
    with pytest.raises(ReplayError) as caught:
        schemadiff.apply(url, tmp_path)
    assert f"has COLLATE {OTHER}, not COLLATE utf8mb4_general_ci as the revision says" in str(caught.value)
