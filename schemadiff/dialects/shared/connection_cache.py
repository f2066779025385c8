"""Answers that a connection of schemadiff's own got when it was opened, kept for later questions. See each dialect's
`server.opening`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ANSWERS = "schemadiff answers"

READING_OPTIONS: Mapping[str, object] = {
    "isolation_level": "AUTOCOMMIT",
    "skip_autocommit_rollback": True,
    "pool_reset_on_return": None,
}
"""Options of an engine that only reads, for drivers with which each of SQLAlchemy's changes of isolation level, and
each rollback where there is nothing to roll back, takes a round trip.
"""


def keep(dialect: Any, answers: list[Any], about: str = _ANSWERS) -> None:
    """Keeps the answers with SQLAlchemy's dialect of the engine."""
    vars(dialect)[about] = answers


def answered(connection: Connection, about: str = _ANSWERS) -> list[Any] | None:
    """The answers that the connection was opened with: once, they grow old."""
    found = vars(connection.dialect).pop(about, None)
    return found if isinstance(found, list) else None
