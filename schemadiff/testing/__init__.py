"""For the tests of programs that use schemadiff, and for its own.

`revision_tests` are tests of a project's revisions, `plugin` gives its tests databases at the newest one.

`schemadiff.testing.strategies` draws random models with Hypothesis: ``pip install sqlalchemy-schemadiff[testing]``.
"""
