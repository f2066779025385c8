"""What every dialect answers: catalog queries, canonical forms, SQL text and locks.

A dialect is a value that holds the facts of one server, or of the newest supported one. Its methods come in four kinds:

- canonical forms, pure: `Dialect.canonical`, `Dialect.settle`;
- reading, the only I/O besides locking: `Dialect.connect`, `Dialect.inspect`, `Dialect.ask`;
- text, pure: `Dialect.statements`, `Dialect.sqlalchemy_type`, `Dialect.quote`;
- carrying out: `Dialect.locked`, `Dialect.transaction`, `Dialect.session`.

**The canonical form.** `Dialect.canonical` is handed tables from two sides and must bring both to one form:

1. from the models, as SQLAlchemy would compile them: ``Type.sql`` is the compiled type (``INTEGER(11) UNSIGNED``,
   ``VARCHAR(20) COLLATE "C"``), defaults, CHECKs and index expressions are the compiled SQL, constraints without a
   name have ``None``, foreign keys' actions are as written, options that were not given are ``None``;
2. from `Dialect.inspect`, as the server reports them.

It is idempotent, and it keeps what does not count in comparisons (``Type.source``, ``written``: use
`dataclasses.replace`). Rules only, no connection: what these cannot settle is left, and `Dialect.ask` settles it.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, cast

from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects.contract.connecting import Connecting
from schemadiff.dialects.contract.fingerprint import Mark
from schemadiff.dialects.contract.risks import Risks
from schemadiff.dialects.contract.script import VERSION_TABLE, Client
from schemadiff.dialects.contract.session import Session
from schemadiff.dialects.contract.statements import Retraction, Statement
from schemadiff.dialects.contract.traits import Traits
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.live_wording import Judging
from schemadiff.dialects.shared.opening import Opening
from schemadiff.dialects.shared.transaction import transaction
from schemadiff.errors import UnsupportedError
from schemadiff.operations import Operation
from schemadiff.operations.objects import STORED_KINDS, ObjectOperation
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Domain,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Schema,
    StoredObject,
    Table,
    Unique,
    Unsupported,
    View,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.engine import Dialect as SQLAlchemyDialect
    from sqlalchemy.types import TypeEngine


class Dialect(Traits, Risks, Judging, ABC):
    """One database product, with the facts of one server."""

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

    @classmethod
    def offline(cls) -> Dialect:
        """The dialect with the facts of the newest supported server, for work without a connection."""
        return cls()

    @classmethod
    def connect(cls, connection: Connection) -> Dialect:
        """The dialect with the facts of the server behind the connection: where it has none, as it is `offline`."""
        return cls.offline()

    @property
    @abstractmethod
    def sqlalchemy(self) -> SQLAlchemyDialect:
        """SQLAlchemy's dialect, to compile types and expressions with."""

    # canonical forms: pure

    @abstractmethod
    def canonical(self, table: Table) -> Table:
        """The table in canonical form; see the module's docstring. Idempotent."""

    def with_implicit(self, live: Table, known: Sequence[Table]) -> Table:
        """The live table, what the server made in it by itself marked ``implicit``: for example the index that MySQL
        makes for a foreign key. What one of the `known` descriptions of the table lists is somebody's own.
        """
        return live

    def with_managed(self, live: Table, known: Sequence[Table]) -> Table:
        """The live table, the options set apart that a DBA has set and no `known` description speaks of."""
        return live

    def under_new_name(self, table: Table, old: Name) -> Table:
        """The table, which was called `old`, with the names that the server gives to its parts for that."""
        return table

    def settle(self, current: Table, desired: Table) -> Table:
        """`desired` with what is ``implicit`` in `current`: no model ever names it."""
        return desired

    def changes_in_place(self, before: Constraint | Index, after: Constraint | Index) -> bool:
        """Whether the server makes `after`, which differs, of `before` where it stands, in its name or otherwise."""
        return False

    def mentions(self, expression: str, column: str) -> bool:
        """Whether the expression may speak of its table's column of that name; true rather than false in doubt."""
        return self.lexer.mentions(expression, column)

    def joined(self, column: Column, key: Sequence[Column]) -> object:
        """What cannot change in a column while a foreign key joins it together with all columns of `key`, where that
        `lifts_foreign_keys`.
        """
        return (column.type, column.charset, column.collation, column.autoincrement)

    def renamed(self, expression: str, before: str, after: str) -> str:
        """The expression after its table's column `before` was renamed."""
        return self.lexer.renamed(expression, before, self.quote(after))

    # reading

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
        """What the schemas hold besides tables, of these kinds, in canonical form: sequences that belong to no column,
        views, triggers and routines, with those of the given schemas that exist as `Namespace`. What the server or
        an extension made by itself is left out.

        Raises `DatabaseError` when the server refuses.
        """
        return ()

    def uncompared(
        self, connection: Connection, schemas: Collection[str | None] = (None,)
    ) -> tuple[Unsupported, ...]:
        """What the schemas, and the database as a whole, hold of kinds that are neither `inspect`'s nor `objects`'."""
        return ()

    def schemas(self, connection: Connection) -> tuple[str | None, ...]:
        """All schemas of the database, for `inspect`; ``None`` is the default one."""
        return (None,)

    def made_up(self, table: Name, thing: Unique | Index | ForeignKey | Check | Exclude) -> bool:
        """Whether the name of the table's constraint or index looks like one that the server gives by itself."""
        return False

    def foretells(self, table: Name, thing: Constraint | Index, schema: Schema) -> bool:
        """Whether the name is sure that the server will have given by itself to a thing of the table, in a schema that
        is not there yet.
        """
        return True

    def replaces(self, before: StoredObject, after: StoredObject) -> bool:
        """Whether one statement puts `after` in the place of `before`, whatever depends on it."""
        return False

    def tracks(self, one: StoredObject) -> bool:
        """Whether the server knows what the view, trigger or routine is made of: it moves along when that is renamed,
        and keeps it from being dropped.
        """
        return False

    def alters_in_place(self, before: StoredObject, after: StoredObject, schema: Schema) -> bool:
        """Whether the sequence or type is altered under what depends on it; else it is made anew, and what depends on
        it in `schema` has to make room.
        """
        return True

    def canonical_object(self, stored: StoredObject) -> StoredObject:
        """The object in canonical form, by rules only. Idempotent."""
        return stored

    def same_view(self, connection: Connection, one: View, other: View) -> bool | None:
        """Whether the server takes two definitions of a view, which the rules tell apart, for the same; ``None``
        where it may not be asked. Changes nothing, commits nothing.
        """
        return False

    def is_domain(self, kind: TypeEngine[Any]) -> bool:
        """Whether a column's type is a domain, or an array of one, known by its name alone."""
        return False

    def has_type(self, column: Column, name: Name) -> bool:
        """Whether the column's type is the enumerated type or domain of that name, or an array of it."""
        return False

    def keeps_texts(self, before: Column, after: Column) -> bool:
        """Whether CHECKs and indexes that speak of a column mean something else when it changes so than they would if
        they were written again.
        """
        return False

    def type_schemas(self, schema: Schema) -> frozenset[str]:
        """The names of the schemas that the enumerated types of columns are in, but for the default one."""
        return frozenset()

    def declared_domain(self, kind: TypeEngine[Any]) -> Domain | None:
        """The domain that a column's type stands for, in canonical form; ``None`` where it is none."""
        return None

    def same_domain(self, connection: Connection, one: Domain, other: Domain) -> bool | None:
        """Whether the server takes two domains, which the rules tell apart, for the same, as `same_view`."""
        return False

    def settings(self, connection: Connection, statements: Sequence[str] = ()) -> tuple[str, ...]:
        """What sets a session as revisions are carried out in, where a script's, with these statements, may be another
        one.
        """
        return ()

    # text: pure

    @abstractmethod
    def sqlalchemy_type(self, column: Column) -> TypeEngine[object]:
        """A SQLAlchemy type that is read back as the column's type, charset and collation; a generic one
        (``sa.String(50)``) where that says the same as the dialect's own.
        """

    def collated_type(self, column: Column) -> TypeEngine[object]:
        """As `sqlalchemy_type`, with the column's collation written out where the type can say it."""
        told = copy.copy(self.sqlalchemy_type(column))
        if getattr(told, "collation", "") is None:
            cast("Any", told).collation = column.collation
        return told

    @abstractmethod
    def statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        """The SQL of adjacent operations on one table, as few statements as serve.

        `before` is the schema that they start from: the live one where there is a connection, so that what is
        dropped is found under its real name. `later` are the operations of the same plan that come after: what comes
        back need not go as far as what is gone for good. Never handed `Execute`, `Run` or `Found`.
        """

    def online_statements(
        self, operations: Sequence[Operation], before: Schema, *, later: Sequence[Operation] = ()
    ) -> tuple[Statement, ...]:
        """As `statements`, for a table that is not small: its readers and writers wait as little as can be."""
        return self.statements(operations, before, later=later)

    def asked_how(
        self, connection: Connection, statements: Sequence[Statement]
    ) -> tuple[tuple[Statement, ...], ...]:
        """For each statement of a plan, in order, those that take its place now that the server was asked how it would
        carry them out: they hold it to its answer, so that it refuses rather than lets others wait. The tables
        themselves stay as they are.
        """
        return tuple((statement,) for statement in statements)

    def next_way(self, sql: str, error: BaseException) -> str | None:
        """A statement that `asked_how` gave, in another way that keeps nobody waiting, where the server refuses this
        one for what could not be seen before; ``None`` where there is none.
        """
        return None

    def refuses_way(self, error: BaseException) -> bool:
        """Whether the server refused a statement because it cannot carry it out in the way that it is held to."""
        return False

    def way_out(self, error: BaseException) -> str | None:
        """What to do where the server refuses a statement for what the models do not declare."""
        return None

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

    def retraction(self, operations: Sequence[Operation], live: Schema) -> Retraction:
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

    def quote(self, identifier: str) -> str:
        """The identifier, quoted."""
        return self.sqlalchemy.identifier_preparer.quote_identifier(identifier)

    def quote_name(self, name: Name) -> str:
        """The name of a table, quoted, with its schema where it has one."""
        quoted = self.quote(name.name)
        return f"{self.quote(name.schema)}.{quoted}" if name.schema else quoted

    # carrying out: the connection is in the driver's autocommit mode

    @abstractmethod
    def locked(
        self,
        connection: Connection,
        wait: float,
        timeout: float = LOCK_TIMEOUT,
        tell: Callable[[str], object] = str,
    ) -> AbstractContextManager[None]:
        """Holds the one lock on this database, for at most one run of schemadiff at a time; what a killed run left
        behind on the server has ended by then. `tell` is told in a sentence whom it waits for.

        Inside, no statement waits longer than `timeout` seconds for a lock on a table.

        Raises `LockedError` when another run still holds it after `wait` seconds.
        """

    def at_work(self, connection: Connection) -> str | None:
        """A sentence on the run of schemadiff, or its statement, that is at work just now; ``None`` if none known."""
        return None

    def sizes(self, connection: Connection, names: Collection[Name]) -> Mapping[Name, int]:
        """How many bytes the tables take, as far as that makes a difference to how they are changed."""
        return {}

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Whether the server gave up a statement because it had waited too long for a lock."""
        return False

    def holders(self, connection: Connection, tables: Collection[Name]) -> tuple[str, ...]:
        """Who holds locks on these tables (on any, where there are none), a sentence each, as far as can be told."""
        return ()

    def unhurried(self, connection: Connection, sql: str) -> AbstractContextManager[None]:
        """Around a statement that runs alone: it may wait for locks as long as it will where it blocks nobody."""
        return nullcontext()

    def clear(
        self, connection: Connection, operations: Sequence[Operation], *, patiently: bool = True
    ) -> None:
        """Takes away what stands in the way of another try to carry these out: what a statement left behind that was
        killed or refused outside of a transaction. Without `patiently` it gives up as other statements do when it
        would have to wait.
        """

    def admit(self, connection: Connection, sql: str) -> None:
        """Sets the session so that it takes the statement. Raises `DatabaseError` where it is too long for any."""

    def as_server_is(self, connection: Connection) -> AbstractContextManager[None]:
        """A session in the server's own mode, for what the user wrote."""
        return nullcontext()

    def transaction(
        self, connection: Connection, ending: Ending | None = None
    ) -> AbstractContextManager[Opening | None]:
        """One transaction: committed at the end, rolled back when an exception leaves it. It ends with the proof that
        nothing broke which the server lets pass, where there is such a thing, and with the statement of the `ending`.
        Where it gives an `Opening`, that says what is to be sent with the next statement.
        """
        return transaction(connection, ending)

    def expect_anything(self, connection: Connection) -> None:
        """Something comes, within a transaction, whose statements may not be seen: a function of a revision file."""

    def session(self, connection: Connection, sql: str, tables: Sequence[Name]) -> Session | None:
        """The session of the connection, on which this statement is about to touch these tables, for another thread to
        watch and to end the statement; ``None`` where that cannot be done. ``sql`` is empty for a function.
        """
        return None
