"""Differences between the products that pure code depends on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from schemadiff.dialects.shared.lacking_features import Feature
from schemadiff.dialects.shared.lexer import Lexer


class Traits:
    """One product among the others."""

    name: ClassVar[str]
    """As SQLAlchemy names it, and as ``only=`` in a revision file does."""

    transactional_ddl: ClassVar[bool]
    """Whether DDL can be rolled back, so that a revision is one transaction."""

    lacks: ClassVar[frozenset[Feature]] = frozenset()
    """The features that the product has not: models that declare one are refused by name."""

    savepoints: ClassVar[bool] = True
    """Whether a transaction has savepoints: one shows that what a user wrote has not ended the transaction."""

    retypes_only_without_foreign_keys: ClassVar[bool] = False
    """Whether a column's type can only be changed while no foreign key joins it to another column."""

    lexer: ClassVar[Lexer] = Lexer()
    """Splits SQL that a user has written into tokens and statements, by the product's rules."""

    one_statement_group_per_table: ClassVar[bool] = False
    """Whether all operations on one table are better carried out together, whatever stands between them: each change
    may cost a rebuild of the table, and no foreign key is checked before the end of the transaction.
    """

    copies_for_foreign_keys: ClassVar[bool] = False
    """Whether a foreign key that is added copies the table, so that it is better added together with other changes."""

    batch_copies: ClassVar[bool] = False
    """Whether Alembic's ``batch_alter_table`` copies the table here for what no ALTER TABLE can do."""

    lifts_views: ClassVar[bool] = True
    """Whether a view or a trigger stands in the way when what it mentions is changed or dropped."""

    counts_constraints: ClassVar[bool] = False
    """Whether foreign keys and CHECKs without a name are named by numbers, in the order in which they come: they are
    dropped in the opposite one, so that a rollback adds them in theirs.
    """

    column_checks: ClassVar[bool] = False
    """Whether a CHECK without a name that stands in a column's definition is another thing than one of the table."""

    defaults_name_columns: ClassVar[bool] = False
    """Whether a column's default may speak of other columns."""

    case_insensitive: ClassVar[tuple[type, ...]] = ()
    """The kinds (`Table`, `Column`) of which no two may have names that differ in capitals alone."""

    makes_names: ClassVar[bool] = True
    """Whether the server names what was given no name, so that a name tells nothing where none was given."""

    shared_names: ClassVar[tuple[type, ...]] = ()
    """The kinds of constraints and indexes whose names are unique in a schema, not only in a table."""

    table_prefixes: ClassVar[frozenset[str]] = frozenset()
    """The words between CREATE and TABLE that are an option of the table, as a key of `Options.extra`."""

    own_table_options: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The table options of schemadiff's own tables, whatever the defaults of the database are: keyword arguments of
    `sa.Table` without their prefix.
    """

    shows_statements: ClassVar[bool] = True
    """Whether others see what a session is carrying out, so that a comment in it says whose it is."""

    named_enums: ClassVar[bool] = False
    """Whether an enumerated type is an object with a name, its members apart from the column (``Type.values``)."""

    stand_alone: ClassVar[tuple[type, ...]] = ()
    """The kinds of operations whose SQL is the same whatever the live database holds: where that is otherwise than was
    expected, the server refuses it.
    """
