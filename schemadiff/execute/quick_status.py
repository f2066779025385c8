"""Where a database is, as far as a glance at its version row tells; see `version_row`."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from schemadiff.database.url import place_of
from schemadiff.dialects.shared.version_row import Row
from schemadiff.dialects.shared.version_row import glance as read
from schemadiff.execute.status import State, Status, wrong_column
from schemadiff.execute.version_check import verify

if TYPE_CHECKING:
    from schemadiff.revisions.files import Revision


def glance(url: str, history: Sequence[Revision]) -> Status | None:
    """Where the database is; ``None`` where it takes more to tell. Raises what `version_check.verify` raises."""
    found = read(url)
    if found is None:
        return None
    state = None
    if found.row is not None:
        state = _state(found.row)
        if state is None:
            return None
    verify(state or State(), history)
    place = place_of(found.host, found.port, found.database)
    return Status(place, state.version if state else None, tuple(history), state)


def _state(row: Row) -> State | None:
    """The row as a value; ``None`` where it is not just what schemadiff writes."""
    _, version, digest, files, _, changed_at, tool = row
    if isinstance(changed_at, str):  # SQLite has no type for a time
        try:
            changed_at = datetime.datetime.fromisoformat(changed_at)
        except ValueError:
            return None
    columns = ("version", "digest", "files", "journal", "changed_at", "tool")
    if wrong_column(dict(zip(columns, (version, digest, files, None, changed_at, tool), strict=True))):
        return None
    if changed_at is not None and changed_at.tzinfo is not None:
        return None
    return State(version, digest, tuple(files or ()), None, changed_at, tool)
