"""check: whether models, revision files and database agree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Drift
from schemadiff.commands.sources import GivenModels, models_of
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.comparison import Comparison
from schemadiff.database.connection import Database, connected
from schemadiff.database.taken_names import refuse_taken
from schemadiff.execute import version_table
from schemadiff.execute.resume import interrupted_in
from schemadiff.execute.status import State
from schemadiff.execute.version_check import verify
from schemadiff.models import filters
from schemadiff.models.filters import Refuses
from schemadiff.operations import Operation
from schemadiff.revisions import files


@seldom_collected
@with_any_driver("database")
def check(
    database: Database,
    models: GivenModels,
    versions: str | Path = "versions",
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
    schemas: Iterable[str] = (),
) -> Drift:
    """Tells whether models, revision files and database agree. Changes nothing. `include`, `exclude` and `schemas` are
    as in `plan`.

    Where there are neither revisions nor a version table, the database is compared with the models alone.
    """
    given, history = models_of(models), files.load(Path(versions))
    with connected(database) as (connection, dialect):
        at_work = dialect.other_run(connection)
        state = version_table.read(connection, dialect)
        verify(state or State(), history)
        managed = state is not None or bool(history)
        number = (state or State()).version
        chosen = filters.choose(given.metadata, dialect, include, exclude)
        desired = given.schema(dialect, chosen)
        at, _ = files.replay(history[:number], dialect)
        head, _ = files.replay(history[number:], dialect, at)
        comparison = Comparison.with_live(
            connection,
            dialect,
            chosen,
            *(head, at, desired),
            beside=filters.names(schemas, dialect),
            expected=at if managed else desired,
        )
        ignored = filters.ignored(chosen, head, comparison.whole)
        interrupted = interrupted_in(connection, dialect, state, history) if state else None
        drifted: tuple[Operation, ...] = ()
        if not managed:
            missing = comparison.changes(desired)
        else:
            if interrupted is None:
                _, drifted = comparison.drift(comparison.visible(at))
            missing = comparison.between(comparison.visible(head), desired)
        refuse_taken(connection, dialect, missing)
        if managed:
            at_work = at_work or dialect.other_run(connection)
        unsupported = comparison.unsupported(comparison.live, desired)
        return Drift(
            number,
            missing,
            history[number:] if managed else (),
            drifted,
            interrupted,
            unsupported,
            ignored,
            at_work if managed else None,
            unrecorded=not managed and bool(desired.tables or desired.objects),
        )
