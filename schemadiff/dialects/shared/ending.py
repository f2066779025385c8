"""How a transaction ends: with one more statement, and the COMMIT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Ending:
    """The last statement of a transaction, made when all before it is done. It has to change one row: where it changes
    none, nothing is committed, and ``missing`` is raised. ``count`` counts the rows that there are, for drivers that do
    not say how many have changed.
    """

    sql: Callable[[], str]
    count: str
    missing: Callable[[], Exception]

    def carry_out(self, connection: Connection) -> None:
        """Sends the statement by itself."""
        # MySQL counts changed rows only where PyMySQL is told so; SQLAlchemy asks for matched ones.
        rows = connection.exec_driver_sql(self.sql(), execution_options={"no_parameters": True}).rowcount
        if not connection.dialect.supports_sane_rowcount:
            rows = connection.exec_driver_sql(self.count).scalar_one()
        if rows != 1:
            raise self.missing()
