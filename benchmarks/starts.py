"""How long each command takes that only looks, from the start of its process to its end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import schemadiff
from benchmarks.child import WorkError
from benchmarks.histories import write_alembic, write_history

PAIRS = (("--help", "--help"), ("status", "current"), ("history", "history"), ("check", "check"))
"""The commands of schemadiff, and those of Alembic that say the same."""

_MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
for number in range({tables}):
    sa.Table(
        f"item_{{number:04}}",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("note", sa.String(100)),
        sa.Column("size", sa.Integer),
        sa.Index(f"ix_item_{{number:04}}", "name"),
    )
"""
_ENVIRONMENT = """\
import sqlalchemy as sa
from alembic import context
from bench_models import metadata

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


@dataclass(frozen=True, slots=True)
class Start:
    """CPU and clock of one process in seconds."""

    cpu: float
    wall: float


def prepare(folder: Path, revisions: int, url: str, alembic_url: str) -> None:
    """Two projects with the same models and as many revisions, all of them applied."""
    (folder / "bench_models.py").write_text(_MODELS.format(tables=revisions // 5))
    (folder / "pyproject.toml").write_text('[tool.schemadiff]\nmodels = "bench_models:metadata"\n')
    (folder / "url").write_text(url)
    write_history(folder / "versions", revisions)
    schemadiff.apply(url, folder / "versions")
    write_alembic(folder / "alembic", revisions)
    settings = f"script_location = alembic\nprepend_sys_path = .\nsqlalchemy.url = {alembic_url.replace('%', '%%')}\n"
    (folder / "alembic.ini").write_text(f"[alembic]\n{settings}")
    run(folder, "alembic", "upgrade", "head")
    (folder / "alembic" / "env.py").write_text(_ENVIRONMENT)


def run(folder: Path, program: str, *arguments: str) -> Start:
    """One command in the project. Raises `WorkError` unless it ends with 0."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SCHEMADIFF")}
    environment["SCHEMADIFF_URL"] = (folder / "url").read_text()
    began = time.perf_counter()
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [Path(sys.executable).parent / program, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    if process.returncode:
        raise WorkError(f"{program} {' '.join(arguments)}: {(folder / 'said').read_text()[-3000:]}")
    return Start(usage.ru_utime + usage.ru_stime, wall)
