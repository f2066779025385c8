"""Random pairs of models converge forth and back on every engine: the same ones in each run.

`make fuzz` draws thousands, and other ones each time: these here are for what a change breaks at once.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests import fuzz
from tests.convergence import Bench, converge_all

PAIRS = 50 if sa.__version__ >= "2.1" else 12
PART = 25


@pytest.mark.slow
# SQLAlchemy 2.1's own, about mysql.YEAR in an index.
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
@pytest.mark.parametrize(
    "first", [pytest.param(one, marks=[pytest.mark.once] if one else []) for one in range(0, PAIRS, PART)]
)
def test_random_pairs(first: int, engine_name: str, server_url: Callable[[str], str]) -> None:
    bench = Bench(engine_name, server_url)
    try:
        converge_all(bench, min(PART, PAIRS), seed=first)
    finally:
        bench.close()


@pytest.mark.once
def test_make_fuzz_comes_to_its_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "PART", 2)
    assert fuzz.run(["sqlite"], {}, pairs=7, workers=2, seed=1) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("sqlite: 7 pairs in ")
