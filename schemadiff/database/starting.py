"""Waits for a server that is still starting: nobody listens yet, nobody knows its name yet, or it says so itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, UnansweredError, connected, where

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries."""


@with_any_driver("database")
def wait_for(database: Database, seconds: float, tell: Callable[[str], object]) -> None:
    """Returns when the database answers. `tell` is told in a sentence what it waits for. Raises `UnansweredError` when
    the seconds are over, and any other `DatabaseError` at once: who is refused is not waited for.
    """
    end: float | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            with connected(database):
                return
        except UnansweredError as error:
            if end is None:
                end = time.monotonic() + seconds
                if seconds > 0:
                    tell(f"waiting up to {seconds:g} s for {where(database)}: {error.message}")
            left = end - time.monotonic()
            if left <= 0:
                raise
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
