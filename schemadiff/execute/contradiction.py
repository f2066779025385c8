"""Why a version row and the revision files of a checkout do not fit together, and what leads on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from schemadiff.errors import DigestError, RevisionError, VersionError
from schemadiff.execute.status import State
from schemadiff.revisions.git import OnBranch, on_branches

if TYPE_CHECKING:
    from schemadiff.revisions.files import Revision

_BACK = "Bring its earlier text back and make the change in a new revision."


def contradiction(state: State, history: Sequence[Revision]) -> VersionError | RevisionError:
    """The error: what the database has applied that is not here, or is another revision here, or was edited."""
    noted = state.files or ()
    both = zip(history[: state.version], noted, strict=False)
    other = next((one for one, own in both if one.own != own), None)
    first = other.number if other else len(history) + 1
    wanted = {number: noted[number - 1] for number in range(first, min(state.version, len(noted)) + 1)}
    known = on_branches(history[0].path.parent, wanted) if history and wanted else {}
    if other and other.number in known and known[other.number].name != other.path.name:
        return _another(other, known[other.number])
    if state.version > len(history):
        return _ahead(state, history, known)
    if other:
        return DigestError(f"{other.path} was edited after the database applied it", hint=_BACK)
    return _unknown(state, history[: state.version])


def _another(here: Revision, there: OnBranch) -> VersionError:
    number = f"{here.number:04}"
    return VersionError(
        f"the database has applied {there.name} as revision {number}, and {here.path} is another one of that number",
        hint=f"Two branches have each added a revision {number}; that of the database is on {there.branch}. Take the "
        f"database back there: git switch {there.branch}, schemadiff rollback --to {here.number - 1}; then go on here. "
        "After a merge of the two, schemadiff renumber moves one behind the other.",
    )


def _ahead(state: State, history: Sequence[Revision], known: Mapping[int, OnBranch]) -> VersionError:
    lacking = range(len(history) + 1, state.version + 1)
    numbers = f"{lacking[0]:04}" if len(lacking) == 1 else f"{lacking[0]:04} to {lacking[-1]:04}"
    told = "".join(
        f"\n{known[one].name} is on the branch {known[one].branch}." for one in lacking if one in known
    )
    branch = next((known[one].branch for one in reversed(lacking) if one in known), None)
    there = f"that branch (git switch {branch})" if branch else "a checkout that has them"
    return VersionError(
        f"the database is at revision {state.version}, and the newest revision file is {len(history)}: this checkout "
        f"lacks {numbers}",
        hint=f"Bring the missing files here (is the checkout older than the database?).{told}\n"
        f"Or take the database back, from {there}: schemadiff rollback --to {len(history)}",
    )


def _unknown(state: State, applied: Sequence[Revision]) -> DigestError:
    """Of revisions that the row does not name one by one, or of a row that is not theirs."""
    noted = state.files or ()
    if 0 < len(noted) < len(applied):
        first, last = applied[len(noted)], applied[-1]
        return DigestError(
            f"{first.path} was edited after the database applied it"
            if first is last
            else f"one of the revisions {first.number:04} to {last.number:04} was edited after the database applied it",
            hint=f"{_BACK}\nThe database does not know them one by one: the run that applied them was killed.",
        )
    return DigestError(
        "the revision files are not the ones that the database applied",
        hint=f"Is it the right database, and the right directory? `schemadiff history` shows the digest of revision "
        f"{state.version:04}; the version table holds {state.digest[:64] or 'none'}.",
    )
