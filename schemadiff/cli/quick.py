"""What is answered before anything else is loaded: every --help, and --version."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = 80
"""Help is laid out for a terminal of so many, and narrower for a narrower one."""


def answer(arguments: Sequence[str]) -> int | None:
    """Prints what the arguments ask for and returns the exit code; ``None`` where that is more than a ready text."""
    text = _version() if list(arguments) == ["--version"] else _help(arguments)
    if text is None:
        return None
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        return None
    except BrokenPipeError:
        # Whoever read the output has seen enough. Nothing more can be written there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return 0


def _version() -> str:
    from schemadiff import __version__

    return f"schemadiff {__version__}\n"


def _help(arguments: Sequence[str]) -> str | None:
    *command, option = arguments or ["--help"]
    if option not in ("-h", "--help") or len(command) > 1 or not _is_wide():
        return None
    from schemadiff.cli.help import TEXTS

    return TEXTS.get(command[0] if command else "")


def _is_wide() -> bool:
    """Whether lines of 80 columns fit, as Typer finds out."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told) >= _COLUMNS
    try:
        found = os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (OSError, ValueError):
        return True  # no terminal
    return not found or found >= _COLUMNS  # a terminal may not know
