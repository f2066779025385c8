"""How a transaction begins: by itself, or in one round trip with the first statement in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from schemadiff.dialects.shared.verbatim import VERBATIM

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(slots=True)
class Opening:
    """Statements still to be sent before the next one of a transaction. Several statements are one text only for a
    driver that sends them so, and the server ends at the first of them that fails.
    """

    waiting: list[str] = field(default_factory=list)

    def add(self, sql: str) -> None:
        """This is sent with the next statement."""
        self.waiting.append(sql)

    def before(self, sql: str) -> str:
        """The statement, behind what waits for it."""
        text = ";\n".join([*self.waiting, sql])
        self.waiting.clear()
        return text

    def send(self, connection: Connection) -> None:
        """Sends what waits, because something comes that nothing can be put before."""
        if self.waiting:
            sql = self.before(self.waiting.pop())
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
