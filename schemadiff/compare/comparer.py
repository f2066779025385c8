"""Two schemas -> the operations that lead from one to the other. Pure.

The algorithm in prose:

1. *Align.* A constraint or index without a name in `desired` is the one of its shape in `current`, whatever name
   that has: it takes over the name. What the server makes by itself (`Dialect.add_generated`) is added
   where it is not mentioned. After that two tables are compared with ``==``, and most are equal: nothing more happens.
2. *Match by name.* Tables, and in each table that differs columns, indexes and constraints: what is only in
   `current` is dropped, what is only in `desired` is added, a column that is in both and differs is altered, any
   other thing that differs is dropped and added, or changed in place where the server can do that (`pairing`).
3. *Order.* Each operation has a phase: foreign keys go first and come last, tables are created after those they
   refer to and dropped before them, and all that concerns one table alone stands together, so that it can be
   carried out as one statement. A cycle of foreign keys between tables is broken by adding them afterwards. A table
   that refers to a key which comes or goes is itself created after that and dropped before it; one that has a name
   which another table takes is dropped before that. What is no table
   comes before or after all of them: see `objects`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from schemadiff.compare import dependents, name_conflicts, objects, pairing
from schemadiff.compare.align import align
from schemadiff.dialects import Dialect
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Operation,
    touched,
)
from schemadiff.operations.subject import definitions, things
from schemadiff.schema import Column, ForeignKey, Index, Name, PrimaryKey, Schema, Table, Unique
from schemadiff.schema.matching import Named


def compare(
    current: Schema, desired: Schema, dialect: Dialect, known: Schema | None = None
) -> tuple[Operation, ...]:
    """The operations that lead from `current` to `desired`, in an order that works; empty when they are the same.

    Where `desired` is the live schema, `current` comes here aligned with it, see `align`. `known` is `desired` aligned
    with `current`, where somebody has done that.
    """
    aligned = known or align(current, desired, dialect)
    changes = dependents.around(
        _changes(current, aligned, desired, dialect), current, aligned, desired, dialect
    )
    return pairing.in_place(changes, current, dialect)


def _changes(current: Schema, desired: Schema, given: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    """The operations of `compare`; `desired` is what is `given` with the names of `current`."""
    created = [table for name, table in desired.tables.items() if name not in current.tables]
    dropped = [table for name, table in current.tables.items() if name not in desired.tables]
    differing = {
        name: table
        for name, table in current.tables.items()
        if name in desired.tables and table != desired.tables[name]
    }
    pairs = [(table, desired.tables[name]) for name, table in _in_order(differing)]
    changes: list[Operation] = []
    leaving: list[Operation] = []
    arriving: list[Operation] = []
    for before, after in pairs:
        gone, same, new = _compare_table(before, after, dialect)
        leaving += gone
        changes += same
        arriving += new
    if dialect.retypes_only_without_foreign_keys and changes:
        staying = [table for name, table in _in_order(current.tables) if name in desired.tables]
        lifted = _lifted(changes, staying, leaving, dialect)
        leaving += [DropConstraint(table, key) for table, key in lifted]
        arriving += [
            AddConstraint(table, _as_given(key, desired.tables[table], given.tables[table]))
            for table, key in lifted
            if key in desired.tables[table].foreign_keys
        ]
    changing = _changing_keys(changes)
    arrivals = (*(CreateTable(table) for table in created), *changes, *arriving)
    named = name_conflicts.taken(arrivals, dialect)
    first, changes = name_conflicts.split_freeing(changes, named)
    creations, late = _creations(created, changing)
    giving = {table.name for table in dropped if name_conflicts.table_frees_name(table, named, dialect)}
    early, drops = _drops(dropped, changing, giving)
    tables = (*leaving, *early, *first, *creations, *changes, *late, *arriving, *drops)
    opening, closing = objects.compare(current, desired, tables, dialect)
    return (*opening, *tables, *closing)


def _in_order(tables: Mapping[Name, Table]) -> list[tuple[Name, Table]]:
    """The tables by their names, as `Name` sorts them."""
    return sorted(tables.items(), key=lambda one: (one[0].name, one[0].schema or ""))


def drift(expected: Schema, live: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    """The changes that were made in the live database by hand, also where SQLAlchemy has no word for it."""
    aligned = align(live, expected, dialect)
    before, after = dict(aligned.tables), dict(live.tables)
    for name in before.keys() & after.keys():
        if not any(map(_says_more, (*before[name].columns, *after[name].columns))):
            continue
        unsaid = {
            column.name
            for column in before[name].columns
            if (old := expected.tables[name].column(column.name)) is not None
            and (new := after[name].column(column.name)) is not None
            and _outspoken(old) != _outspoken(new)
        }
        if unsaid:
            given = {column.name: column for column in expected.tables[name].columns}
            before[name] = _with_outspoken(before[name], given, unsaid)
            after[name] = _with_outspoken(
                after[name], {column.name: column for column in after[name].columns}, unsaid
            )
    was, now = dataclasses.replace(aligned, tables=before), dataclasses.replace(live, tables=after)
    return pairing.in_place(_changes(was, align(was, now, dialect), now, dialect), was, dialect)


def _says_more(column: Column) -> bool:
    return column.visible is False or bool(column.attributes)


def _outspoken(column: Column) -> tuple[bool, tuple[str, ...]]:
    """Attributes that SQLAlchemy has no word for, declared also where nobody declared them."""
    return column.visible is not False, column.attributes or ()


def _with_outspoken(table: Table, given: Mapping[str, Column], names: Collection[str]) -> Table:
    columns = []
    for column in table.columns:
        if column.name in names:
            visible, attributes = _outspoken(given[column.name])
            column = dataclasses.replace(column, visible=visible, attributes=attributes)
        columns.append(column)
    return dataclasses.replace(table, columns=tuple(columns))


def _compare_table(
    before: Table, after: Table, dialect: Dialect
) -> tuple[list[Operation], list[Operation], list[Operation]]:
    """Foreign keys that go, all that concerns the table alone, foreign keys that come."""
    name = before.name
    old_keys, new_keys = _unmatched(before.foreign_keys, after.foreign_keys)
    old_indexes, new_indexes = _unmatched(before.indexes, after.indexes)
    old_uniques, new_uniques = _unmatched(before.uniques, after.uniques)
    old_checks, new_checks = _unmatched(before.checks, after.checks)
    old_excludes, new_excludes = _unmatched(before.excludes, after.excludes)
    if dialect.counts_constraints:
        old_keys.reverse()
        old_checks.reverse()
    changes: list[Operation] = []
    if before.options != after.options:
        changes.append(AlterTable(name, before.options, after.options))
    changes += [DropConstraint(name, check) for check in old_checks]
    changes += [DropConstraint(name, unique) for unique in old_uniques]
    changes += [DropConstraint(name, exclude) for exclude in old_excludes]
    changes += [DropIndex(name, index) for index in old_indexes]
    same_key = before.primary_key == after.primary_key
    if before.primary_key and not same_key:
        changes.append(DropConstraint(name, before.primary_key))
    old_columns = {column.name: column for column in before.columns}
    new_columns = {column.name: column for column in after.columns}
    changes += [AddColumn(name, column) for column in after.columns if column.name not in old_columns]
    changes += [
        AlterColumn(name, old_columns[column.name], column)
        for column in after.columns
        if column.name in old_columns and column != old_columns[column.name]
    ]
    changes += [DropColumn(name, column) for column in before.columns if column.name not in new_columns]
    if after.primary_key and not same_key:
        changes.append(AddConstraint(name, after.primary_key))
    changes += [CreateIndex(name, index) for index in new_indexes]
    changes += [AddConstraint(name, unique) for unique in new_uniques]
    changes += [AddConstraint(name, exclude) for exclude in new_excludes]
    if not dialect.column_checks:
        # A CHECK that comes later stands in the table: only a new column could have it in its own definition.
        new_checks = [dataclasses.replace(check, column=None) for check in new_checks]
    changes += [AddConstraint(name, check) for check in new_checks]
    return (
        [DropConstraint(name, key) for key in old_keys],
        changes,
        [AddConstraint(name, key) for key in new_keys],
    )


def _unmatched(before: Sequence[Named], after: Sequence[Named]) -> tuple[list[Named], list[Named]]:
    """The elements that are only in `before` and those that are only in `after`; of several equal ones each counts."""
    rest = list(after)
    gone = []
    for thing in before:
        if thing in rest:
            rest.remove(thing)
        else:
            gone.append(thing)
    return gone, rest


def _lifted(
    changes: Iterable[Operation], tables: Iterable[Table], leaving: Iterable[Operation], dialect: Dialect
) -> list[tuple[Name, ForeignKey]]:
    """The foreign keys of tables that stay, where a column that they join, or the key that they refer to, changes."""
    by_name = {table.name: table for table in tables}
    altered = {
        (change.table, change.before.name): change for change in changes if isinstance(change, AlterColumn)
    }

    def changes_joined(name: Name, columns: Sequence[str]) -> bool:
        alters = [altered[name, column] for column in columns if (name, column) in altered]
        if not alters:
            return False
        key = [column for column in by_name[name].columns if column.name in columns]
        return any(dialect.joined(one.before, key) != dialect.joined(one.after, key) for one in alters)

    lost = {key for change in changes for key in _lost_key(change)}
    gone = {(drop.table, drop.constraint) for drop in leaving if isinstance(drop, DropConstraint)}
    return [
        (table.name, key)
        for table in by_name.values()
        for key in table.foreign_keys
        if (table.name, key) not in gone
        and (
            changes_joined(table.name, key.columns)
            or changes_joined(key.target, key.target_columns)
            or (key.target, frozenset(key.target_columns)) in lost
        )
    ]


def _as_given(key: ForeignKey, aligned: Table, given: Table) -> ForeignKey:
    """The foreign key as it was before `align`, which keeps their order: without the name that a server made, but over
    time where models are silent on that.
    """
    return dataclasses.replace(given.foreign_keys[aligned.foreign_keys.index(key)], period=key.period)


def _lost_key(change: Operation) -> list[tuple[Name, frozenset[str]]]:
    """The table and the columns of the key that an operation drops, to which a foreign key may refer."""
    match change:
        case DropConstraint(constraint=PrimaryKey() | Unique() as key):
            return [(change.table, frozenset(key.columns))]
        case DropIndex(index=index) if index.unique:
            return [(change.table, frozenset(index.columns))]
        case _:
            return []


def _creations(
    tables: Iterable[Table], changing: Collection[tuple[Name, str]]
) -> tuple[list[Operation], list[Operation]]:
    """The creation of the tables, referred-to ones first; and what can only come after the changes: the tables that
    refer to a key which these make, and the foreign keys of a cycle.
    """
    by_name = {table.name: table for table in tables}
    order, lifted = sort_tables(by_name)
    waiting = _bound(order, by_name, lifted, changing, ())
    creations: list[Operation] = []
    late: list[Operation] = []
    closing: list[Operation] = []
    for name in order:
        table = by_name[name]
        keys = tuple(key for key in table.foreign_keys if (name, key) not in lifted)
        create = CreateTable(dataclasses.replace(table, foreign_keys=keys))
        (late if name in waiting else creations).append(create)
        closing += [AddConstraint(name, key) for key in table.foreign_keys if (name, key) in lifted]
    return creations, [*late, *closing]


def _bound(
    order: Iterable[Name],
    tables: Mapping[Name, Table],
    lifted: Collection[tuple[Name, ForeignKey]],
    changing: Collection[tuple[Name, str]],
    others: Iterable[Name],
) -> set[Name]:
    """The tables that refer to what changes, the others, and those that refer to all these; `order` has referred-to
    ones first.
    """
    bound = set(others)
    for name in order:
        keys = [key for key in tables[name].foreign_keys if (name, key) not in lifted]
        if any(key.target in bound or _needs(key, changing) for key in keys):
            bound.add(name)
    return bound


def _changing_keys(changes: Iterable[Operation]) -> set[tuple[Name, str]]:
    """The columns, each with its table, that change or are in a key that comes or goes: what a foreign key needs."""
    found: set[tuple[Name, str]] = set()
    for change in changes:
        table = touched(change)
        names = [column.name for column in definitions(change)[-1:]]
        for thing in things(change):
            if isinstance(thing, PrimaryKey | Unique) or (isinstance(thing, Index) and thing.unique):
                names += thing.columns
        found |= {(table, name) for name in names if table}
    return found


def _needs(key: ForeignKey, changing: Collection[tuple[Name, str]]) -> bool:
    return any((key.target, column) in changing for column in key.target_columns)


def _drops(
    tables: Iterable[Table], changing: Collection[tuple[Name, str]], giving: Iterable[Name]
) -> tuple[list[Operation], list[Operation]]:
    """Return the drops that come before the changes (the foreign keys of a cycle, the tables that refer to a key which
    is dropped, and `giving`, which free a name), and the drops of the other tables, referring ones first.
    """
    by_name = {table.name: table for table in tables}
    order, lifted = sort_tables(by_name)
    waiting = _bound(order, by_name, lifted, changing, giving)
    opening: list[Operation] = []
    early: list[Operation] = []
    drops: list[Operation] = []
    for name in reversed(order):
        table = by_name[name]
        keys = tuple(key for key in table.foreign_keys if (name, key) not in lifted)
        opening += [DropConstraint(name, key) for key in table.foreign_keys if (name, key) in lifted]
        (early if name in waiting else drops).append(DropTable(dataclasses.replace(table, foreign_keys=keys)))
    return [*opening, *early], drops


def sort_tables(tables: Mapping[Name, Table]) -> tuple[list[Name], set[tuple[Name, ForeignKey]]]:
    """The names of the tables, referred-to ones before those that refer to them and otherwise by name; and the
    foreign keys that had to be left out of account because they close a cycle (one to the table itself never does).
    """
    lifted: set[tuple[Name, ForeignKey]] = set()
    while True:
        graph = {
            name: sorted(
                {
                    key.target
                    for key in tables[name].foreign_keys
                    if key.target in tables and key.target != name and (name, key) not in lifted
                }
                | {other for other in tables[name].after if other in tables and other != name}
            )
            for name in sorted(tables)
        }
        sorter = TopologicalSorter(graph)
        try:
            sorter.prepare()
        except CycleError as error:
            cycle: list[Name] = error.args[1]
            # graphlib lists each node before the one that depends on it: cycle[i + 1] refers to cycle[i].
            target, name = min(pairwise(cycle), key=lambda edge: edge[1])
            lifted |= {(name, key) for key in tables[name].foreign_keys if key.target == target}
            continue
        order: list[Name] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            order += ready
            sorter.done(*ready)
        return order, lifted


def reverse(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """The reverse operations, in the order that undoes them. Raises `UnsupportedError` where one has no reverse."""
    return tuple(operation.reverse() for operation in reversed(tuple(operations)))


def cancel(operations: Sequence[Operation], wanted: Iterable[Operation]) -> tuple[Operation, ...]:
    """`operations` without those of `wanted` that a later one undoes exactly, and without that one."""
    kept = list(operations)
    for operation in wanted:
        if operation in kept and operation.reverse() in kept[kept.index(operation) + 1 :]:
            position = kept.index(operation)
            del kept[kept.index(operation.reverse(), position + 1)]
            del kept[position]
    return tuple(kept)
