"""The bytes of a server's answer -> text. A definition is UTF-8 with exceptions, which stand in string literals:

MySQL 9.7 keeps a literal of an expression in the character set of the column that it is compared or joined with, in a
generated column and an index at once, in a CHECK from the next ALTER of the table on. It shows the bytes of that
(`` `name` <> _latin1'\xf6' ``), or a question mark for each where it is to show them in UTF-8. MariaDB 10.11 shows a
binary default as the bytes that it is.
"""

from __future__ import annotations

import re
from typing import Any

from schemadiff.dialects.mysql.server.sql_text import literal

_TEXT = rb"'(?:[^'\\]++|\\.|'')*+'"
_BINARY_DEFAULT = re.compile(rb"(?<= DEFAULT )" + _TEXT, re.DOTALL)
_INTRODUCED = re.compile(rb"`(?:[^`]++|``)*+`|(?<![\w`])_([a-z0-9]++)(" + _TEXT + rb")|" + _TEXT, re.DOTALL)
_ESCAPE = re.compile(rb"''|\\(.)", re.DOTALL)
_ESCAPED = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}

_CODECS = {
    "big5": "big5",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "cp850": "cp850",
    "cp852": "cp852",
    "cp866": "cp866",
    "cp932": "cp932",
    "eucjpms": "euc_jp",
    "euckr": "euc_kr",
    "gb18030": "gb18030",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "greek": "iso8859_7",
    "hebrew": "iso8859_8",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "latin1": "cp1252",
    "latin2": "iso8859_2",
    "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "macce": "mac_latin2",
    "macroman": "mac_roman",
    "sjis": "shift_jis",
    "tis620": "tis_620",
    "ucs2": "utf_16_be",
    "ujis": "euc_jp",
    "utf16": "utf_16_be",
    "utf16le": "utf_16_le",
    "utf32": "utf_32_be",
}
"""The codecs of character sets; MySQL's latin1 is Windows' (MySQL 9.7 manual, 12.10.2 West European Character Sets)."""

_OF_NO_ASCII = (b"_ucs2'", b"_utf16'", b"_utf16le'", b"_utf32'")
"""The introducers of texts that are not what their bytes are in ASCII."""


def decoded(value: Any) -> Any:
    """The text that the bytes are; what are no bytes as it is."""
    if not isinstance(value, bytes | bytearray):
        return value
    value = bytes(value)
    if not value.isascii() or (b"_u" in value and any(introducer in value for introducer in _OF_NO_ASCII)):
        value = _INTRODUCED.sub(_in_utf8, value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        # MySQL 9.7 writes 0x00FF for a binary default, and that can be sent again.
        return _BINARY_DEFAULT.sub(_hexadecimal, value).decode(errors="backslashreplace")


def _in_utf8(match: re.Match[bytes]) -> bytes:
    charset, text = match[1], match[2]
    codec = _CODECS.get(charset.decode()) if charset else None
    if codec is None or (text.isascii() and not codec.startswith("utf")):
        return match[0]
    try:
        found = _plain(text).decode(codec)
    except UnicodeDecodeError:
        return match[0]
    return f"_utf8mb4{literal(found)}".encode()


def _hexadecimal(match: re.Match[bytes]) -> bytes:
    try:
        match[0].decode()
    except UnicodeDecodeError:
        return f"0x{_plain(match[0]).hex().upper()}".encode()
    return match[0]


def _plain(text: bytes) -> bytes:
    """Return the bytes of a quoted literal without its quotes, the escapes resolved."""
    return _ESCAPE.sub(lambda one: _ESCAPED.get(one[1], one[1]) if one[1] else b"'", text[1:-1])
