"""Rows that an Alembic revision changes: whether they go with what the revision itself has made. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemadiff.alembic import effects as fx
from schemadiff.alembic.effects import Change

_NAME = r'[`"\[]?(\w+)[`"\]]?'
_INSERT = re.compile(rf"\s*insert\s+into\s+{_NAME}\s*[(\s]", re.IGNORECASE)
_UPDATE = re.compile(rf"\s*update\s+{_NAME}\s+set\s+{_NAME}\s*=([^,;]*)\Z", re.IGNORECASE)
"""An UPDATE of one column of one table, without a comma in it that might begin another one."""


def vanishes(change: Change, before: Sequence[Change]) -> bool:
    """Whether what is undone of `before`, done earlier in the same revision, takes along all that the change did."""
    made = {one.table[0] for one in before if isinstance(one, fx.MakeTable)}
    added = {(one.table[0], one.column.name) for one in before if isinstance(one, fx.AddColumn)}
    match change:
        case fx.Insert(table=table):
            return table.name in made
        case fx.Execute(sql=sql):
            insert, update = _INSERT.match(sql), _UPDATE.match(sql)
            if insert:
                return insert[1] in made
            return update is not None and (update[1] in made or (update[1], update[2]) in added)
        case _:
            return False
