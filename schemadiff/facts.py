"""What is found out in the database for the hazards of a plan: the rows that are lost, and what speaks of what goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from sqlalchemy.engine import Connection

from schemadiff import uses
from schemadiff.dialects import Dialect
from schemadiff.hazards import Facts
from schemadiff.inspector import count_rows, users_of
from schemadiff.operations import DropColumn, DropTable, Operation, touched
from schemadiff.schema import Entry, Schema
from schemadiff.stored import DropObject


def facts_about(
    connection: Connection,
    dialect: Dialect,
    operations: Sequence[Operation],
    live: Schema,
    *,
    rewritable: bool = False,
) -> Facts:
    """The facts about the operations; ``rewritable`` where they stand in a revision that may still say it otherwise."""
    names = [touched(one) for one in operations if isinstance(one, DropTable | DropColumn)]
    parts = [
        one.object.name
        for one in operations
        if isinstance(one, DropObject) and isinstance(one.object, Entry) and one.object.rows
    ]
    known = [name for name in names if name is not None and name in live.tables]
    counted = count_rows(connection, dialect, [*known, *parts])
    users = uses.found(operations, users_of(connection, dialect, uses.tables(operations), live))
    tracked = {one: [user for user in found if dialect.tracks(user)] for one, found in users.items()}
    labels = {one: dialect.relabelling(one) for one in operations} if rewritable else {}
    return dataclasses.replace(
        counted,
        broken={one: [user for user in found if not dialect.tracks(user)] for one, found in users.items()},
        held={one: found for one, found in tracked.items() if isinstance(one, DropTable | DropColumn)},
        relabelled={one: found for one, found in labels.items() if found},
    )
