"""Random pairs of models converge forth and back on every engine.

``SCHEMADIFF_FUZZ_EXAMPLES=500 pytest tests/test_random_pairs.py`` draws more pairs than the few that the suite has time
for, and other ones each time; ``--hypothesis-seed`` repeats a run.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import hypothesis

from schemadiff.testing.strategies import Pair, pairs
from tests.convergence import Bench, converge

EXAMPLES = os.environ.get("SCHEMADIFF_FUZZ_EXAMPLES")
SETTINGS = hypothesis.settings(
    max_examples=int(EXAMPLES or 12),
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def test_random_pairs(engine_name: str, server_url: Callable[[str], str]) -> None:
    bench = Bench(engine_name, server_url)

    @SETTINGS
    @hypothesis.given(pairs(engine_name))
    def converges(pair: Pair) -> None:
        converge(bench, pair)

    try:
        converges()
    finally:
        bench.close()
