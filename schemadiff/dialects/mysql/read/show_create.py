"""The text of SHOW CREATE TABLE -> a `Table`. Pure.

A parser of what MySQL 8.0+ and MariaDB 10.6+ write, in sessions without ANSI_QUOTES, not of all that they accept:
each column and key stands on a line of its own, type names and keywords come in a fixed order and case. What it does
not know is handed out by name, never dropped in silence.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from schemadiff.dialects.mysql.canonical.types import holds_text
from schemadiff.dialects.mysql.server.product import charset_of
from schemadiff.dialects.mysql.server.sql_text import (
    QUOTED,
    STRING,
    TEXT_OPTIONS,
    closing,
    unescape,
    unquote_name,
)
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Table,
    Type,
)

_LINE = re.compile(rf"(?:[^`'\n]++|{QUOTED}|{STRING})++", re.DOTALL)
_NAME = re.compile(QUOTED, re.DOTALL)
_TYPE = re.compile(rf"\w+(?:\((?:[^()']++|{STRING})*+\))?(?: unsigned)?(?: zerofill)?", re.DOTALL)
_ATTRIBUTE = re.compile(
    rf"""\ (?:
      (?P<not_null>NOT\ NULL)
    | DEFAULT\ (?P<default>)
    | CHARACTER\ SET\ (?P<charset>\w+)
    | COLLATE\ (?P<collation>\w+)
    | (?P<null>NULL)
    | COMMENT\ (?P<comment>{STRING})
    | (?P<autoincrement>AUTO_INCREMENT)
    | ON\ UPDATE\ (?P<on_update>\w+(?:\(\d*\))?)
    | (?:/\*!80023\ )?(?P<invisible>INVISIBLE)(?:\ \*/)?
    | /\*!80003\ SRID\ (?P<srid>\d+)\ \*/
    | (?:/\*M?!\d+\ )?(?P<attribute>COLUMN_FORMAT\ \w+|STORAGE\ \w+|NOT\ SECONDARY|COMPRESSED
        |WITHOUT\ SYSTEM\ VERSIONING)(?:\ ?\*/)?
    | GENERATED\ ALWAYS\ AS\ (?P<generated>)(?=\()
    | (?P<kind>VIRTUAL|STORED|PERSISTENT)\b
    | CHECK\ (?P<check>)(?=\()
    )""",
    re.DOTALL | re.VERBOSE,
)
_UNKNOWN = re.compile(rf" ?(?:/\*.*?\*/|(?:[^`'\s]++|{QUOTED}|{STRING})++)", re.DOTALL)
_VALUE = re.compile(rf"(?:{QUOTED}|\w*{STRING}|[-+\w.]+)?", re.DOTALL)
_KEY = re.compile(
    rf"(?:(?P<primary>PRIMARY) KEY|(?:(?P<kind>UNIQUE|FULLTEXT|SPATIAL) )?KEY (?P<name>{QUOTED})) (?=\()",
    re.DOTALL,
)
_PLAIN_KEY = re.compile(r"(?:(?P<unique>UNIQUE) )?KEY `(?P<name>[^`]+)` \((?P<parts>`[^`]+`(?:,`[^`]+`)*+)\)")
_KEY_ATTRIBUTE = re.compile(
    rf" USING (?P<method>\w+)| KEY_BLOCK_SIZE=\d+| COMMENT (?P<comment>{STRING})"
    rf"| (?:/\*!80000 )?(?P<hidden>INVISIBLE|IGNORED)(?: \*/)?"
    rf"| (?:/\*!50100 )?WITH PARSER (?P<parser>{QUOTED}|\w+)(?: \*/)?| +$",
    re.DOTALL,
)
_PART = re.compile(rf"(?:(?P<name>{QUOTED})(?:\((?P<length>\d+)\))?|(?P<expression>)(?=\())", re.DOTALL)
_PART_END = re.compile(r"(?P<descending> DESC)?(?: ASC)?(?:,|\))")
_FOREIGN_KEY = re.compile(
    rf"(?:CONSTRAINT (?P<name>{QUOTED}) )?FOREIGN KEY \((?P<columns>[^()`]*(?:{QUOTED}[^()`]*)+)\) "
    rf"REFERENCES (?:(?P<schema>{QUOTED})\.)?(?P<table>{QUOTED}) \((?P<targets>[^()`]*(?:{QUOTED}[^()`]*)+)\)"
    r"(?: ON DELETE (?P<on_delete>[A-Z]+(?: NULL| DEFAULT| ACTION)?))?"
    r"(?: ON UPDATE (?P<on_update>[A-Z]+(?: NULL| DEFAULT| ACTION)?))?",
    re.DOTALL,
)
_CHECK = re.compile(rf"(?:CONSTRAINT (?P<name>{QUOTED}) )?CHECK (?=\()", re.DOTALL)
_OPTION = re.compile(
    rf" *(?:/\*!\d+ (?P<hidden>\w+)=(?P<value>{STRING}|[^\s*]+) \*/"
    rf"|(?P<key>`?[A-Za-z_]+`?|DEFAULT CHARSET|DATA DIRECTORY|INDEX DIRECTORY) ?="
    rf" ?(?P<text>{STRING}|\((?:[^()`]++|{QUOTED})*+\)|[^\s']+))",
    re.DOTALL,
)
_PARTITIONS = re.compile(r"(?:/\*!\d+ )?PARTITION BY (?P<by>.*?)(?: \*/)?", re.DOTALL)
_NOT_ENFORCED = " /*!80016 NOT ENFORCED */"


class Parsed(NamedTuple):
    """The table, raw, and what was found in its text that no `Table` can hold."""

    table: Table
    unsupported: tuple[str, ...]


class _Attributes(NamedTuple):
    type: Type
    values: dict[str, Any]
    inherits: bool
    check: str | None
    unsupported: tuple[str, ...]


def parse(text: str, name: Name, default_schema: str | None) -> Parsed:
    """The table of that name. Tables of its own schema and of the default one are referred to without the schema
    where the table itself has none.
    """
    lines = _lines(text)
    end = next((number for number, line in enumerate(lines) if line[:1] == ")"), len(lines))
    columns: list[Column] = []
    indexes: list[Index] = []
    foreign_keys: list[ForeignKey] = []
    checks: list[Check] = []
    unsupported: list[str] = []
    primary_key: PrimaryKey | None = None
    options, unknown_options = _options(tuple(lines[end:]))
    charset, collation = (options.charset, options.collation) if options.collation else (None, None)
    for line in lines[1:end]:
        if line.startswith(("  `", "`")):
            column, check_of_column, unknown = _column(line, charset, collation)
            columns.append(column)
            if check_of_column is not None:
                checks.append(check_of_column)
            unsupported += unknown
            continue
        line = line.strip(" ").removesuffix(",")
        if plain := _PLAIN_KEY.fullmatch(line):
            indexes.append(_plain_index(plain))
        elif line.startswith("PRIMARY KEY"):
            primary_key, unknown = _primary_key(line)
            unsupported += unknown
        elif key := _KEY.match(line):
            index, clauses = _index(line, key)
            indexes.append(index)
            unsupported += [f"index {index.name}: {clause}" for clause in clauses]
        elif reference := _FOREIGN_KEY.fullmatch(line):
            foreign_keys.append(_foreign_key(reference, name, default_schema))
        elif check := _CHECK.match(line):
            checks.append(_check(line, check))
        else:
            unsupported.append(line)
    table = Table(
        name,
        tuple(columns),
        primary_key,
        (),
        tuple(indexes),
        tuple(foreign_keys),
        tuple(checks),
        options,
    )
    return Parsed(table, (*unsupported, *unknown_options))


def _lines(text: str) -> list[str]:
    """The lines, of which a name or a literal may hold ends of lines as well."""
    names = "".join(text.split("`")[1::2])
    if "\\" not in text and "'" not in names and "\n" not in names:
        # No quote stands in a name, and none is escaped: what stands between two is a literal, or a part of one.
        if "\n" not in "".join(text.split("'")[1::2]):
            return [line for line in text.split("\n") if line]
    return _LINE.findall(text)


@functools.lru_cache(maxsize=4096)
def _column(
    line: str, charset: str | None, collation: str | None
) -> tuple[Column, Check | None, tuple[str, ...]]:
    """The column of that line, its CHECK, and what is unsupported of it: many tables have the same ones. The character
    set and the collation are the table's.
    """
    line = line.strip(" ").removesuffix(",")
    quoted = _NAME.match(line)
    assert quoted is not None
    name = unquote_name(quoted[0])
    attributes = _attributes(line[quoted.end() + 1 :])
    inherited: dict[str, Any] = (
        {"charset": charset, "collation": collation} if attributes.inherits and collation else {}
    )
    column = Column(name, attributes.type, **attributes.values, **inherited)
    check = None if attributes.check is None else Check(attributes.check, column=name)
    return column, check, tuple(f"column {name}: {clause}" for clause in attributes.unsupported)


@functools.lru_cache(maxsize=4096)
def _attributes(text: str) -> _Attributes:
    """Parse the text behind a column's name: its type and attributes."""
    kind = _TYPE.match(text)
    position = kind.end() if kind else 0
    values: dict[str, Any] = {}
    check: str | None = None
    expression: str | None = None
    unsupported: list[str] = []
    while position < len(text):
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            unknown = _UNKNOWN.match(text, position)
            stop = unknown.end() if unknown else len(text)
            unsupported.append(text[position:stop].strip())
            position = stop
            continue
        position = match.end()
        match match.lastgroup:
            case "default":
                stop = _value_end(text, position)
                if text[position:stop] != "NULL":
                    values["default"] = text[position:stop]
                position = stop
            case "generated":
                stop = closing(text, position)
                expression, position = text[position:stop], stop
            case "check":
                stop = closing(text, position)
                check, position = text[position:stop], stop
            case "kind":
                values["generated"] = Generated(expression or "", match["kind"] != "VIRTUAL")
                expression = None
            case "not_null":
                values["nullable"] = False
            case "comment":
                values["comment"] = unescape(match["comment"][1:-1])
            case "autoincrement":
                values["autoincrement"] = True
            case "invisible":
                values["visible"] = False
            case "attribute":
                values["attributes"] = (*values.get("attributes", ()), match["attribute"])
            case "srid":
                values["srid"] = int(match["srid"])
            case "charset" | "collation" | "on_update" as word:
                values[word] = match[word]
            case _:
                pass
    if "collation" in values and "charset" not in values:
        values["charset"] = charset_of(values["collation"])
    type_ = Type(text[: kind.end()] if kind else "")
    inherits = holds_text(type_.sql) and "charset" not in values
    return _Attributes(type_, values, inherits, check, tuple(_joined(unsupported)))


def _joined(clauses: Sequence[str]) -> list[str]:
    """Words that stand side by side as one clause."""
    return [" ".join(clauses)] if clauses else []


def _value_end(text: str, position: int) -> int:
    """Where a default ends: a literal, a number, a word, a call or an expression in parentheses."""
    match = _VALUE.match(text, position)
    stop = match.end() if match else position
    return closing(text, stop) if text.startswith("(", stop) else stop


def _plain_index(match: re.Match[str]) -> Index:
    """An index of whole columns, without anything beyond."""
    unique = match["unique"] is not None
    return Index(_plain_parts(match["parts"]), match["name"], unique, constraint=unique)


@functools.lru_cache(maxsize=4096)
def _plain_parts(text: str) -> tuple[Part, ...]:
    return tuple(Part(name) for name in text[1:-1].split("`,`"))


@functools.lru_cache(maxsize=1024)
def _primary_key(line: str) -> tuple[PrimaryKey | None, tuple[str, ...]]:
    """The primary key of that line, and what is unsupported of it."""
    key = _KEY.match(line)
    if key is None:
        return None, (line,)
    index, clauses = _index(line, key)
    clauses += _beyond_primary_key(index)
    parts = tuple((part.length, part.descending) for part in index.parts)
    usual = all(part == (None, False) for part in parts)
    primary_key = PrimaryKey(index.columns, parts=() if usual else parts)
    return primary_key, tuple(f"primary key: {clause}" for clause in clauses)


def _index(line: str, key: re.Match[str]) -> tuple[Index, list[str]]:
    position = key.end() + 1
    parts: list[Part] = []
    unsupported: list[str] = []
    done = False
    while not done:
        part = _PART.match(line, position)
        if part is None:
            return _no_index(line, key)
        if part["name"]:
            column, expression, position = unquote_name(part["name"]), None, part.end()
        else:
            stop = closing(line, position)
            column, expression, position = None, line[position:stop], stop
        end = _PART_END.match(line, position)
        if end is None:
            return _no_index(line, key)
        length = int(part["length"]) if part["length"] else None
        parts.append(Part(column, expression, bool(end["descending"]), length))
        position = end.end()
        done = end[0].endswith(")")
    found: dict[str, Any] = {}
    while position < len(line):
        attribute = _KEY_ATTRIBUTE.match(line, position)
        if attribute is None:
            unsupported.append(line[position:].strip())
            break
        position = attribute.end()
        found.update({name: value for name, value in attribute.groupdict().items() if value})
    kind = key["kind"] if key["kind"] in ("FULLTEXT", "SPATIAL") else None
    unique = key["kind"] == "UNIQUE"
    plain = all(part.column and not part.descending and part.length is None for part in parts)
    parser = found.get("parser")
    index = Index(
        parts=tuple(parts),
        name=unquote_name(key["name"]) if key["name"] else None,
        unique=unique,
        kind=kind,
        method=found.get("method"),
        parser=unquote_name(parser) if parser and parser.startswith("`") else parser,
        visible="hidden" not in found,
        comment=unescape(found["comment"][1:-1]) if "comment" in found else None,
        constraint=unique and plain,
    )
    return index, unsupported


def _no_index(line: str, key: re.Match[str]) -> tuple[Index, list[str]]:
    name = unquote_name(key["name"]) if key["name"] else None
    return Index((), name), [line]


def _beyond_primary_key(index: Index) -> list[str]:
    """Return what SHOW CREATE TABLE says of a primary key and `PrimaryKey` has no field for: its comment. ``USING
    BTREE`` changes nothing.
    """
    return [f"comment {index.comment!r}"] if index.comment else []


def _foreign_key(match: re.Match[str], name: Name, default_schema: str | None) -> ForeignKey:
    schema = unquote_name(match["schema"]) if match["schema"] else name.schema
    if schema == default_schema and name.schema != default_schema:
        schema = None
    return ForeignKey(
        columns=_names(match["columns"]),
        target=Name(unquote_name(match["table"]), schema),
        target_columns=_names(match["targets"]),
        name=unquote_name(match["name"]) if match["name"] else None,
        on_delete=match["on_delete"],
        on_update=match["on_update"],
    )


@functools.lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    return tuple(unquote_name(match) for match in _NAME.findall(text))


def _check(line: str, match: re.Match[str]) -> Check:
    name = unquote_name(match["name"]) if match["name"] else None
    expression, enforced = _condition(line[match.end() :])
    return Check(expression, name, enforced)


@functools.lru_cache(maxsize=4096)
def _condition(text: str) -> tuple[str, bool]:
    """The expression that the text begins with, and whether rows are checked by it."""
    return text[: closing(text, 0)], not text.endswith(_NOT_ENFORCED)


@functools.lru_cache(maxsize=1024)
def _options(lines: Sequence[str]) -> tuple[Options, tuple[str, ...]]:
    """Parse the table options, which follow the last parenthesis; partitions have lines of their own. Returns the
    options, and the words that are not understood.
    """
    unsupported: list[str] = []
    rest = " ".join(" ".join(lines[1:]).split())
    partitions = _PARTITIONS.fullmatch(rest)
    if rest and not partitions:
        unsupported.append(rest)
    text = lines[0].removeprefix(")").rstrip() if lines else ""
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _OPTION.match(text, position)
        if match is None:
            unknown = _UNKNOWN.match(text, position)
            stop = unknown.end() if unknown else len(text)
            unsupported.append(text[position:stop].strip())
            position = stop
            continue
        position = match.end()
        key = (match["key"] or match["hidden"]).strip("`").upper().replace(" ", "_")
        value = match["text"] or match["value"]
        found[key] = unescape(value[1:-1]) if key in ("COMMENT", *TEXT_OPTIONS) else value
    if partitions:
        found["PARTITION_BY"] = partitions["by"]
    words = " ".join(clause for clause in unsupported if not clause.startswith(("PARTITION", "/*")))
    clauses = [clause for clause in unsupported if clause.startswith(("PARTITION", "/*"))]
    options = Options(
        comment=found.pop("COMMENT", None),
        engine=found.pop("ENGINE", None),
        charset=found.pop("DEFAULT_CHARSET", None),
        collation=found.pop("COLLATE", None),
        extra=tuple(sorted(found.items())),
    )
    return options, (*([words] if words else []), *clauses)
