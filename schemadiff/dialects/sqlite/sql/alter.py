"""Operations on one table -> SQL: SQLite's own ALTERs where they serve, else one rebuild of the table.
Pure.

SQLite can add some columns, drop some and rename all; anything else takes the procedure of its manual
("ALTER TABLE", section 7): a new table, the rows copied, the old table dropped, the new one renamed. It is
written here so that

- other tables' foreign keys and rows stay: the transaction runs with foreign_keys=OFF (see `run.transaction`),
  or the DROP would delete the rows that refer to the table;
- views and other tables' triggers stay: legacy_alter_table=ON around the rename, or it would fail over a
  view that names the table, which is not there at that moment (3.26 and later; measured with 3.40);
- the table's own triggers come back word for word, its AUTOINCREMENT counter goes on where it stood, and a
  row that does not fit the new definition makes the copy fail: no value is made up.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import assert_never

from schemadiff.dialects.contract.statements import Statement, carrying
from schemadiff.dialects.shared.rename_in_expressions import applied
from schemadiff.dialects.sqlite.canonical.expressions import is_constant, mentions, renamed
from schemadiff.dialects.sqlite.canonical.tables import canonical
from schemadiff.dialects.sqlite.server.tokens import quote
from schemadiff.dialects.sqlite.sql import copy_rows, create
from schemadiff.dialects.sqlite.sql.copy_rows import Source
from schemadiff.dialects.sqlite.sql.triggers import moved
from schemadiff.errors import UnsupportedError
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterIndex,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    Run,
    live_after,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import Column, ForeignKey, Name, Schema, Table, Type

Version = tuple[int, ...]

DROPS_COLUMNS = (3, 35, 5)
"""The first version that drops columns, and does so without the defects of 3.35.0 to 3.35.4."""


def statements(operations: Sequence[Operation], before: Schema, version: Version) -> tuple[Statement, ...]:
    """The statements that carry the operations out on a database whose schema is `before`."""
    result: list[Statement] = []
    group: list[Operation] = []
    created: list[Operation] = []
    schema = before

    def flush() -> None:
        nonlocal schema
        # A table is created with what is added to it right after.
        schema = live_after(schema, created)
        if created:
            table = schema.tables[_table_of(created[0])]
            result.extend(_created(table, created))
        result.extend(_change(group, schema, version))
        schema = live_after(schema, group)
        created.clear()
        group.clear()

    for operation in operations:
        match operation:
            case CreateTable():
                flush()
                created.append(operation)
            case AddConstraint() if created and not group and operation.table == _table_of(created[0]):
                created.append(operation)
            case DropTable() if group and all(isinstance(one, DropConstraint) for one in group):
                # What it loses right before it goes is not worth a rebuild.
                carried = [*group, operation]
                group.clear()
                result += carrying(carried, [f"DROP TABLE {create.qualified(operation.table.name)}"])
                schema = operation.apply(schema, strict=False)
            case DropTable() | RenameTable():
                flush()
                result += _whole(operation)
                schema = operation.apply(schema, strict=False)
            case Execute() | Run() | Found():
                raise AssertionError(f"not a dialect's to carry out: {operation}")
            case _:
                group.append(operation)
    flush()
    return tuple(result)


def _created(table: Table, operations: Sequence[Operation]) -> list[Statement]:
    table = canonical(table)
    indexes = [create.create_index(table.name, index) for index in table.indexes]
    return carrying(operations, [create.create_table(table), *indexes])


def _whole(operation: DropTable | RenameTable) -> list[Statement]:
    match operation:
        case DropTable():
            return carrying([operation], [f"DROP TABLE {create.qualified(operation.table.name)}"])
        case RenameTable():
            before, after = operation.before, operation.after
            if before.name.lower() != after.name.lower():
                return carrying([operation], [_rename(before, after.name)])
            # "there is already another table or index with this name" if only capitals change.
            between = before._replace(name=f"{_PREFIX}{after.name}")
            return carrying([operation], [_rename(before, between.name), _rename(between, after.name)])


def _change(operations: Sequence[Operation], schema: Schema, version: Version) -> list[Statement]:
    """The statements of operations that all change one table and neither create, drop nor rename it."""
    if not operations:
        return []
    native = _native(operations, schema, version)
    return _rebuild(operations, schema) if native is None else native


def _rename(before: Name, after: str) -> str:
    return f"ALTER TABLE {create.qualified(before)} RENAME TO {quote(after)}"


# SQLite's own ALTERs


def _native(operations: Sequence[Operation], schema: Schema, version: Version) -> list[Statement] | None:
    """The statements without a rebuild; ``None`` when one of the operations needs one."""
    result: list[Statement] = []
    inline = _inline_keys(operations)
    for operation in operations:
        name = _table_of(operation)
        after = _apply(operation, schema)
        if after.tables[name] == schema.tables[name] or operation in inline.values():
            schema = after
            continue
        match operation:
            case CreateIndex():
                index = after.tables[name].indexes[-1]
                result += carrying([operation], [create.create_index(name, index)])
            case DropIndex():
                gone = [one for one in schema.tables[name].indexes if one not in after.tables[name].indexes]
                result += carrying([operation], [create.drop_index(name, index) for index in gone])
            case RenameColumn():
                pair = f"{quote(operation.before)} TO {quote(operation.after)}"
                text = f"ALTER TABLE {create.qualified(name)} RENAME COLUMN {pair}"
                result += carrying([operation], [text])
            case AddColumn():
                column = after.tables[name].columns[-1]
                key = inline.get(column.name)
                if not _can_add(column, version):
                    return None
                carried: list[Operation] = [operation, key] if key else [operation]
                text = f"ALTER TABLE {create.qualified(name)} ADD COLUMN {_added(column, key)}"
                result += carrying(carried, [text])
            case DropColumn():
                column_name = operation.column.name
                if version < DROPS_COLUMNS or not _can_drop(column_name, schema.tables[name]):
                    return None
                text = f"ALTER TABLE {create.qualified(name)} DROP COLUMN {quote(column_name)}"
                result += carrying([operation], [text])
            case _:
                return None
        schema = after
    return result


def _inline_keys(operations: Sequence[Operation]) -> dict[str, AddConstraint]:
    """The foreign keys that can be added in the very definition of a column that is new: by the column's
    name."""
    new = {
        operation.column.name
        for operation in operations
        if isinstance(operation, AddColumn) and operation.column.default is None
    }
    return {
        operation.constraint.columns[0]: operation
        for operation in operations
        if isinstance(operation, AddConstraint)
        and isinstance(operation.constraint, ForeignKey)
        and len(operation.constraint.columns) == 1
        and operation.constraint.columns[0] in new
    }


def _added(column: Column, key: AddConstraint | None) -> str:
    text = create.column(column)
    if key is None or not isinstance(key.constraint, ForeignKey):
        return text
    name = f" CONSTRAINT {quote(key.constraint.name)}" if key.constraint.name else ""
    return f"{text}{name} {create.references(key.constraint)}"


def _can_add(column: Column, version: Version) -> bool:
    """Whether ADD COLUMN takes the column also where the table has rows (manual: "ALTER TABLE ADD COLUMN").

    NOT NULL without a default can only be added to an empty table, one way or the other.
    """
    if column.generated:
        return not column.generated.stored and column.nullable
    if column.default is None:
        return column.nullable or version >= DROPS_COLUMNS
    return is_constant(column.default)


def _can_drop(name: str, table: Table) -> bool:
    """Whether DROP COLUMN takes the column (manual: "ALTER TABLE DROP COLUMN")."""
    texts = [check.expression for check in table.checks]
    texts += [column.generated.expression for column in table.columns if column.generated]
    texts += [part.expression for index in table.indexes for part in index.parts if part.expression]
    texts += [index.where for index in table.indexes if index.where]
    used = [*(table.primary_key.columns if table.primary_key else ())]
    used += [column for index in table.indexes for column in index.columns]
    used += [column for unique in table.uniques for column in unique.columns]
    used += [column for key in table.foreign_keys for column in key.columns]
    return name not in used and not any(mentions(text, name) for text in texts) and len(table.columns) > 1


# the rebuild

_PREFIX = "_schemadiff_"


def _rebuild(operations: Sequence[Operation], schema: Schema) -> list[Statement]:
    name = _table_of(operations[0])
    old = schema.tables[name]
    odd = [one.what for one in schema.unsupported if one.table == name]
    if odd:
        raise UnsupportedError(
            f'table "{name}" would have to be rebuilt, and schemadiff cannot write again what it has: '
            f"{'; '.join(odd)}",
            hint="Change it with op.execute(…), and say what that does with effect=[…].",
        )
    sources: dict[str, str | None] = {column.name: column.name for column in old.columns}
    final = schema
    renames: list[RenameColumn] = []
    told: dict[str, Type] = {}
    for operation in operations:
        if isinstance(operation, AlterColumn) and (source := sources.get(operation.before.name)) is not None:
            told.setdefault(source, operation.before.type)
        final = applied(operation, final, renamed)
        match operation:
            case RenameColumn():
                sources[operation.after] = sources.pop(operation.before, None)
                renames.append(operation)
            case AddColumn():
                sources[operation.column.name] = None
            case AlterColumn() if operation.before.name != operation.after.name:
                sources[operation.after.name] = sources.pop(operation.before.name, None)
            case _:
                pass
    # In canonical form only now: on the way, what a key is called must not be lost to an AUTOINCREMENT that goes.
    final = final.with_table(canonical(final.tables[name]))
    if final.tables[name] == old:
        return []
    # The columns keep their old names through the rebuild and get the new ones from SQLite, which then
    # rewrites the triggers, views and foreign keys that mention them.
    # One that has got a name which another one gives up waits under a name of its own.
    later: list[RenameColumn] = []
    for rename in reversed(renames):
        waiting = RenameColumn(name, f"{_PREFIX}{rename.before}", rename.before)
        for step in (waiting, rename) if final.tables[name].column(rename.before) else (rename,):
            final = _apply(step.reverse(), final)
            sources[step.before] = sources.pop(step.after, None)
            later.insert(0, step)
    made = dataclasses.replace(final.tables[name], name=name._replace(name=_free_name(name, schema)))
    known = {
        column: None if source is None else Source(source, _type_before(source, old, told))
        for column, source in sources.items()
    }
    # They stand in a table that ANALYZE makes (SQLite's manual, "The sqlite_stat1 table").
    gathered = [one for one in copy_rows.STATISTICS if one._replace(schema=name.schema) in schema.definitions]
    texts = [
        create.create_table(made),
        *copy_rows.copy(old, made, known),
        *copy_rows.statistics(old, made, gathered),
        f"DROP TABLE {create.qualified(name)}",
        "PRAGMA legacy_alter_table = ON",
        _rename(made.name, name.name),
        "PRAGMA legacy_alter_table = OFF",
        *copy_rows.statistics_renamed(made.name, name, gathered),
    ]
    texts += [create.create_index(name, index) for index in final.tables[name].indexes]
    texts += [moved(text, name) for text in schema.definitions.get(name, ())]
    result = carrying(operations, texts)
    result[0] = dataclasses.replace(result[0], expects=tuple(copy_rows.expected(old, made, known)))
    for rename in later:
        result += [Statement(one.sql, ()) for one in _native([rename], final, DROPS_COLUMNS) or ()]
        final = _apply(rename, final)
    return result


def _type_before(column: str, old: Table, told: Mapping[str, Type]) -> Type:
    """The type of a column, as its revision tells it where that is what the column has: only a revision knows what
    SQLAlchemy stores in it.
    """
    live = next(one.type for one in old.columns if one.name == column)
    return told[column] if column in told and told[column].sql == live.sql else live


def _free_name(name: Name, schema: Schema) -> str:
    taken = {other.name.lower() for other in schema.tables}
    taken |= {(index.name or "").lower() for table in schema.tables.values() for index in table.indexes}
    free = f"{_PREFIX}{name.name}"
    while free.lower() in taken:
        free += "_"
    return free


# replay


def _table_of(operation: Operation) -> Name:
    match operation:
        case CreateTable() | DropTable():
            return operation.table.name
        case RenameTable() | Execute() | Run() | Found() | CreateObject() | DropObject() | ReplaceObject():
            raise AssertionError(f"not a change of one table: {operation}")
        case (
            AlterTable()
            | AddColumn()
            | DropColumn()
            | AlterColumn()
            | RenameColumn()
            | CreateIndex()
            | DropIndex()
            | AddConstraint()
            | DropConstraint()
            | RenameIndex()
            | AlterIndex()
            | RenameConstraint()
            | AlterConstraint()
        ):
            return operation.table
        case _:
            assert_never(operation)


def _apply(operation: Operation, schema: Schema) -> Schema:
    """The schema after the operation, its table in canonical form."""
    after = applied(operation, schema, renamed)
    return after.with_table(canonical(after.tables[_table_of(operation)]))


def advice_on(words: str) -> str | None:
    """Advice where SQLite refuses a change for a view or trigger that would not work any more."""
    if not _USED.search(words):
        return None
    return (
        "Drop or change it before that: by hand, or with op.execute(…) in the revision where that is not applied "
        "anywhere yet; a view that the models declare moves along."
    )


_USED = re.compile(r"\berror in (?:view|trigger) ")
