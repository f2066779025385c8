"""The canonical form of tables, columns and other objects.

`Canonical.canonical` is handed tables from two sides and must bring both to one form:

1. from the models, as SQLAlchemy would compile them: ``Type.sql`` is the compiled type (``INTEGER(11) UNSIGNED``,
   ``VARCHAR(20) COLLATE "C"``), defaults, CHECKs and index expressions are the compiled SQL, constraints without a
   name have ``None``, foreign keys' actions are as written, options that were not given are ``None``;
2. from `Reader.inspect`, as the server reports them.

It is idempotent, and it keeps what does not count in comparisons (``Type.source``, ``written``: use
`dataclasses.replace`). Rules only, no connection: what these cannot settle is left, and `Reader.ask` settles it.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from schemadiff.dialects.contract.product import Product
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
)

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine


class Canonical(Product):
    """One form for what models and server say alike. Pure: rules only, no connection."""

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

    def add_generated(self, current: Table, desired: Table) -> Table:
        """`desired` with what is ``implicit`` in `current`: no model ever names it."""
        return desired

    def changes_in_place(self, before: Constraint | Index, after: Constraint | Index) -> bool:
        """Whether the server makes `after`, which differs, of `before` where it stands, in its name or otherwise."""
        return False

    def mentions(self, expression: str, column: str) -> bool:
        """Whether the expression may speak of its table's column of that name; true rather than false in doubt."""
        return self.lexer.mentions(expression, column)

    def joined(self, column: Column, key: Sequence[Column]) -> object:
        """Return the attributes of a column that must stay equal while a foreign key joins it together with all columns
        of `key`. Used where the product `retypes_only_without_foreign_keys`: if the value differs, the key is dropped
        around the change.
        """
        return (column.type, column.charset, column.collation, column.autoincrement)

    def renamed(self, expression: str, before: str, after: str) -> str:
        """The expression after its table's column `before` was renamed."""
        return self.lexer.renamed(expression, before, self.quote(after))

    def is_generated_name(self, table: Name, thing: Unique | Index | ForeignKey | Check | Exclude) -> bool:
        """Whether the name of the table's constraint or index looks like one that the server gives by itself."""
        return False

    def predicts_name(self, table: Name, thing: Constraint | Index, schema: Schema) -> bool:
        """True if the name that the server will generate for this constraint or index can be predicted, in a schema
        that does not exist yet.
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
        """Whether the sequence or type is altered under what depends on it; else it is dropped and created
        again, and so is what depends on it in `schema`.
        """
        return True

    def canonical_object(self, stored: StoredObject) -> StoredObject:
        """The object in canonical form, by rules only. Idempotent."""
        return stored

    def is_domain(self, kind: TypeEngine[Any]) -> bool:
        """Whether a column's type is a domain, or an array of one, known by its name alone."""
        return False

    def has_type(self, column: Column, name: Name) -> bool:
        """Whether the column's type is the enumerated type or domain of that name, or an array of it."""
        return False

    def changes_meaning_of_expressions(self, before: Column, after: Column) -> bool:
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
