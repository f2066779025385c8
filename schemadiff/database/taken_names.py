"""Names of tables that are to be created, which something else has."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.engine import Connection

from schemadiff.dialects import Dialect
from schemadiff.errors import ModelsError
from schemadiff.operations import CreateTable, Operation
from schemadiff.operations.objects import DropObject
from schemadiff.schema import (
    Name,
)


def refuse_taken(connection: Connection, dialect: Dialect, operations: Iterable[Operation]) -> None:
    """Raise `ModelsError` where the operations create a table whose name something else has that stays."""
    created: list[Name] = []
    freed: set[Name] = set()
    for operation in operations:
        match operation:
            case CreateTable(table=table) if table.name not in freed:
                created.append(table.name)
            case DropObject(object=stored):
                freed.add(stored.name)
            case _:
                pass
    taken = dialect.taken(connection, created) if created else {}
    if not taken:
        return
    listed = "\n".join(f"  {name}: a {kind}" for name, kind in sorted(taken.items()))
    raise ModelsError(
        f"the models have tables whose names are taken in the database by something else:\n{listed}",
        hint='Where a class only reads what is there, say so: __table_args__ = {"info": {"schemadiff": "ignore"}}. '
        "Otherwise give one of the two another name, or drop what is there.",
    )
