"""The journal: what the version row says while a revision is carried out on a server where each part of it commits by
itself. Before a step it tells which step of which revision is about to run, and how the tables that it touches look.

It holds the statements themselves, so that a run is finished with the very statements that it was begun with, and for
each the numbers of the operations that it carries, as the revision lists them in the direction in which it was first
carried out. Who turns back in the middle begins an entry of its own above the one that is there (``under``): it undoes
the operations that are done, and may be interrupted, and turned back, itself.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Literal

from sqlalchemy.engine import Connection

from schemadiff import __version__
from schemadiff.database import VERBATIM
from schemadiff.dialects import Dialect
from schemadiff.errors import VersionError
from schemadiff.operations import DropIndex, Found, Operation, Run
from schemadiff.planner import Step
from schemadiff.schema import Name, Table
from schemadiff.stored import ObjectOperation, object_key
from schemadiff.version import State

FORMAT = 1
"""Of the entry. A release that changes what an entry means counts on, and still reads the older ones."""

Direction = Literal["up", "down"]

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A revision that was begun and not finished, as the journal and the live schema tell.

    ``steps`` are all its steps as they were planned, ``done`` how many of them are done. ``entry`` is the journal's;
    ``first`` is the direction in which the revision was begun, ``past`` are the operations that were carried out
    since, forth and back. ``open`` are those that have no steps yet, by their numbers in the revision.
    """

    revision: int
    direction: Direction
    digest: str
    steps: tuple[Step, ...]
    done: int
    entry: Entry = field(compare=False, repr=False)
    first: Direction
    past: tuple[Operation, ...] = field(compare=False, repr=False)
    open: Mapping[int, Operation] = field(default_factory=dict, compare=False, repr=False)

    @property
    def done_operations(self) -> tuple[Operation, ...]:
        """The operations of the steps that are done, in order, each once."""
        return tuple(_operations(self.steps[: self.done]))

    @property
    def begun(self) -> dict[int, Operation]:
        """By their numbers in the revision: those, and what the step at which it halted may have left something of."""
        found: dict[int, Operation] = {}
        for position, (step, saved) in enumerate(zip(self.steps, self.entry["steps"], strict=True)):
            if position < self.done or (position == self.done and step.alone):
                found.update(zip(saved["operations"], step.operations, strict=True))
        return found

    @property
    def partly(self) -> dict[int, Operation]:
        """Those of `begun` that are not done to their last step."""
        missing = {number for saved in self.entry["steps"][self.done :] for number in saved["operations"]}
        return {number: operation for number, operation in self.begun.items() if number in missing}

    @property
    def settled(self) -> Entry:
        """The entry as it is to be left for a while. It is known what is done; what is done in part will have to be
        planned anew, and with it what comes after.
        """
        partly = self.partly
        if not partly and "open" not in self.entry:
            return at(self.entry, self.done)
        done = self.entry["steps"][: self.done]
        rest = [[number for number in one["operations"] if number not in partly] for one in done]
        whole = [
            {**one, "operations": numbers}
            for one, numbers in zip(done, rest, strict=True)
            if numbers or not one["operations"]
        ]
        told = {number for one in whole for number in one["operations"]}
        numbers = [number for one in self.entry["steps"] for number in one["operations"]]
        still = [number for number in (*numbers, *self.entry.get("open", ())) if number not in told]
        return at({**self.entry, "steps": whole, "open": list(dict.fromkeys(still))}, len(whole))

    @property
    def beneath(self) -> Entry | None:
        """The entry that holds again when this one is through, ``None`` when nothing does: what a run that turned back
        from one which had turned back itself puts in order is the middle of the first one.
        """
        under = self.entry.get("under")
        return under.get("under") if under else None


@dataclass(frozen=True, slots=True)
class Turned:
    """What is undone of an interrupted run: the numbers of the operations, in the order in which that is done."""

    interrupted: Interrupted
    numbers: tuple[int, ...]


def begin(
    revision: int,
    direction: Direction,
    digest: str,
    schemas: Sequence[str | None],
    steps: Sequence[Step],
    operations: Sequence[Operation],
    turned: Turned | None,
) -> Entry:
    """The entry of steps that carry out these operations: all of the revision's, or what is undone of a run that was
    ``turned`` back.
    """
    unwrapped = _unwrapped(operations)
    numbers = turned.numbers if turned else tuple(range(len(unwrapped)))
    return {
        "format": FORMAT,
        "revision": revision,
        "direction": direction,
        "digest": turned.interrupted.digest if turned else digest,
        "schemas": list(schemas),
        "steps": saved(steps, dict(zip(numbers, unwrapped, strict=True))),
        "under": turned.interrupted.settled if turned else None,
    }


