"""Operations -> a `Plan` of steps, each one statement with the operations it carries and their hazards. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemadiff.dialects import Dialect, Expectation, Group, Statement
from schemadiff.dialects.contract.statements import UNASKED, Method
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
    touched,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject, object_key
from schemadiff.operations.subject import gone
from schemadiff.planning import hazards, replay
from schemadiff.planning.grouping import delayed, gathered, together
from schemadiff.planning.hazards import NO_FACTS, DataFacts, Hazard
from schemadiff.schema import (
    Constraint,
    ForeignKey,
    Index,
    Key,
    Name,
    Options,
    PrimaryKey,
    Schema,
    StoredObject,
)
from schemadiff.schema.matching import find, find_constraint


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is carried out: a statement, or, where ``run`` is given, a function of the revision file.

    ``tables`` are the tables that it touches, empty where only the author of the statement knows. ``method``,
    ``alone``, ``group``, ``expects`` and ``effect`` are as in `Statement`.
    """

    sql: str
    operations: tuple[Operation, ...]
    tables: tuple[Name, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    run: Run | None = None
    method: Method = UNASKED
    alone: bool = False
    group: Group | None = None
    expects: tuple[Expectation, ...] = ()
    effect: tuple[Operation, ...] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in the order in which they are carried out, and the operations they come from."""

    operations: tuple[Operation, ...]
    steps: tuple[Step, ...]

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """The hazards of all steps, each once."""
        return tuple(dict.fromkeys(hazard for step in self.steps for hazard in step.hazards))

    @property
    def statements(self) -> tuple[str, ...]:
        """The SQL of all steps, without terminators."""
        return tuple(step.sql for step in self.steps if step.run is None)

    @property
    def methods(self) -> tuple[str, ...]:
        """How the server carries out each of the `statements`, in words, empty where nobody asked."""
        return tuple(step.method.words for step in self.steps if step.run is None)


def plan(
    operations: Sequence[Operation],
    before: Schema,
    dialect: Dialect,
    *,
    facts: DataFacts = NO_FACTS,
    large: Collection[Name] = (),
    first: Sequence[Statement] = (),
) -> Plan:
    """The plan that carries the operations out on a database whose schema is `before`, in which the tables `large` are
    to be changed so that nobody has to wait. Its steps begin with the statements `first`.

    Adjacent operations on one table are handed to the dialect together. `Execute` and `Run` are barriers. `Found` is
    carried out only where `before` does not have it.
    """
    steps = [step_of(one, facts) for one in first]
    group: list[Operation] = []
    schema = before
    known: dict[Key, StoredObject] = {}
    big = set(large)

    def flush() -> None:
        nonlocal schema
        if group:
            after = schema
            for operation in group:
                _expect_present(operation, after)
                after = replay.after(operation, after, dialect, strict=False)
            online = any(name in big for one in group for name in _tables(one))
            carry_out = dialect.online_statements if online else dialect.statements
            carried_out = carry_out(tuple(group), schema, later=tuple(ahead))
            big.update(one.after for one in group if isinstance(one, RenameTable) and one.before in big)
            steps.extend(step_of(one, facts) for one in carried_out)
            schema = dialect.after_statements(tuple(group), schema, after, later=tuple(ahead))
            group.clear()

    todo = _still_to_do(operations, before)
    if dialect.one_statement_group_per_table:
        todo = gathered(todo, dialect)
    if dialect.copies_for_foreign_keys:
        todo = delayed(todo, big)
    ahead = list(todo)
    for operation in todo:
        match operation:
            case Run():
                flush()
                steps.append(Step(operation.describe(), (operation,), run=operation))
            case Execute():
                flush()
                if operation.sql and (not operation.only or dialect.name in operation.only):
                    steps.append(Step(operation.sql, (operation,)))
                schema = replay.after(operation, schema, dialect, strict=False)
            case CreateObject() | DropObject() | ReplaceObject():
                flush()
                key = object_key(operation)
                if key in schema.objects:
                    known[key] = schema.objects[key]
                steps.extend(
                    step_of(one, facts)
                    for one in dialect.object_statements(operation, known.get(key), schema)
                )
                schema = replay.after(operation, schema, dialect, strict=False)
            case _:
                if group and not together(group[-1], operation, dialect):
                    flush()
                group.append(operation)
        del ahead[0]
    flush()
    return Plan(tuple(operations), tuple(steps))


def step_of(statement: Statement, facts: DataFacts) -> Step:
    """The step that a statement is, with its hazards."""
    return Step(
        statement.sql,
        statement.operations,
        tuple(dict.fromkeys(name for one in statement.operations for name in _tables(one))),
        tuple(hazard for one in statement.operations for hazard in hazards.find(one, facts)),
        method=statement.method,
        alone=statement.alone,
        group=statement.group,
        expects=statement.expects,
        effect=statement.effect,
    )


def _still_to_do(operations: Sequence[Operation], before: Schema) -> list[Operation]:
    """The operations without those that are found to be done, and without a pair that would do and undo them."""
    kept: list[Operation] = []
    done: list[Operation] = []
    redefined = _redefined(operations, before)
    for operation in operations:
        if isinstance(operation, Found):
            if not redefined.get(operation, is_done(operation.operation, before)):
                done.append(operation.operation)
                kept.append(operation.operation)
        elif operation in [one.reverse() for one in done if not _is_referred_to(one, kept)]:
            # Somebody had made it by hand in another database and this revision takes it back: neither is needed.
            undone = next(one for one in done if one.reverse() == operation)
            done.remove(undone)
            kept.remove(undone)
        else:
            kept.append(operation)
    return kept


def _is_referred_to(operation: Operation, others: Iterable[Operation]) -> bool:
    """Whether the operation creates a table to which a foreign key of the others refers."""
    if not isinstance(operation, CreateTable):
        return False
    keys: list[Constraint] = []
    for other in others:
        match other:
            case CreateTable(table=table) if table != operation.table:
                keys += table.foreign_keys
            case AddConstraint(constraint=constraint):
                keys.append(constraint)
            case _:
                pass
    return any(isinstance(key, ForeignKey) and key.target == operation.table.name for key in keys)


def _redefined(operations: Sequence[Operation], before: Schema) -> dict[Operation, bool]:
    """Return whether each pair of a drop and an addition that replaces one part by another is done. The two have the
    same name, or the same definition, so that either alone does not tell: it is there before and after.
    """
    found = [one for one in operations if isinstance(one, Found)]
    drops: dict[object, Found] = {}
    for one in found:
        if isinstance(one.operation, DropIndex | DropConstraint | DropObject):
            for key in _keys_of(one.operation):
                drops.setdefault(key, one)
    result: dict[Operation, bool] = {}
    for one in found:
        if isinstance(one.operation, CreateIndex | AddConstraint | CreateObject):
            drop = next((drops[key] for key in _keys_of(one.operation) if key in drops), None)
            if drop is not None and one not in result and drop not in result:
                result[one] = result[drop] = _is_there(one.operation, before)
    return result


def _keys_of(
    operation: CreateIndex | DropIndex | AddConstraint | DropConstraint | CreateObject | DropObject,
) -> Iterator[object]:
    """The key that pairs a dropped constraint or index with the added one: its name, else its definition."""
    if isinstance(operation, CreateObject | DropObject):
        yield operation.object.key
        return
    thing = operation.index if isinstance(operation, CreateIndex | DropIndex) else operation.constraint
    if isinstance(thing, PrimaryKey):
        yield operation.table, PrimaryKey
        return
    if thing.name:
        yield operation.table, type(thing), thing.name
    yield operation.table, dataclasses.replace(thing, name=None)


def _is_there(operation: CreateIndex | AddConstraint | CreateObject, schema: Schema) -> bool:
    if isinstance(operation, CreateObject):
        return schema.objects.get(operation.object.key) == operation.object
    if isinstance(operation, CreateIndex):
        return operation.index in (schema.indexes_of(operation.table) or ())
    table, thing = schema.tables.get(operation.table), operation.constraint
    if table is None:
        return False
    if isinstance(thing, PrimaryKey):
        key = table.primary_key
        return key is not None and key in (thing, dataclasses.replace(thing, name=thing.name or key.name))
    return thing in (*table.indexes, *table.constraints())


def is_done(operation: Operation, schema: Schema) -> bool:
    """Whether the schema is already as the operation would leave it, as far as names tell."""
    name = touched(operation)
    table = schema.tables.get(name) if name else None
    match operation:
        case CreateTable():
            return table is not None
        case DropTable():
            return table is None
        case CreateObject():
            return operation.object.key in schema.objects
        case DropObject():
            return operation.object.key not in schema.objects
        case ReplaceObject():
            return schema.objects.get(operation.after.key) == operation.after
        case RenameTable():
            return operation.after in schema.tables
        case AddColumn() if table:
            return table.column(operation.column.name) is not None
        case DropColumn() if table:
            return table.column(operation.column.name) is None
        case AlterColumn() if table:
            return table.column(operation.after.name) == operation.after
        case RenameColumn() if table:
            return table.column(operation.after) is not None
        case AlterTable(before=before, after=after) if table:
            # What stays may be spelled otherwise by the server: the bounds of partitions.
            return not _pairs(after) - _pairs(before) - _pairs(table.options) and not (
                (_pairs(before) - _pairs(after)) & _pairs(table.options)
            )
        case CreateIndex(table=owner) if (indexes := schema.indexes_of(owner)) is not None:
            return find(indexes, operation.index) is not None
        case DropIndex(table=owner) if (indexes := schema.indexes_of(owner)) is not None:
            return find(indexes, operation.index) is None
        case AddConstraint() if table:
            return find_constraint(table, operation.constraint) is not None
        case DropConstraint() if table:
            return find_constraint(table, operation.constraint) is None
        case RenameIndex(before=old, after=new) if (
            indexes := schema.indexes_of(operation.table)
        ) is not None:
            return _is_renamed(old, new, indexes)
        case RenameConstraint(before=old, after=new) if table:
            return _is_renamed(old, new, tuple(table.constraints()))
        case AlterIndex() if (indexes := schema.indexes_of(operation.table)) is not None:
            return operation.after in indexes
        case AlterConstraint() if table:
            return _is_there(AddConstraint(operation.table, operation.after), schema)
        case _:
            return False


def _is_renamed(
    old: Constraint | Index, new: Constraint | Index, things: Collection[Constraint | Index]
) -> bool:
    """Whether `things` have the new one and not the old one: by name, or where another has that, by all of it."""
    names = {one.name for one in things}
    return (new.name in names and old.name not in names) or (new in things and old not in things)


def _pairs(options: Options) -> set[tuple[str, str | None]]:
    named = {key: getattr(options, key) for key in ("comment", "engine", "charset", "collation")}
    return {*named.items(), *options.extra}


def _expect_present(operation: Operation, schema: Schema) -> None:
    """Raises `UnsupportedError` when there is nothing that the operation could drop: it must not pass in silence."""
    name = touched(operation)
    table = schema.tables.get(name) if name else None
    thing = gone(operation)
    if isinstance(thing, Index):
        indexes = schema.indexes_of(name) if name else None
        missing = indexes is not None and find(indexes, thing) is None
    else:
        missing = thing is not None and table is not None and find_constraint(table, thing) is None
    if missing:
        raise UnsupportedError(
            f"cannot {operation.describe()}: the database has none that is defined so",
            hint="`schemadiff check` shows how the database differs from its revisions.",
        )


def _tables(operation: Operation) -> tuple[Name, ...]:
    match operation:
        case RenameTable():
            return (operation.before, operation.after)
        case _:
            name = touched(operation)
            return (name,) if name else ()
