"""`sa.Column` -> `Column`. Pure.

A thousand tables have few columns that differ in what they say. One that says what another has said, its name included,
is that one's value: so what is made of it later can be remembered, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.sql import functions
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import TypeEngine

from schemadiff.dialects import Dialect
from schemadiff.errors import UnsupportedError
from schemadiff.models.objects import has_sequence, info_of, left_to_database
from schemadiff.models.table_options import arguments_of
from schemadiff.models.types import PlainTypes, ddl_compiler, resolve, sql_writer
from schemadiff.schema import Column, Generated, Identity, Name, Type
from schemadiff.schema.fields import from_words

_SAID = itemgetter(
    *("name", "type", "nullable", "server_default", "comment"),
    *("computed", "identity", "server_onupdate", "default"),
)


class Columns:
    """The columns of the tables of one MetaData. `in_revision`: they stand in a revision file, where any column may be
    autoincremented; in models only the one that SQLAlchemy chooses does, whatever the others say. `prefixes` are those
    of the arguments that are meant.
    """

    def __init__(self, dialect: Dialect, prefixes: tuple[str, ...], *, in_revision: bool = False) -> None:
        self.dialect = dialect
        self.prefixes = prefixes
        self.in_revision = in_revision
        self.say = sql_writer(dialect)
        self.compiler = ddl_compiler(dialect.sqlalchemy)
        self.plain = PlainTypes()
        self.known: dict[tuple[object, ...], Column] = {}
        self.types: dict[tuple[object, ...], Type] = {}

    def read(self, columns: Iterable[sa.Column[Any]], source: sa.Table, table: Name) -> tuple[Column, ...]:
        """These columns of `source`, which is that table, as they are declared."""
        counter, known = source.autoincrement_column, self.known
        found = []
        for column in columns:
            counts = column is counter or (self.in_revision and column.autoincrement is True)
            key = self._key(column, counts)
            try:
                one = None if key is None else known.get(key)
            except TypeError:  # what is said in a list has no hash
                key = one = None
            if one is None:
                one = self._read(column, table, counts)
                if key is not None:
                    known[key] = one
            found.append(one)
        return tuple(found)

    def _key(self, column: sa.Column[Any], counts: bool) -> tuple[object, ...] | None:
        """All that an ordinary column says; ``None`` for one that says more."""
        said = vars(column)
        name, kind, nullable, default, comment, computed, identity, onupdate, own = _SAID(said)
        details = vars(kind)
        if (
            computed is not None
            or identity is not None
            or onupdate is not None
            or (own is not None and isinstance(own, sa.Sequence))
            or said.get("info")
            or said.get("dialect_options")
            or "_variant_mapping" in details
            or not self.plain[type(kind)]
        ):
            return None
        if default is not None:
            default = _default_key(default)
            if default is None:
                return None
        return (name, nullable, default, comment, counts, type(kind), *details.items())

    def _read(self, column: sa.Column[Any], table: Name, counts: bool) -> Column:
        identity = column.identity
        said: dict[str, Any] = {
            "name": column.name,
            "type": self._type(column, table),
            "nullable": bool(column.nullable),
            "default": None
            if identity or column.computed is not None
            else self.compiler.get_column_default_string(column),
            "generated": None
            if column.computed is None
            else Generated(self.say(column.computed.sqltext), bool(column.computed.persisted)),
            "identity": None
            if identity is None
            else Identity(
                bool(identity.always),
                identity.start,
                identity.increment,
                identity.minvalue,
                identity.maxvalue,
                bool(identity.cycle),
                identity.cache,
            ),
            "autoincrement": counts
            and identity is None
            and column.server_default is None
            # SQLAlchemy lets a column of an optional sequence autoincrement, also where it makes the sequence.
            and not (
                isinstance(column.default, sa.Sequence)
                and not column.default.optional
                and has_sequence(column.default, self.dialect)
            ),
            "comment": column.comment,
            "on_conflict": arguments_of(column, self.prefixes).get("on_conflict_not_null"),
            "kept": left_to_database(column),
            **_from_info(column),
        }
        return Column(**said, written=Column(**said))

    def _type(self, column: sa.Column[Any], table: Name) -> Type:
        if not self.plain.has(column.type):
            return self._compiled(column, table)
        key = (type(column.type), *vars(column.type).items())
        try:
            found = self.types.get(key)
        except TypeError:
            return self._compiled(column, table)
        if found is None:
            found = self.types[key] = self._compiled(column, table)
        return found

    def _compiled(self, column: sa.Column[Any], table: Name) -> Type:
        resolved = resolve(column.type, self.dialect)
        compile_type = self.dialect.sqlalchemy.type_compiler_instance.process
        try:
            try:
                text = compile_type(resolved, type_expression=column)
            except exc.UnsupportedCompilationError:
                # A type of another product, in a history or in models that are shared between databases.
                resolved = resolved.as_generic(allow_nulltype=False)
                text = compile_type(resolved, type_expression=column)
        except (exc.CompileError, NotImplementedError) as error:
            raise UnsupportedError(
                f'column "{table}.{column.name}": {self.dialect.name} has no type for {column.type!r} ({error})',
                hint="Give it one with type.with_variant(…).",
            ) from error
        return Type(text, self._enum_values(resolved), cast(TypeEngine[object], resolved))

    def _enum_values(self, resolved: TypeEngine[Any]) -> tuple[str, ...] | None:
        if not self.dialect.named_enums:
            return None
        item = resolved.item_type if isinstance(resolved, sa.ARRAY) else resolved
        if isinstance(item, sa.Enum) and item.native_enum:
            return tuple(item.enums)
        return None


def _from_info(column: sa.Column[Any]) -> dict[str, Any]:
    """Attributes that SQLAlchemy has no word for, from ``info={"schemadiff": {"visible": False, "srid": 4326}}``."""
    return from_words(Column, info_of(column))


def _default_key(default: object) -> tuple[object, ...] | None:
    """All that an ordinary default says; ``None`` for one that says more."""
    argument = default.arg if type(default) is sa.DefaultClause else None
    if isinstance(argument, str):
        return (str, str(argument))
    if type(argument) is TextClause and not argument._bindparams:
        return (TextClause, argument.text)
    if type(argument) is functions.now and not argument.clauses.clauses:
        return (functions.now,)
    return None
