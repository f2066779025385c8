"""Six changes of a large table at once, with a writer beside them: how long they take, and how long the writer stands.

A process inserts 200 rows a second while the table is changed, by one revision of schemadiff's or one of Alembic's.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import schemadiff

RATE = 200
"""Rows a second."""

STANDS = 0.05
"""An INSERT that takes so many seconds waits for somebody."""

SETTLES = 3.0
"""Seconds in which the server may write down what the table was filled with, before the change begins."""

TABLE = """
import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "entry",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("kind", sa.String(40)),
        sa.Column("size", sa.Integer),
        sa.Column("total", sa.Integer),
        sa.Index("ix_total", "total"),
    )
"""


@dataclass(frozen=True, slots=True)
class Change:
    """The same change as a line of a revision and as a call of Alembic's."""

    line: str
    alembic: Callable[[Any], Any]


_FIVE = (
    Change(
        'op.add_column("entry", sa.Column("note", sa.String(20)))',
        lambda op: op.add_column("entry", sa.Column("note", sa.String(20))),
    ),
    Change(
        'op.add_column("entry", sa.Column("day", sa.Integer, server_default="0"))',
        lambda op: op.add_column("entry", sa.Column("day", sa.Integer, server_default="0")),
    ),
    Change(
        'op.create_index("entry", sa.Index("ix_kind", "kind"))',
        lambda op: op.create_index("ix_kind", "entry", ["kind"]),
    ),
    Change(
        'op.create_index("entry", sa.Index("ix_size", "size"))',
        lambda op: op.create_index("ix_size", "entry", ["size"]),
    ),
    Change(
        'op.alter_column("entry", sa.Column("kind", sa.String(40)), sa.Column("kind", sa.String(60)))',
        lambda op: op.alter_column("entry", "kind", existing_type=sa.String(40), type_=sa.String(60)),
    ),
)
SIX = {
    "copied": (
        Change(
            'op.alter_column("entry", sa.Column("size", sa.Integer), sa.Column("size", sa.BigInteger))',
            lambda op: op.alter_column("entry", "size", existing_type=sa.Integer(), type_=sa.BigInteger()),
        ),
        *_FIVE,
    ),
    "in place": (
        *_FIVE,
        Change(
            'op.drop_index("entry", sa.Index("ix_total", "total"))',
            lambda op: op.drop_index("ix_total", "entry"),
        ),
    ),
}
"""With INT to BIGINT, which MySQL and MariaDB make only by copying the table, and with what they do in place."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Seconds: of the whole change, of the longest INSERT beside it, and of all that had to wait."""

    took: float
    longest: float
    total: float


def insert_steadily(url: str, line: Connection) -> None:
    """Insert rows at the rate until told to stop; send back how long each took, in seconds."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    durations: list[float] = []
    written, began = 0, time.monotonic()
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
            durations.append(time.monotonic() - at)
            # Who has stalled goes on at the same rate and does not catch up.
            written, began = (written + 1, began) if time.monotonic() - due < 1 else (0, time.monotonic())
    line.send(durations)


@contextmanager
def writer(url: str, durations: list[float]) -> Iterator[None]:
    """A writer beside what is done in here, which leaves how long each of its INSERTs took."""
    mine, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=insert_steadily, args=(url, its))
    process.start()
    mine.recv()
    try:
        yield
    finally:
        mine.send(True)
        durations += mine.recv()
        process.join()


def fill(url: str, versions: Path, rows: int) -> None:
    """Make the table with that many rows."""
    (versions / "0001_table.py").write_text(TABLE)
    schemadiff.apply(url, versions)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        thousand = [{"kind": f"kind {number}", "size": number} for number in range(min(rows, 1000))]
        connection.execute(
            sa.text("INSERT INTO entry (kind, size, total) VALUES (:kind, :size, :size)"), thousand
        )
        count = len(thousand)
        while count < rows:
            more = min(count, rows - count)
            connection.execute(
                sa.text(
                    "INSERT INTO entry (kind, size, total) SELECT kind, size, total FROM entry LIMIT :more"
                ),
                {"more": more},
            )
            count += more
        analyze = "ANALYZE entry" if engine.dialect.name == "postgresql" else "ANALYZE TABLE entry"
        connection.exec_driver_sql(analyze)
    engine.dispose()


def change(url: str, rows: int, tool: str, kind: str) -> Standing:
    """Fills an empty database, and changes it. ``tool`` is ``Alembic`` or what schemadiff's ``--online`` is to be."""
    durations: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder)
        fill(url, versions, rows)
        six = SIX[kind]
        lines = "\n    ".join(one.line for one in six)
        (versions / "0002_six.py").write_text(f"import sqlalchemy as sa\n\n\ndef upgrade(op):\n    {lines}\n")
        work = _by_alembic(url, six) if tool == "Alembic" else _by_schemadiff(url, versions, tool)
        with writer(url, durations):
            time.sleep(SETTLES)
            began = time.monotonic()
            work()
            took = time.monotonic() - began
    stood = [one for one in durations if one >= STANDS]
    return Standing(took, max(durations, default=0.0), sum(stood))


def _by_schemadiff(url: str, versions: Path, online: str) -> Callable[[], object]:
    return lambda: schemadiff.apply(url, versions, online=online)  # type: ignore[arg-type]


def _by_alembic(url: str, six: tuple[Change, ...]) -> Callable[[], object]:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    def work() -> None:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection)
            with context.begin_transaction():
                for one in six:
                    one.alembic(Operations(context))
            connection.commit()
        engine.dispose()

    return work
