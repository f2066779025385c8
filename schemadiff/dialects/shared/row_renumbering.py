"""Rows that are known by another number after a change. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Renumbering:
    """A change that gives rows other numbers: ``words`` follow the count of the rows, ``rows`` is the FROM clause, with
    all that follows it, by which they are counted.
    """

    words: str
    rows: str
