"""Runs the stories, random pairs and the main job on other versions of the servers: `make test-versions`.

    python -m tests.versions --pairs 50 mariadb-11.8 postgresql

Each version is downloaded once (tools/server_editions.py) and started privately, one after the other. On MariaDB a
history that was planned on the ordinary MariaDB and on MySQL goes forth and back as well. What a story's golden parts
say differently is counted and does not fail; what the server then has, does. The exit code is 1 where anything failed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import schemadiff
from tests.fuzz import apart
from tests.models import first, second
from tests.servers.databases import Databases
from tests.servers.fleet import Fleet
from tests.servers.private import PrivateServer
from tests.test_unsaid import stages
from tools.install_servers import Installation, SetupError, url_variable
from tools.server_editions import EDITIONS, chosen, provide

ROOT = Path(__file__).resolve().parent.parent
PLANNED_ON = {"mariadb": ("mariadb", "mysql"), "postgresql": ("postgresql",)}
"""The engines whose ordinary server plans a history that a version of this engine then runs."""


@dataclass
class Report:
    """What a version made of it all."""

    name: str
    version: str = ""
    stories: str = ""
    golden: int = 0
    pairs: str = ""
    histories: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return the row of the table."""
        words = [
            self.name,
            self.version,
            self.stories,
            str(self.golden),
            self.pairs,
            ", ".join(self.histories),
        ]
        return f"| {' | '.join(words)} | {'FAILED' if self.problems else 'passed'} |"


HEAD = (
    "| asked for | version | stories and main job | other golden texts | random pairs | histories of | |\n"
    + "| --- " * 7
    + "|"
)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument(
        "versions", nargs="*", help=f"{', '.join(EDITIONS)}, or an engine; all where none is given"
    )
    options.add_argument("--pairs", type=int, default=50, help="random pairs (%(default)s)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--workers", type=int, default=2, help="processes for the stories (%(default)s)")
    options.add_argument("-k", dest="only", default="", help="only the stories that pytest -k finds")
    given = options.parse_args()
    reports = []
    try:
        names = chosen(given.versions)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    fleet = Fleet()
    try:
        for name in names:
            report = Report(name)
            reports.append(report)
            try:
                _run(report, provide(name), fleet, given)
            except Exception as error:
                traceback.print_exc(limit=-3)
                report.problems.append(str(error))
            print(f"{HEAD}\n{report.line()}", flush=True)
    finally:
        fleet.stop()
    print(f"\n{HEAD}", *(report.line() for report in reports), sep="\n")
    return 1 if any(report.problems for report in reports) else 0


def _run(report: Report, installation: Installation, fleet: Fleet, given: argparse.Namespace) -> None:
    report.version = installation.version
    engine = installation.engine
    if engine == "sqlite":
        environment = {**os.environ, "PYTHONPATH": str(installation.home)}
        _stories(report, engine, environment, given)
        _pairs_apart(report, engine, environment, given)
        return
    server = PrivateServer(installation)
    try:
        environment = {**os.environ, url_variable(engine): server.url}
        _stories(report, engine, environment, given)
        _pairs(report, engine, server.url, given)
        for planner in PLANNED_ON.get(engine, ()):
            _history(report, planner, fleet.url(planner), engine, server.url)
    finally:
        server.stop()


def _stories(report: Report, engine: str, environment: dict[str, str], given: argparse.Namespace) -> None:
    options = ["-q", "-rw", "-n", str(given.workers), "--tb=short", "-W", "default:golden parts differ"]
    files = ("test_stories.py", "test_workflow.py", "test_newer_servers.py")
    command = [sys.executable, "-m", "pytest", *options, "--other-version", report.version]
    command += [f"tests/{name}" for name in files]
    wanted = f"({engine}/ or test_the_main_job[{engine}] or (newer and {engine}))"
    command += ["-k", f"{wanted} and ({given.only})" if given.only else wanted]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, flush=True)
    report.golden = len(set(re.findall(r"golden parts differ: (\S+):", done.stdout)))
    report.stories = summary(done.stdout)
    if done.returncode:
        report.problems.append("stories")


def summary(said: str) -> str:
    """Return how many tests passed and failed, from pytest's last line."""
    last = said.rstrip().splitlines()[-1] if said.strip() else ""
    return ", ".join(re.findall(r"\d+ (?:passed|failed|errors?)", last)) or "none"


def _pairs(report: Report, engine: str, url: str, given: argparse.Namespace) -> None:
    _, passed, failures = apart(engine, {engine: url}, given.pairs, given.seed)
    _told(report, passed, given.pairs, failures)


def _pairs_apart(report: Report, engine: str, environment: dict[str, str], given: argparse.Namespace) -> None:
    """As `_pairs`, in a process with that environment."""
    command = [sys.executable, "-m", "tests.fuzz", "--pairs", str(given.pairs), "--seed", str(given.seed)]
    done = subprocess.run(
        [*command, "--workers", "1", engine],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found = re.search(rf"^{engine}: (\d+) pairs in", done.stdout, re.MULTILINE)
    _told(report, int(found[1]) if found else 0, given.pairs, [done.stdout] if done.returncode else [])


def _told(report: Report, passed: int, of: int, failures: list[str]) -> None:
    print(*failures, sep="\n", flush=True)
    report.pairs = f"{passed} of {of}"
    if failures or passed < of:
        report.problems.append("pairs")


def _history(report: Report, planner: str, planned_on: str, engine: str, url: str) -> None:
    """Plans a history on one server, and takes a database of the other forth and back with it."""
    ordinary, other = Databases(lambda _: planned_on), Databases(lambda _: url)
    here, there = ordinary.create(planner), other.create(engine)
    models = [first(), second()] if engine == "postgresql" else stages()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for metadata in models:
                schemadiff.plan(here, metadata, folder, no_renames=True)
                schemadiff.apply(here, folder, allow=("all",))
            for number, metadata in enumerate(models, 1):
                schemadiff.apply(there, folder, to=number, allow=("all",))
                _expect_same(there, metadata, number)
            for number, metadata in reversed(list(enumerate(models, 1))):
                schemadiff.rollback(there, folder, to=number, allow=("all",))
                _expect_same(there, metadata, number)
        report.histories.append(planner)
    except Exception as error:
        traceback.print_exc(limit=-3)
        report.histories.append(f"{planner} FAILED")
        report.problems.append(f"a history of {planner}: {error}")
    finally:
        ordinary.drop(planner, here)
        other.drop(engine, there)
        ordinary.close()
        other.close()


def _expect_same(url: str, models: object, number: int) -> None:
    if found := schemadiff.diff(url, models).plan.operations:
        said = "; ".join(operation.describe() for operation in found)
        raise AssertionError(f"after revision {number} it is not what the models say: {said}")


if __name__ == "__main__":
    sys.exit(main())
