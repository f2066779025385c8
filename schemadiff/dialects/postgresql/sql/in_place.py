"""What is dropped and added again but for its name, its comment or when it is checked -> what changes only that. Pure
text. Nothing is built or checked anew: not the index behind a key, not the rows behind a foreign key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import create
from schemadiff.operations import AddConstraint, CreateIndex, DropConstraint, DropIndex, Operation
from schemadiff.schema import Check, Constraint, ForeignKey, Index, Name, PrimaryKey, Table, Unique


@dataclass(frozen=True, slots=True)
class Change:
    """A drop and an addition that are one change: statements before and after those of the other operations. Of a
    constraint that the last ones let the server check, they are `unchecked` before that.
    """

    operations: tuple[Operation, Operation]
    first: tuple[str, ...]
    last: tuple[str, ...] = ()

    @property
    def unchecked(self) -> tuple[Operation, ...]:
        """What the first statements do, where last ones follow."""
        return self.operations[0], _unchecked(self.operations[1])

    @property
    def checked(self) -> tuple[Operation, ...]:
        """What the last statements do."""
        return _unchecked(self.operations[1]).reverse(), self.operations[1]


def _unchecked(operation: Operation) -> Operation:
    match operation:
        case AddConstraint(table=table, constraint=Check() | ForeignKey() as constraint):
            return AddConstraint(table, dataclasses.replace(constraint, not_valid=True))
        case _:
            return operation


def changes(operations: Sequence[Operation], live: Table | None) -> tuple[Change, ...]:
    """The changes among the operations on one table, each with the drop and the addition that it stands for."""
    found = []
    added = [one for one in operations if isinstance(one, AddConstraint | CreateIndex)]
    for drop in operations:
        for add in added:
            match drop, add:
                case DropConstraint(), AddConstraint():
                    change = _constraint(drop, add, live)
                case DropIndex(), CreateIndex():
                    change = _index(drop, add, live)
                case _:
                    change = None
            if change:
                added.remove(add)
                found.append(change)
                break
    done = [one for change in found for one in change.operations]
    gone = [key for one in operations if one not in done and (key := _key(one))]
    return tuple(change for change in found if not _needs(change.operations[0], gone))


def _key(operation: Operation) -> frozenset[str] | None:
    """The columns of the key that goes, where one does."""
    match operation:
        case DropConstraint(constraint=PrimaryKey(columns=columns) | Unique(columns=columns)):
            return frozenset(columns)
        case DropIndex(index=Index(unique=True, parts=parts)):
            return frozenset(part.column for part in parts if part.column)
        case _:
            return None


def _needs(operation: Operation, gone: Sequence[frozenset[str]]) -> bool:
    """Whether it drops a foreign key of the table to itself that is in the way of a key that goes."""
    match operation:
        case DropConstraint(table=table, constraint=ForeignKey(target=target, target_columns=columns)):
            return target == table and frozenset(columns) in gone
        case _:
            return False


def _constraint(drop: DropConstraint, add: AddConstraint, live: Table | None) -> Change | None:
    before, after, table = drop.constraint, add.constraint, drop.table
    if before == after or after.name is None or _bare(before) != _bare(after):
        return None
    known = create.constraint_name(table, before, live)
    first, last = [], []
    if known != after.name:
        if live and any(other.name == after.name for other in (*live.constraints(), *live.indexes)):
            return None
        first.append(f"ALTER TABLE {quoted(table)} RENAME CONSTRAINT {quote(known)} TO {quote(after.name)}")
    named = f"CONSTRAINT {quote(after.name)}"
    if (
        isinstance(before, ForeignKey)
        and isinstance(after, ForeignKey)
        and before.deferrable != after.deferrable
    ):
        first.append(f"ALTER TABLE {quoted(table)} ALTER {named} {after.deferrable or 'NOT DEFERRABLE'}")
    if before.comment != after.comment:
        first.append(create.comment_on_constraint(table, after.name, after.comment))
    if isinstance(before, Check | ForeignKey) and isinstance(after, Check | ForeignKey):
        if after.not_valid and not before.not_valid:
            return None
        if before.not_valid and not after.not_valid:
            last.append(f"ALTER TABLE {quoted(table)} VALIDATE {named}")
    return Change((drop, add), tuple(first), tuple(last))


def _bare(constraint: Constraint) -> Constraint:
    """The constraint without what can be changed in place."""
    match constraint:
        case ForeignKey():
            return dataclasses.replace(constraint, name=None, comment=None, deferrable=None, not_valid=False)
        case Check():
            return dataclasses.replace(constraint, name=None, comment=None, not_valid=False)
        case _:
            return dataclasses.replace(constraint, name=None, comment=None)


def _index(drop: DropIndex, add: CreateIndex, live: Table | None) -> Change | None:
    before, after, table = drop.index, add.index, drop.table
    if before == after or after.name is None or not (before.valid and after.valid):
        return None
    if _bare_index(before) != _bare_index(after):
        return None
    known = create.index_name(table, before, live)
    named = quoted(Name(after.name, table.schema))
    if (
        known != named
        and live
        and any(other.name == after.name for other in (*live.indexes, *live.constraints()))
    ):
        return None
    statements = [] if known == named else [f"ALTER INDEX {known} RENAME TO {quote(after.name)}"]
    if before.tablespace != after.tablespace:
        statements.append(f"ALTER INDEX {named} SET TABLESPACE {quote(after.tablespace or 'pg_default')}")
    return Change((drop, add), tuple(statements))


def _bare_index(index: Index) -> Index:
    return dataclasses.replace(index, name=None, tablespace=None)
