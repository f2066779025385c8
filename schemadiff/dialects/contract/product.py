"""Which product it is: its names, its driver, its program for scripts, SQLAlchemy's dialect of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from schemadiff.dialects.contract.connecting import Connecting
from schemadiff.dialects.contract.script import VERSION_TABLE, Client
from schemadiff.dialects.contract.traits import Traits
from schemadiff.schema import Name

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect


class Product(Traits, ABC):
    """One database product, with the facts of one server, or of the newest supported one."""

    connecting: ClassVar[Connecting] = Connecting()
    """How schemadiff connects to it."""

    @property
    @abstractmethod
    def client(self) -> Client:
        """How a script is written that somebody runs by hand."""

    @property
    def option_prefixes(self) -> tuple[str, ...]:
        """The prefixes of the SQLAlchemy keyword arguments that are meant for it (``mysql`` of ``mysql_engine``)."""
        return (self.name,)

    @property
    def model_prefixes(self) -> tuple[str, ...]:
        """Those of them that SQLAlchemy's dialect goes by in ``create_all``."""
        return (self.sqlalchemy.name,)

    @property
    def default_schema(self) -> str | None:
        """The name of the connection's default schema, whose tables are known without it; ``None`` when unknown."""
        return None

    def named(self, name: str, schema: str | None = None) -> Name:
        """The name of a table, or of what stands beside tables, as the server keeps it: without the default schema."""
        return Name(name, None if schema == self.default_schema else schema)

    @property
    def version_schema(self) -> str | None:
        """The schema of the version table where a name without one may lead to another's, of which there are several
        to be looked through; ``None`` elsewhere.
        """
        return None

    @property
    def version_table(self) -> str:
        """The version table's name in SQL."""
        schema = self.version_schema
        return f"{self.quote(schema)}.{VERSION_TABLE}" if schema else VERSION_TABLE

    @property
    @abstractmethod
    def sqlalchemy(self) -> SQLAlchemyDialect:
        """SQLAlchemy's dialect, to compile types and expressions with."""

    def quote(self, identifier: str) -> str:
        """The identifier, quoted."""
        return self.sqlalchemy.identifier_preparer.quote_identifier(identifier)

    def quote_name(self, name: Name) -> str:
        """The name of a table, quoted, with its schema where it has one."""
        quoted = self.quote(name.name)
        return f"{self.quote(name.schema)}.{quoted}" if name.schema else quoted

    def first_rows(self, query: str, count: int) -> str:
        """Return the query with at most so many of its rows."""
        return f"{query} LIMIT {count}"
