"""The statements in a text, by PostgreSQL's lexical rules, and what they do to a transaction. Pure.

A semicolon ends no statement inside of parentheses (the actions of a rule) and in a body in SQL (``BEGIN ATOMIC``), as
psql sees it (psqlscan.l of PostgreSQL 15).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemadiff.dialects.shared.lexer import Lexer, Statement, Token, divided, scanned

_COMMENT = r"/\*(?:[^*/]++|\*(?!/)|/(?!\*)|{})*+(?:\*/|\Z)"
for _ in range(5):  # they nest: so deep here
    _COMMENT = _COMMENT.replace("{}", _COMMENT)
_COMMENT = _COMMENT.replace("|{}", "")

_RULES = re.compile(
    rf"""
    --[^\n]* | {_COMMENT}
  | (?P<string>\b[eE]'(?:[^'\\]++|\\.|'')*+(?:'|\Z) | '(?:[^']++|'')*+(?:'|\Z)
      | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
  | (?P<quoted>"(?:[^"]++|"")*+(?:"|\Z))
  | (?P<word>[^\W\d][\w$]*)
  | (?P<symbol>\d[\w.]*|[^\s])
    """,
    re.DOTALL | re.VERBOSE,
)


class PostgreSQLLexer(Lexer):
    """PostgreSQL."""

    def statements(self, sql: str) -> list[Statement]:
        return divided(sql, scanned(sql, _RULES), _ends)

    def transaction_control(self, words: Sequence[str]) -> str | None:
        match words:
            case ("ROLLBACK", *rest) if "TO" in rest:
                return None
            case ("COMMIT" | "END" | "ROLLBACK" | "ABORT" | "BEGIN" as verb, *_):
                return verb
            case ("START" | "PREPARE" as verb, "TRANSACTION", *_):
                return f"{verb} TRANSACTION"
        return None


def _ends(tokens: Sequence[Token]) -> Iterator[int]:
    depth = blocks = 0
    is_routine = _is_routine(tokens, 0)
    for position, token in enumerate(tokens):
        if token.text in ("(", ")"):
            depth = max(0, depth + (1 if token.text == "(" else -1))
        elif token.text == ";" and depth == 0 and blocks == 0:
            yield position
            is_routine = _is_routine(tokens, position + 1)
        elif is_routine and (token.word == "BEGIN" or (blocks and token.word == "CASE")):
            blocks += 1
        elif blocks and token.word == "END":
            blocks -= 1


def _is_routine(tokens: Sequence[Token], start: int) -> bool:
    words = [one.word for one in tokens[start : start + 4]]
    kind = words[3:4] if words[1:3] == ["OR", "REPLACE"] else words[1:2]
    return words[:1] == ["CREATE"] and kind in (["FUNCTION"], ["PROCEDURE"])
