"""A script for the product's own client, to be reviewed and run by hand: `diff`, and `apply` and `rollback`, which then
change nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from schemadiff.cli.output.renderer import Renderer
from schemadiff.errors import PendingError, UnsupportedError
from schemadiff.execute import advice
from schemadiff.execute.script import comment

if TYPE_CHECKING:
    from schemadiff.commands.diff import Difference
    from schemadiff.commands.results import Diagnosis, Outcome
    from schemadiff.execute.status import Status


class Format(Renderer):
    """SQL, and comments with all that is to be known beside it."""

    __slots__ = ()
    name: ClassVar[str] = "sql"
    only_shows: ClassVar[bool] = True

    def difference(self, found: Difference) -> str:
        """Raises `UnsupportedError` where only a database would know a name that the SQL needs."""
        if found.unwritten:
            raise UnsupportedError(
                found.unwritten, hint="Give a database in the place of A, or leave --format sql out."
            )
        lines = [f"-- from {comment(found.before)} to {comment(found.after)}"]
        lines += [f"-- {hazard.code} {comment(hazard.message)}" for hazard in found.plan.hazards]
        lines += [f"-- not compared: {comment(str(one))}" for one in found.unsupported]
        return "\n".join([*lines, *(found.script or ["-- no differences"])])

    def preview(self, found: Outcome, place: str) -> str:
        """Raises `UnsupportedError` when a revision calls a function, which no script can do."""
        return "\n".join(found.script)

    def diagnosed(self, found: Diagnosis, place: str) -> str:
        if not (found.is_half_done and found.revision):
            return "-- no upgrade of Alembic's is half-done"
        verb = "finishes" if found.way == "finish" else "undoes"
        lines = [f"-- {verb} Alembic's revision {comment(found.revision.id)} in {comment(place)}"]
        lines += [f"-- {hazard.code} {comment(hazard.message)}" for hazard in found.hazards]
        return "\n".join([*lines, *found.script])

    def halfway(self, found: Status, place: str) -> str:
        """Raises `PendingError`: a script would not know how far the database is by the time it is run."""
        assert found.interrupted
        raise PendingError(
            f"{place} is in the middle of revision {found.interrupted.revision}",
            hint=f"Settle that first: {advice.finish(found.interrupted.direction)}",
        )
