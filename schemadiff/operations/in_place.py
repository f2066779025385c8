"""Operations that change an index or a constraint where it stands: nothing is built and no row is looked at again.

Values as in `operations`, of which they are a part. Each carries the whole thing before and after it, so that the
server that has no such statement can drop the one and add the other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from schemadiff.errors import ReplayError
from schemadiff.schema import LISTS, Constraint, Index, Name, PrimaryKey, Schema
from schemadiff.schema.describe import constraint_words, differences, name_words
from schemadiff.schema.matching import expect_free, find, without


@dataclass(frozen=True, slots=True)
class RenameIndex:
    """Gives an index another name. One that has none yet has the server's."""

    table: Name
    before: Index
    after: Index

    def reverse(self) -> RenameIndex:
        return RenameIndex(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        changed = _index_changed(schema, self, "rename_index", strict)
        return _marks_moved(changed, self.table, self.before.name, self.after.name)

    def describe(self) -> str:
        return (
            f"rename {name_words(self.before)} to {self.after.name or 'a name of the server'} on {self.table}"
        )


@dataclass(frozen=True, slots=True)
class AlterIndex:
    """Changes what the server can change of an index without building it: whether queries use it, where it lies."""

    table: Name
    before: Index
    after: Index

    def reverse(self) -> AlterIndex:
        return AlterIndex(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        return _index_changed(schema, self, "alter_index", strict)

    def describe(self) -> str:
        return f"alter {name_words(self.after)} on {self.table}: {', '.join(differences(self.before, self.after))}"


@dataclass(frozen=True, slots=True)
class RenameConstraint:
    """Gives a constraint another name. One that has none yet has the server's."""

    table: Name
    before: Constraint
    after: Constraint

    def reverse(self) -> RenameConstraint:
        return RenameConstraint(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        changed = _constraint_changed(schema, self, "rename_constraint", strict)
        return _marks_moved(changed, self.table, self.before.name, self.after.name)

    def describe(self) -> str:
        return (
            f"rename {name_words(self.before)} to {self.after.name or 'a name of the server'} on {self.table}"
        )


@dataclass(frozen=True, slots=True)
class AlterConstraint:
    """Changes what the server can change of a constraint without checking rows again, or by checking them only: its
    comment, when it is checked, whether it is validated.
    """

    table: Name
    before: Constraint
    after: Constraint

    def reverse(self) -> AlterConstraint:
        return AlterConstraint(self.table, self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        return _constraint_changed(schema, self, "alter_constraint", strict)

    def describe(self) -> str:
        return f"alter {name_words(self.after)} on {self.table}: {', '.join(differences(self.before, self.after))}"


InPlace = RenameIndex | AlterIndex | RenameConstraint | AlterConstraint
"""The operations that change an index or a constraint where it stands."""


def _index_changed(schema: Schema, operation: RenameIndex | AlterIndex, verb: str, strict: bool) -> Schema:
    indexes = schema.indexes_of(operation.table)
    if indexes is None:
        raise ReplayError(f'{verb}: there is no table "{operation.table}"')
    where = f'{verb}: table "{operation.table}"'
    changed = _with(indexes, operation.before, operation.after, strict, where)
    return schema.with_indexes(operation.table, changed)


def _constraint_changed(
    schema: Schema, operation: RenameConstraint | AlterConstraint, verb: str, strict: bool
) -> Schema:
    table = schema.tables.get(operation.table)
    if table is None:
        raise ReplayError(f'{verb}: there is no table "{operation.table}"')
    before, after = operation.before, operation.after
    where = f'{verb}: table "{operation.table}"'
    if isinstance(after, PrimaryKey):
        key = table.primary_key
        known = key is not None and key in (before, dataclasses.replace(before, name=key.name))
        if strict and not known:
            raise ReplayError(f"{where} has no {constraint_words(before)} as the revision describes it")
        return schema.with_table(dataclasses.replace(table, primary_key=after))
    field = LISTS[type(after)]
    changed: dict[str, Any] = {field: _with(getattr(table, field), before, after, strict, where)}
    return schema.with_table(dataclasses.replace(table, **changed))


def _with(things: tuple[Any, ...], before: Any, after: Any, strict: bool, where: str) -> tuple[Any, ...]:
    """Return `things` with `after` in the place of `before`."""
    rest = without(things, before, strict, where)
    if strict:
        expect_free(rest, after, where)
    match = find(things, before)
    place = things.index(match) if match is not None else len(rest)
    return (*rest[:place], after, *rest[place:])


def _marks_moved(schema: Schema, name: Name, before: str | None, after: str | None) -> Schema:
    """Return the schema in which the settings of the live index have moved to its new name."""
    table = schema.tables.get(name)
    if table is None or before is None or after is None or table.marks_of(before) is None:
        return schema
    marks = tuple(dataclasses.replace(one, name=after) if one.name == before else one for one in table.marks)
    return schema.with_table(dataclasses.replace(table, marks=marks))
