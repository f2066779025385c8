"""status: where a database is."""

from __future__ import annotations

from pathlib import Path

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected, where
from schemadiff.execute import version_table
from schemadiff.execute.resume import interrupted_in
from schemadiff.execute.status import State, Status
from schemadiff.execute.version_check import verify
from schemadiff.revisions import files
from schemadiff.revisions.files import Revision


def status(database: Database, versions: str | Path = "versions") -> Status:
    """Where the database is, and what is pending or interrupted. Changes nothing."""
    return status_of(database, files.load(Path(versions)))


@seldom_collected
@with_any_driver("database")
def status_of(database: Database, history: tuple[Revision, ...]) -> Status:
    """As `status`, the revisions being loaded."""
    with connected(database) as (connection, dialect):
        at_work = dialect.other_run(connection)
        state = version_table.read(connection, dialect)
        verify(state or State(), history)
        interrupted = interrupted_in(connection, dialect, state, history) if state else None
        # It may have begun just now.
        at_work = at_work or dialect.other_run(connection)
        return Status(where(database), state.version if state else None, history, state, interrupted, at_work)
