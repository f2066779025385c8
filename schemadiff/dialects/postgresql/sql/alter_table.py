"""Adjacent operations on one table -> SQL: one ALTER TABLE for all that can share it. Pure text.

The operations are cut into stretches that can be carried out in the order below, whatever their own order:
foreign keys to the table itself and indexes that go, the one ALTER TABLE, then indexes, and such foreign
keys, that come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import (
    column_settings,
    create,
    enums,
    generated,
    in_place,
    restored_settings,
)
from schemadiff.dialects.postgresql.sql.alter_column import Pieces, alter_column, on_sequence
from schemadiff.errors import UnsupportedError
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
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    live_after,
)
from schemadiff.operations.subject import definitions, gone
from schemadiff.schema import Column, ForeignKey, Name, Schema


def statements(
    operations: Sequence[Operation], before: Schema, *, version: int, default_schema: str | None
) -> tuple[Statement, ...]:
    """The SQL of adjacent operations on one table; `before` is the schema that they start from."""
    result: list[Statement] = []
    for stretch in stretches(operations):
        match stretch:
            case (CreateTable() as operation,):
                result.extend(_create_table(operation, before))
            case (DropTable() as operation,):
                result.append(Statement(f"DROP TABLE {quoted(operation.table.name)}", (operation,)))
                result.extend(Statement(*drop) for drop in enums.drops((operation,), before))
            case (RenameTable() as operation,):
                result.extend(_rename_table(operation, default_schema))
            case (RenameColumn() as operation,):
                sql = f"RENAME COLUMN {quote(operation.before)} TO {quote(operation.after)}"
                result.append(Statement(f"ALTER TABLE {quoted(operation.table)} {sql}", (operation,)))
            case _:
                result.extend(_stretch(stretch, before, version))
        before = live_after(before, stretch)
    return tuple(result)


def stretches(operations: Sequence[Operation]) -> Iterator[tuple[Operation, ...]]:
    """The operations, cut so that those of one stretch can be carried out in any order that serves; what creates,
    drops or renames stands for itself.
    """
    stretch: list[Operation] = []
    for operation in operations:
        apart = isinstance(operation, CreateTable | DropTable | RenameTable | RenameColumn)
        if stretch and (apart or not _fits(stretch, operation)):
            yield tuple(stretch)
            stretch = []
        stretch.append(operation)
        if apart:
            yield tuple(stretch)
            stretch = []
    if stretch:
        yield tuple(stretch)


def _create_table(operation: CreateTable, before: Schema) -> list[Statement]:
    table, carried = operation.table, (operation,)
    result = [Statement(sql, carried) for change in enums.changes(carried, before) for sql in change.first]
    last = [Statement(sql, carried) for change in enums.changes(carried, before) for sql in change.last]
    result.append(Statement(create.create_table(table), carried))
    for column in table.columns:
        if column.autoincrement and column.nullable:
            # A serial column is NOT NULL, and refuses to be told otherwise when it is made.
            sql = f"ALTER TABLE {quoted(table.name)} ALTER COLUMN {quote(column.name)} DROP NOT NULL"
            result.append(Statement(sql, carried))
    result += [Statement(create.create_index(table.name, index), carried) for index in table.indexes]
    if table.options.comment:
        result.append(Statement(create.comment_on_table(table.name, table.options.comment), carried))
    for column in table.columns:
        if column.comment:
            sql = create.comment_on_column(table.name, column.name, column.comment)
            result.append(Statement(sql, carried))
        result += [Statement(sql, carried) for sql in _said(table.name, column)]
    for constraint in table.constraints():
        if comment := create.own_comment(table.name, constraint):
            result.append(Statement(comment, carried))
    return result + last


def _rename_table(operation: RenameTable, default_schema: str | None) -> list[Statement]:
    before, after = operation.before, operation.after
    result = []
    if before.schema != after.schema:
        schema = after.schema or default_schema
        if schema is None:
            raise UnsupportedError(
                f'table "{before}" moves to the default schema, and without a connection its name is not known'
            )
        result.append(Statement(f"ALTER TABLE {quoted(before)} SET SCHEMA {quote(schema)}", (operation,)))
        before = Name(before.name, after.schema)
    if before.name != after.name:
        sql = f"ALTER TABLE {quoted(before)} RENAME TO {quote(after.name)}"
        result.append(Statement(sql, (operation,)))
    return result


def _fits(stretch: Sequence[Operation], operation: Operation) -> bool:
    """Whether the operation can join the stretch: it would not be carried out before one that it comes after."""
    match operation:
        case DropConstraint() | DropIndex():
            return not any(isinstance(one, AddConstraint | CreateIndex) for one in stretch)
        case RenameIndex(after=thing) | RenameConstraint(after=thing):
            # It goes first: what has its name must be gone by then.
            return all(dropped is None or dropped.name != thing.name for dropped in map(gone, stretch))
        case AddColumn() | AlterColumn() | DropColumn():
            name = _column_name(operation)
            return all(_column_name(one) != name for one in stretch)
        case _:
            return True


def _column_name(operation: Operation) -> str | None:
    return next((column.name for column in reversed(definitions(operation))), None)


@dataclass(slots=True)
class Alter:
    """The one ALTER TABLE as it grows."""

    clauses: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    def add(self, operation: Operation, *clauses: str) -> None:
        self.clauses += clauses
        if clauses and operation not in self.operations:
            self.operations.append(operation)

    def join(self, other: Alter, *, first: bool) -> None:
        """Takes over what `other` holds, to stand first or last."""
        one, two = (other, self) if first else (self, other)
        self.clauses, self.operations = [*one.clauses, *two.clauses], [*one.operations, *two.operations]
        other.clauses, other.operations = [], []

    def statement(self, table: Name) -> list[Statement]:
        if not self.clauses:
            return []
        if len(self.clauses) == 1:
            text = " " + self.clauses[0]
        else:
            text = "\n  " + ",\n  ".join(self.clauses)
        return [Statement(f"ALTER TABLE {quoted(table)}{text}", tuple(self.operations))]


def _stretch(operations: tuple[Operation, ...], before: Schema, version: int) -> list[Statement]:
    table = _table(operations[0])
    live = before.tables.get(table)
    if swaps := in_place.changes(operations, live):
        done: list[Operation] = [swap.operation for swap in swaps]
        rest_ = tuple(one for one in operations if one not in done)
        between = live_after(before, done)
        return [
            *(Statement(sql, (swap.operation,)) for swap in swaps for sql in swap.first),
            *(_stretch(rest_, between, version) if rest_ else ()),
            *(Statement(sql, (swap.operation,)) for swap in swaps for sql in swap.last),
        ]
    drops: list[Operation] = [one for one in operations if isinstance(one, DropConstraint | DropIndex)]
    rest = sorted((one for one in operations if one not in drops), key=_turn)
    between = live_after(before, drops)
    types = enums.changes(rest, between)
    rebuilt = {change.name for change in types if change.rebuilt}
    if drops and rest and rebuilt:
        # What goes must not be made again around the new type.
        return [*_stretch(tuple(drops), before, version), *_stretch(tuple(rest), between, version)]

    alter, own_keys, late_keys = Alter(), Alter(), Alter()
    ahead = [Statement(sql, change.operations) for change in types for sql in change.first]
    behind: list[Statement] = []
    comments: list[Statement] = []
    marks: list[Statement] = []
    index_drops: list[Statement] = []
    index_creations: list[Statement] = []
    for one in drops:
        match one:
            case DropConstraint():
                key = isinstance(one.constraint, ForeignKey) and one.constraint.target == table
                name = create.constraint_name(table, one.constraint, live)
                (own_keys if key else alter).add(one, f"DROP CONSTRAINT {quote(name)}")
            case DropIndex():
                sql = f"DROP INDEX {create.index_name(table, one.index, live)}"
                index_drops.append(Statement(sql, (one,)))
    grown = live_after(between, rest).tables.get(table)
    anew = generated.made_anew(rest, between.tables.get(table), version, rebuilt)
    for column, reason in anew.values():
        alter.add(reason, f"DROP COLUMN {quote(column.name)}")
    for one in rest:
        match one:
            case AddConstraint():
                key = isinstance(one.constraint, ForeignKey) and one.constraint.target == table
                known = restored_settings.known_marks(grown, one.constraint)
                (late_keys if key else alter).add(one, f"ADD {create.constraint(one.constraint, known)}")
                if comment := create.own_comment(table, one.constraint):
                    comments.append(Statement(comment, (one,)))
                marks += [Statement(sql, ()) for sql in restored_settings.of_index(grown, one.constraint)]
            case CreateIndex():
                index_creations.append(Statement(create.create_index(table, one.index), (one,)))
                marks += [Statement(sql, ()) for sql in restored_settings.of_index(grown, one.index)]
            case AlterColumn() if one.after.name in anew:
                pass
            case AddColumn() | DropColumn() | AlterColumn() | AlterTable():
                pieces = _pieces(one, rebuilt, between)
                ahead += [Statement(sql, (one,)) for sql in pieces.ahead]
                alter.add(one, *pieces.clauses)
                behind += [Statement(sql, (one,)) for sql in pieces.behind]
            case _:
                raise UnsupportedError(f"{one.describe()}: no SQL of a dialect's")
    for column, reason in anew.values():
        alter.add(reason, f"ADD COLUMN {create.column(column)}")
    if anew and table in between.tables:
        reasons = tuple(dict.fromkeys(reason for _, reason in anew.values()))
        columns = [column for column, _ in anew.values()]
        behind += [Statement(sql, reasons) for sql in generated.restored(columns, between.tables[table])]
    # Foreign keys of the table to itself stand apart where an index that they may need goes or comes.
    for keys, alone, first in ((own_keys, index_drops, True), (late_keys, index_creations, False)):
        if not alone:
            alter.join(keys, first=first)
    return [
        *own_keys.statement(table),
        *index_drops,
        *ahead,
        *alter.statement(table),
        *behind,
        *index_creations,
        *late_keys.statement(table),
        *comments,
        *marks,
        *(Statement(sql, change.operations) for change in types for sql in change.last),
        *(Statement(*drop) for drop in enums.drops(rest, between)),
    ]


def _turn(operation: Operation) -> int:
    """Where in a stretch an operation stands: a generated column goes before those that it is computed from may go,
    and comes after those that it is computed from.
    """
    match operation:
        case DropColumn():
            return 0 if operation.column.generated else 1
        case AddColumn():
            return 2 if operation.column.generated else 1
        case _:
            return 1


def _pieces(
    operation: AddColumn | DropColumn | AlterColumn | AlterTable, rebuilt: Collection[Name], before: Schema
) -> Pieces:
    match operation:
        case AddColumn():
            return _add_column(operation)
        case DropColumn():
            return Pieces(clauses=[f"DROP COLUMN {quote(operation.column.name)}"])
        case AlterColumn():
            return alter_column(operation, rebuilt, before)
        case AlterTable():
            return _alter_table(operation)


def _table(operation: Operation) -> Name:
    name = getattr(operation, "table", None)
    assert isinstance(name, Name)
    return name


def _add_column(operation: AddColumn) -> Pieces:
    table, column = operation.table, operation.column
    pieces = Pieces(clauses=[f"ADD COLUMN {create.column(column)}"])
    if column.autoincrement and column.nullable:
        pieces.behind.append(f"ALTER TABLE {quoted(table)} ALTER COLUMN {quote(column.name)} DROP NOT NULL")
    if column.comment:
        pieces.behind.append(create.comment_on_column(table, column.name, column.comment))
    pieces.behind += _said(table, column)
    return pieces


def _said(table: Name, column: Column) -> list[str]:
    """The statements that give a new column the attributes that CREATE TABLE and ADD COLUMN have no word for."""
    clauses = ", ".join(column_settings.clauses(None, column))
    statements = [f"ALTER TABLE {quoted(table)} {clauses}"] if clauses else []
    return [*statements, *on_sequence(table, None, column)]


def _alter_table(operation: AlterTable) -> Pieces:
    pieces = Pieces()
    before, after = operation.before, operation.after
    if (before.comment or None) != (after.comment or None):
        pieces.behind.append(create.comment_on_table(operation.table, after.comment))
    old, new = dict(before.extra), dict(after.extra)
    if old.get("PARTITION_BY") != new.get("PARTITION_BY"):
        raise UnsupportedError(
            f'table "{operation.table}": PostgreSQL cannot change how a table is partitioned '
            f"({old.get('PARTITION_BY') or 'not at all'} -> {new.get('PARTITION_BY') or 'not at all'})",
            hint="Create a new table, copy the rows and rename it, in a revision of your own.",
        )
    if ("UNLOGGED" in old) != ("UNLOGGED" in new):
        pieces.clauses.append("SET UNLOGGED" if "UNLOGGED" in new else "SET LOGGED")
    was, now = (set(filter(None, one.get("INHERITS", "").split(", "))) for one in (old, new))
    # Apart, because in one ALTER TABLE a column would be dropped first, which is still the parent's, too.
    pieces.ahead += [
        f"ALTER TABLE {quoted(operation.table)} NO INHERIT {create.parent(name)}"
        for name in sorted(was - now)
    ]
    pieces.clauses += [f"INHERIT {create.parent(name)}" for name in sorted(now - was)]
    if old.get("USING") != new.get("USING"):
        pieces.clauses.append(f"SET ACCESS METHOD {quote(new.get('USING', 'heap'))}")
    if old.get("TABLESPACE") != new.get("TABLESPACE"):
        pieces.clauses.append(f"SET TABLESPACE {quote(new.get('TABLESPACE', 'pg_default'))}")
    old_settings, new_settings = _settings(old.get("WITH")), _settings(new.get("WITH"))
    changed = [f"{key} = {value}" for key, value in new_settings.items() if old_settings.get(key) != value]
    if changed:
        pieces.clauses.append(f"SET ({', '.join(changed)})")
    if gone := [key for key in old_settings if key not in new_settings]:
        pieces.clauses.append(f"RESET ({', '.join(gone)})")
    return pieces


def _settings(text: str | None) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(", ")) if text else {}
