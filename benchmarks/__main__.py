"""Measures schemadiff beside Alembic, the two by turns, on the servers that the tests use.

    make bench
    make bench ARGS="--parts diff --engines sqlite postgresql --tables 100 1000"
    make bench ARGS="--report"

Figures are medians of the rounds: client CPU, time, queries, peak memory. They are added to a file, in which a case
that was measured before is replaced; `--report` makes docs/benchmarks.md from that file.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import report, starts, writers
from benchmarks.child import PROJECT, Assignment, WorkError, measure
from benchmarks.histories import write_alembic, write_history
from benchmarks.latency import FarProxy
from benchmarks.models import changes, models
from benchmarks.results import Result, Taken, commit, lines, machine, save, today
from tests.servers.choice import ServerError
from tests.servers.databases import Databases
from tests.servers.fleet import Fleet

ENGINES = ("sqlite", "mysql", "mariadb", "postgresql")
PARTS = ("diff", "histories", "start", "writers")
FAR_TABLES = 1000
"""With added latency no more are compared: Alembic asks several questions a table."""

COUNTED_REVISIONS = 200
"""Queries are counted in a run of their own, which longer histories are spared."""

RESULTS = PROJECT / "build" / "benchmarks.json"


class Bench:
    """The servers, the options, and what has been measured so far."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.fleet = Fleet()
        self.databases = Databases(self.fleet.url)
        self.commit = commit()
        self.failed = False

    def close(self) -> None:
        """Stop what was started."""
        self.databases.close()
        self.fleet.stop()

    def rounds(self, fitting: int) -> range:
        """As many as were asked for, else as many as fit the size."""
        return range(self.given.rounds or fitting)

    @contextmanager
    def database(self, engine: str) -> Iterator[str]:
        """An empty one, dropped afterwards."""
        if engine == "sqlite":
            with tempfile.TemporaryDirectory() as folder:
                yield f"sqlite:///{folder}/bench.sqlite"
            return
        url = self.databases.create(engine)
        try:
            yield url
        finally:
            self.databases.drop(engine, url)

    @functools.cached_property
    def about(self) -> dict[str, str]:
        """The machine and the servers, as they are before the first measurement."""
        servers = {}
        for engine in self.given.engines:
            if engine != "sqlite":
                pool = sa.create_engine(self.fleet.url(engine))
                with pool.connect() as connection:
                    question = "SHOW server_version" if engine == "postgresql" else "SELECT VERSION()"
                    servers[engine] = (
                        str(connection.exec_driver_sql(question).scalar()).split("-")[0].split()[0]
                    )
                pool.dispose()
        return machine(servers)

    def keep(self, result: Result) -> None:
        """Print it and add it to the file."""
        result.date, result.commit = today(), self.commit
        print(*lines(result), sep="\n", flush=True)
        save(self.given.output, self.about, [result])


def diffs(bench: Bench, engine: str) -> None:
    """Comparing models with a database that has just been made of them."""
    given = bench.given
    for tables in given.tables:
        for checks in (word == "with" for word in given.checks):
            with bench.database(engine) as url, tempfile.TemporaryDirectory() as folder:
                pool = sa.create_engine(url)
                models(tables, checks=checks).create_all(pool, checkfirst=False)
                pool.dispose()
                for percent in given.changed:
                    for delay in given.delays:
                        if delay and (engine == "sqlite" or tables > FAR_TABLES or not checks):
                            continue
                        case = {"tables": tables, "CHECKs": checks, "changed %": percent, "delay ms": delay}
                        options = {
                            "tables": tables,
                            "checks": checks,
                            "changed": bool(percent),
                            "folder": folder,
                        }
                        _diff(bench, Result("diff", engine, case), url, options, delay / 1000)


def _diff(bench: Bench, result: Result, url: str, options: dict[str, Any], delay: float) -> None:
    tools = ("schemadiff", "Alembic", "floor")
    result.tools = {tool: Taken() for tool in tools}
    for tool in tools:
        with _far(url, delay) as (place, trips):
            figures = measure(Assignment(f"diff {tool}", place, options, counting=True))
            result.tools[tool].counts = {"queries": figures.queries or 0, "found": figures.found, **trips()}
    tables = options["tables"]
    wanted = changes(tables) if options["changed"] else 0
    if (found := result.tools["schemadiff"].counts["found"]) != wanted:
        raise WorkError(f"the check found {found} differences where there are {wanted}")
    for _ in bench.rounds(1 if tables >= 5000 else 3 if tables >= 1000 or delay else 5):
        for tool in tools:
            with _far(url, delay) as (place, _trips):
                one = measure(Assignment(f"diff {tool}", place, options))
            result.tools[tool].add(one.cpu, one.wall, one.peak)
            result.tools[tool].others.setdefault("MiB more", []).append(one.peak - one.before)
    bench.keep(result)


@contextmanager
def _far(url: str, delay: float) -> Iterator[tuple[str, Callable[[], dict[str, int]]]]:
    """The URL through a proxy, where there is to be a delay, and what counts its round trips."""
    if not delay:
        yield url, dict
        return
    with FarProxy(url, delay) as proxy:
        yield proxy.url, lambda: {"trips": proxy.trips}


