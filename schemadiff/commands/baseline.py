"""baseline: an existing database becomes revision 0001, which creates it elsewhere and is run nowhere it is there.

First the file is written, then the version row. A run that is killed in between leaves a baseline that no version row
names: run again, it records that one, after the same proof. So does another database that has the same objects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.engine import Connection

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.recording import Chosen, prove, record
from schemadiff.commands.results import Baseline
from schemadiff.commands.sources import GivenModels
from schemadiff.compare.stored_changes import by_themselves
from schemadiff.config.defaults import LOCK_WAIT
from schemadiff.database import alembic_table
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.comparison import Comparison
from schemadiff.database.connection import Database, connected, where
from schemadiff.database.inspector import schemas_of
from schemadiff.database.other_tools import is_working_trigger
from schemadiff.dialects import Dialect
from schemadiff.errors import DatabaseError, PendingError, UsageError, VersionError
from schemadiff.execute import version_table
from schemadiff.execute.status import State
from schemadiff.execute.version_check import expect_settled, state_at, verify
from schemadiff.models import filters
from schemadiff.models.filters import Refuses
from schemadiff.operations import Operation
from schemadiff.operations.objects import STORED_KINDS
from schemadiff.planning.as_sql import as_sql
from schemadiff.revisions import alembic_history, files
from schemadiff.revisions.alembic_history import AlembicHistory
from schemadiff.revisions.files import Revision
from schemadiff.revisions.writer import revision as writer
from schemadiff.schema import Entry, Name, Namespace, Schema, StoredObject, Unsupported

_MESSAGE = "baseline"
_LISTED = 10


@seldom_collected
@with_any_driver("database")
def baseline(
    database: Database,
    models: GivenModels | None = None,
    versions: str | Path = "versions",
    *,
    message: str | None = None,
    from_alembic: str | Path | None = None,
    drop_alembic_version: bool = False,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
    schemas: Iterable[str] = (),
    lock_wait: float = LOCK_WAIT,
    tell: Callable[[str], object] | None = None,
) -> Baseline:
    """Writes revision 0001, which makes an empty database what this one is, and records it here without running it.

    It is proven first: the database is compared with the replay of the file. What differs from the `models`, where they
    are given, is in the result and stays for the next `plan`. Where revision 0001 is a baseline that this database does
    not have yet, that one is proven and recorded, and none is written.

    `from_alembic` is Alembic's directory: the database has to be at its head, and the file says for which of Alembic's
    revisions it stands. Alembic's table stays, and is dropped by `drop_alembic_version`, also later.

    Raises `UsageError` for an empty database, and where other revisions exist; `VersionError` where a version is
    recorded; `PendingError` where Alembic has not run all of its revisions.
    """
    directory, place = Path(versions), where(database)
    history = files.load(directory)
    chosen = Chosen.of(models, include, exclude, schemas)
    theirs = alembic_history.read(Path(from_alembic)) if from_alembic else None
    finish = alembic_table.drop if drop_alembic_version else None
    with connected(database) as (connection, dialect):
        before = version_table.read(connection, dialect)
        expect_settled(before or State(), place)
        asked = theirs or drop_alembic_version
        table = alembic_table.named(connection, dialect) if asked else alembic_table.ALEMBIC_TABLE
        there = alembic_table.is_there(connection, table)
        if theirs:
            _expect_at_head(theirs, alembic_table.rows(connection, dialect, table), place)
        recorded = bool(before and before.version)
        if before and recorded:
            _expect_more_to_do(before, history, drop_alembic_version and there, place)
        file = _existing(history, directory)
        if file is None:
            notes = _notes(theirs) if theirs else ()
            file = _made(connection, dialect, directory, message or _MESSAGE, chosen, notes, place)
        proof = None if recorded else prove(connection, dialect, [file.revision], chosen, and_models=True)
    result = Baseline(
        file.revision,
        file.text,
        file.operations,
        alembic=tuple(theirs.revisions.values()) if theirs else (),
        alembic_missing=theirs.missing if theirs else (),
        alembic_table="left" if there else None,
    )
    if proof:
        result = dataclasses.replace(
            result,
            proven=not proof.differences,
            differences=proof.differences,
            missing=proof.missing,
            # What no revision compares is in a new one as SQL.
            unsupported=(
                *file.untold,
                *(one for one in proof.unsupported if file.exists or one.kind not in STORED_KINDS),
            ),
            ignored=proof.ignored,
        )
        if proof.differences:
            return result
    save = None if file.exists else partial(files.save, directory, 1, file.message, file.text)
    after = before if before and recorded else state_at(1, [file.revision])
    record(database, before, after, lock_wait, tell, save=save, finish=finish)
    return dataclasses.replace(
        result,
        written=not file.exists,
        recorded=True,
        alembic_table="dropped" if there and finish else result.alembic_table,
    )


@dataclass(frozen=True, slots=True)
class _File:
    """The baseline's file, which ``exists`` or is to be written; ``untold`` is left out of it, being not shown."""

    revision: Revision
    message: str
    text: str
    operations: tuple[Operation, ...]
    exists: bool
    untold: tuple[Unsupported, ...] = ()


