"""Whether a database's version row and the revision files agree. Pure, until they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemadiff.errors import PendingError, UsageError
from schemadiff.execute.status import State

if TYPE_CHECKING:
    from schemadiff.execute.journal import Direction
    from schemadiff.revisions.files import Revision


STRIDE = 50
"""How many revisions a run carries out before it notes their digests in ``files`` again. To write those of a thousand
takes longer than most small revisions."""


def state_at(number: int, history: Sequence[Revision]) -> State:
    """The version row at that revision."""
    digest = history[number - 1].digest if number else ""
    return State(number, digest, tuple(revision.own for revision in history[:number]))


def states(begin: State, numbers: Sequence[int], history: Sequence[Revision]) -> list[State]:
    """The version rows at these revisions, to which a run leads one after the other. ``files`` is whole at the
    last one and once in a `STRIDE`; in between it stays as it is, a beginning of what it will be.
    """
    found = []
    stale = len(begin.files or ()) > begin.version and numbers[-1] > begin.version
    for number in numbers:
        if stale or number % STRIDE == 0 or number == numbers[-1]:
            found.append(state_at(number, history))
        else:
            found.append(State(number, history[number - 1].digest if number else "", None))
        stale = False
    return found


def verify(state: State, history: Sequence[Revision]) -> None:
    """Raises `VersionError` or `DigestError` when the version row and the files contradict each other."""
    version = state.version
    if version <= len(history) and (version == 0 or history[version - 1].digest == state.digest):
        return
    from schemadiff.execute.contradiction import contradiction

    raise contradiction(state, history)


def expect_settled(state: State, place: str) -> None:
    """Raises `PendingError` in the middle of a revision."""
    if state.journal:
        from schemadiff.execute import advice
        from schemadiff.execute.journal import is_entry

        going: Direction = state.journal["direction"] if is_entry(state.journal) else "up"
        raise PendingError(
            f"{place} is in the middle of a revision",
            hint=f"Settle that first: {advice.finish(going)}",
        )


def at_head(state: State, history: Sequence[Revision], place: str) -> None:
    """Raises `PendingError` where the database is not at the newest revision."""
    expect_settled(state, place)
    if state.version < len(history):
        numbers = ", ".join(f"{revision.number:04}" for revision in history[state.version :])
        raise PendingError(
            f"{place} is at revision {state.version}, and there are files it has not applied: {numbers}",
            hint="Run `schemadiff apply` first, so that the plan starts from the newest revision.",
        )


def check_target(to: int | None, history: Sequence[Revision], verb: str) -> None:
    if to is not None and not 0 <= to <= len(history):
        raise UsageError(f"cannot {verb} to revision {to}: the revisions go from 0 to {len(history)}")
