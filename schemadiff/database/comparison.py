"""The one way from two schemas to what leads from one to the other: read, filter, ask, align, compare.

A schema is *declared*, by models or by revisions, or it is *live*. Declared ones are in canonical form as far as rules
go; where they still differ, the server is asked what their texts mean, which the live schema decides.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.engine import Connection

from schemadiff.compare import comparer
from schemadiff.compare.align import align
from schemadiff.compare.between_databases import as_in_database
from schemadiff.database.inspector import inspect_for
from schemadiff.database.server_spelling import ask, differences
from schemadiff.dialects import Dialect
from schemadiff.models import filters
from schemadiff.models.filters import Filter
from schemadiff.operations import Operation
from schemadiff.schema import Schema, Unsupported


class Comparison:
    """A database that is asked, and what takes part. ``whole`` is all that the live schema has, ``live`` what takes
    part of it; without them declared schemas alone are compared.
    """

    def __init__(
        self, connection: Connection, dialect: Dialect, chosen: Filter, whole: Schema | None = None
    ) -> None:
        self.connection = connection
        self.dialect = dialect
        self.chosen = chosen
        self.whole = whole or Schema()
        self.live = self.visible(self.whole)
        self._has_live = whole is not None
        self._hidden = filters.hidden_columns(self.whole, chosen)
        self._untold: list[Unsupported] = []

    @classmethod
    def with_live(
        cls,
        connection: Connection,
        dialect: Dialect,
        chosen: Filter,
        *declared: Schema,
        beside: Iterable[str] = (),
        expected: Schema | None = None,
    ) -> Comparison:
        """With the live schema, as far as it is to be compared with those that are declared; see `inspect_for`."""
        whole = inspect_for(connection, dialect, *declared, beside=beside, expected=expected)
        return cls(connection, dialect, chosen, whole)

    def visible(self, schema: Schema) -> Schema:
        """Return the schema without what the filter leaves out."""
        return filters.visible(schema, self.chosen, self.dialect)

    def through(self, moves: Iterable[Operation]) -> Comparison:
        """The comparison in which tables that are renamed are filtered under both names."""
        return Comparison(self.connection, self.dialect, self.chosen.through(moves), self.whole)

    def asked(self, declared: Schema) -> Schema:
        """`declared`, which leads to the live schema or from it, as the server spells it."""
        return self._ask(declared, self.live, self._hidden)

    def drift(self, recorded: Schema) -> tuple[Schema, tuple[Operation, ...]]:
        """Return the recorded schema in the server's spelling, and the operations that lead from it to the live one:
        what was changed by hand.
        """
        asked = self.asked(recorded)
        return asked, comparer.drift(asked, self.live, self.dialect)

    def changes(self, desired: Schema, current: Schema | None = None) -> tuple[Operation, ...]:
        """Return the operations that lead from the live schema to `desired`; `current` replaces the live schema as the
        start.
        """
        start = self.live if current is None else current
        return differences(self.connection, self.dialect, start, desired, self._hidden, self._untold.extend)

    def back(self, declared: Schema) -> tuple[Schema, tuple[Operation, ...]]:
        """Return `declared` with the live names, and the operations that lead from it to the live schema."""
        aligned = align(self.live, self.asked(declared), self.dialect)
        return aligned, comparer.compare(aligned, self.live, self.dialect)

    def between(self, before: Schema, after: Schema) -> tuple[Operation, ...]:
        """The operations that lead from one declared schema to another."""
        operations = comparer.compare(before, after, self.dialect)
        if not operations:
            return ()
        # The rules see a difference: what would the server say?
        pairs = ((before, after), (after, before))
        one, other = (
            self.asked(schema) if self._has_live else self._ask(schema, against, {})
            for schema, against in pairs
        )
        return comparer.compare(one, other, self.dialect)

    def databases(self, before: Schema, after: Schema) -> tuple[Operation, ...]:
        """The operations that lead from one live schema, or an empty one, to that of a database of the same product."""
        said = as_in_database(before, after, self.dialect)
        return comparer.compare(before, said, self.dialect)

    def unsupported(self, *schemas: Schema) -> tuple[Unsupported, ...]:
        """Everything that could not be compared: what the schemas say of themselves, and what the server could not
        tell.
        """
        found = (one for schema in schemas for one in schema.unsupported)
        return tuple(dict.fromkeys((*found, *self._untold)))

    def _ask(self, declared: Schema, against: Schema, hidden: filters.Hidden) -> Schema:
        asked = ask(self.connection, self.dialect, declared, against, hidden)
        self._untold += asked.unsupported
        return asked
