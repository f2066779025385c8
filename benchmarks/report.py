"""docs/benchmarks.md and its plot, from the file of figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log10
from pathlib import Path
from typing import Any

from benchmarks.results import Result, load, shown, table

ENGINES = {"sqlite": "SQLite", "mysql": "MySQL", "mariadb": "MariaDB", "postgresql": "PostgreSQL"}

HEAD = """\
# Benchmarks

<!-- Made by `make bench ARGS="--report"` from the figures that `make bench` measured. -->

schemadiff and Alembic do the same by turns, in processes of their own, on one machine. Each figure is the median of
the rounds. CPU is that of the client. Where whole commands are measured, that is all of it; elsewhere the clock starts
when the tool and its driver are imported, a first connection was opened and closed, for which SQLAlchemy imports more,
and the models are built. Ratios hold better than seconds on another machine. `make bench` measures all of it on yours;
`make bench ARGS="--parts diff --engines sqlite --tables 100"` a part, which replaces the same part of the figures in
`build/benchmarks.json`. What CI guards are counts, never seconds.
"""


def write(figures: Path, folder: Path) -> None:
    """Makes ``benchmarks.md`` and ``benchmarks.svg`` in the folder."""
    about, known = load(figures)
    results = list(known.values())
    dates = sorted({one.date for one in results})
    commits = list(dict.fromkeys(one.commit for one in results if one.commit))
    ran = (
        f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}"
        if dates
        else "Nothing is measured yet"
    )
    if commits:
        ran += f" at {', '.join(commits)}"
    parts = [
        HEAD,
        f"{ran}.",
        table(("", ""), ((ENGINES.get(name, name), value) for name, value in about.items())),
    ]
    for part in (_diff, _latency, _histories, _start, _writers):
        parts += part(results)
    (folder / "benchmarks.md").write_text("\n\n".join(part.strip() for part in parts) + "\n")
    (folder / "benchmarks.svg").write_text(_plot(results))


def _of(results: Iterable[Result], part: str) -> list[Result]:
    order = list(ENGINES)
    return sorted((one for one in results if one.part == part), key=lambda one: order.index(one.engine))


def _figure(result: Result, tool: str, name: str) -> str:
    return shown(result.tools[tool].medians().get(name)) if tool in result.tools else "-"


def _ratio(result: Result, name: str, tool: str = "Alembic", to: str = "schemadiff") -> str:
    ratio = result.ratio(name, tool, to)
    return f"{shown(round(ratio, 2))}×" if ratio is not None else "-"


def _diff(results: Iterable[Result]) -> list[str]:
    found = [one for one in _of(results, "diff") if not one.case["delay ms"]]
    found.sort(key=lambda one: (one.case["tables"], not one.case["CHECKs"], one.case["changed %"]))
    heads = ["tables", "CHECKs", "changed", "engine"]
    heads += [
        "schemadiff, CPU s",
        "Alembic, CPU s",
        "Alembic takes",
        "raw reading, CPU s",
        "of that, schemadiff",
    ]
    heads += ["queries", "Alembic's", "peak, MiB", "Alembic's", "above the start, MiB", "Alembic's"]
    rows = [
        [
            f"{one.case['tables']:,}",
            "yes" if one.case["CHECKs"] else "no",
            f"{one.case['changed %']} %",
            ENGINES[one.engine],
            _figure(one, "schemadiff", "cpu"),
            _figure(one, "Alembic", "cpu"),
            _ratio(one, "cpu"),
            _figure(one, "floor", "cpu"),
            _ratio(one, "cpu", "schemadiff", "floor"),
            *(
                _figure(one, tool, name)
                for name in ("queries", "peak", "MiB more")
                for tool in ("schemadiff", "Alembic")
            ),
        ]
        for one in found
    ]
    words = (
        "`schemadiff.check` and Alembic's `compare_metadata` (`compare_type`, `compare_server_default`; it does not "
        "compare CHECKs) on tables of 15 columns with an index, a unique and a foreign key constraint. Raw reading "
        "is the bare driver with bulk queries, split into tuples and compared with nothing: the floor."
    )
    plot = "![Client CPU of a check by tables, on each engine](benchmarks.svg)"
    return ["## The models beside the database", words, plot, table(heads, rows)] if rows else []


def _latency(results: Iterable[Result]) -> list[str]:
    found = [one for one in _of(results, "diff") if one.case["delay ms"]]
    found.sort(key=lambda one: (one.case["delay ms"], one.case["tables"], one.case["changed %"]))
    heads: tuple[str, ...] = (
        "added each way",
        "tables",
        "changed",
        "engine",
        "schemadiff, s",
        "Alembic, s",
        "Alembic takes",
    )
    heads = (*heads, "round trips", "Alembic's")
    rows = [
        [
            f"{one.case['delay ms']} ms",
            f"{one.case['tables']:,}",
            f"{one.case['changed %']} %",
            ENGINES[one.engine],
            _figure(one, "schemadiff", "wall"),
            _figure(one, "Alembic", "wall"),
            _ratio(one, "wall"),
            _figure(one, "schemadiff", "trips"),
            _figure(one, "Alembic", "trips"),
        ]
        for one in found
    ]
    words = "The same through a proxy that delays each way. Opening the connection is counted in."
    return ["## The same far away", words, table(heads, rows)] if rows else []


def _histories(results: Iterable[Result]) -> list[str]:
    found = _of(results, "histories")
    found.sort(key=lambda one: (one.case["direction"] == "down", one.case["revisions"]))
    heads: tuple[str, ...] = ("revisions", "", "engine", "schemadiff, s", "CPU s", "Alembic, s", "CPU s")
    heads = (*heads, "raw statements, s", "CPU s", "Alembic takes, CPU", "of raw, schemadiff, s")
    rows = [
        [
            f"{one.case['revisions']:,}",
            one.case["direction"],
            ENGINES[one.engine],
            *(
                _figure(one, tool, name)
                for tool in ("schemadiff", "Alembic", "raw")
                for name in ("wall", "cpu")
            ),
            _ratio(one, "cpu"),
            _ratio(one, "wall", "schemadiff", "raw"),
        ]
        for one in found
    ]
    words = (
        "Small revisions, applied to an empty database and rolled back to nothing, beside the bare statements with a "
        "commit after each. Alembic commits after each revision as well (`transaction_per_migration`)."
    )
    return ["## Long histories", words, table(heads, rows), *_growth(found)] if rows else []


def _growth(found: Sequence[Result]) -> list[str]:
    """Return the ratio of the longest history's time to the shortest one's, for each engine that has several."""

    def seconds(result: Result, tool: str) -> float:
        return _number(result.tools[tool].medians()["wall"])

    rows = []
    for engine, name in ENGINES.items():
        for direction in ("up", "down"):
            some = [one for one in found if (one.engine, one.case["direction"]) == (engine, direction)]
            some.sort(key=lambda one: int(one.case["revisions"]))
            if len(some) > 1:
                few, many = some[0], some[-1]
                sizes = f"{few.case['revisions']:,} to {many.case['revisions']:,}"
                tools = ("schemadiff", "Alembic", "raw")
                times = [f"{seconds(many, tool) / seconds(few, tool):.1f}×" for tool in tools]
                rows.append([sizes, direction, name, *times])
    heads = ("revisions", "", "engine", "schemadiff's time grows", "Alembic's", "raw statements'")
    return [table(heads, rows)] if rows else []


def _start(results: Iterable[Result]) -> list[str]:
    found = _of(results, "start")
    found.sort(key=lambda one: one.case["revisions"])
    pairs = {"--help": "--help", "status": "current", "history": "history", "check": "check"}
    heads = (
        "revisions",
        "engine",
        "schemadiff",
        "ms",
        "CPU ms",
        "alembic",
        "ms",
        "CPU ms",
        "schemadiff takes, CPU",
    )

    def ms(one: Result, tool: str, name: str) -> str:
        value = one.tools[tool].medians().get(name)
        return f"{value * 1000:,.0f}" if value is not None else "-"

    rows = [
        [
            f"{one.case['revisions']:,}",
            ENGINES[one.engine],
            f"`{one.case['command']}`",
            ms(one, "schemadiff", "wall"),
            ms(one, "schemadiff", "cpu"),
            f"`{pairs[one.case['command']]}`",
            ms(one, "Alembic", "wall"),
            ms(one, "Alembic", "cpu"),
            _ratio(one, "cpu", "schemadiff", "Alembic"),
        ]
        for one in found
    ]
    words = "Whole processes, in a project of so many revisions, all of them applied."
    return ["## Commands that look", words, table(heads, rows)] if rows else []


def _writers(results: Iterable[Result]) -> list[str]:
    found = _of(results, "writers")
    found.sort(key=lambda one: one.case["changes"])
    heads = ("engine", "rows", "changes", "by", "took, s", "longest wait, s", "waits in all, s")
    rows = [
        [
            ENGINES[one.engine],
            f"{one.case['rows']:,}",
            one.case["changes"],
            tool,
            *(_figure(one, tool, name) for name in ("wall", "s longest wait", "s of waiting")),
        ]
        for one in found
        for tool in one.tools
    ]
    words = (
        "Six changes of one table in one revision, while somebody inserts 200 rows a second: with INT to BIGINT, "
        "for which MySQL and MariaDB copy the table, and without. A wait is an INSERT that takes 50 ms or more."
    )
    return ["## Beside a writer", words, table(heads, rows)] if rows else []


_COLORS = {"schemadiff": "#0a7d4f", "Alembic": "#b5482a", "floor": "#8a8a8a"}
_WIDTH, _HEIGHT, _MARGIN = 360, 240, 48


def _plot(results: Iterable[Result]) -> str:
    """One square an engine: tables against seconds of client CPU, both logarithmic, with CHECKs and nothing changed."""
    squares = []
    for number, engine in enumerate(ENGINES):
        case = {"CHECKs": True, "changed %": 0, "delay ms": 0}
        of_engine = [
            one
            for one in results
            if (one.part, one.engine) == ("diff", engine) and case.items() <= one.case.items()
        ]
        of_engine.sort(key=lambda one: int(one.case["tables"]))
        squares.append(
            f'<g transform="translate({number % 2 * _WIDTH} {number // 2 * _HEIGHT})">'
            f"{_square(ENGINES[engine], of_engine)}</g>"
        )
    size = f'width="{2 * _WIDTH}" height="{2 * _HEIGHT}" viewBox="0 0 {2 * _WIDTH} {2 * _HEIGHT}"'
    style = 'font-family="sans-serif" font-size="11"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *squares, "</svg>"]) + "\n"


def _square(title: str, results: Sequence[Result]) -> str:
    left, right, top, bottom = _MARGIN, _WIDTH - 80, 28, _HEIGHT - 32

    def x(tables: float) -> float:
        return left + (log10(tables) - 1) / 3 * (right - left)

    def y(seconds: float) -> float:
        return bottom - (log10(max(seconds, 0.001)) + 3) / 5 * (bottom - top)

    said = [f'<text x="{left}" y="16" font-weight="bold">{title}: client CPU of a check</text>']
    for power in range(-3, 3):
        at = y(10.0**power)
        said.append(f'<path d="M{left} {at:.1f}H{right}" stroke="#ddd"/>')
        said.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    said += [
        f'<text x="{x(tables):.1f}" y="{bottom + 16}" text-anchor="middle">{tables:,}</text>'
        for tables in (10, 100, 1000, 10000)
    ]
    for tool, color in _COLORS.items():
        points = [
            (x(one.case["tables"]), y(_number(one.tools[tool].medians()["cpu"])))
            for one in results
            if tool in one.tools
        ]
        if points:
            line = " ".join(f"{across:.1f},{up:.1f}" for across, up in points)
            said.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
            said += [
                f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{color}"/>' for across, up in points
            ]
            name = "raw reading" if tool == "floor" else tool
            across, up = points[-1]
            said.append(f'<text x="{across + 8:.1f}" y="{up + 4:.1f}" fill="{color}">{name}</text>')
    return "".join(said)


def _number(value: Any) -> float:
    return float(value)
