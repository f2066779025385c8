"""The journal: what the version row says while a revision is carried out on a server where each part of it commits by
itself. Before a step it tells which step of which revision is about to run, and how the parts that it touches look.

It is data that anybody who may UPDATE one row can write. So it only names things: the revision, whose digest it
carries, and for each step the numbers of the operations that it carries, as the revision lists them in the direction in
which it was first carried out. The SQL beside them is there to be read; none of it is ever executed. What is left of a
revision is planned again from its file and the live schema, see `interruption`.

Who turns back in the middle begins an entry of its own above the one that is there (``under``): it undoes the
operations that are done, and may be interrupted, and turned back, itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from schemadiff.dialects import Retraction
from schemadiff.errors import VersionError
from schemadiff.operations import Execute, Found, Operation, Run
from schemadiff.planning.planner import Step
from schemadiff.schema import Schema

FORMAT = 2
"""Of the entry. A release that changes what an entry means counts on, and still reads the older ones.

1: the steps were carried out as they stand in the entry, and the fingerprint was one of whole tables, or of what a
query found that stood in the entry.
"""

DEPTH = 25
"""Entries above each other, at most: one more for each time that somebody turns back in the middle of turning back.
MariaDB 10.11 changes no JSON that is nested more than 32 deep, MySQL 9.7 none of more than 100.
"""

Direction = Literal["up", "down"]

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A revision that was begun and not finished, as the journal and the live schema tell.

    ``steps`` are all its steps as they were planned, ``done`` how many of them are done. ``entry`` is the journal's;
    ``first`` is the direction in which the revision was begun, ``past`` are the operations that were carried out
    since, forth and back. ``open`` are those that have no steps yet, by their numbers in the revision. ``start`` is
    the schema, by replay, in which the steps begin, ``origin`` the one in which the first entry's did.
    ``middle`` is how operations are completed of which some steps are done and others are not: ``None`` where there
    are none, or where they have to be begun again.
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
    start: Schema = field(default_factory=Schema, compare=False, repr=False)
    middle: Retraction | None = field(default=None, compare=False, repr=False)
    origin: Schema = field(default_factory=Schema, compare=False, repr=False)

    @property
    def done_operations(self) -> tuple[Operation, ...]:
        """The operations of the steps that are done, in order, each once."""
        return tuple(operations_of(self.steps[: self.done]))

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
    def left(self) -> dict[int, Operation]:
        """Those that are not done to their last step, in the order in which they are carried out."""
        rest = zip(self.steps[self.done :], self.entry["steps"][self.done :], strict=True)
        found = {
            number: operation
            for step, saved in rest
            for number, operation in zip(saved["operations"], step.operations, strict=True)
        }
        return {**found, **self.open}

    @property
    def completed(self) -> dict[int, Operation]:
        """Those that are done wholly when the statements of the `middle` are through."""
        statements = self.middle.statements if self.middle else ()
        carried = {id(one) for statement in statements for one in statement.operations}
        return {number: one for number, one in self.left.items() if id(one) in carried}

    @property
    def settled(self) -> Entry:
        """The entry to store when the run stops between steps. It is known what is done; what is done in part will
        have to be planned again, and with it what comes after.
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
class PartialUndo:
    """The operations of an interrupted run to undo, by their numbers, in the order in which that is done."""

    interrupted: Interrupted
    numbers: tuple[int, ...]


def begin(
    revision: int,
    direction: Direction,
    digest: str,
    steps: Sequence[Step],
    operations: Sequence[Operation],
    turned: PartialUndo | None,
) -> Entry:
    """The entry of steps that carry out these operations: all of the revision's, or what is undone of a run that was
    ``turned`` back.
    """
    if turned and len(chain_of(turned.interrupted.entry)) >= DEPTH:
        raise VersionError(
            f"revision {revision:04} was turned back in the middle {DEPTH} times",
            hint="Go on in the direction in which it is going; `schemadiff status` says which.",
        )
    carried = unwrapped(operations)
    numbers = turned.numbers if turned else tuple(range(len(carried)))
    return {
        "format": FORMAT,
        "revision": revision,
        "direction": direction,
        "digest": turned.interrupted.digest if turned else digest,
        "steps": saved(steps, dict(zip(numbers, carried, strict=True))),
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
            "run": step.run is not None,
            "alone": step.alone,
        }
        for step in steps
    ]


