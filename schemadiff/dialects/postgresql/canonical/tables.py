"""Definitions, as models or the catalog spell them -> PostgreSQL's own spelling, by rules. Pure.

What no rule settles is left as it is, for `read.scratch`. A number may be reported as a string with a cast
(``'-1'::integer``): the bare number stands for both. Of the casts behind a constant those count that change
its value.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Iterator
from decimal import Decimal

from schemadiff.dialects.postgresql.canonical.default_storage import EXCLUSION_METHOD
from schemadiff.dialects.postgresql.canonical.expressions import expression, fold
from schemadiff.dialects.postgresql.canonical.types import FLOATS, NUMBERS, STRINGS, parse, parse_enum
from schemadiff.dialects.postgresql.server.sql_text import (
    END,
    IDENTIFIER,
    STRING,
    Masked,
    mask,
    quote,
    string,
    strip_parentheses,
    unquote,
    value,
)
from schemadiff.dialects.shared import sequence_options
from schemadiff.dialects.shared.memo import RememberedColumns
from schemadiff.dialects.shared.sequence_options import Counting
from schemadiff.errors import UnsupportedError
from schemadiff.schema import (
    Check,
    Column,
    Exclude,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    Table,
    Type,
    Unique,
)
from schemadiff.schema.fields import having

_S = f"{STRING}\\d+{END}"
_NUMBER = re.compile(r"[-+]?\s*(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_CONSTANT = re.compile(f"(?P<string>{_S})(?:\\s?::\\s?(?P<cast>.+))?")
_VALUE_FUNCTION = re.compile(
    r"(?:current_(?:date|time|timestamp|user|role|catalog|schema)|localtime|localtimestamp|session_user|user)"
    r"(?:\s?\(\s?\d+\s?\))?",
    re.IGNORECASE,
)
_TRUE = frozenset({"t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"})
_FALSE = frozenset({"f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"})
_TABLESPACE = "pg_default"
"""Where a database has its tables and indexes unless it was created elsewhere: not kept for a table of its own."""
_LIMITS = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}


def canonical(table: Table, *, default_schema: str | None, virtual: bool) -> Table:
    """The table in canonical form. `virtual`: whether the server knows generated columns that are not stored."""
    key = table.primary_key.columns if table.primary_key else ()
    if table.primary_key and table.primary_key.parts:
        table = dataclasses.replace(table, primary_key=dataclasses.replace(table.primary_key, parts=()))
    names = {column.name for column in table.columns}
    varchars = frozenset(
        [
            column.name
            for column in table.columns
            if column.type.values is None and _is_varchar(column.type.sql)
        ]
    )
    options = _options(table)
    return dataclasses.replace(
        table,
        columns=tuple(
            _COLUMNS.of(
                table.columns,
                key,
                (default_schema, virtual),
                lambda column, in_key: _column(column, in_key, default_schema, virtual, varchars),
            )
        ),
        uniques=tuple(
            [
                dataclasses.replace(unique, name=None) if unique.name == "" else unique
                for unique in table.uniques
            ]
        ),
        indexes=tuple([_index(index, names, varchars) for index in table.indexes]),
        foreign_keys=tuple([_foreign_key(one, default_schema) for one in table.foreign_keys]),
        checks=tuple([_check(check, varchars) for check in table.checks]),
        excludes=tuple(_exclude(exclude, names, varchars) for exclude in table.excludes),
        options=options,
        after=tuple(dict.fromkeys((*table.after, *_parents(options, default_schema))))
        if options.extra or table.after
        else (),
    )


def _parents(options: Options, default_schema: str | None) -> Iterator[Name]:
    """The tables that this one inherits from."""
    for text in filter(None, dict(options.extra).get("INHERITS", "").split(", ")):
        schema, _, name = text.rpartition(".")
        yield Name(name, None if schema in ("", default_schema) else schema)


def without_duplicates(table: Table) -> Table:
    """The table as CREATE TABLE makes it: of keys and unique constraints that say the same it keeps the first, under
    the first name that one of them has (transformIndexConstraints, src/backend/parser/parse_utilcmd.c).

    For what is declared only: a table that is there may have both, by ALTER TABLE.
    """
    key = table.primary_key
    listed = [*((key.columns,) if key else ()), *(unique.columns for unique in table.uniques)]
    if len(listed) == len(set(listed)):
        return table
    kept: list[Unique] = []
    for unique in table.uniques:
        plain = _bare(unique)
        as_key = key and Unique(
            key.columns, None, key.deferrable, include=key.include, without_overlaps=key.without_overlaps
        )
        same = [one for one, other in enumerate(kept) if _bare(other) == plain]
        if key and as_key == plain:
            key = dataclasses.replace(key, name=key.name or unique.name)
        elif same:
            kept[same[0]] = dataclasses.replace(unique, name=kept[same[0]].name or unique.name)
        else:
            kept.append(unique)
    if len(kept) == len(table.uniques):
        return table
    return dataclasses.replace(table, primary_key=key, uniques=tuple(kept))


def _bare(unique: Unique) -> Unique:
    return dataclasses.replace(unique, name=None, comment=None)


# columns


@functools.lru_cache(maxsize=4096)
def _is_varchar(sql: str) -> bool:
    words = parse(sql)
    return words.kind == "character varying" and not words.array


_COLUMNS = RememberedColumns()
_known_column = having(Column, "identity", "attributes", "on_conflict")


def _column(
    column: Column, in_key: bool, default_schema: str | None, virtual: bool, varchars: frozenset[str]
) -> Column:
    column = _known_column(column)
    kind, collation = column_type(column.type, default_schema)
    default, generated, identity = column.default, column.generated, column.identity
    if generated is not None:
        default = None
        generated = Generated(expression(generated.expression, varchars), generated.stored or not virtual)
    elif identity is not None:
        default = None
        identity = without_defaults(identity, kind.sql)
    elif column.autoincrement:
        default = None
        if kind.sql not in ("smallint", "bigint"):
            # SERIAL, which is what SQLAlchemy 2.0 makes of a NUMERIC key without decimals, too.
            kind = dataclasses.replace(kind, sql="integer")
    elif default is not None:
        default = default_text(default, kind.sql, kind.values is not None)
    wanted = (
        kind,
        column.nullable and not in_key and identity is None,
        default,
        generated,
        identity,
        column.collation if collation is None else collation,
        column.comment or None,
    )
    if wanted == (
        column.type,
        column.nullable,
        column.default,
        column.generated,
        column.identity,
        column.collation,
        column.comment,
    ):
        return column
    return dataclasses.replace(
        column,
        type=wanted[0],
        nullable=wanted[1],
        default=wanted[2],
        generated=wanted[3],
        identity=wanted[4],
        collation=wanted[5],
        comment=wanted[6],
    )


def column_type(kind: Type, default_schema: str | None) -> tuple[Type, str | None]:
    """The type in canonical words, and the collation that its text names."""
    if kind.values is not None:
        enum = parse_enum(kind.sql)
        if enum.name.schema is not None and enum.name.schema == default_schema:
            enum = enum._replace(name=Name(enum.name.name))
        sql, collation = enum.plain, None
    else:
        words = parse(kind.sql)
        sql, collation = words.sql, words.collation
    return (kind if sql == kind.sql else dataclasses.replace(kind, sql=sql)), collation


def without_defaults(options: Counting, kind: str) -> Counting:
    """Without the options that say what PostgreSQL would take anyhow (manual, CREATE SEQUENCE)."""
    limit = _LIMITS.get(kind, 2**63)
    return sequence_options.without_defaults(options, -limit, limit - 1, cache=1)


def settled(column: Column) -> bool:
    """Whether the rules have said all about a canonical column that the server could say."""
    if column.generated is not None:
        return False
    enum = column.type.values is not None
    words = parse(column.type.sql)
    if not enum and words.cast is None:
        return False
    if column.default is None or column.default in ("true", "false"):
        return True
    skeleton = mask(column.default).skeleton
    if _VALUE_FUNCTION.fullmatch(skeleton):
        return True
    if not enum and not words.array and words.kind in NUMBERS:
        return _NUMBER.fullmatch(skeleton) is not None
    cast = column.type.sql if enum else words.cast
    plain = enum or (not words.array and words.kind in (*STRINGS, "json"))
    return plain and re.fullmatch(_S, skeleton.removesuffix(f"::{cast}")) is not None


@functools.lru_cache(maxsize=8192)
def default_text(text: str, kind: str, enum: bool = False) -> str | None:
    """A column's default as the server reports it; ``None`` where it says no more than that there is none."""
    masked = mask(text)
    skeleton = strip_parentheses(masked.skeleton)
    if re.fullmatch(r"null(?:\s?::.*)?", skeleton, re.IGNORECASE):
        return None
    if _VALUE_FUNCTION.fullmatch(skeleton):
        return skeleton.upper().replace(" ", "")
    words = parse(kind)
    number = not enum and not words.array and words.kind in NUMBERS
    if number and _NUMBER.fullmatch(skeleton):
        return _number(skeleton, words.kind)
    if not enum and words.cast is None and not words.array and _NUMBER.fullmatch(skeleton):
        return string(skeleton)  # of a domain: only the server knows whether that is a number
    if not enum and kind == "boolean" and skeleton.lower() in ("true", "false", "1", "0"):
        # PostgreSQL refuses a number here; a history that was planned on another product has one.
        return "true" if skeleton.lower() in ("true", "1") else "false"
    if match := _CONSTANT.fullmatch(skeleton):
        return _constant(masked, match, kind, enum)
    if match := re.fullmatch(rf"nextval\(\s?({_S})(?:::regclass)?\s?\)", skeleton, re.IGNORECASE):
        return masked.restore(f"nextval({match[1]}::regclass)")
    return masked.restore(fold(masked))


