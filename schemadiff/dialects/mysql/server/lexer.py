"""The statements in a text, by the lexical rules of MySQL and MariaDB, and what they do to a transaction. Pure.

A stored program is one statement, whatever semicolons stand in its body (MySQL 9.7 manual, 27.1 Defining Stored
Programs); MariaDB knows compound statements outside of stored programs as well. A comment that begins with ``/*!`` or
``/*M!`` holds code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from schemadiff.dialects.shared.lexer import Lexer, Statement, Token, divided, scanned, with_strings

_RULES = re.compile(
    r"""
    /\*M?!\d* | /\*.*?(?:\*/|\Z) | \*/ | --(?=[\s\0-\x1f]|\Z)[^\n]* | \#[^\n]*
  | (?P<string>'(?:[^'\\]++|\\.|'')*+(?:'|\Z) | "(?:[^"\\]++|\\.|"")*+(?:"|\Z))
  | (?P<quoted>`(?:[^`]++|``)*+(?:`|\Z))
  | (?P<word>[\w$]+)
  | (?P<symbol>:=|[^\s])
    """,
    re.DOTALL | re.VERBOSE,
)

_PROGRAMS = ("TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE")
_OTHERS = (
    *("TABLE", "INDEX", "VIEW", "USER", "ROLE", "DATABASE", "SCHEMA", "SERVER", "SEQUENCE", "TABLESPACE"),
    *("LOGFILE", "SPATIAL", "FULLTEXT", "UNIQUE", "RESOURCE", "UNDO", "INSTANCE"),
)
_COMPOUND = ("IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR")
"""With what a block begins, beside BEGIN; all but CASE end with END and this word."""

_COMMITTING = (
    *("ALTER", "ANALYZE", "CACHE", "CHANGE", "CHECK", "CLONE", "CREATE", "DROP", "FLUSH", "GRANT", "IMPORT"),
    *("INSTALL", "OPTIMIZE", "RENAME", "REPAIR", "RESET", "RESTART", "REVOKE", "SHUTDOWN", "START", "STOP"),
    *("TRUNCATE", "UNINSTALL"),
)
"""The first words of statements before which the server commits (MySQL 9.7 manual, 15.3.3 Statements That Cause an
Implicit Commit; measured on MySQL 9.7 and MariaDB 10.11).
"""


class MySQLLexer(Lexer):
    """MySQL and MariaDB."""

    def statements(self, sql: str) -> list[Statement]:
        return divided(sql, scanned(sql, _RULES), _ends)

    def transaction_control(self, words: Sequence[str]) -> str | None:
        match words:
            case ("ROLLBACK", *rest) if "TO" in rest:
                return None
            case ("BEGIN", "NOT", *_):
                return None
            case ("COMMIT" | "ROLLBACK" | "BEGIN" | "XA" as verb, *_):
                return verb
            case ("START", "TRANSACTION", *_):
                return "START TRANSACTION"
            case ("LOCK" | "UNLOCK" as verb, "TABLE" | "TABLES", *_):
                return f"{verb} TABLES"
            case ("SET", *rest) if _sets(rest, "AUTOCOMMIT"):
                return "SET autocommit"
            case ("EXECUTE", "IMMEDIATE", text, *_) | ("PREPARE", _, "FROM", text, *_) if text[0] in "'\"":
                inner = [one.words for one in self.statements(text[1:-1])]
                return next(filter(None, map(self.transaction_control, inner)), None)
        return None

    def for_client(self, sql: str) -> str:
        """The statement as a script has to say it, so that the client takes nothing away from its strings."""
        # The programs mysql and mariadb make one line end of "\r\n".
        return with_strings(sql, _RULES, lambda text: text.replace("\r\n", "\\r\n")) if "\r\n" in sql else sql

    def implicit_commit(self, words: Sequence[str]) -> str | None:
        match words:
            case ("CREATE" | "DROP", "TEMPORARY", *_) | ("CREATE", "OR", "REPLACE", "TEMPORARY", *_):
                return None
            case ("ANALYZE", *rest) if not {"TABLE", "TABLES"}.intersection(rest[:2]):
                return None  # MariaDB's ANALYZE FORMAT=JSON SELECT
            case (verb, *_) if verb in _COMMITTING:
                return " ".join(words[:2])
            case ("SET", "PASSWORD", *_) | ("LOAD", "INDEX", *_):
                return " ".join(words[:2])
        return None

    def client_command(self, words: Sequence[str]) -> str | None:
        return words[0] if words[0] in ("DELIMITER", "SOURCE") else None


def _sets(words: Sequence[str], variable: str) -> bool:
    """Whether SET gives the server's variable a value, and not one of the user's own with an ``@`` before it."""
    for position, word in enumerate(words[:-1]):
        if word.strip("`").upper() == variable and words[position + 1] in ("=", ":="):
            before = "".join(words[max(position - 2, 0) : position])
            return not before.endswith("@") or before.endswith("@@")
    return False


def _ends(tokens: Sequence[Token]) -> Iterator[int]:
    blocks: list[str] = []
    is_program = _is_program(tokens, 0)
    for position, token in enumerate(tokens):
        if token.text == ";" and not blocks:
            yield position
            is_program = _is_program(tokens, position + 1)
        elif is_program and token.word == "END":
            _close(blocks, _word(tokens, position + 1))
        elif is_program and token.word and not _is_second(tokens, position) and _opens(tokens, position):
            blocks.append(token.word)


def _is_program(tokens: Sequence[Token], start: int) -> bool:
    """Whether the statement that begins there may hold others."""
    first = _word(tokens, start)
    if first == "BEGIN":
        return _word(tokens, start + 1) == "NOT"
    if first in ("CREATE", "ALTER"):
        kinds = (one.word for one in tokens[start:] if one.word in (*_PROGRAMS, *_OTHERS) or one.text == ";")
        return next(kinds, "") in _PROGRAMS
    labelled = start + 1 < len(tokens) and tokens[start + 1].text == ":"
    return labelled or first in _COMPOUND


def _is_second(tokens: Sequence[Token], position: int) -> bool:
    """Whether the word stands behind END or a point: it opens nothing there."""
    return position > 0 and (tokens[position - 1].word == "END" or tokens[position - 1].text in (".", "@"))


def _opens(tokens: Sequence[Token], position: int) -> bool:
    follows = tokens[position + 1].text if position + 1 < len(tokens) else ""
    match tokens[position].word:
        case "BEGIN" | "CASE" | "LOOP" | "WHILE":
            return True
        case "REPEAT":
            return follows != "("
        case "FOR":
            return _word(tokens, position + 2) == "IN"
        case "IF":
            # DROP TABLE IF EXISTS t, and the function IF().
            exists = next(at for at in (1, 2) if _word(tokens, position + at) != "NOT")
            if _word(tokens, position + exists) == "EXISTS":
                behind = position + exists + 1
                if behind >= len(tokens) or tokens[behind].text != "(":
                    return False
            return _leads_to_then(tokens, position + 1)
        case _:
            return False


def _leads_to_then(tokens: Sequence[Token], start: int) -> bool:
    """Whether THEN comes before whatever would end a condition that begins there."""
    depth = cases = 0
    for token in tokens[start:]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or token.text == ";":
            return False
        if depth == 0 and token.text == ",":
            return False
        if token.word == "CASE":
            cases += 1
        elif cases:
            cases -= token.word == "END"
        elif depth == 0 and token.word in ("THEN", "ELSE", "ELSEIF", "WHEN", "END"):
            return token.word == "THEN"
    return False


def _close(blocks: list[str], after: str) -> None:
    """Takes the block away that END and the word after it close, with what was taken for a block in it and is none."""
    closed = (after,) if after in _COMPOUND else ("BEGIN", "CASE")
    for position in reversed(range(len(blocks))):
        if blocks[position] in closed:
            del blocks[position:]
            return


def _word(tokens: Sequence[Token], position: int) -> str:
    return tokens[position].word if position < len(tokens) else ""
