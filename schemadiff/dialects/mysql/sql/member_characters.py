"""Members of ENUM and SET types with characters that the column's character set does not have: MySQL 9.7 and MariaDB
10.11 keep question marks for these, in strict mode too, and say nothing. Everywhere else they refuse such a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemadiff.dialects.contract.statements import Expectation
from schemadiff.dialects.mysql.canonical.tables import canonical_table
from schemadiff.dialects.mysql.canonical.types import members
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import quote
from schemadiff.operations import Operation, touched
from schemadiff.operations.subject import made_columns
from schemadiff.schema import Column, Name, Schema


def expected(
    carried: Sequence[Operation], operations: Sequence[Operation], before: Schema, facts: Facts
) -> tuple[Expectation, ...]:
    """That the members which a statement makes can be kept: it carries out these of the operations that follow one
    another from `before` on.
    """
    return tuple(
        _expectation(name, column)
        for operation in carried
        for name, doubtful in [_doubtful(operation)]
        if doubtful
        for column in _effective(name, doubtful, operation, operations, before, facts)
    )


def _doubtful(operation: Operation) -> tuple[Name, list[str]]:
    """The table, and the columns of an ENUM or SET type that the operation makes with characters beyond ASCII."""
    return touched(operation) or Name(""), [
        column.name
        for column in made_columns(operation)
        if not column.type.sql.isascii() and column.type.sql[:4].lower() in ("enum", "set(")
    ]


def _effective(
    name: Name,
    columns: Sequence[str],
    operation: Operation,
    operations: Sequence[Operation],
    before: Schema,
    facts: Facts,
) -> Iterator[Column]:
    """The columns with the character sets that they have in that table once the operation is done."""
    for one in operations:
        before = one.apply(before, strict=False)
        if one is operation:
            break
    table = canonical_table(before.tables[name], facts)
    yield from (column for column in table.columns if column.name in columns)


def _expectation(table: Name, column: Column) -> Expectation:
    texts = " UNION ALL ".join(
        f"SELECT _utf8mb4 0x{one.encode().hex()} AS member" for one in members(column.type.sql)
    )
    there = f"CONVERT(CONVERT(member USING {quote(column.charset or 'utf8mb4')}) USING utf8mb4)"
    return Expectation(
        f"SELECT member FROM ({texts}) AS members WHERE {there} <> member COLLATE utf8mb4_bin",
        key="member",
        words=f"of the members of {table}.{column.name} would be kept with question marks, because the character set "
        f"{column.charset} does not have all their characters",
        advice="Give the column or the table a character set that has them: "
        'mysql.ENUM(…, charset="utf8mb4"), or mysql_charset and mariadb_charset of the table.',
    )
