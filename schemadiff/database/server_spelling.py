"""Declared schemas as the server spells them: it is asked what rules cannot settle. And what leads there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy.engine import Connection

from schemadiff.compare.align import align_table, is_settled, settled
from schemadiff.compare.comparer import compare
from schemadiff.database.inspector import UNTOLD
from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.live_wording import by_rules, in_words_of
from schemadiff.operations import Operation
from schemadiff.schema import (
    Column,
    Domain,
    Key,
    Name,
    Namespace,
    Schema,
    StoredObject,
    Table,
    Unsupported,
    View,
)

Note = Callable[[Unsupported], object]


def ask(
    connection: Connection,
    dialect: Dialect,
    schema: Schema,
    live: Schema,
    hidden: Mapping[Name, Collection[Column]] = MappingProxyType({}),
) -> Schema:
    """`schema`, with its tables and views that differ from the live ones spelled as the server itself would spell
    them, and with the (maybe empty) schemas that are there.

    `hidden` are columns of the tables that are in neither schema: what expressions of the others may speak of.
    """
    return _ask(connection, dialect, schema, live, hidden)[0]


def _ask(
    connection: Connection,
    dialect: Dialect,
    schema: Schema,
    live: Schema,
    hidden: Mapping[Name, Collection[Column]],
) -> tuple[Schema, Schema]:
    """As `ask`; and the same aligned with the live schema, those tables that differ in nothing being the live ones."""
    untold: list[Unsupported] = []
    if live.objects or schema.objects:
        found = _asked_objects(connection, dialect, schema, live, untold.append)
        schema = dataclasses.replace(schema, objects=found)
    asked = {}
    aligned = dict(schema.tables)
    questions = []
    for name, table in schema.tables.items():
        there = live.tables.get(name)
        if there is None:
            continue
        named = worded = table
        if table != there:
            # Most of what is spelled in two ways, rules are certain of.
            judge = dialect.rules(table)
            worded = by_rules(there, table, judge) if judge else table
            named = there if is_settled(there, worded, dialect) else align_table(there, worded, dialect)
            if named != there:
                questions.append(table)
                continue
        asked[name], aligned[name] = worded, settled(there, named)
    whole = [
        dataclasses.replace(table, columns=(*table.columns, *hidden.get(table.name, ())))
        for table in questions
    ]
    answers = _asked(connection, dialect, whole, live.tables, untold.append)
    for table, answer in zip(questions, answers, strict=True):
        known = {column.name: column.kept for column in table.columns}
        columns = tuple(
            dataclasses.replace(column, kept=known[column.name]) if known[column.name] else column
            for column in answer.columns
            if column.name in known
        )
        asked[table.name] = dataclasses.replace(answer, columns=columns)
        aligned[table.name] = align_table(live.tables[table.name], asked[table.name], dialect)
    tables = {**schema.tables, **asked} if asked else schema.tables
    schema = dataclasses.replace(schema, tables=tables, unsupported=(*schema.unsupported, *untold))
    return schema, dataclasses.replace(schema, tables=aligned)


def _asked(
    connection: Connection,
    dialect: Dialect,
    tables: Sequence[Table],
    live: Mapping[Name, Table],
    note: Note,
) -> list[Table]:
    """The tables in the server's spelling, those that it will not create for the asking in the words of the live ones
    where these say the same or nobody can tell. What nobody can tell is noted.
    """
    answers = []
    for table, answer in zip(tables, dialect.ask(connection, tables) if tables else (), strict=True):
        there = live[table.name]
        new = tuple(column for column in table.columns if there.column(column.name) is None)
        scene = dataclasses.replace(there, columns=(*there.columns, *new))
        judging = dialect.judging(connection, scene) if answer is table else None
        if judging is not None:
            with judging as judge:
                answer, sentences = in_words_of(there, table, judge)
            for sentence in sentences:
                note(Unsupported(table.name, f"{UNTOLD} {sentence}"))
        answers.append(answer)
    return answers


def _asked_objects(
    connection: Connection, dialect: Dialect, schema: Schema, live: Schema, note: Note
) -> dict[Key, StoredObject]:
    asked: dict[Key, StoredObject] = {
        key: one for key, one in live.objects.items() if isinstance(one, Namespace)
    }
    for key, one in schema.objects.items():
        there = live.objects.get(key)
        if isinstance(one, View) and isinstance(there, View) and one != there:
            asked[key] = _asked_view(connection, dialect, one, there, note)
        elif isinstance(one, Domain) and isinstance(there, Domain) and one != there:
            same = dialect.same_domain(connection, one, there)
            asked[key] = one if same is False else dataclasses.replace(there, written=one.written)
            if same is None:
                note(Unsupported(one.name, f"{UNTOLD} the domain is as declared"))
        else:
            asked[key] = one
    return asked


def _asked_view(connection: Connection, dialect: Dialect, one: View, there: View, note: Note) -> View:
    one = dataclasses.replace(one, options=one.options or there.options)
    if one.materialized != there.materialized:
        return one
    same = one.definition == there.definition or dialect.same_view(connection, one, there)
    if same is False:
        return one
    if same is None:
        note(Unsupported(one.name, f"{UNTOLD} the view is as declared"))
    one = dataclasses.replace(one, definition=there.definition, needs=there.needs)
    if one.indexes != there.indexes and there.columns:
        mine, theirs = (Table(there.name, there.columns, indexes=view.indexes) for view in (one, there))
        (answer,) = _asked(connection, dialect, [mine], {there.name: theirs}, note)
        one = dataclasses.replace(one, indexes=answer.indexes)
    return one


def differences(
    connection: Connection,
    dialect: Dialect,
    live: Schema,
    desired: Schema,
    hidden: Mapping[Name, Collection[Column]] = MappingProxyType({}),
    note: Callable[[Iterable[Unsupported]], object] = tuple,
) -> tuple[Operation, ...]:
    """The operations that lead from the live schema to `desired`, after asking the server; what it cannot tell is
    `note`d.
    """
    asked, aligned = _ask(connection, dialect, desired, live, hidden)
    note(asked.unsupported)
    return compare(live, asked, dialect, aligned)
