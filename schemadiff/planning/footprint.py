"""The parts that operations touch, and whether a live schema has these parts as before or as after them. Pure.

A part is a column, an index, a constraint, an option or a whole table or stored object. What a table has besides the
touched parts does not count: somebody else may have changed it meanwhile.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemadiff.compare.comparer import compare
from schemadiff.dialects import Dialect
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
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject, object_key
from schemadiff.planning import replay
from schemadiff.planning.planner import Step
from schemadiff.schema import (
    LISTS,
    Constraint,
    Index,
    Key,
    Name,
    Options,
    PrimaryKey,
    Schema,
    Table,
    View,
)
from schemadiff.schema.matching import find

_OPTIONS = ("comment", "engine", "charset", "collation")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: of what ``kind``, of which table (``owner``), called ``what``. ``thing`` is how an operation describes
    a constraint or an index, ``live`` the same in the server's spelling, where that is known. One that is not
    ``defined`` only comes, goes or changes its name: how it looks does not count.
    """

    kind: str
    owner: Name
    what: object = None
    thing: Any = field(default=None, compare=False)
    defined: bool = field(default=True, compare=False)
    live: Any = field(default=None, compare=False)

    @property
    def unnamed(self) -> bool:
        """Whether only its looks tell what it is."""
        return self.kind in LISTS.values() and not isinstance(self.what, str)


def parts_of(operations: Iterable[Operation]) -> tuple[Part, ...]:
    """The parts that the operations touch, tables first, each once."""
    found: dict[Part, Part] = {}
    for operation in operations:
        for part in _parts(operation):
            known = found.pop(part, None)
            defined = part.defined or (known is not None and known.defined)
            found[part] = dataclasses.replace(part, defined=defined)
    return tuple(sorted(found.values(), key=lambda part: part.kind != "table"))


def _parts(operation: Operation) -> list[Part]:
    match operation:
        case CreateTable(table=table):
            return [Part("table", table.name)]
        case DropTable(table=table):
            return [Part("table", table.name, defined=False)]
        case RenameTable(before=before, after=after):
            return [Part("table", before, defined=False), Part("table", after, defined=False)]
        case AlterTable(table=name, before=old, after=new):
            one, other = _pairs(old), _pairs(new)
            changed = [key for key in {**one, **other} if one.get(key) != other.get(key)]
            return [Part("option", name, key) for key in changed]
        case AddColumn(table=name, column=column):
            return [Part("column", name, column.name)]
        case DropColumn(table=name, column=column):
            return [Part("column", name, column.name, defined=False)]
        case AlterColumn(table=name, before=was, after=becomes):
            old_name = [Part("column", name, was.name, defined=False)] if was.name != becomes.name else []
            return [*old_name, Part("column", name, becomes.name)]
        case RenameColumn(table=name, before=old_column, after=new_column):
            return [Part("column", name, one, defined=False) for one in (old_column, new_column)]
        case CreateIndex(table=name, index=index):
            return [_named(name, index)]
        case DropIndex(table=name, index=index):
            return [_named(name, index, defined=False)]
        case AddConstraint(table=name, constraint=constraint):
            return [_named(name, constraint)]
        case DropConstraint(table=name, constraint=constraint):
            return [_named(name, constraint, defined=False)]
        case RenameIndex() | AlterIndex() | RenameConstraint() | AlterConstraint():
            name = operation.table
            return [_named(name, operation.before, defined=False), _named(name, operation.after)]
        case CreateObject() | ReplaceObject():
            key = object_key(operation)
            return [Part("object", key.name, key)]
        case DropObject():
            key = object_key(operation)
            return [Part("object", key.name, key, defined=False)]
        case Execute(effect=effect):
            return [part for one in effect for part in _parts(one)]
        case Found():
            return _parts(operation.operation)
        case Run():
            return []


def _named(table: Name, thing: Constraint | Index, *, defined: bool = True) -> Part:
    if isinstance(thing, PrimaryKey):
        return Part("primary_key", table, None, thing, defined)
    what = thing.name or dataclasses.replace(thing, name=None)
    return Part(LISTS[type(thing)], table, what, thing, defined)


