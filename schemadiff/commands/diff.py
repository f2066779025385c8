"""`diff`: how any two schemas differ. A schema is that of a database, of models, or of the revisions up to one.

Between two databases everything is compared that they hold, triggers and routines by their definitions as well;
against models or revisions what these can say. Changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.commands.sources import Live, Models, Source, source_of
from schemadiff.compare import renames
from schemadiff.compare.stored_changes import by_themselves
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.comparison import Comparison
from schemadiff.database.connection import Database, connected
from schemadiff.database.facts import facts_about
from schemadiff.database.inspector import inspect, with_implicit
from schemadiff.database.other_tools import is_working_trigger
from schemadiff.database.taken_names import refuse_taken
from schemadiff.dialects import Dialect
from schemadiff.errors import UnsupportedError, UsageError
from schemadiff.execute import script
from schemadiff.models import filters
from schemadiff.models.filters import NOTHING_IGNORED, Filter, Ignored, Refuses
from schemadiff.operations import Operation
from schemadiff.operations.objects import STORED_KINDS
from schemadiff.planning import planner, replay
from schemadiff.planning.hazards import NO_FACTS
from schemadiff.planning.planner import Plan
from schemadiff.schema import Schema, Unsupported

Side: TypeAlias = "str | Path | Database | sa.MetaData | object"
"""One of the two, see `source_of`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The changes that lead from one schema to another. ``before`` and ``after`` name the two for people.

    ``script`` are the lines of a script for the product's own client. Where `diff` starts from what is no
    database, a name that only a database knows can be missing: ``unwritten`` then says why there is no SQL.
    """

    before: str
    after: str
    plan: Plan
    script: tuple[str, ...] = ()
    unwritten: str | None = None
    unsupported: tuple[Unsupported, ...] = ()
    ignored: Ignored = NOTHING_IGNORED

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.plan.operations)


@seldom_collected
@with_any_driver("before", "after", "database")
def diff(
    before: Side,
    after: Side,
    *,
    database: Database | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str | Refuses] = (),
) -> Difference:
    """Compares any two and returns the changes that lead from `before` to `after`; `include` and `exclude` are as in
    `plan`.

    `database` is asked what definitions mean where neither of them is a database. Raises `UsageError` when it is
    needed and missing, and when the two are databases of different products.
    """
    sides = (source_of(before), source_of(after))
    with ExitStack() as stack:
        lives = [
            stack.enter_context(connected(side.database)) if isinstance(side, Live) else None
            for side in sides
        ]
        one, other = lives
        asking = one or other
        if asking is None:
            if database is None:
                raise UsageError(
                    "neither of the two is a database, and each product has its own types",
                    hint="Say with --url (or SCHEMADIFF_URL) which database they are meant for.",
                )
            asking = stack.enter_context(connected(database))
        if one and other and one[1].name != other[1].name:
            raise UsageError(
                f"a {one[1].name} database cannot be compared with a {other[1].name} database",
                hint="Compare each of them with the models.",
            )
        connection, dialect = asking
        chosen = filters.choose(_metadata(sides), dialect, include, exclude)
        found = _compare(sides, lives, connection, dialect, chosen)
        facts = facts_about(connection, dialect, found.operations, found.current) if one else NO_FACTS
        unwritten = None
        try:
            plan = planner.plan(found.operations, found.current, dialect, facts=facts)
        except UnsupportedError as error:
            if one:
                raise
            plan, unwritten = Plan(found.operations, ()), str(error)
        lines = script.of_plan(plan, dialect, dialect.settings(connection, [one.sql for one in plan.steps]))
    return Difference(
        sides[0].label,
        sides[1].label,
        plan,
        lines,
        unwritten,
        found.unsupported,
        filters.ignored(chosen, found.current, found.desired),
    )


def _metadata(sides: Iterable[Source]) -> tuple[sa.MetaData, ...]:
    return tuple(one for side in sides if isinstance(side, Models) for one in side.metadata)


def _declared(side: Source, dialect: Dialect) -> Schema:
    assert not isinstance(side, Live), "a live one is read"
    return side.schema(dialect)


@dataclass(frozen=True, slots=True)
class _Compared:
    """The operations, and both schemas with everything that they hold."""

    operations: tuple[Operation, ...]
    current: Schema
    desired: Schema
    unsupported: tuple[Unsupported, ...]


_Connected = tuple[Connection, Dialect] | None


def _compare(
    sides: tuple[Source, Source],
    lives: Sequence[_Connected],
    connection: Connection,
    dialect: Dialect,
    chosen: Filter,
) -> _Compared:
    one, other = lives
    if one and other:
        desired = _everything(*other)
        current = with_implicit(_everything(*one), [desired], dialect)
        comparison = Comparison(connection, dialect, chosen)
        operations = _between_databases(comparison, current, desired)
    elif one:
        desired = _declared(sides[1], dialect)
        comparison = Comparison.with_live(connection, dialect, chosen, desired)
        operations, current = _to_declared(comparison, desired), comparison.whole
    elif other:
        declared = _declared(sides[0], dialect)
        comparison = Comparison.with_live(connection, dialect, chosen, declared)
        aligned, operations = comparison.back(comparison.visible(declared))
        # With the names that the database gave to what has none.
        current = dataclasses.replace(declared, tables={**declared.tables, **aligned.tables})
        desired = comparison.whole
    else:
        current, desired = (_declared(side, dialect) for side in sides)
        comparison = Comparison(connection, dialect, chosen)
        operations = comparison.between(comparison.visible(current), comparison.visible(desired))
    return _Compared(operations, current, desired, comparison.unsupported(current, desired))


def _to_declared(comparison: Comparison, desired: Schema) -> tuple[Operation, ...]:
    dialect = comparison.dialect
    wanted = comparison.visible(desired)
    # Where capitals make no other name, what has other ones is no other thing.
    moves = renames.respelled(comparison.live, wanted, dialect)
    seen = replay.all_after(moves, comparison.live, dialect)
    operations = (*moves, *comparison.changes(wanted, seen))
    refuse_taken(comparison.connection, dialect, operations)
    return operations


def _between_databases(comparison: Comparison, current: Schema, desired: Schema) -> tuple[Operation, ...]:
    dialect = comparison.dialect
    seen, wanted = comparison.visible(current), comparison.visible(desired)
    moves = renames.respelled(seen, wanted, dialect)
    seen = replay.all_after(moves, seen, dialect)
    return (*moves, *comparison.databases(seen, wanted))


def _everything(connection: Connection, dialect: Dialect) -> Schema:
    """All that the database holds."""
    schemas = dialect.schemas(connection)
    live = inspect(connection, dialect, schemas).without_kept()
    found = dialect.objects(connection, schemas)
    working = [one for one in found if is_working_trigger(one)]
    live = live.with_objects(one for one in found if one not in working)
    # What is left alone elsewhere may be compared here.
    unsupported = tuple(one for one in live.unsupported if one.kind not in STORED_KINDS)
    unsupported += tuple(
        Unsupported(one.name, "a trigger of a tool that changes its table online: schemadiff leaves it alone")
        for one in working
    )
    unsupported += dialect.uncompared(connection, schemas)
    live = dataclasses.replace(live, unsupported=unsupported)
    return live.with_objects(by_themselves(live, dialect).values())