def at(entry: Entry, position: int, fingerprint: str | None = None) -> Entry:
    """The entry while that step is about to run, where the touched parts look so; without a fingerprint it is known
    that it has not run. Where SQL has to make the fingerprint, ``look`` says which of the dialect's queries did.
    """
    kept = {key: value for key, value in entry.items() if key != "look"}
    return {**kept, "format": FORMAT, "position": position, "fingerprint": fingerprint}


def loaded(entry: Entry, recorded: Sequence[Operation], *, turned: bool) -> tuple[Step, ...]:
    """The steps of an entry, to be read and not to be carried out; each of its operations is one object in all of them.
    `recorded` are those of the revision, which are undone where it has `turned`.
    """
    known: dict[int, Operation] = {}

    def step(told: Mapping[str, Any]) -> Step:
        for number in told["operations"]:
            known.setdefault(number, of(recorded, number, turned=turned))
        carried = tuple(known[number] for number in told["operations"])
        run = next((one for one in carried if isinstance(one, Run)), None) if told["run"] else None
        return Step(told["sql"], carried, run=run, alone=told.get("alone", False))

    return tuple(map(step, entry["steps"]))


def of(recorded: Sequence[Operation], number: int, *, turned: bool) -> Operation:
    """The operation of that number, or its reverse."""
    return recorded[number].reverse() if turned else recorded[number]


def unwrapped(operations: Sequence[Operation]) -> list[Operation]:
    """The operations, where they were found in a database as if they were not."""
    return [one.operation if isinstance(one, Found) else one for one in operations]


def operations_of(steps: Sequence[Step]) -> list[Operation]:
    """Those of the steps, in order; one that is several steps once."""
    known = {id(operation): operation for step in steps for operation in step.operations}
    return list(known.values())


# What stands in the row need not be what schemadiff wrote.


def chain_of(entry: Entry) -> list[Entry]:
    """The entry and those that it stands upon. Raises `VersionError` for what no release wrote."""
    chain: list[Any] = []
    told: object = entry
    while told is not None:
        if len(chain) == DEPTH:
            raise forged(f"it has more than {DEPTH} entries above each other")
        wrong = _wrong(told)
        if wrong:
            raise forged(wrong if not chain else f"in the entry {len(chain)} below the first, {wrong}")
        assert isinstance(told, Mapping)
        chain.append(told)
        told = told.get("under")
    for above, below in pairwise(chain):
        for name in ("revision", "digest"):
            if above[name] != below[name]:
                raise forged(f"its entries speak of different revisions: their {name} is not the same")
        if above["direction"] == below["direction"]:
            raise forged("an entry stands upon one of the same direction")
    return chain


def forged(what: str) -> VersionError:
    """The error for a journal that schemadiff did not write, with what is wrong in it."""
    return VersionError(
        f"the journal in the version table was changed by hand: {what}",
        hint="Restore the row from a backup. When you know that the database is just as its version says, and "
        "nothing of a revision is done in part, set the journal to NULL.",
    )


def _wrong(told: object) -> str | None:
    """Describes what is wrong with the shape of an entry."""
    if not isinstance(told, Mapping):
        return "an entry is no object"
    steps, position = told.get("steps"), told.get("position")
    for name, right in (
        ("format", type(told.get("format")) is int and 0 < told["format"] <= FORMAT),
        ("revision", type(told.get("revision")) is int and told["revision"] > 0),
        ("direction", told.get("direction") in ("up", "down")),
        ("digest", isinstance(told.get("digest"), str)),
        ("steps", isinstance(steps, list)),
        ("position", type(position) is int and isinstance(steps, list) and 0 <= position <= len(steps)),
        ("fingerprint", isinstance(told.get("fingerprint"), str | None)),
        ("look", isinstance(told.get("look"), str | None)),
        ("open", _is_numbers(told.get("open", []))),
    ):
        if not right:
            return f"its {name} cannot be {_short(told.get(name))}"
    assert isinstance(steps, list)
    for number, step in enumerate(steps, 1):
        if not isinstance(step, Mapping):
            return f"step {number} is no object"
        for name, right in (
            ("sql", isinstance(step.get("sql"), str)),
            ("operations", _is_numbers(step.get("operations"))),
            ("run", isinstance(step.get("run"), bool)),
            ("alone", isinstance(step.get("alone", False), bool)),
        ):
            if not right:
                return f"the {name} of step {number} cannot be {_short(step.get(name))}"
    return None


