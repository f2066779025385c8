"""What a connection of schemadiff's own was told when it was opened, kept for whoever would ask the same. See each
dialect's `opening`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_ANSWERS = "schemadiff answers"


def keep(dialect: Any, answers: list[Any]) -> None:
    """Keeps the answers with SQLAlchemy's dialect of the engine."""
    vars(dialect)[_ANSWERS] = answers


def answered(connection: Connection) -> list[Any] | None:
    """The answers that the connection was opened with: once, they grow old."""
    found = vars(connection.dialect).pop(_ANSWERS, None)
    return found if isinstance(found, list) else None
