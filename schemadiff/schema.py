"""What a database schema is, as frozen values: flat, without parents or back-pointers, compared with ``==``.

Every text in here is in the canonical form of one dialect (see ``dialects/base.py``): the form in which the server
itself reports it. What does not decide whether two schemas are the same (the SQLAlchemy type that a column was
declared with, whether a MySQL key was declared as a constraint or as an index) is carried for the writer and left
out of the comparison. ``written`` is the same value before its texts were brought to canonical form, as somebody
wrote it: revision files repeat that, so that a history planned on one database also runs on another.
No I/O and no SQLAlchemy here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

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


@dataclass(frozen=True, slots=True)
class Column:
    """Everything that a MODIFY of the column must repeat, so that changing one attribute never loses another.

    ``charset`` and ``collation`` are the effective ones (the column's own, else the table's) on dialects that have
    them per column, and ``None`` where the type holds no text or the default stands. ``default`` is SQL text.
    ``visible`` and ``attributes``, what else the server says of the column in its own words, are ``None`` where nobody
    said: SQLAlchemy has no word for them. ``on_conflict`` is what
    SQLite does instead of failing where NOT NULL is violated (``"REPLACE"``), here and in the keys.
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
    written: Column | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PrimaryKey:
    """``include``, ``deferrable`` and ``comment`` are as in `Unique`."""

    columns: tuple[str, ...]
    name: str | None = None
    on_conflict: str | None = None
    include: tuple[str, ...] = ()
    deferrable: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Unique:
    """A UNIQUE constraint, on dialects where that is another thing than a unique index.

    ``deferrable`` is ``None``, ``"DEFERRABLE"`` or ``"DEFERRABLE INITIALLY DEFERRED"``. ``include`` are columns that
    the index behind it only carries along.
    """

    columns: tuple[str, ...]
    name: str | None = None
    deferrable: str | None = None
    nulls_distinct: bool = True
    on_conflict: str | None = None
    include: tuple[str, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``on_delete`` and ``on_update`` are ``None`` for NO ACTION, else upper-case words (``SET NULL``).

    ``not_valid``: the rows that were there when it was added need not have been looked at. Who allows that is
    content with one that holds for all rows, too.
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
    """An exclusion constraint: no two rows for which all of ``operators`` hold, one for each of ``parts``."""

    parts: tuple[Part, ...]
    operators: tuple[str, ...]
    name: str | None = None
    method: str = "gist"
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
class Options:
    """What belongs to a table as a whole. ``extra`` are the dialect's other options, sorted (``("STRICT", "")``).
    ``shown`` are those of them that the server shows otherwise than they are given, as it shows them; empty before it
    was asked.
    """

    comment: str | None = None
    engine: str | None = None
    charset: str | None = None
    collation: str | None = None
    extra: tuple[tuple[str, str], ...] = ()
    written: Options | None = field(default=None, compare=False, repr=False)
    shown: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table. Two tables are equal when their parts are, in whatever order these stand."""

    name: Name
    columns: tuple[Column, ...]
    primary_key: PrimaryKey | None = None
    uniques: tuple[Unique, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    options: Options = Options()
    excludes: tuple[Exclude, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self is other or (
            self.name == other.name
            and self.primary_key == other.primary_key
            and self.options == other.options
            and _same(self.columns, other.columns)
            and _same(self.uniques, other.uniques)
            and _same(self.indexes, other.indexes)
            and _same(self.foreign_keys, other.foreign_keys)
            and _same(self.checks, other.checks)
            and _same(self.excludes, other.excludes)
        )

    def __hash__(self) -> int:
        return hash(self.name)

    def column(self, name: str) -> Column | None:
        """The column of that name, or ``None``."""
        return next((column for column in self.columns if column.name == name), None)

    def constraints(self) -> Iterator[Constraint]:
        """Its primary key, unique and exclusion constraints, checks and foreign keys, in this order."""
        if self.primary_key:
            yield self.primary_key
        yield from self.uniques
        yield from self.excludes
        yield from self.checks
        yield from self.foreign_keys


def without_constraints(table: Table) -> Table:
    """The table with its columns and options only."""
    return Table(table.name, table.columns, options=table.options)


def _same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    # Most often they stand in the same order, and hashing all of them is what takes the time.
    return one == other or (len(one) == len(other) and frozenset(one) == frozenset(other))


class _Stored:
    """What is found in a `Schema` by what it is and by its name."""

    __slots__ = ()
    name: Name
    kind: ClassVar[str]

    @property
    def key(self) -> Key:
        """What it is and its name, by which it is found in a `Schema`."""
        return Key(self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Namespace(_Stored):
    """A schema in the sense of CREATE SCHEMA, which holds tables: ``name.name`` is what it is called."""

    name: Name
    kind: ClassVar[str] = "schema"


@dataclass(frozen=True, slots=True)
class Sequence(_Stored):
    """A sequence that belongs to no column. ``None`` where the server's default stands."""

    name: Name
    type: str | None = None
    start: int | None = None
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cycle: bool = False
    cache: int | None = None
    kind: ClassVar[str] = "sequence"


@dataclass(frozen=True, slots=True)
class Domain(_Stored):
    """A type with a name of its own (PostgreSQL): ``type`` is the one that it restricts, ``checks`` are names, ``None``
    where nobody gave one, and conditions on ``VALUE``; ``not_valid`` names those (the empty text one without a name)
    that older values need not meet. ``names`` are the live names of the checks, in their order. ``written`` is the
    same as somebody wrote it.
    """

    name: Name
    type: str
    collation: str | None = None
    default: str | None = None
    nullable: bool = True
    checks: tuple[tuple[str | None, str], ...] = ()
    not_valid: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=(), compare=False, repr=False)
    written: Domain | None = field(default=None, compare=False, repr=False)
    kind: ClassVar[str] = "domain"


