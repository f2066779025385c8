"""Columns as pg_catalog has them. Pure."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemadiff.dialects.postgresql.canonical import tables
from schemadiff.dialects.postgresql.canonical.types import EnumName
from schemadiff.dialects.postgresql.server.sql_text import value
from schemadiff.dialects.postgresql.sql import column_settings
from schemadiff.schema import Column, Generated, Identity, Name, Part, Table, Type


class Enum(NamedTuple):
    """An enumerated type, or the array type of one."""

    name: Name
    members: tuple[str, ...]
    array: bool


def plain_column(row: Sequence[Any], collation: str | None) -> Column | None:
    """The column of the row, which begins with its name, where nothing is to be said of it but its type, its default
    and a comment: many tables have the same ones.
    """
    return None if row[11] else _plain_column(row[:11], collation)


@functools.lru_cache(maxsize=8192)
def _plain_column(row: Sequence[Any], collation: str | None) -> Column | None:
    name, _, words, not_null, text, identity, generated, _, _, comment, _ = row
    if identity or generated or owned_sequence(text):
        return None
    return Column(name, Type(words), not not_null, text, collation=collation, comment=comment)


@functools.lru_cache(maxsize=4096)
def serial_column(
    name: str, words: str, nullable: bool, comment: str | None, collation: str | None, options: Sequence[Any]
) -> Column:
    """A column that counts by a sequence of its own with those options."""
    attributes = of_serial(options, words) or None
    return Column(
        name,
        Type(words),
        nullable,
        autoincrement=True,
        collation=collation,
        comment=comment,
        attributes=attributes,
    )


def other_column(
    row: Sequence[Any],
    collation: str | None,
    enums: Mapping[int, Enum],
    sequences: Mapping[tuple[Any, ...], Sequence[Any]],
    lost: Mapping[tuple[int, str], Sequence[tuple[str, str | None]]],
) -> Column:
    """A column of which more is to be said than of a plain one."""
    oid, number, name, kind, words, not_null, text, identity, generated, _, _, comment, _, said = row
    enum = enums.get(kind)
    own_name = owned_sequence(text) if not identity else None
    sequence = sequences.get((oid, number, own_name)) if identity or own_name else None
    serial = sequence is not None and not identity
    belongings = tuple(lost.get((oid, name), ()))
    if serial and sequence and not (generated or enum or said or belongings):
        return serial_column(name, words, not not_null, comment, collation, sequence[3:])
    return Column(
        name,
        Type(words) if enum is None else Type(EnumName(enum.name, enum.array).plain, enum.members),
        not not_null,
        None if generated or serial else text,
        generated=Generated(text, generated == "s") if generated else None,
        identity=Identity(identity == "a", *sequence[3:]) if identity and sequence else None,
        autoincrement=serial,
        collation=collation,
        comment=comment,
        attributes=(*(said or ()), *(of_serial(sequence[3:], words) if sequence and serial else ())) or None,
        belongings=belongings,
    )


def of_serial(options: Sequence[Any], kind: str) -> tuple[str, ...]:
    """Return the options of a SERIAL's sequence that differ from the defaults, as an attribute of the column."""
    return column_settings.of_sequence(tables.without_defaults(Identity(False, *options), kind))


def owned_sequence(default: str | None) -> str | None:
    """The name of the sequence that the default counts by."""
    counted = _NEXTVAL.fullmatch(default or "")
    return value(counted[1]) if counted else None


_NEXTVAL = re.compile(r"nextval\(('.*')::regclass\)")


@functools.lru_cache(maxsize=4096)
def index_part(
    column: str | None, expression: str | None, descending: bool, opclass: str | None, nulls: str | None
) -> Part:
    """A part of an index, of which many are alike."""
    return Part(column, expression, descending, opclass=opclass, nulls=nulls)


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
