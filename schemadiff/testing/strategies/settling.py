"""Consistent models: without parts that lost their ground, such as a constraint on a column that is gone.

The rules here are those by which the servers refuse a table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from schemadiff.testing.strategies.engines import Engine, Kind
from schemadiff.testing.strategies.forms import FORMS, fits, is_expression
from schemadiff.testing.strategies.models import Check, Column, ForeignKey, Index, Models, Table


def settle(models: Models) -> Models:
    """The models without what lost its ground."""
    for table in models.tables:
        models = models.with_table(_settle_table(models, table))
    changed = True
    while changed:
        changed = False
        for table in models.tables:
            keys = tuple(_settle_key(table, key) for key in table.foreign_keys if _stands(models, table, key))
            if keys != table.foreign_keys:
                changed = True
                models = models.with_table(dataclasses.replace(table, foreign_keys=keys))
    if models.engine.strict_keys:
        for table in models.tables:
            models = models.with_table(_settle_strictly(models, table))
    return models


def _settle_table(models: Models, table: Table) -> Table:
    present = {column.name for column in table.columns}
    key = table.primary_key if present >= {*table.primary_key} else ()
    if not all(table.column(name).kind.key for name in key):
        key = ()
    kinds = {kind.source: kind for kind in reversed(models.kinds()) if kind.source in dict(models.enums)}
    for column in table.columns:
        table = table.with_column(_settle_column(table, column, key, kinds))
    return dataclasses.replace(
        table,
        primary_key=key,
        primary_key_name=table.primary_key_name if key else None,
        uniques=tuple(one for one in table.uniques if _keyed(table, one.columns)),
        indexes=tuple(one for one in table.indexes if _index_stands(models.engine, table, one)),
        checks=tuple(one for one in table.checks if _check_stands(table, one)),
        options=tuple(one for one in table.options if _option_stands(table, key, one)),
    )


def _settle_column(table: Table, column: Column, key: tuple[str, ...], enums: Mapping[str, Kind]) -> Column:
    # Its first members may be others now, and with them the default that it can have.
    column = dataclasses.replace(column, kind=enums.get(column.kind.source, column.kind))
    if column.computed:
        base = [one for one in table.columns if one.name == column.computed[0]]
        # The base's name stands in SQL text, where SQLAlchemy would take a colon for a parameter.
        stands = base and base[0].kind.group == "int" and not base[0].computed and base[0].name.isidentifier()
        if not stands or column.kind.group != "int" or column.name in key:
            column = dataclasses.replace(column, computed=None)
        else:
            # MariaDB takes no NOT NULL with it.
            column = dataclasses.replace(
                column, nullable=True, default=None, identity=None, autoincrement=None
            )
    if column.identity:
        if column.kind.counts:
            column = dataclasses.replace(column, nullable=False, default=None, autoincrement=None)
        else:
            column = dataclasses.replace(column, identity=None)
    counts = column.name in key[:1] and column.default is None and column.kind.counts
    if column.autoincrement and not counts:
        column = dataclasses.replace(column, autoincrement=None)
    return dataclasses.replace(column, nullable=column.nullable and column.name not in key)


def _keyed(table: Table, names: Sequence[str]) -> bool:
    columns = {column.name: column for column in table.columns}
    return all(name in columns and columns[name].kind.key for name in names)


def _index_stands(engine: Engine, table: Table, index: Index) -> bool:
    if not _keyed(table, [part.column for part in index.parts]):
        return False
    kinds = [table.column(part.column).kind for part in index.parts]
    if not all(fits(kind, part.form) for kind, part in zip(kinds, index.parts, strict=True)):
        return False
    if index.where and index.where not in FORMS[kinds[0].group]:
        return False
    options = [one for one in engine.index_options if one.source == index.option]
    # Only a B-tree can be unique.
    return all(one.fits(kinds[0]) and not (index.unique and "using" in one.source) for one in options)


def _check_stands(table: Table, check: Check) -> bool:
    columns = {column.name: column for column in table.columns}
    if not all(name in columns for name in check.columns):
        return False
    if len(check.columns) > 1:
        return all(columns[name].kind.group == "int" for name in check.columns)
    return check.form in FORMS[columns[check.columns[0]].kind.group]


def _option_stands(table: Table, key: tuple[str, ...], option: str) -> bool:
    match option:
        case "sqlite_with_rowid=False":
            return bool(key) and "sqlite_autoincrement=True" not in table.options
        case "sqlite_autoincrement=True":
            column = table.column(key[0]) if len(key) == 1 else None
            # SQLAlchemy writes it into the column, where there is no place for the key's name.
            return (
                column is not None
                and column.kind.source == "sa.Integer"
                and column.default is None
                and column.autoincrement is None
                and table.primary_key_name is None
            )
        case _:
            return True


def _stands(models: Models, table: Table, key: ForeignKey) -> bool:
    targets = [other for other in models.tables if other.name == key.target]
    names = [column.name for column in table.columns]
    if not targets or key.target_columns not in targets[0].targets():
        return False
    if not all(name in names for name in key.columns):
        return False
    mine = [table.column(name) for name in key.columns]
    theirs = [targets[0].column(name) for name in key.target_columns]
    same = [one.kind.source == other.kind.source for one, other in zip(mine, theirs, strict=True)]
    if not all(same) or any(one.computed for one in mine):
        return False
    # Texts are joined only within one collation (MySQL 9.7: 3780).
    texts = any(one.kind.group in ("text", "enum", "none") for one in mine)
    return not texts or _collation(table) == _collation(targets[0])


def _collation(table: Table) -> list[str]:
    return [option for option in table.options if "collate" in option]


def _settle_key(table: Table, key: ForeignKey) -> ForeignKey:
    """SET NULL and SET DEFAULT only where the columns can be that."""
    loose = all(table.column(name).nullable for name in key.columns)
    actions = {"SET NULL": loose, "SET DEFAULT": loose}
    return dataclasses.replace(
        key,
        on_delete=key.on_delete if actions.get(key.on_delete or "", True) else None,
        on_update=key.on_update if actions.get(key.on_update or "", True) else None,
    )


def _settle_strictly(models: Models, table: Table) -> Table:
    """The table without what MySQL and MariaDB refuse of a column that counts, or that a foreign key's action sets."""
    counting = set(table.primary_key)
    apart = set(counting)
    for key in table.foreign_keys:
        apart |= set(key.columns)
    for one in models.tables:
        apart |= {name for key in one.foreign_keys if key.target == table.name for name in key.target_columns}
    return dataclasses.replace(
        table,
        columns=tuple(
            dataclasses.replace(column, computed=None)
            if column.computed and column.computed[0] in apart
            else column
            for column in table.columns
        ),
        checks=tuple(check for check in table.checks if not apart & set(check.columns)),
        indexes=tuple(
            index
            for index in table.indexes
            if not any(part.column in counting and is_expression(part.form) for part in index.parts)
        ),
    )
