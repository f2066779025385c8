"""A database that schemadiff has not made, with rows; and what Alembic leaves beside one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from tests.cli.shell import HEAD, Shell

MODELS = """\
Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(20), nullable=False, server_default="nobody"),
    Column("age", Integer),
    Column("mood", Enum("glad", "sad", name="mood")),
    CheckConstraint("age > 0", name="old_enough"),
    UniqueConstraint("name", name="one_name"),
)
Table(
    "pet",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", Integer, ForeignKey("person.id", name="pet_of", ondelete="CASCADE")),
    Column("born", DateTime, server_default=func.now()),
    Column("weight", Numeric(8, 2)),
    Index("ix_pet", "person_id", "born"),
)
"""
LATER = MODELS.replace('Column("age"', 'Column("phone", String(20)),\n    Column("age"')

_ROWS = (
    "SELECT id, name, age FROM person ORDER BY id",
    "SELECT id, person_id, weight FROM pet ORDER BY id",
)


def made(shell: Shell) -> list[list[Any]]:
    """Make the tables of the models in another way, with rows, which are returned."""
    shell.models(MODELS)
    names: dict[str, Any] = {}
    exec(HEAD + MODELS, names)
    engine = sa.create_engine(shell.url)
    names["metadata"].create_all(engine)
    engine.dispose()
    shell.execute("INSERT INTO person (id, name, age) VALUES (1, 'Ann', 3), (2, 'Bea', NULL)")
    shell.execute("INSERT INTO pet (id, person_id, weight) VALUES (1, 2, 1.5)")
    return rows(shell)


def rows(shell: Shell) -> list[list[Any]]:
    """Return the rows of both tables."""
    return [shell.execute(one) for one in _ROWS]


def alembic(shell: Shell, *revisions: tuple[str, Any, str], **more: str) -> None:
    """Make Alembic's table, which is empty, and its files, which must not be imported."""
    shell.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    folder = shell.folder / "migrations" / "versions"
    folder.mkdir(parents=True)
    (shell.folder / "migrations" / "env.py").write_text("raise SystemExit('imported')\n")
    for name, before, message in revisions:
        lines = (
            f'"""{message}',
            "",
            f"Revision ID: {name}",
            '"""',
            "from alembic import op",
            "raise SystemExit('imported')",
            f"revision = {name!r}",
            f"down_revision: str | None = {before!r}",
            more.get(name, ""),
        )
        (folder / f"{name}_x.py").write_text("\n".join(lines) + "\n")


def at(shell: Shell, *ids: str) -> None:
    """Have Alembic's table say that these are its heads."""
    shell.execute("DELETE FROM alembic_version")
    for one in ids:
        shell.execute(sa.text("INSERT INTO alembic_version VALUES (:id)").bindparams(id=one))
