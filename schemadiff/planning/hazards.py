"""Hazards: what an operation may destroy or break, reported before it runs. One rule is one function with a stable
code. Pure.

A code never changes its meaning. Facts about the data (how many rows would be lost) are counted at the edge and
handed in as values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemadiff.dialects.shared.label_renames import Relabelling
from schemadiff.dialects.shared.value_loss import Loss
from schemadiff.operations import AlterColumn, DropColumn, DropTable, Operation
from schemadiff.operations.objects import DropObject
from schemadiff.schema import Entry, Name, Sequence, StoredObject
from schemadiff.schema.describe import some

Level = Literal["destructive", "warning"]


@dataclass(frozen=True, slots=True)
class Hazard:
    """``code`` is what ``--allow`` takes; ``message`` says what would happen, ``advice`` what to do instead. `find`
    says which operation it is ``about``.
    """

    code: str
    level: Level
    message: str
    advice: str
    about: Operation | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """How many rows have a value that a change of type alters: ``rows`` of the ``read`` ones, which are all rows of the
    table unless ``more``. Both are ``None`` where the table could not be read.
    """

    loss: Loss
    rows: int | None = None
    read: int | None = None
    more: bool = False

    @property
    def words(self) -> str:
        """A sentence: which values are lost, and where."""
        if self.rows is None:
            return f"{self.loss.words} where a value has such; the rows could not be counted"
        if self.more:
            return f"{self.loss.words} in {self.rows:,} of the first {self.read:,} rows; the others were not read"
        return f"{self.loss.words} in {self.rows:,} of {self.read:,} row{'' if self.read == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class DataFacts:
    """Counted facts of a database: the rows of a table, up to a limit.

    ``rows`` maps a table to its number of rows; one more than ``limit`` means "more than that". A table that was not
    counted is missing. ``broken`` are the objects that an operation leaves without what they speak of, ``held`` those
    for which the server refuses it, ``relabelled`` the labels of enumerated types that it takes while others come,
    ``lost`` what it takes from values, ``renumbered`` what becomes of the rowids of rows, ``forgone`` what it takes
    along and nothing gives back. The operations undo a revision, whose file stays as it is, where they are ``undoing``.
    """

    rows: Mapping[Name, int]
    limit: int = 0
    broken: Mapping[Operation, Collection[StoredObject]] = field(default_factory=dict)
    held: Mapping[Operation, Collection[StoredObject]] = field(default_factory=dict)
    relabelled: Mapping[Operation, Relabelling] = field(default_factory=dict)
    lost: Mapping[Operation, Lost] = field(default_factory=dict)
    renumbered: Mapping[Operation, str] = field(default_factory=dict)
    forgone: Mapping[Operation, str] = field(default_factory=dict)
    undoing: bool = False

    def rows_of(self, table: Name) -> str:
        """The number of rows in words, with a leading space; empty where it was not counted."""
        count = self.rows.get(table)
        if count is None:
            return ""
        if self.limit and count > self.limit:
            return f" with more than {self.limit:,} rows"
        return " with 1 row" if count == 1 else f" with {count:,} rows"


NO_FACTS = DataFacts({})


_KEEP = "Copy what is to be kept elsewhere first, or leave the revision applied."


def drops_table(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD101: the table and all its rows are lost."""
    if isinstance(operation, DropObject) and isinstance(operation.object, Entry) and operation.object.rows:
        gone = operation.object
        return Hazard(
            "SD101",
            "destructive",
            f"drops {gone.words}{facts.rows_of(gone.name)}",
            _KEEP if facts.undoing else "Detach it first and drop it later, when nobody has missed it.",
        )
    if not isinstance(operation, DropTable):
        return None
    name = operation.table.name
    return Hazard(
        "SD101",
        "destructive",
        f"drops table {name}{facts.rows_of(name)}",
        _KEEP
        if facts.undoing
        else "Rename it first and drop it in a later revision, when nobody has missed it.",
    )


