"""Runs that are killed, and runs that are started at once: a few of each. `make chaos` has many."""

import random
from pathlib import Path

import pytest

from tests.chaos import kill_some, prepare, start_together

pytestmark = pytest.mark.once

ROWS = 5_000


def test_a_killed_run_is_finished_or_undone(url: str, tmp_path: Path) -> None:
    counted = kill_some(prepare(url, tmp_path, ROWS), 5, random.Random(1))
    assert counted["kills"] >= 5


def test_of_several_runs_one_does_the_work(url: str, tmp_path: Path) -> None:
    counted = start_together(prepare(url, tmp_path, ROWS), 3, random.Random(1))
    assert counted["runs"] >= 6
