"""The tables of several MetaData as one: whether they fit together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from schemadiff.compare.comparer import compare
from schemadiff.dialects import Dialect
from schemadiff.errors import ModelsError
from schemadiff.models.filters import Filter
from schemadiff.schema import Name, Schema, Table


def join(
    parts: Iterable[tuple[sa.MetaData, str, Iterable[Table]]], chosen: Filter, dialect: Dialect
) -> dict[Name, Table]:
    """The tables of all MetaData, each with the name it was found under, by name.
    One that stands in two of them, alike in both, is one table.

    Raises `ModelsError` for one that is declared twice and not alike, and for a foreign key to what is not there.
    """
    tables: dict[Name, Table] = {}
    homes: dict[Name, str] = {}
    for position, (metadata, name, found) in enumerate(parts, 1):
        home = f"{name or f'MetaData {position}'} ({_some_names(metadata)})"
        for table in found:
            before = tables.setdefault(table.name, table)
            if before != table:
                raise _declared_twice(before, table, (homes[table.name], home), dialect)
            homes.setdefault(table.name, home)
    _check_targets(tables, chosen)
    return tables


def _declared_twice(one: Table, other: Table, homes: tuple[str, str], dialect: Dialect) -> ModelsError:
    changes = compare(Schema({one.name: one}), Schema({one.name: other}), dialect)
    words = "\n".join(f"  {change.describe()}" for change in changes)
    return ModelsError(
        f'the table "{one.name}" is declared twice and not alike, in {homes[0]} and in {homes[1]}; '
        f"from the first to the second:\n{words}",
        hint="Give one of them another name or schema, or have both say the same.",
    )


def _some_names(metadata: sa.MetaData) -> str:
    names = sorted(table.fullname for table in metadata.tables.values())
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _check_targets(tables: Mapping[Name, Table], chosen: Filter) -> None:
    for table in tables.values():
        for key in table.foreign_keys:
            target = tables.get(key.target)
            if target is None and chosen.hides(key.target):
                continue
            if target is None:
                raise ModelsError(
                    f'the foreign key {", ".join(key.columns)} of table "{table.name}" refers to table '
                    f'"{key.target}", which the models do not declare',
                    hint="Was the module that defines it imported? Check the setting models.",
                )
            hidden = chosen.columns.get(key.target, ())
            missing = [name for name in key.target_columns if not target.column(name) and name not in hidden]
            if missing:
                raise ModelsError(
                    f'the foreign key {", ".join(key.columns)} of table "{table.name}" refers to '
                    f'"{key.target}.{missing[0]}", and that table has no such column'
                )
