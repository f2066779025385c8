"""The overlap of two revisions: what both touch. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemadiff.operations import CreateTable, DropTable, Found, Operation, RenameTable, touched
from schemadiff.operations.objects import ObjectOperation, object_key
from schemadiff.operations.subject import named_columns


def common(one: Iterable[Operation], other: Iterable[Operation]) -> tuple[str, ...]:
    """The columns, else the tables and other objects, that operations of both work on, in words. SQL and functions may
    touch anything, and are not looked into.
    """
    parts, others = set(_parts(one)), set(_parts(other))
    shared = parts & others
    # A whole table is touched with each of its columns.
    whole = {table for table, column in parts | others if column is None}
    tables = {table for table, _ in parts} & {table for table, _ in others}
    shared = {(table, column) for table, column in shared if table not in whole}
    named = {f"{table}.{column}" if column else table for table, column in shared}
    return (*sorted(named), *sorted(table for table in tables if table not in {each for each, _ in shared}))


def _parts(operations: Iterable[Operation]) -> Iterator[tuple[str, str | None]]:
    """The tables with their columns; ``None`` for all of them, and for what is no table."""
    for operation in operations:
        inner = operation.operation if isinstance(operation, Found) else operation
        table = touched(inner)
        if isinstance(inner, ObjectOperation):
            key = object_key(inner)
            yield f"{key.kind} {key.name}", None
        elif isinstance(inner, CreateTable | DropTable | RenameTable):
            yield str(table), None
            if isinstance(inner, RenameTable):
                yield str(inner.after), None
        elif table is not None:
            yield from ((str(table), name) for name in named_columns(inner) or ("",))
