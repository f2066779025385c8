"""The words of columns, constraints, indexes and whole tables in PostgreSQL's DDL. Pure text.

Identifiers are always in quotes, so that no name needs to be looked up in a list of keywords.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from schemadiff.dialects.postgresql.canonical.default_storage import EXCLUSION_METHOD
from schemadiff.dialects.postgresql.canonical.types import parse_enum, quoted
from schemadiff.dialects.postgresql.server.sql_text import (
    END,
    IDENTIFIER,
    STRING,
    closing,
    mask,
    quote,
    string,
    words,
)
from schemadiff.dialects.shared import sequence_options
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Identity,
    Index,
    Marks,
    Name,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unique,
)
from schemadiff.schema.matching import Named, find

_SERIAL = {"smallint": "smallserial", "integer": "serial", "bigint": "bigserial"}
_CAST = rf"::[\w .\[\](),{IDENTIFIER}{END}]+"
_BARE_DEFAULT = re.compile(
    rf"-?\d+(?:\.\d+)?|\w+(?:\(\d+\))?|(?:{STRING}\d+{END})(?:{_CAST})?|[\w.]+(?P<call>\(.*\))", re.DOTALL
)
"""The expressions that DEFAULT takes without parentheses: a number, a word, a constant with or without a cast, one
call.
"""


def listed(names: Iterable[str]) -> str:
    """The identifiers in quotes, with commas between them."""
    return ", ".join(quote(name) for name in names)


# columns


def column(definition: Column) -> str:
    """A column as CREATE TABLE and ADD COLUMN take it."""
    text = [quote(definition.name)]
    if definition.autoincrement and definition.type.sql in _SERIAL:
        text.append(_SERIAL[definition.type.sql])
    else:
        text.append(type_words(definition.type))
    if definition.collation:
        text.append(f"COLLATE {quote(definition.collation)}")
    if definition.generated:
        stored = "STORED" if definition.generated.stored else "VIRTUAL"
        text.append(f"GENERATED ALWAYS AS ({definition.generated.expression}) {stored}")
    elif definition.identity:
        text.append(identity(definition.identity))
    elif definition.default is not None:
        text.append(f"DEFAULT {default(definition)}")
    if not definition.nullable:
        text.append("NOT NULL")
    return " ".join(text)


def type_words(kind: Type) -> str:
    """A type for a statement: the name of an enumerated type in quotes, any other as it is."""
    return kind.sql if kind.values is None else parse_enum(kind.sql).quoted


_NOW = re.compile(r"\(*now\(\)\)*", re.IGNORECASE)


def default(definition: Column) -> str:
    """The text of the column's default, in parentheses where the grammar may want them.

    The server keeps now() and CURRENT_TIMESTAMP apart, which are one value: it is given the one that was written.
    """
    text = definition.default or ""
    given = definition.written.default if definition.written else None
    if text == "CURRENT_TIMESTAMP" and given and _NOW.fullmatch(given.strip()):
        return "now()"
    skeleton = mask(text).skeleton
    match = _BARE_DEFAULT.fullmatch(skeleton)
    bare = match and (match["call"] is None or closing(skeleton, match.start("call")) == len(skeleton) - 1)
    return text if bare else f"({text})"


def identity(options: Identity) -> str:
    """``GENERATED … AS IDENTITY`` with the options that are not the server's defaults."""
    kind = "ALWAYS" if options.always else "BY DEFAULT"
    return f"GENERATED {kind} AS IDENTITY" + (
        f" ({' '.join(given)})" if (given := sequence_options.given(options)) else ""
    )


# constraints and indexes


