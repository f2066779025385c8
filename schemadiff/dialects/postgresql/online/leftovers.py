"""Leftovers of a change outside of a transaction that was killed or refused: how they are named, found and dropped.

An index that CREATE INDEX CONCURRENTLY did not finish stays, unusable; one that DROP INDEX CONCURRENTLY did not finish
likewise. Between the steps of one change there are an index that is no constraint yet, a constraint that is NOT VALID
yet, a CHECK that only stands for NOT NULL. Names that begin with ``schemadiff_`` are nobody else's.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.dialects.contract.statements import Retraction, Statement
from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server import session_settings
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import create
from schemadiff.operations import AddConstraint, AlterColumn, CreateIndex, DropIndex, Operation, touched
from schemadiff.schema import (
    Check,
    Constraint,
    ForeignKey,
    Index,
    Name,
    PrimaryKey,
    Schema,
    Table,
    Unique,
    without_constraints,
)
from schemadiff.schema.matching import find

_LONGEST = 63
"""Bytes of a name."""

_UNUSABLE = """
SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(:table) AND c.relname = :name AND NOT i.indisvalid
"""


def own_name(*words: str) -> str:
    """A name of ours that says what it stands for; a different one for different words."""
    name = "_".join(("schemadiff", *words))
    if len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: _LONGEST - 9].decode(errors='ignore')}_{digest}"


def not_null_name(column: str) -> str:
    """The name of the CHECK that stands for NOT NULL until the column has it."""
    return own_name(column, "not_null")


def final_name(table: Name, thing: Constraint | Index, live: Table | None) -> str:
    """The name that it has in the end: its own, or the one that the server would make."""
    if isinstance(thing, Index):
        return create.bare_index_name(table, thing, None)
    return create.constraint_name(table, thing, live and without_constraints(live))


def working_names(table: Name, index: Index) -> tuple[str, str]:
    """The names under which an index may be built: its own, or one of ours until the old one of its name is gone."""
    return working_name(table, index, None), own_name(final_name(table, index, None))


def working_name(table: Name, thing: Constraint | Index, live: Table | None) -> str:
    """The name under which it is built."""
    final = final_name(table, thing, live)
    return final if thing.name and not isinstance(thing, PrimaryKey | Unique) else own_name(final)


def clear(connection: Connection, operations: Sequence[Operation], *, patiently: bool) -> None:
    """Drops the unusable indexes that a try to carry these out has left. It waits for transactions that use the table,
    `patiently` for as long as they last, and blocks nobody.
    """
    for table, name in _built(operations):
        found = connection.execute(sa.text(_UNUSABLE), {"table": quoted(table), "name": name})
        if found.scalar_one():
            with session_settings.without_lock_timeout(connection) if patiently else nullcontext():
                connection.exec_driver_sql(drop_index(table, name))


def _built(operations: Sequence[Operation]) -> Iterator[tuple[Name, str]]:
    """The tables and names of the indexes that the operations build."""
    for one in operations:
        match one:
            case CreateIndex(table=table, index=index):
                yield from ((table, name) for name in working_names(table, index))
            case AddConstraint(table=table, constraint=PrimaryKey() | Unique() as key):
                yield table, working_name(table, key, None)
            case _:
                pass


def drop_index(table: Name, name: str) -> str:
    """Drops the index, if it is there."""
    return f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(Name(name, table.schema))}"


def retraction(operations: Sequence[Operation], live: Schema) -> Retraction:
    """Return how to undo those of the operations that `live` shows as carried out in part."""
    statements: list[Statement] = []
    undone: list[Operation] = []
    for one in operations:
        table = live.tables.get(touched(one) or Name(""))
        if table is None:
            continue
        index: Index | None = None
        constraint: Check | ForeignKey | None = None
        match one:
            case CreateIndex(index=thing):
                undone.append(one)
                index = next(
                    filter(None, (_index(table, name) for name in working_names(table.name, thing))), None
                )
            case AddConstraint(constraint=PrimaryKey() | Unique() as key):
                undone.append(one)
                index = _index(table, working_name(table.name, key, None))
            case AddConstraint(constraint=thing):
                undone.append(one)
                constraint = _constraint(table, working_name(table.name, thing, table))
            case DropIndex(index=thing):
                # One that is not usable any more is as good as dropped.
                found = find(table.indexes, dataclasses.replace(thing, valid=False))
                index = found if found and not found.valid else None
                if index is None and find(table.indexes, thing):
                    undone.append(one)
            case AlterColumn(after=column):
                constraint = _constraint(table, not_null_name(column.name))
                if constraint:
                    undone.append(one)
            case _:
                continue
        if index:
            statements.append(Statement(drop_index(table.name, index.name or ""), (), alone=True))
            rest = tuple(other for other in table.indexes if other != index)
            live = live.with_table(dataclasses.replace(table, indexes=rest))
        if constraint:
            clause = f"DROP CONSTRAINT IF EXISTS {quote(constraint.name or '')}"
            statements.append(Statement(f"ALTER TABLE {quoted(table.name)} {clause}", ()))
            checks = tuple(other for other in table.checks if other is not constraint)
            keys = tuple(other for other in table.foreign_keys if other is not constraint)
            live = live.with_table(dataclasses.replace(table, checks=checks, foreign_keys=keys))
    return Retraction(tuple(statements), tuple(undone), live)


def _index(table: Table, name: str) -> Index | None:
    """The index of that name, if it is ours or unusable."""
    return next(
        (one for one in table.indexes if one.name == name and (_is_ours(name) or not one.valid)), None
    )


def _constraint(table: Table, name: str) -> Check | ForeignKey | None:
    """The constraint of that name, if it is ours or not valid."""
    constraints: tuple[Check | ForeignKey, ...] = (*table.checks, *table.foreign_keys)
    return next((one for one in constraints if one.name == name and (_is_ours(name) or one.not_valid)), None)


def _is_ours(name: str) -> bool:
    return name.startswith("schemadiff_")
