"""`diff`: how any two schemas differ. A schema is that of a database, of models, or of the revisions up to one.

Between two databases everything is compared that they hold, triggers and routines by their definitions as well;
against models or revisions what these can say. Changes nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from schemadiff.commands.garbage_collector import seldom_collected
from schemadiff.compare import comparer, objects, renames
from schemadiff.compare.align import align
from schemadiff.database.async_drivers import with_any_driver
from schemadiff.database.connection import Database, connected, where
from schemadiff.database.facts import facts_about
from schemadiff.database.inspector import ask, inspect, inspect_for, refuse_taken, with_implicit
from schemadiff.database.other_tools import is_working_trigger
from schemadiff.dialects import Dialect
from schemadiff.errors import UnsupportedError, UsageError
from schemadiff.execute import script
from schemadiff.models import filters
from schemadiff.models.filters import NOTHING_IGNORED, Filter, Ignored
from schemadiff.models.loading import given_models, load_models
from schemadiff.models.reader import read
from schemadiff.operations import Operation
from schemadiff.operations.objects import STORED_KINDS
from schemadiff.planning import planner, replay
from schemadiff.planning.hazards import NO_FACTS
from schemadiff.planning.planner import Plan
from schemadiff.revisions import files
from schemadiff.schema import Column, Schema, Table, Unsupported
from schemadiff.schema.matching import Named, unnamed

Side: TypeAlias = "str | Path | Database | sa.MetaData | object"
"""One of the two: a URL, an Engine or a Connection; ``module:attribute`` or what it stands for; a directory of
revisions, ``versions`` or, at one of them, ``versions/@7``.
"""

_AT = re.compile(r"(?P<directory>.*?)[/\\]?@(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Difference:
    """What leads from one schema to another. ``before`` and ``after`` say which ones, in words.

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
    exclude: Iterable[str] = (),
) -> Difference:
    """What leads from `before` to `after`; `include` and `exclude` are as in `plan`.

    `database` is asked what definitions mean where neither of them is a database. Raises `UsageError` when it is
    needed and missing, and when the two are databases of different products.
    """
    sides = (_side(before), _side(after))
    with ExitStack() as stack:
        lives = [
            stack.enter_context(connected(side.database)) if side.database is not None else None
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
        metadata = (*sides[0].metadata, *sides[1].metadata)
        chosen = filters.choose(metadata, dialect, include, exclude)
        operations, current, desired = _compare(sides, lives, connection, dialect, chosen)
        facts = facts_about(connection, dialect, operations, current) if one else NO_FACTS
        unwritten = None
        try:
            plan = planner.plan(operations, current, dialect, facts=facts)
        except UnsupportedError as error:
            if one:
                raise
            plan, unwritten = Plan(tuple(operations), ()), str(error)
        lines = script.of_plan(plan, dialect, dialect.settings(connection, [one.sql for one in plan.steps]))
    return Difference(
        sides[0].label,
        sides[1].label,
        plan,
        lines,
        unwritten,
        tuple(dict.fromkeys(one for some in (current, desired) for one in some.unsupported)),
        filters.ignored(chosen, current, desired),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two: a database, or a schema that is made without one."""

    label: str
    database: Database | None = None
    metadata: tuple[sa.MetaData, ...] = ()
    history: tuple[files.Revision, ...] = ()

    def declared(self, dialect: Dialect) -> Schema:
        """The schema of models or revisions."""
        return read(self.metadata, dialect) if self.metadata else files.replay(self.history, dialect)[0]


def _side(given: Side) -> _Side:
    if isinstance(given, URL | Engine | Connection):
        return _Side(where(given), given)
    if isinstance(given, str) and "://" in given:
        return _Side(where(given), given)
    if isinstance(given, str | Path):
        text = str(given)
        at = _AT.fullmatch(text)
        directory = Path(at["directory"] or "versions") if at else Path(text)
        if at or directory.is_dir():
            return _revisions(directory, int(at["number"]) if at else None)
        if ":" not in text or isinstance(given, Path):
            raise UsageError(
                f"{text} is neither the URL of a database nor module:attribute nor a directory of revisions",
                hint="For example mysql://user@host/shop, app:db, versions, versions/@7.",
            )
        return _Side(f"models {text}", metadata=load_models(text))
    return _Side("models", metadata=given_models(given))


def _revisions(directory: Path, number: int | None) -> _Side:
    if not directory.is_dir():
        raise UsageError(f"there is no directory {directory}")
    history = files.load(directory)
    if number is None:
        number = len(history)
    if number > len(history):
        raise UsageError(
            f"there is no revision {number} in {directory}", hint=f"The newest one is {len(history)}."
        )
    return _Side(f"{directory} at revision {number:04}", history=history[:number])


_Live = tuple[Connection, Dialect] | None


def _compare(
    sides: tuple[_Side, _Side],
    lives: Sequence[_Live],
    connection: Connection,
    dialect: Dialect,
    chosen: Filter,
) -> tuple[tuple[Operation, ...], Schema, Schema]:
    """The operations, and both schemas with everything that they hold."""
    one, other = lives
    if one and other:
        desired = _everything(*other)
        current = with_implicit(_everything(*one), [desired], dialect)
    elif one:
        desired = sides[1].declared(dialect)
        current = inspect_for(connection, dialect, desired)
    else:
        current = sides[0].declared(dialect)
        desired = inspect_for(connection, dialect, current) if other else sides[1].declared(dialect)
    seen, wanted = (filters.visible(schema, chosen, dialect) for schema in (current, desired))
    # Where capitals make no other name, what has other ones is no other thing.
    moves = renames.respelled(seen, wanted, dialect) if one else ()
    seen = replay.all_after(moves, seen, dialect)
    if one and other:
        wanted = _outspoken(seen, _same_names(seen, wanted, dialect))
        return (*moves, *comparer.compare(seen, wanted, dialect)), current, desired
    if one:
        hidden = filters.hidden_columns(current, chosen)
        asked = ask(connection, dialect, wanted, seen, hidden)
        operations = (*moves, *comparer.compare(seen, asked, dialect))
        refuse_taken(*one, operations)
        return operations, current, _with_untold(desired, asked)
    if other:
        asked = ask(connection, dialect, seen, wanted, filters.hidden_columns(desired, chosen))
        aligned = align(wanted, asked, dialect)
        named = _with_untold(_with_names(current, aligned), asked)
        return comparer.compare(aligned, wanted, dialect), named, desired
    operations = comparer.compare(seen, wanted, dialect)
    if operations:
        # The rules see a difference: what would the server say?
        asked = ask(connection, dialect, seen, wanted)
        operations = comparer.compare(asked, ask(connection, dialect, wanted, seen), dialect)
        current = _with_untold(current, asked)
    return operations, current, desired


def _with_untold(schema: Schema, asked: Schema) -> Schema:
    """The schema with what the server could not tell when it was asked."""
    return dataclasses.replace(schema, unsupported=(*schema.unsupported, *asked.unsupported))


def _with_names(current: Schema, aligned: Schema) -> Schema:
    """`current`, its tables with the names that the database gave to what has none."""
    return dataclasses.replace(current, tables={**current.tables, **aligned.tables})


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
    return live.with_objects(objects.by_themselves(live, dialect).values())


def _outspoken(current: Schema, desired: Schema) -> Schema:
    """`desired`, which says also what SQLAlchemy has no word for: in a database that is nothing if not said."""
    tables = dict(desired.tables)
    for name, table in desired.tables.items():
        known = current.tables.get(name, table)
        was = {column.name: column for column in known.columns}
        columns = tuple(_said(was.get(column.name), column) for column in table.columns)
        key = table.primary_key
        if key and known.primary_key and known.primary_key.parts and not key.parts:
            key = dataclasses.replace(key, parts=((None, False),) * len(key.columns))
        if columns != table.columns or key != table.primary_key:
            tables[name] = dataclasses.replace(table, columns=columns, primary_key=key)
    return dataclasses.replace(desired, tables=tables)


def _said(current: Column | None, desired: Column) -> Column:
    if current and current.attributes and desired.attributes is None:
        desired = dataclasses.replace(desired, attributes=())
    if current and current.visible is False and desired.visible is None:
        desired = dataclasses.replace(desired, visible=True)
    return desired


def _same_names(current: Schema, desired: Schema, dialect: Dialect) -> Schema:
    """`desired` with the names of `current` for what a server named by itself in both: they number by age."""
    tables = dict(desired.tables)
    for name, table in desired.tables.items():
        known = current.tables.get(name)
        if known is not None and known != table:
            tables[name] = _renamed(known, table, dialect)
    return dataclasses.replace(desired, tables=tables)


def _renamed(current: Table, desired: Table, dialect: Dialect) -> Table:
    def matched(old: Sequence[Named], new: Sequence[Named]) -> tuple[Named, ...]:
        free = [one for one in old if one not in new and dialect.made_up(current.name, one)]
        result = []
        for one in new:
            if one not in old and dialect.made_up(desired.name, one):
                match = next((other for other in free if unnamed(other) == unnamed(one)), None)
                if match is not None:
                    free.remove(match)
                    one = dataclasses.replace(one, name=match.name)
            result.append(one)
        return tuple(result)

    return dataclasses.replace(
        desired,
        uniques=matched(current.uniques, desired.uniques),
        indexes=matched(current.indexes, desired.indexes),
        foreign_keys=matched(current.foreign_keys, desired.foreign_keys),
        checks=matched(current.checks, desired.checks),
        excludes=matched(current.excludes, desired.excludes),
    )
