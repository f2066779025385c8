"""Random schemas and random changes, for Hypothesis.

    from hypothesis import given
    from schemadiff.testing import strategies


    @given(strategies.pairs("postgresql"))
    def test_it(pair):
        before, after = pair.before.metadata(), pair.after.metadata()

What is drawn is a value that knows its own source text, from which the MetaData is made: a failing example is printed
as the code that a test or a bug report needs. Only what the engine takes in ``create_all`` is drawn, as far as rules
tell; a server may still refuse one in some hundred, which a test should ``hypothesis.reject()``.
"""

try:
    import hypothesis as _hypothesis
except ImportError as error:  # pragma: no cover
    raise ImportError(
        "schemadiff.testing.strategies needs Hypothesis: pip install 'sqlalchemy-schemadiff[testing]'"
    ) from error

from schemadiff.testing.strategies.changing import changes, pairs
from schemadiff.testing.strategies.drawing import schemas
from schemadiff.testing.strategies.engines import GENERIC, Engine, Kind
from schemadiff.testing.strategies.models import Models, Pair

__all__ = ["GENERIC", "Engine", "Kind", "Models", "Pair", "changes", "pairs", "schemas"]

del _hypothesis
