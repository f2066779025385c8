"""The tests of a project's revisions, to be imported into a test module of the project:

from schemadiff.testing.revision_tests import *
"""

from __future__ import annotations

import pytest

from schemadiff.testing import checks
from schemadiff.testing.project import Project

__all__ = [
    "test_every_revision_goes_up_down_and_up",
    "test_history_is_linear",
    "test_models_equal_revisions",
]


def test_history_is_linear(schemadiff_project: Project) -> None:
    _expect_nothing(checks.history_is_linear(schemadiff_project))


def test_models_equal_revisions(schemadiff_project: Project, schemadiff_empty_database: str) -> None:
    _expect_nothing(checks.models_equal_revisions(schemadiff_project, schemadiff_empty_database))


def test_every_revision_goes_up_down_and_up(
    schemadiff_project: Project, schemadiff_empty_database: str
) -> None:
    _expect_nothing(checks.revisions_go_up_down_and_up(schemadiff_project, schemadiff_empty_database))


def _expect_nothing(wrong: list[str]) -> None:
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
