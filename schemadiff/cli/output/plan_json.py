r"""Operations, SQL and hazards -> the JSON format, version 1. Pure.

Every answer is one object with ``"version": 1``, the name of the ``"command"``, ``"operations"`` and
``"statements"``. An operation is ``{"kind": "add_column", "table": "user", "schema": null, "column": "phone",
"description": "…", "hazards": […]}``: it names what it touches as ``column``, ``index`` or ``constraint`` (with
its ``constraint_type``; the name is ``null`` where it has none), with ``columns`` beside the last two, and
carries ``before`` and ``after`` where it has both. A statement is SQL without a terminator. In later releases of
version 1 keys may be added; none is removed and none changes its meaning.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from schemadiff.cli.output.json import Object, interrupted, revision
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
from schemadiff.operations.functions import name_of
from schemadiff.operations.objects import CreateObject, DropObject, ObjectOperation, ReplaceObject, object_key
from schemadiff.planning import hazards
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Entry,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Options,
    PrimaryKey,
    Routine,
    StoredObject,
    Unique,
    View,
)

if TYPE_CHECKING:
    from schemadiff.commands.diff import Difference
    from schemadiff.commands.results import Baseline, Diagnosis, Drift, Outcome, Planned, Shown, Stamped
    from schemadiff.models.filters import Ignored
    from schemadiff.planning.hazards import Hazard
    from schemadiff.planning.planner import Plan, Step
    from schemadiff.schema import Unsupported


def planned(found: Planned) -> Object:
    """The answer of `plan`. ``revision`` is ``null`` where nothing differs, its ``path`` where nothing was written."""
    path = str(found.path) if found.path else None
    revision = {"number": found.number, "message": found.message, "path": path}
    return {
        **_plan(found.plan),
        "hazards": [_hazard(one) for one in found.plan.hazards],
        "revision": revision if found.plan.operations else None,
        "unsupported": _unsupported(found.unsupported),
        "ignored": _ignored(found.ignored),
    }


def drift(found: Drift) -> Object:
    """The answer of `check`. ``operations`` are those of ``missing`` and ``drifted``."""
    missing, drifted = operations(found.missing), operations(found.drifted)
    return {
        "operations": [*missing, *drifted],
        "statements": [],
        "differences": bool(found),
        "database_version": found.version,
        "missing": missing,
        "pending": [revision(one) for one in found.pending],
        "drifted": drifted,
        "interrupted": interrupted(found.interrupted),
        "at_work": found.at_work,
        "unrecorded": found.unrecorded,
        "unsupported": _unsupported(found.unsupported),
        "ignored": _ignored(found.ignored),
    }


def baseline(found: Baseline, place: str) -> Object:
    """The answer of `baseline`. ``operations`` are those of a revision that is new."""
    return {
        "operations": operations(found.operations),
        "statements": [],
        "differences": operations(found.differences),
        "missing": None if found.missing is None else operations(found.missing),
        "database": place,
        "revision": revision(found.revision),
        "written": found.written,
        "recorded": found.recorded,
        "proven": found.proven,
        "alembic": {
            "revisions": [{"id": one.id, "message": one.message} for one in found.alembic],
            "missing": list(found.alembic_missing),
            "table": found.alembic_table,
        },
        "unsupported": _unsupported(found.unsupported),
        "ignored": _ignored(found.ignored),
    }


def diagnosed(found: Diagnosis, place: str) -> Object:
    """The answer of `doctor`. ``operations`` and ``statements`` are what finishes the revision, or undoes it."""
    return {
        "operations": operations(found.plan.operations) if found.plan else [],
        "statements": list(found.plan.statements) if found.plan else [],
        "hazards": [_hazard(one) for one in found.hazards],
        "database": place,
        "at": list(found.at),
        "revision": None
        if found.revision is None
        else {
            "id": found.revision.id,
            "message": found.revision.message,
            "path": str(found.revision.path),
        },
        "findings": [
            {"number": one.number, "line": one.line, "operation": one.words, "state": one.state}
            for one in found.findings
        ],
        "possible": list(found.possible),
        "half_done": found.is_half_done,
        "copies": operations(found.copies),
        "lost_indexes": list(found.lost),
        "way": found.way,
        "mended": found.mended,
    }


def stamped(found: Stamped, place: str) -> Object:
    """The answer of `stamp`. ``operations`` are what the database has and the revisions do not say."""
    return {
        "operations": operations(found.differences),
        "statements": [],
        "differences": bool(found.differences),
        "database": place,
        "before": found.before,
        "after": found.after,
        "recorded": found.recorded,
        "proven": found.proven,
        "unsupported": _unsupported(found.unsupported),
        "ignored": _ignored(found.ignored),
    }


def difference(found: Difference) -> Object:
    """The answer of `diff`. ``statements`` is empty where ``unwritten`` says why there is no SQL."""
    return {
        **_plan(found.plan),
        "hazards": [_hazard(one) for one in found.plan.hazards],
        "differences": bool(found),
        "from": found.before,
        "to": found.after,
        "unwritten": found.unwritten,
        "unsupported": _unsupported(found.unsupported),
        "ignored": _ignored(found.ignored),
    }


def shown(found: Shown) -> Object:
    """The answer of `show`."""
    plan = found.plan
    return {
        **_plan(plan),
        "hazards": [_hazard(hazard) for hazard in plan.hazards],
        "revision": {**revision(found.revision), "applied": found.applied},
    }


def outcome(found: Outcome, place: str, *, dry_run: bool, interrupted: Object | None = None) -> Object:
    """The answer of `apply` and `rollback`: of each revision, and of all together."""
    parts: list[Object] = [
        {
            "number": done.revision,
            "message": done.message,
            "direction": done.direction,
            **_plan(done.plan),
        }
        for done in found.done
    ]
    return {
        **{
            key: [one for part in parts for one in part[key]]
            for key in ("operations", "statements", "methods")
        },
        "steps": list(_one_after_the_other(parts)),
        "hazards": [_hazard(one) for one in found.hazards],
        "dry_run": dry_run,
        "database": place,
        "before": found.before,
        "after": found.after,
        "revisions": parts,
        "interrupted": interrupted,
    }


def _one_after_the_other(parts: Iterable[Object]) -> Iterator[Object]:
    """The steps of all parts, their operations counted through all of them."""
    before = 0
    for part in parts:
        for step in part["steps"]:
            yield {**step, "operations": [before + position for position in step["operations"]]}
        before += len(part["operations"])


def _plan(plan: Plan) -> Object:
    """Operations and steps, and the same steps as the parallel lists that version 1 began with."""
    return {
        "operations": operations(plan.operations, plan.steps),
        "statements": list(plan.statements),
        "methods": list(plan.methods),
        "steps": [_step(one, plan.operations) for one in plan.steps],
    }


def _step(step: Step, among: Sequence[Operation]) -> Object:
    """One statement, or one function of the revision file, and the positions of the operations that it carries."""
    return {
        "sql": None if step.run else step.sql,
        "function": name_of(step.run.function) if step.run else None,
        "operations": sorted({position for one in step.operations for position in _positions(one, among)}),
        "algorithm": step.method.algorithm,
        "lock": step.method.lock,
        "hazards": [_hazard(one) for one in step.hazards],
    }


def _positions(operation: Operation, among: Sequence[Operation]) -> list[int]:
    """Where the operation stands: itself, else those that are like it."""
    inner = [one.operation if isinstance(one, Found) else one for one in among]
    itself = [position for position, one in enumerate(inner) if one is operation]
    return itself or [position for position, one in enumerate(inner) if one == operation]


def operations(found: Iterable[Operation], steps: Sequence[Step] = ()) -> list[Object]:
    """The operations, each with its hazards: those of the `steps`, which know the data, where there are any."""
    known = [hazard for step in steps for hazard in step.hazards]
    return [_operation(one, known) for one in found]


def _operation(operation: Operation, known: Sequence[Hazard]) -> Object:
    inner = operation.operation if isinstance(operation, Found) else operation
    name = touched(inner)
    result: Object = {
        "kind": _kind(inner),
        "table": name.name if name else None,
        "schema": name.schema if name else None,
        **_details(inner),
        "description": inner.describe(),
        "hazards": [_hazard(one) for one in _hazards_of(inner, known)],
    }
    if inner is not operation:
        result["found"] = True
    return result


def _kind(operation: Operation) -> str:
    """The verb of a revision file: ``add_column``, ``create_view``."""
    verb = re.sub(r"(?<!^)(?=[A-Z])", "_", type(operation).__name__).lower()
    if isinstance(operation, ObjectOperation):
        return f"{verb.removesuffix('object')}{object_key(operation).kind}"
    return verb


def _details(operation: Operation) -> Object:
    """The parts of the table that an operation touches, and its two sides where it has both."""
    match operation:
        case CreateTable(table=table) | DropTable(table=table):
            return {"columns": [column.name for column in table.columns]}
        case RenameTable(before=before, after=after):
            return {"before": before.name, "after": after.name}
        case AlterTable(before=before, after=after):
            return {"before": _value(before), "after": _value(after)}
        case AddColumn(column=column) | DropColumn(column=column):
            return {"column": column.name}
        case AlterColumn(before=before, after=after):
            return {"column": after.name, "before": _value(before), "after": _value(after)}
        case RenameColumn(before=before, after=after):
            return {"column": before, "before": before, "after": after}
        case CreateIndex(index=index) | DropIndex(index=index):
            return {"index": index.name, "columns": list(index.columns), "unique": index.unique}
        case AddConstraint(constraint=constraint) | DropConstraint(constraint=constraint):
            return _constraint(constraint)
        case RenameIndex(before=before, after=after):
            return {"index": before.name, "before": before.name, "after": after.name}
        case AlterIndex(before=before, after=after):
            return {"index": after.name, "before": _value(before), "after": _value(after)}
        case RenameConstraint(before=before, after=after):
            return {**_constraint(before), "before": before.name, "after": after.name}
        case AlterConstraint(before=before, after=after):
            return {**_constraint(after), "before": _value(before), "after": _value(after)}
        case CreateObject(object=stored) | DropObject(object=stored):
            return {"schema": stored.name.schema, "name": stored.name.name, **_text(stored)}
        case ReplaceObject(before=before, after=after):
            return {
                "schema": after.name.schema,
                "name": after.name.name,
                "before": _compared(before),
                "after": _compared(after),
            }
        case Execute(sql=sql, only=only):
            return {"sql": sql, "only": list(only)}
        case Run():
            return {"function": name_of(operation.function)}
        case Found():
            return _details(operation.operation)


def _text(stored: StoredObject) -> Object:
    if isinstance(stored, Entry):
        return {"words": stored.words, "definition": "; ".join(stored.create)}
    return {"definition": stored.definition} if isinstance(stored, View | Routine) else {}


def _compared(stored: StoredObject) -> Object:
    """The fields by which it is compared."""
    compared = {item.name for item in dataclasses.fields(stored) if item.compare}
    return {name: value for name, value in dataclasses.asdict(stored).items() if name in compared}


def _constraint(constraint: Constraint) -> Object:
    match constraint:
        case PrimaryKey():
            kind, columns = "primary_key", constraint.columns
        case Unique():
            kind, columns = "unique", constraint.columns
        case ForeignKey():
            kind, columns = "foreign_key", constraint.columns
        case Check():
            kind, columns = "check", ()
        case Exclude():
            kind, columns = "exclude", constraint.columns
    return {"constraint": constraint.name, "constraint_type": kind, "columns": list(columns)}


def _value(value: Column | Options | Index | Constraint) -> Object:
    """The fields of a value that count, a type as its SQL text."""
    result: Object = {}
    for field in dataclasses.fields(value):
        if field.name == "written":
            continue
        content = getattr(value, field.name)
        if hasattr(content, "sql"):
            result[field.name] = content.sql
            if content.values is not None:
                result["values"] = list(content.values)
        else:
            result[field.name] = _plain(content)
    return result


def _plain(content: object) -> object:
    """A value within a value, as JSON knows it: the parts of an index, the target of a foreign key."""
    if isinstance(content, tuple):
        return [_plain(one) for one in content]
    if dataclasses.is_dataclass(content) and not isinstance(content, type):
        return dataclasses.asdict(content)
    return content


def _hazards_of(operation: Operation, known: Sequence[Hazard]) -> list[Hazard]:
    """The hazards of one operation; one that no step has is said without facts about the data."""
    found = list(dict.fromkeys(one for one in known if one.about == operation))
    codes = {one.code for one in found}
    return [*found, *(one for one in hazards.find(operation) if one.code not in codes)]


def _hazard(hazard: Hazard) -> Object:
    return {
        "code": hazard.code,
        "level": hazard.level,
        "message": hazard.message,
        "advice": hazard.advice,
    }


def _unsupported(found: Sequence[Unsupported]) -> list[Object]:
    return [{**_name(one.table), "what": one.what} for one in found]


def _ignored(found: Ignored) -> Object:
    return {
        "tables": [_name(table) for table in found.tables],
        "columns": [{**_name(table), "column": column} for table, column in found.columns],
        "options": [{**_name(table), "option": option} for table, option in found.options],
    }


def _name(name: Name) -> Object:
    return {"table": name.name, "schema": name.schema}
