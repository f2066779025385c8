"""plan: the live database compared with the models, and the next revision file written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.engine import Connection

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Planned
from schemadiff.commands.sources import GivenModels, Models, models_of
from schemadiff.compare import objects, renames
from schemadiff.compare.renames import Candidate
from schemadiff.config.settings import Online
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.comparison import Comparison
from schemadiff.database.connection import Database, connected, where
from schemadiff.database.facts import facts_about
from schemadiff.database.taken_names import refuse_taken
from schemadiff.dialects import Dialect
from schemadiff.errors import AmbiguousError
from schemadiff.execute import version_table
from schemadiff.execute.online_choice import choose_algorithms, large_tables
from schemadiff.execute.preconditions import foreseen
from schemadiff.execute.status import State
from schemadiff.execute.version_check import at_head, verify
from schemadiff.models import filters
from schemadiff.models.filters import Refuses
from schemadiff.operations import Found, Operation, RenameColumn
from schemadiff.planning import planner, replay
from schemadiff.planning.live_names import find_drops
from schemadiff.planning.planner import Plan
from schemadiff.planning.written_forms import as_written, live_parts, unnamed_drops
from schemadiff.revisions import files, suggested_name
from schemadiff.revisions.files import Revision
from schemadiff.revisions.writer import revision as writer
from schemadiff.schema import Schema

Decide = Callable[[Candidate], bool]
"""Asked whether a column was renamed."""


@seldom_collected
@with_any_driver("database")
def plan(
    database: Database,
    models: GivenModels,
    versions: str | Path = "versions",
    *,
    message: str | None = None,
    dry_run: bool = False,
    rename: Iterable[str] = (),
    no_renames: bool = False,
    decide: Decide | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
    schemas: Iterable[str] = (),
    online: Online = "auto",
) -> Planned:
    """Compares the live database with the models and writes the next revision file, unless nothing differs or
    `dry_run`.

    `rename` are lines as ``user.phone=mobile``; with `no_renames` nothing else is taken for a rename. `include` and
    `exclude` are patterns for ``table`` or ``schema.table``: nothing else, or all but these, is compared (see
    `filters`). `schemas` are compared beside those that the models and revisions name.

    Raises `PendingError` while revisions are pending, `AmbiguousError` when a column may have been renamed and
    `decide` is not there to say.
    """
    given, directory = models_of(models), Path(versions)
    with connected(database) as (connection, dialect):
        history = files.load(directory)
        _expect_head(connection, dialect, history, where(database))
        chosen = filters.choose(given.metadata, dialect, include, exclude)
        recorded, _ = files.replay(history, dialect)
        desired = given.schema(dialect, chosen)
        beside = filters.names(schemas, dialect)
        comparison = Comparison.with_live(
            connection, dialect, chosen, recorded, desired, beside=beside, expected=recorded
        )
        ignored = filters.ignored(chosen, recorded, comparison.whole)
        moves = _moves(comparison, given, desired, rename)
        comparison = comparison.through(moves) if moves else comparison
        found = _compare(
            comparison, recorded, desired, moves, None if no_renames else partial(_decide, decide=decide)
        )
        unsupported = comparison.unsupported(comparison.live, desired)
        number = len(history) + 1
        if not found.operations:
            return Planned(Plan((), ()), message or "", number, "", None, unsupported, ignored)
        text = message or suggested_name.suggest_message(found.operations)
        source = writer.write(found.operations, text, dialect, found.current.tables)
        # What is shown is what `apply` will make of the file: it is read back before it is written.
        path = files.path_of(directory, number, text)
        loaded, _ = files.understand(source, path, number, history).record(recorded, dialect)
        planned = _statements(comparison, found, loaded, online)
    written = None if dry_run else files.save(directory, number, text, source)
    return Planned(planned, text, number, source, written, unsupported, ignored)


def _expect_head(connection: Connection, dialect: Dialect, history: Sequence[Revision], place: str) -> None:
    state = version_table.read(connection, dialect) or State()
    verify(state, history)
    at_head(state, history, place)


@dataclass(frozen=True, slots=True)
class _Found:
    """The operations of the revision. ``expected`` is what the revisions before it left, ``asked`` that as the server
    spells it, ``current`` the live schema as the revisions wrote it.
    """

    operations: tuple[Operation, ...]
    expected: Schema
    asked: Schema
    current: Schema


def _moves(
    comparison: Comparison, given: Models, desired: Schema, rename: Iterable[str]
) -> tuple[Operation, ...]:
    """The renames that somebody has declared."""
    live, dialect = comparison.live, comparison.dialect
    moves = (*renames.given(rename, live, dialect), *renames.declared(given.metadata, live, desired, dialect))
    return (*moves, *renames.respelled(replay.all_after(moves, live, dialect), desired, dialect))


def _compare(
    comparison: Comparison,
    recorded: Schema,
    desired: Schema,
    moves: tuple[Operation, ...],
    renamed: Callable[[Sequence[Candidate]], tuple[Operation, ...]] | None,
) -> _Found:
    """Return the drift, and the operations from there to the models, after the `moves` and what is `renamed`."""
    dialect = comparison.dialect
    expected = comparison.visible(recorded)
    asked, by_hand = comparison.drift(expected)
    current = as_written(comparison.live, asked, dialect)
    operations = _with_moves(moves, comparison, current, desired)
    if renamed and (extra := renamed(renames.candidates(operations))):
        operations = _with_moves((*moves, *extra), comparison, current, desired)
    refuse_taken(comparison.connection, dialect, operations)
    if dialect.makes_names:
        # What was found has names there.
        operations = unnamed_drops(operations, replay.all_after(by_hand, asked, dialect))
    return _Found((*(Found(one) for one in by_hand), *operations), expected, asked, current)


def _with_moves(
    moves: tuple[Operation, ...], comparison: Comparison, current: Schema, desired: Schema
) -> tuple[Operation, ...]:
    """The moves, and what is left to do after them."""
    renamed = comparison.visible(replay.all_after(moves, current, comparison.dialect))
    return objects.around_moves(moves, comparison.changes(desired, renamed))


def _statements(comparison: Comparison, found: _Found, loaded: tuple[Operation, ...], online: Online) -> Plan:
    """How `apply` would carry out the operations that were `loaded` from the revision's text."""
    connection, dialect, live = comparison.connection, comparison.dialect, comparison.live
    facts = facts_about(connection, dialect, loaded, live, rewritable=True)
    parts = live_parts(found.expected, found.asked, live, dialect)
    planned = planner.plan(
        find_drops(loaded, found.expected, parts, dialect),
        comparison.whole,
        dialect,
        facts=facts,
        large=large_tables(connection, dialect, loaded, live, online),
    )
    (planned,) = choose_algorithms(connection, dialect, [planned], facts)
    return foreseen(connection, dialect, dataclasses.replace(planned, operations=loaded))


def _decide(candidates: Sequence[Candidate], decide: Decide | None) -> tuple[Operation, ...]:
    if candidates and decide is None:
        listed = "\n".join(
            f"  {one.table}: was {one.before} renamed to {one.after}, or dropped and {one.after} added?"
            for one in candidates
        )
        flags = " ".join(f"--rename {one}" for one in candidates)
        raise AmbiguousError(
            f"a column may have been renamed, and dropping it would lose its values:\n{listed}",
            hint=f"If it was renamed: {flags}\nIf not: --no-renames",
        )
    return tuple(
        RenameColumn(one.table, one.before, one.after) for one in candidates if decide and decide(one)
    )
