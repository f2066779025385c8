"""The server's form of a table: it is created as a temporary one, read back and dropped.

For both servers a temporary table's SHOW CREATE TABLE is that of a permanent one, to the letter, and creating and
dropping it commits nothing (measured: MySQL 9.7 on 148 types, 97 defaults and 153 expressions, indexes and options;
MariaDB 10.11 on as many). All that is needed is the right CREATE TEMPORARY TABLES, also on a read-only server, but
no read-only transaction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from schemadiff.dialects.mysql.canonical.partitions import computed_values, with_values
from schemadiff.dialects.mysql.read.catalog import read_settings
from schemadiff.dialects.mysql.read.show_create import parse
from schemadiff.dialects.mysql.read.wide_characters import as_given
from schemadiff.dialects.mysql.server.conversation import Refusal, Reply, Talk, only, session, unlogged
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.sql.create import create_table, qualified
from schemadiff.dialects.shared.scratch_table import merge, stand_in
from schemadiff.schema import Column, Name, Options, PrimaryKey, Table, Type

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_HOPELESS = (1044, 1142, 1227, 1290, 1792)
"""Refusals that every other table would meet as well: no right, a read-only transaction or server."""

_NEEDS_KEY = (1173, 3750)
"""sql_require_primary_key on MySQL 8.0.13+, innodb_force_primary_key on MariaDB."""

_ENGINES = ("MyISAM", "Aria")
"""The only engines that make a difference: they let AUTO_INCREMENT stand second in a key."""

_KEY = Column("schemadiff key", Type("int"), nullable=False)


def ask_server(
    connection: Connection, facts: Facts, tables: Sequence[Table], canonical: Callable[[Table], Table]
) -> tuple[Table, ...]:
    """The tables as the server would report them; one that it will not create comes back as it was given."""
    if not tables:
        return ()
    questions = [
        _temporary(table, Name(f"schemadiff ask {number}", table.name.schema))
        for number, table in enumerate(tables)
    ]
    with (
        session(connection, read_settings(facts)) as talk,
        unlogged(talk, facts.product.logs_temporary_tables),
    ):
        tables = _with_partitions(talk, tables)
        replies = _replies(talk, questions, facts)
        keyless = [number for number, reply in enumerate(replies) if _is(reply, _NEEDS_KEY)]
        again = _replies(talk, [_with_key(questions[number]) for number in keyless], facts)
        for number, reply in zip(keyless, again, strict=True):
            replies[number] = reply
    return tuple(
        table
        if isinstance(reply, Refusal)
        else _merged(table, canonical(parse(reply[0][1], question.name, facts.database).table))
        for table, question, reply in zip(tables, questions, replies, strict=True)
    )


def _with_partitions(talk: Talk, tables: Sequence[Table]) -> list[Table]:
    """The tables; those with expressions between their partitions know what the server makes of these."""
    texts = [dict(table.options.extra).get("PARTITION_BY", "") for table in tables]
    expressions = list(dict.fromkeys(one for text in texts for one in computed_values(text)))
    if not expressions:
        return list(tables)
    replies = talk([[f"SELECT {one}"] for one in expressions])
    values = {
        expression: str(reply[0][0])
        for expression, reply in zip(expressions, replies, strict=True)
        if not isinstance(reply, Refusal)
    }
    return [
        dataclasses.replace(
            table,
            options=dataclasses.replace(table.options, shown=(("PARTITION_BY", with_values(text, values)),)),
        )
        if computed_values(text)
        else table
        for table, text in zip(tables, texts, strict=True)
    ]


def _replies(talk: Talk, questions: Sequence[Table], facts: Facts) -> list[Reply]:
    """For each table its SHOW CREATE TABLE, or why there is none."""
    groups = [
        [
            create_table(question, facts, temporary=True, all_options=True),
            f"SHOW CREATE TABLE {qualified(question.name)}",
        ]
        for question in questions
    ]
    replies: list[Reply] = []
    try:
        # The first one alone: when it is refused for all, the others need not be tried.
        replies += talk(groups[:1])
        if replies and _is(replies[0], _HOPELESS):
            return replies * len(questions)
        replies += talk(groups[1:])
    finally:
        created = [
            qualified(question.name)
            for question, reply in zip(questions, replies, strict=False)
            if not isinstance(reply, Refusal)
        ]
        if created:
            only(next(talk([[f"DROP TEMPORARY TABLE {', '.join(created)}"]])))
    return replies


def _is(reply: Reply, codes: Sequence[int]) -> bool:
    return isinstance(reply, Refusal) and reply.code in codes


def _temporary(table: Table, name: Name) -> Table:
    """Return the temporary table by which the server is asked: without FULLTEXT indexes, which it cannot have, and of
    its options only a known engine, character set and collation.
    """
    question = stand_in(table, name)
    options = question.options
    return dataclasses.replace(
        question,
        indexes=tuple(index for index in question.indexes if index.kind != "FULLTEXT"),
        options=Options(
            engine=options.engine if options.engine in _ENGINES else None,
            charset=options.charset,
            collation=options.collation,
        ),
    )


def _with_key(question: Table) -> Table:
    return dataclasses.replace(
        question, columns=(*question.columns, _KEY), primary_key=PrimaryKey((_KEY.name,))
    )


def _merged(table: Table, answer: Table) -> Table:
    """`table` with the server's texts. What the model left unsaid stays so: the server always says something."""
    merged = merge(table, answer)
    columns = tuple(
        dataclasses.replace(as_given(given, column), visible=given.visible, attributes=given.attributes)
        for column, given in zip(merged.columns, table.columns, strict=True)
    )
    return dataclasses.replace(merged, columns=columns)