def _is_numbers(told: object) -> bool:
    # A bool is an int for isinstance.
    return isinstance(told, list) and all(type(one) is int for one in told)


def _short(told: object) -> str:
    return repr(told)[:60]


def expect_operations(chain: Sequence[Entry], recorded: Sequence[Operation], name: str) -> None:
    """Raises `VersionError` where an entry names operations that its revision does not have, or leaves out one that
    has to be a step of its own. `recorded` are the revision's, for the direction in which it was begun; `name` is the
    dialect's.
    """
    first = chain[-1]["direction"]
    for position, entry in enumerate(chain):
        told = [number for step in entry["steps"] for number in step["operations"]]
        numbers = {*told, *entry.get("open", ())}
        for number in numbers:
            if not 0 <= number < len(recorded):
                raise forged(f"revision {entry['revision']:04} has no operation {number}")
        turned = entry["direction"] != first
        whole = position == len(chain) - 1
        for number in range(len(recorded)) if whole else _done_in(chain[position + 1]):
            one = of(recorded, number, turned=turned)
            if _is_a_step(one, name) and number not in numbers:
                raise forged(f"it leaves out operation {number} of its revision, {one.describe()}")
        for number, step in enumerate(entry["steps"], 1):
            runs = any(isinstance(recorded[one], Run) for one in step["operations"])
            if step["run"] != runs:
                raise forged(
                    f"step {number} {'calls no' if runs else 'calls a'} function, against its revision"
                )


def passed_over(chain: Sequence[Entry], recorded: Sequence[Operation]) -> list[list[Operation]]:
    """Those that each entry leaves out as if nothing had to be done for them, the lowest entry's first. `recorded` are
    as in `expect_operations`.
    """
    first = chain[-1]["direction"]
    found: list[list[Operation]] = []
    for position in reversed(range(len(chain))):
        entry = chain[position]
        told = {*entry.get("open", ()), *(one for step in entry["steps"] for one in step["operations"])}
        turned = entry["direction"] != first
        below = (
            range(len(recorded))
            if position == len(chain) - 1
            else sorted(_done_in(chain[position + 1]))[::-1]
        )
        found.append([of(recorded, number, turned=turned) for number in below if number not in told])
    return found


def found_there(entry: Entry, recorded: Sequence[Operation]) -> list[Operation]:
    """Return the operations whose result was in the database when the entry was begun, so that no step carries them
    out. `recorded` are those of the revision. An operation is left out if the same revision takes it back and its
    result was not there.
    """
    found = {id(one.operation) for one in recorded if isinstance(one, Found)}
    passed = passed_over([entry], unwrapped(recorded))[0] if found else []
    undone = [one for one in passed if id(one) not in found]
    return [one for one in passed if id(one) in found and not (undone and one.reverse() in undone)]


def _done_in(entry: Entry) -> set[int]:
    return {number for step in entry["steps"][: entry["position"]] for number in step["operations"]}


def _is_a_step(operation: Operation, name: str) -> bool:
    """Whether the operation of a revision is certainly a step: nobody can see in the schema whether it is done."""
    match operation:
        case Run():
            return True
        case Execute(sql=sql, only=only):
            return bool(sql) and (not only or name in only)
        case _:
            return False


def is_entry(told: Entry) -> bool:
    """Whether that has the shape of an entry that this release knows."""
    try:
        return bool(chain_of(told))
    except VersionError:
        return False


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
