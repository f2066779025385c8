"""show: one revision, and what it does on a database."""

from __future__ import annotations

from pathlib import Path

from schemadiff.commands.apply import apply
from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Shown
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected
from schemadiff.errors import UsageError
from schemadiff.execute import version_table
from schemadiff.planning import planner
from schemadiff.revisions import files


@seldom_collected
@with_any_driver("database")
def show(database: Database, versions: str | Path, number: int) -> Shown:
    """One revision and what it does on this database. Changes nothing. Raises `UsageError` when there is none."""
    history = files.load(Path(versions))
    if not 1 <= number <= len(history):
        raise UsageError(
            f"there is no revision {number} in {versions}",
            hint=f"The revisions go from 1 to {len(history)}." if history else "There are none.",
        )
    revision = history[number - 1]
    with connected(database) as (connection, dialect):
        state = version_table.read(connection, dialect)
        applied = state is not None and number <= state.version
        if applied or revision.baseline:  # which is run nowhere that its tables are
            before, _ = files.replay(history[: number - 1], dialect)
            operations, _ = revision.record(before, dialect)
            return Shown(revision, applied, planner.plan(operations, before, dialect))
    outcome = apply(database, versions, to=number, dry_run=True)
    return Shown(revision, False, outcome.done[-1].plan)
