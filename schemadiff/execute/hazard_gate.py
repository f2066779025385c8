"""Whether a run may destroy what its hazards say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from schemadiff.errors import HazardError
from schemadiff.execute import advice
from schemadiff.execute.journal import Direction
from schemadiff.planning.hazards import BY_NAME, Hazard
from schemadiff.planning.hazards import held as held_of

Confirm = Callable[[Sequence[Hazard]], bool]
"""Asked once when hazards are not allowed: whether to go on nevertheless."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides whether hazards may pass: the codes that are allowed, else a person."""

    allow: Collection[str]
    confirm: Confirm | None
    dry_run: bool = False

    def expect_allowed(self, hazards: Sequence[Hazard], direction: Direction) -> None:
        held = [] if self.dry_run else held_of(hazards, self.allow)
        if not held or (self.confirm and self.confirm(held)):
            return
        codes = " ".join(f"--allow {code}" for code in dict.fromkeys(hazard.code for hazard in held))
        lines = "\n".join(f"  {hazard.code} {hazard.message}" for hazard in held)
        raise HazardError(
            f"nothing was changed, because data would be destroyed:\n{lines}",
            hint="\n".join(
                [*(one.advice for one in held if one.code in BY_NAME), advice.allow(direction, codes)]
            ),
        )
