"""A live column, and what ``op.alter_column`` makes of it. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.models.reader import read_column
from schemadiff.schema import Column, Table


def changed(column: Column, table: Table, to: Mapping[str, Any], dialect: Dialect) -> Column:
    """The column with what changes, as `AlterColumn.to` says it. Whatever else it has, it keeps: also what Alembic's
    MODIFY on MySQL would take from it because the file does not repeat it.
    """
    options: dict[str, Any] = {}
    if "nullable" in to:
        options["nullable"] = bool(to["nullable"])
    if to.get("default") is not None:
        options["server_default"] = to["default"]
    if "comment" in to:
        options["comment"] = to["comment"]
    if "autoincrement" in to:
        options["autoincrement"] = bool(to["autoincrement"])
    said = sa.Column(column.name, to.get("type", NativeType(column.type.sql)), **options)
    read = read_column(said, table, dialect)
    new = dataclasses.replace(column, written=None)
    for attribute in to:
        new = dataclasses.replace(new, **{attribute: getattr(read, attribute)})
    if "type" in to and (column.charset is None or read.charset is None):
        # A text stays in its character set, as the column's other attributes stay.
        new = dataclasses.replace(new, charset=read.charset, collation=read.collation)
    return new


def has(column: Column, wanted: Column, attributes: Mapping[str, Any]) -> bool:
    """Whether the column is as wanted in these attributes."""
    return all(getattr(column, one) == getattr(wanted, one) for one in attributes)