def constraint(definition: Constraint, known: Marks | None = None) -> str:
    """A constraint as CREATE TABLE and ADD take it, with its name if it has one. `known` is where the index behind it
    is kept, and how.
    """
    stored = _stored(known) if known else ""
    named = f"CONSTRAINT {quote(definition.name)} " if definition.name else ""
    match definition:
        case PrimaryKey():
            return (
                f"{named}PRIMARY KEY ({_keyed(definition)}){_include(definition)}{stored}{_late(definition)}"
            )
        case Unique():
            nulls = "" if definition.nulls_distinct else "NULLS NOT DISTINCT "
            text = f"{named}UNIQUE {nulls}({_keyed(definition)})"
            return f"{text}{_include(definition)}{stored}{_late(definition)}"
        case Exclude():
            pairs = zip(definition.parts, definition.operators, strict=True)
            elements = ", ".join(f"{_part(part)} WITH {operator}" for part, operator in pairs)
            where = "" if definition.where is None else f" WHERE ({definition.where})"
            method = definition.method or EXCLUSION_METHOD
            return f"{named}EXCLUDE USING {method} ({elements}){stored}{where}{_late(definition)}"
        case Check():
            enforced = "" if definition.enforced else " NOT ENFORCED"
            inherited = "" if definition.inherited else " NO INHERIT"
            return f"{named}CHECK ({definition.expression}){inherited}{enforced}{_not_valid(definition)}"
        case ForeignKey():
            own, other = (
                _joined(columns, definition.period)
                for columns in (definition.columns, definition.target_columns)
            )
            text = f"{named}FOREIGN KEY ({own}) REFERENCES {quoted(definition.target)} ({other})"
            for words_, value in (
                ("MATCH", definition.match),
                ("ON DELETE", definition.on_delete),
                ("ON UPDATE", definition.on_update),
            ):
                text += f" {words_} {value}" if value else ""
            enforced = "" if definition.enforced else " NOT ENFORCED"
            return text + _late(definition) + enforced + _not_valid(definition)


def _keyed(key: PrimaryKey | Unique) -> str:
    return listed(key.columns) + (" WITHOUT OVERLAPS" if key.without_overlaps else "")


def _joined(columns: tuple[str, ...], period: bool) -> str:
    """The columns that a foreign key joins, the last of them as a period where it is one."""
    words = [*map(quote, columns[:-1]), f"{'PERIOD ' if period else ''}{quote(columns[-1])}"]
    return ", ".join(words)


def _stored(known: Marks) -> str:
    text = f" WITH ({_settings(known.options)})" if known.options else ""
    return text + (f" USING INDEX TABLESPACE {quote(known.tablespace)}" if known.tablespace else "")


def _late(definition: PrimaryKey | Unique | ForeignKey | Exclude) -> str:
    return f" {definition.deferrable}" if definition.deferrable else ""


def _include(definition: PrimaryKey | Unique) -> str:
    return f" INCLUDE ({listed(definition.include)})" if definition.include else ""


def _not_valid(definition: Check | ForeignKey) -> str:
    return " NOT VALID" if definition.not_valid else ""


def create_index(table: Name, index: Index, *, concurrently: bool = False) -> str:
    """CREATE INDEX."""
    text = f"CREATE {'UNIQUE ' if index.unique else ''}INDEX {'CONCURRENTLY ' if concurrently else ''}"
    text += f"{quote(index.name)} " if index.name else ""
    text += f"ON {quoted(table)} "
    if index.method:
        text += f"USING {index.method} "
    text += f"({', '.join(_part(part) for part in index.parts)})"
    if index.include:
        text += f" INCLUDE ({listed(index.include)})"
    if not index.nulls_distinct:
        text += " NULLS NOT DISTINCT"
    if index.options:
        text += f" WITH ({_settings(index.options)})"
    if index.tablespace:
        text += f" TABLESPACE {quote(index.tablespace)}"
    if index.where is not None:
        text += f" WHERE {index.where}"
    return text


def _part(part: Part) -> str:
    text = quote(part.column) if part.column is not None else f"({part.expression})"
    if part.collation:
        text += f" COLLATE {quote(part.collation)}"
    if part.opclass:
        text += f" {part.opclass}"
    if part.descending:
        text += " DESC"
    if part.nulls:
        text += f" NULLS {part.nulls}"
    return text