def _constant(masked: Masked, match: re.Match[str], kind: str, enum: bool) -> str:
    piece = masked.restore(match["string"])
    if re.fullmatch(r"[bB]'[01]*'", piece):
        piece = piece[1:]
    written = masked.restore(match[0])
    content = value(piece)
    words = parse(kind)
    if content is None or (match["cast"] and re.search(r"[^\w\s\".\[\](),]", masked.restore(match["cast"]))):
        return written
    if enum:
        own = parse_enum(kind)
        cast_name = parse_enum(masked.restore(match["cast"])) if match["cast"] else own
        same = cast_name.name.name == own.name.name and cast_name.array == own.array
        return f"{string(content)}::{kind}" if same else f"{string(content)}::{masked.restore(match['cast'])}"
    cast = parse(masked.restore(match["cast"])) if match["cast"] else None
    if cast is not None and cast.sql == words.cast:
        cast = None
    elif cast is not None and words.cast is None and not words.array and cast.cast is not None:
        cast = None  # to the type that a domain is made of
    if not words.array and words.kind in NUMBERS:
        plain = cast is None or cast.kind in NUMBERS - FLOATS
        if plain and _NUMBER.fullmatch(content.strip()):
            return _number(content.strip(), words.kind)
    if kind == "boolean" and cast is None:
        if content.strip().lower() in _TRUE | _FALSE:
            return "true" if content.strip().lower() in _TRUE else "false"
    if cast is not None and words.kind in STRINGS and not cast.array and cast.sql in (*STRINGS, "bpchar"):
        # A cast between these changes no value, but for the blanks at the end of a character(n).
        if cast.sql != "bpchar" or not content.endswith(" "):
            cast = None
    if cast is not None and cast.sql == '"bit"' and words.sql.startswith("bit varying") and not words.array:
        cast = None  # a constant of bits is one of either kind
    if cast is not None:
        return f"{string(content)}::{cast.cast if not cast.arguments and cast.cast else cast.sql}"
    return f"{string(content)}::{words.cast}" if words.cast else string(content)


