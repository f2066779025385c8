"""Changes that one ALTER TABLE cannot combine, though each could go alone. Pure.

Measured on MySQL 9.7 and MariaDB 10.11; the numbers are their errors.
"""

from __future__ import annotations

import re

from schemadiff.dialects.mysql.canonical import implicit
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import mentions
from schemadiff.dialects.mysql.sql.clauses import Clauses
from schemadiff.dialects.mysql.sql.virtual_columns import is_rebuild, leaves_rebuilt
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterIndex,
    AlterTable,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    Operation,
    RenameColumn,
    RenameIndex,
)
from schemadiff.operations.subject import named_columns, things
from schemadiff.schema import Check, Column, ForeignKey, Index, Name, PrimaryKey, Schema, Table, Unique
from schemadiff.schema.matching import find


def joins(operation: Operation, pending: Clauses, schema: Schema, facts: Facts) -> bool:
    """Whether the pending ALTER, which leads to `schema`, can carry the operation out as well."""
    if (pending.renames_bound or _renames_bound(operation, schema)) and not (
        isinstance(operation, RenameColumn)
        and all(isinstance(other, RenameColumn) for other in pending.operations)
    ):
        return False
    if (pending.moves_bound or moves_bound(operation, schema, facts)) and (
        pending.copies or _may_copy(operation)
    ):
        return False
    if pending.lifted_keys and isinstance(operation, AddConstraint | DropConstraint):
        return False
    if _drops_target(operation, pending) or not leaves_rebuilt(operation, pending):
        return False
    match operation:
        case AlterTable(before=before, after=after):
            # Not even to an engine that would forget a foreign key that the same statement drops (3776).
            return before.engine == after.engine or not pending.gone_keys
        case AddConstraint(constraint=ForeignKey() as key):
            # Both refuse to drop and add one name (1826, errno 121), as they allow for indexes and CHECKs.
            table = schema.tables.get(operation.table)
            name = key.name or (implicit.next_foreign_key_name(table) if table else None)
            dropped = [other.lower() for other in pending.dropped_foreign_keys]
            taken = name is not None and name.lower() in dropped
            return not taken and not (key.target == operation.table and _keeps_apart(key, pending, facts))
        case AddColumn():
            return (
                not pending.touches(operation.column.name) or operation.column.name in pending.dropped_columns
            )
        case AlterColumn():
            name = operation.before.name
            if _changes_target(operation, pending, facts) or _counts_apart(operation, pending):
                return False
            return (
                not pending.touches(name)
                or pending.is_renamed(name)
                or _only_checked(name, pending)
                or (name in pending.again and is_rebuild(operation))
            )
        case RenameColumn():
            return (
                not pending.touches(operation.after)
                and (not pending.touches(operation.before) or pending.is_modified(operation.before))
                and not any(_brings(other, operation.before) for other in pending.operations)
            )
        case DropColumn():
            return not pending.touches(operation.column.name)
        case DropIndex(table=name, index=index) | RenameIndex(table=name, before=index):
            indexes = schema.tables[name].indexes if name in schema.tables else ()
            found = find(indexes, index)
            return found is None or found in pending.before.indexes
        case CreateIndex(index=Index(kind="FULLTEXT") as index):
            # One at a time (1795); and one that differs in nothing but its parser from the one that goes under the
            # same name in the same statement is left as it is (MySQL 9.7).
            others = (one.index for one in pending.operations if isinstance(one, CreateIndex | DropIndex))
            return not any(
                other.kind == index.kind and (other.parser != index.parser or other.name != index.name)
                for other in others
            )
        case DropConstraint(constraint=Check() | ForeignKey() as gone):
            added = [one.constraint for one in pending.operations if isinstance(one, AddConstraint)]
            return not any(isinstance(one, type(gone)) and one.name == gone.name for one in added)
        case _:
            return True


def _keeps_apart(key: ForeignKey, pending: Clauses, facts: Facts) -> bool:
    """Whether something in the pending ALTER keeps a key to the table itself from being added there.

    MariaDB 10.11 judges it by what the columns that it refers to were before (errno 150), and checks the rows against
    those of before. MySQL 9.7.4 dies (SIGSEGV) of one to a unique index that the same statement adds, and of one to a
    column that it renames: there it stays alone.
    """
    if not facts.product.keys_to_itself_join:
        return bool(pending.changes or pending.additions)
    target = {name.lower() for name in key.target_columns}
    both = {*target, *(name.lower() for name in key.columns)}
    for other in pending.operations:
        named = {name.lower() for name in named_columns(other)}
        builds = isinstance(other, CreateIndex | AddConstraint)
        if isinstance(other, AlterTable) or named & (target if builds else both):
            return True
    return False


