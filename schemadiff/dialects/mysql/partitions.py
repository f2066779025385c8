"""How a table is partitioned: as a model or a server writes it -> one form. Pure.

No temporary table can be partitioned, so the server cannot be asked. What it changes is little: backticks, the
engine of each partition, and on MySQL 9.7 the values of functions between the partitions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from schemadiff.dialects.mysql.sqltext import QUOTED, STRING, unquote_name

PARTITION_OPTIONS = ("PARTITION_BY", "PARTITIONS", "SUBPARTITION_BY", "SUBPARTITIONS")
"""As SQLAlchemy knows them (``mysql_partition_by``), in the order of the grammar."""

_TOKEN = re.compile(rf"{STRING}|{QUOTED}|\w+|[^\w\s]", re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*")
_ENGINE = re.compile(r" ?engine = \w+")
_CALL = re.compile(r"\b(?!values|than|in|maxvalue)[a-z_]\w*\(")


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
    return _ENGINE.sub("", " ".join(clauses))


def said(options: Mapping[str, str]) -> list[str]:
    """The options that count, in the order of the grammar: what PARTITION BY says itself is not said again."""
    by = _words(options.get("PARTITION_BY", ""))
    return [
        key
        for key in PARTITION_OPTIONS
        if key in options and not re.search(rf"(?<!\w){key.lower().replace('_', ' ')} ", by)
    ]


def same_but_for_values(shown: str, written: str) -> bool:
    """Whether `written` is what the server shows, but that it has functions between its partitions, which the server
    shows as numbers.
    """
    begin, definitions = _split(written)
    shown_begin, shown_definitions = _split(shown)
    if begin != shown_begin or len(definitions) != len(shown_definitions):
        return False
    return all(
        one == other or (_CALL.search(one) and one.partition("values")[0] == other.partition("values")[0])
        for one, other in zip(definitions, shown_definitions, strict=True)
    )


def _split(text: str) -> tuple[str, list[str]]:
    begin, *definitions = re.split(r"(?<=[( ])partition (?=\w+ values)", text)
    return begin, definitions


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
