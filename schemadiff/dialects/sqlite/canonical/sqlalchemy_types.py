"""SQLite's column types as SQLAlchemy types. Pure.

SQLite takes any words for a type and keeps them. A SQLAlchemy type is found for those that one of them
compiles to, letter for letter; the others become a `NativeType` of their own words.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect as SQLAlchemyDialect
from sqlalchemy.types import TypeEngine

from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.dialects.sqlite.canonical.expressions import affinity, canonical_type, type_clause
from schemadiff.dialects.sqlite.server.tokens import quote
from schemadiff.schema import Table

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
_SYNONYMS = {
    "INT": "INTEGER",
    "INT4": "INTEGER",
    "INT2": "SMALLINT",
    "INT8": "BIGINT",
    "BOOL": "BOOLEAN",
    "CHARACTER": "CHAR",
    "CHARACTER VARYING": "VARCHAR",
    "CHAR VARYING": "VARCHAR",
    "VARYING CHARACTER": "VARCHAR",
    "NATIONAL CHARACTER": "NCHAR",
    "NATIVE CHARACTER": "NCHAR",
    "NATIONAL CHARACTER VARYING": "NVARCHAR",
    "NCHAR VARYING": "NVARCHAR",
    "DEC": "NUMERIC",
    "DECIMAL": "NUMERIC",
    "DOUBLE PRECISION": "DOUBLE",
    "TIMESTAMP": "DATETIME",
}
"""Names of one type in standard SQL or in other products, which have one affinity here (manual: "Datatypes In SQLite",
section 3.1.1), so that nothing is stored or compared otherwise.
"""
_TYPE = re.compile(r"([A-Z_ ]+?)(?:\((\d+)(?:, (\d+))?\))?")


def settle(current: Table, desired: Table) -> Table:
    """`desired`, its columns' types in the words of `current` where these are other words for the same."""
    if [one.type.sql for one in current.columns] == [one.type.sql for one in desired.columns]:
        return desired
    known = {column.name: column.type for column in current.columns}
    key = desired.primary_key or current.primary_key
    columns = tuple(
        dataclasses.replace(one, type=dataclasses.replace(one.type, sql=known[one.name].sql))
        if one.name in known
        and _are_synonyms(known[one.name].sql, one.type.sql)
        # INTEGER, to the letter, makes a primary key another name of the rowid.
        and not (key and key.columns == (one.name,))
        else one
        for one in desired.columns
    )
    return desired if columns == desired.columns else dataclasses.replace(desired, columns=columns)


def _are_synonyms(one: str, other: str) -> bool:
    return one != other and _standard(one) == _standard(other) and affinity(one) == affinity(other)


def _standard(sql: str) -> str:
    name, parenthesis, rest = sql.partition("(")
    return f"{_SYNONYMS.get(name, name)}{parenthesis}{rest}"


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