def saved(steps: Sequence[Step], operations: Mapping[int, Operation]) -> list[dict[str, Any]]:
    """The steps as an entry holds them; `operations` are all that they carry, by their numbers."""
    known = {id(operation): number for number, operation in operations.items()}

    def number(operation: Operation) -> int:
        found = known.get(id(operation))
        return next(key for key, one in operations.items() if one == operation) if found is None else found

    return [
        {
            "sql": step.sql,
            "operations": [number(one) for one in step.operations],
            "tables": [list(name) for name in step.tables],
            "run": step.run is not None,
            "alone": step.alone,
        }
        for step in steps
    ]


def at(entry: Entry, position: int, fingerprint: str | None = None) -> Entry:
    """The entry while that step is about to run, where the touched tables look so; without a fingerprint it is known
    that it has not run. Where SQL has to make the fingerprint, ``look`` is the query that does.
    """
    kept = {key: value for key, value in entry.items() if key != "look"}
    return {**kept, "position": position, "fingerprint": fingerprint}


def interruption(
    connection: Connection,
    dialect: Dialect,
    state: State,
    operations: Callable[[int, Direction], Sequence[Operation]],
) -> Interrupted | None:
    """What was interrupted, or ``None`` when the database is at rest.

    ``operations`` gives the operations of a revision in a direction: the journal refers to them by position. Raises
    `VersionError` when a later release has begun it, in a way that this one does not know, when another release was
    interrupted where only a fingerprint tells how far it came, and for an entry that no release wrote.
    """
    entry = state.journal
    if not entry:
        return None
    if isinstance(entry.get("format"), int) and entry["format"] > FORMAT:
        raise VersionError(
            f"a revision was begun by schemadiff {state.tool}, and is in the middle: "
            f"schemadiff {__version__} cannot read how far it is",
            hint=f"Install schemadiff {state.tool} or newer, and run the command again.",
        )
    if not is_entry(entry):
        raise VersionError(
            "the journal in the version table was changed by hand: schemadiff never wrote such an entry",
            hint="Restore the row from a backup. When you know that the database is just as its version says, and "
            "nothing of a revision is done in part, set the journal to NULL.",
        )
    chain = [entry]
    while chain[-1].get("under"):
        chain.append(chain[-1]["under"])
    first: Direction = chain[-1]["direction"]
    recorded = _unwrapped(operations(entry["revision"], first))
    levels = [_load_steps(one, recorded, turned=one["direction"] != first) for one in chain]
    steps = levels[0]
    position: int = entry["position"]
    schemas = tuple(entry["schemas"])
    if position < len(steps) and entry["fingerprint"] is not None:
        look = entry.get("look")
        now = (
            connection.exec_driver_sql(look, execution_options=VERBATIM).scalar()
            if look
            else fingerprint_of(connection, dialect, steps[position], schemas)
        )
        if now != entry["fingerprint"]:
            if not look and state.tool != __version__:
                raise VersionError(
                    f"revision {entry['revision']:04} was begun by schemadiff {state.tool}, and is in the middle: "
                    f"schemadiff {__version__}, which may read tables in other words, cannot tell whether step "
                    f"{position + 1} of {len(steps)} is done",
                    hint=f"Install schemadiff {state.tool}, and finish it with `schemadiff apply` or undo it with "
                    "`schemadiff rollback`.",
                )
            position += 1
    done = [
        steps[:position],
        *(some[: one["position"]] for some, one in zip(levels[1:], chain[1:], strict=True)),
    ]
    past = tuple(one for some in reversed(done) for one in _operations(some))
    turned = entry["direction"] != first
    waiting = {number: _of(recorded, number, turned=turned) for number in entry.get("open", ())}
    return Interrupted(
        entry["revision"], entry["direction"], entry["digest"], steps, position, entry, first, past, waiting
    )


