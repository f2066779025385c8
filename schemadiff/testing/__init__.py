"""For the tests of programs that use schemadiff, and for its own.

`schemadiff.testing.strategies` draws random models with Hypothesis: ``pip install sqlalchemy-schemadiff[testing]``.
"""
