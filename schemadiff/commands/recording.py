"""Which revision a database is recorded at without running one: proven by replay, written under the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from schemadiff.commands.sources import GivenModels, Models, models_of
from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.database.comparison import Comparison
from schemadiff.database.connection import Database, connected, where
from schemadiff.dialects import Dialect
from schemadiff.errors import PendingError
from schemadiff.execute import version_table
from schemadiff.execute.status import State
from schemadiff.models import filters
from schemadiff.models.filters import Ignored, Refuses
from schemadiff.operations import Operation
from schemadiff.revisions import files
from schemadiff.revisions.files import Revision
from schemadiff.schema import Schema, Unsupported


@dataclass(frozen=True, slots=True)
class Chosen:
    """The scope of a proof: the models, where somebody named them, and the filters of the settings."""

    models: Models | None
    include: tuple[str, ...]
    exclude: tuple[str | Refuses, ...]
    schemas: tuple[str, ...]

    @classmethod
    def of(
        cls,
        models: GivenModels | None,
        include: Iterable[str],
        exclude: Iterable[str | Refuses],
        schemas: Iterable[str],
    ) -> Chosen:
        """As a command is given them; a single pattern may be a text."""
        given = None if models is None else models_of(models)
        return cls(given, filters.listed(include), filters.listed(exclude), filters.listed(schemas))

    def filter(self, dialect: Dialect) -> filters.Filter:
        metadata = self.models.metadata if self.models else ()
        return filters.choose(metadata, dialect, self.include, self.exclude)

    def desired(self, dialect: Dialect, chosen: filters.Filter) -> Schema:
        """The schema of the models; an empty one where nobody named them."""
        return self.models.schema(dialect, chosen) if self.models else Schema()


@dataclass(frozen=True, slots=True)
class Proof:
    """How the live database differs from what revisions say; nothing in ``differences`` proves that it is the same.
    ``missing`` leads from there to the models, and is ``None`` where nobody named these, or asked.
    """

    differences: tuple[Operation, ...]
    missing: tuple[Operation, ...] | None
    unsupported: tuple[Unsupported, ...]
    ignored: Ignored


def prove(
    connection: Connection,
    dialect: Dialect,
    history: Sequence[Revision],
    chosen: Chosen,
    *,
    and_models: bool = False,
) -> Proof:
    """Compares the live database with the replay of these revisions, as `check` does."""
    recorded, _ = files.replay(history, dialect)
    visible = chosen.filter(dialect)
    desired = chosen.desired(dialect, visible)
    comparison = Comparison.with_live(
        connection,
        dialect,
        visible,
        recorded,
        desired,
        beside=filters.names(chosen.schemas, dialect),
        expected=recorded,
    )
    ignored = filters.ignored(visible, recorded, comparison.whole)
    _, differences = comparison.drift(comparison.visible(recorded))
    missing = None
    if chosen.models and and_models:
        missing = comparison.between(comparison.visible(recorded), desired)
    return Proof(differences, missing, comparison.unsupported(comparison.live), ignored)


def record(
    database: Database,
    before: State | None,
    after: State,
    lock_wait: float,
    tell: Callable[[str], object] | None,
    *,
    save: Callable[[], object] | None = None,
    finish: Callable[[Connection, Dialect], object] | None = None,
) -> None:
    """Leads the version row, which was read `before`, to that state. All of it under the lock: `save` comes before the
    row is changed, when it is known that this account may, `finish` after that. Raises `PendingError` where somebody
    else has changed the row meanwhile.
    """
    with (
        connected(database, changes=True) as (connection, dialect),
        dialect.locked(connection, lock_wait, LOCK_TIMEOUT, tell or str),
    ):
        if version_table.read(connection, dialect) != before:
            raise PendingError(
                f"another run has changed {where(database)} meanwhile: nothing was recorded",
                hint="Run the command again: it begins with what is there now.",
            )
        if before != after:
            version_table.create(connection, dialect)
            if save:
                save()
            version_table.write(connection, dialect, after)
        if finish:
            finish(connection, dialect)