def _brings(operation: Operation, column: str) -> bool:
    """Whether the operation adds what speaks of the column by the name that it has now (1072, 1054)."""
    match operation:
        case CreateIndex(index=index) | RenameIndex(after=index) | AlterIndex(after=index):
            return column in index.columns or any(
                part.expression and mentions(part.expression, column) for part in index.parts
            )
        case AddConstraint(constraint=Check() as check):
            return mentions(check.expression, column)
        case AddConstraint(constraint=PrimaryKey() | Unique() | ForeignKey() as key):
            return column in key.columns
        case AddColumn(column=added) | AlterColumn(after=added):
            texts = (added.generated.expression if added.generated else None, added.default)
            return any(text and mentions(text, column) for text in texts)
        case _:
            return False


def _only_checked(name: str, pending: Clauses) -> bool:
    """Whether the column is modified so far for nothing but a CHECK in its definition."""
    others = [one for one in pending.operations if isinstance(one, AlterColumn) and one.after.name == name]
    return pending.is_modified(name) and not others


def binds_partitions(pending: Clauses) -> bool:
    """Whether the pending ALTER of a table that was partitioned changes a column by which it was (MySQL 9.7: 3855,
    MariaDB 10.11: 1054, both: 1659), or a unique key, which has to hold these columns (1503): that goes in the same
    statement as the new partitions.
    """
    by = dict(pending.before.options.extra).get("PARTITION_BY")
    if by is None:
        return False
    names = [*pending.dropped_columns, *(one.old for one in pending.changes if one.old)]
    return any(mentions(by, name) for name in names) or any(map(_is_unique_key, pending.operations))


def _is_unique_key(operation: Operation) -> bool:
    return any(
        isinstance(one, PrimaryKey | Unique) or (isinstance(one, Index) and one.unique)
        for one in things(operation)
    )


def mark(pending: Clauses, operation: Operation, schema: Schema, facts: Facts) -> None:
    """Remembers in the pending ALTER what `joins` has to know of an operation that it carries out."""
    pending.copies = pending.copies or _may_copy(operation)
    pending.renames_bound = pending.renames_bound or _renames_bound(operation, schema)
    pending.moves_bound = pending.moves_bound or moves_bound(operation, schema, facts)


def bound_keys(operation: Operation, table: Table, schema: Schema, facts: Facts) -> tuple[ForeignKey, ...]:
    """The table's own foreign keys that must be lifted for the operation, which would go in place but for something
    that makes MySQL 9.7 copy the table, and a copy is refused (1832, 1846).

    These are: a CHECK that mentions a column of certain types makes it copy for every change of any column, and a
    full-text index for every change that rebuilds the table.
    """
    if isinstance(operation, RenameColumn):
        name = operation.before
        bound = _renames_bound(operation, schema)
    elif isinstance(operation, AlterColumn):
        name = operation.before.name
        bound = moves_bound(operation, schema, facts)
    else:
        return ()
    if not bound or not _copies_always(table, rebuilds=isinstance(operation, AlterColumn), facts=facts):
        return ()
    return tuple(
        key
        for key in table.foreign_keys
        if name in key.columns or (key.target == table.name and name in key.target_columns)
    )


def _drops_target(operation: Operation, pending: Clauses) -> bool:
    """Whether it may drop the index at the other end of a foreign key to the table itself, which the same ALTER drops:
    refused by both (1553), though dropping the key together with the index at its own end is not.
    """
    keys = [key for key in (*pending.gone_keys, *pending.lifted_keys) if key.target == pending.table]
    match operation:
        case DropColumn(column=column):
            return any(column.name in key.target_columns for key in keys)
        case DropIndex() | RenameIndex() | AlterIndex() | DropConstraint(constraint=PrimaryKey() | Unique()):
            return bool(keys)
        case _:
            return False


