"""Calls, strings, lists and dicts -> Python source as ruff's formatter leaves it. Pure.

A call that does not fit on its line has one argument a line and a trailing comma, which the formatter keeps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A call. An argument that is a pair is a keyword argument."""

    function: str
    arguments: list[Any]


@dataclass(frozen=True, slots=True)
class Code:
    """Source text that stands as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Strings:
    """A list of strings."""

    items: list[str]


Node = Any
"""A `Call`, `Code` or `Strings`, a pair of a keyword and a node, a dict with string keys, or a plain constant."""


def render(node: Node, indent: int, width: int) -> list[str]:
    """The lines of the node as a statement that is indented by so many spaces."""
    return _lines("", node, "", indent, width)


def literal(text: str) -> str:
    """A string literal in double quotes, or in single ones where that needs fewer backslashes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    body = "".join(_character(character, quote) for character in text)
    return f"{quote}{body}{quote}"


def _character(character: str, quote: str) -> str:
    if character in (quote, "\\"):
        return f"\\{character}"
    if character.isprintable():
        return character
    return repr(character)[1:-1]


def _lines(prefix: str, node: Node, suffix: str, indent: int, width: int) -> list[str]:
    flat = f"{' ' * indent}{prefix}{_flat(node)}{suffix}"
    opening, items, closing = _parts(node)
    if len(flat) > width and isinstance(node, str) and not prefix and "\n" in node[:-1]:
        # One argument of several lines: a literal for each, which Python puts together.
        pieces = [f"{' ' * indent}{literal(line)}" for line in re.split(r"(?<=\n)", node) if line]
        return [*pieces[:-1], f"{pieces[-1]}{suffix}"]
    if len(flat) <= width or not items:
        return [flat]
    lines = [f"{' ' * indent}{prefix}{opening}"]
    for item_prefix, item in items:
        lines += _lines(item_prefix, item, ",", indent + 4, width)
    lines.append(f"{' ' * indent}{closing}{suffix}")
    return lines


def _parts(node: Node) -> tuple[str, list[tuple[str, Node]], str]:
    """The opening, the items with what stands before each, and the closing of a node that can be broken."""
    match node:
        case Call():
            items = [
                (f"{item[0]}=", item[1]) if isinstance(item, tuple) else ("", item) for item in node.arguments
            ]
            return f"{node.function}(", items, ")"
        case Strings():
            return "[", [("", item) for item in node.items], "]"
        case dict():
            return "{", [(f"{literal(key)}: ", value) for key, value in node.items()], "}"
        case _:
            return "", [], ""


def _flat(node: Node) -> str:
    match node:
        case Call() | Strings() | dict():
            opening, items, closing = _parts(node)
            return f"{opening}{', '.join(f'{prefix}{_flat(item)}' for prefix, item in items)}{closing}"
        case Code():
            return node.text
        case str():
            return literal(node)
        case _:
            return repr(node)
