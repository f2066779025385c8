"""The statements in a text, by SQLite's lexical rules, and what they do to a transaction. Pure.

A trigger ends with END between two semicolons, the last of which may be missing, as in src/complete.c of SQLite 3.40.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemadiff.dialects.shared.lexer import Lexer, Statement, Token, divided, scanned, with_strings

_RULES = re.compile(
    r"""
    --[^\n]* | /\*.*?(?:\*/|\Z)
  | (?P<string>'(?:[^']++|'')*+(?:'|\Z))
  | (?P<quoted>"(?:[^"]++|"")*+(?:"|\Z) | `(?:[^`]++|``)*+(?:`|\Z) | \[[^\]]*+(?:\]|\Z))
  | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*+)
  | (?P<symbol>[^\s\ufeff])
    """,
    re.DOTALL | re.VERBOSE,
)


class SQLiteLexer(Lexer):
    """SQLite."""

    def statements(self, sql: str) -> list[Statement]:
        return divided(sql, scanned(sql, _RULES), _ends)

    def for_client(self, sql: str) -> str:
        """The statement as a script has to say it, so that the client takes nothing away from its strings."""
        # The program sqlite3 takes one "\r" away before the end of a line (local_getline of src/shell.c, 3.40).
        return (
            with_strings(sql, _RULES, lambda text: text.replace("\r\n", "\r\r\n")) if "\r\n" in sql else sql
        )

    def transaction_control(self, words: Sequence[str]) -> str | None:
        match words:
            case ("ROLLBACK", *rest) if "TO" in rest:
                return None
            case ("COMMIT" | "END" | "ROLLBACK" | "BEGIN" as verb, *_):
                return verb
        return None


def _ends(tokens: Sequence[Token]) -> Iterator[int]:
    is_trigger = _is_trigger(tokens, 0)
    for position, token in enumerate(tokens):
        if token.text != ";":
            continue
        whole = position > 1 and tokens[position - 1].word == "END" and tokens[position - 2].text == ";"
        if not is_trigger or whole:
            yield position
            is_trigger = _is_trigger(tokens, position + 1)


def _is_trigger(tokens: Sequence[Token], start: int) -> bool:
    words = [one.word for one in tokens[start : start + 3]]
    return words[:1] == ["CREATE"] and "TRIGGER" in (
        words[2:] if words[1:2] in (["TEMP"], ["TEMPORARY"]) else words[1:2]
    )