def _counts_apart(operation: AlterColumn, pending: Clauses) -> bool:
    """Whether the column begins or ends to count, and its key, which has to change in the same ALTER (1075), may not
    do so together with what is pending (see `_drops_target`).
    """
    return operation.before.autoincrement != operation.after.autoincrement and any(
        key.target == pending.table for key in (*pending.gone_keys, *pending.lifted_keys)
    )


def _changes_target(operation: AlterColumn, pending: Clauses, facts: Facts) -> bool:
    """Whether it may change in place a text to which a foreign key of the table itself refers that the same ALTER
    drops: MariaDB 10.11 refuses that (1833), though not where it copies the table.
    """
    before, after = operation.before, operation.after
    one, other = _SIZED.fullmatch(before.type.sql), _SIZED.fullmatch(after.type.sql)
    return (
        facts.product.dropped_keys_hold
        and one is not None
        and other is not None
        and one["kind"] == other["kind"]
        and int(one["size"]) <= int(other["size"])
        and _stored_form(before) != _stored_form(after)
        and any(
            key.target == pending.table and before.name in key.target_columns for key in pending.gone_keys
        )
    )


_SIZED = re.compile(r"(?P<kind>char|varchar|varbinary)\((?P<size>\d+)\)")
"""Types that MariaDB makes longer, or gives another collation, in place."""


def _copies_always(table: Table, *, rebuilds: bool, facts: Facts) -> bool:
    if facts.product.copies_under_foreign_keys:
        return False
    if rebuilds and any(index.kind == "FULLTEXT" for index in table.indexes):
        return True
    columns = [column.name for column in table.columns if _RECHECKED.match(column.type.sql)]
    return any(mentions(check.expression, name) for check in table.checks for name in columns)


_RECHECKED = re.compile(
    r"(?:enum|set|date|time|datetime|timestamp|(?:tiny|medium|long)(?:text|blob))(?:\(|$)", re.DOTALL
)
"""Types that MySQL 9.7 takes for changed in its test whether a CHECK has to be evaluated again."""


def _is_bound(name: Name, column: str, schema: Schema) -> bool:
    """Whether a foreign key joins the column to another one, at either end."""
    return any(
        (table.name == name and column in key.columns)
        or (key.target == name and column in key.target_columns)
        for table in schema.tables.values()
        for key in table.foreign_keys
    )


def _renames_bound(operation: Operation, schema: Schema) -> bool:
    """Whether it renames a column of a foreign key: refused in an ALTER that copies (1846), and together with a new
    index on the new name (1553).
    """
    return isinstance(operation, RenameColumn) and _is_bound(operation.table, operation.before, schema)


def moves_bound(operation: Operation, schema: Schema, facts: Facts) -> bool:
    """Whether it lets a column of a foreign key be NULL or no longer be so: MySQL refuses that in an ALTER that
    copies the table for another reason (1832).
    """
    return (
        isinstance(operation, AlterColumn)
        and not facts.product.copies_under_foreign_keys
        and operation.before.nullable != operation.after.nullable
        and _is_bound(operation.table, operation.before.name, schema)
    )


def _may_copy(operation: Operation) -> bool:
    """Whether the server may have to copy the table for it (MySQL 9.7 manual, 17.12.1), or has to beside others: for
    a virtual column, and for an index on an expression, which hides one.
    """
    match operation:
        case AlterColumn(before=before, after=after):
            return _stored_form(before) != _stored_form(after)
        case AddColumn(column=column):
            return column.autoincrement or column.generated is not None or _is_computed(column.default)
        case DropColumn(column=column):
            return column.generated is not None
        case AlterTable(before=before, after=after):
            return before.engine != after.engine
        case CreateIndex(index=index) | RenameIndex(after=index) | AlterIndex(after=index):
            return index.kind is not None or _has_expression(index)
        case DropIndex(index=index):
            return _has_expression(index)
        case AddConstraint():
            return True
        case DropConstraint(constraint=constraint):
            return isinstance(constraint, PrimaryKey)
        case _:
            return False


def _is_computed(default: str | None) -> bool:
    return default is not None and default.startswith("(")


def _has_expression(index: Index) -> bool:
    return any(part.expression for part in index.parts)


def _stored_form(column: Column) -> tuple[object, ...]:
    return (column.type, column.charset, column.collation, column.generated, column.autoincrement)
