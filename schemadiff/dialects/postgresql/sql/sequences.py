"""Sequences that stand for themselves.

One may have the name that the sequence of a serial or identity column has: that becomes it, or it becomes that, and
counts on.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server.sql_text import quote, string
from schemadiff.dialects.postgresql.sql.create import made_name
from schemadiff.dialects.shared import sequence_options
from schemadiff.schema import Column, Name, Schema, Sequence


def own_name(table: Name, column: str) -> Name:
    """The name that the server gives to the sequence of a serial or identity column."""
    return Name(made_name(table.name, column, "seq"), table.schema)


def create(sequence: Sequence, before: Schema) -> Iterator[str]:
    """The statements that create the sequence in `before`, or take it from the column that owns it."""
    kind = f" AS {sequence.type}" if sequence.type else ""
    options = "".join(f" {one}" for one in (kind.strip(), *sequence_options.given(sequence)) if one)
    owner = _owner(sequence.name, before)
    if owner is None:
        yield f"CREATE SEQUENCE {quoted(sequence.name)}{options}"
        return
    table, column = owner
    if column.identity:
        yield _taken_from_identity(sequence.name, table, column, options)
        return
    # The column's may have another name after all.
    yield f"CREATE SEQUENCE IF NOT EXISTS {quoted(sequence.name)}{options}"
    low = "NO MINVALUE" if sequence.minimum is None else f"MINVALUE {sequence.minimum}"
    high = "NO MAXVALUE" if sequence.maximum is None else f"MAXVALUE {sequence.maximum}"
    yield (
        f"ALTER SEQUENCE {quoted(sequence.name)} AS {sequence.type or 'bigint'} "
        f"INCREMENT BY {sequence.increment or 1} {low} {high} START WITH {_start(sequence)} "
        f"CACHE {sequence.cache or 1} {'CYCLE' if sequence.cycle else 'NO CYCLE'} OWNED BY NONE"
    )


def _start(sequence: Sequence) -> int:
    if sequence.start is not None:
        return sequence.start
    down = (sequence.increment or 1) < 0
    end = sequence.maximum if down else sequence.minimum
    return end if end is not None else (-1 if down else 1)


def _taken_from_identity(name: Name, table: Name, column: Column, options: str) -> str:
    """The server lets nobody have the sequence of an identity: another one goes on where that stood."""
    alter = f"ALTER TABLE {quoted(table)} ALTER COLUMN {quote(column.name)} DROP IDENTITY"
    return (
        "DO $do$ DECLARE counted bigint; said boolean; BEGIN "
        f"SELECT last_value, is_called INTO counted, said FROM {quoted(name)}; "
        f"{alter}; CREATE SEQUENCE {quoted(name)}{options}; "
        f"PERFORM setval({string(quoted(name))}, counted, said); END $do$"
    )


def drop(sequence: Sequence, before: Schema) -> str:
    """The statement that drops the sequence, unless a column owns it by now."""
    owner = _owner(sequence.name, before)
    if owner is None:
        return f"DROP SEQUENCE {quoted(sequence.name)}"
    table, column = owner
    owned = f"pg_get_serial_sequence({string(quoted(table))}, {string(column.name)})::regclass"
    return (
        f"DO $do$ BEGIN IF {owned} IS DISTINCT FROM {string(quoted(sequence.name))}::regclass "
        f"THEN DROP SEQUENCE {quoted(sequence.name)}; END IF; END $do$"
    )


def alter(before: Sequence, after: Sequence) -> str:
    """The statement that gives the sequence other options."""
    words = [f"AS {after.type or 'bigint'}"] if before.type != after.type else []
    words += sequence_options.changes(before, after)
    if sequence_options.turns(before, after):
        words.append("RESTART")
    return f"ALTER SEQUENCE {quoted(after.name)}" + "".join(f" {one}" for one in words)


def _owner(name: Name, schema: Schema) -> tuple[Name, Column] | None:
    """The serial or identity column whose sequence has that name, as far as the server gave it one."""
    for table in schema.tables.values():
        if table.name.schema == name.schema and name.name.startswith(table.name.name[:20]):
            for column in table.columns:
                if (column.autoincrement or column.identity) and own_name(table.name, column.name) == name:
                    return table.name, column
    return None
