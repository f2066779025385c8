"""A canonical column type -> the SQLAlchemy type that is read back as the same. Pure."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from schemadiff.dialects.mysql.canonical.types import canonical_type, members
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.schema import Column

_TYPE = re.compile(
    r"(?P<name>\w+)(?:\((?P<arguments>.*)\))?(?P<unsigned> unsigned)?(?P<zerofill> zerofill)?", re.DOTALL
)
_GENERIC: dict[str, type[TypeEngine[Any]]] = {
    "smallint": sa.SmallInteger,
    "int": sa.Integer,
    "bigint": sa.BigInteger,
    "float": sa.Float,
    "double": sa.Double,
    "date": sa.Date,
    "datetime": sa.DateTime,
    "timestamp": sa.TIMESTAMP,
    "time": sa.Time,
    "blob": sa.LargeBinary,
    "json": sa.JSON,
}
_INTEGERS: dict[str, Any] = {
    "tinyint": mysql.TINYINT,
    "smallint": mysql.SMALLINT,
    "mediumint": mysql.MEDIUMINT,
    "int": mysql.INTEGER,
    "bigint": mysql.BIGINT,
}
_FRACTIONS: dict[str, Any] = {"decimal": mysql.DECIMAL, "float": mysql.FLOAT, "double": mysql.DOUBLE}
_TEXTS: dict[str, Any] = {
    "tinytext": mysql.TINYTEXT,
    "mediumtext": mysql.MEDIUMTEXT,
    "longtext": mysql.LONGTEXT,
}
_BLOBS: dict[str, Any] = {
    "tinyblob": mysql.TINYBLOB,
    "mediumblob": mysql.MEDIUMBLOB,
    "longblob": mysql.LONGBLOB,
}
_MOMENTS: dict[str, Any] = {"datetime": mysql.DATETIME, "timestamp": mysql.TIMESTAMP, "time": mysql.TIME}


def sqlalchemy_type(column: Column, facts: Facts, *, collated: bool = False) -> TypeEngine[Any]:
    """A type of SQLAlchemy's own where there is one, else `NativeType` with the server's words.

    The collation, which implies the character set, is written where it is not the database's, or `collated`; the
    character set alone where there is no collation.
    """
    match = _TYPE.fullmatch(column.type.sql)
    if match is None:
        return NativeType(column.type.sql)
    name, arguments = match["name"], match["arguments"]
    numbers = [int(number) for number in (arguments or "").split(",") if number.isdigit()]
    words: dict[str, Any] = {}
    if collated or column.collation != facts.collation:
        words = {"collation": column.collation} if column.collation else {"charset": column.charset}
    if name in _INTEGERS:
        return _integer(column.type.sql, name, numbers, match, facts)
    if name in _FRACTIONS:
        return _fraction(name, numbers, match)
    if name in _MOMENTS and numbers:
        moment: TypeEngine[Any] = _MOMENTS[name](fsp=numbers[0])
        return moment
    if name in _GENERIC:
        return _GENERIC[name]()
    return (
        _text(name, arguments, numbers, {key: value for key, value in words.items() if value})
        or _binary(name, numbers, facts)
        or NativeType(column.type.sql)
    )


def _integer(sql: str, name: str, numbers: list[int], match: re.Match[str], facts: Facts) -> TypeEngine[Any]:
    if sql == "tinyint(1)":
        return sa.Boolean()
    if name in _GENERIC and canonical_type(name, "", facts.product) == sql:
        return _GENERIC[name]()
    flags: dict[str, Any] = {}
    if match["zerofill"]:
        flags = {"unsigned": True, "zerofill": True}
    elif match["unsigned"]:
        flags = {"unsigned": True}
    written = f"{name}{match['unsigned'] or ''}{match['zerofill'] or ''}"
    if numbers and canonical_type(written, "", facts.product) != sql:
        flags = {"display_width": numbers[0], **flags}
    integer: TypeEngine[Any] = _INTEGERS[name](**flags)
    return integer


def _fraction(name: str, numbers: list[int], match: re.Match[str]) -> TypeEngine[Any]:
    if match["unsigned"]:
        flags = {"unsigned": True, "zerofill": True} if match["zerofill"] else {"unsigned": True}
        unsigned: TypeEngine[Any] = _FRACTIONS[name](*numbers, **flags)
        return unsigned
    if name == "decimal":
        return sa.Numeric(precision=numbers[0], scale=numbers[1])
    if not numbers:
        return _GENERIC[name]()
    fraction: TypeEngine[Any] = _FRACTIONS[name](*numbers)
    return fraction


def _text(
    name: str, arguments: str | None, numbers: list[int], collated: dict[str, Any]
) -> TypeEngine[Any] | None:
    found: TypeEngine[Any] | None = None
    match name:
        case "varchar":
            found = mysql.VARCHAR(numbers[0], **collated) if collated else sa.String(numbers[0])
        case "char":
            found = mysql.CHAR(numbers[0], **collated) if collated else sa.CHAR(numbers[0])
        case "text":
            found = mysql.TEXT(**collated) if collated else sa.Text()
        case "enum":
            found = (
                mysql.ENUM(*members(arguments or ""), **collated)
                if collated
                else sa.Enum(*members(arguments or ""))
            )
        case "set":
            values = members(arguments or "")
            bitwise: dict[str, Any] = {"retrieve_as_bitwise": True} if "" in values else {}
            found = mysql.SET(*values, **bitwise, **collated)
        case _ if name in _TEXTS:
            found = _TEXTS[name](**collated)
    return found


def _binary(name: str, numbers: list[int], facts: Facts) -> TypeEngine[Any] | None:
    match name:
        case "binary":
            return sa.BINARY(numbers[0])
        case "varbinary":
            return sa.VARBINARY(numbers[0])
        case "bit":
            return mysql.BIT(numbers[0])
        case "year":
            return mysql.YEAR(display_width=2) if numbers == [2] else mysql.YEAR()
        case "uuid":
            return sa.Uuid() if facts.native_uuid else sa.UUID()
        case _ if name in _BLOBS:
            blob: TypeEngine[Any] = _BLOBS[name]()
            return blob
        case _:
            return None
