"""Tables in canonical form; what DuckDB has not is refused by name. Pure.

DuckDB keeps no names of constraints (`duckdb_constraints` makes them up), so no constraint has one here, and neither
how an index is sorted.
"""

from __future__ import annotations

from dataclasses import replace

from schemadiff.dialects.shared.lacking_features import FEATURES, Feature, refuse_lacking
from schemadiff.dialects.shared.plain_tables import bare, nameless, plain
from schemadiff.schema import Check, Column, Index, Part, Table
from schemadiff_duckdb import types

LACKS: frozenset[Feature] = frozenset(FEATURES) - {"computed columns", "index expressions"}


def canonical(table: Table) -> Table:
    """The table in canonical form. Idempotent. Raises `UnsupportedError`."""
    table = nameless(plain(table))
    refuse_lacking(table, "duckdb", LACKS)
    return replace(
        table,
        columns=tuple(map(_column, table.columns)),
        indexes=tuple(map(_index, table.indexes)),
        checks=tuple(map(_check, table.checks)),
    )


def _column(column: Column) -> Column:
    sql, _, collation = column.type.sql.partition(" COLLATE ")
    default, generated = column.default, column.generated
    return replace(
        column,
        type=replace(column.type, sql=types.canonical(replace(column.type, sql=sql)), values=None),
        default=None if default is None or default.upper() == "NULL" else default,
        generated=generated and replace(generated, expression=bare(generated.expression)),
        collation=collation.strip('"').lower() or column.collation,
    )


def _check(check: Check) -> Check:
    return replace(check, expression=bare(check.expression))


def _index(index: Index) -> Index:
    return replace(
        index, parts=tuple(Part(one.column, one.expression and bare(one.expression)) for one in index.parts)
    )
