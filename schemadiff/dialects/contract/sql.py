"""Operations -> SQL text. Pure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from schemadiff.dialects.contract.product import Product
from schemadiff.dialects.contract.statements import Retraction, Statement
from schemadiff.errors import UnsupportedError
from schemadiff.operations import Operation
from schemadiff.operations.objects import ObjectOperation
from schemadiff.schema import Schema, StoredObject


class Sql(Product):
    """Writes SQL for operations on the live schema that it is handed."""

    @abstractmethod
    def statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        """The SQL of adjacent operations on one table, as few statements as serve.

        `before` is the schema that they start from: the live one where there is a connection, so that what is
        dropped is found under its real name. `later` are the operations of the same plan that come after: what comes
        back need not go as far as what is gone for good. Never handed `Execute`, `Run` or `Found`.
        """

    def after_statements(
        self,
        operations: Sequence[Operation],
        before: Schema,
        after: Schema,
        *,
        later: Sequence[Operation] = (),
    ) -> Schema:
        """`after`, to which the operations lead, with what their `statements` change beyond them."""
        return after

    def undo_partial(self, operations: Sequence[Operation], live: Schema) -> Retraction:
        """How to come back from the middle of operations that take several statements, some of which are done."""
        return Retraction((), (), live)

    def object_statements(
        self, operation: ObjectOperation, was: StoredObject | None, before: Schema
    ) -> tuple[Statement, ...]:
        """The SQL of an operation on a stored object. `was` is the live object of that key, or the one that was
        dropped before in the same plan: what hangs on it and nobody speaks of comes back. `before` is the schema that
        the operation starts from.

        Raises `UnsupportedError` where the product has no such thing.
        """
        raise UnsupportedError(f"{self.name} cannot {operation.describe()}")