def _number(text: str, kind: str) -> str:
    number = Decimal(text.replace(" ", ""))
    if not number:
        number = abs(number)  # the server knows no -0 but in a string
    if kind in FLOATS:
        number = Decimal(repr(float(number)))
        return f"{number.normalize():f}"
    return f"{number:f}"


def _check(check: Check, varchars: frozenset[str]) -> Check:
    text = expression(check.expression, varchars)
    if text == check.expression and check.name != "":
        return check
    return dataclasses.replace(check, expression=text, name=check.name or None)


# indexes

_IDENTIFIER = rf"(?:{IDENTIFIER}\d+{END}|[^\W\d][\w$]*)"
_NULLS = re.compile(r"\s+nulls\s+(first|last)$", re.IGNORECASE)
_DIRECTION = re.compile(r"\s+(asc|desc)$", re.IGNORECASE)
_OPCLASS = re.compile(rf"[\s)]\s*((?:{_IDENTIFIER}\.)?[a-z]\w*_ops(?:\s?\([^()]*\))?)$", re.IGNORECASE)
_COLLATE = re.compile(rf"\s+collate\s+((?:{_IDENTIFIER}\s*\.\s*)?{_IDENTIFIER})$", re.IGNORECASE)


def _index(index: Index, names: set[str], varchars: frozenset[str]) -> Index:
    parts = tuple([_part(part, names, varchars) for part in index.parts])
    where = None if index.where is None else expression(index.where, varchars)
    options = (
        tuple(sorted((key.lower(), _option(text)) for key, text in index.options)) if index.options else ()
    )
    method = None if index.method == "btree" else index.method
    tablespace = None if index.tablespace == _TABLESPACE else index.tablespace
    wanted = (parts, where, method, options, tablespace)
    if (
        wanted == (index.parts, index.where, index.method, index.options, index.tablespace)
        and index.visible
        and index.name != ""
    ):
        return index
    return dataclasses.replace(
        index,
        parts=parts,
        name=index.name or None,
        kind=None,
        method=method,
        where=where,
        parser=None,
        visible=True,
        comment=None,
        options=options,
        tablespace=tablespace,
    )


