"""The docstring of a revision file. What stands in it may come from anywhere, and never ends it. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def docstring(message: str, notes: Sequence[str] = ()) -> str:
    """The docstring: the message on one line, and the notes below it, a line each."""
    lines = [_line(" ".join(message.split()))]
    if notes:
        lines += ["", *map(_line, notes), ""]
    text = "\n".join(lines)
    return f'"""{text} """' if text.endswith('"') else f'"""{text}"""'


def _line(text: str) -> str:
    line = text.replace("\\", "\\\\").replace('"""', "'''")
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in line)
