"""The parts of an index or of an exclusion constraint, as a revision file has them. Pure."""

from __future__ import annotations

import dataclasses
import re

from schemadiff.dialects import Dialect
from schemadiff.schema import Column, Index, Name, Part, Table, Type


def is_plain(part: Part) -> bool:
    """Whether the part is a column and needs no SQL to say so."""
    sorted_class = part.opclass is not None and (part.descending or part.nulls is not None)
    return part.column is not None and part.collation is None and not sorted_class


def as_written(written: tuple[Part, ...], parts: tuple[Part, ...], dialect: Dialect) -> tuple[Part, ...]:
    """The parts as they were written, but under the columns' present names; a text that holds more than the
    expression (``lower(name) DESC``) in its pieces. One that the server alone reduced to a column (``name::text``)
    stays as it is: no replay would see that it is the same.
    """
    result = []
    for old, new, told in zip(written, parts, _by_rules(written, parts, dialect), strict=True):
        if old.expression is not None and told.expression is not None and new.column is not None:
            result.append(old)
            continue
        if old.expression is not None and old.collation is None and "collate" not in old.expression.lower():
            new = dataclasses.replace(new, collation=None)  # it has its column's
        if old.expression is not None and _around(old) != _around(new):
            old = new
        result.append(dataclasses.replace(old, column=new.column) if old.column and new.column else old)
    return tuple(result)


def _around(part: Part) -> tuple[object, ...]:
    return part.column, part.collation, part.opclass, part.descending


def _by_rules(written: tuple[Part, ...], parts: tuple[Part, ...], dialect: Dialect) -> tuple[Part, ...]:
    """The written parts as far as rules take them apart, which is what a replay does."""
    columns = tuple(Column(part.column, Type("text")) for part in parts if part.column is not None)
    return dialect.canonical(Table(Name(""), columns, indexes=(Index(written),))).indexes[0].parts


def in_parentheses(expression: str) -> str:
    """The expression as an index takes it: one function call as it is, anything else in one pair of parentheses."""
    start = re.match(r"\w*\(", expression)
    depth = 0
    for position, character in enumerate(expression if start else ""):
        depth += (character == "(") - (character == ")")
        if depth == 0 and character == ")":
            if position == len(expression) - 1:
                return expression
            break
    return f"({expression})"