def _exclude(exclude: Exclude, names: set[str], varchars: frozenset[str]) -> Exclude:
    return dataclasses.replace(
        exclude,
        parts=tuple(_part(part, names, varchars) for part in exclude.parts),
        name=exclude.name or None,
        method=None if exclude.method == EXCLUSION_METHOD else exclude.method,
        where=None if exclude.where is None else expression(exclude.where, varchars),
        comment=exclude.comment or None,
    )


def _part(part: Part, names: set[str], varchars: frozenset[str]) -> Part:
    if part.expression is not None:
        part = _spelled_out(part, names, varchars)
    if part.opclass is not None and (opclass := _opclass(part.opclass)) != part.opclass:
        part = dataclasses.replace(part, opclass=opclass)
    usual = "FIRST" if part.descending else "LAST"
    if part.nulls == usual or part.length is not None:
        return dataclasses.replace(part, nulls=None if part.nulls == usual else part.nulls, length=None)
    return part


def _spelled_out(part: Part, names: set[str], varchars: frozenset[str]) -> Part:
    """An index part given as text may hold what has a field of its own: ``lower(name) text_pattern_ops DESC``."""
    masked = mask(part.expression or "")
    text = strip_parentheses(masked.skeleton)
    descending, nulls, opclass, collation = part.descending, part.nulls, part.opclass, part.collation
    if match := _NULLS.search(text):
        text, nulls = text[: match.start()], match[1].upper()
    if match := _DIRECTION.search(text):
        text, descending = text[: match.start()], match[1].lower() == "desc"
    if match := _OPCLASS.search(text):
        rest = text[: match.start(1)].rstrip()
        if rest.endswith((")", END)) or re.fullmatch(_IDENTIFIER, rest):
            text, opclass = rest, masked.restore(match[1])
    if match := _COLLATE.search(text):
        words = [unquote(masked.restore(word.strip())) for word in match[1].split(".")]
        collation = ".".join(word for word in words if word != "pg_catalog")
        text = text[: match.start()]
    text = strip_parentheses(text)
    name = unquote(masked.restore(text)) if re.fullmatch(_IDENTIFIER, text) else None
    if name in names:
        return Part(name, None, descending, None, collation, opclass, nulls)
    return Part(None, expression(masked.restore(text), varchars), descending, None, collation, opclass, nulls)


