"""Databases of their own, for tests: made, copied and dropped again."""

from __future__ import annotations

from collections.abc import Iterable

from schemadiff.dialects.contract.product import Product
from schemadiff.schema import Name


class Disposable(Product):
    """The statements, as a server takes them that has several databases and copies none of them by itself."""

    def creating_database(self, name: str) -> tuple[str, ...]:
        """Makes an empty database."""
        return (f"CREATE DATABASE {self.quote(name)}",)

    def copying_database(self, template: str, name: str) -> tuple[str, ...] | None:
        """Makes a copy of a database that nobody is connected to. ``None`` where the server has no way to do that: then
        its tables are made one by one, and filled by `copying_rows`.
        """
        return None

    def copying_rows(self, template: str, table: Name, columns: Iterable[str]) -> tuple[str, ...]:
        """Fills a new table with the rows that it has in another database, whatever they refer to."""
        names, quoted = ", ".join(map(self.quote, columns)), self.quote(table.name)
        return (f"INSERT INTO {quoted} ({names}) SELECT {names} FROM {self.quote(template)}.{quoted}",)

    def dropping_database(self, name: str) -> tuple[str, ...]:
        """Drops a database, soon or not at all: a test may have left a transaction open."""
        return (f"DROP DATABASE IF EXISTS {self.quote(name)}",)
