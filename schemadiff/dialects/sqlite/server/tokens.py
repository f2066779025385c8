"""SQLite's SQL, cut into tokens, and names put in quotes. Pure.

The text in sqlite_master is the only place where SQLite keeps CHECK constraints, collations and the names
of constraints. It is cut here as SQLite's own tokenizer cuts it (src/tokenize.c, 3.40): four kinds of
quotes, two of comments, every character above ASCII part of a word.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

_WORDS = """
    ABORT ACTION ADD AFTER ALL ALTER ALWAYS ANALYZE AND AS ASC ATTACH AUTOINCREMENT BEFORE BEGIN BETWEEN
    BY CASCADE CASE CAST CHECK COLLATE COLUMN COMMIT CONFLICT CONSTRAINT CREATE CROSS CURRENT
    CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFAULT DEFERRABLE DEFERRED DELETE DESC DETACH
    DISTINCT DO DROP EACH ELSE END ESCAPE EXCEPT EXCLUDE EXCLUSIVE EXISTS EXPLAIN FAIL FILTER FIRST
    FOLLOWING FOR FOREIGN FROM FULL GENERATED GLOB GROUP GROUPS HAVING IF IGNORE IMMEDIATE IN INDEX
    INDEXED INITIALLY INNER INSERT INSTEAD INTERSECT INTO IS ISNULL JOIN KEY LAST LEFT LIKE LIMIT MATCH
    MATERIALIZED NATURAL NO NOT NOTHING NOTNULL NULL NULLS OF OFFSET ON OR ORDER OTHERS OUTER OVER
    PARTITION PLAN PRAGMA PRECEDING PRIMARY QUERY RAISE RANGE RECURSIVE REFERENCES REGEXP REINDEX
    RELEASE RENAME REPLACE RESTRICT RETURNING RIGHT ROLLBACK ROW ROWS SAVEPOINT SELECT SET TABLE TEMP
    TEMPORARY THEN TIES TO TRANSACTION TRIGGER UNBOUNDED UNION UNIQUE UPDATE USING VACUUM VALUES VIEW
    VIRTUAL WHEN WHERE WINDOW WITH WITHOUT
"""

KEYWORDS = frozenset(_WORDS.split())
"""https://www.sqlite.org/lang_keywords.html, 3.40."""

_QUOTES = r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*+\]"""
_COMMENTS = r"--[^\n]*|/\*.*?(?:\*/|\Z)"

NO_WORD = r"\x00-#%-/:-@\[-^`{-\x7f"
"""The characters that no word has, for a class of a pattern: to list those that one has takes long to compile."""
WORD = rf"[^{NO_WORD}0-9$][^{NO_WORD}]*+"
_SPACE = r" \t\n\f\r\v\ufeff"

_TOKEN = re.compile(
    rf"""
    (?:[{_SPACE}]++|{_COMMENTS})*+
    (?:
        (?P<blob>[xX]'[0-9a-fA-F]*')
      | (?P<word>{WORD})
      | (?P<quoted>"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*\])
      | (?P<string>'(?:[^']|'')*+')
      | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<symbol>->>|->|\|\||<<|>>|<=|>=|<>|==|!=|[^{_SPACE}])
      | (?P<end>\Z)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_LANDMARK = re.compile(rf"{_QUOTES}|{_COMMENTS}|[(),]", re.DOTALL)