def histories(bench: Bench, engine: str) -> None:
    """Applying a long history to an empty database, and rolling it back to nothing."""
    for count in bench.given.revisions:
        up, down = (
            Result("histories", engine, {"revisions": count, "direction": direction})
            for direction in ("up", "down")
        )
        tools = ("schemadiff", "Alembic", "raw")
        for result in (up, down):
            result.tools = {tool: Taken() for tool in tools}
        with tempfile.TemporaryDirectory() as folder:
            write_history(Path(folder, "schemadiff"), count)
            write_alembic(Path(folder, "Alembic"), count)
            counted = [True] if count <= COUNTED_REVISIONS else []
            for counting in [*counted, *(False for _ in bench.rounds(3 if count < 1000 else 1))]:
                for tool in tools:
                    with bench.database(engine) as url:
                        for result in (up, down):
                            options = {"count": count, "down": result is down, "folder": f"{folder}/{tool}"}
                            one = measure(Assignment(f"history {tool}", url, options, counting))
                            if counting:
                                result.tools[tool].counts = {"queries": one.queries or 0}
                            else:
                                result.tools[tool].add(one.cpu, one.wall, one.peak)
        bench.keep(up)
        bench.keep(down)


def start(bench: Bench, engine: str) -> None:
    """Commands that only look, each a process."""
    for count in bench.given.revisions:
        with (
            tempfile.TemporaryDirectory() as folder,
            bench.database(engine) as url,
            bench.database(engine) as alembic_url,
        ):
            starts.prepare(Path(folder), count, url, alembic_url)
            for own, its in starts.PAIRS:
                result = Result("start", engine, {"revisions": count, "command": own})
                result.tools = {"schemadiff": Taken(), "Alembic": Taken()}
                for number in bench.rounds(7 if own == "--help" else 5):
                    for tool, program, command in (("schemadiff",) * 2 + (own,), ("Alembic", "alembic", its)):
                        if not number:
                            starts.run(Path(folder), program, command)  # so that each has its compiled files
                        one = starts.run(Path(folder), program, command)
                        result.tools[tool].add(one.cpu, one.wall)
                bench.keep(result)


def beside_writers(bench: Bench, engine: str) -> None:
    """Six changes of one large table with a writer beside them."""
    if engine == "sqlite":
        return
    tools = {
        "schemadiff": "auto",
        "--online always": "always",
        "--online never": "never",
        "Alembic": "Alembic",
    }
    for kind in writers.SIX:
        result = Result("writers", engine, {"rows": bench.given.rows, "changes": kind})
        result.tools = {tool: Taken() for tool in tools}
        for _ in bench.rounds(3):
            for tool, how in tools.items():
                with bench.database(engine) as url:
                    one = writers.change(url, bench.given.rows, how, kind)
                others = result.tools[tool].others
                result.tools[tool].wall.append(one.took)
                others.setdefault("s longest wait", []).append(one.longest)
                others.setdefault("s of waiting", []).append(one.total)
        bench.keep(result)


WORK = {"diff": diffs, "histories": histories, "start": start, "writers": beside_writers}


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=...", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    some = functools.partial(parser.add_argument, nargs="+")
    some("--parts", choices=PARTS, default=PARTS, metavar="PART", help=", ".join(PARTS))
    some("--engines", choices=ENGINES, default=ENGINES, metavar="NAME", help=", ".join(ENGINES))
    some("--tables", type=int, default=[10, 100, 1000, 5000], help="sizes of the diff (%(default)s)")
    some("--checks", choices=("with", "without"), default=["with", "without"], help="the diff's CHECKs")
    some("--changed", type=int, choices=(0, 1), default=[0, 1], help="percent of the tables (%(default)s)")
    some("--delays", type=int, default=[0, 5], help="added latency each way, in ms (%(default)s)")
    some("--revisions", type=int, default=[200, 1000], help="sizes of histories and start (%(default)s)")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="of the table with the writer (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, help="of each measurement; else what fits its size")
    parser.add_argument(
        "--output", type=Path, default=RESULTS, help="the file of figures (build/benchmarks.json)"
    )
    parser.add_argument(
        "--report", action="store_true", help="make docs/benchmarks.md from the file, and end"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Measure what was chosen; return 1 when a part failed, 2 when a server cannot be had."""
    given = options(arguments)
    if given.report:
        report.write(given.output, PROJECT / "docs")
        return 0
    for name in [name for name in os.environ if name.startswith("SCHEMADIFF_") and "_TEST_" not in name]:
        del os.environ[name]  # a setting of the person who measures
    bench = Bench(given)
    try:
        for engine in given.engines:
            if engine != "sqlite":
                bench.fleet.begin(engine)
        print(*(f"{name}: {value}" for name, value in bench.about.items()), sep="\n", flush=True)
        for part in given.parts:
            for engine in given.engines:
                try:
                    WORK[part](bench, engine)
                except WorkError as error:
                    bench.failed = True
                    print(f"{part} on {engine} failed:\n{error}", file=sys.stderr, flush=True)
    except ServerError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        bench.close()
    return int(bench.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
