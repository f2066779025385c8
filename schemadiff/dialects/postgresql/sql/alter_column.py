"""One `AlterColumn` -> the clauses of ALTER TABLE and the statements around it: only what differs. Pure text.

The clauses of one ALTER TABLE are not carried out in the order in which they are written but in passes: what
is dropped, then types, then columns that are added, NOT NULL, and last defaults and constraints (PostgreSQL
15, src/backend/commands/tablecmds.c). So a default can be dropped, the type changed and the default set in
one statement.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from schemadiff.dialects.postgresql.canonical.types import INTEGERS, parse_enum, quoted
from schemadiff.dialects.postgresql.server.sql_text import quote, string
from schemadiff.dialects.postgresql.sql import column_settings, create
from schemadiff.dialects.postgresql.sql.conversion import default_follows, using
from schemadiff.dialects.postgresql.sql.enums import retype
from schemadiff.dialects.postgresql.sql.generated import same_kind
from schemadiff.dialects.postgresql.sql.sequences import own_name
from schemadiff.dialects.shared import sequence_options
from schemadiff.operations import AlterColumn
from schemadiff.schema import Column, Identity, Key, Name, Schema, Sequence


@dataclass(slots=True)
class Pieces:
    """The SQL of one operation: statements before, clauses of the one ALTER TABLE, statements after it."""

    ahead: list[str] = field(default_factory=list)
    clauses: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)


def alter_column(operation: AlterColumn, rebuilt: Collection[Name], live: Schema) -> Pieces:
    """The pieces of one altered column of `live`. `rebuilt` names the enumerated types that are another type now."""
    before, after, table = operation.before, operation.after, operation.table
    # What has the name of the column's own sequence, and stands for itself: before it, or from now on.
    found = live.objects.get(Key(Sequence.kind, own_name(table, after.name)))
    declared = found if isinstance(found, Sequence) else None
    pieces = Pieces()
    column = f"ALTER COLUMN {quote(after.name)}"
    if before.autoincrement and not after.autoincrement:
        pieces.ahead.append(f"ALTER TABLE {quoted(table)} {column} DROP DEFAULT")
        if not declared:
            pieces.ahead.append(_on_sequence("DROP SEQUENCE ", "", table, after.name))
    if before.identity and not after.identity:
        drop = f"{column} DROP IDENTITY" + (" IF EXISTS" if declared else "")
        if after.type.sql in INTEGERS:
            pieces.clauses.append(drop)
        else:
            # In one statement the new type would be checked first, and an identity counts in whole numbers.
            pieces.ahead.append(f"ALTER TABLE {quoted(table)} {drop}")
    if before.generated and not after.generated:
        pieces.clauses.append(f"{column} DROP EXPRESSION")
    elif before.generated and after.generated and before.generated != after.generated:
        pieces.clauses.append(f"{column} SET EXPRESSION AS ({after.generated.expression})")
    pieces.clauses += _type_and_default(operation, rebuilt)
    retyped = any(one.startswith(f"{column} TYPE ") for one in pieces.clauses)
    pieces.clauses += column_settings.clauses(before, after, retyped=retyped)
    if before.nullable != after.nullable:
        pieces.clauses.append(f"{column} {'DROP' if after.nullable else 'SET'} NOT NULL")
    if after.identity and not before.identity:
        pieces.clauses.append(f"{column} ADD {create.identity(after.identity)}")
        pieces.behind += _count_on(table, after)
    elif after.identity and before.identity and after.identity != before.identity:
        if before.type == after.type and _counts_too_far(before.identity, after.type.sql):
            pieces.ahead.append(_on_sequence("ALTER SEQUENCE ", f" AS {after.type.sql}", table, after.name))
        pieces.clauses.append(f"{column} {_set_identity(before.identity, after.identity)}")
        if _starts_beyond(before.identity, after.identity):
            pieces.ahead += _count_on(table, after)
    if after.autoincrement and not before.autoincrement:
        pieces.behind += _count(table, after, before.default, declared)
    elif after.autoincrement and before.type != after.type:
        pieces.behind.append(_on_sequence("ALTER SEQUENCE ", f" AS {after.type.sql}", table, after.name))
    pieces.behind += on_sequence(table, before if before.autoincrement else None, after)
    if (before.comment or None) != (after.comment or None):
        pieces.behind.append(create.comment_on_column(table, after.name, after.comment))
    return pieces


# type and default


def _type_and_default(operation: AlterColumn, rebuilt: Collection[Name]) -> list[str]:
    before, after = operation.before, operation.after
    column = f"ALTER COLUMN {quote(after.name)}"
    same_words = before.type.sql == after.type.sql
    if after.type.values is not None and same_words and before.type.values != after.type.values:
        if parse_enum(after.type.sql).name in rebuilt:
            return retype(before, after, after.type.values)
    clauses = []
    drops = sets = before.default != after.default
    if not same_words or before.collation != after.collation:
        collate = f" COLLATE {quote(after.collation)}" if after.collation else ""
        computed = after.generated or before.generated
        values = None if computed else using(quote(after.name), before.type, after.type)
        text = f"{column} TYPE {create.type_words(after.type)}{collate}"
        clauses.append(text + (f" USING {values}" if values else ""))
        if not same_words and not same_kind(before.type, after.type):
            sets = sets or values is not None or not default_follows(before.default)
            drops = drops or values is not None
            if values and before.default is not None:
                # The server converts a default by an assignment cast only, and refuses where there is none.
                clauses.insert(0, f"{column} DROP DEFAULT")
                drops = False
    if after.generated or (before.generated and after.default is None):
        return clauses
    if sets and after.default is not None:
        clauses.append(f"{column} SET DEFAULT {create.default(after)}")
    elif drops and after.default is None and before.default is not None:
        clauses.append(f"{column} DROP DEFAULT")
    return clauses


# a SERIAL or IDENTITY


def _count(table: Name, column: Column, default: str | None, declared: Sequence | None) -> list[str]:
    """A sequence of the column's own, as ``serial`` would have made it, that goes on after the largest value. It may be
    there still, and goes on where it stands: `default`, which the column had, counts with it, it stood for itself
    (`declared`), or somebody dropped only the default.
    """
    name = own_name(table, column.name)
    alter = f"ALTER TABLE {quoted(table)} ALTER COLUMN {quote(column.name)}"
    counted = _NEXTVAL.fullmatch(default or "")
    found = declared or (counted and parse_enum(counted[1].replace("''", "'")).name == name)
    verb = "ALTER SEQUENCE" if found else "CREATE SEQUENCE IF NOT EXISTS"
    options = sequence_options.changes(declared, Sequence(name)) if declared else []
    words = " ".join(["AS", column.type.sql, *options])
    return [
        f"{verb} {quoted(name)} {words} OWNED BY {quoted(table)}.{quote(column.name)}",
        f"{alter} SET DEFAULT nextval({string(quoted(name))}::regclass)",
        *_count_on(table, column, name if found else None),
    ]


_NEXTVAL = re.compile(r"nextval\('(.*)'::regclass\)")


def _count_on(table: Name, column: Column, known: Name | None = None) -> list[str]:
    """Moves the column's sequence behind the largest value, and the one that was `known` before never back."""
    options = column.identity or Identity()
    if (options.increment or 1) < 0:
        return []
    first = _first(options)
    sequence = f"pg_get_serial_sequence({string(quoted(table))}, {string(column.name)})"
    stands = f", (SELECT last_value + is_called::int FROM {quoted(known)})" if known else ""
    highest = f"greatest(max({quote(column.name)}) + 1, {first}{stands})"
    return [f"SELECT setval({sequence}, {highest}, false) FROM {quoted(table)}"]


