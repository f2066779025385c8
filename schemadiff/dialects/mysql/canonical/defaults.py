"""Column defaults: SQL text as a model or a server writes it -> the text that the server shows. Pure.

Rules, not a parser: what they do not know is an expression, which only loses what `sql_text.bare` cuts; the server
itself settles the rest (see `read.scratch`). Measured on MySQL 9.7 and MariaDB 10.11.
"""

from __future__ import annotations

import functools
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from schemadiff.dialects.mysql.canonical.types import members
from schemadiff.dialects.mysql.server.product import Product
from schemadiff.dialects.mysql.server.sql_text import QUOTED, STRING, bare, closing, literal, unquote
from schemadiff.errors import UnsupportedError
from schemadiff.schema import Column, Name

_NOW = re.compile(r"(?:current_timestamp|now|localtime|localtimestamp)(?:\s*\(\s*(\d*)\s*\))?", re.IGNORECASE)
_PRECISE_NOW = re.compile(r"(?:now|current_timestamp)\(\d+\)", re.IGNORECASE)
_TODAY = re.compile(r"(?:current_date|curdate)(?:\s*\(\s*\))?", re.IGNORECASE)
_ON_UPDATE = re.compile(
    r"(?P<default>.*?)\s*\bON\s+UPDATE\s+(?P<on_update>\w+(?:\s*\(\s*\d*\s*\))?)\s*",
    re.IGNORECASE | re.DOTALL,
)
_OUTSIDE = re.compile(rf"{STRING}", re.DOTALL)
_NO_CODE = re.compile(rf"{STRING}|{QUOTED}", re.DOTALL)
_UNSAFE = re.compile(
    r"\b(?P<function>uuid|uuid_short|rand|random_bytes|user|session_user|system_user|sysdate|current_user"
    r"|wait_for_executed_gtid_set)\s*\(|\b(?P<word>current_user)\b",
    re.IGNORECASE,
)
"""Functions that may give another value on a replica (all that MySQL 9.7 takes in a default and refuses with 1674)."""
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_NEGATIVE = re.compile(r"-\s*\((.*)\)", re.DOTALL)
_HEX = re.compile(r"(?:0x([0-9a-f]+)|x'([0-9a-f]*)')", re.IGNORECASE)
_BITS = re.compile(r"(?:0b([01]+)|b'([01]*)')", re.IGNORECASE)
_TYPE = re.compile(r"(\w+)(?:\((.*)\))?(.*)", re.DOTALL)
_CALL = re.compile(r"\w+\(")
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
_TIME = re.compile(r"(\d{1,3}:\d\d)(:\d\d)?(?:\.(\d+))?")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?(?:\.(\d+))?)?")
_MOMENT_TYPE = re.compile(r"(?:datetime|timestamp)(?:\((\d)\))?")
_TIMES = ("datetime", "timestamp", "date", "time")
_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "bigint")
_NUMBERS = (*_INTEGERS, "decimal", "float", "double", "year")
_STRINGS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
_BINARIES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_NO_LITERALS = re.compile(
    r"(?:tiny|medium|long)?(?:text|blob)\b|json\b|(?:multi)?(?:point|linestring|polygon)\b|geom|vector\b"
)


@functools.lru_cache(maxsize=4096)
def split_on_update(default: str) -> tuple[str, str | None]:
    """The default and the ON UPDATE that stands in its text, the common idiom for a column that SQLAlchemy has no
    word for: ``server_default=text("CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")``.
    """
    if "'" in default and not re.search(r"\bON\s+UPDATE\b", _OUTSIDE.sub("''", default), re.IGNORECASE):
        return default, None
    match = _ON_UPDATE.fullmatch(default)
    return (match["default"], match["on_update"]) if match else (default, None)


def canonical_now(text: str, type_sql: str, product: Product) -> str | None:
    """The current time as the server shows it in a column of that type; ``None`` when the text is something else.

    MySQL takes CURRENT_TIMESTAMP only with the digits of the column's type, anything else only as the expression
    ``(now())``. MariaDB takes all and gives it the column's digits where there are none, or more than these.
    """
    match = _NOW.fullmatch(text)
    if match is None:
        return None
    digits = int(match[1] or 0)
    moment = _MOMENT_TYPE.fullmatch(type_sql)
    column_digits = int(moment[1] or 0) if moment else digits
    if product.folds_defaults:
        digits = min(digits, column_digits) if digits else column_digits
        return f"{product.now}({digits or ''})"
    if moment and digits == column_digits:
        return f"{product.now}({digits})" if digits else product.now
    return f"(now({digits or ''}))"


