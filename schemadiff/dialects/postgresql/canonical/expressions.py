"""An expression -> one spelling of it, where the server's own text is not unique or not a fixed point. Pure.

The rules are few, and each is about a text that PostgreSQL 15 was measured to write:

- ``now()`` and ``CURRENT_TIMESTAMP`` are kept apart as texts and are one value: the latter stands for both;
- ``varchar IN ('x')`` is reported as casts of an array first, and as an array of casts when that is sent
  again or the column has become text: the constants with the cast that they end up with stand for all;
- ``integer IN (1)`` likewise, when the column has become bigint: the bare numbers stand for all;
- ``a BETWEEN 1 AND 2 AND b`` is reported as ``((…) AND b)`` first, and flat when that is sent again: flat it is;
- a varchar column stands as ``(s)::text`` wherever text is wanted, and as ``s`` once it has become text: the cast,
  which changes nothing, is left out.

All else is asked of the server.
"""

from __future__ import annotations

import functools
import re

from schemadiff.dialects.postgresql.server.sql_text import (
    END,
    IDENTIFIER,
    STRING,
    Masked,
    closing,
    mask,
    strip_parentheses,
    unquote,
    value,
)

_S = f"{STRING}\\d+{END}"
_NOW = re.compile(r"(?<![\w.])(?:pg_catalog\.)?now\(\s?\)|(?<![\w.])current_timestamp(?!\w)", re.IGNORECASE)
_CAST_TWICE = re.compile(rf"\(({_S}::(?:character varying|bpchar))\)::text(?!\[)")
_CAST_ARRAY = re.compile(rf"\((ARRAY\[(?:{_S}::(?:character varying|bpchar)(?:, )?)+\])\)::text\[\]")
_NUMBERS = r"(?:integer|bigint|smallint|numeric|double precision)"
_NUMBER_LIST = re.compile(rf"\b(ANY|ALL) \((?:\(ARRAY\[([^][]*)\]\)::{_NUMBERS}\[\]|ARRAY\[([^][]*)\])\)")
_NUMBER_IN_LIST = re.compile(rf"\(?(?:(?P<bare>\d+)|(?P<string>{_S})::{_NUMBERS})(?:\)::{_NUMBERS})?")
_CAST_COLUMN = re.compile(rf"(?<![\w{END}])\(({IDENTIFIER}\d+{END}|[^\W\d][\w$]*)\)::text(?![\w\[])")
_BETWEEN = re.compile(r"\bbetween\b", re.IGNORECASE)


_NONE: frozenset[str] = frozenset()


def expression(text: str, varchars: frozenset[str] = _NONE) -> str:
    """An expression without outer parentheses and line breaks, in the one spelling of those that it has.

    `varchars` are the columns of that type, which count where there are casts.
    """
    return _expression(text, varchars if "::" in text else _NONE)


@functools.lru_cache(maxsize=8192)
def _expression(text: str, varchars: frozenset[str]) -> str:
    masked = mask(text)
    skeleton = fold(masked)
    if varchars and ")::text" in skeleton and not _CAST_COLUMN.fullmatch(skeleton):
        skeleton = _CAST_COLUMN.sub(
            lambda match: match[1] if unquote(masked.restore(match[1])) in varchars else match[0], skeleton
        )
    return masked.restore(skeleton)


def fold(masked: Masked) -> str:
    """The skeleton without its outer parentheses, and with one spelling where the server knows several."""
    skeleton = _NOW.sub("CURRENT_TIMESTAMP", strip_parentheses(masked.skeleton))
    if ")::text" in skeleton:
        skeleton = _CAST_TWICE.sub(lambda match: _as_text(match[0], match[1], masked), skeleton)
        skeleton = _CAST_ARRAY.sub(lambda match: _as_text(match[0], match[1], masked), skeleton)
    skeleton = _NUMBER_LIST.sub(lambda match: _bare_numbers(match, masked), skeleton)
    if not _BETWEEN.search(skeleton):
        for word in ("AND", "OR"):
            skeleton = _flatten(skeleton, word)
    return strip_parentheses(skeleton)


def _as_text(whole: str, inside: str, masked: Masked) -> str:
    """The constants of a string type, cast to text at once; not those whose blanks at the end a cast cuts off."""
    if "::bpchar" in whole and any(masked.restore(one).endswith(" '") for one in re.findall(_S, whole)):
        return whole
    return re.sub("::(?:character varying|bpchar)", "::text", inside)


def _bare_numbers(match: re.Match[str], masked: Masked) -> str:
    """``ANY (ARRAY[1, -2])`` when all elements are whole numbers, whatever they are cast to."""
    numbers = []
    for element in (match[2] or match[3]).split(", "):
        number = _NUMBER_IN_LIST.fullmatch(element)
        text = number and (number["bare"] or value(masked.restore(number["string"])))
        if not text or not re.fullmatch(r"-?\d+", text):
            return match[0]
        numbers.append(text)
    return f"{match[1]} (ARRAY[{', '.join(numbers)}])"


def _flatten(skeleton: str, word: str) -> str:
    """``(a AND b) AND c`` as ``a AND b AND c``: how the server nests them depends on how often the text was sent."""
    if not re.search(rf"\) {word} |\b{word} \(", skeleton):
        return skeleton
    position = skeleton.find("(")
    while position >= 0:
        end = closing(skeleton, position)
        inside = _flatten(skeleton[position + 1 : end], word)
        before, after = skeleton[:position], skeleton[end + 1 :]
        first = re.search(rf"(?:^|\(| {word} )$", before) and after.startswith(f" {word} ")
        later = before.endswith(f" {word} ") and re.match(rf"$|\)| {word} ", after)
        if (first or later) and _joins(inside, word):
            skeleton, position = before + inside + after, position + len(inside)
        else:
            skeleton, position = f"{before}({inside}){after}", position + len(inside) + 2
        position = skeleton.find("(", position)
    return skeleton


def _joins(text: str, word: str) -> bool:
    """Whether the text is operands joined by the word, and by nothing that binds less."""
    outside, depth = [], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        outside.append(character if not depth and character != ")" else " ")
    words = re.findall(r"\b(?:AND|OR|CASE|NOT)\b", "".join(outside), re.IGNORECASE)
    return bool(words) and set(words) == {word}
