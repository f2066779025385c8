"""Objects of MySQL or MariaDB that are neither compared nor changed, but named.

Of an object's creator (DEFINER), which stays, and of what belongs to the whole server (accounts, tablespaces) nothing
is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from schemadiff.dialects.mysql.server.conversation import Refusal, session
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.schema import Name, Unsupported

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_QUERIES = (
    "SELECT DISTINCT table_schema, table_schema, CONCAT('grants on the database to ', grantee) "
    "FROM information_schema.schema_privileges WHERE table_schema IN ({0})",
    "SELECT DISTINCT table_schema, table_name, CONCAT('grants to ', grantee) "
    "FROM information_schema.table_privileges WHERE table_schema IN ({0})",
    "SELECT DISTINCT table_schema, table_name, CONCAT('grants on columns to ', grantee) "
    "FROM information_schema.column_privileges WHERE table_schema IN ({0})",
    "SELECT db, routine_name, CONCAT('grants on the ', LOWER(routine_type), ' to ', QUOTE(user), '@', QUOTE(host)) "
    "FROM mysql.procs_priv WHERE db IN ({0})",
    "SELECT schema_name, table_name, CONCAT('histogram of column ', column_name) "
    "FROM information_schema.column_statistics WHERE schema_name IN ({0})",
    "SELECT routine_schema, routine_name, LOWER(routine_type) FROM information_schema.routines "
    "WHERE routine_schema IN ({0}) AND routine_type NOT IN ('FUNCTION', 'PROCEDURE')",
)
"""MariaDB has no histograms in a catalog of that name, MySQL no packages: what a server refuses, it does not have."""


def read(connection: Connection, facts: Facts, schemas: Collection[str | None]) -> Iterator[Unsupported]:
    """Yield the objects in the schemas that schemadiff does not compare, as far as the account may see them."""
    known = {schema or facts.database: schema for schema in schemas}
    listed = ", ".join(literal(schema) for schema in known if schema)
    with session(connection, {"sql_quote_show_create": "1"}) as talk:
        for reply in talk([[query.format(listed)] for query in _QUERIES]):
            if not isinstance(reply, Refusal):
                for schema, name, what in sorted(tuple(map(str, row)) for row in reply):
                    words = f"{what}: schemadiff neither compares nor changes it"
                    yield Unsupported(Name(name, known.get(schema)), words)
