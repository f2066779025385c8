"""Values that the models leave to the database: a default, or how a column is computed, that ``FetchedValue`` stands
for. Pure.
"""

from __future__ import annotations

import dataclasses

from schemadiff.schema import Column, Table


def with_kept(current: Table, desired: Table) -> Table:
    """`desired`, its columns having what `current` has in the fields that they leave to the database."""
    if not any(column.kept for column in desired.columns):
        return desired
    columns = tuple(_with_kept(current.column(column.name), column) for column in desired.columns)
    return dataclasses.replace(desired, columns=columns)


def _with_kept(current: Column | None, desired: Column) -> Column:
    if current is None or not desired.kept:
        return desired
    # A revision file repeats what was written, and a MODIFY must repeat the whole column.
    source = current.written or current
    written = dataclasses.replace(
        desired.written or desired, **{field: getattr(source, field) for field in desired.kept}
    )
    found = {field: getattr(current, field) for field in desired.kept}
    return dataclasses.replace(desired, **found, written=written)