@dataclass(frozen=True, slots=True)
class Enum(_Stored):
    """An enumerated type with a name of its own (PostgreSQL) that no column has: one that columns have is theirs."""

    name: Name
    values: tuple[str, ...]
    kind: ClassVar[str] = "enum"


@dataclass(frozen=True, slots=True)
class View(_Stored):
    """A view: ``definition`` is its SELECT, ``options`` the server's words for how it is carried out, empty where
    nobody said. ``written`` is the SELECT as somebody wrote it; ``belongings`` are the statements that give the view
    back, after it was dropped and created again, what hangs on it: grants, comment, triggers. Only a materialized one
    has ``indexes``, sorted by name; ``columns`` are its live ones, by which the server can be asked what these mean.
    """

    name: Name
    definition: str
    materialized: bool = False
    options: str = ""
    indexes: tuple[Index, ...] = ()
    columns: tuple[Column, ...] = field(default=(), compare=False, repr=False)
    written: str | None = field(default=None, compare=False, repr=False)
    belongings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    kind: ClassVar[str] = "view"


RoutineKind = Literal["function", "procedure", "trigger", "event"]


@dataclass(frozen=True, slots=True)
class Routine:
    """A trigger, a function, a procedure or an event: ``definition`` is the server's own CREATE statement.

    ``table`` is the one that a trigger stands on. ``arguments`` are the types by which PostgreSQL tells functions of
    one name apart, in parentheses.
    """

    kind: RoutineKind
    name: Name
    definition: str
    table: Name | None = None
    arguments: str = ""

    @property
    def key(self) -> Key:
        """What it is and its name, by which it is found in a `Schema`."""
        return Key(self.kind, self.name, f"{self.table or ''}{self.arguments}")


StoredObject = Namespace | Sequence | Enum | Domain | View | Routine
"""What a database holds besides tables."""


class Key(NamedTuple):
    """What identifies a stored object: two triggers may have one name, on two tables."""

    kind: str
    name: Name
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something that was found and cannot be represented. It is said loudly and by name, never skipped in silence."""

    table: Name
    what: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of a database by name, and its other objects by their keys. Treat the mappings as frozen, too.

    ``enums`` are the enumerated types that the live database holds as objects (PostgreSQL). A schema that was read
    from models has them only in its columns' types, so they do not count in the comparison. ``definitions`` holds
    the server's own text of what must survive a rebuild of the table word for word (SQLite: triggers and indexes).
    """

    tables: Mapping[Name, Table] = field(default_factory=dict)
    enums: Mapping[Name, tuple[str, ...]] = field(default_factory=dict, compare=False)
    unsupported: tuple[Unsupported, ...] = field(default=(), compare=False)
    definitions: Mapping[Name, tuple[str, ...]] = field(default_factory=dict, compare=False)
    objects: Mapping[Key, StoredObject] = field(default_factory=dict)

    @property
    def namespaces(self) -> set[str]:
        """The names of the schemas that are there: created ones, and those that tables and other objects are in."""
        names = [*self.tables, *(key.name for key in self.objects)]
        created = {key.name.name for key in self.objects if key.kind == Namespace.kind}
        return created | {name.schema for name in names if name.schema}

    def with_objects(self, objects: Iterable[StoredObject]) -> Schema:
        """This schema with these stored objects and no others."""
        return dataclasses.replace(self, objects={one.key: one for one in objects})

    def with_table(self, table: Table) -> Schema:
        """This schema with the table added, or put in the place of the one of the same name."""
        return dataclasses.replace(self, tables={**self.tables, table.name: table})

    def without_table(self, name: Name) -> Schema:
        """This schema without the table of that name."""
        return dataclasses.replace(
            self, tables={key: table for key, table in self.tables.items() if key != name}
        )

    def indexes_of(self, name: Name) -> tuple[Index, ...] | None:
        """The indexes of the table or view of that name; ``None`` where there is neither."""
        view = self.objects.get(Key(View.kind, name))
        return (
            view.indexes
            if isinstance(view, View)
            else self.tables[name].indexes
            if name in self.tables
            else None
        )

    def with_indexes(self, name: Name, indexes: tuple[Index, ...]) -> Schema:
        """This schema with these indexes of the table or view of that name."""
        key = Key(View.kind, name)
        view = self.objects.get(key)
        if isinstance(view, View):
            changed = dataclasses.replace(
                view, indexes=tuple(sorted(indexes, key=lambda one: one.name or ""))
            )
            return dataclasses.replace(self, objects={**self.objects, key: changed})
        return self.with_table(dataclasses.replace(self.tables[name], indexes=indexes))