def drops_column(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD102: the column and its values are lost."""
    if isinstance(operation, AlterColumn) and operation.after.generated and not operation.before.generated:
        return Hazard(
            "SD102",
            "destructive",
            f"replaces the values of column {operation.table}.{operation.after.name} by computed ones",
            _KEEP
            if facts.undoing
            else "Add the generated column under another name, compare the two, and drop this one in a later revision.",
        )
    if not isinstance(operation, DropColumn) or operation.column.generated:
        return None
    return Hazard(
        "SD102",
        "destructive",
        f"drops column {operation.table}.{operation.column.name} of a table{facts.rows_of(operation.table)}"
        if facts.rows_of(operation.table)
        else f"drops column {operation.table}.{operation.column.name}",
        _KEEP
        if facts.undoing
        else "If it was renamed, say so with --rename; else stop using it first and drop it in a later revision.",
    )


def drops_sequence(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD103: the number that the sequence has come to is lost."""
    if not isinstance(operation, DropObject) or not isinstance(operation.object, Sequence):
        return None
    return Hazard(
        "SD103",
        "destructive",
        f"drops sequence {operation.object.name}, and with it the number that it has come to",
        "Note that number first: a sequence that is created again starts from its first number.",
    )


def breaks(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD406: views, triggers, routines or events speak of what goes, and fail from then on."""
    users = facts.broken.get(operation)
    if not users:
        return None
    return Hazard(
        "SD406",
        "warning",
        f"{operation.describe()}: {_listed(users)} may fail afterwards, with every statement that runs "
        f"{'it' if len(users) == 1 else 'them'}: the text speaks of that name",
        "Change them by hand right after the rollback; a view that the revisions declare moves along."
        if facts.undoing
        else "Change them in the same revision, with op.execute(…); a view that the models declare moves along.",
    )


def is_refused(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD209: the server does not drop what views or triggers use."""
    users = facts.held.get(operation)
    if not users:
        return None
    return Hazard(
        "SD209",
        "warning",
        f"{operation.describe()}: the server refuses that where {_listed(users)} {_uses(users)} it",
        "Drop or change them by hand first, or leave the revision applied; a view that the revisions declare moves "
        "along."
        if facts.undoing
        else "Drop or change them before it in the same revision, with op.execute(…); a view that the models declare "
        "moves along.",
    )


def takes_labels(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD104: labels of an enumerated type go and others come. What has them stands in the way of that."""
    found = facts.relabelled.get(operation)
    if not found:
        return None
    stands = f"a row still has {', '.join(map(repr, found.gone))}"
    if not isinstance(operation, AlterColumn):
        stands = "something uses the type"
    return Hazard(
        "SD104",
        "warning",
        f"{operation.describe()}: the server refuses that where {stands}",
        found.way,
    )


def alters_values(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD105, SD108, SD109: a change of type rounds, cuts or reinterprets values, and the server reports no error."""
    found = facts.lost.get(operation)
    if not found:
        return None
    return Hazard(
        found.loss.code,
        "destructive",
        f"{operation.describe()}: {found.words}",
        _KEEP
        if facts.undoing
        else "A rollback brings the type back, not the values. Add a column of the new type, fill it, compare the two, "
        "and drop this one in a later revision.",
    )


def renumbers(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD407: rows get other rowids, by which others may know them."""
    found = facts.renumbered.get(operation)
    if not found:
        return None
    return Hazard(
        "SD407",
        "warning",
        f"{operation.describe()}: {found}, by which a full-text index or an application may know them",
        "Rebuild afterwards what refers to rows by their rowids: INSERT INTO the index (the index) VALUES ('rebuild').",
    )


def forgoes(operation: Operation, facts: DataFacts) -> Hazard | None:
    """SD408: what was set on something by hand goes with it, and nothing gives it back."""
    found = facts.forgone.get(operation)
    if not found:
        return None
    return Hazard(
        "SD408",
        "warning",
        f"{operation.describe()}: {found}",
        "Set it again by hand right afterwards, or run this as an account that may.",
    )


def _listed(objects: Collection[StoredObject]) -> str:
    return ", ".join(one.words if isinstance(one, Entry) else f"{one.kind} {one.name}" for one in objects)


def _uses(objects: Collection[StoredObject]) -> str:
    return "uses" if len(objects) == 1 else "use"


RULES: tuple[Callable[[Operation, DataFacts], Hazard | None], ...] = (
    drops_table,
    drops_column,
    drops_sequence,
    breaks,
    is_refused,
    takes_labels,
    alters_values,
    renumbers,
    forgoes,
)

CODES = (
    "SD101",
    "SD102",
    "SD103",
    "SD104",
    "SD105",
    "SD108",
    "SD109",
    "SD205",
    "SD209",
    "SD406",
    "SD407",
    "SD408",
    "SD902",
)

BY_NAME = frozenset({"SD902"})
"""Hazards that ``all`` does not allow: each has to be named."""


def held(hazards: Iterable[Hazard], allow: Collection[str]) -> list[Hazard]:
    """Those of the hazards that destroy something and are not allowed: by their code, or as one of ``all``."""
    return [
        one
        for one in hazards
        if one.level == "destructive"
        and one.code not in allow
        and ("all" not in allow or one.code in BY_NAME)
    ]


def goes_below_baseline(number: int, made: Collection[Name]) -> Hazard:
    """SD902: a baseline is rolled back, whose tables may have been there before schemadiff."""
    return Hazard(
        "SD902",
        "destructive",
        f"revision {number:04} is a baseline: what it creates was there before schemadiff where it was recorded, and "
        f"{some(map(str, made)) or 'all of it'} would be dropped",
        "To have schemadiff forget the database and drop nothing: `schemadiff stamp base --force`.",
    )


def find(operation: Operation, facts: DataFacts = NO_FACTS) -> Iterator[Hazard]:
    """The hazards of one operation."""
    for rule in RULES:
        hazard = rule(operation, facts)
        if hazard:
            yield dataclasses.replace(hazard, about=operation)
