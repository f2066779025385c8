"""Column types: any spelling -> the words of PostgreSQL's format_type -> a SQLAlchemy type. Pure.

Spellings and answers were measured on PostgreSQL 15 (manual, chapter 8 and section 9.26.4).
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from schemadiff.dialects.postgresql.server.sql_text import END, IDENTIFIER, mask, quote, unquote
from schemadiff.dialects.shared.native_type import NativeType
from schemadiff.schema import Column, Name, Type

_ALIASES = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "dec": "numeric",
    "decimal": "numeric",
    "varchar": "character varying",
    "char varying": "character varying",
    "national char varying": "character varying",
    "national character varying": "character varying",
    "char": "character",
    "nchar": "character",
    "national char": "character",
    "national character": "character",
    "varbit": "bit varying",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
}
NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
INTEGERS = frozenset({"smallint", "integer", "bigint"})
FLOATS = frozenset({"real", "double precision"})
STRINGS = frozenset({"character varying", "character", "text"})
_BUILT_IN = (
    NUMBERS
    | STRINGS
    | {
        *("boolean", "bytea", "date", "interval", "uuid", "json", "jsonb", "xml", "name", "money", "citext"),
        *("timestamp without time zone", "timestamp with time zone", "time without time zone"),
        *("time with time zone", "inet", "cidr", "macaddr", "macaddr8", "tsvector", "tsquery", "hstore"),
        *("bit", "bit varying", "jsonpath", "int4range", "int8range", "numrange", "daterange", "tsrange"),
        *("tstzrange", "point", "box", "line", "lseg", "path", "polygon", "circle", "oid"),
        *("int4multirange", "int8multirange", "nummultirange", "datemultirange", "tsmultirange"),
        "tstzmultirange",
    }
)
_IDENTIFIER = rf"(?:{IDENTIFIER}\d+{END}|[^\W\d][\w$]*)"
_COLLATE = re.compile(rf"\s+collate\s+((?:{_IDENTIFIER}\s*\.\s*)?{_IDENTIFIER})$", re.IGNORECASE)
_ARRAY = re.compile(r"(?:\s*\[\d*\])+$|\s+array(?:\s*\[\d+\])?$", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\s*\(([^()]*)\)")


class Words(NamedTuple):
    """A type in canonical words: ``numeric``, ``(10, 2)``; whether it is an array; its collation, if it names one."""

    kind: str
    arguments: tuple[str, ...] = ()
    array: bool = False
    collation: str | None = None

    @property
    def sql(self) -> str:
        """The words as format_type writes them, without the collation."""
        arguments = f"({','.join(self.arguments)})" if self.arguments else ""
        if self.kind.startswith(("timestamp ", "time ")):
            first, rest = self.kind.split(" ", 1)
            text = f"{first}{arguments} {rest}"
        else:
            text = f"{self.kind}{arguments}"
        return f"{text}[]" if self.array else text

    @property
    def cast(self) -> str | None:
        """Return the type name that the server writes behind ``::`` for a constant of this type; ``None`` if only the
        server can say it.

        It leaves lengths out, calls character ``bpchar`` and puts bit in quotes (PostgreSQL 15).
        """
        if self.kind not in _BUILT_IN or (self.kind == "interval" and self.arguments):
            # Fields and precision of an interval cut its constants off.
            return None
        kind = self.kind
        if not self.array:
            kind = {"character": "bpchar", "bit": '"bit"'}.get(kind, kind)
        return f"{kind}[]" if self.array else kind


@functools.lru_cache(maxsize=4096)
def parse(sql: str) -> Words:
    """The words of a type, however it is spelled. Of an array only that it is one: PostgreSQL keeps no more."""
    masked = mask(sql)
    text, collation, array = masked.skeleton, None, False
    if match := _COLLATE.search(text):
        text = text[: match.start()]
        names = [unquote(masked.restore(part.strip())) for part in match[1].split(".")]
        collation = None if names[-1] == "default" else ".".join(n for n in names if n != "pg_catalog")
    if match := _ARRAY.search(text):
        text, array = text[: match.start()], True
    arguments: tuple[str, ...] = ()
    if match := _ARGUMENTS.search(text):
        arguments = tuple(part.strip() for part in match[1].split(","))
        text = f"{text[: match.start()]} {text[match.end() :]}"
    kind = " ".join(text.split()).lower().removeprefix("pg_catalog.")
    if kind.startswith("_") and kind[1:] in _ALIASES.keys() | _BUILT_IN:
        kind, array = kind[1:], True
    kind = _ALIASES.get(kind, kind)
    match kind, arguments:
        case "float", ():
            kind = "double precision"
        case "float", (bits,):
            kind, arguments = ("real" if int(bits) <= 24 else "double precision"), ()
        case "character" | "bit", ():
            arguments = ("1",)
        case "numeric", (precision,):
            arguments = (precision, "0")
    return Words(
        masked.restore(kind), tuple(masked.restore(argument) for argument in arguments), array, collation
    )


class EnumName(NamedTuple):
    """The name of an enumerated type, and whether a column holds an array of it."""

    name: Name
    array: bool

    @property
    def plain(self) -> str:
        """The canonical text: names in quotes only where they need them."""
        words = [_plain(part) for part in (self.name.schema, self.name.name) if part]
        return ".".join(words) + ("[]" if self.array else "")

    @property
    def quoted(self) -> str:
        """The name for a statement, always in quotes, with brackets if it is an array."""
        return quoted(self.name) + ("[]" if self.array else "")


def quoted(name: Name) -> str:
    """A name with its schema, if it has one, both in quotes."""
    return f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)


_NOT_A_TYPE_NAME = RESERVED_WORDS | {
    *("between", "bigint", "bit", "boolean", "char", "character", "coalesce", "dec", "decimal", "exists"),
    *("extract", "float", "greatest", "grouping", "inout", "int", "integer", "interval", "least", "national"),
    *("nchar", "none", "normalize", "nullif", "numeric", "out", "overlay", "position", "precision", "real"),
    *("row", "setof", "smallint", "substring", "time", "timestamp", "treat", "trim", "values", "varchar"),
}
"""The keywords that cannot be the name of a type without quotes: those of pg_get_keywords() that are not
unreserved (PostgreSQL 15), as far as they are plain words."""


def _plain(identifier: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", identifier) and identifier not in _NOT_A_TYPE_NAME:
        return identifier
    return quote(identifier)


def is_named(kind: Type, name: Name) -> bool:
    """Whether the type is the one of that name, an enumerated type or a domain, or an array of it."""
    return kind.sql in (EnumName(name, False).plain, EnumName(name, True).plain)


@functools.lru_cache(maxsize=1024)
def parse_enum(sql: str) -> EnumName:
    """The name in the type of a column that has `Type.values`."""
    masked = mask(sql)
    text = masked.skeleton
    array = _ARRAY.search(text)
    if array:
        text = text[: array.start()]
    parts = [unquote(masked.restore(part.strip())) for part in text.split(".")]
    return EnumName(Name(parts[-1], parts[-2] if len(parts) > 1 else None), bool(array))


def sqlalchemy_type(column: Column) -> Any:
    """A SQLAlchemy type that is read back as the column's type and collation; a generic one where it says the
    same.

    What SQLAlchemy has no type for becomes a `NativeType` of the server's own words.
    """
    if column.type.values is not None:
        enum = parse_enum(column.type.sql)
        item: Any = sa.Enum(*column.type.values, name=enum.name.name, schema=enum.name.schema)
        return postgresql.ARRAY(item) if enum.array else item
    words = parse(column.type.sql)
    item = _single(words._replace(array=False), column.collation)
    return postgresql.ARRAY(item) if words.array else item


_PLAIN: dict[str, Any] = {
    "smallint": sa.SmallInteger,
    "integer": sa.Integer,
    "bigint": sa.BigInteger,
    "boolean": sa.Boolean,
    "real": sa.REAL,
    "double precision": sa.Double,
    "bytea": sa.LargeBinary,
    "date": sa.Date,
    "json": sa.JSON,
    "uuid": sa.Uuid,
    **{
        kind: getattr(postgresql, kind.upper())
        for kind in (
            *("jsonb", "jsonpath", "inet", "cidr", "macaddr", "macaddr8", "money", "oid", "regclass"),
            *("regconfig", "tsvector", "tsquery", "hstore", "int4range", "int8range", "numrange"),
            *("daterange", "tsrange", "tstzrange", "int4multirange", "int8multirange"),
            *("nummultirange", "datemultirange", "tsmultirange", "tstzmultirange"),
        )
    },
}
_LENGTHS: dict[str, Any] = {"character varying": sa.String, "character": sa.CHAR, "text": sa.Text}


def _single(words: Words, collation: str | None) -> Any:
    numbers = [int(a) for a in words.arguments if re.fullmatch(r"-?\d+", a)]
    match words.kind:
        case kind if kind in _PLAIN and not words.arguments:
            return _PLAIN[kind]()
        case "character varying" | "text" | "character" as kind if kind != "character" or numbers:
            return _LENGTHS[kind](*numbers, collation=collation)
        case "numeric":
            precision, scale = (*numbers, None, None)[:2]
            return sa.Numeric(precision, scale)
        case "citext":
            return postgresql.CITEXT(collation=collation)
        case "bit" if numbers:
            return postgresql.BIT(numbers[0])
        case "bit varying":
            return postgresql.BIT(numbers[0] if numbers else None, varying=True)
        case "timestamp without time zone" | "timestamp with time zone" as kind:
            zone = "without" not in kind
            if not numbers:
                return sa.DateTime(timezone=zone)
            return postgresql.TIMESTAMP(timezone=zone, precision=numbers[0])
        case "time without time zone" | "time with time zone" as kind:
            zone = "without" not in kind
            return postgresql.TIME(timezone=zone, precision=numbers[0]) if numbers else sa.Time(timezone=zone)
        case kind if kind.split(" ")[0] == "interval":
            fields = kind.removeprefix("interval").strip().upper() or None
            return postgresql.INTERVAL(fields=fields, precision=numbers[0] if numbers else None)
        case _:
            collate = f" COLLATE {quote(collation)}" if collation else ""
            return NativeType(words.sql + collate)
