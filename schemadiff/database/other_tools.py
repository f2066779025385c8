"""The tables in which other tools write down what they have done to a database, or copy others. Pure.

Nobody's models have them, and to drop one would make its tool start again from nothing. One that models or revisions
describe is theirs: a table may be called ``migrations`` for other reasons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from schemadiff.schema import Name, Routine, StoredObject, Table

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
_COPIES = re.compile(r"_.+_(?:gho|ghc|del)|lhm[an]_.+|__osc_(?:new|old|chg)_.+", re.DOTALL)
"""Tables that gh-ost, the Large Hadron Migrator and OnlineSchemaChange use while they change a table, and leave."""
_BESIDE = re.compile(r"_+(?P<table>.+)_(?:new|old|chkpnt)", re.DOTALL)
"""So pt-online-schema-change and spirit call theirs, as people may: these count beside the table that they are of."""
_TRIGGERS = re.compile(
    r"pt_osc_.+_(?:ins|upd|del)|lhmt_(?:ins|upd|del)_.+|__osc_(?:ins|upd|del)_.+", re.DOTALL
)


ALEMBIC_COLUMN = "version_num"
"""The one column of Alembic's table, whatever ``version_table`` in its ``env.py`` calls that."""


def is_alembics(table: Table) -> bool:
    """Whether the table is Alembic's, by whatever name."""
    return [one.name for one in table.columns] == [ALEMBIC_COLUMN]


def is_bookkeeping(name: Name) -> bool:
    """Whether a table of that name is another tool's own."""
    return (
        name.name.lower() in _TABLES
        or (name.schema or "").lower() in _SCHEMAS
        or _COPIES.fullmatch(name.name) is not None
    )


def of_other_tools(names: Iterable[Name]) -> frozenset[Name]:
    """Those of the tables that are other tools' own."""
    there = frozenset(names)
    return frozenset(name for name in there if is_bookkeeping(name) or _is_beside(name, there))


def _is_beside(name: Name, there: Collection[Name]) -> bool:
    match = _BESIDE.fullmatch(name.name)
    if match is None:
        return False
    if name._replace(name=match["table"]) in there:
        return True
    # The tools cut a name that would be too long.
    cut = len(name.name) >= _LONGEST
    return cut and any(
        one.schema == name.schema and one.name.startswith(match["table"]) for one in there if one != name
    )


_LONGEST = 63
"""Characters that PostgreSQL takes in a name; MySQL and MariaDB take one more."""


def is_working_trigger(stored: StoredObject) -> bool:
    """Whether it is a trigger by which another tool keeps a copy of a table up to date."""
    return (
        isinstance(stored, Routine)
        and stored.kind == "trigger"
        and _TRIGGERS.fullmatch(stored.name.name) is not None
    )
