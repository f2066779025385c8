"""What pg_catalog says of single columns. Pure."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from schemadiff.dialects.postgresql.canonical import tables
from schemadiff.dialects.postgresql.sql import column_settings
from schemadiff.schema import Column, Identity, Table, Type


@functools.lru_cache(maxsize=4096)
def plain_column(
    name: str, words: str, nullable: bool, default: str | None, comment: str | None, collation: str | None
) -> Column:
    """A column of which nothing else is to be said: many tables have the same ones."""
    return Column(name, Type(words), nullable, default, collation=collation, comment=comment)


def of_serial(row: Any, kind: str) -> tuple[str, ...]:
    """What is to be said of the sequence of a SERIAL."""
    return column_settings.of_sequence(tables.without_defaults(Identity(False, *row[3:]), kind))


def as_shown(table: Table, shown: Table) -> Table:
    """The canonical table, its columns remembering where the catalog says now() and not CURRENT_TIMESTAMP."""
    if not any(column.default == "now()" for column in shown.columns):
        return table
    columns = tuple(
        dataclasses.replace(column, written=dataclasses.replace(column, default=raw.default))
        if raw.default == "now()" and column.default is not None
        else column
        for column, raw in zip(table.columns, shown.columns, strict=True)
    )
    return dataclasses.replace(table, columns=columns)
