"""Changes of a large table on PostgreSQL: nobody waits, and a kill in the middle leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Column as C
from sqlalchemy import ForeignKey as Key
from sqlalchemy import ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ENUM, ExcludeConstraint

import schemadiff
from schemadiff.planner import Step
from tests import postgresql_catalog

pytestmark = pytest.mark.engines("postgresql")

LONG = "a_column_whose_name_is_as_long_as_the_server_allows_any_name_to_be"[:63]


def models(*elements: Any) -> sa.MetaData:
    """A table ``t`` of these elements, beside others."""
    metadata = sa.MetaData()
    sa.Table("other", metadata, C("id", Integer, primary_key=True), C("code", String(9), unique=True))
    sa.Table("parted", metadata, C("id", Integer, primary_key=True), postgresql_partition_by="RANGE (id)")
    sa.Table("t", metadata, C("id", Integer, nullable=False), *elements)
    return metadata


@contextmanager
def session(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection


def execute(url: str, *statements: str) -> list[Any]:
    rows: list[Any] = []
    with session(url) as connection:
        for one in statements:
            result = connection.exec_driver_sql(one, execution_options={"no_parameters": True})
            rows = list(result.all()) if result.returns_rows else []
        connection.commit()
    return rows


def catalog(url: str) -> dict[str, list[str]]:
    with session(url) as connection:
        return postgresql_catalog.catalog(connection)


def created(url: str, metadata: sa.MetaData) -> dict[str, list[str]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    metadata.create_all(engine)
    return catalog(url)


def begin(url: str, versions: Path, before: sa.MetaData, after: sa.MetaData) -> list[Step]:
    """Brings the database to `before` and writes the revision that leads to `after`; returns its steps."""
    schemadiff.plan(url, before, versions)
    schemadiff.apply(url, versions)
    execute(url, "INSERT INTO other (id, code) SELECT g, g FROM generate_series(0, 9) g")
    planned = schemadiff.plan(url, after, versions, renames_allowed=False, online="always")
    return list(planned.plan.steps)


def words(step: Step) -> str:
    """The verb of a step, in capitals, with ``!`` where it runs alone."""
    sql = step.sql
    for one in (
        "VALIDATE",
        "NOT VALID",
        "USING INDEX",
        "SET NOT NULL",
        "RENAME",
        "CONCURRENTLY",
        "DROP CONSTRAINT",
    ):
        if one in sql:
            return ("DROP " if sql.startswith("DROP INDEX") else "") + one + "!" * step.alone
    return " ".join(sql.split()[:2]) + "!" * step.alone


def a(**options: Any) -> sa.Column[Any]:
    return C("a", Integer, **options)


def b(length: int = 20, **options: Any) -> sa.Column[Any]:
    return C("b", String(length), **options)


Elements = Callable[[], tuple[Any, ...]]
VALIDATED = "NOT VALID, VALIDATE!"
REQUIRED = f"{VALIDATED}, SET NOT NULL, DROP CONSTRAINT"

CASES: dict[str, tuple[Elements, Elements, str, str]] = {
    "index": (
        lambda: (a(),),
        lambda: (a(), Index("ix_a", "a")),
        "CONCURRENTLY!",
        "DROP CONCURRENTLY!",
    ),
    "index of much": (
        lambda: (a(), b()),
        lambda: (
            a(),
            b(),
            Index(
                "ix",
                "a",
                sa.desc("b"),
                unique=True,
                postgresql_where=sa.text("a > 0"),
                postgresql_include=["id"],
            ),
            Index("ix_lower", sa.text("lower(b)"), postgresql_with={"fillfactor": 70}),
        ),
        "CONCURRENTLY!, CONCURRENTLY!",
        "DROP CONCURRENTLY!, DROP CONCURRENTLY!",
    ),
    "index changed": (
        lambda: (a(), b(), Index("ix", "a")),
        lambda: (a(), b(), Index("ix", "a", "b")),
        "DROP CONCURRENTLY!, CONCURRENTLY!",
        "DROP CONCURRENTLY!, CONCURRENTLY!",
    ),
    "unique": (
        lambda: (a(),),
        lambda: (a(), UniqueConstraint("a", name="uq_a")),
        "CONCURRENTLY!, USING INDEX",
        "DROP CONSTRAINT",
    ),
    "unique without a name": (
        lambda: (a(), b()),
        lambda: (a(unique=True), b(), UniqueConstraint("b", "a", deferrable=True, initially="DEFERRED")),
        "CONCURRENTLY!, CONCURRENTLY!, USING INDEX",
        "DROP CONSTRAINT",
    ),
    "unique of much": (
        lambda: (a(), b()),
        lambda: (
            a(),
            b(),
            UniqueConstraint("a", name="uq", postgresql_nulls_not_distinct=True, postgresql_include=["b"]),
        ),
        "CONCURRENTLY!, USING INDEX",
        "DROP CONSTRAINT",
    ),
    "unique changed": (
        lambda: (a(), b(), UniqueConstraint("a", name="uq")),
        lambda: (a(), b(), UniqueConstraint("b", name="uq")),
        "CONCURRENTLY!, DROP CONSTRAINT, USING INDEX",
        "CONCURRENTLY!, DROP CONSTRAINT, USING INDEX",
    ),
    "unique of a long name": (
        lambda: (C(LONG, Integer),),
        lambda: (C(LONG, Integer, unique=True, nullable=False),),
        f"CONCURRENTLY!, {REQUIRED}, USING INDEX",
        "DROP CONSTRAINT",
    ),
    "unique index instead": (
        lambda: (a(), UniqueConstraint("a", name="uq")),
        lambda: (a(), Index("uq", "a", unique=True)),
        "DROP CONSTRAINT, CONCURRENTLY!",
        "DROP CONCURRENTLY!, CONCURRENTLY!, USING INDEX",
    ),
    "primary key": (
        lambda: (a(nullable=False),),
        lambda: (a(nullable=False), PrimaryKeyConstraint("id", "a")),
        "CONCURRENTLY!, USING INDEX",
        "DROP CONSTRAINT",
    ),
    "primary key of a nullable column": (
        lambda: (a(),),
        lambda: (a(autoincrement=False), PrimaryKeyConstraint("a", name="pk")),
        f"CONCURRENTLY!, {REQUIRED}, USING INDEX",
        "DROP CONSTRAINT",
    ),
    "foreign key": (
        lambda: (a(),),
        lambda: (
            a(),
            ForeignKeyConstraint(["a"], ["other.id"], name="fk", ondelete="CASCADE", deferrable=True),
        ),
        "NOT VALID!, VALIDATE!",
        "DROP CONSTRAINT",
    ),
    "foreign keys without a name": (
        lambda: (a(), b(9)),
        lambda: (C("a", Integer, Key("other.id")), C("b", String(9), Key("other.code"))),
        "NOT VALID!, VALIDATE!, NOT VALID!, VALIDATE!, RENAME, RENAME",
        "DROP CONSTRAINT",
    ),
    "foreign key changed": (
        lambda: (C("a", Integer, Key("other.id")),),
        lambda: (C("a", Integer, Key("other.id", ondelete="SET NULL")),),
        "DROP CONSTRAINT, NOT VALID!, VALIDATE!, RENAME",
        "DROP CONSTRAINT, NOT VALID!, VALIDATE!, RENAME",
    ),
    "foreign key to itself": (
        lambda: (a(),),
        lambda: (C("a", Integer, Key("t.id")), UniqueConstraint("id", name="uq")),
        "CONCURRENTLY!, USING INDEX, NOT VALID!, VALIDATE!, RENAME",
        "DROP CONSTRAINT",
    ),
    "foreign key to a partitioned table": (
        lambda: (a(),),
        lambda: (C("a", Integer, Key("parted.id")),),
        "ALTER TABLE",
        "DROP CONSTRAINT",
    ),
    "checks": (
        lambda: (a(), b()),
        lambda: (a(), b(), Check("a > 0", name="ck"), Check("length(b) > 1")),
        f"{VALIDATED}, RENAME",
        "DROP CONSTRAINT",
    ),
    "check changed": (
        lambda: (a(), Check("a > 0", name="ck")),
        lambda: (a(), Check("a > 1", name="ck")),
        f"DROP CONSTRAINT, {VALIDATED}",
        f"DROP CONSTRAINT, {VALIDATED}",
    ),
    "comments of constraints": (
        lambda: (a(),),
        lambda: (
            a(),
            UniqueConstraint("a", name="uq", comment="one each"),
            Check("a > 0", name="ck", comment="positive"),
            ForeignKeyConstraint(["a"], ["other.id"], name="fk", comment="known"),
        ),
        "CONCURRENTLY!, NOT VALID, COMMENT ON, VALIDATE!, USING INDEX, COMMENT ON, NOT VALID!, COMMENT ON, VALIDATE!",
        "DROP CONSTRAINT",
    ),
    "required": (
        lambda: (a(), b()),
        lambda: (a(nullable=False), b(nullable=False, server_default="x", comment="two changes")),
        f"ALTER TABLE, COMMENT ON, {REQUIRED}",
        "ALTER TABLE, COMMENT ON",
    ),
    "required and wider": (
        lambda: (b(20),),
        lambda: (b(30, nullable=False),),
        f"ALTER TABLE, {REQUIRED}",
        "ALTER TABLE",
    ),
    "required and rewritten": (
        lambda: (a(),),
        lambda: (C("a", String(9), nullable=False),),
        "SET NOT NULL",
        "ALTER TABLE",
    ),
    "new column with everything": (
        lambda: (),
        lambda: (C("a", Integer, Key("other.id"), Check("a > 0"), unique=True), Index("ix", "a")),
        "ALTER TABLE, CONCURRENTLY!, CONCURRENTLY!, NOT VALID, VALIDATE!, USING INDEX, NOT VALID!, VALIDATE!, "
        "RENAME, RENAME",
        "DROP CONCURRENTLY!, DROP CONSTRAINT",
    ),
    "new member of a type": (
        lambda: (C("a", ENUM("x", "y", name="kind")),),
        lambda: (C("a", ENUM("x", "y", "z", name="kind"), index=True),),
        "ALTER TYPE, CONCURRENTLY!",
        "DROP CONCURRENTLY!, RENAME, CREATE TYPE, ALTER TABLE, DROP TYPE",
    ),
    "new member of a type, used": (
        lambda: (C("a", ENUM("x", "y", name="kind")),),
        lambda: (C("a", ENUM("x", "y", "z", name="kind")), Check("a <> 'z'", name="ck")),
        "RENAME, CREATE TYPE, ALTER TABLE, DROP TYPE",
        "DROP CONSTRAINT, RENAME, CREATE TYPE, ALTER TABLE, DROP TYPE",
    ),
    "exclusion": (
        lambda: (a(),),
        lambda: (a(), ExcludeConstraint(("a", "="), name="ex", using="btree"), Index("ix", "id")),
        "ALTER TABLE, CONCURRENTLY!",
        "DROP CONCURRENTLY!, DROP CONSTRAINT",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_forth_and_back(case: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    before, after, forth, back = CASES[case]
    url = fresh_database("postgresql")
    wanted = created(fresh_database("postgresql"), models(*after()))
    steps = begin(url, tmp_path, models(*before()), models(*after()))
    was = catalog(url)
    assert ", ".join(map(words, steps)) == forth
    schemadiff.apply(url, tmp_path, allow=["all"], online="always")
    assert catalog(url) == wanted
    assert not schemadiff.check(url, models(*after()), tmp_path)
    undo = schemadiff.rollback(url, tmp_path, allow=["all"], online="always", dry_run=True).done[0].plan
    assert ", ".join(map(words, undo.steps)) == back
    schemadiff.rollback(url, tmp_path, allow=["all"], online="always")
    assert catalog(url) == was
