"""Reading a live database, and asking its server about definitions. Besides `run` the only part with I/O; it changes
nothing that lasts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from schemadiff.dialects.contract.fingerprint import Mark
from schemadiff.dialects.contract.product import Product
from schemadiff.operations.objects import STORED_KINDS
from schemadiff.schema import Domain, Name, Schema, StoredObject, Table, Unsupported, View

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Reader(Product):
    """Reads a database. A handful of round trips at any number of tables."""

    @abstractmethod
    def inspect(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        *,
        only: Collection[Name] | None = None,
    ) -> Schema:
        """The canonical tables of the given schemas (``None`` is the connection's default schema), which appear in
        names only where they were asked for by name. A handful of round trips at any number of tables. With `only`,
        no other tables than these: those of them that are there.

        Raises `DatabaseError` when the server refuses.
        """

    def mark(self, connection: Connection) -> Mark | None:
        """By which it can be told whether anything has changed; ``None`` where the server has no such thing at hand."""
        return None

    def unseen(self, connection: Connection, names: Collection[Name]) -> frozenset[Name]:
        """Those of these tables, which `inspect` has not found, that the account may not see: they may be there."""
        return frozenset()

    def taken(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, str]:
        """Those of the names that something other than a table has, each with what that is: ``view``."""
        return {}

    @abstractmethod
    def ask(self, connection: Connection, tables: Sequence[Table]) -> tuple[Table, ...]:
        """The same tables as the server itself would report them had it created them; in the same order, with the
        names and the ``source`` of the given ones. Changes nothing, commits nothing.

        A table that the server will not create for the asking comes back as it was given, the very same value.
        """

    def objects(
        self,
        connection: Connection,
        schemas: Collection[str | None] = (None,),
        kinds: Collection[str] = STORED_KINDS,
    ) -> tuple[StoredObject, ...]:
        """Return the stored objects of these kinds in canonical form: sequences that belong to no column, views,
        triggers and routines, and a `Namespace` for each of the given schemas that exists. Objects that the server or
        an extension made by itself are left out.

        Raises `DatabaseError` when the server refuses.
        """
        return ()

    def uncompared(
        self, connection: Connection, schemas: Collection[str | None] = (None,)
    ) -> tuple[Unsupported, ...]:
        """Return what the schemas, and the database as a whole, hold of kinds that neither `inspect` nor `objects`
        reads.
        """
        return ()

    def schemas(self, connection: Connection) -> tuple[str | None, ...]:
        """All schemas of the database, for `inspect`; ``None`` is the default one."""
        return (None,)

    def same_view(self, connection: Connection, one: View, other: View) -> bool | None:
        """Whether the server takes two definitions of a view, which the rules tell apart, for the same; ``None``
        where it may not be asked. Changes nothing, commits nothing.
        """
        return False

    def same_domain(self, connection: Connection, one: Domain, other: Domain) -> bool | None:
        """Whether the server takes two domains, which the rules tell apart, for the same, as `same_view`."""
        return False

    def settings(self, connection: Connection, statements: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the statements that set a session as revisions are carried out in. A script writes them where, with
        these statements of its own, it may run in another session.
        """
        return ()

    def sizes(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, int]:
        """How many bytes the tables take, as far as that makes a difference to how they are changed."""
        return {}
