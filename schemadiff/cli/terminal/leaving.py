"""Leaves a run that does not come to its end by itself: a function of a revision that works on, a server that does not
answer any more. Whoever sends SIGTERM sends SIGKILL some seconds later, and then nothing is said at all.

The main thread is interrupted first, so that a transaction is rolled back and what is done is told. What swallows
even that, or waits where no Python runs, ends with the process: the server rolls back what is open, the journal knows.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

HURRY = 1.5
"""Seconds in which a statement may come to its end, where it may do so."""

INTERRUPT = 3.0
"""Seconds until the main thread is interrupted."""

EXIT = 4.3
"""Seconds until the process ends, whatever it is in."""

_LAST_WORDS = 0.3
"""Seconds for the last words, which nobody may be there to read."""


class Leaving:
    """Counts the seconds since a signal has come, until the run is `over`. `hurry` is called when it is late, `say`
    before the process ends.
    """

    def __init__(self, hurry: Callable[[], object], say: Callable[[signal.Signals], object]) -> None:
        self.is_due = False
        self._hurry = hurry
        self._say = say
        self._over = threading.Event()
        # Held while the main thread is interrupted: not when the handlers are those of somebody else again.
        self._lock = threading.Lock()
        self._begun = False

    def begin(self, number: signal.Signals, *, at_once: bool = False) -> None:
        """Begins to count, once. With `at_once` the main thread leaves by itself, and has only to be seen off."""
        if not self._begun or at_once:
            self._begun = True
            arguments = (number, at_once)
            threading.Thread(
                target=self._count, args=arguments, name="schemadiff leaving", daemon=True
            ).start()

    def over(self) -> None:
        """The run has come to its end."""
        with self._lock:
            self._over.set()

    def _count(self, number: signal.Signals, at_once: bool) -> None:
        if not at_once:
            if self._over.wait(HURRY):
                return
            self._hurry()
            if self._over.wait(INTERRUPT - HURRY):
                return
            self.is_due = True
            with self._lock:
                if not self._over.is_set():
                    _interrupt(number)
        if self._over.wait(EXIT - INTERRUPT):
            return
        words = threading.Thread(target=self._say, args=(number,), daemon=True)
        words.start()
        words.join(_LAST_WORDS)
        if not self._over.is_set():
            sys.stderr.flush()
            os._exit(128 + number)


def _interrupt(number: signal.Signals) -> None:
    """Has the main thread run the handler of the signal, also where it waits for the system."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, number)
