"""Where lines are written and questions asked: with `bar` and `console` the only module that knows Rich.

Reports and machine output go to standard output, everything else to standard error. What comes from a database
is untrusted: no text is taken for markup, and characters that would steer the terminal are spelled out.
"""

from __future__ import annotations

import builtins
import os
import re
import select
import signal
import sys
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from schemadiff.cli.terminal.bar import Bar

Piece = str | tuple[str, str]
"""Some text, or some text and its style."""

Line = tuple[Piece, ...]

SHORTEST_SECRET = 3

_URL_PASSWORD = re.compile(r"(://[^\s:/@]*:)(?!password@)\S+@")
"""But for the word that schemadiff's own hints put in its place."""

_COLOURS = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which Rich takes what is no terminal for one."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    """The text, with control characters, lone surrogates and what turns the writing direction spelled out."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if character not in "\n\t" and unicodedata.category(character) in _UNSEEN
        else character
        for character in text
    )


class Terminal:
    """The two streams that a command writes to, and the person, where there is one. Threads may share it."""

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, stdin: TextIO | None = None
    ) -> None:
        self._stdout = out or sys.stdout
        self._stderr = err or sys.stderr
        self._stdin = stdin or sys.stdin
        self._consoles: dict[TextIO, Console] = {}
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._open: Line | None = None
        self._bar: Bar | None = None
        self._hidden = False
        self._question: str | None = None
        self._terminals = [one for one in (self._stdout, self._stderr) if _is_tty(one)]
        self.is_asking = False
        self.has_answered = False

    @property
    def interactive(self) -> bool:
        """Whether a person is there: without one nothing is asked, and standard input is not read."""
        return _is_tty(self._stdin) and _is_tty(self._stderr)

    @property
    def error_is_tty(self) -> bool:
        """Whether notes are read as they are written."""
        return _is_tty(self._stderr)

    @property
    def moves(self) -> bool:
        """Whether what is written to standard error can be written over."""
        return self.error_is_tty and self._can_move()

    def _can_move(self) -> bool:
        console = self._console(self._stderr)
        return console.is_terminal and not console.is_dumb_terminal

    def hide(self, secrets: Iterable[str]) -> None:
        """Never writes these texts in an error message: the last line of defence.

        One or two characters are no secret, but would strike holes into every message.
        """
        worth_it = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        self._secrets = tuple(sorted({*self._secrets, *worth_it}, key=len, reverse=True))

    def answer(self, answer: str | Iterable[Line]) -> None:
        """Writes what the command found, in the format that was asked for, to standard output."""
        if not isinstance(answer, str):
            self.report(*answer)
        elif answer:
            self.machine(answer)

    def report(self, *lines: Line) -> None:
        """Writes what the command found to standard output."""
        for line in lines:
            self._print(self._stdout, line)

    def note(self, *lines: Line) -> None:
        """Writes what the person should know to standard error."""
        with self._aside():
            self.close_line()
            for line in lines:
                self._print(self._stderr, line)

    def tell(self, sentence: str) -> None:
        """Notes one sentence of a run."""
        self.note((sentence,))

    def error(self, *lines: Line) -> None:
        """Writes an error to standard error, whatever is secret struck out."""
        self.close_line()
        for line in lines:
            struck = (piece if isinstance(piece, str) else piece[0] for piece in line)
            styles = ("" if isinstance(piece, str) else piece[1] for piece in line)
            self._print(
                self._stderr,
                tuple((self.strike(text), style) for text, style in zip(struck, styles, strict=True)),
            )

    def machine(self, text: str) -> None:
        """Writes text for a program to standard output as it is, or, when that is a terminal, visible."""
        self.has_answered = True
        with self._while_there():
            self._stdout.write(f"{visible(text) if _is_tty(self._stdout) else text}\n")
            self._stdout.flush()

    @property
    def line_is_open(self) -> bool:
        """Whether a line was begun and not ended yet."""
        return self._open is not None

    def begin_line(self, *pieces: Piece) -> None:
        """Writes a part of a line to standard error, to be ended by `end_line`."""
        with self._lock:
            self.close_line()
            self._hidden = self._question is not None
            if not self._hidden:
                self._print(self._stderr, pieces, end="")
            self._open = pieces

    def end_line(self, *pieces: Piece) -> None:
        """Ends the line that `begin_line` began."""
        with self._aside():
            begun: Line = ()
            if self._bar:
                with self._while_there():
                    self._bar.stop()
            if self._bar or self._hidden:
                begun = self._open or ()
            self._bar = self._open = None
            self._hidden = False
            self._print(self._stderr, (*begun, *pieces))

    def close_line(self) -> None:
        """Ends a line that was begun, if there is one: something else is to be said."""
        with self._lock:
            if self._open is not None:
                self.end_line()

    def show_bar(self, share: float | None, words: str, elapsed: float) -> None:
        """Draws a bar below the line that `begin_line` began, or moves it; it goes when the line is ended."""
        from schemadiff.cli.terminal.bar import Bar

        with self._lock:
            if self._open is None or self._hidden or self._question:
                return
            with self._while_there():
                if self._bar is None:
                    self._bar = Bar(self._console(self._stderr), _text(_shown(self._open)))
                self._bar.move(share, visible(words), elapsed)

    def begin_question(self, question: str) -> None:
        """Writes a question that is answered while other lines are written: it stays the last one."""
        with self._lock:
            self.close_line()
            self._question = question
            self._print(self._stderr, ((question, "bold"),), end="")

    @property
    def question_is_open(self) -> bool:
        """Whether a question waits for its answer while the run goes on."""
        return self._question is not None

    def end_question(self, *, answered: bool) -> None:
        """There is no question any more; when it was `answered`, the cursor is on a new line by now."""
        with self._lock:
            if self._question and not answered:
                self._print(self._stderr, ())
            self._question = None

    def keyboard(self) -> int:
        """The file descriptor of what the person types."""
        return self._stdin.fileno()

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Lines are written above the question that is open, if there is one."""
        with self._lock:
            question, self._question = self._question, None
            if question:
                self._print(self._stderr, ())
            try:
                yield
            finally:
                if question:
                    self._question = question
                    self._print(self._stderr, ((question, "bold"),), end="")

    def ask(self, question: str, *, full: bool = False) -> bool:
        """Whether the person says yes; with `full` only the whole word counts. Only for a terminal."""
        self.close_line()
        choice = "type yes to go on" if full else "y/N"
        self._print(self._stderr, ((question, "bold"), f" [{choice}] "), end="")
        self.is_asking = True
        try:
            _until_there_is_something(self._stdin)
            answer = self._stdin.readline()
        finally:
            self.is_asking = False
        if not answer.endswith("\n"):
            self.note(())
        return answer.strip().lower() in ({"yes"} if full else {"y", "yes"})

    def _print(self, stream: TextIO, line: Line, *, end: str = "\n") -> None:
        pieces = _shown(line)
        with self._while_there():
            if _is_plain(stream) and not any(character in text for text, _ in pieces for character in "\n\t"):
                stream.write(f"{''.join(text for text, _ in pieces)}{end}")
            else:
                self._console(stream).print(_text(pieces), end=end, soft_wrap=True)
            stream.flush()

    def _console(self, stream: TextIO) -> Console:
        if stream not in self._consoles:
            from schemadiff.cli.terminal.console import console

            self._consoles[stream] = console(stream)
        return self._consoles[stream]

    @contextmanager
    def _while_there(self) -> Iterator[None]:
        """Discard output to a terminal that was closed, without an error: the run has its own end to come to."""
        try:
            yield
        except OSError:
            closed = [one for one in self._terminals if not _is_tty(one)]
            if not closed:
                raise
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in closed:
                os.dup2(nowhere, stream.fileno())
                self._terminals.remove(stream)
            os.close(nowhere)

    def strike(self, text: str) -> str:
        """The text with all that is secret struck out."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _without_url_password(text)


