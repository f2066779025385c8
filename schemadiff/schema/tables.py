"""Tables as frozen values, which are parts of those in `schema.objects`. No I/O and no SQLAlchemy here."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from schemadiff.schema.construction import quickly_made

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine


class Name(NamedTuple):
    """The name of a table, with its schema where it is not the connection's default schema."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def __lt__(self, other: tuple[object, ...]) -> bool:
        # The same name may stand in the default schema, which is None, and in another one.
        return isinstance(other, Name) and (self.name, self.schema or "") < (other.name, other.schema or "")


@quickly_made
@dataclass(frozen=True, slots=True)
class Type:
    """A column's type. ``sql`` is the canonical native text (``varchar(15)``, ``int unsigned``).

    ``values`` are the members of an enumerated type that the database keeps as an object with a name (PostgreSQL),
    where ``sql`` is only that name. ``source`` is the SQLAlchemy type it was declared with, for the writer.
    """

    sql: str
    values: tuple[str, ...] | None = None
    source: TypeEngine[object] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated column's expression, and whether its values are stored or computed when read."""

    expression: str
    stored: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """``GENERATED … AS IDENTITY``; the options of its sequence, ``None`` where the server's default stands."""

    always: bool = False
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cycle: bool = False
    cache: int | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class Column:
    """Everything that a MODIFY of the column must repeat, so that changing one attribute never loses another.

    ``charset`` and ``collation`` are the effective ones (the column's own, else the table's) on dialects that have
    them per column, and ``None`` where the type holds no text or the default stands. ``default`` is SQL text.
    ``visible`` and ``attributes``, what else the server says of the column in its own words, are ``None`` where nobody
    said: SQLAlchemy has no word for them. ``on_conflict`` is what
    SQLite does instead of failing where NOT NULL is violated (``"REPLACE"``), here and in the keys. ``belongings`` are
    statements, as what stands before and behind the table's name in them, that give a live column back what is lost
    with it when it has to be dropped and added: grants, extended statistics. ``kept`` are the
    names of the fields that the models leave to the database: they are no difference, whatever they are there.
    """

    name: str
    type: Type
    nullable: bool = True
    default: str | None = None
    on_update: str | None = None
    generated: Generated | None = None
    identity: Identity | None = None
    autoincrement: bool = False
    charset: str | None = None
    collation: str | None = None
    comment: str | None = None
    visible: bool | None = None
    srid: int | None = None
    attributes: tuple[str, ...] | None = None
    on_conflict: str | None = None
    belongings: tuple[tuple[str, str | None], ...] = field(default=(), compare=False, repr=False)
    written: Column | None = field(default=None, compare=False, repr=False)
    kept: tuple[str, ...] = field(default=(), compare=False, repr=False)


@quickly_made
@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """``include``, ``deferrable``, ``comment`` and ``without_overlaps`` are as in `Unique`. ``parts`` says of each
    column how much of it is indexed, ``None`` for all, and whether it is sorted downwards; empty where nobody said.
    """

    columns: tuple[str, ...]
    name: str | None = None
    on_conflict: str | None = None
    include: tuple[str, ...] = ()
    deferrable: str | None = None
    comment: str | None = None
    without_overlaps: bool = False
    parts: tuple[tuple[int | None, bool], ...] = ()


