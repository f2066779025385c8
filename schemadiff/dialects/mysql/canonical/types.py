"""Column types: how a model or a server writes one -> how the server itself shows it. Pure.

The rules are the measured table of MySQL 9.7 and MariaDB 10.11 (MySQL manual, 13 Data Types; MariaDB, Data Types).
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from schemadiff.dialects.mysql.server.product import Product
from schemadiff.dialects.mysql.server.sql_text import STRING, literal, unquote


class Spelling(NamedTuple):
    """A type apart from what the schema keeps in fields of their own.

    ``charset`` and ``collation`` are those that were written, ``binary`` whether the attribute BINARY asks for the
    character set's own binary collation.
    """

    sql: str
    charset: str | None = None
    collation: str | None = None
    binary: bool = False
    srid: int | None = None
    compressed: bool = False


COMPRESSED = "COMPRESSED"
"""The attribute of a column that MariaDB compresses; a type can be written with it."""

_WORD = re.compile(rf"\s*(?:(?P<word>\w+)|(?P<list>\((?:[^()']++|{STRING})*+\))|(?P<other>\S))", re.DOTALL)
_MEMBER = re.compile(STRING, re.DOTALL)

_SAME = {
    "bool": "tinyint(1)",
    "boolean": "tinyint(1)",
    "integer": "int",
    "int1": "tinyint",
    "int2": "smallint",
    "int3": "mediumint",
    "int4": "int",
    "int8": "bigint",
    "middleint": "mediumint",
    "dec": "decimal",
    "numeric": "decimal",
    "fixed": "decimal",
    "float4": "float",
    "float8": "double",
    "double precision": "double",
    "real": "double",
    "character": "char",
    "char varying": "varchar",
    "character varying": "varchar",
    "varcharacter": "varchar",
    "long": "mediumtext",
    "long varchar": "mediumtext",
    "long varcharacter": "mediumtext",
    "long char varying": "mediumtext",
    "long varbinary": "mediumblob",
}
_NATIONAL = {
    "nchar": "char",
    "nvarchar": "varchar",
    "nchar varchar": "varchar",
    "nchar varying": "varchar",
    "national char": "char",
    "national character": "char",
    "national varchar": "varchar",
    "national varcharacter": "varchar",
    "national char varying": "varchar",
    "national character varying": "varchar",
}
_WIDTHS = {"tinyint": 4, "smallint": 6, "mediumint": 9, "int": 11, "bigint": 20}
_UNSIGNED_WIDTHS = {"tinyint": 3, "smallint": 5, "mediumint": 8, "int": 10, "bigint": 20}
_BINARY = {
    "char": "binary",
    "varchar": "varbinary",
    "tinytext": "tinyblob",
    "text": "blob",
    "mediumtext": "mediumblob",
    "longtext": "longblob",
}
_TEXT = ("tinytext", "text", "mediumtext", "longtext")
_BLOB = ("tinyblob", "blob", "mediumblob", "longblob")
_LIMITS = (0xFF, 0xFFFF, 0xFFFFFF)
_BYTES = {
    **dict.fromkeys(("utf8mb4", "utf16", "utf16le", "utf32", "gb18030"), 4),
    **dict.fromkeys(("utf8mb3", "ujis", "eucjpms"), 3),
    **dict.fromkeys(("big5", "cp932", "euckr", "gb2312", "gbk", "sjis", "ucs2"), 2),
}
_TEXTUAL = re.compile(r"(?:char|varchar|tinytext|text|mediumtext|longtext|enum|set)\b")


def holds_text(sql: str) -> bool:
    """Whether the canonical type has a character set."""
    return _TEXTUAL.match(sql) is not None


@functools.lru_cache(maxsize=4096)
def casts(before: str, after: str) -> bool:
    """Whether the server turns one type into the other: MariaDB's uuid and inet come from texts and bytes alone, and
    go there (10.11: 4078).
    """
    strict, other = re.compile(r"uuid|inet[46]\b"), re.compile(r".*(?:char|text|binary|blob|enum|set)\b")
    pairs = ((before, after), (after, before))
    return not any(strict.match(one) and not (strict.match(two) or other.match(two)) for one, two in pairs)


def split(sql: str) -> Spelling:
    """The type apart from its character set, collation and SRID; keywords in lower case, synonyms replaced."""
    words: list[str] = []
    arguments = charset = collation = None
    binary = byte = compressed = False
    srid: int | None = None
    tokens = [match for match in _WORD.finditer(sql) if match[0].strip()]
    position = 0
    while position < len(tokens):
        token = tokens[position]
        word = token["word"].lower() if token["word"] else None
        after = tokens[position + 1][0].strip().strip("'\"`").lower() if position + 1 < len(tokens) else ""
        if token["list"] and arguments is None:
            arguments = token["list"]
        elif (word == "charset") or (word == "character" and after == "set"):
            position += 1 if word == "charset" else 2
            charset = tokens[position][0].strip().strip("'\"`").lower() if position < len(tokens) else None
        elif word == "collate":
            position += 1
            collation = after or None
        elif word == "srid":
            position += 1
            srid = int(after) if after.isdigit() else None
        elif word == "ascii" and words:
            charset = "latin1"
        elif word == "unicode" and words:
            charset = "ucs2"
        elif word == "compressed" and words:
            compressed = True
            if after == "=":
                position += 2
        elif word == "byte" and words:
            byte = True
        elif word == "binary" and words:
            binary = True
        else:
            words.append(word or token[0].strip())
        position += 1
    flags = [word for word in words if word in ("unsigned", "zerofill", "signed")]
    name = " ".join(word for word in words if word not in flags)
    if name in _NATIONAL:
        name, charset = _NATIONAL[name], "utf8mb3"
    name = _SAME.get(name, name)
    if byte:
        name = _BINARY.get(name, name)
    if "zerofill" in flags:
        flags = ["unsigned", "zerofill"]
    text = " ".join([f"{name}{_arguments(arguments)}", *(flag for flag in flags if flag != "signed")])
    return Spelling(text, current_name(charset), current_name(collation), binary, srid, compressed)


def current_name(name: str | None) -> str | None:
    """The name of a character set or collation in lower case, ``utf8`` spelled ``utf8mb3`` as MySQL 8.0.30+ and
    MariaDB 10.6+ do.
    """
    name = name.lower() if name else None
    if name is not None and (name == "utf8" or name.startswith("utf8_")):
        return f"utf8mb3{name[4:]}"
    return name


def _arguments(text: str | None) -> str:
    """The list in parentheses, numbers without spaces, members as the servers quote them.

    Trailing spaces of members are cut (MySQL 9.7 manual, 13.3.6 The ENUM Type).
    """
    if text is None:
        return ""
    if "'" not in text:
        return "".join(text.split())
    return f"({','.join(literal(member.rstrip(' ')) for member in members(text))})"


def members(sql: str) -> tuple[str, ...]:
    """The members of an ENUM or SET type."""
    return tuple(unquote(match[0]) or "" for match in _MEMBER.finditer(sql))


@functools.lru_cache(maxsize=4096)
def canonical_type(sql: str, charset: str, product: Product) -> str:
    """The type as the server shows it; `sql` is what `split` made of it, `charset` the effective character set."""
    match = _CANONICAL.fullmatch(sql)
    if match is None:
        return sql
    name, arguments, flags = match["name"], match["arguments"] or "", match["flags"]
    numbers = [int(number) for number in arguments[1:-1].split(",") if number.isdigit()]
    if charset == "binary" and name in _BINARY:
        name = _BINARY[name]
    match name:
        case "tinyint" | "smallint" | "mediumint" | "int" | "bigint":
            return f"{name}{_width(name, arguments, flags, product)}{flags}"
        case "decimal":
            precision, scale = [*numbers, *(10, 0)[len(numbers) :]][:2]
            return f"decimal({precision or 10},{scale}){flags}"
        case "float" if len(numbers) == 1:
            return f"{'float' if numbers[0] <= 24 else 'double'}{flags}"
        case "char" | "binary" | "bit" if not numbers:
            return f"{name}(1)"
        case "text" | "blob" if numbers:
            return _sized(name, numbers[0] * (_BYTES.get(charset, 1) if name == "text" else 1))
        case "datetime" | "timestamp" | "time" if numbers == [0]:
            return name
        case "year":
            return "year(2)" if numbers == [2] else product.year
        case "geometrycollection" | "geomcollection":
            return product.geometry_collection
        case "vector" if not numbers:
            return "vector(2048)"
        case _:
            return f"{name}{arguments}{flags}"


_CANONICAL = re.compile(
    rf"(?P<name>[a-z_]\w*)(?P<arguments>\((?:[^()']++|{STRING})*+\))?(?P<flags>(?: unsigned)?(?: zerofill)?)",
    re.DOTALL,
)


def _width(name: str, arguments: str, flags: str, product: Product) -> str:
    """The display width as it is shown: by MariaDB always, by MySQL 8.0.19+ for ZEROFILL and ``tinyint(1)`` only."""
    shown = arguments or f"({(_UNSIGNED_WIDTHS if flags else _WIDTHS)[name]})"
    if product.shows_widths or "zerofill" in flags:
        return shown
    return arguments if (name, arguments, flags) == ("tinyint", "(1)", "") else ""


def _sized(name: str, size: int) -> str:
    """The smallest type that holds so many bytes."""
    sizes = _TEXT if name == "text" else _BLOB
    return next((kind for kind, limit in zip(sizes, _LIMITS, strict=False) if size <= limit), sizes[-1])