def _pairs(options: Options) -> dict[str, str | None]:
    return {**{key: getattr(options, key) for key in _OPTIONS}, **dict(options.extra)}


def course(steps: Sequence[Step], start: Schema, dialect: Dialect) -> list[Schema]:
    """The schema before each of the steps, which begin with `start`, and after the last one, by replay alone."""
    schemas = [start]
    for effect in effects(steps):
        start = after(effect, start, dialect)
        schemas.append(start)
    return schemas


def effects(steps: Sequence[Step]) -> list[tuple[Operation, ...]]:
    """The effect of each step alone: what the dialect says, else those of its operations that end with it."""
    last = {id(one): position for position, step in enumerate(steps) for one in step.operations}
    return [
        tuple(one for one in step.operations if last[id(one)] == position)
        if step.effect is None
        else step.effect
        for position, step in enumerate(steps)
    ]


def after(operations: Iterable[Operation], schema: Schema, dialect: Dialect) -> Schema:
    """The schema after the operations, by replay; one that finds no table to work on is left out."""
    for operation in operations:
        if isinstance(operation, Run):
            continue
        names = [part.owner for part in _parts(operation) if part.kind not in ("table", "object")]
        if all(name in schema.tables or schema.indexes_of(name) is not None for name in names):
            schema = replay.after(operation, schema, dialect, strict=False)
    return schema


# values of parts


def _in_live(part: Part) -> Part:
    return part if part.live is None else dataclasses.replace(part, thing=part.live)


def value(schema: Schema, part: Part) -> Any:
    """The part in the schema; ``None`` where it does not exist."""
    if part.kind == "object":
        return schema.objects.get(_key(part))
    if part.kind == "indexes":
        return find(schema.indexes_of(part.owner) or (), part.thing)
    table = schema.tables.get(part.owner)
    if table is None or part.kind == "table":
        return table
    match part.kind:
        case "column":
            return table.column(str(part.what))
        case "option":
            return _pairs(table.options).get(str(part.what))
        case "primary_key":
            return table.primary_key
        case _:
            return find(getattr(table, part.kind), part.thing)


def _key(part: Part) -> Key:
    assert isinstance(part.what, Key)
    return part.what


def spelled(schema: Schema, asked: Schema, part: Part) -> Any:
    """Return the part of `schema` in the spelling of `asked`, the same schema as the server shows it."""
    found = value(schema, part)
    table, other = schema.tables.get(part.owner), asked.tables.get(part.owner)
    if found is None or table is None or other is None or part.kind not in LISTS.values():
        return found if found is None else value(asked, part) or found
    mine, theirs = getattr(table, part.kind), getattr(other, part.kind)
    return theirs[mine.index(found)] if len(mine) == len(theirs) else find(theirs, found) or found


def _spelled_in(part: Part, *pairs: tuple[Schema, Schema]) -> Any:
    """The thing as the server would spell it, in the first pair of a schema and what was asked that has it."""
    if not part.unnamed:
        return None
    return next((found for pair in pairs if (found := spelled(*pair, part)) is not None), None)


def with_parts(live: Schema, schema: Schema, asked: Schema, parts: Iterable[Part]) -> Schema | None:
    """The live schema with these parts as they are in `schema`, spelled as `asked` has it; ``None`` where it lacks a
    table for them.
    """
    for part in parts:
        wanted, there = spelled(schema, asked, part), value(live, _in_live(part))
        if wanted is not None and there is not None and not part.defined:
            continue
        if part.kind == "object":
            objects = {key: one for key, one in live.objects.items() if key != part.what}
            live = dataclasses.replace(live, objects={**objects, **({wanted.key: wanted} if wanted else {})})
        elif part.kind == "table":
            if wanted is None:
                live = live.without_table(part.owner)
            else:
                live = live.with_table(_merged(there, wanted) if there is not None else wanted)
        elif part.owner in live.tables or live.indexes_of(part.owner) is not None:
            live = _with_part(live, part, there, wanted)
        elif part.owner in schema.tables or schema.indexes_of(part.owner) is not None:
            return None
    return live


