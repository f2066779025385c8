"""The schema after an operation, where names also stand in expressions. Pure.

`Operation.apply` knows no SQL. A renamed column has its new name in CHECKs, generated columns, indexes and defaults as
well: PostgreSQL, MariaDB and SQLite see to that by themselves, and on MySQL the dialect does. A table's new name may
change names that the server has made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.rename_in_expressions import rename_in_table
from schemadiff.operations import Execute, Found, Operation, RenameColumn, RenameTable
from schemadiff.schema import Schema


def after(operation: Operation, schema: Schema, dialect: Dialect, *, strict: bool = True) -> Schema:
    """The schema after the operation, as `Operation.apply` has it and with new names in expressions.

    Raises `ReplayError` as that does.
    """
    match operation:
        case Found():
            return after(operation.operation, schema, dialect, strict=strict)
        case Execute():
            for effect in operation.effect:
                schema = after(effect, schema, dialect, strict=strict)
            return schema
        case RenameTable(before=old, after=name):
            schema = operation.apply(schema, strict=strict)
            return schema.with_table(dialect.under_new_name(schema.tables[name], old))
        case RenameColumn(before=before, after=new):
            schema = operation.apply(schema, strict=strict)
            table = rename_in_table(
                schema.tables[operation.table],
                lambda text: dialect.renamed(text, before, new),
                defaults=dialect.defaults_name_columns,
            )
            return schema.with_table(table)
        case _:
            return operation.apply(schema, strict=strict)


def all_after(operations: Iterable[Operation], schema: Schema, dialect: Dialect) -> Schema:
    """Return the live schema after all of the operations, which look parts up by name only."""
    for operation in operations:
        schema = after(operation, schema, dialect, strict=False)
    return schema


def found_on_the_way(
    operations: Sequence[Sequence[Operation]], expected: Schema, dialect: Dialect
) -> Iterator[Schema]:
    """The schemas in which something is that was found by hand: what goes again right after is in no revision's end. It
    may hang on a table that an earlier one of the revisions makes.
    """
    schema = expected
    for one in (one for some in operations for one in some):
        schema = after(one, schema, dialect, strict=False)
        if isinstance(one, Found):
            yield schema
