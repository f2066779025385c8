"""How long a writer stalls while a large table is changed: by schemadiff, and by Alembic on the same change.

    pip install alembic
    python benchmarks/writers.py mysql+pymysql://root@127.0.0.1:3306/bench postgresql+psycopg://…

A process inserts 200 rows a second into a table of a million rows (`--rows`) while each change is made; what counts
is the longest that one INSERT took, beside what it takes when nothing is changed. Each database must be empty: the
script creates the table in it and drops it again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

import schemadiff

RATE = 200
"""Rows a second."""

TABLE = """
import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.String(40)),
        sa.Column("size", sa.Integer),
    )
"""


@dataclass(frozen=True)
class Change:
    """The same change as a line of a revision and as a call of Alembic's."""

    name: str
    line: str
    alembic: Callable[[Operations], Any]


CHANGES = (
    Change(
        "add a column",
        'op.add_column("entry", sa.Column("note", sa.String(20)))',
        lambda op: op.add_column("entry", sa.Column("note", sa.String(20))),
    ),
    Change(
        "add an index",
        'op.create_index("entry", sa.Index("ix_kind", "kind"))',
        lambda op: op.create_index("ix_kind", "entry", ["kind"]),
    ),
    Change(
        "NULL to NOT NULL",
        'op.alter_column("entry", sa.Column("size", sa.Integer), sa.Column("size", sa.Integer, nullable=False))',
        lambda op: op.alter_column("entry", "size", existing_type=sa.Integer(), nullable=False),
    ),
    Change(
        "add a CHECK",
        'op.add_constraint("entry", sa.CheckConstraint("size >= 0", name="size_positive"))',
        lambda op: op.create_check_constraint("size_positive", "entry", "size >= 0"),
    ),
    Change(
        "add a column and an index on it",
        'op.add_column("entry", sa.Column("day", sa.Integer))\n'
        '    op.create_index("entry", sa.Index("ix_day", "day"))',
        lambda op: (
            op.add_column("entry", sa.Column("day", sa.Integer)),
            op.create_index("ix_day", "entry", ["day"]),
        ),
    ),
    Change(
        "int to bigint, and an index",
        'op.alter_column("entry", sa.Column("size", sa.Integer), sa.Column("size", sa.BigInteger))\n'
        '    op.create_index("entry", sa.Index("ix_size", "size"))',
        lambda op: (
            op.alter_column("entry", "size", existing_type=sa.Integer(), type_=sa.BigInteger()),
            op.create_index("ix_size", "entry", ["size"]),
        ),
    ),
)


def insert_steadily(url: str, line: Connection) -> None:
    """Insert rows at the rate until told to stop; send back the longest that one took, in seconds."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    longest, written, began = 0.0, 0, time.monotonic()
    with engine.connect() as connection:
        statement = sa.text("INSERT INTO entry (kind, size) VALUES ('written', 1)")
        connection.execute(statement)
        line.send(True)
        while not line.poll():
            due = began + written / RATE
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
            at = time.monotonic()
            connection.execute(statement)
            longest = max(longest, time.monotonic() - at)
            # Who has stalled goes on at the same rate and does not catch up.
            written, began = (written + 1, began) if time.monotonic() - due < 1 else (0, time.monotonic())
    line.send(longest)


@contextmanager
def writer(url: str, found: list[float]) -> Iterator[None]:
    """A writer beside what is done in here; its longest stall is appended to `found`."""
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.Process(target=insert_steadily, args=(url, its))
    process.start()
    mine.recv()
    try:
        yield
    finally:
        mine.send(True)
        found.append(mine.recv())
        process.join()


def fill(url: str, versions: Path, rows: int) -> None:
    """Make the table with that many rows."""
    (versions / "0001_table.py").write_text(TABLE)
    schemadiff.apply(url, versions)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        thousand = [{"kind": f"kind {number}", "size": number} for number in range(1000)]
        connection.execute(sa.text("INSERT INTO entry (kind, size) VALUES (:kind, :size)"), thousand)
        count = 1000
        while count < rows:
            more = min(count, rows - count)
            connection.execute(
                sa.text("INSERT INTO entry (kind, size) SELECT kind, size FROM entry LIMIT :more"),
                {"more": more},
            )
            count += more
        analyze = "ANALYZE entry" if engine.dialect.name == "postgresql" else "ANALYZE TABLE entry"
        connection.exec_driver_sql(analyze)
    engine.dispose()


def measure(url: str, rows: int) -> None:
    """Print a line for each change."""
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder)
        fill(url, versions, rows)
        calm: list[float] = []
        with writer(url, calm):
            time.sleep(3)
        print(
            f"{sa.make_url(url).drivername}, {rows:,} rows; without a change {calm[0] * 1000:.0f} ms",
            flush=True,
        )
        print("| change | schemadiff: longest stall | it took | Alembic: longest stall | it took |")
        print("| --- | --- | --- | --- | --- |")
        engine = sa.create_engine(url)
        for change in CHANGES:
            path = versions / "0002_change.py"
            path.write_text(f"import sqlalchemy as sa\n\n\ndef upgrade(op):\n    {change.line}\n")
            stalls: list[float] = []
            took: list[float] = []
            with writer(url, stalls):
                began = time.monotonic()
                schemadiff.apply(url, versions)
                took.append(time.monotonic() - began)
            schemadiff.rollback(url, versions, to=1, allow=["all"])
            with writer(url, stalls):
                began = time.monotonic()
                with engine.begin() as connection:
                    change.alembic(Operations(MigrationContext.configure(connection)))
                took.append(time.monotonic() - began)
            # Back by schemadiff, which has to be told that it is there.
            _undo(url, versions)
            cells = [
                f"{stalls[0] * 1000:.0f} ms",
                f"{took[0]:.1f} s",
                f"{stalls[1] * 1000:.0f} ms",
                f"{took[1]:.1f} s",
            ]
            print(f"| {change.name} | {' | '.join(cells)} |", flush=True)
        with suppress(FileNotFoundError):
            (versions / "0002_change.py").unlink()
        schemadiff.rollback(url, versions, to=0, allow=["all"])
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE schemadiff_version")


def _undo(url: str, versions: Path) -> None:
    """Make the database as revision 1 has it, whatever was changed in it."""
    found = schemadiff.diff(url, f"{versions}/@1")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in found.plan.statements:
            if "schemadiff_version" not in statement:
                connection.exec_driver_sql(statement)


def main() -> None:
    """Measure on each database."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("urls", nargs="+")
    options.add_argument("--rows", type=int, default=1_000_000)
    chosen = options.parse_args()
    for url in chosen.urls:
        measure(url, chosen.rows)


if __name__ == "__main__":
    main()
