"""Python's garbage collector kept out of the way while a schema is worked on.

What is read stays to the end, and all of it are values without circles: to look through a thousand tables again and
again, and through the application's own objects, took up to half of the time of a check. It still
runs, seldom: a run can take hours, and the application's other threads go on meanwhile.
"""

from __future__ import annotations

import functools
import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SELDOM = (1_000_000, 50, 1000)
"""The thresholds meanwhile, those of `gc.set_threshold`."""

_lock = threading.Lock()
_running = 0
_before = gc.get_threshold()


@contextmanager
def seldom() -> Iterator[None]:
    """Garbage is seldom collected meanwhile. However many threads are in here, the last one to leave brings back what
    was set before the first, unless somebody has set something else since.
    """
    global _running, _before  # noqa: PLW0603 - the collector is one for the whole process
    with _lock:
        if not _running:
            _before = gc.get_threshold()
            # Who has it turned off, or runs it still less often, keeps that.
            if 0 < _before[0] < SELDOM[0]:
                gc.set_threshold(*SELDOM)
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if not _running and gc.get_threshold() == SELDOM:
                gc.set_threshold(*_before)


def seldom_collected(function: Callable[P, T]) -> Callable[P, T]:
    """The function, garbage being collected `seldom` while it runs."""

    @functools.wraps(function)
    def work(*args: P.args, **kwargs: P.kwargs) -> T:
        with seldom():
            return function(*args, **kwargs)

    return work
