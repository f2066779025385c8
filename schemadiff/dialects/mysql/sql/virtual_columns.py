"""Columns that become VIRTUAL or stop being so: no MODIFY can do it (MySQL 3106, MariaDB 1907), so an ALTER drops them
and adds them again. What they are in between, and what goes together with that in one ALTER. Pure.

A virtual column that becomes a plain one has its values from a default that computes them row by row, which a second
ALTER, INSTANT, takes away.
"""

from __future__ import annotations

import dataclasses
import re

from schemadiff.dialects.mysql.canonical.implicit import check_name
from schemadiff.dialects.mysql.canonical.types import casts
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import mentions, quote
from schemadiff.dialects.mysql.sql.clauses import Clauses
from schemadiff.dialects.mysql.sql.create import check_definition, index_definition
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterIndex,
    AlterTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    InPlace,
    Operation,
    RenameColumn,
    RenameIndex,
)
from schemadiff.operations.subject import expressions, named_columns
from schemadiff.schema import Check, Column, Table


def is_rebuild(operation: Operation) -> bool:
    """Whether it lets a column become VIRTUAL or be so no longer."""
    if not isinstance(operation, AlterColumn):
        return False
    before, after = operation.before.generated, operation.after.generated
    kinds = {kind and kind.stored for kind in (before, after)}
    return len(kinds) == 2 and False in kinds


def with_values(operation: AlterColumn, table: Table, facts: Facts, pending: Clauses | None) -> Column:
    """The column as it is added again: a plain one that was VIRTUAL has its values from its expression at first, in the
    type that it had, which it may have rounded to.

    MariaDB 10.11 takes nothing for a STORED column that may hang on the session, such as a CHAR, DAYNAME() or the
    difference of unsigned numbers (1901). It takes that for a default, but a default may not speak of generated columns
    (4029), unless the same ALTER makes them plain; on MySQL 9.7 it may, of those before it in the table.
    """
    before, after = operation.before, operation.after
    if before.generated is None or after.generated is not None:
        return after
    kept = before if casts(before.type.sql, after.type.sql) else after
    plain = dataclasses.replace(
        after,
        type=kept.type,
        charset=kept.charset,
        collation=kept.collation,
        nullable=after.nullable or after.autoincrement,  # who counts gives numbers to those that have none
        default=None,
        on_update=None,
        autoincrement=False,
        written=None,
    )
    expression = before.generated.expression
    became = {one.after.name for one in pending.rebuilt} if pending else set()
    generated = [one.name for one in table.columns if one.generated and one.name not in became]
    if facts.computes_defaults and (
        facts.product.defaults_see_generated or not any(mentions(expression, name) for name in generated)
    ):
        return dataclasses.replace(plain, default=f"({expression})")
    return dataclasses.replace(
        plain, nullable=True, generated=dataclasses.replace(before.generated, stored=True)
    )


def subtracts_unsigned(column: Column, table: Table) -> bool:
    """Whether the column's default may subtract unsigned numbers. MariaDB 10.11 computes a new column's default for an
    empty row, too, where these are 0 and the difference is out of range (1690).
    """
    text = column.default or ""
    unsigned = [one.name for one in table.columns if _UNSIGNED.search(one.type.sql)]
    return "-" in text and (
        _UNSIGNED.search(text) is not None or any(mentions(text, name) for name in unsigned)
    )


_UNSIGNED = re.compile(r"\bunsigned\b|^(?:bit|year)\b")

SIGNED_DIFFERENCES = "SET STATEMENT sql_mode = CONCAT(@@sql_mode, ',NO_UNSIGNED_SUBTRACTION') FOR "
"""MariaDB's words before a statement that may subtract more from an unsigned number than there is."""


def take_along(clauses: Clauses, name: str, table: Table, facts: Facts) -> None:
    """Lets the ALTER that drops the column and adds it do so with what rests on it: columns that are computed from it
    (MySQL 3108, MariaDB 4029), indexes and CHECKs, which MySQL drops without a word where they rest on nothing else.
    """
    columns = {name}
    for column in table.columns:  # in an order in which none is computed from a later one
        generated = column.generated
        if generated and not clauses.touches(column.name):
            if any(mentions(generated.expression, one) for one in columns):
                clauses.add_again(column)
                clauses.again.append(column.name)
                columns.add(column.name)
    additions = []
    for index in table.indexes:
        texts = [part.expression for part in index.parts if part.expression]
        if columns & {*index.columns} or any(mentions(text, one) for text in texts for one in columns):
            clauses.drop_index(index.name or index.columns[0])
            additions.append(f"ADD {index_definition(index, facts, word='INDEX')}")
    for check in table.checks:
        owned = facts.product.column_checks and check.name is None and check.column is not None
        if not owned and any(mentions(check.expression, one) for one in columns):
            named = check.name or check_name(table, check, facts.product)
            drop = f"{facts.product.drop_check} {quote(named)}"
            if drop not in clauses.drops:
                clauses.drops.append(drop)
            additions.append(f"ADD {check_definition(dataclasses.replace(check, name=named))}")
    clauses.additions += [one for one in additions if one not in clauses.additions]