def _until_there_is_something(stdin: TextIO) -> None:
    """Waits for a line, or until a signal's handler raises. Python's read alone (3.11) waits on where the signal has
    come just before it: the handler would run only when the person has typed a line.
    """
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        return
    keyboard = stdin.fileno()
    here, there = os.pipe()
    os.set_blocking(there, False)
    before = signal.set_wakeup_fd(there, warn_on_full_buffer=False)
    try:
        # While somebody else listens for signals, as during a run, it is theirs to end a wait.
        while before == -1 and keyboard not in select.select([keyboard, here], [], [])[0]:
            os.read(here, 64)
    finally:
        signal.set_wakeup_fd(before)
        os.close(here)
        os.close(there)


def _shown(line: Line) -> list[tuple[str, str]]:
    """The pieces as they may be written, each with its style."""
    pairs = [(piece, "") if isinstance(piece, str) else piece for piece in line]
    return [(_without_url_password(visible(text)), style) for text, style in pairs]


def _text(pieces: list[tuple[str, str]]) -> Text:
    from rich.text import Text

    return Text.assemble(*pieces)


def _is_plain(stream: TextIO) -> bool:
    """Whether Rich would write no colours there: loading it takes 50 ms."""
    return (
        not _is_tty(stream)
        and not any(map(os.environ.get, _COLOURS))
        and not hasattr(builtins, "get_ipython")
    )


def _without_url_password(text: str) -> str:
    return _URL_PASSWORD.sub(r"\1***@", text)


def _is_tty(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
