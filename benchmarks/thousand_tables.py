"""How long schemadiff works on a thousand tables, beside SQLAlchemy's own reflection of them in the same run.

    python benchmarks/thousand_tables.py sqlite:////tmp/bench.db mysql+pymysql://root@127.0.0.1:3306/bench …

Each database must be empty: the script creates tables in it and drops them again. Figures are seconds of client CPU
(what the machine's other work cannot change much) and of the clock; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

import schemadiff
from schemadiff.comparer import compare
from schemadiff.database import connected, open_engine
from schemadiff.inspector import inspect
from schemadiff.reader import read


def models(tables: int, columns: int) -> sa.MetaData:
    """That many tables with that many columns each, an index, a unique and a foreign key constraint and a CHECK."""
    metadata = sa.MetaData()
    kinds = (
        sa.Integer(),
        sa.String(50),
        sa.DateTime(),
        sa.Numeric(10, 2),
        sa.Text(),
        sa.Boolean(),
        sa.BigInteger(),
    )
    for number in range(tables):
        sa.Table(
            f"table_{number:04}",
            metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("parent_id", sa.Integer, sa.ForeignKey(f"table_{max(number - 1, 0):04}.id")),
            *(
                sa.Column(f"column_{one}", kinds[one % len(kinds)], nullable=one % 3 > 0)
                for one in range(columns - 2)
            ),
            sa.Index(f"ix_{number}", "column_0", "column_3"),
            sa.UniqueConstraint("column_1", name=f"uq_{number}"),
            sa.CheckConstraint("column_0 > 0", name=f"ck_{number}"),
        )
    return metadata


def measured(work: Callable[[], Any], times: int = 3) -> tuple[float, float, Any]:
    """The least client CPU and clock time of several runs, in seconds, and the last result."""
    best = [float("inf"), float("inf")]
    result = None
    for _ in range(times):
        clock, cpu = time.perf_counter(), time.process_time()
        result = work()
        best = [min(best[0], time.process_time() - cpu), min(best[1], time.perf_counter() - clock)]
    return best[0], best[1], result


def run(url: str, tables: int, columns: int) -> None:
    """Measures one database and prints a line for each thing measured."""
    metadata = models(tables, columns)
    engine = open_engine(url)
    metadata.create_all(engine)
    try:
        with connected(url) as (connection, dialect):
            reflected = measured(lambda: sa.MetaData().reflect(connection), times=1)
            inspected = measured(lambda: inspect(connection, dialect))
            desired = measured(lambda: read(metadata, dialect))
            compared = measured(lambda: compare(inspected[2], desired[2], dialect))
        with tempfile.TemporaryDirectory() as folder:
            checked = measured(lambda: schemadiff.check(url, metadata, folder))
        print(f"{dialect.name}: {tables} tables x {columns} columns: CPU s, clock s")
        for name, (cpu, clock, _) in (
            ("SQLAlchemy reflection", reflected),
            ("schemadiff inspect", inspected),
            ("schemadiff read models", desired),
            ("schemadiff compare", compared),
            ("schemadiff check, all of it", checked),
        ):
            print(f"  {name:28} {cpu:6.2f} {clock:6.2f}")
        ratios = reflected[0] / inspected[0], reflected[1] / inspected[1]
        print(f"  reflection : inspect       {ratios[0]:5.1f}x {ratios[1]:5.1f}x")
        assert not checked[2], "the check of what was just created is not quiet"
    finally:
        metadata.drop_all(engine)
        engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--columns", type=int, default=15)
    arguments = parser.parse_args()
    for each in arguments.urls:
        run(each, arguments.tables, arguments.columns)
