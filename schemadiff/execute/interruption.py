"""How far an interrupted revision is: the journal says which step was about to run, the live schema whether it did.

There are three answers. The parts that the step touches look as before: it is not done. They look as replay expects
after it: it is done. Neither: somebody else has changed just that, nothing may be touched, and it is said what was
found. What else was changed meanwhile does not count, on the same table or elsewhere.

An operation that takes several statements may be done in part. The dialect derives them again from the revision and
from the live schema as it was before them; then it is known what each does, and what is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from schemadiff import __version__
from schemadiff.database.inspector import inspect_for, schemas_of
from schemadiff.database.server_spelling import ask
from schemadiff.dialects import Dialect, Retraction, Statement
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import SchemadiffError, VersionError
from schemadiff.execute import journal, opaque_sql
from schemadiff.execute.journal import Direction, Entry, Interrupted
from schemadiff.execute.status import State
from schemadiff.operations import Execute, Operation
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject, object_key
from schemadiff.planning import footprint, replay
from schemadiff.planning.footprint import Neither, Part
from schemadiff.planning.hazards import NO_FACTS
from schemadiff.planning.live_names import find_drops
from schemadiff.planning.planner import Step, step_of
from schemadiff.planning.written_forms import live_parts
from schemadiff.schema import Key, Name, Schema, StoredObject

Recorded = Callable[[int, Direction], tuple[Schema, Sequence[Operation]]]
"""The schema in which a revision begins in a direction, and its operations in that direction."""


@dataclass(frozen=True, slots=True)
class Footing:
    """One step with the schema before and after it, by replay."""

    effect: tuple[Operation, ...]
    before: Schema
    after: Schema

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that it touches."""
        return footprint.parts_of(self.effect)

    @property
    def schemas(self) -> tuple[str | None, ...]:
        """The schemas of the database that it may touch."""
        return schemas_of(self.before, self.after)

    @property
    def opaque(self) -> str | None:
        """The SQL of which only its author knows what it touches."""
        return next((one.sql for one in self.effect if isinstance(one, Execute) and not one.effect), None)


def footings(steps: Sequence[Step], start: Schema, dialect: Dialect) -> list[Footing]:
    """The footing of each of the steps, which begin with the schema `start`."""
    course = footprint.course(steps, start, dialect)
    return [
        Footing(effect, course[number], course[number + 1])
        for number, effect in enumerate(footprint.effects(steps))
    ]


def fingerprint_of(connection: Connection, dialect: Dialect, footing: Footing) -> str:
    """Return the fingerprint of the live parts that the step touches."""
    if footing.opaque is not None:
        return opaque_sql.fingerprint(footing.opaque, *_everything(connection, dialect, footing))
    return footprint.fingerprint(_look(connection, dialect, footing), footing.before, footing.parts)


def is_done(
    connection: Connection,
    dialect: Dialect,
    footing: Footing,
    fingerprint: str | None,
) -> bool | Neither:
    """Whether the step is done, by what its parts looked like before it: ``None`` where that is not known."""
    if footing.opaque is not None:
        if fingerprint is None or not opaque_sql.is_fingerprint(fingerprint):
            return Neither(("something: it is not known what this SQL touches",), ())
        found = _everything(connection, dialect, footing)
        return opaque_sql.is_done(footing.opaque, fingerprint, *found, dialect)
    live = _look(connection, dialect, footing)
    named = not any(part.unnamed for part in footing.parts)
    if named and fingerprint == footprint.fingerprint(live, footing.before, footing.parts):
        return False
    parts, owners = footing.parts, footprint.owners(footing.parts)
    before, after = (_only(one, owners, footing.parts) for one in (footing.before, footing.after))
    return footprint.standing(
        live,
        (before, ask(connection, dialect, before, live)),
        (after, ask(connection, dialect, after, live)),
        parts,
        dialect,
    )


def _look(connection: Connection, dialect: Dialect, footing: Footing) -> Schema:
    """The live schema as far as the step touches it."""
    owners = footprint.owners(footing.parts)
    live = dialect.inspect(connection, footing.schemas, only=owners) if owners else Schema()
    keys = footprint.objects_of(footing.parts, footing.before, footing.after)
    return live.with_objects(_objects(connection, dialect, footing.schemas, keys)) if keys else live


def _objects(
    connection: Connection, dialect: Dialect, schemas: Collection[str | None], keys: Collection[Key]
) -> list[StoredObject]:
    found = dialect.objects(connection, schemas, {key.kind for key in keys})
    return [one for one in found if one.key in keys]


def _everything(
    connection: Connection, dialect: Dialect, footing: Footing
) -> tuple[Schema, Sequence[StoredObject]]:
    return dialect.inspect(connection, footing.schemas), dialect.objects(connection, footing.schemas)


