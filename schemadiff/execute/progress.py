"""Watches a statement while it runs: how far it is, how much time is left, and whether it is to be ended.

A thread of its own looks at the session twice a second, once the statement has taken longer than a second: short ones
cost nothing. It tells what it sees by the run's progress callback, and when that asks to stop, it ends the statement.
Nothing that goes wrong while looking reaches the run.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from schemadiff.database.async_drivers import in_own_loop
from schemadiff.dialects.contract.session import Reading, Session
from schemadiff.errors import StoppedError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from schemadiff.dialects import Dialect
    from schemadiff.schema import Name

AFTER = 1.0
"""Seconds until a statement counts as a long one."""

EVERY = 0.5
"""Seconds between two looks."""

_MOVES = 3.0
"""Seconds after which a share that stands still says nothing about the time that is left."""

_WINDOW = 30.0
"""Seconds of the past that tell how fast it goes on."""

_PATIENCE = 1.0
"""Seconds to wait for a look that is under way when the statement is through."""


@dataclass(frozen=True, slots=True)
class Running:
    """How far a step is that is not done yet.

    ``elapsed`` are the seconds so far. ``stage`` is what the server does now, in words, ``share`` how much is done,
    below 1 and never less than before, ``left`` about how many seconds are left: each ``None`` where nobody knows.
    """

    elapsed: float
    stage: str | None = None
    share: float | None = None
    left: float | None = None


class ProgressEstimate:
    """The progress of one statement so far, and the estimate that follows from it."""

    def __init__(self) -> None:
        self._moves: deque[tuple[float, float]] = deque()

    def running(self, elapsed: float, reading: Reading | None) -> Running:
        """The reading in its course: an estimate that grows does not take the share back."""
        share = reading.share if reading else None
        if share is not None and 0 <= share < 1 and (not self._moves or share > self._moves[-1][1]):
            self._moves.append((elapsed, share))
        while len(self._moves) > 2 and self._moves[1][0] < elapsed - _WINDOW:
            self._moves.popleft()
        known = self._moves[-1][1] if self._moves else None
        return Running(elapsed, reading.stage if reading else None, known, self._left(elapsed))

    def _left(self, elapsed: float) -> float | None:
        if len(self._moves) < 3 or elapsed - self._moves[-1][0] > _MOVES:
            return None
        (begun, first), (seen, last) = self._moves[0], self._moves[-1]
        whole = (1 - last) * (seen - begun) / (last - first)
        left = whole - (elapsed - seen)
        return left if left > 0 else None


class Watch:
    """The watch over one statement. ``stopped`` says whether it was told to end."""

    def __init__(self, session: Session | None, tell: Callable[[Running], object]) -> None:
        self.stopped = False
        self.error: BaseException | None = None
        self._session = session
        self._tell = tell
        self._begun = monotonic()
        self._over = threading.Event()
        # Held while something is told or ended, so that neither happens when the statement is through.
        self._lock = threading.Lock()
        self._refusal: str | None = None

    def look(self) -> None:
        """Looks and tells until the statement is through."""
        estimate = ProgressEstimate()
        pause = AFTER
        while not self._over.wait(pause):
            pause = EVERY
            reading = self._session.read() if self._session else None
            if self._refusal:
                reading = Reading(f"cannot be ended: {self._refusal}", reading.share if reading else None)
            running = estimate.running(monotonic() - self._begun, reading)
            with self._lock:
                if self._over.is_set():
                    break
                try:
                    self._tell(running)
                except StoppedError:
                    stop = True
                except BaseException as error:  # the callback's own, raised where the run can see it
                    self.error = error
                    break
                else:
                    stop = False
            if stop:
                self._end_statement()
        if self._session:
            self._session.close()

    def over(self) -> None:
        """The statement is through: from now on nothing is told and nothing ended."""
        with self._lock:
            self._over.set()

    def _end_statement(self) -> None:
        if self._session is None:
            self._refusal = "there is no second connection to the database"
            return
        try:
            self._session.prepare()
            with self._lock:
                if not self._over.is_set():
                    self.stopped = True
                    self._session.cancel()
        except Exception as error:  # whatever a driver raises
            self.stopped = False
            self._refusal = " ".join(str(getattr(error, "orig", error)).split())


@contextmanager
def watching(
    connection: Connection,
    dialect: Dialect,
    sql: str,
    tables: Sequence[Name],
    tell: Callable[[Running], object] | None,
) -> Iterator[Watch]:
    """Watches what runs on the connection meanwhile. What the callback raises is raised at the end, but for
    `StoppedError`, which ends the statement: then the server refuses it, and the watch says that it was stopped.
    """
    if tell is None:
        yield Watch(None, lambda running: None)
        return
    session = None
    with suppress(Exception):
        session = dialect.session(connection, sql, tables)
    watch = Watch(session, tell)
    look = partial(in_own_loop, watch.look) if connection.dialect.is_async else watch.look
    thread = threading.Thread(target=look, name="schemadiff watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.over()
        thread.join(_PATIENCE)
        if session:
            session.over()
    if watch.error:
        raise watch.error
