"""What the tests of the main job read and write in the database of the question-and-answer site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from schemadiff.database.connection import connected

USER = sa.table("user", sa.column("id"), sa.column("username"), sa.column("email"), sa.column("kind"))


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    with connected(url) as (connection, _):
        yield connection


def execute(url: str, statement: Any) -> list[Any]:
    with opened(url) as connection:
        result = connection.execute(sa.text(statement) if isinstance(statement, str) else statement)
        return list(result.all()) if result.returns_rows else []


def usernames(url: str) -> list[str]:
    return [row[0] for row in execute(url, sa.select(USER.c.username).order_by(USER.c.id))]


def tables(url: str) -> list[str]:
    with opened(url) as connection:
        return sorted(sa.inspect(connection).get_table_names())
