"""Runs one command: its errors become messages of what, where and what next, and its end an exit code."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from schemadiff.cli.output.renderer import Failure
from schemadiff.cli.quick import written_to_nobody
from schemadiff.cli.terminal.signals import INTERRUPTED, Ended, StoppedBySignal
from schemadiff.cli.terminal.terminal import Line, Terminal
from schemadiff.errors import SchemadiffError, StoppedError, UntriedServerWarning

if TYPE_CHECKING:
    from schemadiff.cli.output.renderer import Renderer

_SILENT = logging.NullHandler()

FINE = 0
DIFFERENT = 1
ERROR = 2


def run(work: Callable[[Terminal], int], renderer: Renderer | None = None) -> int:
    """The result of `work`, or the code for how it failed. A format for programs is told of that as well, unless it has
    its answer already.

    What the user's own code prints or logs meanwhile goes to standard error: standard output belongs to the command.
    """
    terminal = Terminal()
    speak = renderer.speak if renderer else str

    def failed(code: int, message: str, hint: str | None = None, *, label: str = "error") -> int:
        lines = speak(message).splitlines()
        terminal.error(*_lines(label, "bold red", speak(message)) if label else ((line,) for line in lines))
        if hint:
            terminal.error(*_lines("hint", "cyan", speak(hint)))
        if renderer:
            answer_failure(terminal, renderer, message, hint, code)
        return code

    for name in ("sqlalchemy", "psycopg", "pymysql"):
        # Without a handler Python writes what a library warns of, tracebacks too, to standard error.
        logging.getLogger(name).addHandler(_SILENT)
    try:
        with _logged_elsewhere(), contextlib.redirect_stdout(sys.stderr), _told(terminal):
            return work(terminal)
    except StoppedError as error:
        number = error.signal if isinstance(error, StoppedBySignal) else signal.SIGINT
        return failed(INTERRUPTED + number, error.message, error.hint, label="")
    except SchemadiffError as error:
        _trace(terminal, error)
        return failed(ERROR, error.message, error.hint)
    except KeyboardInterrupt as error:
        number = error.signal if isinstance(error, Ended) else signal.SIGINT
        words = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
        return failed(INTERRUPTED + number, words, label="")
    except BrokenPipeError:
        return written_to_nobody()
    except OSError as error:
        _trace(terminal, error)
        file = f"{error.filename}: " if error.filename else ""
        return failed(ERROR, f"{file}{error.strerror or error}")
    except Exception as error:
        shown = _trace(terminal, error)
        words = " ".join(f"{type(error).__name__}: {error}".split())
        hint = "This is a defect of schemadiff: please report it"
        hint += "." if shown else ", with what it says when SCHEMADIFF_DEBUG=1 is set."
        return failed(ERROR, f"unexpected {words}", hint)


def failure(
    terminal: Terminal, renderer: Renderer, message: str, hint: str | None, code: int = ERROR
) -> Failure:
    """The failure as a format may write it: whatever is secret struck out, the commands in the words of the command
    line that is in use.
    """
    safe = (text and terminal.strike(renderer.speak(text)) for text in (message, hint or None))
    return Failure(str(next(safe)), next(safe), code)


def usage_hint(command: str) -> str:
    """Advice where the command line was wrong."""
    return f"{command} --help shows how it is called."


def tell_usage_error(message: str, command: str, renderer: Renderer) -> int:
    """Tells that the command line was wrong, and returns the exit code."""
    terminal = Terminal()
    hint = usage_hint(command)
    terminal.error(*_lines("error", "bold red", message), *_lines("hint", "cyan", hint))
    answer_failure(terminal, renderer, message, hint)
    return ERROR


def answer_failure(
    terminal: Terminal, renderer: Renderer, message: str, hint: str | None, code: int = ERROR
) -> None:
    """Has the format say how the command failed, unless it has given its answer already."""
    if terminal.has_answered:
        return
    try:
        terminal.answer(renderer.failed(failure(terminal, renderer, message, hint, code)))
    except BrokenPipeError:
        written_to_nobody()


@contextlib.contextmanager
def _told(terminal: Terminal) -> Iterator[None]:
    """Lets schemadiff's own warnings be lines for people, each of them once."""
    with warnings.catch_warnings():
        show = warnings.showwarning

        def tell(message: Warning | str, category: type[Warning], *others: Any, **more: Any) -> None:
            if issubclass(category, UntriedServerWarning):
                terminal.error(*_lines("note", "yellow", str(message)))
            else:
                show(message, category, *others, **more)

        warnings.simplefilter("once", UntriedServerWarning)
        warnings.showwarning = tell
        yield


def _lines(label: str, style: str, text: str) -> list[Line]:
    first, *others = text.splitlines() or [""]
    return [((f"{label}: ", style), first), *((line,) for line in others)]


@contextlib.contextmanager
def _logged_elsewhere() -> Iterator[None]:
    """Has what logs to standard output log to standard error, as SQLAlchemy does for an engine with ``echo=True``. What
    SQLAlchemy logs and nobody takes is not printed: a traceback, where a driver cannot close a lost connection.
    """
    nowhere = logging.NullHandler()
    logging.getLogger("sqlalchemy").addHandler(nowhere)
    moved = [
        handler
        for name in (None, *logging.Logger.manager.loggerDict)
        if name is None or name.startswith("sqlalchemy.")
        for handler in logging.getLogger(name).handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout
    ]
    for handler in moved:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        logging.getLogger("sqlalchemy").removeHandler(nowhere)
        for handler in moved:
            handler.setStream(sys.stdout)


def _trace(terminal: Terminal, error: BaseException) -> bool:
    """Shows where the error comes from, to those who ask for it."""
    wanted = os.environ.get("SCHEMADIFF_DEBUG", "") not in ("", "0")
    if wanted:
        text = "".join(traceback.format_exception(error)).rstrip()
        terminal.error(*(((line, "dim"),) for line in text.splitlines()))
    return wanted
