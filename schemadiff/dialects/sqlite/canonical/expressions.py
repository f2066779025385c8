"""Expressions, defaults and types in canonical form: one spelling for what SQLite reads as one thing. Pure.

SQLite keeps an expression as it was written and never rewrites it (measured with 3.40), so the rules are
ours: keywords in capitals, functions in small letters, columns as their table spells them, quotes and
parentheses only where they are needed. Nothing here changes what the expression means; what means the same
in other words stays different (`read.scratch` compares that by its bytecode).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from schemadiff.dialects.sqlite.server.tokens import (
    KEYWORDS,
    Token,
    closing,
    literal,
    quote,
    quote_if_needed,
    tokens,
    unquoted,
)


class Scope(NamedTuple):
    """The names that a table's expressions can refer to: the table, and its columns by their small letters."""

    table: str
    columns: dict[str, str]
    names: Sequence[str]

    @classmethod
    def of(cls, table: str, columns: Sequence[str]) -> Scope:
        """The scope of a table with these columns."""
        return cls(table, {column.lower(): column for column in columns}, columns)

    def column(self, name: str) -> str:
        """The column as its table spells it; SQLite's names do not tell small letters from capitals."""
        return self.columns.get(name.lower(), name)


_SAME = {"==": "=", "<>": "!="}
_FUNCTIONS = frozenset({"CAST", "REPLACE"})
"""Keywords that are followed by their parenthesis without a space."""
_VALUES = frozenset({"NULL", "END", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "ISNULL", "NOTNULL"})
"""Keywords after which a minus subtracts."""


_SYNTAX_WORDS = """
    AND AS BETWEEN CASE CAST COLLATE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DISTINCT ELSE END ESCAPE
    EXISTS FILTER FROM GLOB IN IS ISNULL LIKE MATCH NOT NOTNULL NULL OR RAISE REGEXP SELECT THEN WHEN
"""
_SYNTAX = frozenset(_SYNTAX_WORDS.split())
"""Keywords that mean something in an expression; the others can be columns there without quotes."""


def canonical_expression(text: str, scope: Scope) -> str:
    """The expression in canonical form."""
    names = _names(text)
    found = scope.columns
    meant = tuple([found[name] for name in names if name in found])
    return _canonical(text, meant, scope.table if scope.table.lower() in names else "")


@functools.lru_cache(maxsize=4096)
def _names(text: str) -> frozenset[str]:
    """All that may be a name in the text, in small letters."""
    return frozenset(unquoted(token).lower() for token in tokens(text))


@functools.lru_cache(maxsize=4096)
def _canonical(text: str, columns: Sequence[str], table: str) -> str:
    """The expression in a table where only those `columns` are of the names in it, of which `table` is one or none."""
    return _joined(_spelled(_bare(tokens(text)), Scope.of(table, columns)))


def renamed(text: str, before: str, after: str) -> str:
    """The canonical expression after its table's column `before` was renamed."""
    found = tokens(text)
    result = []
    for position, token in enumerate(found):
        is_name = token.kind == "quoted" or (token.kind == "word" and token.text.upper() not in KEYWORDS)
        if is_name and unquoted(token).lower() == before.lower() and not _is_elsewhere(found, position):
            token = token._replace(kind="quoted", text=quote_if_needed(after))
        result.append(token)
    return _joined(result)


def mentions(text: str, column: str) -> bool:
    """Whether the text may speak of the column; true rather than false in doubt."""
    return any(
        unquoted(token).lower() == column.lower()
        for token in tokens(text)
        if token.kind in {"word", "quoted"}
    )


def lone_column(text: str, scope: Scope) -> str | None:
    """The column that the expression is, when it is nothing but that."""
    found = _bare(tokens(text))
    if len(found) == 1 and found[0].kind in {"word", "quoted"}:
        return scope.columns.get(unquoted(found[0]).lower())
    return None


