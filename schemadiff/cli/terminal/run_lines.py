"""The lines of a run: what each step does and how long it took, and a sign of life of those that take long."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from schemadiff.cli.output import lines, plan_lines
from schemadiff.cli.output.units import percent, rough
from schemadiff.schema.describe import short

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line, Terminal
    from schemadiff.execute.executor import Event
    from schemadiff.execute.progress import Running

EVERY = 10.0
"""Seconds between two plain lines about one step."""


class Steps:
    """Writes a line for every step of a run. A long step has a bar where one can be drawn and is wanted, elsewhere
    a plain line now and then. What `see` raises stops the run.
    """

    def __init__(
        self,
        terminal: Terminal,
        messages: Mapping[int, str],
        *,
        bar: bool = True,
        every: float = EVERY,
        see: Callable[[Event], object] | None = None,
    ) -> None:
        self._terminal = terminal
        self._messages = messages
        self._bar = bar and terminal.moves
        self._every = every
        self._see = see
        self._current: tuple[int, str] | None = None
        self._told = 0.0

    def __call__(self, event: Event) -> None:
        if event.running is not None:
            self._tell(event, event.running)
        if self._see:
            self._see(event)
        if event.running is not None:
            return
        if self._current != (event.revision, event.direction):
            self._current = (event.revision, event.direction)
            title = f"{plan_lines.direction(event.direction)} {lines.number(event.revision)}"
            self._terminal.note(lines.heading(title, f" {self._messages.get(event.revision, '')}"))
        if event.seconds is None:
            self._told = time.monotonic()
            if self._terminal.error_is_tty:
                self._terminal.begin_line(*_line(event))
            return
        if not self._terminal.line_is_open:
            self._terminal.begin_line(*_line(event))
        self._terminal.end_line((f"  {event.seconds:.2f} s", "dim"))

    def _tell(self, event: Event, running: Running) -> None:
        if self._bar:
            if self._terminal.question_is_open:
                return
            if not self._terminal.line_is_open:
                self._terminal.begin_line(*_line(event))
            self._terminal.show_bar(running.share, _words(running), running.elapsed)
        elif time.monotonic() - self._told >= self._every:
            self._told = time.monotonic()
            share = f"{percent(running.share)}, " if running.share is not None else ""
            after = f"{share}{_words(running)} after {rough(running.elapsed)}"
            self._terminal.note((*_line(event), (f"  {after}", "dim")))


class Waits:
    """Writes a line for whom a run waits, and again now and then while it is the same one."""

    def __init__(
        self, terminal: Terminal, see: Callable[[], object] | None = None, *, every: float = EVERY
    ) -> None:
        self._terminal = terminal
        self._see = see
        self._every = every
        self._told: dict[str, float] = {}

    def __call__(self, words: str) -> None:
        # It says the same with other numbers: how long it has waited, how far that is.
        kind = re.sub(r"\d+", "", words)
        if time.monotonic() - self._told.get(kind, -self._every) >= self._every:
            self._told[kind] = time.monotonic()
            self._terminal.note(((f"  {words}", "yellow"),))
        if self._see:
            self._see()


def _words(running: Running) -> str:
    left = f"about {rough(running.left)} left" if running.left is not None else ""
    return ", ".join(filter(None, (running.stage or ("" if left else "running"), left)))


def _line(event: Event) -> Line:
    words = "; ".join(one.describe() for one in event.step.operations) or short(event.step.sql)
    return ("  ", (f"{event.position + 1}/{event.total}", "dim"), f" {' '.join(words.split())}")
