"""Objects that have the name of a table that is to be created."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import sqlalchemy as sa

from schemadiff.schema import Name

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_TAKEN = sa.text("""
SELECT n.nspname = current_schema() AS here, n.nspname, c.relname,
       CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
            WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'composite type' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index'
            ELSE CASE WHEN c.relispartition THEN 'partition' ELSE 'table of an extension' END END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = ANY (:names)
UNION ALL
SELECT n.nspname = current_schema(), n.nspname, t.typname, 'type'
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typname = ANY (:names) AND t.typrelid = 0 AND t.typelem = 0""")
"""A table has a row type of its own name, and so shares the names of types as well (PostgreSQL 15, CREATE TABLE)."""


def taken(connection: Connection, names: Collection[Name]) -> dict[Name, str]:
    """Which of the names is taken, and by what."""
    wanted = set(names)
    rows = connection.execute(_TAKEN, {"names": sorted({name.name for name in names})}).all()
    found: dict[Name, str] = {}
    for here, schema, name, kind in rows:
        for key in (Name(name, schema), *([Name(name)] if here else [])):
            if key in wanted:
                found.setdefault(key, kind)
    return found
