"""What an Alembic upgrade that was killed should have become, and who looks at its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

import schemadiff
from schemadiff import Diagnosis
from tools.cached_environment import python_of


def environment() -> Path:
    """The Python that has Alembic."""
    return python_of("flask-migrate", "flask", "flask-migrate==4.1.0")


def rows(url: str) -> dict[str, list[str]]:
    """All rows of all tables."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: sorted(
                str(sorted(one._mapping.items()))
                for one in connection.exec_driver_sql(f"SELECT * FROM {name}")
            )
            for name in names
        }


def how_far(found: Diagnosis, url: str) -> int | None:
    """What a person says who looks at the rows; ``None`` where nothing is open."""
    if len(found.possible) < 2:
        return None
    there = rows(url)
    word = next(one.words for one in found.findings if one.number == found.possible[1])
    through = bool(there["role"]) if word.startswith("bulk_insert") else "('points', 7)" in there["member"][0]
    return found.possible[1] if through else found.possible[0]


def expect_same(url: str, other: str) -> None:
    """Fails where two databases differ in schema or rows."""
    found = schemadiff.diff(url, other)
    assert not found.plan.operations, [one.describe() for one in found.plan.operations]
    assert rows(url) == rows(other)


def mend(url: str, directory: Path, way: str, done: int | None = None) -> Diagnosis:
    """Has it finished or undone."""
    options: dict[str, Any] = {way: True}
    return schemadiff.doctor(url, directory, done=done, allow=["all"], **options)
