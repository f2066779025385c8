"""Adjacent operations on one table that is large -> SQL that lets its readers and writers go on. Pure text.

What each takes was measured on PostgreSQL 15.18; the manual has it under ALTER TABLE and CREATE INDEX:

- an index is built and dropped CONCURRENTLY, which waits for older transactions and blocks nobody;
- a UNIQUE constraint or a primary key takes over an index that was built so (USING INDEX reads nothing);
- a foreign key and a CHECK are added NOT VALID, for new rows, and validated apart, under a lock that lets writers
  go on;
- SET NOT NULL reads nothing where a valid CHECK says the same. That has to be there still when SET NOT NULL is carried
  out, and one ALTER TABLE would drop it first: they are two statements.

What takes long runs alone; what stands between two of these is one short transaction. What the server would make a name
for is built under a name of ours, by which it is found after a crash (see `leftovers`), and gets last the name that it
would have had. What has no such way, partitioned tables for the most part, goes as on a table that is small.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from schemadiff.dialects.contract.statements import UNASKED, Method, Statement
from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.online import leftovers, lock_levels
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import create, enums, in_place, restored_settings
from schemadiff.dialects.postgresql.sql.alter_table import Alter, stretches
from schemadiff.operations import (
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    Operation,
    live_after,
    touched,
)
from schemadiff.schema import (
    Check,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    PrimaryKey,
    Schema,
    Unique,
    plain_parts,
)

Plain = Callable[[Sequence[Operation], Schema], tuple[Statement, ...]]
"""The statements of operations that are not carried out online."""

CONCURRENTLY = Method("concurrently: readers and writers go on", "concurrently", "none")
VALIDATES = Method("reads the whole table: readers and writers go on", "scan", "none")
BELIEVES = Method("reads nothing: the CHECK that was validated says the same", "metadata")


def statements(operations: Sequence[Operation], before: Schema, plain: Plain) -> tuple[Statement, ...]:
    """The SQL of adjacent operations on one table; `before` is the schema that they start from."""
    result: list[Statement] = []
    for stretch in stretches(operations):
        table = touched(stretch[0])
        if table is not None and table in before.tables:
            found = _with_swaps(stretch, table, before, plain)
            result.extend(map(lock_levels.with_method, found))
        else:
            result.extend(plain(stretch, before))
        before = live_after(before, stretch)
    return tuple(result)


def _with_swaps(
    operations: tuple[Operation, ...], table: Name, before: Schema, plain: Plain
) -> Iterator[Statement]:
    swaps = in_place.changes(operations, before.tables[table])
    for swap in swaps:
        # Where rows are still to be looked at, the constraint is not valid until then.
        unchecked = swap.unchecked if swap.last else None
        for number, sql in enumerate(swap.first, 1):
            effect = unchecked and (unchecked if number == len(swap.first) else ())
            yield Statement(sql, (swap.operation,), effect=effect)
    done: list[Operation] = [swap.operation for swap in swaps]
    before = live_after(before, done)
    if rest := tuple(one for one in operations if one not in done):
        yield from _Stretch(rest, table, before).statements(plain)
    for swap in swaps:
        yield from (
            Statement(sql, (swap.operation,), VALIDATES, alone=True, effect=swap.checked) for sql in swap.last
        )


@dataclass(slots=True)
class _Stretch:
    """The operations of one stretch, sorted into what is carried out one after the other."""

    operations: tuple[Operation, ...]
    table: Name
    before: Schema
    after: Schema = field(init=False)
    after_drops: Schema = field(init=False)
    drops: list[DropConstraint] = field(default_factory=list)
    index_drops: list[DropIndex] = field(default_factory=list)
    swapped: list[DropIndex] = field(default_factory=list)
    plain: list[Operation] = field(default_factory=list)
    required: list[AlterColumn] = field(default_factory=list)
    builds: list[Statement] = field(default_factory=list)
    checks: Alter = field(default_factory=Alter)
    check_comments: list[Statement] = field(default_factory=list)
    validations: Alter = field(default_factory=Alter)
    helpers: Alter = field(default_factory=Alter)
    keys: Alter = field(default_factory=Alter)
    key_comments: list[Statement] = field(default_factory=list)
    index_renames: list[Statement] = field(default_factory=list)
    references: list[Statement] = field(default_factory=list)
    renames: list[Statement] = field(default_factory=list)
    marks: list[Statement] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    unchecked: list[Operation] = field(default_factory=list)
    validated: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.after = live_after(self.before, self.operations)
        drops = [one for one in self.operations if isinstance(one, DropConstraint | DropIndex)]
        self.after_drops = live_after(self.before, drops)

    def statements(self, plain: Plain) -> Iterator[Statement]:
        """All of them, in their order."""
        self.swapped = [
            one for one in self.operations if isinstance(one, DropIndex) and self._is_swapped(one)
        ]
        for one in self.operations:
            self._sort(one)
        if self._uses_new_members():
            yield from plain(self.operations, self.before)
            return
        first, early, late, indexed = self._drops_by_time()
        yield from plain(first, self.before)
        yield from map(self._drop_index, self.index_drops)
        between = live_after(self.before, [*first, *self.index_drops])
        yield from plain((*early, *self.plain), between)
        yield from self.builds
        yield from plain(late, self.before)
        for statement in self.checks.statement(self.table):
            yield dataclasses.replace(statement, effect=tuple(self.unchecked))
        yield from self.check_comments
        for statement in self.validations.statement(self.table):
            effect = tuple(self.validated)
            yield dataclasses.replace(statement, method=VALIDATES, alone=True, effect=effect)
        for statement in plain(self.required, self.before):
            says = BELIEVES if " SET NOT NULL" in statement.sql else UNASKED
            yield dataclasses.replace(statement, method=says)
        # One transaction from here to the marks: at no instant is there no index that has them.
        yield from self.helpers.statement(self.table)
        yield from plain(self.swapped, self.before)
        yield from plain(indexed, self.before)
        yield from self.keys.statement(self.table)
        yield from self.key_comments
        yield from self.index_renames
        yield from self.marks
        yield from self.references
        yield from self.renames

    # how each operation goes

    def _sort(self, operation: Operation) -> None:
        match operation:
            case DropConstraint():
                self.drops.append(operation)
            case DropIndex() if operation in self.swapped:
                pass
            case DropIndex() if not self._is_partitioned(self.table):
                self.index_drops.append(operation)
            case CreateIndex(index=index) if self._takes_own_way(index):
                self._build_index(operation, index)
            case AddConstraint(constraint=Unique() | PrimaryKey() as key) if self._takes_own_way(key):
                self._build_key(operation, key)
            case AddConstraint(constraint=Check() | ForeignKey() as constraint) if self._takes_own_way(
                constraint
            ):
                self._validate(operation, constraint)
            case AlterColumn() if _becomes_required(operation):
                self._set_not_null(operation)
            case _:
                self.plain.append(operation)

    def _build_index(self, operation: CreateIndex, index: Index) -> None:
        name, final = self._names(index)
        self._mark(index)
        self._build(operation, dataclasses.replace(index, name=name))
        if name != final:
            old = quoted(Name(name, self.table.schema))
            sql = f"ALTER INDEX {old} RENAME TO {quote(final)}"
            effect = (DropIndex(self.table, dataclasses.replace(index, name=name)), operation)
            self.index_renames.append(Statement(sql, (operation,), effect=effect))

    def _build_key(self, operation: AddConstraint, key: Unique | PrimaryKey) -> None:
        name, final = self._names(key)
        parts = plain_parts(key.columns)
        distinct = key.nulls_distinct if isinstance(key, Unique) else True
        index = Index(parts, name, True, include=key.include, nulls_distinct=distinct)
        if known := restored_settings.known_marks(self.before.tables[self.table], key):
            index = dataclasses.replace(index, options=known.options, tablespace=known.tablespace)
        self._mark(key)
        self._build(operation, index)
        kind = "PRIMARY KEY" if isinstance(key, PrimaryKey) else "UNIQUE"
        late = f" {key.deferrable}" if key.deferrable else ""
        self.keys.add(operation, f"ADD CONSTRAINT {quote(final)} {kind} USING INDEX {quote(name)}{late}")
        self.key_comments += self._comment(operation, dataclasses.replace(key, name=final))

    def _build(self, operation: Operation, index: Index) -> None:
        sql = create.create_index(self.table, index, concurrently=True)
        effect = (CreateIndex(self.table, index),)
        self.builds.append(Statement(sql, (operation,), CONCURRENTLY, alone=True, effect=effect))

    def _mark(self, thing: Index | Constraint) -> None:
        marks = restored_settings.of_index(self.after.tables[self.table], thing)
        self.marks += [Statement(sql, ()) for sql in marks]

    def _drop_index(self, operation: DropIndex) -> Statement:
        name = create.index_name(self.table, operation.index, self.before.tables[self.table])
        return Statement(f"DROP INDEX CONCURRENTLY {name}", (operation,), CONCURRENTLY, alone=True)

    def _validate(self, operation: AddConstraint, constraint: Check | ForeignKey) -> None:
        name, final = self._names(constraint)
        unchecked = dataclasses.replace(constraint, name=name, not_valid=True)
        add, validate = f"ADD {create.constraint(unchecked)}", f"VALIDATE CONSTRAINT {quote(name)}"
        comment = self._comment(operation, unchecked)
        checked = dataclasses.replace(unchecked, not_valid=False)
        adds = AddConstraint(self.table, unchecked)
        validates = (DropConstraint(self.table, unchecked), AddConstraint(self.table, checked))
        if isinstance(constraint, Check):
            self.checks.add(operation, add)
            self.unchecked.append(adds)
            self.check_comments += comment
            self.validations.add(operation, validate)
            self.validated += validates
        else:
            # It takes a lock on another table, too, for which none should be held on this one.
            self.references.append(self._alter(operation, add, effect=(adds,)))
            self.references += comment
            self.references.append(self._alter(operation, validate, VALIDATES, effect=validates))
        if name != final:
            rename = f"ALTER TABLE {quoted(self.table)} RENAME CONSTRAINT {quote(name)} TO {quote(final)}"
            effect = (DropConstraint(self.table, checked), operation)
            self.renames.append(Statement(rename, (operation,), effect=effect))

    def _set_not_null(self, operation: AlterColumn) -> None:
        column = operation.after.name
        helper = Check(f"{quote(column)} IS NOT NULL", leftovers.not_null_name(column), not_valid=True)
        self.checks.add(operation, f"ADD {create.constraint(helper)}")
        self.unchecked.append(AddConstraint(self.table, helper))
        self.validations.add(operation, f"VALIDATE CONSTRAINT {quote(helper.name or '')}")
        valid = dataclasses.replace(helper, not_valid=False)
        self.validated += (DropConstraint(self.table, helper), AddConstraint(self.table, valid))
        self.required.append(operation)
        self.helpers.add(operation, f"DROP CONSTRAINT {quote(helper.name or '')}")

    def _alter(
        self, operation: Operation, clause: str, method: Method = UNASKED, *, effect: tuple[Operation, ...]
    ) -> Statement:
        sql = f"ALTER TABLE {quoted(self.table)} {clause}"
        return Statement(sql, (operation,), method, alone=True, effect=effect)

    def _comment(self, operation: Operation, constraint: Constraint) -> list[Statement]:
        sql = create.own_comment(self.table, constraint)
        return [Statement(sql, (operation,))] if sql else []

    # what is known

    def _is_partitioned(self, table: Name) -> bool:
        known = self.before.tables.get(table)
        return known is not None and "PARTITION_BY" in dict((*known.options.extra, *known.options.managed))

    def _takes_own_way(self, thing: Constraint | Index) -> bool:
        """Whether it can be built apart; then nothing else can have the name under which it is built."""
        if not self._has_own_way(thing):
            return False
        self.names.add(self._names(thing)[0])
        return True

    def _has_own_way(self, thing: Constraint | Index) -> bool:
        """Whether it can be built apart, under a name that nothing else has."""
        match thing:
            case Check():
                possible = thing.enforced and not thing.not_valid
            case ForeignKey():
                tables = (self.table, thing.target)
                unchecked = thing.not_valid or not thing.enforced
                possible = not unchecked and not any(map(self._is_partitioned, tables))
            case PrimaryKey():
                possible = not self._is_partitioned(self.table) and self._is_not_null(thing)
            case _:
                possible = not self._is_partitioned(self.table)
        if isinstance(thing, PrimaryKey | Unique) and thing.without_overlaps:
            possible = False  # no index that is built apart can become it
        name, final = self._names(thing)
        is_taken = name in self.names or (
            thing.name is None and final in _names_in(self.after_drops, self.table)
        )
        return possible and not is_taken

    def _names(self, thing: Constraint | Index) -> tuple[str, str]:
        """The name under which it is built, and the one that it has in the end."""
        known = self.after.tables[self.table]
        final = leftovers.final_name(self.table, thing, known)
        if any(self._index_name(one) == final for one in self.swapped):
            return leftovers.own_name(final), final
        return leftovers.working_name(self.table, thing, known), final

    def _index_name(self, drop: DropIndex) -> str:
        return create.bare_index_name(self.table, drop.index, self.before.tables[self.table])

    def _is_swapped(self, drop: DropIndex) -> bool:
        """Whether the index has what its successor of the same name gets (see `restored_settings`): without an index
        for its REPLICA IDENTITY a published table refuses every UPDATE, and after a crash nobody knew any more what the
        index had. So the new one is built before the old one goes. Where its columns change too, that cannot be.
        """
        name, known = self._index_name(drop), self.after.tables[self.table]
        if self.before.tables[self.table].marks_of(name) is None or self._is_partitioned(self.table):
            return False
        changed = {
            one.before.name if isinstance(one, AlterColumn) else one.column.name
            for one in self.operations
            if isinstance(one, AlterColumn | DropColumn)
        }
        index = drop.index
        speaks = index.where is not None or any(part.expression is not None for part in index.parts)
        if changed and (speaks or not changed.isdisjoint((*index.columns, *index.include))):
            return False
        built = [
            one.index if isinstance(one, CreateIndex) else one.constraint
            for one in self.operations
            if isinstance(one, CreateIndex | AddConstraint)
        ]
        return any(
            leftovers.final_name(self.table, one, known) == name and self._has_own_way(one)
            for one in built
            if isinstance(one, Index | PrimaryKey | Unique)
        )

    def _is_not_null(self, key: PrimaryKey) -> bool:
        columns = [self.after.tables[self.table].column(name) for name in key.columns]
        return all(column is not None and not column.nullable for column in columns)

    def _uses_new_members(self) -> bool:
        """Whether a CHECK or an index speaks of members of an enumerated type that are only added with the columns:
        then they are made so that it can in the same transaction."""
        before = self.after_drops
        rest = [one for one in self.operations if not isinstance(one, DropConstraint | DropIndex)]
        return enums.changes(rest, before) != enums.changes(self.plain, before)

    def _drops_by_time(self) -> tuple[list[DropConstraint], ...]:
        """The constraints that go: before the indexes, with the columns, before the CHECKs that come, and before the
        keys that come. What is replaced by another goes as late as can be.
        """
        first: list[DropConstraint] = []
        rest: list[DropConstraint] = []
        for one in self.drops:
            key = isinstance(one.constraint, ForeignKey) and one.constraint.target == self.table
            (first if key and self.index_drops else rest).append(one)
        names = {one.index.name for one in self.operations if isinstance(one, CreateIndex)}
        if self.plain or any(one.constraint.name in names for one in rest):
            return first, rest, [], []
        if not self.keys.clauses:
            return first, [], rest, []
        indexed = [one for one in rest if isinstance(one.constraint, PrimaryKey | Unique | Exclude)]
        return first, [], [one for one in rest if one not in indexed], indexed


def _becomes_required(operation: AlterColumn) -> bool:
    """Whether it comes to NOT NULL, and nothing else that takes longer than that or needs it."""
    before, after = operation.before, operation.after
    bare = dataclasses.replace(after, nullable=True, default=before.default, comment=before.comment)
    return before.nullable and not after.nullable and bare == before


def _names_in(schema: Schema, table: Name) -> set[str]:
    """The names of tables, indexes and constraints in the table's schema; those that the server will make, too."""
    found = set()
    for name, known in schema.tables.items():
        if name.schema == table.schema:
            things = (*known.constraints(), *known.indexes)
            found |= {name.name, *(leftovers.final_name(name, thing, known) for thing in things)}
    return found
