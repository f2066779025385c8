"""How a table is partitioned: as a model or a server writes it -> one form. Pure.

No temporary table can be partitioned, so the server cannot be asked what it makes of all of it. What it changes is
little: backticks, the engine of each partition, and what is computed between the partitions, which can be selected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sqlalchemy.dialects.mysql.reserved_words import RESERVED_WORDS_MARIADB, RESERVED_WORDS_MYSQL

from schemadiff.dialects.mysql.server.sql_text import QUOTED, STRING, quote, unquote_name

PARTITION_OPTIONS = ("PARTITION_BY", "PARTITIONS", "SUBPARTITION_BY", "SUBPARTITIONS")
"""As SQLAlchemy knows them (``mysql_partition_by``), in the order of the grammar."""

_TOKEN = re.compile(rf"{STRING}|{QUOTED}|\w+|[^\w\s]", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_ALGORITHM = re.compile(r" \* / / \* ! 50611 algorithm = (\d) \* / / \* ! 50100\(")
"""MySQL shows this clause between two comments."""
_ENGINE = re.compile(r" ?engine = \w+")
_BETWEEN = re.compile(r"\bvalues (?:less than|in) ?\((?!select\b)")
_DEFINITIONS = re.compile(r"\(\s*partition\s", re.IGNORECASE)
_NO_COLUMN = re.compile(r"\s*\(|\s+from\b", re.IGNORECASE)
"""The text after a word that names no column: the parenthesis of a function, or FROM after the unit in EXTRACT(YEAR
FROM at).
"""
_OPERATORS = frozenset({"div", "mod", "from"})
_RESERVED = (RESERVED_WORDS_MYSQL | RESERVED_WORDS_MARIADB) - _OPERATORS
_PARTITION_NAME = re.compile(
    rf"((?<=[(,])\s*(?:sub)?partition )({'|'.join(sorted(_RESERVED))})(?= |\))", re.IGNORECASE
)
_LITERAL = re.compile(rf"-? ?\d+|{STRING}|null|maxvalue|\(.*\)", re.DOTALL)
_STEP = re.compile(rf"{STRING}|{QUOTED}|.", re.DOTALL)


def canonical_partitions(options: Mapping[str, str]) -> str | None:
    """All of it as one text, which can stand after PARTITION BY; ``None`` for a table that is not partitioned."""
    by = _words(options.get("PARTITION_BY", ""))
    if not by:
        return None
    rest = [f"{key.lower().replace('_', ' ')} {_words(options[key])}" for key in said(options)[1:]]
    clauses = [by, *rest]
    definitions = re.search(r" \(partition .*", by)
    if definitions and len(clauses) > 1:
        clauses = [by[: definitions.start()], *clauses[1:], definitions[0].strip()]
    return _ALGORITHM.sub(r" algorithm = \1(", _ENGINE.sub("", " ".join(clauses)))


def said(options: Mapping[str, str]) -> list[str]:
    """The options that count, in the order of the grammar: what PARTITION BY says itself is not said again."""
    by = _words(options.get("PARTITION_BY", ""))
    return [
        key
        for key in PARTITION_OPTIONS
        if key in options and not re.search(rf"(?<!\w){key.lower().replace('_', ' ')} ", by)
    ]


def computed_values(partitions: str) -> tuple[str, ...]:
    """Return the bounds in the canonical PARTITION BY that are more than a literal: the server computes them."""
    return tuple(value for value, _, _ in _values(partitions) if not _LITERAL.fullmatch(value))


def with_values(partitions: str, values: Mapping[str, str]) -> str:
    """The canonical text with the values that were computed in the place of the expressions."""
    for value, start, end in reversed(list(_values(partitions))):
        partitions = f"{partitions[:start]}{_words(values.get(value, value))}{partitions[end:]}"
    return partitions


def with_new_names(partitions: str, names: Mapping[str, str]) -> str:
    """The text with the columns in it under their new names: `names` has these by the old ones in small letters."""
    return _with_columns(partitions, lambda name: quote(names[name]) if name in names else None)


def runnable(partitions: str) -> str:
    """The text with the backticks that the canonical one has not and the server needs: around reserved words."""
    text = _with_columns(partitions, lambda name: quote(name) if name in _RESERVED else None)
    return _PARTITION_NAME.sub(lambda match: f"{match[1]}{quote(match[2])}", text)


def _with_columns(partitions: str, put: Callable[[str], str | None]) -> str:
    """The text, each column in it, which is `put` in small letters, replaced.

    Columns stand in parentheses and before the partitions, which may have the name of one, as a function may.
    """
    definitions = _DEFINITIONS.search(partitions)
    head = partitions[: definitions.start()] if definitions else partitions
    words: list[str] = []
    depth = end = 0
    for match in _TOKEN.finditer(head):
        word = match[0]
        depth += {"(": 1, ")": -1}.get(word, 0)
        name = unquote_name(word) if word.startswith("`") else word
        if depth and name.lower() not in _OPERATORS and not _NO_COLUMN.match(head, match.end()):
            word = put(name.lower()) or word
        words += [head[end : match.start()], word]
        end = match.end()
    return "".join(words) + partitions[end:]


def _values(partitions: str) -> Iterator[tuple[str, int, int]]:
    """Each value between the partitions, and where it begins and ends."""
    for opening in _BETWEEN.finditer(partitions):
        start = position = opening.end()
        depth = 1
        while depth:
            match = _STEP.match(partitions, position)
            if match is None:
                return
            position = match.end()
            depth += {"(": 1, ")": -1}.get(match[0], 0)
            if depth == 0 or (depth == 1 and match[0] == ","):
                value = partitions[start : position - 1]
                yield value.strip(), start + len(value) - len(value.lstrip()), position - 1
                start = position


def _words(text: str) -> str:
    """The text in lower case but for strings, spaced in one way, without needless backticks."""
    words: list[str] = []
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word.startswith("`") and _PLAIN_NAME.fullmatch(unquote_name(word)):
            word = unquote_name(word)
        word = word if word.startswith("'") else word.lower()
        last = words[-1].strip() if words else "("
        apart = last != "(" and word not in "),." and last != "." and (word != "(" or last == ")")
        words.append(f" {word}" if apart else word)
    return "".join(words)
