"""Rows that are known by another number after a change. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Renumbering:
    """What happens to the rows, in words that follow their count, and from where that can be counted: FROM and what
    stands behind it.
    """

    words: str
    rows: str