def _only(schema: Schema, names: Collection[Name], parts: Sequence[Part]) -> Schema:
    tables = {name: table for name, table in schema.tables.items() if name in names}
    keys = footprint.objects_of(parts, schema)
    objects = {key: one for key, one in schema.objects.items() if key in keys}
    return dataclasses.replace(schema, tables=tables, objects=objects)


def interruption(
    connection: Connection, dialect: Dialect, state: State, recorded: Recorded
) -> Interrupted | None:
    """The interrupted revision, or ``None`` when the database is at rest.

    Raises `VersionError` when a later release has begun it, in a way that this one does not know, for an entry that no
    release wrote, and where the live schema shows neither what was there before the step at which it halted nor what
    comes of it.
    """
    entry = state.journal
    if not entry:
        return None
    if type(entry.get("format")) is int and entry["format"] > journal.FORMAT:
        raise VersionError(
            f"a revision was begun by schemadiff {_printable(state.tool)}, and is in the middle: "
            f"schemadiff {__version__} cannot read how far it is",
            hint=f"Install schemadiff {_printable(state.tool)} or newer, and run the command again.",
        )
    if not dialect.client.journals:
        raise journal.forged("here a revision is one transaction, and keeps none")
    chain = journal.chain_of(entry)
    first: Direction = chain[-1]["direction"]
    number = state.version + (first == "up")
    if entry["revision"] != number:
        raise journal.forged(
            f"it speaks of revision {entry['revision']:04}, where the database is at {state.version:04}"
        )
    start, wrapped = recorded(entry["revision"], first)
    operations = journal.unwrapped(wrapped)
    journal.expect_operations(chain, operations, dialect.name)
    origin = footprint.after(journal.found_there(chain[-1], wrapped), start, dialect)
    levels = [journal.loaded(one, operations, turned=one["direction"] != first) for one in chain]
    lower = [some[: one["position"]] for some, one in zip(levels[1:], chain[1:], strict=True)]
    carried = [journal.operations_of(some) for some in reversed(lower)]
    past = [one for some in carried for one in some]
    begins = footprint.after(past, origin, dialect)
    steps, position = levels[0], entry["position"]
    members = _group(steps, position)
    derived = _derived(connection, dialect, steps, members, begins) if members else None
    if derived:
        for place, statement in zip(members, derived.statements, strict=True):
            steps = (
                *steps[:place],
                dataclasses.replace(steps[place], effect=statement.effect),
                *steps[place + 1 :],
            )
    if position < len(steps) and entry["fingerprint"] is not None:
        position += _has_run(connection, dialect, state, entry, steps, begins)
    done = journal.operations_of(steps[:position])
    rest = {id(one) for step in steps[position:] for one in step.operations}
    whole = [one for one in done if id(one) not in rest]
    passed = journal.passed_over(chain, operations)
    claimed = [
        one
        for left, some in zip(passed, [*carried, whole], strict=True)
        for one in (*left, *some)
        # What is for other databases is in no step: a statement to come may have the same effect here.
        if not (isinstance(one, Execute) and one.only and dialect.name not in one.only)
    ]
    _expect_claimed(connection, dialect, entry, start, claimed)
    past += done
    turned = entry["direction"] != first
    return Interrupted(
        entry["revision"],
        entry["direction"],
        entry["digest"],
        steps,
        position,
        entry,
        first,
        tuple(past),
        {number: journal.of(operations, number, turned=turned) for number in entry.get("open", ())},
        begins,
        derived.rest(sum(place < position for place in members)) if derived else None,
        origin,
    )


def _has_run(
    connection: Connection,
    dialect: Dialect,
    state: State,
    entry: Entry,
    steps: Sequence[Step],
    begins: Schema,
) -> bool:
    """Whether the step at which the run halted is done. Raises `VersionError` where the live schema does not tell."""
    position, fingerprint = entry["position"], entry["fingerprint"]
    # One that stands in the entry itself (format 1) is only used where it is the same.
    looks = dialect.client.looks
    look = next((one for name, one in looks.items() if entry.get("look") in (name, one)), None)
    if look is not None:
        now = connection.exec_driver_sql(look, execution_options=VERBATIM).scalar()
        if now == fingerprint:
            return False
    known = None if entry["format"] == 1 or "look" in entry else fingerprint
    footing = footings(steps, begins, dialect)[position]
    found = is_done(connection, dialect, footing, known)
    if isinstance(found, Neither):
        raise neither(entry["revision"], steps, position, found, state.tool)
    return found


def neither(
    revision: int, steps: Sequence[Step], position: int, found: Neither, tool: str | None
) -> VersionError:
    """The error for a step of which nobody can tell whether it is done."""
    step = steps[position]
    lines = [
        f"revision {revision:04} was interrupted at step {position + 1} of {len(steps)}, and what that touches is "
        "neither as before nor as after it: somebody has changed it since",
        *(f"  - {one.describe()}" for one in step.operations),
        "  what is there differs from what was there before it by:",
        *(f"    {line}" for line in found.found),
    ]
    if found.expected:
        lines.append("  and from what it leads to by what is still to be done:")
        lines += [f"    {line}" for line in found.expected]
    hint = (
        "Nothing was changed. Bring just that, by hand, to how it was before the step or to what the step leads to, "
        "and run the command again: it is seen which of them it is."
    )
    if tool and tool != __version__:
        hint += f"\nOr install schemadiff {_printable(tool)}, which began it, and finish it with that."
    return VersionError("\n".join(lines), hint=hint)


