"""Where a database is: its version row, and the revisions that it has and has not. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemadiff.execute.journal import Interrupted
    from schemadiff.revisions.files import Revision


@dataclass(frozen=True, slots=True)
class State:
    """The version row. ``files`` may be shorter than the history up to ``version`` after a run that was killed, or
    longer (see `history.states`); ``None`` leaves what is in the row. ``changed_at`` is in UTC.
    """

    version: int = 0
    digest: str = ""
    files: tuple[str, ...] | None = ()
    journal: Mapping[str, Any] | None = None
    changed_at: datetime.datetime | None = None
    tool: str | None = None


def wrong_column(row: Mapping[Any, object]) -> str | None:
    """The first column of the version row that holds what schemadiff never writes; ``None`` where all are right."""
    version, files = row["version"], row["files"]
    for column, right in (
        ("version", type(version) is int and version >= 0),
        ("digest", isinstance(row["digest"], str)),
        ("files", files is None or (isinstance(files, list) and all(isinstance(one, str) for one in files))),
        ("journal", isinstance(row["journal"], dict | None)),
        ("changed_at", isinstance(row["changed_at"], datetime.datetime | None)),
        ("tool", isinstance(row["tool"], str | None)),
    ):
        if not right:
            return column
    return None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database is. ``version`` is ``None`` when it has no version table. ``at_work`` says who carries out a
    revision just now: then ``interrupted`` is how far it is.
    """

    place: str
    version: int | None
    revisions: tuple[Revision, ...]
    state: State | None = None
    interrupted: Interrupted | None = None
    at_work: str | None = None

    @property
    def pending(self) -> tuple[Revision, ...]:
        """The revisions that the database does not have yet."""
        return self.revisions[self.version or 0 :]
