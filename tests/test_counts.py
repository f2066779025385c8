"""What is to be quick costs no more questions, files or patterns where there is more of everything."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

import schemadiff
from tests.conftest import FreshDatabase
from tests.counting import Counts, counted


def models(tables: int) -> sa.MetaData:
    """Tables that one column, one key, one index and one CHECK each refer to."""
    metadata = sa.MetaData()
    for number in range(tables):
        sa.Table(
            f"item_{number:03}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("parent_id", sa.ForeignKey(f"item_{max(number - 1, 0):03}.id")),
            sa.Column("qty", sa.Integer, nullable=False, server_default=sa.text("0")),
            sa.Column("name", sa.String(50)),
            sa.Index(f"ix_item_{number:03}", "qty"),
            sa.UniqueConstraint("name", name=f"uq_item_{number:03}"),
            sa.CheckConstraint("qty >= 0", name=f"ck_item_{number:03}"),
        )
    return metadata


def checked(url: str, metadata: sa.MetaData, versions: Path) -> Counts:
    """The counts of a check of what create_all has just made."""
    pool = sa.create_engine(url)
    metadata.create_all(pool, checkfirst=False)
    pool.dispose()
    schemadiff.check(url, sa.MetaData(), versions)  # what is loaded and compiled at first
    with counted() as counts:
        assert not schemadiff.check(url, metadata, versions)
    return counts


def test_a_check_asks_no_more_of_more_tables(
    fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    few, many = (
        checked(fresh_database(engine_name), models(tables), tmp_path / "versions") for tables in (5, 25)
    )
    assert few.queries
    assert many.queries == few.queries, "\n".join(text[:200] for text in many.texts)
    # A pattern that has a table's name in it is compiled for each table.
    assert [pattern for pattern in many.patterns if "item_" in pattern] == []
    assert len(many.patterns) <= len(few.patterns)