def _expect_claimed(
    connection: Connection, dialect: Dialect, entry: Entry, start: Schema, claimed: Sequence[Operation]
) -> None:
    """Raises `VersionError` where the journal calls done what the live schema does not show."""
    parts = footprint.parts_of(claimed)
    if not parts:
        return
    expected = footprint.after(claimed, start, dialect)
    live = _look(connection, dialect, Footing(tuple(claimed), start, expected))
    wrong = footprint.absent(live, expected, parts, dialect)
    if wrong:
        lines = "\n".join(f"  {line}" for line in wrong)
        raise VersionError(
            f"the journal says what is done of revision {entry['revision']:04}, and the database does not show it:\n"
            f"{lines}",
            hint="Nothing was changed. Was it dropped or made by hand, or the journal changed? Bring it back to what "
            "the revision makes of it, and run the command again.",
        )


# operations that take several statements


def _group(steps: Sequence[Step], position: int) -> list[int]:
    """The places of the steps that carry the same operations as the one at which the run halted, where some of them
    come before it and others, or that one, after.
    """
    known = {id(one) for step in steps[:position] for one in step.operations}
    rest = {id(one) for step in steps[position:] for one in step.operations}
    both = known & rest
    if position < len(steps) and not both:
        both = {id(one) for one in steps[position].operations}
    places: set[int] = set()
    while True:
        found = {place for place, step in enumerate(steps) if any(id(one) in both for one in step.operations)}
        if found == places:
            break
        places = found
        both |= {id(one) for place in found for one in steps[place].operations}
    return sorted(places) if len(places) > 1 else []


@dataclass(frozen=True, slots=True)
class _Derived:
    """The statements of operations, and the live schema when all of them are through."""

    statements: tuple[Statement, ...]
    live: Schema

    def rest(self, done: int) -> Retraction | None:
        """Return the statements left when so many are done; ``None`` if all or none are."""
        if not 0 < done < len(self.statements):
            return None
        return Retraction(self.statements[done:], (), self.live)


def _derived(
    connection: Connection, dialect: Dialect, steps: Sequence[Step], places: Sequence[int], begins: Schema
) -> _Derived | None:
    """The statements of the operations of the steps at these places, as they were planned when none of them was done;
    ``None`` where they cannot be told.
    """
    operations = journal.operations_of([steps[place] for place in places])
    before = footprint.after(journal.operations_of(steps[: places[0]]), begins, dialect)
    after = footprint.after(operations, before, dialect)
    live = inspect_for(connection, dialect, before, after)
    asked = ask(connection, dialect, before, live)
    back = dialect.undo_partial(operations, live)
    parts = footprint.parts_of(operations)
    restored = footprint.with_parts(back.live, before, asked, parts)
    if restored is None:
        return None
    restored = footprint.with_keys(restored, before, asked, parts)
    named = find_drops(operations, before, live_parts(before, asked, restored, dialect), dialect)
    try:
        found = _statements(dialect, named, restored, alone=any(steps[place].alone for place in places))
    except SchemadiffError:
        return None
    # What gives an index back what hung on it carries no operation, and is made of what the live index had.
    statements = [one for one in found if one.operations]
    if len(statements) != len(places):
        return None
    own = {id(one): other for one, other in zip(named, operations, strict=True)}
    carried = [
        dataclasses.replace(
            one,
            operations=tuple(own.get(id(each), each) for each in one.operations),
            effect=effect,
            group=None,
        )
        for one, effect in zip(
            statements, footprint.effects([step_of(one, NO_FACTS) for one in statements]), strict=True
        )
    ]
    reached = replay.all_after(named, restored, dialect)
    if not isinstance(named[0], CreateObject | DropObject | ReplaceObject):
        reached = dialect.after_statements(named, restored, reached)
    return _Derived(tuple(carried), reached)


def _statements(
    dialect: Dialect, operations: Sequence[Operation], before: Schema, *, alone: bool
) -> tuple[Statement, ...]:
    first = operations[0]
    if isinstance(first, CreateObject | DropObject | ReplaceObject):
        return dialect.object_statements(first, before.objects.get(object_key(first)), before)
    carry_out = dialect.online_statements if alone else dialect.statements
    return carry_out(tuple(operations), before)


def _printable(text: str | None) -> str:
    """Text from the version row, fit to be read on a terminal."""
    return "".join(one if one.isprintable() else "?" for one in str(text or "of an unknown version"))[:64]
