"""Index parts that are said in SQL: ``text("created DESC")``. Pure."""

from __future__ import annotations

import re
from collections.abc import Container

from schemadiff.schema import Part

_SORTED = r"(?:\s+(?P<direction>ASC|DESC))?(?:\s+NULLS\s+(?P<nulls>FIRST|LAST))?\s*"
_NAMED = re.compile(r"\s*([\"`]?)(?P<name>\w+)\1(?:\s*\(\s*(?P<length>\d+)\s*\))?" + _SORTED, re.IGNORECASE)
_EXPRESSION = re.compile(
    r"(?P<expression>.*\S)(?=\s+(?:ASC|DESC|NULLS)\b)" + _SORTED, re.IGNORECASE | re.DOTALL
)


def named_part(text: str, columns: Container[str]) -> Part | None:
    """The part, when it names one of the columns: with a prefix length and how it is sorted."""
    match = _NAMED.fullmatch(text)
    if match is None or match["name"] not in columns:
        return None
    length = int(match["length"]) if match["length"] else None
    return Part(match["name"], None, _descends(match), length, nulls=_nulls(match))


def expression_part(sql: str) -> Part:
    """The part, which is an expression, and how it is sorted."""
    match = _EXPRESSION.fullmatch(sql)
    if match is None:
        return Part(None, sql)
    return Part(None, match["expression"], _descends(match), nulls=_nulls(match))


def _descends(match: re.Match[str]) -> bool:
    return (match["direction"] or "").upper() == "DESC"


def _nulls(match: re.Match[str]) -> str | None:
    return (match["nulls"] or "").upper() or None