def joins_rebuilt(operation: AlterColumn, pending: Clauses, table: Table, facts: Facts) -> bool:
    """Whether the pending ALTER can rebuild the column as well: nothing in it has to do with that, or with what it is
    computed from. To become VIRTUAL is INSTANT where nothing rests on the column, but not beside anything else.

    MySQL 9.7 renames what it is computed from in no other ALTER than the one that rebuilds it (3108).
    """
    name, after = operation.before.name, operation.after.generated
    if pending.opening or (pending.touches(name) and name not in pending.again):
        return False
    texts = list(expressions(operation))
    renamed = not facts.product.renames_in_expressions and any(
        mentions(text, one.after)
        for one in pending.operations
        if isinstance(one, RenameColumn)
        for text in texts
    )
    if after is not None and not after.stored and not renamed and not _carries(name, table):
        return False
    for other in pending.operations:
        if isinstance(other, RenameColumn) and not facts.product.renames_in_expressions:
            named: tuple[str, ...] = (other.before,)
        else:
            named = named_columns(other)
        if after is None and other in pending.rebuilt:
            # Its values are there before those of a column that comes after it.
            conflicts = any(mentions(text, name) for text in expressions(other))
        elif isinstance(other, AddColumn | DropColumn | AlterColumn | RenameColumn):
            conflicts = any(mentions(text, name) for text in expressions(other)) or (
                not _keeps_values(other) and any(mentions(text, one) for text in texts for one in named)
            )
        elif isinstance(other, DropIndex | DropConstraint):
            conflicts = False
        elif isinstance(other, AlterTable | AddConstraint) and not _is_check(other):
            conflicts = True
        else:
            conflicts = _speaks_of(other, name)
        if conflicts:
            return False
    return True


def leaves_rebuilt(operation: Operation, pending: Clauses) -> bool:
    """Whether the pending ALTER can carry out the operation beside the columns that it fills by a default: it has
    nothing to do with them or with what they are computed from, but for an index or a constraint on their values.
    """
    if isinstance(operation, DropIndex | DropConstraint | InPlace) and any(
        _speaks_of(operation, name) for name in pending.readded
    ):
        return False
    if not pending.rebuilt or is_rebuild(operation):
        return True
    if isinstance(operation, AlterTable):
        return False
    for rebuilt in pending.rebuilt:
        name = rebuilt.after.name
        match operation:
            case AddColumn() | DropColumn() | AlterColumn() | RenameColumn():
                if _speaks_of(operation, name):
                    return False
                sources = [] if _keeps_values(operation) else list(expressions(rebuilt))
                if any(mentions(text, one) for text in sources for one in named_columns(operation)):
                    return False
            case DropIndex() | DropConstraint() | RenameIndex() | AlterIndex():
                if _speaks_of(operation, name):
                    return False
            case AddConstraint(constraint=Check(column=column)) if column == name:
                return False  # it may stand in the column's own definition
            case _:
                pass
    return True


def _carries(name: str, table: Table) -> bool:
    """Whether an index, a CHECK or another column rests on the column."""
    texts = [
        *(part.expression for index in table.indexes for part in index.parts),
        *(check.expression for check in table.checks),
        *(column.generated.expression for column in table.columns if column.generated),
    ]
    return any(name in index.columns for index in table.indexes) or any(
        text and mentions(text, name) for text in texts
    )


def _is_check(operation: Operation) -> bool:
    return isinstance(operation, AddConstraint) and isinstance(operation.constraint, Check)


def _speaks_of(operation: Operation, name: str) -> bool:
    return name in named_columns(operation) or any(mentions(text, name) for text in expressions(operation))


def _keeps_values(operation: Operation) -> bool:
    """Whether it leaves the values of a column as they are, and computed ones with them."""
    if not isinstance(operation, AlterColumn):
        return False
    before, after = operation.before, operation.after
    return (before.type, before.charset, before.collation, before.generated) == (
        after.type,
        after.charset,
        after.collation,
        after.generated,
    )
