"""Random models whose tables were made in another way are taken over, and only true differences are told."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis
import pytest

import schemadiff
from schemadiff.testing import converging
from schemadiff.testing.strategies import Pair, pairs
from tests.convergence import Bench

COUNT = 5


@pytest.mark.once
@pytest.mark.slow
# SQLAlchemy 2.1's own, about mysql.YEAR in an index.
@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
def test_random_models_are_taken_over(engine_name: str, server_url: Callable[[str], str]) -> None:
    bench = Bench(engine_name, server_url)

    @hypothesis.settings(
        max_examples=COUNT,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(pairs(engine_name))
    def taken_over(pair: Pair) -> None:
        existing, fresh, _, versions = bench.set_up()
        models = pair.before.metadata()
        converging.create_all(existing, models)
        found = schemadiff.baseline(existing, models, versions)
        assert found.recorded
        assert found.missing == ()
        schemadiff.apply(fresh, versions)
        assert not schemadiff.diff(existing, fresh)
        for database in (existing, fresh):
            assert not schemadiff.check(database, models, versions)

    try:
        taken_over()
    finally:
        bench.close()
