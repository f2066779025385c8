"""Accounts that may do less than those that the tests use otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from schemadiff.dialects.shared.verbatim import VERBATIM


@contextmanager
def account(url: str, grants: Sequence[str]) -> Iterator[str]:
    """The URL of an account of its own on the same database, with these grants: ``{user}`` and ``{database}`` in them
    are filled in. PostgreSQL's has no right to create temporary tables.
    """
    name = f"sd_{secrets.token_hex(4)}"
    server = sa.make_url(url)
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        if server.get_backend_name() == "postgresql":
            users = [name]
            create = "CREATE ROLE {user} LOGIN PASSWORD 'secret'"
            first = ["REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC"]
            last = ["REASSIGN OWNED BY {user} TO CURRENT_USER", "DROP OWNED BY {user}", "DROP ROLE {user}"]
        else:
            # Wherever the client's host is.
            users = [f"'{name}'@'{host}'" for host in ("%", "localhost")]
            create, first, last = "CREATE USER {user} IDENTIFIED BY 'secret'", [], ["DROP USER {user}"]
        try:
            for user in users:
                for statement in (create, *first, *grants):
                    _run(connection, statement.format(user=user, database=server.database))
            poor = server.set(username=name, password="secret").difference_update_query(["ssl_disabled"])
            yield poor.render_as_string(hide_password=False)
        finally:
            for user in users:
                for statement in last:
                    _run(connection, statement.format(user=user, database=server.database))


def _run(connection: sa.Connection, sql: str) -> None:
    connection.exec_driver_sql(sql, execution_options=VERBATIM)
