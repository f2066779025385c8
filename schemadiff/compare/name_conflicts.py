"""Names that only one table of a schema can have: what gives one up goes before what takes it. Pure.

On SQLite and PostgreSQL that is the name of an index, on PostgreSQL also that of a key or a unique constraint, on MySQL
that of a CHECK, on MySQL and MariaDB that of a foreign key. Within one table drops come first anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from schemadiff.dialects import Dialect
from schemadiff.operations import (
    CreateTable,
    DropConstraint,
    DropIndex,
    Operation,
    touched,
)
from schemadiff.operations.subject import come
from schemadiff.schema import Constraint, Index, Name, Table

Taken = Mapping[tuple[str | None, str], set[Name]]
"""By schema and name, the tables that take the name."""


def split_freeing(changes: Sequence[Operation], named: Taken) -> tuple[list[Operation], list[Operation]]:
    """The drops that have to come first because another table takes over the name, and the other changes."""
    first = [change for change in changes if frees_name(change, named)]
    return first, [change for change in changes if not frees_name(change, named)]


def table_frees_name(table: Table, named: Taken, dialect: Dialect) -> bool:
    """Whether a table that is dropped has something whose name another table takes."""
    things = _shared(table, dialect)
    return any(named.get((table.name.schema, one.name or ""), set()) - {table.name} for one in things)


def taken(operations: Iterable[Operation], dialect: Dialect) -> Taken:
    """The names that the operations give, of the kinds whose names all tables of a schema share."""
    found: dict[tuple[str | None, str], set[Name]] = {}
    for operation in operations:
        name, new = touched(operation), come(operation)
        things = [new] if new is not None else []
        if isinstance(operation, CreateTable):
            things += _shared(operation.table, dialect)
        for thing in things:
            if name and thing.name is not None and isinstance(thing, dialect.shared_names):
                found.setdefault((name.schema, thing.name), set()).add(name)
    return found


def frees_name(operation: Operation, named: Taken) -> bool:
    """Whether the operation drops something whose name another table takes."""
    match operation:
        case DropIndex(table=table, index=thing) | DropConstraint(table=table, constraint=thing):
            return bool(named.get((table.schema, thing.name or ""), set()) - {table})
        case _:
            return False


def _shared(table: Table, dialect: Dialect) -> Iterator[Index | Constraint]:
    for one in (*table.constraints(), *table.indexes):
        if isinstance(one, dialect.shared_names):
            yield one
