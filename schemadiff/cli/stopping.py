"""Ctrl-C while steps run: asks once what is meant, and goes on working meanwhile.

At a terminal the first Ctrl-C asks whether to stop after the running statement, to end it now, or to go on. Elsewhere
the first one stops after the running statement and the second one ends it. Where that has no effect, the next one
leaves at once: then the statement may go on at the server, and the journal knows. Before the first step, and while a
question is open that the run itself asks, Ctrl-C leaves at once as ever.

A driver may wait for its server in C, where no Python runs, a signal handler neither. So a thread listens: the
interpreter's signal handler in C writes the signal's number into a socket.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

from schemadiff.errors import StoppedError

if TYPE_CHECKING:
    from types import FrameType

    from schemadiff.cli.terminal import Terminal
    from schemadiff.executor import Event

QUESTION = "Stop? [w] after the running statement, [k] kill it now, [c] go on: "

_END = b"\0"
"""No signal has this number."""


class Stop:
    """What the person at the keyboard wants of the run."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._wish: Literal["after", "now"] | None = None
        self._phase: Literal["before", "step", "between"] = "before"
        self._asks = terminal.interactive and os.name == "posix"
        self._open = False
        # Signals that the thread has heard of, those of which the main thread has, and how many there were when the
        # last wish was uttered that leaves nothing to ask.
        self._heard = self._handled = 0
        self._last: int | None = None

    def see(self, event: Event) -> None:
        """Takes note of how far the run is. Raises `StoppedError` where it should go no further."""
        self._phase = "between" if event.seconds is not None else "step"
        if event.seconds is None and (self._wish == "now" or (self._wish and event.running is None)):
            raise StoppedError("stopped by Ctrl-C")

    @property
    def has_begun(self) -> bool:
        """Whether the run has come to its steps."""
        return self._phase != "before"

    def while_waiting(self) -> None:
        """Raises `StoppedError` where a run that waits should do so no longer."""
        if self._wish:
            raise StoppedError("stopped by Ctrl-C")

    def handle(self, _number: int, _frame: FrameType | None) -> None:
        """The signal handler, which the main thread runs when it can. Raises `KeyboardInterrupt` to leave at once."""
        self._handled += 1
        again = self._last is not None and self._handled > self._last
        if again or self._phase == "before" or self._terminal.is_asking:
            raise KeyboardInterrupt

    def listen(self, signals: socket.socket) -> None:
        """Listens for signals and answers until the end is written."""
        while True:
            sources: list[socket.socket | int] = [signals]
            keyboard = self._terminal.keyboard() if self._open else None
            if keyboard is not None:
                sources.append(keyboard)
            ready, _, _ = select.select(sources, [], [])
            if keyboard in ready and keyboard is not None:
                data = b""  # where the terminal is gone, nobody answers
                with suppress(OSError):
                    data = os.read(keyboard, 1024)
                self._answered(data)
            elif signals in ready:
                for number in signals.recv(64):
                    if number == _END[0]:
                        self._close()
                        return
                    if number == signal.SIGINT:
                        self._interrupted()

    def _interrupted(self) -> None:
        self._heard += 1
        if self._phase == "before" or self._terminal.is_asking:
            return
        if self._phase == "between":
            self._wish, self._last = self._wish or "after", self._heard
            self._terminal.note(("Stops before the next step. Ctrl-C again leaves at once.",))
        elif self._asks and not self._open and self._wish != "now":
            self._terminal.begin_question(QUESTION)
            self._open = True
        elif self._asks or self._wish:
            self._close()
            self._kill()
        else:
            self._wish = "after"
            self._terminal.note(("Stops after the running statement. Ctrl-C again ends it now.",))

    def _answered(self, data: bytes) -> None:
        answer = data.decode(errors="replace").strip().lower()[:1]
        if answer not in ("w", "k", "c") and data:
            self._terminal.begin_question(QUESTION)
            return
        self._close(answered=True)
        if answer == "k":
            self._kill()
        elif answer == "w":
            self._wish = "after"
            self._terminal.note(("Stops after the running statement. Ctrl-C asks again.",))
        else:
            self._wish = None
            self._terminal.note(("Goes on.",))

    def _kill(self) -> None:
        if self._wish != "now":
            self._wish, self._last = "now", self._heard
            self._terminal.note(("Ends the running statement. Ctrl-C again leaves at once.",))

    def _close(self, *, answered: bool = False) -> None:
        if self._open:
            self._open = False
            self._terminal.end_question(answered=answered)


@contextmanager
def stoppable(terminal: Terminal) -> Iterator[Stop]:
    """Ctrl-C asks meanwhile. Where somebody else has a say in signals, it stays as it is."""
    stop = Stop(terminal)
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield stop
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    thread = threading.Thread(target=stop.listen, args=(here,), name="schemadiff stop", daemon=True)
    before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, stop.handle)
    thread.start()
    try:
        yield stop
    except KeyboardInterrupt:
        if stop.has_begun:
            terminal.error(("Left at once, while a statement may still be running at the server.",))
            terminal.error(("What is done and what is not will be read from the database.",))
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(before)
        with suppress(OSError):
            there.send(_END)
        thread.join(1)
        here.close()
        there.close()
