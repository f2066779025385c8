"""stamp: the database is recorded at a revision, and nothing of that revision is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.recording import Chosen, prove, record
from schemadiff.commands.results import Stamped
from schemadiff.commands.sources import GivenModels
from schemadiff.config.defaults import LOCK_WAIT
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected, where
from schemadiff.errors import UsageError
from schemadiff.execute import version_table
from schemadiff.execute.status import State
from schemadiff.execute.version_check import check_target, expect_settled, state_at
from schemadiff.models.filters import Refuses
from schemadiff.revisions import files
from schemadiff.revisions.files import Revision


@seldom_collected
@with_any_driver("database")
def stamp(
    database: Database,
    to: int | str,
    versions: str | Path = "versions",
    *,
    models: GivenModels | None = None,
    force: bool = False,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
    schemas: Iterable[str] = (),
    lock_wait: float = LOCK_WAIT,
    tell: Callable[[str], object] | None = None,
) -> Stamped:
    """Records that the database is at revision `to` (a number, ``"head"`` or ``"base"``) and runs nothing.

    Before that the live database is compared with what the revisions up to `to` leave, as `check` does; `include`,
    `exclude`, `schemas`, and what `models` want ignored, say what takes part. Where they differ nothing is recorded,
    and the result lists the ``differences``. With `force` it is recorded as it is said, without a look at the database:
    also over a version row that the files contradict, and in the middle of a revision, which then counts as settled.

    Raises `PendingError` in the middle of a revision, `LockedError` after `lock_wait` seconds.
    """
    history = files.load(Path(versions))
    number = number_of(to, history)
    chosen = Chosen.of(models, include, exclude, schemas)
    with connected(database) as (connection, dialect):
        before = version_table.read(connection, dialect)
        if not force:
            expect_settled(before or State(), where(database))
        proof = None if force else prove(connection, dialect, history[:number], chosen)
    at = before.version if before else None
    if proof and proof.differences:
        return Stamped(at, number, False, True, proof.differences, proof.unsupported, proof.ignored)
    after = state_at(number, history)
    if before is not None or number:
        record(database, before, after, lock_wait, tell)
    if proof is None:
        return Stamped(at, number, True, False)
    return Stamped(at, number, True, True, (), proof.unsupported, proof.ignored)


def number_of(to: int | str, history: Sequence[Revision]) -> int:
    """The number of the revision that somebody names. Raises `UsageError` where there is none."""
    words = {"base": 0, "head": len(history)}
    if isinstance(to, str) and to not in words and not (to.isascii() and to.isdecimal()):
        raise UsageError(
            f"there is no revision {to!r}",
            hint="It is a number, head (the newest one) or base (before all).",
        )
    number = words[to] if to in words else int(to)
    check_target(number, history, "stamp")
    return number