@quickly_made
@dataclass(frozen=True, slots=True)
class Unique:
    """A UNIQUE constraint, on dialects where that is another thing than a unique index.

    ``deferrable`` is ``None``, ``"DEFERRABLE"`` or ``"DEFERRABLE INITIALLY DEFERRED"``. ``include`` are columns that
    the index behind it only carries along. ``without_overlaps``: the last column is a range, and of equal others no two
    overlap there.
    """

    columns: tuple[str, ...]
    name: str | None = None
    deferrable: str | None = None
    nulls_distinct: bool = True
    on_conflict: str | None = None
    include: tuple[str, ...] = ()
    comment: str | None = None
    without_overlaps: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``on_delete`` and ``on_update`` are ``None`` for NO ACTION, else upper-case words (``SET NULL``).

    ``not_valid``: the rows that were there when it was added need not have been looked at. Who allows that is
    content with one that holds for all rows, too. ``period``: the last column is a range, which those of the target
    have to cover.
    """

    columns: tuple[str, ...]
    target: Name
    target_columns: tuple[str, ...]
    name: str | None = None
    on_delete: str | None = None
    on_update: str | None = None
    deferrable: str | None = None
    match: str | None = None
    written: ForeignKey | None = field(default=None, compare=False, repr=False)
    not_valid: bool = False
    comment: str | None = None
    period: bool = False
    enforced: bool = True


@quickly_made
@dataclass(frozen=True, slots=True)
class Check:
    """``column`` names the column in whose own definition the live CHECK stands (MariaDB): a MODIFY of that column
    has to repeat it, and only a MODIFY can drop it. It does not count in the comparison. ``not_valid`` is as in
    `ForeignKey`; SQLAlchemy has no word for what is not ``inherited`` by child tables.
    """

    expression: str
    name: str | None = None
    enforced: bool = True
    not_valid: bool = False
    inherited: bool = True
    comment: str | None = None
    column: str | None = field(default=None, compare=False)
    written: str | None = field(default=None, compare=False, repr=False)


@quickly_made
@dataclass(frozen=True, slots=True)
class Part:
    """One part of an index: a column or an expression (never both), and how it is sorted.

    ``length`` is the prefix length in characters (bytes for binary types); ``nulls`` is ``None`` where the default
    for the direction stands, else ``"FIRST"`` or ``"LAST"``.
    """

    column: str | None = None
    expression: str | None = None
    descending: bool = False
    length: int | None = None
    collation: str | None = None
    opclass: str | None = None
    nulls: str | None = None


@functools.lru_cache(maxsize=8192)
def plain_parts(columns: tuple[str, ...]) -> tuple[Part, ...]:
    """The parts of an index of whole columns: the very same ones for all indexes of columns of these names, which may
    come as strings of SQLAlchemy's own.
    """
    return tuple([Part(str(column)) for column in columns])


@quickly_made
@dataclass(frozen=True, slots=True)
class Index:
    """``kind`` is ``None``, ``"FULLTEXT"`` or ``"SPATIAL"``; ``method`` is ``None`` for the default (btree).

    ``options`` are storage parameters, sorted. One that is not ``valid`` is what a CREATE INDEX CONCURRENTLY left that
    failed: it is kept up to date and serves no query. On MySQL and MariaDB a UNIQUE constraint *is* a unique index;
    ``constraint`` then says how it was declared, and ``implicit`` that the server made the index by itself for a
    foreign key; neither counts in the comparison.
    """

    parts: tuple[Part, ...]
    name: str | None = None
    unique: bool = False
    kind: str | None = None
    method: str | None = None
    where: str | None = None
    include: tuple[str, ...] = ()
    nulls_distinct: bool = True
    parser: str | None = None
    visible: bool = True
    comment: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    valid: bool = True
    constraint: bool = field(default=False, compare=False)
    implicit: bool = field(default=False, compare=False)
    written: Index | None = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it indexes; expressions are left out."""
        return tuple(part.column for part in self.parts if part.column is not None)