def is_call(text: str) -> bool:
    """Whether the expression is one call of a function, which an index takes without parentheses around
    it."""
    found = tokens(text)
    return (
        len(found) > 2 and _calls(found[0]) and found[1].text == "(" and closing(found, 1) == len(found) - 1
    )


class Sorted(NamedTuple):
    """An expression of an index, and how it is sorted."""

    expression: str
    collation: str | None
    descending: bool


def sorted_part(text: str) -> Sorted:
    """The expression of an index without the COLLATE, ASC or DESC that may stand behind it."""
    found = tokens(text)
    descending = bool(found) and found[-1].is_word("DESC")
    if found and found[-1].is_word("ASC", "DESC"):
        found.pop()
    found = _bare(found)
    collation = None
    if len(found) > 2 and found[-2].is_word("COLLATE"):
        collation = unquoted(found[-1]).upper()
        found = found[:-2]
    return Sorted(text[found[0].start : found[-1].end] if found else "", collation, descending)


def _bare(found: list[Token]) -> list[Token]:
    """Without the parentheses around it all."""
    while len(found) > 2 and found[0].text == "(" and closing(found, 0) == len(found) - 1:
        found = found[1:-1]
    return found


def _spelled(found: Sequence[Token], scope: Scope) -> list[Token]:
    result: list[Token] = []
    position = 0
    while position < len(found):
        token = found[position]
        if _is_qualifier(found, position, scope):
            position += 2
            continue
        result.append(token._replace(text=_text(found, position, scope)))
        position += 1
    return result


def _is_qualifier(found: Sequence[Token], position: int, scope: Scope) -> bool:
    """Whether the token is the table's own name, and a dot and one of its columns follow."""
    if position + 2 >= len(found) or found[position + 1].text != ".":
        return False
    return (
        found[position].kind in {"word", "quoted"}
        and unquoted(found[position]).lower() == scope.table.lower()
        and unquoted(found[position + 2]).lower() in scope.columns
    )


def _is_elsewhere(found: Sequence[Token], position: int) -> bool:
    """Whether a name at this position is that of a function, a collation or a type, not that of a column."""
    after = position + 1 < len(found) and found[position + 1].text == "("
    return after or (position > 0 and found[position - 1].is_word("COLLATE", "AS"))


def _text(found: Sequence[Token], position: int, scope: Scope) -> str:
    token = found[position]
    match token.kind:
        case "symbol":
            return _SAME.get(token.text, token.text)
        case "number":
            return token.text.lower()
        case "word" if token.text.upper() in KEYWORDS and not (
            token.text.lower() in scope.columns and token.text.upper() not in _SYNTAX
        ):
            return token.text.upper()
        case "word" | "quoted":
            return _name(found, position, scope)
        case _:
            return token.text


def _name(found: Sequence[Token], position: int, scope: Scope) -> str:
    token = found[position]
    name = unquoted(token)
    if _is_elsewhere(found, position):
        called = found[position - 1].is_word("COLLATE", "AS") if position else False
        return quote_if_needed(name.upper() if called else name.lower())
    if name.lower() in scope.columns:
        return quote_if_needed(scope.columns[name.lower()])
    if token.kind == "quoted":
        # Not a column: SQLite reads it as a string where it can ("Double-quoted String Literals").
        return quote(name)
    return name.upper() if name.upper() in {"TRUE", "FALSE"} else name.lower()


def _joined(found: Sequence[Token]) -> str:
    text = ""
    before: Token | None = None
    sign = False
    for token in found:
        opens = token.text == "(" and token.kind == "symbol"
        if before is None or before.text in {"(", "."} or token.text in {")", ",", "."}:
            space = False
        elif opens:
            space = not _calls(before)
        else:
            space = not sign or token.text == before.text
        text += f" {token.text}" if space else token.text
        sign = token.kind == "symbol" and token.text in {"-", "+", "~"} and not _ends_value(before)
        before = token
    return text


def _calls(token: Token) -> bool:
    if token.kind == "word":
        return token.text not in KEYWORDS or token.text in _FUNCTIONS
    return token.kind == "quoted"


