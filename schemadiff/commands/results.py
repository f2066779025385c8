"""The values that commands return. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from schemadiff.execute.executor import Task
from schemadiff.execute.journal import Direction, Interrupted
from schemadiff.models.filters import NOTHING_IGNORED, Ignored
from schemadiff.models.on_disk import File
from schemadiff.operations import Found, Operation
from schemadiff.planning.hazards import Hazard
from schemadiff.planning.planner import Plan
from schemadiff.revisions.alembic_history import AlembicRevision
from schemadiff.revisions.files import Revision
from schemadiff.schema import Name, Unsupported


@dataclass(frozen=True, slots=True)
class Planned:
    """The result of `plan`. ``path`` is the revision file that it wrote, ``None`` when it wrote none."""

    plan: Plan
    message: str
    number: int
    text: str
    path: Path | None = None
    unsupported: tuple[Unsupported, ...] = ()
    ignored: Ignored = NOTHING_IGNORED

    @property
    def found(self) -> tuple[Operation, ...]:
        """Changes that were made in the database by hand since the last revision."""
        return tuple(one.operation for one in self.plan.operations if isinstance(one, Found))


@dataclass(frozen=True, slots=True)
class Done:
    """A revision that was carried out, or, in a dry run, would be."""

    message: str
    task: Task

    @property
    def revision(self) -> int:
        return self.task.revision

    @property
    def direction(self) -> Direction:
        return self.task.direction

    @property
    def plan(self) -> Plan:
        return self.task.plan


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of `apply` or `rollback`. ``before`` and ``after`` are the database's versions; ``script`` are the
    lines that do it, where `sql` asked for these.
    """

    before: int
    after: int
    done: tuple[Done, ...]
    script: tuple[str, ...] = ()

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """The hazards of all revisions, each once."""
        return tuple(dict.fromkeys(hazard for one in self.done for hazard in one.plan.hazards))


@dataclass(frozen=True, slots=True)
class Shown:
    """One revision, whether the database has it, and its plan: what `apply` would run, or, where that is past, would
    have run on a database that is just as the earlier revisions say.
    """

    revision: Revision
    applied: bool
    plan: Plan


@dataclass(frozen=True, slots=True)
class Stamped:
    """The result of `stamp`. ``before`` is the version that was recorded, ``None`` where there was no version table;
    ``after`` the one that was asked for, and is ``recorded`` where nothing differs from it (``proven``), or by force.
    ``differences`` are what the database has and the revisions up to that one do not say.
    """

    before: int | None
    after: int
    recorded: bool
    proven: bool
    differences: tuple[Operation, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    ignored: Ignored = NOTHING_IGNORED


@dataclass(frozen=True, slots=True)
class Baseline:
    """The result of `baseline`. ``text`` is that of the ``revision``, which was ``written`` now, or before, or not at
    all: where ``differences`` lead from it to the database, nothing is ``recorded``. ``operations`` are those of a
    revision that is new. ``missing`` leads from it to the models, and is ``None`` where nobody named any.

    ``alembic`` are Alembic's revisions that it stands for, the oldest first, and ``alembic_missing`` ids that they name
    and no file has; ``alembic_table`` is ``"left"`` or ``"dropped"`` where there was one.
    """

    revision: Revision
    text: str
    operations: tuple[Operation, ...] = ()
    written: bool = False
    recorded: bool = False
    proven: bool = False
    differences: tuple[Operation, ...] = ()
    missing: tuple[Operation, ...] | None = None
    unsupported: tuple[Unsupported, ...] = ()
    ignored: Ignored = NOTHING_IGNORED
    alembic: tuple[AlembicRevision, ...] = ()
    alembic_missing: tuple[str, ...] = ()
    alembic_table: Literal["left", "dropped"] | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """The result of `check`. All empty: models, revision files and database agree.

    ``missing`` leads from the revision files to the models; ``drifted`` is what was changed in the database and no
    revision says; ``pending`` are the revisions that the database does not have yet. ``at_work`` says who carries out a
    revision just now: then ``interrupted`` is how far it is. ``unrecorded``: there are no revisions and no version
    table, so that the database was compared with the models alone; where these two agree there is no difference, and no
    revision that makes what they have.
    """

    version: int
    missing: tuple[Operation, ...] = ()
    pending: tuple[Revision, ...] = ()
    drifted: tuple[Operation, ...] = ()
    interrupted: Interrupted | None = None
    unsupported: tuple[Unsupported, ...] = ()
    ignored: Ignored = NOTHING_IGNORED
    at_work: str | None = None
    unrecorded: bool = False

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.missing or self.pending or self.drifted or self.interrupted)


@dataclass(frozen=True, slots=True)
class SeenTable:
    """A table of the models, and whether the database has it; ``None`` where none was asked."""

    name: Name
    in_database: bool | None


@dataclass(frozen=True, slots=True)
class SeenModule:
    """A module and the tables that it declares. It has no name for tables that stand in no module under a name."""

    module: str
    path: Path | None
    tables: tuple[SeenTable, ...]


@dataclass(frozen=True, slots=True)
class WithoutModel:
    """A table of the database that no model declares, and what the next `plan` makes of that."""

    name: Name
    because: Literal["dropped", "ignored", "another tool's"]


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of `list_models`. ``without_model`` is ``None`` where no database was asked; ``not_imported`` are the
    files on disk that declare models of which nothing is known.
    """

    modules: tuple[SeenModule, ...]
    without_model: tuple[WithoutModel, ...] | None
    not_imported: tuple[File, ...]


Way = Literal["finish", "undo"]
"""The ways out of a revision of Alembic's that is half-done."""

FindingState = Literal["done", "half", "open", "unsure"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One operation of a revision: ``state`` is how it stands."""

    number: int
    line: int
    words: str
    state: FindingState


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of `doctor`. ``revision`` is Alembic's next one, ``None`` at its head. ``possible`` are the numbers of
    operations that may be done: one where that is certain, none where the database is at no point of the revision.

    ``is_half_done``: something of it has happened, or what is there fits no order of it. SQL and rows with which it
    begins leave no trace, and are no sign of that.

    ``copies`` says what a batch left behind, ``lost`` are the indexes that it had not created again. ``way`` is what
    was asked for, ``plan`` what that takes, ``script`` the lines for somebody to run by hand, and ``mended`` whether it
    was carried out, and proven by reading the database again.
    """

    revision: AlembicRevision | None
    at: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    possible: tuple[int, ...] = ()
    is_half_done: bool = False
    copies: tuple[Operation, ...] = ()
    lost: tuple[str, ...] = ()
    way: Way | None = None
    plan: Plan | None = None
    script: tuple[str, ...] = ()
    mended: bool = False

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """Those of the plan. A copy that a batch left behind holds nothing that its table does not hold."""
        return tuple(one for one in self.plan.hazards if one.about not in self.copies) if self.plan else ()


@dataclass(frozen=True, slots=True)
class Move:
    """A revision file that gets another number."""

    before: Path
    after: Path


@dataclass(frozen=True, slots=True)
class Overlap:
    """The columns, tables and other objects that a revision of mine and one of the others both work on."""

    mine: Path
    other: Path
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Renumbered:
    """The result of `renumber`. ``unfit`` says why a revision cannot stand behind the others as it is; ``upstream`` is
    the branch by which it was told which are mine; ``untold``: without a database nothing is known of overlaps.
    """

    moves: tuple[Move, ...]
    overlaps: tuple[Overlap, ...] = ()
    unfit: str | None = None
    upstream: str | None = None
    untold: bool = False
