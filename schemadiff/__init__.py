"""Says how a live database differs from its SQLAlchemy models, writes the difference down, carries it out.

The commands as functions: `plan`, `apply`, `rollback`, `check`, `status`. They take a URL, an Engine or a Connection,
return values, and never print, prompt or exit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "Done",
    "Drift",
    "Outcome",
    "Planned",
    "SchemadiffError",
    "Status",
    "__version__",
    "apply",
    "check",
    "plan",
    "rollback",
    "status",
]

if TYPE_CHECKING:
    from schemadiff.errors import SchemadiffError
    from schemadiff.workflow import (
        Done,
        Drift,
        Outcome,
        Planned,
        Status,
        apply,
        check,
        plan,
        rollback,
        status,
    )


def __getattr__(name: str) -> Any:
    # Imported on first use: `schemadiff --help` must not load SQLAlchemy.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "SchemadiffError":
        from schemadiff import errors

        return errors.SchemadiffError
    from schemadiff import workflow

    return getattr(workflow, name)
