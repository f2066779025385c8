"""Declared types -> effective ones: the type that is stored, the column that a foreign key refers to. Pure."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.sql.elements import ColumnElement, TextClause
from sqlalchemy.types import TypeEngine

from schemadiff.dialects import Dialect


def resolve(declared: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """The type that is stored: variants and TypeDecorators resolved for the dialect, everything else as it is.

    The repr of a variant prints only its base, and a TypeDecorator is application code, which no revision imports.
    """
    for _ in range(20):
        variant = declared._variant_mapping.get(dialect.sqlalchemy.name)
        if variant is not None:
            declared = variant
        elif isinstance(declared, sa.Interval) and not declared.native:
            declared = sa.DateTime()
        elif isinstance(declared, sa.Interval) and (declared.second_precision or declared.day_precision):
            # Its repr shows no precision.
            impl = declared.dialect_impl(dialect.sqlalchemy)
            declared = declared if impl is declared or isinstance(impl, sa.Interval) else impl
            break
        elif isinstance(declared, sa.types.TypeDecorator) and not isinstance(declared, sa.Interval):
            declared = _public(declared.load_dialect_impl(dialect.sqlalchemy))
        else:
            break
    if isinstance(declared, sa.ARRAY) and isinstance(declared.item_type, sa.types.TypeDecorator):
        declared = type(declared)(resolve(declared.item_type, dialect), dimensions=declared.dimensions)
    return declared


class PlainTypes(dict[type, bool]):
    """Which classes of types are plain, for one reading: somebody may write a compiler for a class at any time."""

    def __missing__(self, kind: type) -> bool:
        own = kind.__module__.startswith(("sqlalchemy.sql.sqltypes", "sqlalchemy.dialects."))
        own = own and not issubclass(kind, sa.Enum | sa.ARRAY | sa.Interval | sa.types.TypeDecorator)
        plain = self[kind] = own and not hasattr(kind, "_compiler_dispatcher")
        return plain

    def has(self, kind: TypeEngine[Any]) -> bool:
        """Whether it is a type of SQLAlchemy's own that `resolve` leaves as it is, that is compiled to the same text in
        whatever column it stands, and of which `vars` are all that it says.
        """
        return self[type(kind)] and "_variant_mapping" not in vars(kind)


def sql_writer(dialect: Dialect) -> Callable[[ColumnElement[Any] | TextClause], str]:
    """The compiler that writes an expression in the dialect's SQL, columns without their table. What is text is
    written once.
    """
    write = ddl_compiler(dialect.sqlalchemy).sql_compiler.process
    doubles = dialect.sqlalchemy.identifier_preparer._double_percents
    known: dict[str, str] = {}

    def say(element: ColumnElement[Any] | TextClause) -> str:
        source = element.text if type(element) is TextClause and not element._bindparams else None
        written = None if source is None else known.get(source)
        if written is None:
            written = write(element, include_table=False, literal_binds=True)
            written = written.replace("%%", "%") if doubles else written
            if source is not None:
                known[source] = written
        return written

    return say


def _public(stored: TypeEngine[Any]) -> TypeEngine[Any]:
    """A type that can be imported in the place of one that a driver keeps for itself: ``type_descriptor`` hands these
    out, and no revision could name them.
    """
    kind = type(stored)
    if not kind.__module__.startswith("sqlalchemy.dialects."):
        return stored
    home = sys.modules[".".join(kind.__module__.split(".")[:3])]
    if getattr(home, kind.__name__, None) is kind:
        return stored
    # The visit name is what the compiler goes by.
    bases = [base for base in kind.__mro__ if getattr(base, "__visit_name__", "") == kind.__visit_name__]
    named = (base for module in (sa, home) for base in bases if getattr(module, base.__name__, None) is base)
    return stored.adapt(next(named))


def target(element: sa.ForeignKey) -> tuple[str | None, str, str]:
    """The schema, the table and the column that the foreign key refers to, which need not be declared."""
    try:
        column = element.column
    except (exc.NoReferencedTableError, exc.NoReferencedColumnError):
        *schema, table, name = element.target_fullname.split(".")
        return ".".join(schema) or None, table, name
    return column.table.schema, column.table.name, column.name


def action(words: str | None) -> str | None:
    """A foreign key's action, in capitals; names of columns behind it (``SET NULL (a)``) as they are."""
    if not words:
        return None
    verb, parenthesis, columns = words.partition("(")
    return f"{verb.upper()}{parenthesis}{columns}"


@functools.lru_cache(maxsize=8)
def ddl_compiler(dialect: sa.Dialect) -> DDLCompiler:
    """The compiler that writes DDL for the dialect."""
    return dialect.ddl_compiler(dialect, cast(Any, None))


def deferrable(constraint: sa.Constraint) -> str | None:
    """DEFERRABLE and what follows, in capitals; ``None`` where it is not."""
    initially = (constraint.initially or "").upper()
    if initially == "DEFERRED":
        return "DEFERRABLE INITIALLY DEFERRED"
    return "DEFERRABLE" if constraint.deferrable else None