_RUN = rf"""[^'"`\[(),/-]++|{_QUOTES}|{_COMMENTS}|[/-]"""
_RUNS = rf"""[^'"`\[()/-]++|{_QUOTES}|{_COMMENTS}|[/-]"""
_DEPTH = 3
"""How deep the parentheses are that patterns know; a text with deeper ones is walked through."""
_INSIDE = functools.reduce(lambda inner, _: rf"(?:{_RUNS}|\({inner}\))*+", range(_DEPTH), "(?!)")
_OUTER = re.compile(rf"(?:{_RUNS})*+\(({_INSIDE})\)", re.DOTALL)
_ITEM = re.compile(rf"((?:{_RUN}|\({_INSIDE}\))*+),", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Token(NamedTuple):
    """One token. ``kind`` is word, quoted (an identifier), string, blob, number or symbol."""

    kind: str
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, which are given in capitals; what stands in quotes never is."""
        return self.kind == "word" and self.text.upper() in words


def tokens(sql: str) -> list[Token]:
    """The tokens of the text, without space and comments."""
    result = []
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "end"
        if kind != "end":
            start, end = match.span(kind)
            result.append(Token(kind, sql[start:end], start, end))
    return result


def split(sql: str) -> tuple[list[str], str]:
    """Split a definition: return the items between the commas of the first parentheses, and the text after these.

    Looks only at quotes, comments, parentheses and commas, which is some ten times faster than `tokens`.
    """
    if outer := _OUTER.match(sql):
        return _ITEM.findall(f"{outer[1]},"), sql[outer.end() :]
    return _walked(sql)


def _walked(sql: str) -> tuple[list[str], str]:
    items: list[str] = []
    depth = 0
    start = 0
    for match in _LANDMARK.finditer(sql):
        character = match.group()
        if character == "(":
            depth += 1
            if depth == 1:
                start = match.end()
        elif character == ")":
            depth -= 1
            if depth == 0:
                return [*items, sql[start : match.start()]], sql[match.end() :]
        elif character == "," and depth == 1:
            items.append(sql[start : match.start()])
            start = match.end()
    return items, ""


def closing(found: Sequence[Token], opening: int) -> int:
    """The position of the parenthesis that closes the one at `opening`; the number of tokens if none does."""
    depth = 0
    for position in range(opening, len(found)):
        if found[position].kind == "symbol":
            depth += {"(": 1, ")": -1}.get(found[position].text, 0)
            if depth == 0:
                return position
    return len(found)


def unquoted(token: Token) -> str:
    """The name that the token says. SQLite takes a string for a name where only a name can stand."""
    if token.kind not in {"quoted", "string"}:
        return token.text
    quote, inner = token.text[0], token.text[1:-1]
    return inner if quote == "[" else inner.replace(quote * 2, quote)


def quote(identifier: str) -> str:
    """The identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def quote_if_needed(identifier: str) -> str:
    """The identifier, in double quotes only where SQLite would take it for something else without them."""
    if _PLAIN.fullmatch(identifier) and identifier.upper() not in KEYWORDS:
        return identifier
    return quote(identifier)


def literal(text: str) -> str:
    """The text as a string literal."""
    return "'" + text.replace("'", "''") + "'"


class Listed(NamedTuple):
    """A name in a list of columns, and the words behind it in capitals (``DESC``)."""

    name: str
    words: tuple[str, ...]


class Cursor:
    """Walks over the tokens of one text."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens = tokens(sql)
        self.position = 0

    def __bool__(self) -> bool:
        return self.position < len(self.tokens)

    @property
    def next_start(self) -> int:
        """Where the next token begins."""
        return self.tokens[self.position].start if self else len(self.sql)

    def at(self, *words: str) -> bool:
        """Whether the next token is one of these words."""
        return bool(self) and self.tokens[self.position].is_word(*words)

    def at_symbol(self, symbol: str) -> bool:
        """Whether the next token is this symbol."""
        return bool(self) and self.tokens[self.position][:2] == ("symbol", symbol)

    def take(self, *words: str) -> bool:
        """Steps over these words, if they all come next in this order."""
        position = self.position
        for word in words:
            if position >= len(self.tokens) or not self.tokens[position].is_word(word):
                return False
            position += 1
        self.position = position
        return True

    def skip(self) -> None:
        """Steps over one token, or over parentheses and all that stands in them."""
        if self.at_symbol("("):
            self.position = closing(self.tokens, self.position)
        self.position += 1

    def name(self) -> str:
        """The name that comes next; empty at the end of the text."""
        if not self:
            return ""
        self.position += 1
        return unquoted(self.tokens[self.position - 1])

    def group(self) -> str:
        """The text inside the parentheses that come next; empty if none do."""
        if not self.at_symbol("("):
            return ""
        start = self.tokens[self.position].end
        self.skip()
        last = self.tokens[min(self.position, len(self.tokens)) - 1]
        return self.sql[start : last.start]

    def names(self) -> list[Listed]:
        """Steps over the parenthesised list of names that comes next."""
        start = self.position + 1
        if not self.at_symbol("("):
            return []
        self.skip()
        result: list[Listed] = []
        starts = True
        for token in self.tokens[start : self.position - 1]:
            if token.text == ",":
                starts = True
            elif starts:
                result.append(Listed(unquoted(token), ()))
                starts = False
            else:
                name, words = result.pop()
                result.append(Listed(name, (*words, token.text.upper())))
        return result