@dataclass(frozen=True, slots=True)
class Exclude:
    """An exclusion constraint: no two rows for which all of ``operators`` hold, one for each of ``parts``. ``method``
    is that of its index; ``None`` for the default of SQLAlchemy's constraint.
    """

    parts: tuple[Part, ...]
    operators: tuple[str, ...]
    name: str | None = None
    method: str | None = None
    where: str | None = None
    deferrable: str | None = None
    comment: str | None = None
    written: Exclude | None = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns among its parts; expressions are left out."""
        return tuple(part.column for part in self.parts if part.column is not None)


Constraint = PrimaryKey | Unique | ForeignKey | Check | Exclude


@dataclass(frozen=True, slots=True)
class Marks:
    """The settings of a live index besides its definition: of the index of that name, or of the one behind the
    constraint of that name. They go with the index, and are given to the one that takes its name. ``clustered``: the
    rows are kept in its order. ``identity``: rows are replicated by it. ``statistics`` are the targets of its
    expressions, each with its position. ``options`` and ``tablespace`` are those of a constraint's index; a plain one
    says them itself.
    """

    name: str
    comment: str | None = None
    clustered: bool = False
    identity: bool = False
    statistics: tuple[tuple[int, int], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a table as a whole. ``extra`` are the dialect's other options, sorted (``("STRICT", "")``).
    ``shown`` are those of them that the server shows otherwise than they are given, as it shows them; empty before it
    was asked. ``managed`` are options of a live table of which nobody speaks (see `managed_elsewhere`): named,
    never compared.
    """

    comment: str | None = None
    engine: str | None = None
    charset: str | None = None
    collation: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    written: Options | None = field(default=None, compare=False, repr=False)
    shown: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)
    managed: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)


@quickly_made
@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table. Two tables are equal when their parts are, in whatever order these stand. ``after`` are tables that have
    to be there before it though no foreign key says so; they do not count in the comparison, nor do the ``marks``
    of its live indexes.
    """

    name: Name
    columns: tuple[Column, ...]
    primary_key: PrimaryKey | None = None
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    options: Options = Options()
    excludes: tuple[Exclude, ...] = ()
    after: tuple[Name, ...] = ()
    marks: tuple[Marks, ...] = field(default=(), repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self is other or (
            self.name == other.name
            and self.primary_key == other.primary_key
            and self.options == other.options
            # The columns last: they are many, and the others differ more often.
            and _same(self.uniques, other.uniques)
            and _same(self.indexes, other.indexes)
            and _same(self.foreign_keys, other.foreign_keys)
            and _same(self.checks, other.checks)
            and _same(self.excludes, other.excludes)
            and (same_columns(self.columns, other.columns) or _same(self.columns, other.columns))
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def column(self, name: str) -> Column | None:
        """The column of that name, or ``None``."""
        return next((column for column in self.columns if column.name == name), None)

    def marks_of(self, name: str | None) -> Marks | None:
        """Return the settings of the live index of that name besides its definition, or ``None``."""
        return next((one for one in self.marks if one.name == name), None)

    def constraints(self) -> Iterator[Constraint]:
        """Its primary key, unique and exclusion constraints, checks and foreign keys, in this order."""
        if self.primary_key:
            yield self.primary_key
        yield from self.uniques
        yield from self.excludes
        yield from self.checks
        yield from self.foreign_keys


LISTS: Mapping[type, str] = {
    Unique: "uniques",
    ForeignKey: "foreign_keys",
    Check: "checks",
    Exclude: "excludes",
    Index: "indexes",
}
"""Where a table keeps what it may have several of, by what that is."""


def without_constraints(table: Table) -> Table:
    """The table with its columns and options only."""
    return Table(table.name, table.columns, options=table.options)


def same_columns(one: tuple[Column, ...], other: tuple[Column, ...]) -> bool:
    """Whether both are the same columns in the same order. Of a thousand tables' columns most are the very same few
    values, so the answer is remembered by pairs of these.
    """
    if len(one) != len(other):
        return False
    for pair in zip(one, other, strict=True):
        key = (id(pair[0]), id(pair[1]))
        if key in _EQUAL:
            continue
        if pair[0] != pair[1]:
            return False
        if len(_EQUAL) >= _MOST_EQUAL:
            _EQUAL.clear()
        _EQUAL[key] = pair
    return True


_EQUAL: dict[tuple[int, int], tuple[Column, Column]] = {}
"""Columns that are equal, by where they are in memory: they are kept here, so that no other ones get there."""

_MOST_EQUAL = 8192


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    # Most often they stand in the same order, and hashing all of them is what takes the time.
    return one == other or (len(one) == len(other) and frozenset(one) == frozenset(other))
