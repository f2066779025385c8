"""Changes of a table that is in use on PostgreSQL, and the steps that each comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint as Check
from sqlalchemy import Column as C
from sqlalchemy import ForeignKey as Key
from sqlalchemy import ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ENUM, ExcludeConstraint

LONG = "a_column_whose_name_is_as_long_as_the_server_allows_any_name_to_be"[:63]


def models(*elements: Any) -> sa.MetaData:
    """A table ``t`` of these elements, beside others."""
    metadata = sa.MetaData()
    sa.Table("other", metadata, C("id", Integer, primary_key=True), C("code", String(9), unique=True))
    sa.Table("parted", metadata, C("id", Integer, primary_key=True), postgresql_partition_by="RANGE (id)")
    sa.Table("t", metadata, C("id", Integer, nullable=False), *elements)
    return metadata


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
        f"{VALIDATED}, SET NOT NULL, COMMENT ON, DROP CONSTRAINT",
        "ALTER TABLE, COMMENT ON",
    ),
    "required and wider": (
        lambda: (b(20),),
        lambda: (b(30, nullable=False),),
        "SET NOT NULL",
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
