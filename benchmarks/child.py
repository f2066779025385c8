"""One piece of work in a process of its own, so that nothing else is in its figures.

What it needs is imported, and the models are built, before the clock starts. `measure` starts the process and returns
its figures; when they are to be counted, the process counts and its times say nothing.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import pkgutil
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Assignment:
    """One piece of work. ``work`` is a key of `WORKS`; ``options`` are its keywords."""

    work: str
    url: str
    options: dict[str, Any]
    counting: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of client CPU and of the clock; the process's peak of memory in MiB, and what it had before the work;
    ``queries`` where they were counted; ``found`` is what the work came to, as a number.
    """

    cpu: float
    wall: float
    peak: float
    before: float
    found: int
    queries: int | None = None


class WorkError(Exception):
    """The process ended with an error."""


def measure(assignment: Assignment) -> Figures:
    """Run the work in a process of its own and return its figures. Raises `WorkError` with the end of what the process
    said.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.child"],
        input=json.dumps(dataclasses.asdict(assignment)),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WorkError(done.stderr[-3000:])
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


Work = Callable[[], int]


def _diff_schemadiff(url: str, tables: int, checks: bool, changed: bool, folder: str) -> Work:
    from benchmarks.models import models
    from schemadiff import check

    metadata = models(tables, checks=checks, changed=changed)
    return lambda: len(check(url, metadata, folder).missing)


def _diff_alembic(url: str, tables: int, checks: bool, changed: bool, folder: str) -> Work:
    import sqlalchemy as sa
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from benchmarks.models import models

    metadata = models(tables, checks=checks, changed=changed)

    def work() -> int:
        engine = sa.create_engine(url)
        options = {"compare_type": True, "compare_server_default": True}
        with engine.connect() as connection:
            return len(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    return work


def _diff_floor(url: str, tables: int, checks: bool, changed: bool, folder: str) -> Work:
    from benchmarks import floor

    return lambda: len(floor.read(url))


def _history_schemadiff(url: str, count: int, down: bool, folder: str) -> Work:
    from schemadiff import apply, rollback

    if down:
        return lambda: len(rollback(url, folder, to=0, allow=["all"]).done)
    return lambda: len(apply(url, folder).done)


def _history_alembic(url: str, count: int, down: bool, folder: str) -> Work:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", folder)
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))

    def work() -> int:
        if down:
            command.downgrade(config, "base")
        else:
            command.upgrade(config, "head")
        return count

    return work


def _history_raw(url: str, count: int, down: bool, folder: str) -> Work:
    import sqlalchemy as sa

    from benchmarks.histories import downwards, raw, small_revisions

    engine = sa.create_engine(url)
    small = small_revisions(count)
    statements = downwards(small, engine) if down else [one.up for one in small]

    def work() -> int:
        raw(engine, statements)
        return count

    return work


WORKS: dict[str, Callable[..., Work]] = {
    "diff schemadiff": _diff_schemadiff,
    "diff Alembic": _diff_alembic,
    "diff floor": _diff_floor,
    "history schemadiff": _history_schemadiff,
    "history Alembic": _history_alembic,
    "history raw": _history_raw,
}

PACKAGES = {"schemadiff": "schemadiff", "Alembic": "alembic"}


def _peak() -> float:
    """MiB. What Linux says with getrusage has the peak of the process that started this one in it."""
    with suppress(OSError), open("/proc/self/status") as told:
        return next(int(line.split()[1]) for line in told if line.startswith("VmHWM:")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _warm(url: str, package: str | None) -> None:
    """Has the driver, what SQLAlchemy loads with it, and all of the package imported before the clock starts."""
    import sqlalchemy as sa

    engine = sa.create_engine(url)
    engine.connect().close()
    engine.dispose()
    if package:
        _import_all(package)


def _import_all(package: str) -> None:
    for found in pkgutil.iter_modules(import_module(package).__path__):
        if found.name not in ("testing", "flask", "__main__", "templates"):
            name = f"{package}.{found.name}"
            _import_all(name) if found.ispkg else import_module(name)


def main() -> None:
    """Do what standard input says, and print the figures."""
    assignment = Assignment(**json.load(sys.stdin))
    _warm(assignment.url, PACKAGES.get(assignment.work.split()[1]))
    work = WORKS[assignment.work](assignment.url, **assignment.options)
    gc.collect()
    if assignment.counting:
        from tests.counting import counted
    before = _peak()
    clock, cpu = time.perf_counter(), time.process_time()
    queries = None
    if assignment.counting:
        with counted() as counts:
            found = work()
        queries = counts.queries
    else:
        found = work()
    figures = Figures(time.process_time() - cpu, time.perf_counter() - clock, _peak(), before, found, queries)
    print(json.dumps(dataclasses.asdict(figures)))


if __name__ == "__main__":
    main()
