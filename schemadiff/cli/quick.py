"""Commands that are answered before Typer is loaded: every --help, --version, and the plain ways to call status and
history.

`app` answers all calls, these among them, in the same words.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_STANDING = ("status", "history")

_PIPE_CLOSED = 141

_COLUMNS = 80
"""Help is laid out for a terminal of so many, and narrower for a narrower one."""


def answer(arguments: Sequence[str]) -> int | None:
    """Does what the arguments ask for and returns the exit code; ``None`` where `app` has to understand them."""
    if arguments and arguments[0] in _STANDING:
        options = _options(arguments[0], arguments[1:])
        return None if options is None else _standing(arguments[0], options)
    text = _version() if list(arguments) == ["--version"] else _help(arguments)
    if text is None:
        return None
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except UnicodeEncodeError:
        return None
    except BrokenPipeError:
        return written_to_nobody()
    return 0


def written_to_nobody() -> int:
    """The exit code where whoever read the output has seen enough. Nothing more is written there, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _PIPE_CLOSED


def spell_out() -> None:
    """Has a character that the terminal's encoding lacks spelled out: printing never fails."""
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _standing(command: str, options: dict[str, str]) -> int:
    import gc

    from schemadiff.cli.call import call
    from schemadiff.cli.command_table import COMMANDS
    from schemadiff.cli.project import from_settings
    from schemadiff.commands.garbage_collector import SELDOM

    gc.set_threshold(*SELDOM)
    spell_out()
    return call(COMMANDS[command], options, from_settings)


def _options(command: str, arguments: Sequence[str]) -> dict[str, str] | None:
    """The options of `status` or `history` with their values; ``None`` where one is not plain."""
    from schemadiff.config.options import options_of, words_of

    known = {f"--{one.name}": one for one in options_of(command) if one.kind in ("text", "word")}
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not equals and rest:
            value = rest.pop(0)
        if name not in known or known[name].parameter in found or value[:1] in ("", "-"):
            return None
        if known[name].kind == "word" and value not in words_of(known[name], command):
            return None
        found[known[name].parameter] = value
    return found


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
