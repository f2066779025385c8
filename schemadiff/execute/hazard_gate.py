"""Whether a run may destroy what its hazards say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from schemadiff.errors import HazardError
from schemadiff.execute import advice
from schemadiff.execute.journal import Direction
from schemadiff.planning.hazards import Hazard

Confirm = Callable[[Sequence[Hazard]], bool]
"""Asked once when hazards are not allowed: whether to go on nevertheless."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Decides whether hazards may pass: the codes that are allowed, else a person."""

    allow: Collection[str]
    confirm: Confirm | None
    dry_run: bool = False

    def expect_allowed(self, hazards: Sequence[Hazard], direction: Direction) -> None:
        if self.dry_run or "all" in self.allow:
            return
        held = [
            hazard for hazard in hazards if hazard.level == "destructive" and hazard.code not in self.allow
        ]
        if not held or (self.confirm and self.confirm(held)):
            return
        codes = " ".join(f"--allow {code}" for code in dict.fromkeys(hazard.code for hazard in held))
        lines = "\n".join(f"  {hazard.code} {hazard.message}" for hazard in held)
        raise HazardError(
            f"nothing was changed, because data would be destroyed:\n{lines}",
            hint=advice.allow(direction, codes),
        )
