"""A database and Alembic's next revision: what the file does, and how far the database is in it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from schemadiff.alembic import migration
from schemadiff.alembic.copies import lost_indexes, settled
from schemadiff.alembic.effects import Effect, MakeIndex, Script
from schemadiff.alembic.script import script
from schemadiff.alembic.standing import Standing, stand
from schemadiff.database import alembic_table
from schemadiff.database.inspector import inspect
from schemadiff.database.server_spelling import ask
from schemadiff.dialects import Dialect
from schemadiff.errors import AmbiguousError, RevisionError, UsageError, VersionError
from schemadiff.operations import Operation
from schemadiff.revisions.alembic_history import AlembicHistory, AlembicRevision
from schemadiff.schema import Column, Schema, Table


@dataclass(frozen=True, slots=True)
class Case:
    """``live`` is the schema as it is; ``copies`` settles what batches have left behind. ``earlier`` are the effects of
    the revisions before, where an index may have been lost.
    """

    revision: AlembicRevision
    at: tuple[str, ...]
    down: Script
    live: Schema
    whole: Schema
    copies: tuple[Operation, ...]
    standing: Standing
    earlier: tuple[Script, ...] = ()

    @property
    def up(self) -> Script:
        """The script of the file's ``upgrade``."""
        return self.standing.script

    @property
    def is_begun(self) -> bool:
        """Whether something of the revision is seen, or what is seen fits none of it."""
        return bool(self.copies) or 0 not in self.standing.possible

    def lost(self, count: int, dialect: Dialect) -> tuple[MakeIndex, ...]:
        """The indexes that have still to come back when so many effects are done."""
        earlier = [one.effects for one in self.earlier]
        return lost_indexes(earlier, self.up.effects[:count], self.whole, dialect)

    def chosen(self, done: int | None) -> int:
        """How many effects are done, of which `done` is what a person says: a number of operations. Raises
        `VersionError` where the database is at no point of the revision, and `AmbiguousError` where nobody knows.
        """
        choices = {self.standing.operations(one): one for one in self.standing.choices}
        words = f"Alembic's revision {self.revision.id}"
        if not choices:
            raise VersionError(
                f"the database is at no point of {words}: what is there fits no order of its operations",
                hint="Nothing was changed. Somebody has changed it by hand, or another revision has. `schemadiff "
                "doctor` shows which of the operations are seen as done: bring the others to before or after "
                "them by hand.",
            )
        known = ", ".join(map(str, choices))
        if done is not None:
            if done not in choices:
                raise UsageError(
                    f"it cannot be that {done} operations of {words} are done: by the live schema {known} may be"
                )
            return choices[done]
        if len(choices) > 1:
            raise AmbiguousError(
                f"it is not seen how far {words} came: {known} of its operations may be done",
                hint="Look at the rows that its SQL changes, and say it: --done N. Alembic commits rows with the next "
                "change of a definition on MySQL and MariaDB, and else with its own mark, so what nothing done comes "
                "after was most likely rolled back.",
            )
        return next(iter(choices.values()))


def examine(connection: Connection, dialect: Dialect, history: AlembicHistory) -> Case | tuple[str, ...]:
    """Alembic's next revision on this database; the ids that it is at, where there is none. Of several the one that was
    begun.
    """
    at = alembic_table.rows(connection, dialect)
    strange = [one for one in at if one not in history.revisions]
    if strange:
        raise VersionError(
            f"Alembic's table says {', '.join(map(repr, strange))}, and no file in {history.directory} has that id",
            hint="Are these the files of this database, and is the checkout as new as it?",
        )
    waiting = history.not_applied(at)
    ids = {one.id for one in waiting}
    coming = [one for one in waiting if ids.isdisjoint(one.before)]
    cases = [case_of(connection, dialect, history, one, at) for one in coming]
    begun = [one for one in cases if one.is_begun]
    if len(begun) > 1:
        names = ", ".join(one.revision.id for one in begun)
        raise AmbiguousError(
            f"several of Alembic's revisions have begun: {names}",
            hint="They stand beside each other, and each is seen in part. Mend one of them by hand.",
        )
    return next(iter(begun or cases), at)


def case_of(
    connection: Connection,
    dialect: Dialect,
    history: AlembicHistory,
    revision: AlembicRevision,
    at: tuple[str, ...],
) -> Case:
    """How far the database is in that revision."""
    up, down = read(connection, dialect, revision)
    schemas = {dialect.named(*table).schema for table in _tables(up.effects)}
    live = inspect(connection, dialect, (None, *sorted(one for one in schemas if one)))
    copies, whole = settled(up.effects, live, dialect)

    @functools.cache
    def spelled(table: Table, column: Column) -> Column:
        columns = tuple(column if one.name == column.name else one for one in table.columns)
        declared = Schema({table.name: Table(table.name, columns, options=table.options)})
        there = Schema({table.name: Table(table.name, table.columns, options=table.options)})
        found = ask(connection, dialect, declared, there).tables[table.name].column(column.name)
        return found or column

    standing = stand(up, whole, dialect, spelled)
    earlier: tuple[Script, ...] = ()
    if any(one.rebuild for one in up.effects):
        waiting = {one.id for one in history.not_applied(at)}
        behind = (one for name, one in history.revisions.items() if name not in waiting)
        earlier = tuple(read(connection, dialect, one)[0] for one in behind)
    return Case(revision, at, down, live, whole, copies, standing, earlier)


def read(connection: Connection, dialect: Dialect, revision: AlembicRevision) -> tuple[Script, Script]:
    """Return the scripts of the file, forward and back. Raises `RevisionError` where it cannot be read."""
    try:
        found = migration.read(revision.path.read_bytes(), connection.dialect.name)
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError) as error:
        words = str(error) or type(error).__name__
        raise RevisionError(f"cannot read Alembic's revision {revision.path}: {words}") from error
    up, down = (script(one, dialect.batch_copies) for one in (found.upgrade, found.downgrade))
    return up, down


def _tables(effects: Sequence[Effect]) -> list[tuple[str, str | None]]:
    found = [getattr(one.change, "table", None) for one in effects]
    return [one for one in found if isinstance(one, tuple)]