def is_entry(told: object) -> bool:
    """Whether that has the shape of an entry."""
    if not isinstance(told, Mapping) or not isinstance(told.get("steps"), list):
        return False
    position, fingerprint, under = told.get("position"), told.get("fingerprint"), told.get("under")
    return (
        isinstance(told.get("format"), int)
        and isinstance(told.get("revision"), int)
        and told["revision"] > 0
        and told.get("direction") in ("up", "down")
        and isinstance(told.get("digest"), str)
        and _is_list(told.get("schemas"), str | None)
        and all(_is_step(one) for one in told["steps"])
        and isinstance(position, int)
        and 0 <= position <= len(told["steps"])
        and isinstance(fingerprint, str | None)
        and _is_list(told.get("open", []), int)
        and (under is None or is_entry(under))
    )


def _is_step(told: object) -> bool:
    return (
        isinstance(told, Mapping)
        and isinstance(told.get("sql"), str)
        and _is_list(told.get("operations"), int)
        and isinstance(told.get("tables"), list)
        and all(_is_list(one, str | None) and len(one) == 2 for one in told["tables"])
        and isinstance(told.get("run"), bool)
    )


def _is_list(told: object, kind: type | UnionType) -> bool:
    return isinstance(told, list) and all(isinstance(one, kind) for one in told)


def is_in_vain(entry: Entry) -> bool:
    """Whether nothing of what was begun is done, for certain: the server has refused the first step."""
    return (
        entry["direction"] == "up"
        and entry["position"] == 0
        and entry["fingerprint"] is None
        and not entry.get("under")
        and "open" not in entry
        and not any(one["run"] or one.get("alone") for one in entry["steps"][:1])
    )


def _operations(steps: Sequence[Step]) -> list[Operation]:
    """Those of the steps, in order; one that is several steps once."""
    known = {id(operation): operation for step in steps for operation in step.operations}
    return list(known.values())


def fingerprint_of(
    connection: Connection, dialect: Dialect, step: Step, schemas: Sequence[str | None]
) -> str:
    """What a step works on looks like now: its tables, its stored object, or all that there is where only the author of
    the statement knows.
    """
    keys = [object_key(one) for one in step.operations if isinstance(one, ObjectOperation)]
    if keys:
        known = {one.key: one for one in dialect.objects(connection, schemas, {key.kind for key in keys})}
        return _hash("\n".join(f"{key}: {known.get(key)!r}" for key in keys))
    only = step.tables or None
    live = dialect.inspect(connection, schemas, only=only)
    names: Sequence[Name] = sorted(live.tables) if only is None else only
    drops = any(isinstance(operation, DropIndex) for operation in step.operations)
    told = [f"{name}: {_finished(live.tables.get(name), drops)!r}" for name in names]
    if only is None:
        objects = dialect.objects(connection, schemas)
        told += sorted(f"{one.key}: {one!r}" for one in objects)
    return _hash("\n".join(told))


def _finished(table: Table | None, drops: bool) -> Table | None:
    """The table as if the indexes that a killed statement left unusable were not there, or, where it `drops` one, still
    were: in either case it is not done.
    """
    if table is None or all(index.valid for index in table.indexes):
        return table
    if drops:
        indexes = tuple(dataclasses.replace(index, valid=True) for index in table.indexes)
    else:
        indexes = tuple(index for index in table.indexes if index.valid)
    return dataclasses.replace(table, indexes=indexes)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _unwrapped(operations: Sequence[Operation]) -> list[Operation]:
    return [one.operation if isinstance(one, Found) else one for one in operations]


def _load_steps(entry: Entry, recorded: Sequence[Operation], *, turned: bool) -> tuple[Step, ...]:
    """The steps of an entry, each of its operations one object in all of them."""
    numbers = {number for step in entry["steps"] for number in step["operations"]}
    known = {number: _of(recorded, number, turned=turned) for number in numbers}
    return tuple(_load_step(step, known) for step in entry["steps"])


def _of(recorded: Sequence[Operation], number: int, *, turned: bool) -> Operation:
    return recorded[number].reverse() if turned else recorded[number]


def _load_step(saved: Mapping[str, Any], known: Mapping[int, Operation]) -> Step:
    carried = tuple(known[number] for number in saved["operations"])
    run = next((one for one in carried if isinstance(one, Run)), None) if saved["run"] else None
    tables = tuple(Name(name, schema) for name, schema in saved["tables"])
    return Step(saved["sql"], carried, tables, run=run, alone=saved.get("alone", False))
