"""How schemadiff connects to PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from schemadiff.dialects.contract.connecting import Connecting, driver_in
from schemadiff.dialects.shared.connection_cache import READING_OPTIONS

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine


class PostgreSQLConnecting(Connecting):
    """psycopg, which comes with ``schemadiff[postgresql]``, and the drivers that SQLAlchemy knows."""

    default_driver: ClassVar[str | None] = "psycopg"
    packages: ClassVar[Mapping[str, str]] = {
        "psycopg": "'psycopg[binary]'",
        "psycopg_async": "'psycopg[binary]'",
        "psycopg2": "psycopg2-binary",
    }

    def reading_options(self, url: URL) -> dict[str, object]:
        # It would look for hstore, which nobody reads.
        return {**READING_OPTIONS, "use_native_hstore": False} if driver_in(url) == "psycopg" else {}

    def connect_arguments(self, url: URL, *, reads: bool) -> dict[str, object]:
        """psycopg: to prepare no statements, which a pooler in transaction mode may not find again. psycopg, psycopg2
        and pg8000: to speak UTF-8 also where a database in SQL_ASCII or LATIN1 would have them speak that (psycopg 3.3
        reads bytes for texts in SQL_ASCII).
        """
        encoding = {} if "client_encoding" in url.query else {"client_encoding": "utf8"}
        match driver_in(url):
            case "psycopg" | "psycopg_async":
                return {"prepare_threshold": None, **encoding}
            case "psycopg2":
                return dict(encoding)
            case "pg8000":
                return {"startup_params": encoding} if encoding else {}
            case _:
                return {}

    def prepare(self, engine: Engine, *, reads: bool) -> None:
        if reads and engine.dialect.driver == "psycopg":
            from schemadiff.dialects.postgresql.server import opening

            opening.prepare(engine)
