"""list_models: which models were seen, and why others may be missing from a plan."""

from __future__ import annotations

from collections.abc import Iterable

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.results import Seen, SeenModule, SeenTable, WithoutModel
from schemadiff.commands.sources import GivenModels, Models, models_of
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected
from schemadiff.database.inspector import inspect
from schemadiff.dialects import Dialect
from schemadiff.models import filters
from schemadiff.models.filters import Filter, Refuses
from schemadiff.models.on_disk import File
from schemadiff.models.seen import homes, not_imported
from schemadiff.operations import DropTable, Operation
from schemadiff.schema import Name, Schema


@seldom_collected
@with_any_driver("database")
def list_models(
    database: Database | None,
    models: GivenModels,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
    schemas: Iterable[str] = (),
) -> Seen:
    """The modules and tables that the models were found in, the tables of the database that have no model, and the
    files on disk that declare models and were never imported: they are parsed, and nothing else is imported. `include`,
    `exclude` and `schemas` are as in `plan`. Without a database nothing is said about its tables.
    """
    given = models_of(models)
    absent = not_imported(given.metadata)
    if database is None:
        return Seen(_modules(given, None, None), None, absent)
    with connected(database) as (connection, dialect):
        chosen = filters.choose(given.metadata, dialect, include, exclude)
        named = {name.schema for name in chosen.declared} | set(filters.names(schemas, dialect))
        live = inspect(connection, dialect, (None, *sorted(filter(None, named))))
        return Seen(_modules(given, dialect, live), tuple(_without_model(live, chosen)), absent)


def _modules(given: Models, dialect: Dialect | None, live: Schema | None) -> tuple[SeenModule, ...]:
    def seen(name: str, schema: str | None) -> SeenTable:
        known = dialect.named(name, schema) if dialect else Name(name, schema)
        return SeenTable(known, None if live is None else known in live.tables)

    return tuple(
        SeenModule(one.module, one.path, tuple(seen(table.name, table.schema) for table in one.tables))
        for one in homes(given.metadata)
    )


def _without_model(live: Schema, chosen: Filter) -> Iterable[WithoutModel]:
    for name in sorted(live.tables.keys() - chosen.declared):
        kept = name in live.kept
        yield WithoutModel(name, "another tool's" if kept else "ignored" if chosen.hides(name) else "dropped")


def missed(models: Models, operations: Iterable[Operation]) -> tuple[File, ...]:
    """The files with models that nobody imported, where that may be why nothing was found; of those tables that would
    be dropped, where there are any.
    """
    found = tuple(operations)
    if not found:
        return not_imported(models.metadata)
    dropped = [one.table.name.name for one in found if isinstance(one, DropTable)]
    if not dropped:
        return ()
    return tuple(
        file
        for file in not_imported(models.metadata)
        if any(model.may_be(name) for model in file.models for name in dropped)
    )
