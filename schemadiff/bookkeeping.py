"""The tables in which other tools write down what they have done to a database. Pure.

Nobody's models have them, and to drop one would make its tool begin anew. One that models or revisions describe is
theirs: a table may be called ``migrations`` for other reasons.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemadiff.schema import Name

_TABLES = frozenset(
    {
        "__diesel_schema_migrations",
        "__drizzle_migrations",
        "__efmigrationshistory",
        "_prisma_migrations",
        "_sqlx_migrations",
        "_yoyo_log",
        "_yoyo_migration",
        "_yoyo_version",
        "aerich",
        "alembic_version",
        "ar_internal_metadata",
        "atlas_schema_revisions",
        "databasechangelog",
        "databasechangeloghistory",
        "databasechangeloglock",
        "django_migrations",
        "doctrine_migration_versions",
        "flyway_schema_history",
        "goose_db_version",
        "gorp_migrations",
        "knex_migrations",
        "knex_migrations_lock",
        "migratehistory",
        "migrations",
        "mikro_orm_migrations",
        "phinxlog",
        "play_evolutions",
        "refinery_schema_history",
        "schema_migrations",
        "schema_version",
        "schemaversions",
        "seaql_migrations",
        "sequelizemeta",
        "south_migrationhistory",
        "typeorm_metadata",
        "yoyo_lock",
    }
)
_SCHEMAS = frozenset({"atlas_schema_revisions", "drizzle", "graphile_migrate", "pgroll", "sqitch"})
_COPIES = re.compile(r"_.+_(?:gho|ghc|del)", re.DOTALL)
"""What gh-ost works with while it changes a table, and what it leaves."""


def is_bookkeeping(name: Name) -> bool:
    """Whether a table of that name is another tool's own."""
    return (
        name.name.lower() in _TABLES
        or (name.schema or "").lower() in _SCHEMAS
        or _COPIES.fullmatch(name.name) is not None
    )


def of_other_tools(names: Iterable[Name]) -> frozenset[Name]:
    """Those of the tables that are other tools' own."""
    return frozenset(name for name in names if is_bookkeeping(name))
