"""The statements that a text of SQL holds. Pure.

A server that takes one statement at a time refuses a text of two; one that takes several carries out the first even
where the second is wrong. So a text is taken apart beforehand: each dialect gives its lexical rules, which say what a
semicolon stands in (quotes, comments, the body of a trigger or routine), and nothing else is understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple


class Token(NamedTuple):
    """``kind`` is word, string, quoted (an identifier) or symbol."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The word in capitals; empty for what is none, as for what stands in quotes."""
        return self.text.upper() if self.kind == "word" else ""


Ends = Callable[[Sequence[Token]], Iterable[int]]
"""Gives the positions of the semicolons that end a statement, in order."""


class Statement(NamedTuple):
    """One statement of a text: ``words`` are its words in capitals, its symbols and strings as they stand."""

    sql: str
    words: tuple[str, ...]


def scanned(sql: str, rules: re.Pattern[str]) -> list[Token]:
    """The tokens of the text by these rules, whose named groups are kinds of tokens; what is in none is left out."""
    return [
        Token(match.lastgroup, match[0], match.start(), match.end())
        for match in rules.finditer(sql)
        if match.lastgroup is not None
    ]


def divided(sql: str, tokens: Sequence[Token], ends: Ends) -> list[Statement]:
    """The statements in the text, without the semicolons between them; none where there is no token."""
    found = []
    start = 0
    for end in [*ends(tokens), len(tokens)]:
        part = tokens[start:end]
        if part:
            words = tuple(one.word or one.text for one in part)
            found.append(Statement(sql[part[0].start : part[-1].end], words))
        start = end + 1
    return found


def with_strings(sql: str, rules: re.Pattern[str], change: Callable[[str], str]) -> str:
    """The text with each of its strings changed."""
    pieces = []
    end = 0
    for token in scanned(sql, rules):
        if token.kind == "string":
            pieces += [sql[end : token.start], change(token.text)]
            end = token.end
    return "".join([*pieces, sql[end:]])


_STANDARD = re.compile(
    r"""
    --[^\n]* | /\*.*?(?:\*/|\Z)
  | (?P<string>'(?:[^']++|'')*+(?:'|\Z))
  | (?P<quoted>"(?:[^"]++|"")*+(?:"|\Z))
  | (?P<word>[^\W\d][\w$]*+)
  | (?P<symbol>[^\s])
    """,
    re.DOTALL | re.VERBOSE,
)


class Lexer:
    """Splits a user's SQL by the rules of one product; by those of the SQL standard unless a subclass says more."""

    def tokens(self, sql: str) -> list[Token]:
        """The tokens of the text, without comments."""
        return scanned(sql, _STANDARD)

    def statements(self, sql: str) -> list[Statement]:
        """The statements that the text holds."""
        return divided(sql, self.tokens(sql), _semicolons)

    def transaction_control(self, words: Sequence[str]) -> str | None:
        """With what the statement begins or ends a transaction, or changes whether the session holds one; ``None``
        where it does not. A savepoint does neither.
        """
        match words:
            case ("ROLLBACK" | "ABORT", *rest) if "TO" in rest:
                return None
            case ("START", "TRANSACTION", *_):
                return "START TRANSACTION"
            case ("BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "ABORT" as verb, *_):
                return verb
        return None

    def implicit_commit(self, words: Sequence[str]) -> str | None:
        """The first words of a statement before which the server commits; ``None`` for another."""
        return None

    def client_command(self, words: Sequence[str]) -> str | None:
        """The command of a client program that stands in the place of a statement; ``None`` where there is none."""
        return None

    def mentions(self, expression: str, name: str) -> bool:
        """Whether the name stands in the expression, whatever its case; true rather than false in doubt."""
        return any(_name(token).casefold() == name.casefold() for token in self.tokens(expression))

    def renamed(self, expression: str, before: str, after: str) -> str:
        """The expression with another name, which is given in quotes, where the one of `before` stands, whatever its
        case, and no function is called so.
        """
        tokens = self.tokens(expression)
        pieces, end = [], 0
        for position, token in enumerate(tokens):
            behind = tokens[position + 1].text if position + 1 < len(tokens) else ""
            called = token.kind == "word" and behind == "("
            if _name(token).casefold() == before.casefold() and not called:
                pieces += [expression[end : token.start], after]
                end = token.end
        return "".join([*pieces, expression[end:]])


def _semicolons(tokens: Sequence[Token]) -> Iterator[int]:
    return (position for position, token in enumerate(tokens) if token.text == ";")


def _name(token: Token) -> str:
    if token.kind == "quoted":
        return token.text[1:-1].replace('""', '"')
    return token.text if token.kind == "word" else ""
