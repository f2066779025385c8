"""How far a statement of another session is.

PostgreSQL 15. The build of an index reports its phases in pg_stat_progress_create_index, whichever statement it is part
of. A rewrite of a table (ALTER TYPE) reports nothing, but the new files grow: their numbers are those of relations that
the session has locked and nobody else can see yet. Their size is told to who may call pg_stat_file (superusers, and
those whom they let). Nothing here takes a lock on a table: pg_relation_size, for one, would wait for the statement.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from schemadiff.dialects.contract.session import Reading, share_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from schemadiff.schema import Name

ADDRESS = "SELECT pg_backend_pid(), pg_postmaster_start_time()::text"
CANCEL = "SELECT pg_cancel_backend({})"

_STATE = sa.text("""
SELECT a.wait_event_type = 'Lock' AS waits, a.query, i.index_relid, i.command, i.phase, i.blocks_done, i.blocks_total,
    i.tuples_done, i.tuples_total, i.partitions_done, i.partitions_total,
    has_function_privilege('pg_stat_file(text, boolean)', 'EXECUTE') AS sees_files
FROM pg_stat_activity a LEFT JOIN pg_stat_progress_create_index i USING (pid) WHERE pid = :session
""")

_PHASES = {
    "waiting for writers before build": (0.0, 0.0, "waiting for writers"),
    "building index": (0.0, 0.9, "reading the table"),
    "building index: scanning table": (0.0, 0.5, "reading the table"),
    "building index: sorting live tuples": (0.5, 0.6, "sorting"),
    "building index: sorting dead tuples": (0.6, 0.6, "sorting"),
    "building index: loading tuples in tree": (0.6, 1.0, "writing the index"),
}
_CONCURRENTLY = 0.85
"""The share of the build in CREATE INDEX CONCURRENTLY, which then reads the table again."""
_VALIDATION = {
    "waiting for writers before validation": (0.85, 0.85, "waiting for writers"),
    "index validation: scanning index": (0.85, 0.88, "reading the index"),
    "index validation: sorting tuples": (0.88, 0.89, "sorting"),
    "index validation: scanning table": (0.89, 1.0, "reading the table again"),
    "waiting for old snapshots": (1.0, 1.0, "waiting for older transactions"),
}
"""Where in the whole a phase begins and ends: what it took of the builds of a b-tree over a million rows."""

_FILES = sa.text("""
WITH old AS (
    SELECT t.oid, t.reltoastrelid, pg_relation_filepath(t.oid) AS path FROM pg_class t
    JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE t.relname = :name AND n.nspname = coalesce(:schema, current_schema())
), parts AS (
    SELECT true AS is_old, oid, pg_relation_filepath(oid) AS path FROM (
        SELECT oid FROM old UNION SELECT reltoastrelid FROM old WHERE reltoastrelid <> 0
        UNION SELECT x.indexrelid FROM pg_index x JOIN old ON old.oid = x.indrelid
    ) every
    UNION ALL
    SELECT false, l.relation, regexp_replace(old.path, '[^/]+$', l.relation::text) FROM pg_locks l CROSS JOIN old
    WHERE l.pid = :session AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = l.relation)
)
SELECT is_old, oid, coalesce(sum(f.size), 0)::bigint AS size FROM parts CROSS JOIN generate_series(0, 63) AS s(n)
CROSS JOIN LATERAL pg_stat_file(CASE n WHEN 0 THEN path ELSE path || '.' || n END, true) AS f
GROUP BY is_old, oid
""")

_CREATES_INDEX = re.compile(
    r"(?: \s | /\*.*?\*/ | begin; | savepoint\ \w+; )* create\s", re.IGNORECASE | re.DOTALL | re.VERBOSE
)


class Reader:
    """Reads one statement of a session, which works on that table. Knows what it has seen before."""

    def __init__(self, session: int, table: Name | None) -> None:
        self._session = session
        self._table = table
        self._sizes: dict[int, int] = {}
        self._growing: set[int] = set()

    def __call__(self, connection: Connection) -> Reading | None:
        found = connection.execute(_STATE, {"session": self._session}).mappings().first()
        if found is None:
            return None
        if found["waits"]:
            return Reading("waiting for who uses the table")
        rewrite = None
        if self._table and found["sees_files"] and not _CREATES_INDEX.match(found["query"] or ""):
            rewrite = self._rewrite(connection, self._table, found["index_relid"])
        if found["phase"]:
            reading = _build(found)
            return Reading(reading.stage, rewrite.share) if rewrite else reading
        return rewrite

    def _rewrite(self, connection: Connection, table: Name, index: int | None) -> Reading | None:
        """The size of the files that grow, beside those of the table."""
        parameters = {"session": self._session, "name": table.name, "schema": table.schema}
        rows = connection.execute(_FILES, parameters).all()
        sizes = {oid: size for is_old, oid, size in rows if not is_old and oid != index}
        # A file that an earlier step of the same transaction made stays as it is.
        self._growing |= {oid for oid, size in sizes.items() if size > self._sizes.get(oid, size)}
        self._sizes = sizes
        written = sum(size for oid, size in sizes.items() if oid in self._growing)
        if not written:
            return None
        return Reading(
            "rewriting the table", share_of(written, sum(size for is_old, _, size in rows if is_old))
        )


def _build(found: Any) -> Reading:
    """The reading of an index that is being built."""
    concurrently = "CONCURRENTLY" in (found["command"] or "")
    begin, end, words = (0.0, 0.0, found["phase"])
    if found["phase"] in _VALIDATION:
        begin, end, words = _VALIDATION[found["phase"]]
    elif found["phase"] in _PHASES:
        begin, end, words = _PHASES[found["phase"]]
        if concurrently:
            begin, end = begin * _CONCURRENTLY, end * _CONCURRENTLY
    part = share_of(found["tuples_done"], found["tuples_total"]) or 0.0
    if "scanning" in found["phase"] or not part:
        part = share_of(found["blocks_done"], found["blocks_total"]) or part
    share = begin + (end - begin) * part
    if found["partitions_total"]:
        share = (found["partitions_done"] + share) / found["partitions_total"]
    return Reading(words, share if share < 1 else None)
