"""DuckDB's types: in canonical form, as SQLAlchemy types, and what values lose between them. Pure."""

from __future__ import annotations

import re
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.dialects.shared.value_loss import DIGITS, TIME_LOST, Loss
from schemadiff.schema import Column, Type

_NAMES = {
    "BYTEA": "BLOB",
    "DOUBLE PRECISION": "DOUBLE",
    "NUMERIC": "DECIMAL",
    "REAL": "FLOAT",
    "TIME WITHOUT TIME ZONE": "TIME",
    "TIMESTAMP WITHOUT TIME ZONE": "TIMESTAMP",
}
_SHAPE = re.compile(
    r"(?P<name>[A-Z ]+?)(?:\((?P<numbers>\d+(?:, ?\d+)?)\))?(?P<zone> WITH.* TIME ZONE)?(?P<array>(?:\[\])*)"
)

_KINDS: dict[str, Any] = {
    "BIGINT": sa.BigInteger(),
    "BLOB": sa.LargeBinary(),
    "BOOLEAN": sa.Boolean(),
    "DATE": sa.Date(),
    "DOUBLE": sa.Double(),
    "FLOAT": sa.REAL(),
    "INTEGER": sa.Integer(),
    "INTERVAL": sa.Interval(),
    "JSON": sa.JSON(),
    "SMALLINT": sa.SmallInteger(),
    "TIME": sa.Time(),
    "TIMESTAMP": sa.DateTime(),
    "TIMESTAMP WITH TIME ZONE": sa.DateTime(timezone=True),
    "UUID": sa.Uuid(),
}
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


def canonical(kind: Type) -> str:
    """The type in DuckDB's words: it keeps no length of a text, and every decimal has both numbers."""
    source = kind.source
    if isinstance(source, sa.Enum) and source.native_enum:
        members = ", ".join("'" + one.replace("'", "''") + "'" for one in source.enums)
        return f"ENUM({members})"
    found = _SHAPE.fullmatch(kind.sql.upper())
    if found is None:
        return kind.sql
    name, numbers = f"{found['name']}{found['zone'] or ''}", found["numbers"]
    name = _NAMES.get(name, name)
    if name in ("VARCHAR", "CHAR", "TEXT"):
        name, numbers = "VARCHAR", None
    elif name == "DECIMAL":
        digits, _, scale = (numbers or "18,3").replace(" ", "").partition(",")
        numbers = f"{digits},{scale or 0}"
    elif name == "FLOAT" and numbers:
        name, numbers = ("DOUBLE" if int(numbers) > 24 else "FLOAT"), None
    return f"{name}({numbers}){found['array']}" if numbers else f"{name}{found['array']}"


def sqlalchemy_type(column: Column) -> TypeEngine[object]:
    """A SQLAlchemy type that is read back as this one."""
    sql = column.type.sql
    if sql == "VARCHAR":
        return cast("TypeEngine[object]", sa.String(collation=column.collation))
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", sql):
        return cast("TypeEngine[object]", sa.Numeric(int(found[1]), int(found[2])))
    return cast("TypeEngine[object]", _KINDS.get(sql) or NativeType(sql))


def losing(before: Column, after: Column, name: str) -> Loss | None:
    """Return what values lose without an error: whatever does not come back from the new type. ``None``: nothing."""
    old, new = before.type.sql, after.type.sql
    back = f"CAST(CAST({name} AS {new}) AS {old}) IS DISTINCT FROM {name}"
    number = old in {"DOUBLE", "FLOAT"} or old.startswith("DECIMAL")
    if number and (new in {*_WHOLE, "FLOAT"} or new.startswith("DECIMAL")) and old != new:
        return Loss("SD105", DIGITS, back)
    if old.startswith("TIMESTAMP") and new == "DATE":
        return Loss("SD105", TIME_LOST, back)
    return None
