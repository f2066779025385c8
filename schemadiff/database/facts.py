"""Facts that are counted in the database for the hazards of a plan: the rows and values that are lost, and what speaks
of what goes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress

from sqlalchemy.engine import Connection

from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.session import tolerant
from schemadiff.dialects.shared.value_loss import Loss
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import DatabaseError
from schemadiff.operations import (
    AlterColumn,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    touched,
)
from schemadiff.operations.objects import DropObject
from schemadiff.planning import mentions
from schemadiff.planning.hazards import DataFacts, Lost
from schemadiff.schema import Column, Entry, Name, Schema, StoredObject

COUNT_LIMIT = 100_000
"""Rows of a table are counted up to this number before a drop: enough to be frightened by, and quick."""

_AT_ONCE = 50
"""Tables whose rows one statement counts."""


def facts_about(
    connection: Connection,
    dialect: Dialect,
    operations: Sequence[Operation],
    live: Schema,
    *,
    rewritable: bool = False,
    undoing: bool = False,
) -> DataFacts:
    """The facts about the operations; ``rewritable`` where they stand in a revision that may still say it otherwise,
    `undoing` where they undo one.
    """
    names = [touched(one) for one in operations if isinstance(one, DropTable | DropColumn)]
    parts = [
        one.object.name
        for one in operations
        if isinstance(one, DropObject) and isinstance(one.object, Entry) and one.object.rows
    ]
    known = [name for name in names if name is not None and name in live.tables]
    counted = count_rows(connection, dialect, [*known, *parts])
    users = mentions.found(operations, users_of(connection, dialect, mentions.tables(operations), live))
    tracked = {one: [user for user in found if dialect.tracks(user)] for one, found in users.items()}
    labels = {one: dialect.relabelling(one) for one in operations} if rewritable else {}
    return dataclasses.replace(
        counted,
        broken={one: [user for user in found if not dialect.tracks(user)] for one, found in users.items()},
        held={one: found for one, found in tracked.items() if isinstance(one, DropTable | DropColumn)},
        relabelled={one: found for one, found in labels.items() if found},
        lost=_lost(connection, dialect, operations, live),
        renumbered=_renumbered(connection, dialect, operations, live),
        forgone=dialect.forgone(operations, live),
        undoing=undoing,
    )


def _renumbered(
    connection: Connection, dialect: Dialect, operations: Sequence[Operation], live: Schema
) -> dict[Operation, str]:
    """How many rows are known by other numbers after each operation, in words."""
    found = {}
    for operation, change in dialect.renumbered(operations, live).items():
        with tolerant():
            number = count_up_to(connection, dialect, change.rows)
            if number:
                few = f"{number:,}" if number <= COUNT_LIMIT else f"more than {COUNT_LIMIT:,}"
                found[operation] = f"{few} row{'' if number == 1 else 's'} {change.words}"
    return found


def _lost(
    connection: Connection, dialect: Dialect, operations: Sequence[Operation], live: Schema
) -> dict[Operation, Lost]:
    """The losses that changes of type cause to the stored values."""
    found: dict[Operation, Lost] = {}
    for one, table, before in _altered(operations):
        if table not in live.tables or live.tables[table].column(before.name) is None:
            continue  # it is made in the same plan
        if before.type == one.after.type or before.generated or one.after.generated:
            continue
        loss = dialect.losing(before, one.after)
        lost = loss and _counted(connection, dialect, table, before.name, loss)
        if lost and (lost.rows is None or lost.rows or lost.more):
            found[one] = lost
    return found


def _altered(operations: Sequence[Operation]) -> Iterator[tuple[AlterColumn, Name, Column]]:
    """The changes of columns, each with the table's name and the column as they are before the first operation."""
    tables: dict[Name, Name] = {}
    columns: dict[tuple[Name, str], str] = {}
    for one in operations:
        match one:
            case RenameTable():
                tables[one.after] = tables.pop(one.before, one.before)
            case RenameColumn():
                table = tables.get(one.table, one.table)
                columns[table, one.after] = columns.pop((table, one.before), one.before)
            case AlterColumn():
                table = tables.get(one.table, one.table)
                name = columns.get((table, one.before.name), one.before.name)
                yield one, table, dataclasses.replace(one.before, name=name)


def _counted(connection: Connection, dialect: Dialect, table: Name, column: str, loss: Loss) -> Lost:
    every = f"SELECT {dialect.quote(column)} FROM {dialect.quote_name(table)}"
    few = dialect.first_rows(every, COUNT_LIMIT + 1)
    changed = f"SUM(CASE WHEN {loss.condition} THEN 1 ELSE 0 END)"
    found: list[Lost] = []
    # Without a right to read it, or with a value that cannot be converted at all, which the server will refuse:
    with tolerant():
        counted = connection.exec_driver_sql(
            f"SELECT COUNT(*), {changed} FROM ({few}) AS counted", execution_options=VERBATIM
        )
        read, rows = counted.one()
        found.append(Lost(loss, int(rows or 0), min(int(read), COUNT_LIMIT), more=read > COUNT_LIMIT))
    return found[0] if found else Lost(loss)


def count_rows(connection: Connection, dialect: Dialect, names: Iterable[Name]) -> DataFacts:
    """How many rows the tables have, each counted up to a limit; a table that may not be read is left out."""
    left = list(dict.fromkeys(names))
    rows: dict[Name, int] = {}
    for first in range(0, len(left), _AT_ONCE):
        some = left[first : first + _AT_ONCE]
        found = _rows_of(connection, dialect, some)
        if not found and len(some) > 1:  # one that may not be read spoils the answer for all
            for name in some:
                found |= _rows_of(connection, dialect, [name])
        rows |= found
    return DataFacts(rows, COUNT_LIMIT)


def _rows_of(connection: Connection, dialect: Dialect, names: Sequence[Name]) -> dict[Name, int]:
    """By one statement; empty where one of the tables may not be read."""
    found: dict[Name, int] = {}
    with tolerant():
        counts = _counts(connection, dialect, [f"FROM {dialect.quote_name(name)}" for name in names])
        found.update(zip(names, counts, strict=True))
    return found


def count_up_to(connection: Connection, dialect: Dialect, source: str) -> int:
    """How many rows there are, counted up to one more than the limit; `source` is FROM and what stands behind it."""
    (count,) = _counts(connection, dialect, [source])
    return count


def _counts(connection: Connection, dialect: Dialect, sources: Sequence[str]) -> list[int]:
    """As `count_up_to`, by one statement for all."""
    limited = [dialect.first_rows(f"SELECT 1 AS one {source}", COUNT_LIMIT + 1) for source in sources]
    counts = ", ".join(f"(SELECT COUNT(*) FROM ({one}) AS counted)" for one in limited)
    row = connection.exec_driver_sql(f"SELECT {counts}", execution_options=VERBATIM).one()
    return [int(count) for count in row]


def users_of(
    connection: Connection, dialect: Dialect, names: Collection[Name], live: Schema
) -> tuple[StoredObject, ...]:
    """The views, triggers, routines and events of the tables' schemas, as far as this account may read them."""
    schemas = tuple({name.schema for name in names if name in live.tables})
    if not schemas:
        return ()
    with suppress(DatabaseError):
        return dialect.objects(connection, schemas, mentions.KINDS)
    found: list[StoredObject] = []
    for kind in mentions.KINDS:  # what may be read of them
        with suppress(DatabaseError):
            found += dialect.objects(connection, schemas, (kind,))
    return tuple(found)
