"""Rich's console as `terminal` wants it. Apart from there: what is no terminal is written to without Rich."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the guard: Rich would exit with 1, which says that differences were found."""
        raise BrokenPipeError


def console(stream: TextIO) -> Console:
    """A console that takes no text for markup and colours nothing by itself."""
    return _Console(file=stream, highlight=False, markup=False, emoji=False)
