"""Generated columns that have to be dropped and added, because PostgreSQL cannot alter them in place. Pure text.

Nothing is lost by that but the values of a column that was not generated before. What goes with such a column is
made again. (Manual of PostgreSQL 15, section 5.3 and ALTER TABLE; an expression can be changed in place from version 17
on.)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from schemadiff.dialects.postgresql.canonical.types import parse, parse_enum, quoted
from schemadiff.dialects.postgresql.server.sql_text import words
from schemadiff.dialects.postgresql.sql import column_settings, create, dependents
from schemadiff.operations import AlterColumn, DropColumn, Operation
from schemadiff.schema import Check, Column, Constraint, Exclude, Name, PrimaryKey, Table, Type, Unique

_SET_EXPRESSION = 17


def made_anew(
    operations: Sequence[Operation], live: Table | None, version: int, rebuilt: Collection[Name] = ()
) -> dict[str, tuple[Column, AlterColumn]]:
    """The generated columns that are dropped and added, as they are to be, by name, each with the operation that
    it is for: one of its own, or one that changes the type of a column which it is computed from. `rebuilt` are the
    enumerated types that are another type now: one that only has more members is the same.
    """
    alterations = [one for one in operations if isinstance(one, AlterColumn)]
    retyped = {
        one.after.name: one for one in alterations if _retypes(one, rebuilt) and not one.after.generated
    }
    dropped = {one.column.name for one in operations if isinstance(one, DropColumn)}
    found = {}
    for one in alterations:
        sources = _computed_from(one.before, retyped.keys() | dropped)
        if _cannot_be_altered(one, version, rebuilt) or (sources and one.after.generated):
            found[one.after.name] = (one.after, one)
    touched = dropped | {one.after.name for one in alterations}
    for column in live.columns if live else ():
        sources = _computed_from(column, retyped) if column.name not in touched else []
        if sources:
            found[column.name] = (column, retyped[sources[0]])
    return found


def restored(columns: Collection[Column], live: Table) -> list[str]:
    """The statements that make again what goes with the columns: comments, grants, statistics, constraints, indexes."""
    table, names = live.name, {column.name for column in columns}
    statements = [
        create.comment_on_column(table, column.name, column.comment) for column in columns if column.comment
    ]
    said = [clause for column in columns for clause in column_settings.clauses(None, _as_said(column, live))]
    statements += [f"ALTER TABLE {quoted(table)} {', '.join(said)}"] if said else []
    lost = [piece for column in live.columns if column.name in names for piece in column.belongings]
    statements += [
        before if after is None else f"{before} {quoted(table)}{after}"
        for before, after in dict.fromkeys(lost)
    ]
    for constraint in live.constraints():
        if names.intersection(_used(constraint)):
            statements += dependents.add(live, constraint)
    for index in live.indexes:
        if names.intersection((*index.columns, *index.include, *dependents.words_of(index))):
            statements += dependents.create_index(live, index)
    return statements


def _as_said(column: Column, live: Table) -> Column:
    """The column with what the live one says of itself, where nobody else has said anything."""
    known = live.column(column.name)
    if column.attributes is not None or known is None:
        return column
    return column_settings.fitting(dataclasses.replace(column, attributes=known.attributes))


def _used(constraint: Constraint) -> set[str]:
    """The names that go with the constraint: of columns, and whatever else its texts speak of."""
    match constraint:
        case Check():
            return set(dependents.words_of(constraint))
        case Exclude():
            return {*constraint.columns, *dependents.words_of(constraint)}
        case PrimaryKey() | Unique():
            return {*constraint.columns, *constraint.include}
        case _:
            return set(constraint.columns)


def same_kind(before: Type, after: Type) -> bool:
    """Whether the types differ in their length or precision only."""
    if before.values is not None or after.values is not None:
        return False
    one, other = parse(before.sql), parse(after.sql)
    return (one.kind, one.array) == (other.kind, other.array)


def _retypes(operation: AlterColumn, rebuilt: Collection[Name]) -> bool:
    before, after = operation.before, operation.after
    if before.type.values is not None and before.type.sql == after.type.sql:
        return parse_enum(after.type.sql).name in rebuilt
    return before.type != after.type or before.collation != after.collation


def _computed_from(column: Column, names: Collection[str]) -> list[str]:
    if column.generated is None:
        return []
    return [word for word in words(column.generated.expression) if word in names]


def _cannot_be_altered(operation: AlterColumn, version: int, rebuilt: Collection[Name]) -> bool:
    before, after = operation.before, operation.after
    if not after.generated:
        return False
    if not before.generated:
        return True
    if before.generated.stored != after.generated.stored:
        return True
    if before.generated.expression != after.generated.expression:
        return version < _SET_EXPRESSION or _retypes(operation, rebuilt)
    return _retypes(operation, rebuilt) and not same_kind(before.type, after.type)
