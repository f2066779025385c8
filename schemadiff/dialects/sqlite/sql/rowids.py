"""Which operations give the rows of a table other rowids, or none. Pure.

A rebuild keeps rowids (see `copy_rows`), but not where a column that is there becomes another name of them, and not
where the table is to have none. Whoever knows rows by these, a full-text index with external content, an R*Tree, an
application, then finds other rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from schemadiff.dialects.shared.row_renumbering import Renumbering
from schemadiff.dialects.sqlite.canonical.tables import WITHOUT_ROWID
from schemadiff.dialects.sqlite.server.tokens import quote
from schemadiff.dialects.sqlite.sql.copy_rows import alias, rowid
from schemadiff.dialects.sqlite.sql.create import qualified
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    DropColumn,
    DropConstraint,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    touched,
)
from schemadiff.schema import Name, PrimaryKey, Schema, Table


def renumbered(operations: Sequence[Operation], live: Schema) -> Mapping[Operation, Renumbering]:
    """The operations after which rows have other rowids, the last one of each table."""
    found = {}
    for before, after, sources, causes in _tables(operations, live):
        known = None if WITHOUT_ROWID in before.options.extra else rowid(before)
        if known is None or not causes:
            continue
        where = f"FROM {qualified(before.name)}"
        new = alias(after)
        if WITHOUT_ROWID in after.options.extra:
            found[causes[-1]] = Renumbering("lose their rowids", where)
        elif new is not None and (old := sources.get(new)) is not None and old != alias(before):
            differs = f"{known} IS NOT CAST({quote(old)} AS INTEGER)"
            found[causes[-1]] = Renumbering("get other rowids", f"{where} WHERE {differs}")
    return found


def _tables(
    operations: Sequence[Operation], live: Schema
) -> Iterator[tuple[Table, Table, Mapping[str, str], list[Operation]]]:
    """The live tables that stay: each as it is and as it is to be, the old names of its columns by the new ones, and
    the operations that may change what its rows are known by.
    """
    schema = live
    names = {name: name for name in live.tables}
    sources = {name: {one.name: one.name for one in table.columns} for name, table in live.tables.items()}
    causes: dict[Name, list[Operation]] = {name: [] for name in live.tables}
    for operation in operations:
        match operation:
            case RenameTable(before=old, after=new) if old in names:
                names[new] = names.pop(old)
            case DropTable(table=table):
                names.pop(table.name, None)
            case RenameColumn(table=name, before=old_column, after=new_column) if name in names:
                columns = sources[names[name]]
                if old_column in columns:
                    columns[new_column] = columns.pop(old_column)
            case DropColumn(table=name, column=column) | AddColumn(table=name, column=column) if (
                name in names
            ):
                sources[names[name]].pop(column.name, None)
            case (
                AlterTable()
                | AlterColumn()
                | AddConstraint(constraint=PrimaryKey())
                | DropConstraint(constraint=PrimaryKey())
            ) if operation.table in names:
                causes[names[operation.table]].append(operation)
            case _:
                pass
        if touched(operation) in schema.tables:
            schema = operation.apply(schema, strict=False)
    for name, origin in names.items():
        if name in schema.tables:
            yield live.tables[origin], schema.tables[name], sources[origin], causes[origin]
