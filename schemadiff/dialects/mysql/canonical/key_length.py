"""How long the key of an index is: MariaDB makes a unique one that is too long a hash, unasked. Pure.

The limit is InnoDB's, 3072 bytes for the whole key; whether a part may be NULL does not count (MariaDB 10.11:
varchar(768) in utf8mb4 is a BTREE, varchar(769) a hash, and so is varchar(768) beside an int).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from schemadiff.schema import Column, Index, Part

LONGEST = 3072

_LENGTH = re.compile(r"(?P<kind>\w+)(?:\((?P<length>\d+))?")
_BYTES = {
    **dict.fromkeys(("utf8mb4", "utf16", "utf16le", "utf32", "gb18030"), 4),
    **dict.fromkeys(("utf8mb3", "utf8", "ujis", "eucjpms"), 3),
    **dict.fromkeys(("ucs2", "big5", "gbk", "gb2312", "sjis", "cp932", "euckr"), 2),
}
_FIXED = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "float": 4, "date": 3, "year": 1, "enum": 2}
_FIXED |= dict.fromkeys(("uuid", "inet6"), 16)


def is_too_long(index: Index, columns: Mapping[str, Column]) -> bool:
    """Whether a BTREE has no room for the key."""
    return sum(_part_bytes(part, columns.get(part.column or "")) for part in index.parts) > LONGEST


def _part_bytes(part: Part, column: Column | None) -> int:
    match = _LENGTH.match(column.type.sql) if column else None
    if column is None or match is None:
        return 0
    kind = match["kind"]
    if kind.endswith(("char", "binary", "text", "blob")):
        unlimited = kind.endswith(("text", "blob"))
        length = part.length or (LONGEST + 1 if unlimited else int(match["length"] or 1))
        return length * _BYTES.get(column.charset or "", 1)
    return _FIXED.get(kind, 8)