def _with_part(live: Schema, part: Part, there: Any, wanted: Any) -> Schema:
    if part.kind == "indexes":
        indexes = live.indexes_of(part.owner) or ()
        return live.with_indexes(part.owner, _replaced(indexes, there, wanted))
    table = live.tables.get(part.owner)
    if table is None:
        return live
    match part.kind:
        case "column":
            changed = dataclasses.replace(table, columns=_replaced(table.columns, there, wanted))
        case "option":
            changed = dataclasses.replace(table, options=_with_option(table.options, str(part.what), wanted))
        case "primary_key":
            changed = dataclasses.replace(table, primary_key=wanted)
        case kind:
            some: dict[str, Any] = {kind: _replaced(getattr(table, kind), there, wanted)}
            changed = dataclasses.replace(table, **some)
    return live.with_table(changed)


def _replaced(things: tuple[Any, ...], there: Any, wanted: Any) -> tuple[Any, ...]:
    if there is None:
        return things if wanted is None else (*things, wanted)
    rest = tuple(wanted if one is there else one for one in things)
    return tuple(one for one in rest if one is not None)


def _with_option(options: Options, key: str, wanted: str | None) -> Options:
    if key in _OPTIONS:
        some: dict[str, Any] = {key: wanted}
        return dataclasses.replace(options, **some)
    extra = {name: text for name, text in options.extra if name != key}
    if wanted is not None:
        extra[key] = wanted
    return dataclasses.replace(options, extra=tuple(sorted(extra.items())))


def _merged(there: Table, wanted: Table) -> Table:
    """The live table with all that was created with it as it was created, besides what it has got since."""
    columns = there.columns
    for column in wanted.columns:
        columns = _replaced(columns, there.column(column.name), column)
    lists: dict[str, Any] = {}
    for kind in LISTS.values():
        things = getattr(there, kind)
        for thing in getattr(wanted, kind):
            things = _replaced(things, find(things, thing), thing)
        lists[kind] = things
    return dataclasses.replace(there, columns=columns, primary_key=wanted.primary_key, **lists)


def with_keys(live: Schema, schema: Schema, asked: Schema, parts: Iterable[Part]) -> Schema:
    """The live schema with those foreign keys of `schema` that it lacks and that join a touched column to another one:
    what is carried out in several statements may have lifted them.
    """
    touched = {(part.owner, part.what) for part in parts if part.kind == "column"}
    for name, table in schema.tables.items():
        if name not in live.tables:
            continue
        for key in table.foreign_keys:
            ends = {*((name, one) for one in key.columns), *((key.target, one) for one in key.target_columns)}
            part = _named(name, key)
            if ends & touched and value(live, part) is None:
                live = _with_part(live, part, None, spelled(schema, asked, part))
    return live


def fingerprint(live: Schema, before: Schema, parts: Iterable[Part]) -> str:
    """A digest of the parts' definitions; indexes that a killed statement left unusable count as not made."""
    parts = tuple(parts)
    live = usable(live, before, parts)
    told = [f"{part.kind} {part.owner} {part.what!r}: {_seen(live, part)!r}" for part in parts]
    return hashlib.sha256("\n".join(told).encode("utf-8", "backslashreplace")).hexdigest()


def _seen(live: Schema, part: Part) -> object:
    found = value(live, part)
    if part.kind == "table":
        return found is not None
    if isinstance(found, Index):
        return dataclasses.replace(found, valid=True)
    return found


# the answer


@dataclass(frozen=True, slots=True)
class Neither:
    """A live schema that has the parts neither as before nor as after: what leads from before to what is there, and
    from there to after, in words.
    """

    found: tuple[str, ...]
    expected: tuple[str, ...]


