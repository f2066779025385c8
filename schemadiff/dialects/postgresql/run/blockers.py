"""Whom a statement waits for: the sessions that hold locks on tables. How large tables are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.contract.session import tolerant
from schemadiff.dialects.shared import driver_errors
from schemadiff.schema import Name
from schemadiff.schema.describe import short

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_GAVE_UP = ("55P03", "40P01")
"""lock_not_available, after lock_timeout, and deadlock_detected (manual, appendix A)."""

_DEPENDED_ON = ("0A000", "2BP01")
"""feature_not_supported, as of a type that a view or trigger needs, and dependent_objects_still_exist."""

_HOLDERS = """
SELECT DISTINCT a.pid, a.usename, nullif(a.application_name, ''), a.state,
       extract(epoch FROM now() - coalesce(a.xact_start, a.state_change))::int, a.query
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.granted AND l.locktype = 'relation' AND a.pid <> pg_backend_pid()
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND l.relation = ANY (SELECT to_regclass(name) FROM unnest(CAST(:names AS text[])) AS name) ORDER BY 1
"""

_BARRING = """
SELECT DISTINCT a.pid, a.usename, nullif(a.application_name, ''), a.state,
       extract(epoch FROM now() - coalesce(a.xact_start, a.state_change))::int, a.query
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND a.pid <> pg_backend_pid()
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1
"""

_SIZES = """
SELECT name, coalesce((SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(to_regclass(name))),
                      pg_table_size(to_regclass(name)))
FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(name) IS NOT NULL
"""


def is_lock_timeout(error: BaseException) -> bool:
    """Whether the server gave a statement up for a lock."""
    return isinstance(error, DBAPIError) and driver_errors.sqlstate(error) in _GAVE_UP


def holders(connection: Connection, names: Collection[str]) -> tuple[str, ...]:
    """Who holds locks on the tables of these (quoted) names, a sentence each."""
    return _sessions(connection, sa.text(_HOLDERS).bindparams(names=list(names)))


def barring(connection: Connection) -> tuple[str, ...]:
    """Who keeps even readers from a table, or is about to, a sentence each."""
    return _sessions(connection, sa.text(_BARRING))


def _sessions(connection: Connection, query: sa.TextClause) -> tuple[str, ...]:
    rows: Sequence[Any] = ()
    with tolerant():
        rows = connection.execute(query).all()
    return tuple(_words(*row) for row in rows)


def sizes(connection: Connection, names: dict[str, Name]) -> dict[Name, int]:
    """The bytes of the tables of these (quoted) names, with their partitions and without their indexes."""
    rows = connection.execute(sa.text(_SIZES), {"names": list(names)}).all()
    return {names[name]: int(size) for name, size in rows}


def _words(
    pid: int, user: str | None, application: str | None, state: str | None, age: int, query: str
) -> str:
    who = ", ".join(word for word in (user, application, state) if word)
    return f"process {pid} ({who}) for {max(age or 0, 0)} s: {short(query or '')}"


def advice_on(error: BaseException) -> str | None:
    """Return advice if a statement was refused because other objects depend on what it changes; ``None`` for other
    errors.
    """
    if driver_errors.sqlstate(error) not in _DEPENDED_ON or not driver_errors.detail(error):
        return None
    return (
        "What the models do not declare is left alone, and this stands in the way. Let the revision drop it first:\n"
        '  op.execute("DROP …", reverse="CREATE …")\n'
        "and make it again last:\n"
        '  op.execute("CREATE …", reverse="DROP …")'
    )
