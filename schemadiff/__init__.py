"""Says how a live database differs from its SQLAlchemy models, writes the difference down, carries it out.

The commands as functions, the values that they return, and the errors that they raise. They take a URL, an Engine, an
AsyncEngine or a Connection, and never print, prompt or exit. What stands in `__all__` is the public API, beside
`schemadiff.flask` and `schemadiff.testing`; all other modules may change with any release. docs/api.md is made of it.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

__all__ = [
    "AlembicRevision",
    "AmbiguousError",
    "Baseline",
    "ConfigError",
    "DatabaseError",
    "Diagnosis",
    "Difference",
    "DigestError",
    "Done",
    "Drift",
    "Event",
    "Finding",
    "Hazard",
    "HazardError",
    "LockedError",
    "ModelsError",
    "Outcome",
    "PendingError",
    "Plan",
    "Planned",
    "Renumbered",
    "ReplayError",
    "Revision",
    "RevisionError",
    "Running",
    "SchemadiffError",
    "Seen",
    "Shown",
    "Stamped",
    "Status",
    "Step",
    "StepError",
    "StoppedError",
    "UnsupportedError",
    "UntriedServerWarning",
    "UsageError",
    "VersionError",
    "__version__",
    "apply",
    "baseline",
    "check",
    "diff",
    "doctor",
    "list_models",
    "plan",
    "renumber",
    "revision",
    "rollback",
    "show",
    "stamp",
    "status",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from schemadiff.commands.apply import apply, rollback
    from schemadiff.commands.baseline import baseline
    from schemadiff.commands.check import check
    from schemadiff.commands.diff import Difference, diff
    from schemadiff.commands.doctor import doctor
    from schemadiff.commands.models import list_models
    from schemadiff.commands.plan import plan
    from schemadiff.commands.renumber import renumber
    from schemadiff.commands.results import (
        Baseline,
        Diagnosis,
        Done,
        Drift,
        Finding,
        Outcome,
        Planned,
        Renumbered,
        Seen,
        Shown,
        Stamped,
    )
    from schemadiff.commands.revision import revision
    from schemadiff.commands.show import show
    from schemadiff.commands.stamp import stamp
    from schemadiff.commands.status import status
    from schemadiff.errors import (
        AmbiguousError,
        ConfigError,
        DatabaseError,
        DigestError,
        HazardError,
        LockedError,
        ModelsError,
        PendingError,
        ReplayError,
        RevisionError,
        SchemadiffError,
        StepError,
        StoppedError,
        UnsupportedError,
        UntriedServerWarning,
        UsageError,
        VersionError,
    )
    from schemadiff.execute.executor import Event
    from schemadiff.execute.progress import Running
    from schemadiff.execute.status import Status
    from schemadiff.planning.hazards import Hazard
    from schemadiff.planning.planner import Plan, Step
    from schemadiff.revisions.alembic_history import AlembicRevision
    from schemadiff.revisions.files import Revision


_HOMES = {
    name: home
    for home, names in {
        "commands.diff": "Difference diff",
        "commands.doctor": "doctor",
        "commands.models": "list_models",
        "commands.results": "Baseline Diagnosis Done Drift Finding Outcome Planned Renumbered Seen Shown Stamped",
        "commands.apply": "apply rollback",
        "commands.baseline": "baseline",
        "commands.check": "check",
        "commands.plan": "plan",
        "commands.revision": "revision",
        "commands.show": "show",
        "commands.renumber": "renumber",
        "commands.stamp": "stamp",
        "commands.status": "status",
        "errors": "AmbiguousError ConfigError DatabaseError DigestError HazardError LockedError "
        "ModelsError PendingError ReplayError RevisionError SchemadiffError StepError "
        "StoppedError UnsupportedError UntriedServerWarning UsageError VersionError",
        "execute.executor": "Event",
        "execute.progress": "Running",
        "execute.status": "Status",
        "planning.hazards": "Hazard",
        "planning.planner": "Plan Step",
        "revisions.alembic_history": "AlembicRevision",
        "revisions.files": "Revision",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `schemadiff --help` must not load SQLAlchemy.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"schemadiff.{_HOMES[name]}"), name)
