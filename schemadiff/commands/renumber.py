"""renumber: after a merge, the revisions that are mine move behind those of the others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Move, Overlap, Renumbered
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected, where
from schemadiff.dialects import Dialect
from schemadiff.errors import RevisionError, SchemadiffError, UsageError
from schemadiff.execute import version_table
from schemadiff.operations import Operation
from schemadiff.planning.overlap import common
from schemadiff.revisions import files, git
from schemadiff.revisions.files import Revision
from schemadiff.schema import Schema

_Numbered = tuple[int, Path]


@seldom_collected
@with_any_driver("database")
def renumber(
    database: Database | None,
    versions: str | Path = "versions",
    *,
    mine: Iterable[str | Path] = (),
    dry_run: bool = False,
) -> Renumbered:
    """Moves the revision files that are `mine` behind all others, in their order, and says which of both touch the
    same thing. Without `mine` these are the files that the branch which others' work comes from does not have, by git.

    Files are renamed, and nothing in them changes. The database is asked whether it has applied one of them: without
    one nothing is known of that, nor of what they touch. Raises `UsageError` where it has, or where nobody says which
    are mine.
    """
    directory = Path(versions)
    every = files.numbered(directory)[0] if directory.is_dir() else []
    named, upstream = [Path(one) for one in mine], None
    own = _named(every, named, directory) if named else None
    if own is None:
        if not _twins(every):
            return Renumbered(())
        own, upstream = _by_git(every, directory)
    others = [one for one in every if one not in own]
    _expect_line(others)
    placed = [Move(path, _renamed(path, number)) for number, (_, path) in enumerate(own, len(others) + 1)]
    moves = [one for one in placed if one.before != one.after]
    if database is None:
        found = Renumbered(tuple(moves), upstream=upstream, untold=True)
    else:
        with connected(database) as (connection, dialect):
            state = version_table.read(connection, dialect)
            applied = state.files or () if state else ()
            _expect_not_applied(own, applied, where(database), directory)
            history = _history([*(Move(path, path) for _, path in others), *placed])
            overlaps, unfit = _fit(history, len(others), own[0][0] if own else 1, dialect)
        found = Renumbered(tuple(moves), overlaps, unfit, upstream)
    if not dry_run:
        _move(moves)
    return found


def _twins(every: Sequence[_Numbered]) -> bool:
    return len({number for number, _ in every}) < len(every)


def _named(every: Sequence[_Numbered], named: Sequence[Path], directory: Path) -> list[_Numbered]:
    """Those that somebody names: by a path, or by the name in the directory."""
    wanted = {(one if one.exists() else directory / one).resolve(): one for one in named}
    found = [one for one in every if one[1].resolve() in wanted]
    missing = [one for path, one in wanted.items() if path not in {each[1].resolve() for each in found}]
    if missing:
        raise UsageError(f"{missing[0]} is no revision file in {directory}")
    return found


def _by_git(every: Sequence[_Numbered], directory: Path) -> tuple[list[_Numbered], str]:
    twins = [path for number, path in every if sum(number == other for other, _ in every) > 1]
    known = git.upstream_names(directory)
    own = [one for one in every if known and one[1].name not in known[1]]
    if known is None or not own or _twins(own):
        told = "".join(f"\n  {path}" for path in twins)
        raise UsageError(
            f"nobody says which of these revisions are yours:{told}",
            hint="Name all that no database but your own has: schemadiff renumber --mine FILE (may be repeated).",
        )
    return own, known[0]


def _expect_line(others: Sequence[_Numbered]) -> None:
    for expected, (number, path) in enumerate(others, 1):
        if number != expected:
            raise UsageError(
                f"without yours, revision {expected:04} is missing, or is there twice: {path}",
                hint="The revisions that stay are to be a line without gaps. Name all of yours: --mine FILE, and no "
                "others.",
            )


def _renamed(path: Path, number: int) -> Path:
    return path.with_name(f"{number:04}_{path.name.partition('_')[2]}")


def _history(every: Iterable[Move]) -> tuple[Revision, ...]:
    """The revisions as they will be."""
    found: list[Revision] = []
    for number, one in enumerate(every, 1):
        found.append(files.understand(files.text_of(one.before), one.after, number, found))
    return tuple(found)


def _expect_not_applied(
    own: Sequence[_Numbered], applied: Sequence[str], place: str, directory: Path
) -> None:
    for number, path in own:
        if number > len(applied):
            continue
        if files.understand(files.text_of(path), path, number, ()).own == applied[number - 1]:
            raise UsageError(
                f"{place} has applied {path} as revision {number:04}: after the move it would not be known there",
                hint=f"Take it back first, with the files of before the merge: git worktree add ../before ORIG_HEAD, "
                f"and there schemadiff rollback --to {number - 1} (which destroys what these revisions added).",
            )


def _fit(
    history: Sequence[Revision], theirs: int, since: int, dialect: Dialect
) -> tuple[tuple[Overlap, ...], str | None]:
    """Return the overlaps of both sides, and why one of mine cannot stand behind theirs, if so. `since` is where the
    sides parted.
    """
    schema, recorded = Schema(), list[tuple[Operation, ...]]()
    for revision in history:
        try:
            operations, schema = revision.record(schema, dialect)
        except SchemadiffError as error:
            return _overlaps(history, recorded, theirs, since), str(error)
        recorded.append(operations)
    return _overlaps(history, recorded, theirs, since), None


def _overlaps(
    history: Sequence[Revision], recorded: Sequence[Sequence[Operation]], theirs: int, since: int
) -> tuple[Overlap, ...]:
    done = list(zip(history, recorded, strict=False))
    return tuple(
        Overlap(one.path, other.path, what)
        for one, own in done[theirs:]
        for other, operations in done[since - 1 : theirs]
        if (what := common(own, operations))
    )


def _move(moves: Sequence[Move]) -> None:
    """In an order in which each finds its place free. Raises `RevisionError`."""
    left = list(moves)
    while left:
        one = next((one for one in reversed(left) if not one.after.exists()), left[0])
        left.remove(one)
        try:
            os.link(one.before, one.after)  # fails where a rename would replace
            os.unlink(one.before)
        except OSError as error:
            raise RevisionError(
                f"cannot rename {one.before} to {one.after}: {error.strerror}",
                hint="Mend that, and run `schemadiff renumber` again.",
            ) from error