def _opclass(text: str) -> str:
    """The operator class, its parameters as the catalog lists them."""
    name, _, parameters = text.partition("(")
    pairs = [one.partition("=") for one in parameters.rstrip(") ").split(",") if one.strip()]
    given = ", ".join(f"{key.strip().lower()}={word.strip().strip(chr(39))}" for key, _, word in pairs)
    return f"{name.strip()}({given})" if given else name.strip()


def _option(text: str) -> str:
    return {"true": "on", "false": "off"}.get(text.lower(), text.lower())


# the rest


def _foreign_key(key: ForeignKey, default_schema: str | None) -> ForeignKey:
    on_delete, on_update = _action(key.on_delete, key.columns), _action(key.on_update, key.columns)
    match = None if key.match in (None, "", "SIMPLE") else key.match
    target = Name(key.target.name) if key.target.schema == default_schema else key.target
    wanted = (on_delete, on_update, match, target, key.name or None)
    if wanted == (key.on_delete, key.on_update, key.match, key.target, key.name):
        return key
    return dataclasses.replace(
        key, on_delete=on_delete, on_update=on_update, match=match, target=target, name=key.name or None
    )


def _action(words: str | None, columns: tuple[str, ...]) -> str | None:
    """The action in capitals; the columns of ``SET NULL (a, b)`` in quotes, in whatever case they were written."""
    if words is None:
        return None
    masked = mask(words)
    action, _, listed = masked.skeleton.partition("(")
    action = action.strip().upper()
    if action in ("", "NO ACTION"):
        return None
    if not listed:
        return action
    given = [masked.restore(name.strip()) for name in listed.rstrip(") ").split(",")]
    folded = {column.lower(): column for column in columns}
    names = [folded.get(unquote(name).lower(), unquote(name)) for name in given]
    return f"{action} ({', '.join(quote(name) for name in names)})"


def _options(table: Table) -> Options:
    options = table.options
    extra: dict[str, str] = {}
    for key, text in options.extra:
        match key:
            case "PARTITION_BY":
                masked = mask(text)
                method, _, columns = masked.skeleton.partition("(")
                extra[key] = f"{method.strip().upper()} ({masked.restore(columns)}"
            case "WITH":
                extra[key] = _parameters(text)
            case "TABLESPACE" if text == _TABLESPACE:
                pass
            case "TABLESPACE" | "UNLOGGED":
                extra[key] = text
            case "INHERITS":
                parents = ast.literal_eval(text) if text.startswith(("(", "[")) else text.split(", ")
                extra[key] = ", ".join(parents)
            case "USING" if text.lower() != "heap":
                extra[key] = text.lower()
            case "USING" | "IGNORE_SEARCH_PATH" | "WITH_OIDS":
                pass
            case _:
                raise UnsupportedError(
                    f'table "{table.name}": schemadiff does not know the option "postgresql_{key.lower()}"'
                )
    known = tuple(sorted(extra.items()))
    plain = (options.engine, options.charset, options.collation) == (None, None, None)
    if plain and known == options.extra and options.comment != "":
        return options
    return dataclasses.replace(
        options, comment=options.comment or None, engine=None, charset=None, collation=None, extra=known
    )


def _parameters(text: str) -> str:
    """Storage parameters, which a model gives as a dict and the catalog as a list: ``fillfactor=70, …``."""
    if text.startswith("{"):
        pairs = [(str(key), str(item)) for key, item in ast.literal_eval(text).items()]
    else:
        pairs = [
            (key.strip(), item.strip()) for key, _, item in (one.partition("=") for one in text.split(","))
        ]
    return ", ".join(f"{key.lower()}={_option(item)}" for key, item in sorted(pairs))
