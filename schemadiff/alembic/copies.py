"""Remains of a killed ``batch_alter_table``: a copy of a table, or a table without its indexes. Pure.

Alembic fills a copy, drops the table, gives the copy its name, and creates the indexes again, one after the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from schemadiff.alembic import effects as fx
from schemadiff.alembic.effects import Effect
from schemadiff.dialects import Dialect
from schemadiff.operations import Operation
from schemadiff.operations import tables as ops
from schemadiff.planning import replay
from schemadiff.schema import Name, Schema

LONGEST = 50
"""Characters of a copy's name, Alembic 1.20."""


def copy_of(table: str) -> str:
    """Return the name of Alembic's copy of a table."""
    return f"_alembic_tmp_{table}"[:LONGEST]


def settled(
    effects: Iterable[Effect], live: Schema, dialect: Dialect
) -> tuple[tuple[Operation, ...], Schema]:
    """Return the operations that make the copied tables whole again, and the live schema after them.

    Where both are there, the copy is what is dropped: the table goes only when the copy is full. Where the copy alone
    is there it is the table.
    """
    found: list[Operation] = []
    for table in dict.fromkeys((one.rebuild.table, one.rebuild.schema) for one in effects if one.rebuild):
        name, copy = dialect.named(*table), dialect.named(copy_of(table[0]), table[1])
        if copy not in live.tables:
            continue
        one = ops.DropTable(live.tables[copy]) if name in live.tables else ops.RenameTable(copy, name)
        live = replay.after(one, live, dialect, strict=False)
        found.append(one)
    return tuple(found), live


def lost_indexes(
    earlier: Iterable[Sequence[Effect]], done: Sequence[Effect], live: Schema, dialect: Dialect
) -> tuple[fx.MakeIndex, ...]:
    """The indexes that a copied table had and has not got again. ``earlier`` are the effects of the revisions before,
    ``done`` those of this one.
    """
    if not done or done[-1].rebuild is None:
        return ()  # whatever came after the copy came after the indexes
    batch = done[-1].rebuild
    name = dialect.named(batch.table, batch.schema)
    table = live.tables.get(name)
    if table is None:
        return ()
    there = {index.name for index in table.indexes}
    made = _indexes([one.change for effects in (*earlier, done) for one in effects], dialect)
    return tuple(
        dataclasses.replace(one, table=(batch.table, batch.schema))
        for key, one in made.get(name, {}).items()
        if key not in there
    )


def _indexes(changes: Iterable[fx.Change], dialect: Dialect) -> dict[Name, dict[str, fx.MakeIndex]]:
    """The indexes of each table that the changes leave."""
    found: dict[Name, dict[str, fx.MakeIndex]] = {}
    for change in changes:
        match change:
            case fx.MakeIndex(table=table, name=called):
                found.setdefault(dialect.named(*table), {})[called] = change
            case fx.DropIndex(table=place, name=called):
                for name, indexes in found.items():
                    if place is None or dialect.named(*place) == name:
                        indexes.pop(called, None)
            case fx.RenameTable(table=table, after=after):
                found[dialect.named(*after)] = found.pop(dialect.named(*table), {})
            case fx.DropTable(table=table):
                found.pop(dialect.named(*table), None)
            case fx.RenameColumn(table=table, name=old, after=new):
                own = found.get(dialect.named(*table), {})
                for key, one in own.items():
                    parts = tuple(new if part == old else part for part in one.parts)
                    own[key] = dataclasses.replace(one, parts=parts)
            case fx.DropColumn(table=table, name=column):
                own = found.get(dialect.named(*table), {})
                for key in [key for key, one in own.items() if column in one.parts]:
                    del own[key]
            case _:
                pass
    return found