@functools.lru_cache(maxsize=4096)
def canonical_default(text: str, type_sql: str, product: Product) -> str | None:
    """The default of a column of that canonical type as the server shows it, ``None`` for none.

    MySQL keeps ``DEFAULT (now())`` apart from ``DEFAULT CURRENT_TIMESTAMP``, ``DEFAULT ('x')`` from ``DEFAULT 'x'``
    and ``DEFAULT (NULL)`` from none, though they mean the same; here each pair is one value, the shorter one.
    """
    inner = bare(text)
    if inner.upper() == "NULL":
        return None
    now = canonical_now(inner, type_sql, product)
    if now is not None:
        return now
    if _TODAY.fullmatch(inner):
        return "curdate()" if product.folds_defaults else "(curdate())"
    match = _TYPE.fullmatch(type_sql)
    name, arguments, flags = (match[1], match[2] or "", match[3]) if match else (type_sql, "", "")
    constant = _constant(inner, name, arguments, flags)
    if constant is None:
        return _expression(inner, product)
    quoted = name in _NUMBERS and not product.folds_defaults and not constant.startswith("'")
    return f"'{constant}'" if quoted else constant


def default_clause(default: str, written: str | None, type_sql: str, product: Product) -> str:
    """The canonical default as it must stand after DEFAULT: an expression in parentheses where somebody wrote one
    (`written`), though the server takes it for the same as the literal, so that it shows what it was given.

    MySQL 9.7 manual, 13.6: a BLOB, TEXT, JSON or geometry column takes a literal only as an expression.
    """
    if product.folds_defaults or default.startswith("("):
        return default
    expression = _as_expression(written) if written else None
    if expression is None and _NO_LITERALS.match(type_sql):
        return f"({default})"
    return expression or default


def unsafe_function(default: str | None) -> str | None:
    """The function in the default for which MySQL refuses to fill the rows of a table with it (1674)."""
    match = _UNSAFE.search(_NO_CODE.sub("''", default)) if default and default.startswith("(") else None
    return f"{(match['function'] or match['word']).upper()}()" if match else None


def expect_fillable(table: Name, column: Column, product: Product) -> None:
    """Raises `UnsupportedError` where the server would not fill a new column of the table with its default."""
    function = None if product.fills_unsafely else unsafe_function(column.default)
    if function is None:
        return
    raise UnsupportedError(
        f'cannot add column "{table}.{column.name}" with the default {column.default}: MySQL fills no table with '
        f"{function}, which may give another value on a replica (its error 1674)",
        hint="Add it in three steps of a revision that you write yourself: op.add_column of the column, nullable and "
        f'without the default; op.execute("UPDATE {table} SET {column.name} = …"); op.alter_column to the default, '
        "and to NOT NULL. A new table can have such a default from the start.",
    )


def _as_expression(written: str) -> str | None:
    """The default that was written, in parentheses; ``None`` where it stands without.

    It has parentheses, or SQLAlchemy 2.1 puts them around it in CREATE TABLE: around all but words and literals.
    """
    text, on_update = split_on_update(written.strip())
    if text.startswith("(") and closing(text, 0) == len(text):
        return f"({bare(text)})"
    plain = on_update or text.startswith(("'", '"', "(")) or _PRECISE_NOW.match(text)
    return None if plain or re.fullmatch(r"\w+", text) else f"({text})"


def _expression(inner: str, product: Product) -> str:
    if product.folds_defaults:
        call = _CALL.match(inner)
        if call and closing(inner, call.end() - 1) == len(inner):
            return inner
    return f"({inner})"