def _counts_too_far(options: Identity, kind: str) -> bool:
    """Whether its sequence is of a wider type than the column, which somebody said by hand."""
    limit = _LIMITS.get(kind, 2**63)
    return (options.maximum or 0) >= limit or (options.minimum or 0) < -limit


_LIMITS = {"smallint": 2**15, "integer": 2**31}


def _first(options: Identity) -> int:
    return next(number for number in (options.start, options.minimum, 1) if number is not None)


def _starts_beyond(before: Identity, after: Identity) -> bool:
    """Whether the numbers begin above those where the sequence may stand: the server will not leave it there."""
    up = (before.increment or 1) > 0 and (after.increment or 1) > 0
    return up and (1 if after.minimum is None else after.minimum) > (
        1 if before.minimum is None else before.minimum
    )


def on_sequence(table: Name, before: Column | None, after: Column) -> list[str]:
    """Return the ALTER SEQUENCE that gives a SERIAL's sequence its declared options; an empty list if they stay."""
    options = column_settings.sequence_options(before, after)
    return [_on_sequence("ALTER SEQUENCE ", options, table, after.name)] if options else []


def _on_sequence(verb: str, rest: str, table: Name, column: str) -> str:
    """A statement on the sequence that the column owns, by whatever name: one keeps its name in every rename."""
    sequence = f"pg_get_serial_sequence({string(quoted(table))}, {string(column)})"
    text = f"EXECUTE {string(verb)} || {sequence}{f' || {string(rest)}' if rest else ''};"
    tag = "$do$"
    while tag in text:
        tag = f"${tag[1:-1]}o$"
    return f"DO {tag} BEGIN {text} END {tag}"


def _set_identity(before: Identity, after: Identity) -> str:
    words = []
    if before.always != after.always:
        words.append(f"GENERATED {'ALWAYS' if after.always else 'BY DEFAULT'}")
    clauses = [f"SET {one}" for one in (*words, *sequence_options.changes(before, after))]
    return " ".join([*clauses, "RESTART"] if sequence_options.turns(before, after) else clauses)
