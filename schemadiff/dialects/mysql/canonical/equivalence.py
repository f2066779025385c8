"""Recognises texts that mean the same on MySQL and MariaDB without asking the server. Pure.

Measured on MySQL 9.7 and MariaDB 10.11: what the server shows of an expression of the grammar of `expression_tree` is
that expression, with other parentheses, quotes and capitals.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL

from schemadiff.dialects.mysql.server.sql_text import QUOTED, STRING, bare, unquote, unquote_name
from schemadiff.dialects.shared.expression_tree import Lexicon, Tree, tree
from schemadiff.schema import Column

_TOKENS = re.compile(
    rf"(?P<space>[ \t\r\n]+)|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?(?![\w$.]))|(?P<string>{STRING})"
    rf"|(?P<quoted>{QUOTED})|(?P<word>[^\W\d][\w$]*+(?![.'\"`]))|(?P<symbol><>|!=|<=(?!>)|>=|[-+*/=(),]|<(?![<=>])|>(?![>=]))",
    re.IGNORECASE | re.DOTALL,
)
_LEXICON = Lexicon(
    _TOKENS,
    unquote,
    lambda text: unquote_name(text).lower(),
    frozenset({*RESERVED_WORDS_MYSQL, *RESERVED_WORDS_MARIADB, "unknown"}),
)


class Rules(NamedTuple):
    """Judges the texts of a table with these columns."""

    columns: frozenset[str]

    def same(self, one: str, other: str) -> bool:
        return same(one, other, self.columns)

    def same_default(self, column: Column, one: str, other: str) -> bool:
        # Only an expression may be said in other words: it stands in parentheses.
        return one.startswith("(") and other.startswith("(") and same(one, other, self.columns)

    def is_default(self, manner: str) -> bool:
        return False


def same(one: str, other: str, columns: frozenset[str]) -> bool:
    """Whether the two expressions are certain to say the same in a table with these columns."""
    found = _tree(one, columns)
    return found is not None and found == _tree(other, columns)


@functools.lru_cache(maxsize=4096)
def _tree(text: str, columns: frozenset[str]) -> Tree | None:
    return tree(bare(text), {name.lower(): name for name in columns}, _LEXICON)
