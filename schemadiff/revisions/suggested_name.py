"""Suggests the name of a revision from its operations. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

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
    touched,
)
from schemadiff.operations.objects import CreateObject, DropObject, ObjectOperation, ReplaceObject, object_key
from schemadiff.schema import Check, Exclude, ForeignKey, Name, PrimaryKey, Unique

_KINDS = {
    PrimaryKey: "primary key",
    Unique: "unique",
    ForeignKey: "foreign key",
    Check: "check",
    Exclude: "exclusion",
}


def suggest_message(operations: Sequence[Operation]) -> str:
    """A short description of what the operations do, for a revision that was given none."""
    operations = [one.operation if isinstance(one, Found) else one for one in operations]
    created = [one.table.name.name for one in operations if isinstance(one, CreateTable)]
    dropped = [one.table.name.name for one in operations if isinstance(one, DropTable)]
    apart = {*created, *dropped}
    words = [f"create {_listed(created)}"] if created else []
    words += [f"drop {_listed(dropped)}"] if dropped else []
    changes = [one for one in operations if (touched(one) or Name("")).name not in apart]
    if len(changes) + len(words) <= 2:
        words += [_phrase(one) for one in changes]
    elif changes:
        tables = dict.fromkeys(name.name for name in map(_changed, changes) if name)
        words.append(f"change {_listed(list(tables))}")
    return " and ".join(words) or "nothing"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= 3:
        return ", ".join(names)
    return f"{', '.join(names[:2])} and {len(names) - 2} more"


def _changed(operation: Operation) -> Name | None:
    if isinstance(operation, ObjectOperation):
        return object_key(operation).name
    return touched(operation)


def _phrase(operation: Operation) -> str:
    match operation:
        case AddColumn():
            return f"add {operation.column.name} to {operation.table.name}"
        case DropColumn():
            return f"drop {operation.column.name} from {operation.table.name}"
        case AlterColumn():
            return f"alter {operation.table.name} {operation.after.name}"
        case RenameColumn():
            return f"rename {operation.table.name} {operation.before} to {operation.after}"
        case RenameTable():
            return f"rename {operation.before.name} to {operation.after.name}"
        case CreateIndex():
            return f"index {operation.table.name} {' '.join(operation.index.columns)}".rstrip()
        case DropIndex():
            return f"drop index {operation.index.name or ''} of {operation.table.name}"
        case AddConstraint() | DropConstraint():
            verb = "add" if isinstance(operation, AddConstraint) else "drop"
            where = "to" if verb == "add" else "from"
            return f"{verb} {_KINDS[type(operation.constraint)]} {where} {operation.table.name}"
        case RenameIndex() | RenameConstraint():
            return f"rename {operation.before.name or ''} of {operation.table.name} to {operation.after.name or ''}"
        case AlterIndex() | AlterConstraint():
            return f"alter {operation.after.name or ''} of {operation.table.name}"
        case AlterTable():
            return f"alter {operation.table.name}"
        case CreateObject() | DropObject():
            verb = "create" if isinstance(operation, CreateObject) else "drop"
            return f"{verb} {operation.object.kind} {operation.object.name.name}"
        case ReplaceObject():
            return f"change {operation.after.kind} {operation.after.name.name}"
        case CreateTable() | DropTable():
            return operation.describe()
        case Found():
            return _phrase(operation.operation)
        case Execute() | Run():
            return "run SQL"
        case _:
            assert_never(operation)