def usable(live: Schema, before: Schema, parts: Iterable[Part]) -> Schema:
    """`live` without those of the parts' indexes that a killed statement left unusable: they count as not made."""
    for part in map(_in_live, parts):
        index = value(live, part) if part.kind == "indexes" else None
        if isinstance(index, Index) and not index.valid and value(before, part) is None:
            rest = tuple(one for one in live.indexes_of(part.owner) or () if one is not index)
            live = live.with_indexes(part.owner, rest)
    return live


def standing(
    live: Schema,
    before: tuple[Schema, Schema],
    after: tuple[Schema, Schema],
    parts: Sequence[Part],
    dialect: Dialect,
) -> bool | Neither:
    """Whether the live schema has the parts as after (true) or as before (false); `before` and `after` are each what
    replay says, and the same in the server's spelling.
    """
    parts = [dataclasses.replace(part, live=_spelled_in(part, after, before)) for part in parts]
    live = usable(live, before[0], parts)
    past, future = with_parts(live, *before, parts), with_parts(live, *after, parts)
    if future is not None and not _differences(live, future, dialect):
        return True
    if past is not None and not _differences(live, past, dialect):
        return False
    return Neither(
        _words(past, live, dialect) if past else _missing(live, before[0], parts),
        _words(live, future, dialect) if future else (),
    )


def _differences(one: Schema, other: Schema, dialect: Dialect) -> tuple[Operation, ...]:
    return compare(one, other, dialect)


def _words(one: Schema, other: Schema, dialect: Dialect) -> tuple[str, ...]:
    return tuple(operation.describe() for operation in compare(one, other, dialect))


def _missing(live: Schema, before: Schema, parts: Iterable[Part]) -> tuple[str, ...]:
    owners = dict.fromkeys(part.owner for part in parts if part.owner in before.tables)
    return tuple(f"there is no table {name}" for name in owners if name not in live.tables)


def absent(live: Schema, expected: Schema, parts: Iterable[Part], dialect: Dialect) -> tuple[str, ...]:
    """Which of the parts are not there, or are there, against what replay expects; by their names alone."""
    known = {_folded(name, dialect): name for name in live.tables}
    lines = []
    for part in parts:
        owner = known.get(_folded(part.owner, dialect), part.owner)
        here = dataclasses.replace(part, owner=owner)
        if part.unnamed:
            continue  # it may be spelled otherwise
        if part.kind in ("option", "primary_key") or (part.kind == "object" and _key(part).kind == "schema"):
            continue
        there, wanted = value(live, here) is not None, value(expected, part) is not None
        if part.kind in ("uniques", "indexes"):
            there = there or _has_key(live, owner, part.what)
        if there != wanted:
            lines.append(f"{_called(part)} is {'not there' if wanted else 'there'}")
    return tuple(lines)


def _folded(name: Name, dialect: Dialect) -> Name:
    if Table in dialect.case_insensitive:
        return Name(name.name.casefold(), name.schema)
    return name


def _has_key(live: Schema, owner: Name, name: object) -> bool:
    table = live.tables.get(owner)
    return table is not None and name in {
        *(one.name for one in table.uniques),
        *(one.name for one in table.indexes),
    }


def _called(part: Part) -> str:
    match part.kind:
        case "table":
            return f"table {part.owner}"
        case "object":
            return str(_key(part))
        case "column":
            return f"column {part.owner}.{part.what}"
        case kind:
            word = {"indexes": "index", "uniques": "unique constraint", "foreign_keys": "foreign key"}
            return f"{word.get(kind, kind.removesuffix('s'))} {part.what} of {part.owner}"


def owners(parts: Iterable[Part]) -> tuple[Name, ...]:
    """The tables that the parts are of."""
    return tuple(dict.fromkeys(part.owner for part in parts if part.kind != "object"))


def objects_of(parts: Iterable[Part], *schemas: Schema) -> tuple[Key, ...]:
    """The stored objects among the parts, and the views that the parts are of."""
    keys = [_key(part) for part in parts if part.kind == "object"]
    views = [Key(View.kind, part.owner) for part in parts if part.kind == "indexes"]
    keys += [key for key in views if any(key in schema.objects for schema in schemas)]
    return tuple(dict.fromkeys(keys))
