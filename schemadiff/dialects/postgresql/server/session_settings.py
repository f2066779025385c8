"""Settings of a session that hold for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError


@contextmanager
def with_settings(connection: Connection, wanted: Mapping[str, str]) -> Iterator[None]:
    """Settings of the session, those of them that this server has and lets one make; put back at the end."""
    old: dict[str, str] = {}
    with suppress(SQLAlchemyError):
        query = sa.text(
            "SELECT name, current_setting(name), set_config(name, wanted, false) FROM pg_settings JOIN unnest("
            "CAST(:names AS text[]), CAST(:values AS text[])) AS given (known, wanted) ON known = name"
        ).bindparams(names=list(wanted), values=list(wanted.values()))
        old = {name: before for name, before, _ in connection.execute(query)}
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):
            for name, before in old.items():
                _set(connection, name, before)


@contextmanager
def without_lock_timeout(connection: Connection) -> Iterator[None]:
    """A statement in here waits for locks without an end."""
    old = _set(connection, "lock_timeout", "0")
    try:
        yield
    finally:
        with suppress(SQLAlchemyError):
            _set(connection, "lock_timeout", old)


def _set(connection: Connection, name: str, value: str) -> str:
    """Sets a setting of the session; returns what it was."""
    query = "SELECT current_setting(:name), set_config(:name, :value, false)"
    return str(connection.execute(sa.text(query), {"name": name, "value": value}).one()[0])
