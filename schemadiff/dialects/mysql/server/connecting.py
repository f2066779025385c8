"""How schemadiff connects to MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from schemadiff.dialects.contract.connecting import Connecting, driver_in
from schemadiff.dialects.shared.connection_cache import READING_OPTIONS

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine


class MySQLConnecting(Connecting):
    """PyMySQL, which comes with schemadiff, and the drivers that SQLAlchemy knows."""

    default_driver: ClassVar[str | None] = "pymysql"
    packages: ClassVar[Mapping[str, str]] = {
        "mysqldb": "mysqlclient",
        "mysqlconnector": "mysql-connector-python",
        "mariadbconnector": "mariadb",
    }

    def reading_options(self, url: URL) -> dict[str, object]:
        return dict(READING_OPTIONS) if driver_in(url) == "pymysql" else {}

    def connect_arguments(self, url: URL, *, reads: bool) -> dict[str, object]:
        """PyMySQL: several statements in one round trip, for reading in bulk, and (as SQLAlchemy would say if it were
        not overruled) to count the rows that an UPDATE matches, not those it changes.
        """
        if driver_in(url) != "pymysql":
            return {}
        from pymysql.constants import CLIENT

        flags = {"client_flag": CLIENT.MULTI_STATEMENTS | CLIENT.FOUND_ROWS}
        return {**flags, "autocommit": True} if reads else {**flags}

    def prepare(self, engine: Engine, *, reads: bool) -> None:
        if engine.dialect.driver == "pymysql":
            from schemadiff.dialects.mysql.server import opening

            opening.prepare(engine, reads=reads)
