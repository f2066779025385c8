"""How far a database is in an Alembic revision: which of its effects are seen in the live schema. Pure.

A database may be at a number k of effects where it shows what the first k leave, and what the others ask for. SQL and
rows are not seen: where they stand between two numbers that both fit, only a person knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from schemadiff.alembic import effects as fx
from schemadiff.alembic.effects import Change, Effect, Script
from schemadiff.alembic.facts import Facts, Spelled
from schemadiff.dialects import Dialect
from schemadiff.schema import Schema


@dataclass(frozen=True, slots=True)
class Standing:
    """``possible`` are the numbers of effects that may be done, in order; none where the database is at no point of the
    revision. ``seen`` says of each effect by itself whether it is seen: ``None`` where nothing is to be seen.
    """

    script: Script
    possible: tuple[int, ...]
    seen: tuple[bool | None, ...]

    @property
    def choices(self) -> tuple[int, ...]:
        """The numbers between which the schema does not decide; one alone is certain. Next to each other, with an
        effect between them that is seen, they are one: it holds already, so it is done.
        """
        effects = self.script.effects
        pairs = zip(self.possible, self.possible[1:], strict=False)
        found = [one for one, other in pairs if other > one + 1 or _is_unseen(effects[one].change)]
        return (*found, *self.possible[-1:])

    def operations(self, count: int) -> int:
        """How many whole operations the first effects are."""
        left = {one.operation for one in self.script.effects[count:]}
        return sum(one.number not in left for one in self.script.operations)


def stand(script: Script, live: Schema, dialect: Dialect, spelled: Spelled) -> Standing:
    """Where the database is."""
    seen = {id(one): _is_seen(one.change, live, dialect, spelled) for one in script.effects}
    script = _as_seen(script, seen)
    possible = _fitting(script.effects, *(Facts(live, dialect, spelled) for _ in range(2)))
    if not possible:
        # Somebody may have made by hand what is as it will be, or otherwise than it will be.
        loose = (Facts(live, dialect, spelled, strict=False) for _ in range(2))
        possible = _fitting(script.effects, *loose)
    return Standing(script, possible, tuple(seen[id(one)] for one in script.effects))


def _fitting(effects: Sequence[Effect], past: Facts, coming: Facts) -> tuple[int, ...]:
    count = len(effects)
    fits = [True] * (count + 1)
    for k in range(count + 1):
        fits[k] = past.broken == 0 and not _splits(effects, k)
        if k < count:
            past.after(effects[k].change)
    for k in reversed(range(count + 1)):
        fits[k] = fits[k] and coming.broken == 0
        if k:
            coming.before(effects[k - 1].change)
    return tuple(k for k in range(count + 1) if fits[k])


def _is_seen(change: Change, live: Schema, dialect: Dialect, spelled: Spelled) -> bool | None:
    if _is_unseen(change):
        return None
    facts = Facts(live, dialect, spelled, strict=False)
    facts.after(change)
    return facts.broken == 0


def _as_seen(script: Script, seen: dict[int, bool | None]) -> Script:
    """The script with the indexes and constraints of each operation in an order in which those that are seen come
    first: Alembic takes those of one table or column from a set.
    """
    found: list[Effect] = []
    for (_, is_part), some in groupby(script.effects, lambda one: (one.operation, _is_part(one.change))):
        group = list(some)
        if is_part:
            group.sort(key=lambda one: not seen[id(one)])
        found += group
    return Script(script.operations, tuple(found))


def _is_part(change: Change) -> bool:
    return isinstance(change, fx.MakeIndex | fx.AddConstraint)


def _splits(effects: Sequence[Effect], k: int) -> bool:
    """Whether a copy of a table would be in use by half."""
    if not 0 < k < len(effects):
        return False
    before, after = effects[k - 1].rebuild, effects[k].rebuild
    return before is not None and before == after


def _is_unseen(change: Change) -> bool:
    return isinstance(change, fx.Execute | fx.Insert | fx.Unknown)
