"""The words in which Flask-Migrate's users name revisions: head, base, current, 3, -1, +2, head-1, 1:3. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from schemadiff.errors import UsageError

_WORD = re.compile(r"(?P<from>[^+-]*?)(?P<by>[+-]\d+)?", re.ASCII)
_FILE = re.compile(r"(?P<number>\d{1,9})(_.*)?", re.ASCII | re.DOTALL)
_RELATIVE = re.compile(r"-\d+(:.*)?", re.ASCII | re.DOTALL)

HEADS = ("head", "heads", "@head")


@dataclass(frozen=True, slots=True)
class Line:
    """The line of revisions: how many there are, and how to find out which one the database is at."""

    newest: int
    at: Callable[[], int]

    def number(self, word: str) -> int:
        """The number of the revision that the word names. Raises `UsageError` where it names none."""
        if named := _FILE.fullmatch(word):  # a file's name may hold what looks relative
            return int(named["number"])
        parts = _WORD.fullmatch(word)
        if parts is None:
            raise _unknown(word)
        found = self._absolute(parts["from"], word) + int(parts["by"] or 0)
        if found < 0:
            raise UsageError(f"{word} leads to before the first revision", hint="base is before all of them.")
        return found

    def _absolute(self, word: str, whole: str) -> int:
        if word in HEADS:
            return self.newest
        if word == "base":
            return 0
        if word == "current" or (not word and whole):
            return self.at()
        if word.isascii() and word.isdecimal() and len(word) < 10:
            return int(word)
        raise _unknown(whole)

    def target(self, word: str) -> int:
        """The last one of ``START:END``, whose start has to be where the database is; or the one that is named.

        Raises `UsageError` where the database is somewhere else.
        """
        start, colon, end = word.partition(":")
        if not colon:
            return self.number(word)
        begin = self.number(start) if start else 0
        if begin != self.at():
            raise UsageError(
                f"the database is at revision {self.at()}, and not at {begin}, where {word} begins",
                hint=f"A run begins where the database is: give {end or 'head'} alone.",
            )
        return self.number(end or "head")

    def between(self, word: str) -> range:
        """The numbers from the first of ``START:END`` to the second, both of them. Raises `UsageError`."""
        start, colon, end = word.partition(":")
        if not colon:
            raise UsageError(f"{word} is no range", hint="It is START:END, such as 2:4, -3:current or :head.")
        return range(self.number(start or "base"), self.number(end or "head") + 1)


def _unknown(word: str) -> UsageError:
    hint = "It is a number, head, base, current, or one of these and +1 or -1; +1 alone is one after the database's."
    if re.fullmatch(r"[0-9a-f]{4,32}", word):
        hint = f"It looks like an id of Alembic's; revisions are numbered here. {hint}"
    return UsageError(f"there is no revision {word!r}", hint=hint)


def with_relative_last(arguments: list[str], takes_value: frozenset[str]) -> list[str]:
    """The arguments of a command line with ``-1`` and the like behind a ``--``, where they are no options. What stands
    behind an option that takes a value is its value.
    """
    kept: list[str] = []
    relative: list[str] = []
    rest = iter(arguments)
    for one in rest:
        if one == "--":
            return [*kept, one, *relative, *rest]
        if _RELATIVE.fullmatch(one):
            relative.append(one)
            continue
        kept.append(one)
        if one in takes_value:
            kept += [value for value in (next(rest, None),) if value is not None]
    return [*kept, "--", *relative] if relative else kept
