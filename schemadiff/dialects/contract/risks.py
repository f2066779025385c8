"""Losses that a dialect can predict: what an operation takes along although the server reports no error. Pure; the
defaults predict none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemadiff.dialects.shared.label_renames import Relabelling
from schemadiff.dialects.shared.row_renumbering import Renumbering
from schemadiff.dialects.shared.value_loss import Loss
from schemadiff.operations import Operation
from schemadiff.schema import Column, Schema


class Risks:
    """A part of a `Dialect`."""

    def relabelling(self, operation: Operation) -> Relabelling | None:
        """The labels that an operation takes from an enumerated type for which others come; ``None`` for others."""
        return None

    def losing(self, before: Column, after: Column) -> Loss | None:
        """The loss that values suffer without an error when a column changes so; ``None`` where there is none."""
        return None

    def renumbered(self, operations: Sequence[Operation], live: Schema) -> Mapping[Operation, Renumbering]:
        """The operations after which rows are known by other numbers than before."""
        return {}

    def forgone(self, operations: Sequence[Operation], live: Schema) -> Mapping[Operation, str]:
        """The operations that take along what no model speaks of, and nothing gives back: each with that in words."""
        return {}
