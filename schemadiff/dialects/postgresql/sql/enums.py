"""Enumerated types. Those that columns have need no operations of their own: what the type of a column asks for, is
made. One that was declared for itself is a stored object as long as no column has it.

Whether a type exists, and with which members, is what the columns of `before` say, or its stored object; only where
there is neither, the types that the live database was found to hold. That is right at any point of a plan, because a
type that is no object is dropped with the last column that has it. Pure text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemadiff.dialects.postgresql.canonical.types import is_named, parse_enum, quoted
from schemadiff.dialects.postgresql.server.sql_text import quote, string, strings, words
from schemadiff.dialects.postgresql.sql import create as sql_create
from schemadiff.dialects.postgresql.sql import dependents, generated
from schemadiff.errors import UnsupportedError
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    live_after,
)
from schemadiff.operations.subject import made_columns
from schemadiff.schema import (
    Check,
    Column,
    Domain,
    Enum,
    Exclude,
    ForeignKey,
    Index,
    Key,
    Name,
    Schema,
    Table,
    Type,
)


@dataclass(frozen=True, slots=True)
class TypeChange:
    """The changes of one type: statements before and after those of the operations that ask for it.

    ``rebuilt``: it is another type now, to which the columns of these operations have to be altered.
    """

    name: Name
    operations: tuple[Operation, ...]
    first: tuple[str, ...]
    last: tuple[str, ...] = ()
    rebuilt: bool = False


def changes(operations: Sequence[Operation], before: Schema) -> tuple[TypeChange, ...]:
    """Return the changes of enumerated types that the operations, all on one table, presuppose."""
    wanted: dict[Name, tuple[tuple[str, ...], list[Operation]]] = {}
    for operation in operations:
        for column in _asking(operation):
            assert column.type.values is not None
            name = parse_enum(column.type.sql).name
            wanted.setdefault(name, (column.type.values, []))[1].append(operation)
    found = (
        _change(name, values, tuple(asking), operations, before) for name, (values, asking) in wanted.items()
    )
    return tuple(change for change in found if change is not None)


def drops(operations: Sequence[Operation], before: Schema) -> Iterator[tuple[str, tuple[Operation, ...]]]:
    """DROP TYPE for each type that the operations take the last column from."""
    leaving: dict[Name, list[Operation]] = {}
    for operation in operations:
        for column in _leaving(operation):
            leaving.setdefault(parse_enum(column.type.sql).name, []).append(operation)
    after = live_after(before, operations if leaving else ())
    for name, reasons in leaving.items():
        if Key(Enum.kind, name) not in after.objects and not any(True for _ in _users(after, name)):
            yield f"DROP TYPE {quoted(name)}", tuple(reasons)


def schemas(schema: Schema) -> frozenset[str]:
    """The names of the schemas that the types of columns are in, but for the default one."""
    names = (
        parse_enum(column.type.sql).name.schema
        for table in schema.tables.values()
        for column in table.columns
        if column.type.values is not None
    )
    return frozenset(name for name in names if name)


def create(name: Name, values: Iterable[str]) -> str:
    """CREATE TYPE."""
    return f"CREATE TYPE {quoted(name)} AS ENUM ({', '.join(string(value) for value in values)})"


def _again(name: Name, values: Iterable[str], before: Schema) -> tuple[str, ...]:
    """The type created again in the place of a live one, with the settings of that."""
    return (create(name, values), *before.definitions.get(name, ()))


def creation(enum: Enum, before: Schema) -> list[str]:
    """Return the statements that create the type as a stored object: none if columns have it already, with which it was
    created.
    """
    if any(True for _ in _users(before, enum.name)):
        return []
    return list(_from_nothing(enum.name, enum.values, before, ()))


def removal(enum: Enum, before: Schema) -> list[str]:
    """Return the statements that drop the type; none if columns have it by now, with which it goes."""
    return [] if any(True for _ in _users(before, enum.name)) else [f"DROP TYPE {quoted(enum.name)}"]


def alteration(before: Enum, after: Enum, schema: Schema) -> list[str]:
    """Return the statements that give a type its new members: in place where that is possible, since objects other than
    columns may depend on it. The columns that have it are in tables that take no part in the comparison.
    """
    if any(True for _ in _users(schema, after.name)):
        change = _change(after.name, after.values, (), (), schema)
        return [*change.first, *change.last] if change else []
    if grows(before.values, after.values):
        return list(_add_values(after.name, before.values, after.values))
    _expect_no_domain(after.name, schema)
    return [f"DROP TYPE {quoted(before.name)}", *_again(after.name, after.values, schema)]


def _expect_no_domain(name: Name, schema: Schema) -> None:
    """Raises `UnsupportedError` where a domain is made of the type, which cannot be another type below it."""
    for other in schema.objects.values():
        if isinstance(other, Domain) and is_named(Type(other.type), name):
            raise UnsupportedError(
                f'enumerated type "{name}": its values can only be added to, in their order, while the domain '
                f'"{other.name}" is made of it',
                hint="Declare a type of another name, and make the domain of that.",
            )


def _asking(operation: Operation) -> Iterator[Column]:
    if isinstance(operation, AlterColumn) and operation.before.type == operation.after.type:
        return iter(())
    return (column for column in made_columns(operation) if column.type.values is not None)


def _leaving(operation: Operation) -> Iterator[Column]:
    match operation:
        case DropTable():
            columns: tuple[Column, ...] = operation.table.columns
        case DropColumn():
            columns = (operation.column,)
        case AlterColumn() if operation.before.type.sql != operation.after.type.sql:
            columns = (operation.before,)
        case _:
            columns = ()
    return (column for column in columns if column.type.values is not None)


def _users(schema: Schema, name: Name) -> Iterator[tuple[Table, Column]]:
    for table in schema.tables.values():
        for column in table.columns:
            if column.type.values is not None and parse_enum(column.type.sql).name == name:
                yield table, column


def _change(
    name: Name,
    values: tuple[str, ...],
    asking: tuple[Operation, ...],
    operations: Sequence[Operation],
    before: Schema,
) -> TypeChange | None:
    users = list(_users(before, name))
    used = {label for operation in operations for text in _texts(operation) for label in _labels(text)}
    if not users:
        return TypeChange(name, asking, _from_nothing(name, values, before, used))
    itself = before.objects.get(Key(Enum.kind, name))
    present = (isinstance(itself, Enum) and itself.values == values) or any(
        column.type.values == values for _, column in users
    )
    if present:
        # An earlier group of this plan may have added members, which cannot be used before it is committed.
        added = set(values).difference(before.enums.get(name, values))
        return _rebuild(name, values, asking, operations, users, before) if added & used else None
    old = users[0][1].type.values or ()
    if grows(old, values) and not used.intersection(set(values).difference(old)):
        return TypeChange(name, asking, tuple(_add_values(name, old, values)))
    return _rebuild(name, values, asking, operations, users, before)


def _from_nothing(
    name: Name, values: tuple[str, ...], before: Schema, used: Collection[str]
) -> tuple[str, ...]:
    """The type where no column has it: it may be there all the same, for itself, or left over unless this plan has
    dropped it already. Members in `used` have to be good for use at once.
    """
    live = before.enums.get(name)
    statement = create(name, values)
    itself = before.objects.get(Key(Enum.kind, name))
    if isinstance(itself, Enum):
        # An earlier operation of this plan may have added members, which cannot be used before it is committed.
        added = set(values).difference(values if live is None else live)
        if itself.values == values and not added.intersection(used):
            return ()
        _expect_no_domain(name, before)
        return f"DROP TYPE {quoted(name)}", *_again(name, values, before)
    if live is None:
        return (statement,)
    if live == values:
        tag = "$do$"
        while tag in statement or tag in name.name:
            tag = f"${tag[1:-1]}o$"
        test = f"IF to_regtype({string(quoted(name))}) IS NULL THEN {statement}; END IF;"
        return (f"DO {tag} BEGIN {test} END {tag}",)
    return f"DROP TYPE IF EXISTS {quoted(name)}", *_again(name, values, before)


def grows(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether all of `old` is in `new`, in the same order, and more."""
    rest = iter(new)
    return len(new) > len(old) and all(label in rest for label in old)


