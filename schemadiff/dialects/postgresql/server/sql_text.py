"""SQL text taken apart as far as is safe without a parser: quoted pieces are put aside, the rest is plain
text.

No meaning is recovered here beyond what quotes and parentheses say; what a text means is asked of the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

STRING = "\ue000"
"""Stands, with a number after it and `END`, for a string constant in a skeleton."""
IDENTIFIER = "\ue001"
"""Stands likewise for an identifier in double quotes."""
END = "\ue002"

_QUOTED = re.compile(
    r"""(?P<escape>\b[eE]'(?:[^'\\]|''|\\.)*')
      | (?P<bits>\b[bBxX]'[^']*')
      | (?P<string>'(?:[^']|''|'\s*\n\s*')*')
      | (?P<identifier>"(?:[^"]|"")*")
      | (?P<dollar>\$(?P<tag>[A-Za-z_]\w*|)\$(?P<body>.*?)\$(?P=tag)\$)
      | (?P<comment>--[^\n]*|/\*(?:/\*.*?\*/|.)*?\*/)""",
    re.VERBOSE | re.DOTALL,
)
_PIECE = re.compile(f"[{STRING}{IDENTIFIER}](\\d+){END}")
_WORD = re.compile(f"{IDENTIFIER}\\d+{END}|{STRING}\\d+{END}|[^\\W\\d][\\w$]*")
_COLUMN = re.compile(
    f"(?<![\\w$.:])(?<!:: )(?<!AS )(?<!COLLATE )(?<!with )(?<!without )(?:{_WORD.pattern})(?! ?[(.])",
    re.IGNORECASE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", "'": "'"}


@dataclass(frozen=True, slots=True)
class Masked:
    """A text whose quoted pieces are put aside, so that regular expressions on ``skeleton`` meet no surprise."""

    skeleton: str
    pieces: tuple[str, ...]

    def restore(self, skeleton: str) -> str:
        """The skeleton, or any text made from it, with its quoted pieces put back."""
        return _PIECE.sub(lambda match: self.pieces[int(match[1])], skeleton)


def mask(text: str) -> Masked:
    """The text with its quoted pieces put aside; whitespace and comments outside of them become single blanks."""
    pieces: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        if match["comment"] is not None:
            return " "
        pieces.append(_plain(match))
        mark = IDENTIFIER if match.lastgroup == "identifier" else STRING
        return f"{mark}{len(pieces) - 1}{END}"

    skeleton = _QUOTED.sub(put_aside, text)
    return Masked(" ".join(skeleton.split()), tuple(pieces))


def _plain(match: re.Match[str]) -> str:
    """The piece; what is in dollars, on several lines, or an escape string of simple escapes, as the plain string that
    the server would write.
    """
    piece = match[0]
    if match["dollar"] is not None:
        return string(match["body"])
    if match["string"] is not None and "\n" in piece:
        # 'a' and 'b' with a line break between them are one constant.
        body = re.sub(r"''|'\s*\n\s*'", lambda found: found[0] if found[0] == "''" else "", piece[1:-1])
        return f"'{body}'"
    if match["escape"] is None:
        return piece
    body = piece[2:-1].replace("''", "\\'")
    if re.search(r"\\[^ntrbf\\']", body):
        return piece
    return string(re.sub(r"\\(.)", lambda escape: _ESCAPES[escape[1]], body))


def string(value: str) -> str:
    """The value as a string constant: backslashes mean themselves (standard_conforming_strings, the default)."""
    return "'" + value.replace("'", "''") + "'"


def value(constant: str) -> str | None:
    """Return the value of a plain string constant; ``None`` for a constant of another kind."""
    return constant[1:-1].replace("''", "'") if constant.startswith("'") else None


def quote(identifier: str) -> str:
    """The identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def unquote(identifier: str) -> str:
    """The name that an identifier in SQL text stands for: folded to lower case unless it is quoted."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.lower()


def strip_parentheses(skeleton: str) -> str:
    """The skeleton without the pairs of parentheses that stand around all of it."""
    skeleton = skeleton.strip()
    while skeleton.startswith("(") and closing(skeleton) == len(skeleton) - 1:
        skeleton = skeleton[1:-1].strip()
    return skeleton


def closing(skeleton: str, opening: int = 0) -> int:
    """The position of the parenthesis that closes the one at `opening`; the length of the text when none does."""
    depth = 0
    for position in range(opening, len(skeleton)):
        character = skeleton[position]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position
    return len(skeleton)


def words(text: str) -> Iterator[str]:
    """The names that stand in the text, keywords and functions among them, without what stands in strings."""
    masked = mask(text)
    for match in _WORD.finditer(masked.skeleton):
        word = match[0]
        if word[0] == STRING:
            continue
        yield unquote(masked.restore(word))


def renamed(text: str, before: str, after: str, quote_if_needed: Callable[[str], str]) -> str:
    """The text after the column was renamed; names of types, functions and collations are none of it."""
    masked = mask(text)

    def new(match: re.Match[str]) -> str:
        word = match[0]
        if word[0] == STRING or unquote(masked.restore(word)) != before:
            return word
        return quote(after) if word[0] == IDENTIFIER else quote_if_needed(after)

    return masked.restore(_COLUMN.sub(new, masked.skeleton))


def strings(text: str) -> Iterator[str]:
    """The values of the plain string constants that stand in the text."""
    for piece in mask(text).pieces:
        found = value(piece)
        if found is not None:
            yield found


def at_once(*statements: str) -> str:
    """One statement that carries the statements out together or not at all."""
    tag = "$do$"
    while any(tag in sql for sql in statements):
        tag = f"${tag[1:-1]}o$"
    return f"DO {tag} BEGIN {'; '.join(statements)}; END {tag}"
