"""The effect of each of several ALTER TABLEs, where only all of them carry their operations out. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schemadiff.dialects.mysql.canonical.partitions import PARTITION_OPTIONS, with_new_names
from schemadiff.dialects.mysql.sql.clauses import Clauses
from schemadiff.operations import AddConstraint, AlterColumn, AlterTable, DropConstraint, Operation
from schemadiff.schema import Options


@dataclass(frozen=True, slots=True)
class Effects:
    """Of the ALTER with the clauses, of the one that partitions, and of the one that gives foreign keys back; ``None``
    where that is to end the operations.
    """

    first: tuple[Operation, ...] | None
    partitions: tuple[Operation, ...] | None
    back: tuple[Operation, ...]


def effects(pending: Clauses, *, two: bool, follows: AlterTable | None = None) -> Effects:
    """Return the effects of the pending ALTER's statements, `two` of them where it partitions and does other things as
    well. `follows` is the change of partitioning that its renames entail.
    """
    name = pending.table
    back = tuple(AddConstraint(name, key) for key in pending.lifted_keys)
    lifts = tuple(DropConstraint(name, key) for key in pending.lifted_keys)
    now = (*_now(pending, two=two), *([follows] if follows else []))
    whole = (*lifts, *now) if lifts or now != tuple(pending.operations) else None
    rest = [one for one in pending.operations if isinstance(one, AlterTable)] if two else []
    return Effects(whole, tuple(rest) if two else whole, back)


def follows(pending: Clauses, options: Options) -> AlterTable | None:
    """How the table, whose `options` these are, is partitioned once the pending ALTER has renamed columns; ``None``
    where that stays, or becomes something else in the same ALTER.
    """
    names = {one.old.lower(): one.new for one in pending.changes if one.old and one.old != one.new}
    if pending.partitions is not None or not names:
        return None

    def renamed(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple(
            (key, with_new_names(text, names) if key == "PARTITION_BY" else text) for key, text in pairs
        )

    extra, managed = renamed(options.extra), renamed(options.managed)
    if (extra, managed) == (options.extra, options.managed):
        return None
    after = replace(options, extra=extra, managed=managed, written=None, shown=())
    return AlterTable(pending.table, options, after)


def _now(pending: Clauses, *, two: bool) -> Iterator[Operation]:
    """The operations, each with what the first ALTER makes: a column that is still a text, or has a default that
    computes its values; a table that is still partitioned as it was.
    """
    for operation in pending.operations:
        match operation:
            case AlterColumn(table=table, before=before, after=after):
                made = pending.definition_of(after.name)
                yield (
                    operation if made is None else AlterColumn(table, before, replace(made, name=after.name))
                )
            case AlterTable(table=table, before=old, after=new) if two:
                yield AlterTable(table, old, _partitioned_as(new, old))
            case _:
                yield operation


def _partitioned_as(options: Options, other: Options) -> Options:
    kept = [(key, text) for key, text in options.extra if key not in PARTITION_OPTIONS]
    kept += [(key, text) for key, text in other.extra if key in PARTITION_OPTIONS]
    return replace(options, extra=tuple(sorted(kept)))
