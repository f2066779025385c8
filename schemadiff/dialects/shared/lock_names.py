"""Names of the advisory lock on a database, and how its holder is recognised. No imports that take time."""

from __future__ import annotations

import hashlib
import re

_LONGEST = 64
"""MySQL 9.7 manual, 14.14 Locking Functions: a longer name is refused (4163)."""

KEY = int.from_bytes(b"schmdiff")
"""The key of the advisory lock: PostgreSQL keeps these per database, so that one number serves."""

HOLDER = """
SELECT l.pid, nullif(a.application_name, ''), a.state, left(a.query, 80)
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (l.classid::int8 << 32 | l.objid::int8) = :key
"""
"""Of PostgreSQL."""


TAG = re.compile(r"/\* schemadiff (\d+) (up|down) (\d+)/(\d+) \*/ ")
"""The comment at the head of each statement of a run: the revision, the direction, the step and how many there are."""


def lock_name(database: str) -> str:
    """The name of the lock. Names are the whole server's, so the database's is part of it."""
    name = f"schemadiff {database}"
    if len(name) <= _LONGEST:
        return name
    return f"schemadiff {hashlib.sha256(database.encode()).hexdigest()[:48]}"
