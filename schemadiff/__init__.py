"""Says how a live database differs from its SQLAlchemy models, writes the difference down, carries it out.

The commands as functions: `plan`, `apply`, `rollback`, `check`, `status`. They take a URL, an Engine or a Connection,
return values, and never print, prompt or exit.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

__all__ = [
    "Difference",
    "Done",
    "Drift",
    "Outcome",
    "Planned",
    "SchemadiffError",
    "Status",
    "__version__",
    "apply",
    "check",
    "diff",
    "plan",
    "rollback",
    "status",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemadiff.commands.diff import Difference, diff
    from schemadiff.commands.results import Done, Drift, Outcome, Planned
    from schemadiff.commands.workflow import apply, check, plan, rollback, status
    from schemadiff.errors import SchemadiffError
    from schemadiff.execute.status import Status


_HOMES = {
    "SchemadiffError": "errors",
    "Status": "execute.status",
    **dict.fromkeys(("Difference", "diff"), "commands.diff"),
    **dict.fromkeys(("Done", "Drift", "Outcome", "Planned"), "commands.results"),
    **dict.fromkeys(("apply", "check", "plan", "rollback", "status"), "commands.workflow"),
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `schemadiff --help` must not load SQLAlchemy.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"schemadiff.{_HOMES[name]}"), name)
