"""The parts of a script for a product's own command-line client. Pure.

A script is what `apply --sql` writes: somebody runs it by hand, later, on a database that may have moved on. So it
tells the client to stop at the first error, and begins with an expectation that fails where it does not hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

VERSION_TABLE = "schemadiff_version"
"""The name of the table that says which revision a database is at."""


class Client(ABC):
    """One product's client."""

    command: ClassVar[str]
    """How a script is run, in a shell."""

    caution: ClassVar[str] = ""
    """A warning about the use of a script, in a sentence."""

    opening: ClassVar[tuple[str, ...]] = ()
    """The lines with which a script begins, terminators included."""

    now: ClassVar[str]
    """The time by the database's own clock, in UTC and whole seconds, as SQL."""

    lock: ClassVar[str] = ""
    """SQL that is true when it has got the lock of `Dialect.locked`, and false when somebody else holds it; empty where
    a script needs none.
    """

    unlock: ClassVar[str] = ""
    """The statement that gives the lock back."""

    journals: ClassVar[bool] = False
    """Whether a statement may commit by itself, so that the journal says how far a revision is."""

    looks: ClassVar[Mapping[str, str]] = {}
    """The queries by which `note` tells what the schema looks like, by their names."""

    def patience(self, seconds: float) -> str:
        """The line, terminator included, after which no statement waits longer than that for a lock; empty where none
        waits for any.
        """
        return ""

    def without_lock_timeout(self, sql: str, seconds: float) -> tuple[str, ...]:
        """The statement, with what lets it wait as long as it takes where nobody stands behind it meanwhile; `seconds`
        are the `patience` of all others.
        """
        return (sql,)

    def literal(self, text: str) -> str:
        """The text as a string literal."""
        return "'" + text.replace("'", "''") + "'"

    def statement(self, sql: str) -> str:
        """The statement with its terminator, so that the client takes it for one."""
        return terminated(sql, ("--",))

    @abstractmethod
    def expect(self, condition: str, words: str) -> tuple[str, ...]:
        """The statements that make a script fail with these words unless the condition, an expression in SQL, is true.
        They need no right that DDL does not need.
        """

    def transaction(self, statements: Sequence[str]) -> tuple[str, ...]:
        """One transaction of these statements, with the proof that `Dialect.transaction` asks for."""
        return ("BEGIN", *statements, "COMMIT")

    def noting(self) -> tuple[str, ...]:
        """The statements that a script has before its first `note`."""
        return ()

    def note(self, position: int, *, looks: bool, drops: bool = False) -> tuple[str, ...]:
        """The statements that put the position of the next step into the journal, and, when it `looks`, what the
        schema looks like before it, as ``fingerprint``, with the name of the query for that, one of the `looks`, as
        ``look``. A step that `drops` an index is not done as long as that is there, usable or not.
        """
        raise AssertionError("nothing commits by itself")

    def advance(self, position: int, fingerprint: str | None) -> str:
        """The statement that puts only these two into the journal that is there: the rest of it may be a megabyte."""
        raise AssertionError("nothing commits by itself")


def terminated(sql: str, comments: Sequence[str]) -> str:
    """The statement with a semicolon, on a line of its own where the last one may be a comment."""
    text = sql.strip().removesuffix(";").rstrip()
    last = text.rpartition("\n")[2]
    return f"{text}\n;" if any(mark in last for mark in comments) else f"{text};"