def _add_values(name: Name, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for position, label in enumerate(new):
        if label in old:
            continue
        if position:
            place = f" AFTER {string(new[position - 1])}"
        else:
            place = f" BEFORE {string(old[0])}" if old else ""
        yield f"ALTER TYPE {quoted(name)} ADD VALUE {string(label)}{place}"


def _rebuild(
    name: Name,
    values: tuple[str, ...],
    asking: tuple[Operation, ...],
    operations: Sequence[Operation],
    users: Sequence[tuple[Table, Column]],
    before: Schema,
) -> TypeChange:
    """A new type in the place of the old one, for every column that has it (ALTER TYPE can only add members).

    Columns that these operations alter or drop are left to them. CHECKs, indexes and generated columns whose text names
    the type or a column of it compare with constants of the old type, and a foreign key compares two columns of it:
    they are dropped before and made again after.
    """
    _expect_no_domain(name, before)
    old = Name(f"{name.name[:40]}_schemadiff_old", name.schema)
    left = {
        (
            operation.table,
            operation.before.name if isinstance(operation, AlterColumn) else operation.column.name,
        )
        for operation in operations
        if isinstance(operation, DropColumn)
        or (isinstance(operation, AlterColumn) and operation.before.type != operation.after.type)
    }
    tables: dict[Name, tuple[Table, list[Column]]] = {}
    for table, column in users:
        tables.setdefault(table.name, (table, []))[1].append(column)
    drops_: list[str] = []
    alters: list[str] = []
    again: list[str] = []
    for table, columns in tables.values():
        computed = _computed(table, columns, name, left)
        drop, add = _dependents(table, columns, name)
        drops_ += [
            *drop,
            *(f"ALTER TABLE {quoted(table.name)} DROP COLUMN {quote(one.name)}" for one in computed),
        ]
        if computed:
            kept = _without_dependents(table, columns, name)
            again += [
                f"ALTER TABLE {quoted(table.name)} ADD COLUMN {sql_create.column(one)}" for one in computed
            ]
            again += generated.restored(computed, kept)
        again += add
        clauses = [
            clause
            for column in columns
            if (table.name, column.name) not in left and column not in computed
            for clause in retype(column, column, values)
        ]
        if clauses:
            alters.append(f"ALTER TABLE {quoted(table.name)} {', '.join(clauses)}")
    rename = f"ALTER TYPE {quoted(name)} RENAME TO {quote(old.name)}"
    first = (*drops_, rename, *_again(name, values, before), *alters)
    return TypeChange(name, asking, first, (*again, f"DROP TYPE {quoted(old)}"), rebuilt=True)


def retype(before: Column, after: Column, values: Sequence[str]) -> list[str]:
    """The clauses of ALTER TABLE that move a column to the rebuilt type of its name.

    A default that is none of the new members is not set again: an operation that is yet to come changes it.
    """
    column, enum = quote(after.name), parse_enum(after.type.sql)
    kind, text = enum.quoted, "text[]" if enum.array else "text"
    clauses = [f"ALTER COLUMN {column} TYPE {kind} USING {column}::{text}::{kind}"]
    if before.default is not None:
        clauses.insert(0, f"ALTER COLUMN {column} DROP DEFAULT")
    if after.default is not None and (enum.array or set(strings(after.default)) <= set(values)):
        clauses.append(f"ALTER COLUMN {column} SET DEFAULT {sql_create.default(after)}")
    return clauses


def _computed(
    table: Table, columns: Sequence[Column], name: Name, left: Collection[tuple[Name, str]]
) -> list[Column]:
    """The generated columns that have the type, or speak of it or of a column that moves to the new one here."""
    moving = [column for column in columns if (table.name, column.name) not in left]
    names = {name.name, *(column.name for column in moving)}
    return [
        column
        for column in table.columns
        if column.generated
        and (table.name, column.name) not in left
        and (column in moving or (moving and names.intersection(words(column.generated.expression))))
    ]


def _around(
    table: Table, columns: Sequence[Column], name: Name
) -> tuple[list[ForeignKey | Check | Exclude], list[Index]]:
    """The constraints and indexes to drop and re-create."""
    typed = {column.name for column in columns}
    names = {name.name, *typed}
    constraints: list[ForeignKey | Check | Exclude] = [
        key for key in table.foreign_keys if typed.intersection(key.columns)
    ]
    constraints += [one for one in table.checks if names.intersection(dependents.words_of(one))]
    constraints += [one for one in table.excludes if names.intersection(dependents.words_of(one))]
    return constraints, [index for index in table.indexes if names.intersection(dependents.words_of(index))]


def _dependents(table: Table, columns: Sequence[Column], name: Name) -> tuple[list[str], list[str]]:
    drop: list[str] = []
    add: list[str] = []
    constraints, indexes = _around(table, columns, name)
    for constraint in constraints:
        drop.append(dependents.drop(table, constraint))
        add += dependents.add_again(table, constraint)
    for index in indexes:
        drop.append(f"DROP INDEX {sql_create.index_name(table.name, index, table)}")
        add += dependents.create_index(table, index)
    return drop, add


def _without_dependents(table: Table, columns: Sequence[Column], name: Name) -> Table:
    constraints, indexes = _around(table, columns, name)
    return dataclasses.replace(
        table,
        checks=tuple(one for one in table.checks if one not in constraints),
        foreign_keys=tuple(one for one in table.foreign_keys if one not in constraints),
        excludes=tuple(one for one in table.excludes if one not in constraints),
        indexes=tuple(one for one in table.indexes if one not in indexes),
    )


def _texts(operation: Operation) -> Iterator[str]:
    """The texts of an operation in which a member of a type may be used."""
    match operation:
        case CreateTable():
            for column in operation.table.columns:
                yield from _column_texts(column)
            for check in operation.table.checks:
                yield check.expression
            for index in operation.table.indexes:
                yield from dependents.texts(index)
        case AddColumn():
            yield from _column_texts(operation.column)
        case AlterColumn():
            yield from _column_texts(operation.after)
        case AddConstraint(constraint=Check() as check):
            yield check.expression
        case CreateIndex():
            yield from dependents.texts(operation.index)
        case _:
            pass


def _labels(text: str) -> Iterator[str]:
    """The string constants in the text, and the elements of those that are arrays."""
    for constant in strings(text):
        yield constant
        if constant.startswith("{"):
            yield from (element.strip().strip('"') for element in constant[1:-1].split(","))


def _column_texts(column: Column) -> Iterator[str]:
    if column.default is not None:
        yield column.default
    if column.generated is not None:
        yield column.generated.expression
