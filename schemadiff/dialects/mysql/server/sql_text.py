"""SQL text, scanned as MySQL and MariaDB write it: literals, quoted names, parentheses. Pure.

All of it holds for sessions without ANSI_QUOTES and NO_BACKSLASH_ESCAPES, which are the only ones that schemadiff
reads and writes in.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping

from schemadiff.errors import UnsupportedError
from schemadiff.schema.describe import speaks_of

STRING = r"'(?:[^'\\]++|\\.|'')*+'"
QUOTED = r"`(?:[^`]++|``)*+`"
_DOUBLE = r'"(?:[^"\\]++|\\.|"")*+"'

_TOKEN = re.compile(rf"[()]|{STRING}|{QUOTED}|{_DOUBLE}", re.DOTALL)
_NAME_OR_TEXT = re.compile(
    rf"(?i:\b(?:as|collate)\s+\w+)|{STRING}|{QUOTED}|{_DOUBLE}|(?<![\w$@.])[^\W\d][\w$]*+(?!\s*[(.])",
    re.DOTALL,
)
TEXT_OPTIONS = (
    "CONNECTION",
    "DATA_DIRECTORY",
    "ENGINE_ATTRIBUTE",
    "INDEX_DIRECTORY",
    "PASSWORD",
    "SECONDARY_ENGINE_ATTRIBUTE",
)
"""The options of a table, beside its comment, whose values are strings."""

_STRING = re.compile(STRING, re.DOTALL)
_ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
_ESCAPED = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_SHOWN = str.maketrans({"\0": "\\0", "\n": "\\n", "\r": "\\r", "\\": "\\\\", "'": "''"})
_LITERAL = re.compile(
    rf"(?:[nN]|_(?P<charset>[a-z0-9]+)\s*)?(?P<text>{STRING}(?:\s+{STRING})*)|(?P<double>{_DOUBLE})",
    re.DOTALL,
)
_INTRODUCED = re.compile(
    rf"{QUOTED}|{_DOUBLE}|(?<![\w`])_(?P<charset>[a-z0-9]+)\s*(?P<text>{STRING})|{STRING}", re.DOTALL
)
_NEGATIVE = re.compile(rf"-\((\d[\d.]*+(?:e[-+]?\d++)?)\)|{STRING}|{QUOTED}|{_DOUBLE}", re.DOTALL)
_SUPPLEMENTARY = re.compile("[\U00010000-\U0010ffff]")


def literal(text: str) -> str:
    """The text as a string literal, escaped as both servers show one."""
    return f"'{text.translate(_SHOWN)}'"


def unescape(body: str) -> str:
    """Return the text of a string literal's body, the escapes resolved.

    MySQL 9.7 manual, 11.1.1 String Literals: ``\\%`` and ``\\_`` keep their backslash.
    """
    if "'" not in body and "\\" not in body:
        return body
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]) if match[1] else "'", body)


def unquote(sql: str) -> str | None:
    """The value of a string literal; ``None`` when the text is not one, or not one whose value can be told."""
    match = _LITERAL.fullmatch(sql)
    if match is None:
        return None
    if match["double"]:
        return unescape(match["double"][1:-1].replace('""', '"').replace("'", "''"))
    if match["charset"] not in (None, "utf8mb4", "utf8mb3", "utf8") and not match["text"].isascii():
        return None
    return "".join(unescape(part[0][1:-1]) for part in _STRING.finditer(match["text"]))


def quote(identifier: str) -> str:
    """The identifier in backticks.

    Raises `UnsupportedError` for characters beyond U+FFFF: MySQL 9.7 silently creates a table ``em?`` when it is
    told to create one with an emoji in its name.
    """
    if _SUPPLEMENTARY.search(identifier):
        raise UnsupportedError(
            f'the name "{identifier}" holds a character beyond U+FFFF, which MySQL and MariaDB cannot keep in names'
        )
    return f"`{identifier.replace('`', '``')}`"


def unquote_name(sql: str) -> str:
    """The identifier that stands in backticks."""
    return sql[1:-1].replace("``", "`")


def storable(comment: str) -> str:
    """The comment as both servers keep it: in utf8mb3, a question mark for each character beyond U+FFFF."""
    return _SUPPLEMENTARY.sub("?", comment)


def closing(sql: str, opening: int) -> int:
    """Where the parenthesis closes that opens at that position: the position after it, or -1 when it never does."""
    depth = 0
    for match in _TOKEN.finditer(sql, opening):
        token = match[0]
        if token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            if depth == 0:
                return match.end()
    return -1


@functools.lru_cache(maxsize=4096)
def bare(expression: str) -> str:
    """The expression without what only depends on who wrote it: parentheses around the whole, white space at the
    ends, and the character set introducers that MySQL 9.7 puts before literals, which tell of the connection that
    created the table and not of the table.

    An introducer before text that is not ASCII stays, unless it says that the text is Unicode: `_latin1'gr??e'` is not
    what it seems to be, and `_utf8mb3'größe'` is (MySQL 9.7, of a table made through a connection with
    ``charset=utf8``).
    """
    expression = expression.strip()
    while expression.startswith("(") and closing(expression, 0) == len(expression):
        expression = expression[1:-1].strip()
    return _INTRODUCED.sub(_without_introducer, expression) if "_" in expression else expression


def _without_introducer(match: re.Match[str]) -> str:
    text: str | None = match["text"]
    return text if text and (text.isascii() or match["charset"] in _UNICODE) else match[0]


_UNICODE = frozenset({"utf8mb4", "utf8mb3", "utf8"})


def with_plain_negatives(expression: str) -> str:
    """The expression with ``-5`` for ``-(5)``: MySQL 9.7 shows a negative number in a CHECK so until the next ALTER of
    the table.
    """
    return _NEGATIVE.sub(lambda match: f"-{match[1]}" if match[1] else match[0], expression)


def with_names(expression: str, names: Mapping[str, str]) -> str:
    """The expression with the quoted names in it replaced: `names` has the new ones by the old ones in lower case."""

    def renamed(match: re.Match[str]) -> str:
        if not match[0].startswith("`"):
            return match[0]
        name = unquote_name(match[0])
        new = names.get(name.lower(), name)
        return match[0] if new == name else quote(new)

    return _TOKEN.sub(renamed, expression)


@functools.lru_cache(maxsize=4096)
def quoted_names(expression: str) -> frozenset[str]:
    """The names in backticks in the expression."""
    return frozenset(
        unquote_name(match[0]) for match in _TOKEN.finditer(expression) if match[0].startswith("`")
    )


def renamed(expression: str, before: str, after: str, quote_if_needed: Callable[[str], str]) -> str:
    """The expression after the column was renamed: quoted where it was, or where it has to be."""

    def new(match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith("`"):
            return quote(after) if unquote_name(token).lower() == before.lower() else token
        return quote_if_needed(after) if token.lower() == before.lower() else token

    return _NAME_OR_TEXT.sub(new, expression)


def mentions(expression: str, name: str) -> bool:
    """Whether the expression uses the column of that name, in backticks or without."""
    tokens = [match[0] for match in _TOKEN.finditer(expression)]
    if any(token.startswith("`") and unquote_name(token).lower() == name.lower() for token in tokens):
        return True
    outside = _TOKEN.sub(" ", expression)
    return speaks_of(outside, name)
