"""Fresh, empty databases: one connection to each server creates and drops them all, so they are cheap."""

import contextlib
import secrets
from collections.abc import Callable

import sqlalchemy as sa


class Databases:
    """Creates and drops databases on the servers whose URLs `url_of` returns."""

    def __init__(self, url_of: Callable[[str], str]) -> None:
        self._url_of = url_of
        self._connections: dict[str, sa.Connection] = {}

    def create(self, engine: str) -> str:
        """Return the URL of a new, empty database."""
        name = f"sd_{secrets.token_hex(4)}"

        def work(admin: sa.Connection) -> None:
            if engine != "postgresql":
                option = "CHARACTER SET utf8mb4"
            elif (admin.dialect.server_version_info or ()) >= (15,):
                option = "STRATEGY FILE_COPY"  # 10 ms where the default takes 30
            else:
                option = ""
            admin.exec_driver_sql(f"CREATE DATABASE {name} {option}")

        self._carry_out(engine, work)
        return sa.make_url(self._url_of(engine)).set(database=name).render_as_string(hide_password=False)

    def drop(self, engine: str, url: str) -> None:
        """Drop a database, and with it whatever connection a test has left open."""
        name = sa.make_url(url).database

        def work(admin: sa.Connection) -> None:
            if engine == "postgresql":
                admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                return
            for session in admin.exec_driver_sql("SHOW PROCESSLIST").all():
                if session[3] == name:
                    with contextlib.suppress(sa.exc.DBAPIError):  # it may end by itself in between
                        admin.exec_driver_sql(f"KILL {session[0]}")
            admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")

        self._carry_out(engine, work)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()

    def _carry_out(self, engine: str, work: Callable[[sa.Connection], None]) -> None:
        """Work that may be done twice: a lost connection is one test's misfortune, and not that of all after it."""
        try:
            work(self._admin(engine))
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self._connections.pop(engine).close()
            work(self._admin(engine))

    def _admin(self, engine: str) -> sa.Connection:
        if engine not in self._connections:
            pool = sa.create_engine(self._url_of(engine), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
            connection = pool.connect()
            if engine != "postgresql":
                connection.exec_driver_sql("SET SESSION lock_wait_timeout = 20")
                # The process list has statements in it, cut off in the middle of a character.
                connection.exec_driver_sql("SET SESSION character_set_results = ascii")
            self._connections[engine] = connection
        return self._connections[engine]
