"""The garbage collector is left as it was found, whoever else is at work."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.commands.garbage_collector import SELDOM, seldom


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[tuple[int, int, int]]:
    """Ordinary thresholds of this test's own."""
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 9)
    yield gc.get_threshold()
    gc.set_threshold(*before)


def test_functions_collect_seldom_and_leave_no_trace(
    tmp_path: Path, thresholds: tuple[int, int, int]
) -> None:
    engine = sa.create_engine("sqlite://")
    seen = []
    sa.event.listen(engine, "before_cursor_execute", lambda *_: seen.append(gc.get_threshold()))
    assert not schemadiff.check(engine, sa.MetaData(), tmp_path)
    engine.dispose()
    assert set(seen) == {SELDOM}
    assert gc.get_threshold() == thresholds
    with pytest.raises(schemadiff.SchemadiffError):
        schemadiff.check("sqlite://", "no_such_module:db", tmp_path)
    assert gc.get_threshold() == thresholds


def test_last_of_several_threads_brings_back_what_was_before_the_first(
    thresholds: tuple[int, int, int],
) -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with seldom():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=work)
    with seldom():
        thread.start()
        assert inside.wait(60)
    assert gc.get_threshold() == SELDOM
    leave.set()
    thread.join(60)
    assert gc.get_threshold() == thresholds


@pytest.mark.parametrize("chosen", [(0, 10, 10), (5_000_000, 1, 1)])
def test_who_collects_still_less_keeps_that(chosen: tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)
    with seldom():
        assert gc.get_threshold() == chosen
    assert gc.get_threshold() == chosen


def test_what_is_set_meanwhile_stays() -> None:
    with seldom():
        gc.set_threshold(500, 5, 5)
    assert gc.get_threshold() == (500, 5, 5)
