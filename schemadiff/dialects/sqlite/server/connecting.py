"""How schemadiff connects to SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemadiff.dialects.contract.connecting import Connecting, is_missing_file

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


class SQLiteConnecting(Connecting):
    """The drivers that SQLAlchemy knows; a database file that is not there is not made by looking at it."""

    def is_missing(self, url: URL) -> bool:
        return is_missing_file(url.database)

    def is_file(self, url: URL) -> bool:
        return True
