"""Where tables and indexes are stored when nobody says: the database and its settings decide it. Pure.

What is there because of that is no difference from models that are silent, nor is the database's own tablespace, which
the server never shows, from models that name it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from schemadiff.schema import Index, Table

EXCLUSION_METHOD = "gist"
"""The index method of SQLAlchemy's ExcludeConstraint that is given none; the server's own default is btree."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The database's own tablespace, the one that new tables get where it is another, their access method."""

    own: str = "pg_default"
    tablespace: str | None = None
    method: str = "heap"

    def settled(self, current: Table, desired: Table) -> Table:
        """`desired`, what it does not say as `current` has it, where the database would choose the same."""
        chosen = {"TABLESPACE": self.tablespace, "USING": self.method}
        there, wanted = dict(current.options.extra), dict(desired.options.extra)
        if wanted.get("TABLESPACE") == self.own:
            del wanted["TABLESPACE"]
        for key, value in chosen.items():
            if key not in wanted and value is not None and there.get(key) == value:
                wanted[key] = value
        extra = tuple(sorted(wanted.items()))
        if extra != desired.options.extra:
            desired = dataclasses.replace(desired, options=dataclasses.replace(desired.options, extra=extra))
        known = {index.name: index.tablespace for index in current.indexes}
        indexes = tuple(self._index(index, known.get(index.name)) for index in desired.indexes)
        return desired if indexes == desired.indexes else dataclasses.replace(desired, indexes=indexes)

    def _index(self, index: Index, there: str | None) -> Index:
        wanted = None if index.tablespace == self.own else index.tablespace
        if wanted is None and there == self.tablespace:
            wanted = there
        return index if wanted == index.tablespace else dataclasses.replace(index, tablespace=wanted)


ORDINARY = Storage()