def _constant(text: str, name: str, arguments: str, flags: str) -> str | None:
    """The literal as the server stores it in a column of that type, numbers bare, and as it is where the rules do
    not reach; ``None`` when the text is no literal, or none that the type could have without parentheses.
    """
    string = unquote(text)
    negative = _NEGATIVE.fullmatch(text)
    if negative:
        text = f"-{bare(negative[1])}"
    if text.upper() in ("TRUE", "FALSE"):
        text = str(int(text.upper() == "TRUE"))
    number = text if _NUMBER.fullmatch(text) else None
    data = _bytes(text)
    if string is None and number is None and data is None:
        return None
    if name in _NUMBERS:
        if data is not None:
            number = str(int.from_bytes(data))
        return _number(
            string.strip() if string is not None else number or "", string is None, name, arguments, flags
        )
    if name == "bit":
        value = (
            string.encode()
            if string is not None
            else data
            if data is not None
            else _integer_bytes(number or "")
        )
        return f"b'{int.from_bytes(value):b}'" if value is not None else text
    if name in _TIMES:
        return literal(_moment(string, name, arguments)) if string is not None else text
    if name in _STRINGS or name in _BINARIES or name in ("enum", "set"):
        if data is not None:
            return _text_of(data)
        if string is None and not _PLAIN.fullmatch(text):
            return text
        return literal(_text(string if string is not None else text, name, arguments))
    return literal(string) if string is not None else None


def _text_of(data: bytes) -> str:
    try:
        return literal(data.decode())
    except UnicodeDecodeError:
        return f"0x{data.hex().upper()}"


def _text(value: str, name: str, arguments: str) -> str:
    if name in ("char", "enum"):
        return value.rstrip(" ")
    if name == "binary" and arguments.isdigit():
        return value + "\0" * (int(arguments) - len(value.encode()))
    if name == "set":
        given = set(value.split(","))
        ordered = [member for member in members(arguments) if member in given]
        return ",".join(ordered) if len(ordered) == len(given) else value
    return value


def _bytes(text: str) -> bytes | None:
    match = _HEX.fullmatch(text)
    if match:
        digits = match[1] or match[2] or ""
        return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")
    match = _BITS.fullmatch(text)
    return _integer_bytes(str(int(match[1] or match[2] or "0", 2))) if match else None


def _integer_bytes(number: str) -> bytes | None:
    if not number.isdigit():
        return None
    value = int(number)
    return value.to_bytes((value.bit_length() + 7) // 8 or 1)


def _number(text: str, bare_number: bool, name: str, arguments: str, flags: str) -> str:
    """The number as it is stored; the text as a literal where the rules do not reach."""
    unknown = text if bare_number else literal(text)
    if not _NUMBER.fullmatch(text) or ("zerofill" in flags and name not in _INTEGERS):
        return unknown
    value = Decimal(text)
    try:
        if name == "year":
            return _year(value, text if not bare_number else "") or unknown
        if name in ("float", "double"):
            scale = arguments.partition(",")[2]
            return f"{float(value):.{scale}f}" if scale else _float(value, name) or unknown
        rounded = value.quantize(Decimal(1).scaleb(-int(arguments.partition(",")[2] or "0")), ROUND_HALF_UP)
    except (InvalidOperation, OverflowError):
        return unknown
    shown = f"{abs(rounded):f}"
    if "zerofill" in flags and arguments.isdigit():
        shown = shown.rjust(int(arguments), "0")
    return f"-{shown}" if rounded < 0 else shown


def _float(value: Decimal, name: str) -> str | None:
    """The shortest digits that give the same number, where the server shows them without an exponent."""
    if value == 0:
        return "0"
    if not Decimal("1e-5") <= abs(value) < Decimal("1e14"):
        return None
    shortest = f"{float(value):.6g}" if name == "float" else repr(float(value))
    return f"{Decimal(shortest).normalize():f}"


def _year(value: Decimal, string: str) -> str | None:
    """Two digits are a year between 1970 and 2069, and the number 0, but not the string, is the year 0000 (MySQL
    9.7 manual, 13.2.9).
    """
    if value != int(value) or not 0 <= value <= 2155:
        return None
    year = int(value)
    if 0 < year < 100 or (year == 0 and 0 < len(string) <= 2):
        year += 2000 if year < 70 else 1900
    return f"{year:04}"


def _moment(text: str, name: str, arguments: str) -> str:
    """A date or time in full, where nothing has to be rounded; else as it is."""
    digits = int(arguments) if arguments.isdigit() else 0
    match = (_TIME if name == "time" else _DATE).fullmatch(text)
    if match is None:
        return text
    if name == "date":
        return match[1] if match[2] in (None, "00:00") else text
    if name == "time":
        clock, fraction = f"{match[1].rjust(5, '0')}{match[2] or ':00'}", match[3] or ""
    else:
        clock, fraction = f"{match[1]} {match[2] or '00:00'}{match[3] or ':00'}", match[4] or ""
    if fraction[digits:].strip("0"):
        return text
    fraction = fraction[:digits].ljust(digits, "0")
    return f"{clock}.{fraction}" if fraction else clock
