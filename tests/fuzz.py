"""Takes many random pairs of models forth and back on every engine, other ones each time: `make fuzz`.

    python -m tests.fuzz --pairs 5000 --workers 2 --seed 1 mysql sqlite

The seed of a run is printed, and repeats it. A pair that fails is printed, made small, as the code of a story file;
the other pairs go on, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed

from tests.convergence import DRAWS, Bench, converge_some
from tests.servers.choice import ENGINES as SERVER_ENGINES
from tests.servers.fleet import Fleet

PART = 100
"""Pairs that a worker takes at a time."""


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("engines", nargs="*", default=["sqlite", *SERVER_ENGINES])
    options.add_argument("--pairs", type=int, default=5000, help="for each engine (%(default)s)")
    options.add_argument("--workers", type=int, default=2, help="processes (%(default)s)")
    options.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    chosen = options.parse_args()
    fleet = Fleet()
    try:
        urls = {engine: fleet.url(engine) for engine in chosen.engines if engine in SERVER_ENGINES}
        return run(chosen.engines, urls, pairs=chosen.pairs, workers=chosen.workers, seed=chosen.seed)
    finally:
        fleet.stop()


def run(engines: list[str], urls: dict[str, str], *, pairs: int, workers: int, seed: int) -> int:
    """Draws and takes the pairs, says how far it is, and returns the exit code."""
    print(f"{pairs} pairs for each of {', '.join(engines)}; --seed {seed}", flush=True)
    done: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    parts_done: Counter[str] = Counter()
    seconds: dict[str, float] = dict.fromkeys(engines, 0)
    with ThreadPoolExecutor(workers) as pool:
        parts = {
            pool.submit(apart, engine, urls, min(PART, pairs - first), seed + first): engine
            for first in range(0, pairs, PART)
            for engine in engines
        }
        for part in as_completed(parts):
            engine = parts[part]
            took, passed, failures = part.result()
            seconds[engine] += took
            done[engine] += passed
            failed[engine] += len(failures)
            parts_done[engine] += 1
            print(*failures, sep="\n", end="\n" if failures else "", flush=True)
            if parts_done[engine] % 5 == 0 or failures:
                print(f"{engine}: {done[engine]} of {pairs}, {seconds[engine]:.0f} s", flush=True)
    for engine in engines:
        words = f"{failed[engine]} failures" if failed[engine] else "no failure"
        print(f"{engine}: {done[engine]} pairs in {seconds[engine]:.0f} s, {words}")
    return 1 if failed.total() else 0


def apart(engine: str, urls: dict[str, str], count: int, seed: int) -> tuple[float, int, list[str]]:
    """Does `take` in a process of its own: one that has drawn thousands of models holds a gigabyte of them.

    `ProcessPoolExecutor` would end its processes by itself (``max_tasks_per_child``), but in Python 3.11 to 3.14 it
    then stands still for ever (CPython's issue 115634).
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        return alone.submit(take, engine, urls, count, seed).result()


def take(engine: str, urls: dict[str, str], count: int, seed: int) -> tuple[float, int, list[str]]:
    """Takes so many pairs; returns the seconds, how many converged, and what failed. A failure ends its own ten."""
    began = time.monotonic()
    bench = Bench(engine, urls.__getitem__)
    passed, failures = 0, []
    try:
        for first in range(0, count, DRAWS):
            some = min(DRAWS, count - first)
            try:
                converge_some(bench, some, seed * 100_000 + first)
                passed += some
            except Exception:
                failures.append(traceback.format_exc(limit=-3))
    finally:
        bench.close()
    return time.monotonic() - began, passed, failures


if __name__ == "__main__":
    sys.exit(main())