def _settings(options: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{key} = {_setting(value)}" for key, value in options)


def _setting(value: str) -> str:
    return value if re.fullmatch(r"-?\d+(?:\.\d+)?|[a-z_]+", value) else string(value)


# whole tables


def create_table(table: Table, *, temporary: bool = False) -> str:
    """CREATE TABLE with its columns and constraints, one a line, without indexes and comments."""
    lines = [f"  {column(one)}" for one in table.columns]
    lines += [f"  {constraint(one)}" for one in table.constraints()]
    body = "\n" + ",\n".join(lines) + "\n" if lines else ""
    options = dict(table.options.extra)
    kind = "TEMPORARY " if temporary else "UNLOGGED " if "UNLOGGED" in options else ""
    text = f"CREATE {kind}TABLE {quoted(table.name)} ({body})"
    if "INHERITS" in options:
        text += f" INHERITS ({', '.join(parent(name) for name in options['INHERITS'].split(', '))})"
    if "PARTITION_BY" in options:
        text += f" PARTITION BY {options['PARTITION_BY']}"
    if "USING" in options:
        text += f" USING {quote(options['USING'])}"
    if "WITH" in options:
        text += f" WITH ({options['WITH']})"
    if "TABLESPACE" in options:
        text += f" TABLESPACE {quote(options['TABLESPACE'])}"
    return text


def parent(name: str) -> str:
    """The name of a table that another one inherits from, in quotes."""
    schema, _, table = name.rpartition(".")
    return quoted(Name(table, schema or None))


def comment_on_table(table: Name, comment: str | None) -> str:
    """COMMENT ON TABLE; ``None`` takes the comment away."""
    return f"COMMENT ON TABLE {quoted(table)} IS {string(comment) if comment else 'NULL'}"


def comment_on_column(table: Name, name: str, comment: str | None) -> str:
    """COMMENT ON COLUMN; ``None`` takes the comment away."""
    return f"COMMENT ON COLUMN {quoted(table)}.{quote(name)} IS {string(comment) if comment else 'NULL'}"


def comment_on_constraint(table: Name, name: str, comment: str | None) -> str:
    """COMMENT ON CONSTRAINT; ``None`` takes the comment away."""
    text = string(comment) if comment else "NULL"
    return f"COMMENT ON CONSTRAINT {quote(name)} ON {quoted(table)} IS {text}"


def own_comment(table: Name, definition: Constraint) -> str | None:
    """The statement that gives a new constraint its comment, if it has one; it then has a name, too."""
    if not definition.comment:
        return None
    return comment_on_constraint(table, constraint_name(table, definition, None), definition.comment)


# names


def constraint_name(table: Name, wanted: Constraint, live: Table | None) -> str:
    """The name under which the server knows the constraint: that in `live`, else the one that it would have made."""
    match wanted:
        case PrimaryKey():
            found = live.primary_key if live else None
            return (found and found.name) or wanted.name or made_name(table.name, "", "pkey")
        case Unique():
            made = made_name(table.name, "_".join((*wanted.columns, *wanted.include)), "key")
            return _found(live.uniques if live else (), wanted) or made
        case Exclude():
            made = made_name(table.name, "_".join(part.column or "expr" for part in wanted.parts), "excl")
            return _found(live.excludes if live else (), wanted) or made
        case ForeignKey():
            made = made_name(table.name, "_".join(wanted.columns), "fkey")
            return _found(live.foreign_keys if live else (), wanted) or made
        case Check():
            used = set(words(wanted.expression))
            columns = [one.name for one in live.columns if one.name in used] if live else []
            made = made_name(table.name, columns[0] if len(columns) == 1 else "", "check")
            return _found(live.checks if live else (), wanted) or made


def index_name(table: Name, wanted: Index, live: Table | None) -> str:
    """The name under which the server knows the index, with its schema, in quotes."""
    return quoted(Name(bare_index_name(table, wanted, live), table.schema))


def bare_index_name(table: Name, wanted: Index, live: Table | None) -> str:
    """The name under which the server knows the index: that in `live`, else the one that it would have made."""
    made = made_name(table.name, "_".join(part.column or "expr" for part in wanted.parts), "idx")
    return _found(live.indexes if live else (), wanted) or made


def is_alone_in_name(table: Name, thing: Constraint | Index, schema: Schema) -> bool:
    """Whether no other thing of the schema has the name, or would get it, that the server makes up for this one."""

    def known(owner: Table, one: Constraint | Index) -> str:
        if isinstance(one, Index):
            return bare_index_name(owner.name, one, owner)
        return constraint_name(owner.name, one, owner)

    wanted = known(schema.tables[table], thing)
    same = (
        one
        for owner in schema.tables.values()
        for one in (*owner.constraints(), *owner.indexes)
        if known(owner, one) == wanted
    )
    return len(list(islice(same, 2))) < 2


def _found(things: tuple[Named, ...], wanted: Named) -> str | None:
    found = find(things, wanted)
    return (found.name if found else None) or wanted.name


def made_name(table: str, columns: str, suffix: str) -> str:
    """The name that the server makes up: at most 63 bytes, the longer of the two names cut first.

    PostgreSQL's makeObjectName (src/backend/commands/indexcmds.c).
    """
    one, two = table.encode(), columns.encode()
    room = 63 - len(suffix) - 1 - (1 if columns else 0)
    first, second = len(one), len(two)
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    parts = [one[:first].decode(errors="ignore"), two[:second].decode(errors="ignore"), suffix]
    return "_".join(part for part in parts if part)
