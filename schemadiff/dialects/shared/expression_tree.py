"""An expression of SQL as a tree, by the grammar that all products share. Pure.

Two texts of one tree say the same: they differ in blanks, in the case of key words and names, in quotes and in
parentheses alone. That is how most CHECKs differ from what a server shows of them, and a tree takes no round trip. What
is beyond the grammar has no tree, and the server is asked what it means.

The grammar holds only what all products read alike: OR, AND, NOT, comparisons (one, not several in a row), IS NULL, IN,
BETWEEN, LIKE, the four operations, calls, columns, numbers and strings. Numbers are compared as they are written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Tree: TypeAlias = tuple[object, ...]

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_KEYWORDS = frozenset({"or", "and", "not", "is", "null", "in", "between", "like"})


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How a product spells names, strings and numbers.

    ``tokens`` has the groups space, number, string, quoted, word and symbol; what is none of them has no tree.
    ``string`` and ``quoted`` say what such a text stands for, ``None`` where that cannot be told. ``reserved`` are the
    words, in small letters, that are no column where they stand without quotes.
    """

    tokens: re.Pattern[str]
    string: Callable[[str], str | None]
    quoted: Callable[[str], str]
    reserved: frozenset[str]


class _BeyondError(Exception):
    """The expression is beyond the grammar."""


def tree(text: str, columns: Mapping[str, str], lexicon: Lexicon) -> Tree | None:
    """The tree of the expression; ``None`` where it has none. `columns` are the names of its table's, by what the
    lexicon makes of a quoted one, and by one without quotes in small letters.
    """
    try:
        parser = _Parser(text, columns, lexicon)
        found = parser.either()
        parser.expect_end()
    except _BeyondError:
        return None
    return found


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, text: str, columns: Mapping[str, str], lexicon: Lexicon) -> None:
        self.columns = columns
        self.lexicon = lexicon
        self.tokens: list[tuple[str, str]] = []
        self.position = 0
        end = 0
        while end < len(text):
            match = lexicon.tokens.match(text, end)
            if match is None or match.lastgroup is None:
                raise _BeyondError
            end = match.end()
            if match.lastgroup != "space":
                kind, found = match.lastgroup, match[0]
                word = found.lower() if kind == "word" else found
                if word in _KEYWORDS:
                    kind = "key"
                elif kind == "word" and text[end : end + 1] == "(":
                    kind = "call"
                self.tokens.append((kind, word))
        self.tokens.append(("end", ""))

    # by what binds least

    def either(self) -> Tree:
        return self._joined("or", self.both)

    def both(self) -> Tree:
        return self._joined("and", self.negated)

    def _joined(self, word: str, operand: Callable[[], Tree]) -> Tree:
        first = operand()
        rest = []
        while self._takes("key", word):
            rest.append(operand())
        if not rest:
            return first
        # (a AND b) AND c is a AND b AND c to every parser.
        return (word, *(first[1:] if first[0] == word else (first,)), *rest)

    def negated(self) -> Tree:
        if self._takes("key", "not"):
            return ("not", self.negated())
        found = self.predicate()
        if self._is_predicate():
            raise _BeyondError  # a < b < c: products differ in what that is
        return found

    def predicate(self) -> Tree:
        one = self.sum()
        kind, text = self.tokens[self.position]
        if kind == "symbol" and text in _COMPARISONS:
            self.position += 1
            return (_COMPARISONS[text], one, self.sum())
        if self._takes("key", "is"):
            # Of a row of several values the one is not the contrary of the other.
            word = "is not null" if self._takes("key", "not") else "is null"
            self._expect("key", "null")
            return (word, one)
        # NOT a BETWEEN … has another tree: PostgreSQL shows it otherwise than a NOT BETWEEN ….
        begin = "not " if self._takes("key", "not") else ""
        if self._takes("key", "in"):
            self._expect("symbol", "(")
            return (f"{begin}in", one, *self._list())
        if self._takes("key", "between"):
            low = self.sum()
            self._expect("key", "and")
            return (f"{begin}between", one, low, self.sum())
        if self._takes("key", "like"):
            return (f"{begin}like", one, self.sum())
        if begin:
            raise _BeyondError
        return one

    def _is_predicate(self) -> bool:
        kind, text = self.tokens[self.position]
        return (kind == "symbol" and text in _COMPARISONS) or (kind == "key" and text not in ("and", "or"))

    def sum(self) -> Tree:
        return self._calculated("+-", self.product)

    def product(self) -> Tree:
        return self._calculated("*/", self.signed)

    def _calculated(self, symbols: str, operand: Callable[[], Tree]) -> Tree:
        found = operand()
        while self.tokens[self.position][0] == "symbol" and self.tokens[self.position][1] in symbols:
            symbol = self.tokens[self.position][1]
            self.position += 1
            found = (symbol, found, operand())
        return found

    def signed(self) -> Tree:
        if not self._takes("symbol", "-"):
            return self.primary()
        found = self.primary()
        if found[0] != "number":
            raise _BeyondError  # what the sign binds to is another thing in each product
        return ("number", f"-{found[1]}")

    def primary(self) -> Tree:
        kind, text = self.tokens[self.position]
        self.position += 1
        match kind:
            case "number":
                return ("number", text)
            case "string":
                value = self.lexicon.string(text)
                if value is not None:
                    return ("string", value)
            case "quoted":
                return self._column(self.lexicon.quoted(text))
            case "word" if text in ("true", "false"):
                return (text,)
            case "word" if text not in self.lexicon.reserved:
                return self._column(text)
            case "call" if text not in self.lexicon.reserved or text in _CALLS:
                self.position += 1
                return ("call", text, *self._list())
            case "key" if text == "null":
                return ("null",)
            case "symbol" if text == "(":
                found = self.either()
                self._expect("symbol", ")")
                return found
            case _:
                pass
        raise _BeyondError

    def _column(self, name: str) -> Tree:
        known = self.columns.get(name)
        if known is None:
            raise _BeyondError
        return ("column", known)

    def _list(self) -> list[Tree]:
        """Parse a list up to its closing parenthesis; the opening one was read."""
        if self._takes("symbol", ")"):
            return []
        found = [self.either()]
        while self._takes("symbol", ","):
            found.append(self.either())
        self._expect("symbol", ")")
        return found

    def expect_end(self) -> None:
        """Raises where something is left."""
        self._expect("end", "")

    def _takes(self, kind: str, text: str) -> bool:
        if self.tokens[self.position] != (kind, text):
            return False
        self.position += 1
        return True

    def _expect(self, kind: str, text: str) -> None:
        if not self._takes(kind, text):
            raise _BeyondError


_CALLS = frozenset({"coalesce", "if", "left", "right", "mod", "replace", "repeat", "char"})
"""Words that are reserved in one product or another, and functions where a parenthesis follows."""
