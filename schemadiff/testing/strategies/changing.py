"""Random changes of models: of every kind, one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from schemadiff.testing.strategies.drawing import (
    add_column,
    add_foreign_key,
    add_table,
    add_thing,
    draw_actions,
    draw_default,
    draw_index,
    draw_kind,
    draw_options,
    draw_origin,
    draw_primary_key,
    schemas,
)
from schemadiff.testing.strategies.engines import Engine
from schemadiff.testing.strategies.forms import FORMS, INLINE
from schemadiff.testing.strategies.models import Check, Column, ForeignKey, Index, Models, Pair, Table, Unique
from schemadiff.testing.strategies.settling import settle
from schemadiff.testing.strategies.texts import COMMENTS, maybe_named, numbered, once_in, some


@st.composite
def pairs(draw: DrawFn, engine: str | Engine) -> Pair:
    """Models, and what they become by one to five changes; once in twelve, other models altogether. The engine is as
    in `schemas`.
    """
    before = draw(schemas(engine))
    if once_in(draw, 12):
        return Pair(before, draw(schemas(engine)))
    after = before
    for _ in range(draw(st.integers(1, 5))):
        after = draw(changes(after))
    for _ in range(3):
        if after == before:  # what a change adds may have no ground to stand on
            after = draw(changes(after))
    return Pair(before, after)


@st.composite
def changes(draw: DrawFn, models: Models) -> Models:
    """The models after one change: something is added, dropped, renamed or altered, and what lost its ground by that
    goes as well.
    """
    if not models.tables:
        return settle(add_table(draw, models))
    change = draw(st.sampled_from(_CHANGES))
    return settle(change(draw, models))


def _any_table(draw: DrawFn, models: Models) -> Table:
    return draw(st.sampled_from(models.tables))


def _change_column(draw: DrawFn, models: Models) -> Models:
    table = _any_table(draw, models)
    column = draw(st.sampled_from(table.columns))
    match draw(st.sampled_from(["nullable", "default", "comment", "origin", "type"])):
        case "nullable":
            column = dataclasses.replace(column, nullable=not column.nullable)
        case "default":
            column = dataclasses.replace(column, default=draw_default(draw, column.kind))
        case "origin" if column.kind.group == "int":
            column = draw_origin(draw, models, table, column)
        case "comment":
            column = dataclasses.replace(column, comment=draw(st.sampled_from([None, *COMMENTS])))
        case _:
            return _change_type(draw, models, table, column)
    return models.with_table(table.with_column(column))


def _change_type(draw: DrawFn, models: Models, table: Table, column: Column) -> Models:
    """Another type for the column and for all that foreign keys join with it."""
    kind = draw_kind(draw, models, lambda kind: kind.key or not column.kind.key)
    default = draw_default(draw, kind)
    joined = {(table.name, column.name)}
    while True:
        found = {
            end
            for one in models.tables
            for key in one.foreign_keys
            for pair in zip(key.columns, key.target_columns, strict=True)
            for ends in [{(one.name, pair[0]), (key.target, pair[1])}]
            if ends & joined
            for end in ends
        }
        if found <= joined:
            break
        joined |= found
    for one in models.tables:
        for other in one.columns:
            if (one.name, other.name) in joined:
                told = default if other == column else None
                new = dataclasses.replace(other, kind=kind, default=told, autoincrement=None)
                models = models.with_table(models.table(one.name).with_column(new))
    return models


def _change_columns(draw: DrawFn, models: Models) -> Models:
    table = _any_table(draw, models)
    if len(table.columns) > 1 and draw(st.booleans()):
        gone = draw(st.sampled_from(table.columns))
        return models.with_table(
            dataclasses.replace(table, columns=tuple(one for one in table.columns if one != gone))
        )
    if len(table.columns) > 7:
        return models
    return models.with_table(add_column(draw, models, table))


_FIELDS = ("uniques", "indexes", "checks", "foreign_keys")


def _pick_thing(
    draw: DrawFn, models: Models
) -> tuple[Table, str, Unique | Index | Check | ForeignKey] | None:
    found = [
        (table, field, thing)
        for table in models.tables
        for field in _FIELDS
        for thing in getattr(table, field)
    ]
    return draw(st.sampled_from(found)) if found else None


def _change_things(draw: DrawFn, models: Models) -> Models:
    picked = _pick_thing(draw, models)
    if picked and draw(st.booleans()):
        table, field, thing = picked
        rest = list(getattr(table, field))
        rest.remove(thing)
        return models.with_table(_with_things(table, field, rest))
    table, models = add_thing(draw, models, _any_table(draw, models))
    return models.with_table(table)


def _change_thing(draw: DrawFn, models: Models) -> Models:
    picked = _pick_thing(draw, models)
    if not picked:
        return _change_column(draw, models)
    table, field, thing = picked
    new: Unique | Index | Check | ForeignKey = thing
    if once_in(draw, 3):
        if isinstance(thing, Index):
            name, models = numbered(draw, models, "ix")
            new = dataclasses.replace(thing, name=name)
        else:
            free, models = maybe_named(draw, models, {"uniques": "uq", "checks": "ck"}.get(field, "fk"))
            new = dataclasses.replace(thing, name=free)
    else:
        match thing:
            case Unique():
                usable = [column.name for column in table.columns if column.kind.key]
                new = dataclasses.replace(thing, columns=some(draw, usable, 2))
            case Index():
                new = draw_index(draw, models, table, thing.name) or thing
            case Check():
                kind = table.column(thing.columns[0]).kind
                form = draw(st.sampled_from(FORMS[kind.group]))
                new = dataclasses.replace(thing, columns=thing.columns[:1], form=form)
            case ForeignKey():
                new = draw_actions(draw, models, thing)
    if isinstance(new, Check) and (new.name or new.form not in INLINE):
        new = dataclasses.replace(new, inline=False)
    things = [new if one is thing else one for one in getattr(table, field)]
    return models.with_table(_with_things(table, field, things))


def _with_things(table: Table, field: str, things: Sequence[Unique | Index | Check | ForeignKey]) -> Table:
    changes: dict[str, Any] = {field: tuple(things)}
    return dataclasses.replace(table, **changes)


def _change_key(draw: DrawFn, models: Models) -> Models:
    return models.with_table(draw_primary_key(draw, models, _any_table(draw, models)))


def _change_tables(draw: DrawFn, models: Models) -> Models:
    if len(models.tables) > 3 or draw(st.booleans()):
        gone = _any_table(draw, models)
        return dataclasses.replace(models, tables=tuple(one for one in models.tables if one != gone))
    models = add_table(draw, models)
    return add_foreign_key(draw, models, models.tables[-1]) if draw(st.booleans()) else models


def _change_foreign_keys(draw: DrawFn, models: Models) -> Models:
    return add_foreign_key(draw, models, _any_table(draw, models))


def _change_comment(draw: DrawFn, models: Models) -> Models:
    comment = draw(st.sampled_from([None, *COMMENTS]))
    return models.with_table(dataclasses.replace(_any_table(draw, models), comment=comment))


def _change_enum(draw: DrawFn, models: Models) -> Models:
    """Other members for an enumerated type; the first one stays, since defaults and checks name it."""
    if not models.enums:
        return _change_column(draw, models)
    position = draw(st.integers(0, len(models.enums) - 1))
    name, members = models.enums[position]
    rest = draw(st.lists(st.sampled_from([*members[1:], "new", "n'w", "z"]), unique=True, max_size=4))
    changed = (name, (members[0], *rest))
    enums = (*models.enums[:position], changed, *models.enums[position + 1 :])
    return dataclasses.replace(models, enums=enums)


def _change_options(draw: DrawFn, models: Models) -> Models:
    table = _any_table(draw, models)
    if not models.engine.table_options:
        return _change_column(draw, models)
    return models.with_table(dataclasses.replace(table, options=draw_options(draw, models)))


def _change_order(draw: DrawFn, models: Models) -> Models:
    """The same columns in another order, which is no difference."""
    table = _any_table(draw, models)
    columns = tuple(draw(st.permutations(table.columns)))
    return models.with_table(dataclasses.replace(table, columns=columns))


_CHANGES = (
    _change_column,
    _change_column,
    _change_thing,
    _change_columns,
    _change_things,
    _change_key,
    _change_tables,
    _change_foreign_keys,
    _change_comment,
    _change_enum,
    _change_options,
    _change_order,
)
