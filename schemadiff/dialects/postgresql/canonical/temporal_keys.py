"""Keys over time (PostgreSQL 18): WITHOUT OVERLAPS, PERIOD. SQLAlchemy 2.1 has no word for them, so that models which
are silent mean what is there; revision files and models can say them in ``info``. Pure.
"""

from __future__ import annotations

import dataclasses

from schemadiff.schema import ForeignKey, Table, Unique


def kept(current: Table, desired: Table) -> Table:
    """`desired`, its keys over time where `current` has them so: on the same columns, to the same table."""
    key, now = desired.primary_key, current.primary_key
    if (
        not (now and now.without_overlaps)
        and not any(one.without_overlaps for one in current.uniques)
        and not any(one.period for one in current.foreign_keys)
    ):
        return desired
    if key and now and now.without_overlaps and key.columns == now.columns and not key.without_overlaps:
        key = dataclasses.replace(key, without_overlaps=True)
    changed = dataclasses.replace(
        desired,
        primary_key=key,
        uniques=tuple(_unique(one, current) for one in desired.uniques),
        foreign_keys=tuple(_foreign_key(one, current) for one in desired.foreign_keys),
    )
    return desired if changed == desired else changed


def _unique(key: Unique, current: Table) -> Unique:
    for other in current.uniques:
        alike = dataclasses.replace(key, name=key.name or other.name, without_overlaps=True)
        if other.without_overlaps and alike == other:
            return alike
    return key


def _foreign_key(key: ForeignKey, current: Table) -> ForeignKey:
    for other in current.foreign_keys:
        alike = dataclasses.replace(key, name=key.name or other.name, period=True)
        if other.period and alike == other:
            return alike
    return key
