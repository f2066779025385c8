"""Databases that an Alembic upgrade left half-done, made by killing it after a number of statements."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

ENV = """
import os
import signal

from alembic import context
from sqlalchemy import create_engine, event

arguments = {"isolation_level": "AUTOCOMMIT"} if os.environ.get("ALEMBIC_AUTOCOMMIT") else {}
engine = create_engine(os.environ["ALEMBIC_URL"], **arguments)
left = int(os.environ["ALEMBIC_STATEMENTS"])
begun = False


@event.listens_for(engine, "after_cursor_execute")
def count(connection, cursor, statement, parameters, context_, many):
    # Dies after so many statements that change something, counted from the end of the first revision on.
    global begun, left
    word = statement.split()[0].upper()
    if word in ("SELECT", "PRAGMA", "SHOW", "DESCRIBE"):
        return
    if begun:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    begun = begun or statement.startswith("INSERT INTO alembic_version")


with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""

HEAD = '''"""{message}"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "{revision}"
down_revision = {before!r}
branch_labels = None
depends_on = None

'''


def project(directory: Path, *bodies: str) -> Path:
    """Writes an Alembic project with these revisions, r1, r2 and so on, and returns its directory."""
    migrations = directory / "migrations"
    (migrations / "versions").mkdir(parents=True, exist_ok=True)
    (migrations / "env.py").write_text(ENV)
    (migrations / "script.py.mako").write_text("")
    (directory / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    for number, body in enumerate(bodies, 1):
        before = f"r{number - 1}" if number > 1 else None
        text = HEAD.format(message=f"step {number}", revision=f"r{number}", before=before) + body
        (migrations / "versions" / f"r{number}_.py").write_text(text)
    return migrations


def alembic(
    python: Path,
    directory: Path,
    url: str,
    *,
    to: str = "head",
    statements: int = 0,
    autocommit: bool = False,
) -> bool:
    """Runs Alembic on an empty database, which is killed after so many statements of what comes after the first
    revision; returns whether it was. Without a number it is never killed.
    """
    environment = {**os.environ, "ALEMBIC_URL": url, "ALEMBIC_STATEMENTS": str(statements)}
    if autocommit:
        environment["ALEMBIC_AUTOCOMMIT"] = "1"
    done = subprocess.run(
        [str(python), "-m", "alembic", "upgrade", to],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(done.stdout + done.stderr)
    return done.returncode != 0
