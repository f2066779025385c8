"""Ctrl-C while steps run: asks once what is meant, and goes on working meanwhile. SIGTERM and SIGHUP ask nobody.

At a terminal the first Ctrl-C asks whether to stop after the running statement, to end it now, or to go on. Elsewhere
the first one stops after the running statement and the second one ends it. Where that has no effect, the next one
leaves at once: then the statement may go on at the server, and the journal knows.

SIGTERM comes from who stops services, and some seconds later SIGKILL: the running statement is ended now. It may come
twice (to all processes, and passed on by the parent), so another one changes nothing. SIGHUP comes where a terminal is
closed: the running statement has a moment to come to its end. What goes on nevertheless is left in time (`leaving`).

Before the first step, and while a question is open that the run itself asks, each of them leaves at once.

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

from schemadiff.cli.terminal.leaving import Leaving
from schemadiff.errors import Leave, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.execute.executor import Event

INTERRUPTED = 128
"""The number that is added to that of a signal to make the exit code of a run that it has stopped."""

_HANGUP = getattr(signal, "SIGHUP", None)
"""Where there are terminals to be closed."""

QUESTION = "Stop? [w] after the running statement, [k] kill it now, [c] go on: "

if TYPE_CHECKING:
    _Handler = Callable[[int, FrameType | None], object]

_END = b"\0"
"""No signal has this number."""


class Ended(Leave):
    """A signal has ended the command at once, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number)


class StoppedBySignal(StoppedError):
    """A run was stopped because a signal asked for it, other than that of Ctrl-C."""

    def __init__(self, error: StoppedError, number: signal.Signals) -> None:
        super().__init__(error.message, hint=error.hint)
        self.signal = number


class Stop:
    """The wish to stop a run, by the person at the keyboard or by a signal. ``told`` is the signal that asked for it,
    if it was not Ctrl-C. `answer` gets the reason and the exit code of a process that ends, where nobody else can
    report them.
    """

    def __init__(self, terminal: Terminal, answer: Callable[[str, int], object]) -> None:
        self.told: signal.Signals | None = None
        self._terminal = terminal
        self._answer = answer
        self._wish: Literal["after", "now"] | None = None
        self.leaving = Leaving(self._hurry, self._left_behind)
        self._phase: Literal["before", "step", "between"] = "before"
        self._last_event: Event | None = None
        self._asks = terminal.interactive and os.name == "posix"
        self._open = False
        # Signals that the thread has heard of, those of which the main thread has, and how many there were when the
        # last wish was uttered that leaves nothing to ask.
        self._heard = self._handled = 0
        self._last: int | None = None

    def see(self, event: Event) -> None:
        """Takes note of how far the run is. Raises `StoppedError` where it should go no further."""
        self._phase = "between" if event.seconds is not None else "step"
        self._last_event = event
        if event.seconds is None and (self._wish == "now" or (self._wish and event.running is None)):
            raise StoppedError("stopped by a signal")

    @property
    def has_begun(self) -> bool:
        """Whether the run has come to its steps."""
        return self._phase != "before"

    def while_waiting(self) -> None:
        """Raises `StoppedError` where a run that waits should do so no longer."""
        if self._wish:
            raise StoppedError("stopped while it waited")

    def handle(self, _number: int, _frame: FrameType | None) -> None:
        """The signal handler, which the main thread runs when it can. Raises `KeyboardInterrupt` to leave at once."""
        self._handled += 1
        again = self._last is not None and self._handled > self._last
        if again or self._phase == "before" or self._terminal.is_asking:
            raise Ended(signal.SIGINT)

    def handle_end(self, number: int, _frame: FrameType | None) -> None:
        """The handler of the other signals. Raises `Ended` to leave at once."""
        if self._phase == "before" or self._terminal.is_asking or self.leaving.is_due:
            raise Ended(number)

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
                    elif number in (signal.SIGTERM, _HANGUP):
                        self._ended(signal.Signals(number))

    def _interrupted(self) -> None:
        self._heard += 1
        again = self._last is not None and self._heard > self._last
        if again or self._phase == "before" or self._terminal.is_asking:
            self.leaving.begin(signal.SIGINT, at_once=True)
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

    def _ended(self, number: signal.Signals) -> None:
        """Also before the first step: it may begin just now."""
        wish: Literal["after", "now"] = "now" if number == signal.SIGTERM else "after"
        self._close()
        self.leaving.begin(number)
        if self._wish in (wish, "now"):
            return
        self.told, self._wish = number, wish
        if wish == "now":
            self._last = self._heard
        if self._phase == "before" or self._terminal.is_asking:
            return
        if self._phase == "between":
            words = "stops before the next step"
        elif wish == "now":
            words = "ends the running statement, and stops"
        else:
            words = "stops after the running statement"
        self._terminal.note((f"{number.name}: {words}.",))

    def _hurry(self) -> None:
        """Time is up in which the running statement might have come to its end."""
        self._wish, self._last = "now", self._heard

    def last_words(self) -> list[str]:
        """Return the lines to print when a run is left in the middle of a step."""
        lines = ["Left at once, while a statement may still be running at the server."]
        event = self._last_event
        if event is not None and event.seconds is None:
            from schemadiff.schema.describe import short

            what = "; ".join(one.describe() for one in event.step.operations) or short(event.step.sql)
            step = f"step {event.position + 1} of {event.total} of revision {event.revision:04}"
            lines = [f"Left at once, in {step} ({what}), which may still be running at the server."]
        return [*lines, "What is done and what is not will be read from the database."]

    def _left_behind(self, number: signal.Signals) -> None:
        if self.has_begun:
            self._terminal.error(*((line,) for line in self.last_words()))
        words = f"ended by {number.name}"
        self._terminal.error((words,))
        self._answer(words, INTERRUPTED + number)

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
def stoppable(terminal: Terminal, answer: Callable[[str, int], object]) -> Iterator[Stop]:
    """The signals mean this meanwhile. One in which somebody else has a say (``nohup``, for one) stays as it is."""
    stop = Stop(terminal, answer)
    handlers = _handlers(stop) if threading.current_thread() is threading.main_thread() else {}
    if not handlers:
        yield stop
        return
    here, there = socket.socketpair()
    there.setblocking(False)
    thread = threading.Thread(target=stop.listen, args=(here,), name="schemadiff stop", daemon=True)
    wakeup = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    thread.start()
    try:
        yield stop
    except StoppedError as error:
        if stop.told is None:
            raise
        raise StoppedBySignal(error, stop.told) from error
    except KeyboardInterrupt:
        if stop.has_begun:
            terminal.error(*((line,) for line in stop.last_words()))
        raise
    finally:
        stop.leaving.over()
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        with suppress(OSError):
            there.send(_END)
        thread.join(1)
        here.close()
        there.close()


def _handlers(stop: Stop) -> dict[signal.Signals, _Handler]:
    """The handlers of the signals in which nobody else has a say."""
    wanted: dict[signal.Signals | None, _Handler] = {
        signal.SIGINT: stop.handle,
        signal.SIGTERM: stop.handle_end,
        _HANGUP: stop.handle_end,
    }
    free = (signal.default_int_handler, signal.SIG_DFL)
    return {
        number: handler
        for number, handler in wanted.items()
        if number is not None and signal.getsignal(number) in free
    }
