"""A database schema as frozen values: flat, without parents or back-pointers, compared with ``==``.

Every text in here is in the canonical form of one dialect (see `dialects.contract.dialect`): the form in which the
server itself reports it. What does not decide whether two schemas are the same (the SQLAlchemy type that a column was
declared with, whether a MySQL key was declared as a constraint or as an index) is carried for the writer and left out
of the comparison. ``written`` is the same value before its texts were brought to canonical form, as somebody wrote it:
revision files repeat that, so that a history planned on one database also runs on another. No I/O and no SQLAlchemy
here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

from schemadiff.schema.tables import (
    Column,
    Index,
    Name,
    Table,
)


class _Stored:
    """Base of the stored objects: a `Schema` holds each by its kind and name."""

    __slots__ = ()
    name: Name
    kind: ClassVar[str]

    @property
    def key(self) -> Key:
        """The kind and the name, by which a `Schema` holds the object."""
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
    back, after it was dropped and created again, what hangs on it: grants, comment, triggers; ``of_parts`` are those
    for its columns and indexes, each behind the kind and name of such a part. Only a materialized one has ``indexes``,
    sorted by name, and may not be ``filled`` with rows; ``columns`` are its live ones, by which the server can be asked
    what these mean.
    ``needs`` are the names of what it is made of by the server's catalog, ``None`` where nobody asked.
    ``definer`` is the account, as SQL, in whose name it is carried out (MySQL, MariaDB) where that is to be said, and
    ``unkept`` says in words what it would lose if whoever reads it created it again.
    """

    name: Name
    definition: str
    materialized: bool = False
    options: str = ""
    indexes: tuple[Index, ...] = ()
    columns: tuple[Column, ...] = field(default=(), compare=False, repr=False)
    written: str | None = field(default=None, compare=False, repr=False)
    belongings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    of_parts: tuple[tuple[str, str, str], ...] = field(default=(), compare=False, repr=False)
    filled: bool = field(default=True, compare=False, repr=False)
    needs: frozenset[Name] | None = field(default=None, compare=False, repr=False)
    definer: str | None = field(default=None, compare=False, repr=False)
    unkept: tuple[str, ...] = field(default=(), compare=False, repr=False)
    kind: ClassVar[str] = "view"


RoutineKind = Literal["function", "procedure", "trigger", "event"]


@dataclass(frozen=True, slots=True)
class Routine:
    """A trigger, a function, a procedure or an event: ``definition`` is the server's own CREATE statement.

    ``table`` is the one that a trigger stands on. ``arguments`` are the types by which PostgreSQL tells functions of
    one name apart, in parentheses. ``needs`` is what must be there before it is created, as in `View`; so are
    ``belongings``, ``definer`` and ``unkept``.
    """

    kind: RoutineKind
    name: Name
    definition: str
    table: Name | None = None
    arguments: str = ""
    needs: frozenset[Name] | None = field(default=None, compare=False, repr=False)
    belongings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    definer: str | None = field(default=None, compare=False, repr=False)
    unkept: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def key(self) -> Key:
        """The kind and the name, by which a `Schema` holds the object."""
        return Key(self.kind, self.name, f"{self.table or ''}{self.arguments}")


@dataclass(frozen=True, slots=True)
class Composite(_Stored):
    """A type made of columns (PostgreSQL): each is its name and the words of its type, in their order. ``belongings``
    are as in `View`.
    """

    name: Name
    columns: tuple[tuple[str, str], ...]
    belongings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    kind: ClassVar[str] = "composite"


@dataclass(frozen=True, slots=True)
class Entry:
    """An object that is compared by the SQL that creates it, like an entry of a dump: a policy, an extension, a
    comment, a grant.

    ``name`` is the table or other object that it is or stands on, ``words`` say what it is (``policy p on t``).
    Each statement of ``create`` is undone by the one of ``drop`` in its place; ``alter`` are those that make this of
    another entry of the same key, where that is not dropped and created. ``stage`` says when: ``extension`` before
    all else, ``type`` before tables, ``partition`` after them, ``dependent`` as views do, ``setting`` last of all.
    ``owner`` is the key of what it goes with; ``rows``: with it go rows of data. One that is ``late`` is taken off
    after the tables have changed: an index that is re-created on the way has it again. ``belongings`` are as in `View`.
    """

    name: Name
    words: str
    create: tuple[str, ...]
    drop: tuple[str, ...] = field(compare=False)
    stage: Literal["extension", "type", "partition", "dependent", "setting"] = "setting"
    owner: Key | None = None
    alter: tuple[str, ...] = ()
    rows: bool = False
    late: bool = field(default=False, compare=False)
    belongings: tuple[str, ...] = field(default=(), compare=False, repr=False)
    needs: frozenset[Name] | None = field(default=None, compare=False, repr=False)
    kind: ClassVar[str] = "entry"

    @property
    def key(self) -> Key:
        """The kind, the object it stands on and its words, by which a `Schema` holds it."""
        return Key(self.kind, self.name, self.words)


StoredObject = Namespace | Sequence | Enum | Domain | View | Routine | Composite | Entry
"""Any object of a database that is no table."""


class Key(NamedTuple):
    """The identity of a stored object: two triggers may have one name, on two tables."""

    kind: str
    name: Name
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something that was found and cannot be represented. It is said loudly and by name, never skipped in silence.
    ``kind`` is that of the `StoredObject` as which it is compared where two databases are.
    """

    table: Name
    what: str
    kind: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of a database by name, and its other objects by their keys. Treat the mappings as frozen, too.

    ``enums`` are the enumerated types that the live database holds as objects (PostgreSQL). A schema that was read
    from models has them only in its columns' types, so they do not count in the comparison. ``definitions`` holds
    the server's own text of what must survive a rebuild of the table word for word (SQLite: triggers; PostgreSQL:
    what hangs on a type).
    ``kept`` are tables that the product, or another tool, keeps for itself.
    """

    tables: Mapping[Name, Table] = field(default_factory=dict)
    enums: Mapping[Name, tuple[str, ...]] = field(default_factory=dict, compare=False)
    unsupported: tuple[Unsupported, ...] = field(default=(), compare=False)
    definitions: Mapping[Name, tuple[str, ...]] = field(default_factory=dict, compare=False)
    objects: Mapping[Key, StoredObject] = field(default_factory=dict)
    kept: frozenset[Name] = field(default=frozenset(), compare=False)

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

    def without_kept(self, *known: Schema) -> Schema:
        """This schema without the tables that are kept by somebody else, but for those that one of `known` has."""
        kept = self.kept.difference(*(schema.tables for schema in known))
        tables = {name: table for name, table in self.tables.items() if name not in kept}
        told = tuple(one for one in self.unsupported if one.table not in kept)
        return dataclasses.replace(self, tables=tables, unsupported=told, kept=kept) if self.kept else self

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
