"""Losses of values that a change of type causes without an error: digits, a time of day, leading zeros. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Loss:
    """``code`` is that of the hazard, ``words`` says what happens to a value, and ``condition`` is SQL that is true for
    each row of the table whose value is another one after the change.
    """

    code: Literal["SD105", "SD108", "SD109"]
    words: str
    condition: str


DIGITS = "digits are rounded off"
DATE_LOST = "the date is lost"
TIME_LOST = "the time of day is lost"
FRACTION_LOST = "the fraction of a second is rounded or cut off"
ZEROS_LOST = "leading zeros and digits are lost"
TRUTH = "every number but 0 becomes true"
