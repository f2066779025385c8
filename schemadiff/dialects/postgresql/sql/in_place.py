"""Changes of an index or a constraint in place -> SQL. Pure text. Nothing is built or checked again: not the
index behind a key, not the rows behind a foreign key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import create
from schemadiff.operations import Operation
from schemadiff.operations.in_place import AlterConstraint, AlterIndex, InPlace, RenameConstraint, RenameIndex
from schemadiff.schema import Check, Constraint, ForeignKey, Index, Name, Table


@dataclass(frozen=True, slots=True)
class Change:
    """The statements of one change, before and after those of the other operations. Of a constraint that the last ones
    let the server check, it is `unchecked` before that.
    """

    operation: InPlace
    first: tuple[str, ...]
    last: tuple[str, ...] = ()

    @property
    def unchecked(self) -> tuple[Operation, ...]:
        """Return the operation that the first statements carry out, if others follow: the change without its
        validation.
        """
        return (dataclasses.replace(self._checks, after=self._not_checked),)

    @property
    def checked(self) -> tuple[Operation, ...]:
        """Return the operation that the last statements carry out: the validation."""
        return (dataclasses.replace(self._checks, before=self._not_checked),)

    @property
    def _checks(self) -> AlterConstraint:
        assert isinstance(self.operation, AlterConstraint)
        return self.operation

    @property
    def _not_checked(self) -> Check | ForeignKey:
        after = self._checks.after
        assert isinstance(after, Check | ForeignKey)
        return dataclasses.replace(after, not_valid=True)


def changes(operations: Iterable[Operation], live: Table | None) -> tuple[Change, ...]:
    """The changes in place among the operations on one table."""
    return tuple(_change(one, live) for one in operations if isinstance(one, InPlace))


def changes_in_place(before: Constraint | Index, after: Constraint | Index) -> bool:
    """Whether the server has statements for all in which the two differ. A foreign key alone can be told when it is
    checked, and what was checked is not made unchecked.
    """
    if before == after or after.name is None or type(before) is not type(after):
        return False
    if isinstance(before, Index) and isinstance(after, Index):
        return before.valid and after.valid and _bare_index(before) == _bare_index(after)
    if isinstance(before, Index) or isinstance(after, Index) or _bare(before) != _bare(after):
        return False
    if isinstance(before, Check | ForeignKey) and isinstance(after, Check | ForeignKey):
        return before.not_valid or not after.not_valid
    return True


def _bare(constraint: Constraint) -> Constraint:
    """The constraint without what can be changed in place."""
    match constraint:
        case ForeignKey():
            return dataclasses.replace(constraint, name=None, comment=None, deferrable=None, not_valid=False)
        case Check():
            return dataclasses.replace(constraint, name=None, comment=None, not_valid=False)
        case _:
            return dataclasses.replace(constraint, name=None, comment=None)


def _bare_index(index: Index) -> Index:
    return dataclasses.replace(index, name=None, tablespace=None)


def _change(operation: InPlace, live: Table | None) -> Change:
    match operation:
        case RenameIndex(table=table, before=index, after=new):
            known = create.index_name(table, index, live)
            named = quoted(Name(new.name or "", table.schema))
            rename = f"ALTER INDEX {known} RENAME TO {quote(new.name or '')}"
            return Change(operation, () if known == named else (rename,))
        case AlterIndex(table=table, after=new):
            place = quote(new.tablespace or "pg_default")
            sql = f"ALTER INDEX {quoted(Name(new.name or '', table.schema))} SET TABLESPACE {place}"
            return Change(operation, (sql,))
        case RenameConstraint(table=table, before=before, after=after):
            old = create.constraint_name(table, before, live)
            sql = f"ALTER TABLE {quoted(table)} RENAME CONSTRAINT {quote(old)} TO {quote(after.name or '')}"
            return Change(operation, () if old == after.name else (sql,))
        case AlterConstraint():
            return _alter(operation)
        case _:
            assert_never(operation)


def _alter(operation: AlterConstraint) -> Change:
    table, before, after = operation.table, operation.before, operation.after
    first, last = [], []
    named = f"CONSTRAINT {quote(after.name or '')}"
    if isinstance(before, ForeignKey) and isinstance(after, ForeignKey):
        if before.deferrable != after.deferrable:
            first.append(f"ALTER TABLE {quoted(table)} ALTER {named} {after.deferrable or 'NOT DEFERRABLE'}")
    if before.comment != after.comment:
        first.append(create.comment_on_constraint(table, after.name or "", after.comment))
    if isinstance(before, Check | ForeignKey) and isinstance(after, Check | ForeignKey):
        if before.not_valid and not after.not_valid:
            last.append(f"ALTER TABLE {quoted(table)} VALIDATE {named}")
    return Change(operation, tuple(first), tuple(last))