def _existing(history: Sequence[Revision], directory: Path) -> _File | None:
    """The baseline that there is. Raises `UsageError` where the first revision is none."""
    if not history:
        return None
    first = history[0]
    if not first.baseline:
        others = f" and {len(history) - 1} more" if len(history) > 1 else ""
        raise UsageError(
            f"{directory} holds revisions already: {first.path.name}{others}",
            hint="A baseline comes before all of them. Where this database is as one of them leaves it, "
            "`schemadiff stamp N` records that.",
        )
    return _File(first, first.message, first.path.read_text(encoding="utf-8"), (), True)


def _made(
    connection: Connection,
    dialect: Dialect,
    directory: Path,
    message: str,
    chosen: Chosen,
    notes: Sequence[str],
    place: str,
) -> _File:
    """The baseline of the live database. Raises `UsageError` where that is empty."""
    visible = chosen.filter(dialect)
    beside = filters.names(chosen.schemas, dialect)
    desired = chosen.desired(dialect, visible)
    comparison = Comparison.with_live(connection, dialect, visible, desired, beside=beside)
    stored, untold = _stored(connection, dialect, schemas_of(comparison.live))
    beyond = _beyond(stored, comparison, visible)
    live = comparison.live.with_objects(beyond)
    if not live.tables and all(isinstance(one, Namespace) for one in live.objects.values()):
        raise UsageError(
            f"{place} is empty: there is nothing to take over",
            hint="Is it the right database? For a new one `schemadiff plan` writes the first revision.",
        )
    created = comparison.databases(Schema(), live)
    operations = tuple(as_sql(created, {one.key for one in beyond}, dialect))
    text = writer.write(operations, message, dialect, baseline=True, notes=notes)
    revision = files.understand(text, files.path_of(directory, 1, message), 1, ())
    return _File(revision, message, text, operations, False, tuple(untold))


def _stored(
    connection: Connection, dialect: Dialect, schemas: Collection[str | None]
) -> tuple[list[StoredObject], list[Unsupported]]:
    """Return the live objects that are no tables, and the kinds of which this account may not read all."""
    with suppress(DatabaseError):
        return list(dialect.objects(connection, schemas)), []
    found: list[StoredObject] = []
    untold: list[Unsupported] = []
    for kind in STORED_KINDS:
        try:
            found += dialect.objects(connection, schemas, (kind,))
        except DatabaseError as error:
            words = f"not in the baseline: {' '.join(str(error).split())}"
            untold.append(Unsupported(Name(f"every {kind}"), words))
    return found, untold


def _beyond(
    found: Collection[StoredObject], comparison: Comparison, visible: filters.Filter
) -> list[StoredObject]:
    """Return those objects that the models do not have: views, triggers, routines and the like."""
    live = comparison.live
    known = {one.key for one in live.objects.values()}
    named = by_themselves(live.with_objects(found), comparison.dialect)
    return [
        one
        for one in found
        if one.key in named
        and one.key not in known
        and not isinstance(one, Namespace)
        and not (isinstance(one, Entry) and one.stage == "setting")
        and not visible.hides_object(one)
        and not is_working_trigger(one)
    ]


def _expect_more_to_do(state: State, history: Sequence[Revision], drops: bool, place: str) -> None:
    """Raises `VersionError` where a version is recorded, unless Alembic's table is still to be dropped."""
    verify(state, history)
    if drops and history[0].baseline:
        return
    raise VersionError(
        f"{place} is at revision {state.version:04} already: nothing is to be taken over",
        hint="`schemadiff check` tells whether models, revisions and database agree.",
    )


def _expect_at_head(theirs: AlembicHistory, at: Sequence[str], place: str) -> None:
    unknown = [one for one in at if one not in theirs.revisions]
    if unknown:
        raise UsageError(
            f"{place} is at Alembic's revision {unknown[0][:60]!r}, and no file in {theirs.directory} has that id",
            hint="Is it the right database, and the right directory? The checkout may be older than the database.",
        )
    pending = theirs.not_applied(at)
    if pending:
        lines = [f"  {one.id!r} {one.message!r}, {one.path}" for one in pending[:_LISTED]]
        if len(pending) > _LISTED:
            lines.append(f"  and {len(pending) - _LISTED} more")
        raise PendingError(
            f"{place} is not at Alembic's head, and these of its revisions are not applied:\n"
            + "\n".join(lines),
            hint="Run them with Alembic first: `alembic upgrade heads`, or `flask db upgrade` of Flask-Migrate.",
        )


def _notes(theirs: AlembicHistory) -> list[str]:
    """Return the lines of the baseline's docstring: the revisions of Alembic that it stands for."""
    heads = theirs.heads
    lines = [f"It stands for Alembic's revisions in {theirs.directory}, the oldest first:", ""]
    lines += [
        f"    {one.id}  {one.message}{'  (head)' if one.id in heads else ''}"
        for one in theirs.revisions.values()
    ]
    lines += [f"    {one}  (no file has this id)" for one in theirs.missing]
    return lines
