"""What a comparison costs does not grow with the tables where it need not: counted, never timed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.compare import align
from schemadiff.database.connection import open_engine
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.dialects.postgresql.sql import create
from tests.conftest import FreshDatabase

NAMED = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def models(tables: int, *, checks: bool = True) -> sa.MetaData:
    """That many tables, each with an index, a unique and a foreign key constraint, a default and a CHECK."""
    metadata = sa.MetaData(naming_convention=NAMED)
    for number in range(tables):
        sa.Table(
            f"table_{number}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("parent", sa.Integer, sa.ForeignKey(f"table_{max(number - 1, 0)}.id"), index=True),
            sa.Column("name", sa.String(50), nullable=False, unique=True),
            sa.Column("state", sa.String(20), server_default="new", index=True),
            sa.Column("quantity", sa.Integer),
            sa.Column(f"own_{number}", sa.Numeric(10, 2)),
            *(
                (
                    sa.CheckConstraint(
                        "quantity >= 0 AND (quantity <= 9 OR quantity <> 30)", name=f"ck_{number}"
                    ),
                )
                if checks
                else ()
            ),
        )
    return metadata


def counted(
    monkeypatch: pytest.MonkeyPatch, counts: Counter[str], home: Any, name: str, of: Callable[..., int]
) -> None:
    """Counts the calls of a function, by what `of` says of the arguments."""
    real = getattr(home, name)

    def count(*arguments: Any, **words: Any) -> Any:
        counts[name] += of(*arguments)
        return real(*arguments, **words)

    monkeypatch.setattr(home, name, count)


def counts_of(
    engine_name: str, url: str, metadata: sa.MetaData, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Counter[str]:
    """What a check of the models on a database that is as they say costs."""
    engine = open_engine(url)
    try:
        metadata.create_all(engine)
        counts: Counter[str] = Counter()
        with monkeypatch.context() as patch, engine.connect() as connection:
            counted(patch, counts, type(offline_dialect(engine_name)), "ask", lambda *given: len(given[2]))
            counted(patch, counts, align, "align_table", lambda *_: 1)
            counted(patch, counts, re._compiler, "compile", lambda *_: 1)  # type: ignore[attr-defined]
            re.purge()
            assert not schemadiff.check(connection, metadata, folder)
        return counts
    finally:
        engine.dispose()


def test_no_question_where_rules_are_certain_and_no_pattern_for_a_table(
    engine_name: str, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    few, many = (
        counts_of(engine_name, fresh_database(engine_name), models(tables), monkeypatch, tmp_path)
        for tables in (3, 30)
    )
    assert few["ask"] == many["ask"] == 0
    assert many["compile"] <= few["compile"]


def test_equal_tables_are_not_aligned(
    engine_name: str, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counts = counts_of(
        engine_name, fresh_database(engine_name), models(5, checks=False), monkeypatch, tmp_path
    )
    assert counts["align_table"] == 0


@pytest.mark.engines("postgresql")
def test_one_question_for_what_many_tables_have(
    engine_name: str, fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # What the server shows of it has casts, of which no rule knows.
    condition = "state IN ('new', 'old') AND abs(quantity) < 5"
    created = []
    for tables in (3, 30):
        metadata = models(tables, checks=False)
        for table in metadata.tables.values():
            table.append_constraint(sa.CheckConstraint(condition, name=f"ck_{table.name}"))
        counts: Counter[str] = Counter()
        with monkeypatch.context() as patch:
            counted(patch, counts, create, "create_table", lambda *_: 1)
            counts += counts_of(engine_name, fresh_database(engine_name), metadata, monkeypatch, tmp_path)
        assert counts["ask"] == tables
        created.append(counts["create_table"])
    assert created == [1, 1]