def _ends_value(token: Token | None) -> bool:
    if token is None or (token.kind == "symbol" and token.text != ")"):
        return False
    return token.kind != "word" or token.text not in KEYWORDS or token.text in _VALUES


# defaults

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_PLAIN_DEFAULT = re.compile(r"-?[0-9]+|'[^']*'")


def canonical_default(text: str | None, type_sql: str) -> str | None:
    """The default of a column of that type in canonical form; ``DEFAULT NULL`` is none."""
    if text is None:
        return None
    found = text if _PLAIN_DEFAULT.fullmatch(text) else _default(text)
    if found is None:
        return None
    kind = affinity(type_sql)
    inner = found[1:-1] if found.startswith("'") else found
    if kind != "BLOB" and _INTEGER.fullmatch(inner) and inner != "-0":
        # The column's affinity makes one value of both spellings (manual: "Datatypes In SQLite", section 3).
        return f"'{inner}'" if kind == "TEXT" else inner
    return found


@functools.lru_cache(maxsize=1024)
def _default(text: str) -> str | None:
    found = _bare(tokens(text))
    if len(found) == 1 and found[0].kind in {"word", "quoted"} and not found[0].is_word(*_CONSTANTS):
        return literal(unquoted(found[0]))  # a bare word is a string here
    canonical = _joined(_spelled(found, Scope.of("", ())))
    return None if canonical in {"NULL", ""} else canonical


_CONSTANTS = ("NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")
_CONSTANT = re.compile(
    r"[-+]?(?:0x[0-9a-f]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?)"
    r"|'(?:[^']|'')*'|[xX]'[0-9a-fA-F]*'|TRUE|FALSE"
)


def is_constant(default: str) -> bool:
    """Whether the canonical default is a constant: what ADD COLUMN takes on a table with rows."""
    return _CONSTANT.fullmatch(default) is not None


def default_clause(default: str) -> str:
    """The canonical default as it stands behind DEFAULT."""
    return default if is_constant(default) or default in _CONSTANTS else f"({default})"


# types


@functools.lru_cache(maxsize=4096)
def canonical_type(text: str) -> tuple[str, str | None]:
    """The type in capitals, spaced as SQLAlchemy compiles it, and the collation that was written behind
    it."""
    found = tokens(text)
    collation = None
    if len(found) > 1 and found[-2].is_word("COLLATE"):
        collation = canonical_collation(unquoted(found[-1]))
        found = found[:-2]
    sql = ""
    for token in found:
        word = unquoted(token).upper()
        glued = not sql or sql.endswith(("(", "-", "+")) or word in {"(", ")", ","}
        sql += word if glued else f" {word}"
    return sql, collation


def canonical_collation(name: str | None) -> str | None:
    """The collation in capitals; ``None`` for BINARY, which stands where nothing is said."""
    return None if name is None or name.upper() == "BINARY" else name.upper()


_WRITABLE_TYPE = re.compile(
    r"(?:[A-Z_][A-Z0-9_]*)(?: [A-Z_][A-Z0-9_]*)*(?:\([-+]?[0-9.]+(?:, [-+]?[0-9.]+)?\))?"
)


def type_clause(sql: str) -> str:
    """The canonical type as it stands in a column's definition."""
    return sql if not sql or _WRITABLE_TYPE.fullmatch(sql) else quote(sql)


@functools.lru_cache(maxsize=1024)
def affinity(type_sql: str) -> str:
    """The affinity that a column of the canonical type has (manual: "Datatypes In SQLite", section 3.1)."""
    for words, kind in (
        (("INT",), "INTEGER"),
        (("CHAR", "CLOB", "TEXT"), "TEXT"),
        (("BLOB",), "BLOB"),
        (("REAL", "FLOA", "DOUB"), "REAL"),
    ):
        if any(word in type_sql for word in words):
            return kind
    return "NUMERIC" if type_sql and type_sql != "ANY" else "BLOB"
