"""SQLite's column types as SQLAlchemy types. Pure.

SQLite takes any words for a type and keeps them. A SQLAlchemy type is found for those that one of them
compiles to, letter for letter; the others become a `NativeType` of their own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect as SQLAlchemyDialect
from sqlalchemy.types import TypeEngine

from schemadiff.dialects.native import NativeType
from schemadiff.dialects.sqlite.expressions import canonical_type, type_clause
from schemadiff.dialects.sqlite.tokens import quote

_KINDS: dict[str, Callable[..., TypeEngine[Any]]] = {
    "INTEGER": sa.Integer,
    "BIGINT": sa.BigInteger,
    "SMALLINT": sa.SmallInteger,
    "NUMERIC": sa.Numeric,
    "DECIMAL": sa.DECIMAL,
    "FLOAT": sa.Float,
    "REAL": sa.REAL,
    "DOUBLE": sa.DOUBLE,
    "DOUBLE PRECISION": sa.DOUBLE_PRECISION,
    "VARCHAR": sa.String,
    "NVARCHAR": sa.NVARCHAR,
    "CHAR": sa.CHAR,
    "NCHAR": sa.NCHAR,
    "TEXT": sa.Text,
    "CLOB": sa.CLOB,
    "BLOB": sa.LargeBinary,
    "BINARY": sa.BINARY,
    "VARBINARY": sa.VARBINARY,
    "BOOLEAN": sa.Boolean,
    "DATE": sa.Date,
    "TIME": sa.Time,
    "DATETIME": sa.DateTime,
    "TIMESTAMP": sa.TIMESTAMP,
    "JSON": sa.JSON,
    "UUID": sa.UUID,
}
_TYPE = re.compile(r"([A-Z_ ]+?)(?:\((\d+)(?:, (\d+))?\))?")


def sqlalchemy_type(sql: str, collation: str | None, dialect: SQLAlchemyDialect) -> TypeEngine[Any]:
    """A SQLAlchemy type that compiles to the canonical type and collation."""
    match = _TYPE.fullmatch(sql)
    kind = _KINDS.get(match[1]) if match else None
    if match and kind:
        arguments = [int(argument) for argument in match.groups()[1:] if argument is not None]
        try:
            found = kind(*arguments, collation=collation) if collation else kind(*arguments)
            if canonical_type(dialect.type_compiler_instance.process(found)) == (sql, collation):
                return found
        except TypeError:
            pass  # more arguments than the SQLAlchemy type takes
    words = type_clause(sql)
    return NativeType(f"{words} COLLATE {quote(collation)}".strip() if collation else words)
