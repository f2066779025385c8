"""Measurements, as a file that later runs add to, and as lines to read.

A result is one case: what each tool took in it, by turns in one run, so that its ratios hold on a busy machine as well.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

Figure = float | int | None


@dataclass(slots=True)
class Taken:
    """The figures of one tool, a value for each round. Times are in seconds, memory in MiB; ``counts`` are the same
    each round.
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    others: dict[str, list[float]] = field(default_factory=dict)

    def add(self, cpu: float, wall: float, peak: float | None = None) -> None:
        """One round."""
        self.cpu.append(cpu)
        self.wall.append(wall)
        if peak is not None:
            self.peak.append(peak)

    def medians(self) -> dict[str, Figure]:
        """Of each figure the median."""
        found: dict[str, Figure] = {
            name: median(values)
            for name, values in (("cpu", self.cpu), ("wall", self.wall), ("peak", self.peak))
            if values
        }
        return {**found, **self.counts, **{name: median(some) for name, some in self.others.items()}}


@dataclass(slots=True)
class Result:
    """A case of a part on an engine, and what each tool took in it."""

    part: str
    engine: str
    case: dict[str, Any]
    tools: dict[str, Taken] = field(default_factory=dict)
    date: str = ""
    commit: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The part, engine and case by which results are told apart."""
        return (self.part, self.engine, *(f"{name}={value}" for name, value in sorted(self.case.items())))

    def ratio(self, figure: str, tool: str, to: str) -> float | None:
        """How many times as much a tool took of a figure as another one."""
        if tool not in self.tools or to not in self.tools:
            return None
        one, other = (self.tools[name].medians().get(figure) for name in (tool, to))
        return one / other if one is not None and other else None


def machine(servers: dict[str, str]) -> dict[str, str]:
    """Return a description of the machine: no names of hosts, no paths."""
    return {
        "CPU": _processor(),
        "cores": str(_cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "load when the last run began": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        **{
            name: version(package)
            for name, package in (
                ("schemadiff", "sqlalchemy-schemadiff"),
                ("Alembic", "alembic"),
                ("SQLAlchemy", "sqlalchemy"),
                ("PyMySQL", "pymysql"),
                ("psycopg", "psycopg"),
            )
        },
        "SQLite": sqlite3.sqlite_version,
        **servers,
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 0


def commit() -> str:
    """The commit that is checked out, short, with a ``+`` where files differ from it; empty where there is no git."""
    try:
        words = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def load(path: Path) -> tuple[dict[str, str], dict[tuple[str, ...], Result]]:
    """The machine and the results of a file, none where there is no file."""
    if not path.exists():
        return {}, {}
    told = json.loads(path.read_text())
    results = [
        Result(**{**one, "tools": {name: Taken(**taken) for name, taken in one["tools"].items()}})
        for one in told["results"]
    ]
    return told["machine"], {one.key: one for one in results}


def save(path: Path, about: dict[str, str], results: Iterable[Result]) -> None:
    """Write the file; what it had of the same cases is replaced."""
    earlier, known = load(path)
    known.update({one.key: one for one in results})
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"machine": {**earlier, **about}, "results": [dataclasses.asdict(one) for one in known.values()]}
    path.write_text(json.dumps(told, indent=1) + "\n")


def today() -> str:
    """The day, in UTC."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")


UNITS = {"cpu": "s CPU", "wall": "s", "peak": "MiB", "queries": "queries", "trips": "round trips"}
RATIOS = {*UNITS, "s longest wait", "s of waiting"}


def lines(result: Result) -> list[str]:
    """One line for each tool, and what its figures are times those of the first."""
    case = ", ".join(f"{name} {value}" for name, value in result.case.items())
    said = [f"{result.part} on {result.engine}: {case}"]
    first = next(iter(result.tools), "")
    for tool, taken in result.tools.items():
        figures = []
        for name, value in taken.medians().items():
            ratio = result.ratio(name, tool, first) if name in RATIOS and tool != first else None
            words = f"{shown(value)} {UNITS.get(name, name)}"
            figures.append(f"{words} ({shown(ratio)}x)" if ratio is not None else words)
        said.append(f"  {tool:12} {', '.join(figures)}")
    return said


def shown(value: Figure) -> str:
    """Three digits of it."""
    if value is None:
        return "-"
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    head = f"| {' | '.join(heads)} |\n| {' | '.join('---' for _ in heads)} |"
    return "\n".join([head, *(f"| {' | '.join(row)} |" for row in rows)])
