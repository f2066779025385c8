"""What a comparison costs does not grow with the tables where it need not: counted, never timed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.sql.compiler import DDLCompiler

import schemadiff
from schemadiff.compare import align, entries
from schemadiff.database import server_spelling
from schemadiff.database.connection import connected, open_engine
from schemadiff.database.inspector import inspect
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.dialects.postgresql.sql import create
from schemadiff.models.columns import Columns
from schemadiff.models.reader import read
from tests.conftest import FreshDatabase

NAMED = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def models(tables: int, *, checks: bool = True, named: bool = True) -> sa.MetaData:
    """That many tables, each with an index, a unique and a foreign key constraint, a default and a CHECK."""
    metadata = sa.MetaData(naming_convention=NAMED if named else None)
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
            for home in (align, server_spelling):
                counted(patch, counts, home, "align_table", lambda *_: 1)
            counted(patch, counts, entries, "keys", lambda *_: 1)
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


@pytest.mark.parametrize("named", [True, False])
def test_tables_that_differ_at_most_in_what_the_server_names_are_not_aligned(
    engine_name: str,
    fresh_database: FreshDatabase,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    named: bool,
) -> None:
    counts = counts_of(
        engine_name, fresh_database(engine_name), models(5, named=named), monkeypatch, tmp_path
    )
    assert counts["align_table"] == counts["keys"] == 0


def test_what_models_say_alike_is_read_once(engine_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = Counter[str](), Counter[str]()
    for counts, tables in ((few, 3), (many, 30)):
        metadata = models(tables)
        with monkeypatch.context() as patch:
            counted(patch, counts, Columns, "_read", lambda *_: 1)
            counted(patch, counts, DDLCompiler, "get_column_default_string", lambda *_: 1)
            read(metadata, offline_dialect(engine_name))
        # Nor is anything left behind in what is the application's.
        for table in metadata.tables.values():
            things = (table, *table.columns, *table.constraints, *table.indexes)
            assert not [one for one in things if {"info", "dialect_options"} & vars(one).keys()]
    # Each table has one column of its own.
    assert (
        many["_read"] - few["_read"] == many["get_column_default_string"] - few["get_column_default_string"]
    )
    assert many["_read"] - few["_read"] == 27


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


CHECKING = """
import sys, sqlalchemy as sa, schemadiff
schemadiff.check(sys.argv[1], sa.MetaData(), sys.argv[2])
parts = {name.split(".")[2] for name in sys.modules if name.startswith("sqlalchemy.dialects.")}
print(*sorted(part for part in parts if not part.startswith("_")))
"""


def test_sqlalchemys_part_for_another_product_is_not_imported(
    url: str, engine_name: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", CHECKING, url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    own = {"mariadb": "mysql"}.get(engine_name, engine_name)
    assert done.stdout.split() == [own]


def test_a_column_that_many_tables_have_is_read_once(engine_name: str, fresh_database: FreshDatabase) -> None:
    """Counted: the values that the columns of all tables are, but for the one that each has of its own."""
    for tables in (3, 30):
        with connected(fresh_database(engine_name), changes=True) as (connection, dialect):
            models(tables, checks=False).create_all(connection)
            live = inspect(connection, dialect)
        columns = [column for table in live.tables.values() for column in table.columns]
        assert len(columns) == tables * 6
        assert len({id(column) for column in columns if not column.name.startswith("own_")}) == 5
