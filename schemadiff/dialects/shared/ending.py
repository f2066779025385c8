"""How a transaction ends: with one more statement, and the COMMIT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.shared.verbatim import VERBATIM

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, CursorResult


@dataclass(frozen=True, slots=True)
class Ending:
    """The last statement of a transaction, made when all before it is done. It has to change one row: where it changes
    none, nothing is committed, and ``missing`` is raised. ``count`` is as in `written`.
    """

    sql: Callable[[], str]
    count: str
    missing: Callable[[], Exception]

    def carry_out(self, connection: Connection) -> None:
        """Sends the statement by itself."""
        result = connection.exec_driver_sql(self.sql(), execution_options=VERBATIM)
        if written(connection, result, self.count) != 1:
            raise self.missing()


def written(connection: Connection, result: CursorResult[Any], count: str) -> int:
    """How many rows a statement has written. ``count`` is SQL that counts the rows that there are, for drivers that do
    not say it.
    """
    # MySQL counts changed rows only where PyMySQL is told so; SQLAlchemy asks for matched ones.
    if connection.dialect.supports_sane_rowcount:
        return result.rowcount
    return int(connection.exec_driver_sql(count).scalar_one())
