"""Recognises texts that mean the same on PostgreSQL without asking the server. Pure.

What the server shows of an expression of the `trees` grammar that holds no string is that expression, with other
parentheses, quotes and capitals, and with casts (PostgreSQL 15): a text with a cast has no tree, and is asked about.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from schemadiff.dialects.postgresql.server.sql_text import unquote
from schemadiff.dialects.shared.expression_tree import Lexicon, Tree, tree
from schemadiff.schema import Column

_TOKENS = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<number>\d+(?:\.\d+)?(?![\w$.]))|(?P<quoted>\"(?:[^\"]|\"\")*\"(?![.'\"(]))"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_$]*+(?![.'\"\w&]))"
    r"|(?P<symbol>(?<![-+*/<>=~!@#%^&|`?])(?:<>|!=|<=|>=|[-+*/=<>])(?![-+*/<>=~!@#%^&|`?])|[(),])",
    re.DOTALL,
)
_LEXICON = Lexicon(_TOKENS, lambda _: None, unquote, frozenset(RESERVED_WORDS))


class Rules(NamedTuple):
    """Judges the texts of a table with these columns."""

    columns: frozenset[str]

    def same(self, one: str, other: str) -> bool:
        found = _tree(one, self.columns)
        return found is not None and found == _tree(other, self.columns)

    def same_default(self, column: Column, one: str, other: str) -> bool:
        return False

    def is_default(self, manner: str) -> bool:
        return False


@functools.lru_cache(maxsize=4096)
def _tree(text: str, columns: frozenset[str]) -> Tree | None:
    return tree(text, {name: name for name in columns}, _LEXICON)
