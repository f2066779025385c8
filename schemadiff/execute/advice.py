"""Advice after a run that did not go on: the command that was run, and the way in the other direction. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from schemadiff.errors import UnsupportedError
from schemadiff.execute.journal import Direction

_COMMANDS: dict[Direction, str] = {"up": "`schemadiff apply`", "down": "`schemadiff rollback`"}


def finish(direction: Direction) -> str:
    """The ways out of the middle of a revision that goes in this direction."""
    if direction == "up":
        return "`schemadiff apply` finishes it, `schemadiff rollback` undoes what is done of it."
    return "`schemadiff rollback` finishes it, `schemadiff apply` goes forward again."


def go_on(direction: Direction) -> str:
    """The same where somebody stopped it."""
    if direction == "up":
        return "`schemadiff apply` goes on, `schemadiff rollback` undoes what is done."
    return "`schemadiff rollback` goes on, `schemadiff apply` goes forward again."


def begin_again(direction: Direction) -> str:
    """Where a run was stopped and nothing of it is left."""
    return f"{_COMMANDS[direction]} begins it again."


def mend(direction: Direction, *, begun: bool) -> str:
    """Where a step failed; ``begun`` unless it was the first one and did nothing."""
    if direction == "down":
        finishes = "to finish" if begun else "again"
        leaves = "to go forward again" if begun else "to leave the revision applied"
        return f"Mend the cause and run `schemadiff rollback` {finishes}, or `schemadiff apply` {leaves}."
    if begun:
        return (
            "Mend the cause and run `schemadiff apply` to finish the revision, or `schemadiff rollback` to undo "
            "what is done of it."
        )
    return (
        "Mend the cause, which may be the revision file itself, and run `schemadiff apply`, or `schemadiff "
        "rollback` to leave the revision."
    )


def rolled_back(direction: Direction, version: int, *, alone: bool = True) -> str:
    """Where the server took back all that was done, and the database stays at this revision; `alone` unless several
    revisions shared the transaction.
    """
    if direction == "up":
        what = f"Everything that this {'revision' if alone else 'run'} did is rolled back"
        where = "the database is at"
    else:
        what, where = "Everything that this rollback did is taken back", "the database is still at"
    return f"{what}; {where} revision {version:04}. Mend the cause and run {_COMMANDS[direction]} again."


def lost(direction: Direction) -> str:
    """Where the connection was lost before it was known whether the transaction is committed."""
    return f"The connection was lost: run {_COMMANDS[direction]} again, what is done will be read from the database."


def allow(direction: Direction, codes: str) -> str:
    """Where hazards are not allowed: with which options the command goes on."""
    if direction == "up":
        return f"To allow it: {codes}"
    return (
        f"To allow it: `schemadiff rollback` with {codes}. To keep the data: leave the revision applied, or copy it "
        "elsewhere first."
    )


IRREVERSIBLE = (
    "The file of a revision that was applied stays as it is: undo it by hand or in a new revision, which "
    "`schemadiff apply` carries out."
)
"""Where a revision that is applied does something that has no reverse."""

UNFINISHED = "Its file stays as it is until it is finished: mend what stopped it and run `schemadiff apply`."
"""Where what is done of a revision has no reverse."""


@contextmanager
def instead(hint: str) -> Iterator[None]:
    """Says this where something cannot be done, in the place of what the error says by itself."""
    try:
        yield
    except UnsupportedError as error:
        error.hint = hint
        raise
