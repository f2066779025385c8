"""Objects of PostgreSQL that are neither compared nor changed, but named.

Every catalog of the manual's chapter 53 is in here, in `catalog`, `objects` or `entries`, but for what belongs to the
whole cluster (roles, tablespaces, replication) and for data (large objects).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from schemadiff.schema import Name, Unsupported

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_IN_SCHEMAS = {
    "pg_proc": (
        "CASE prokind WHEN 'a' THEN 'aggregate' ELSE 'window function' END || ' (' "
        "|| pg_get_function_identity_arguments(o.oid) || ')'",
        "proname",
        "pronamespace",
        "prokind IN ('a', 'w')",
    ),
    "pg_operator": (
        "'operator (' || concat_ws(', ', nullif(oprleft, 0)::regtype, nullif(oprright, 0)::regtype) || ')'",
        "oprname",
        "oprnamespace",
        "true",
    ),
    "pg_opclass": ("'operator class'", "opcname", "opcnamespace", "true"),
    "pg_opfamily": ("'operator family'", "opfname", "opfnamespace", "true"),
    "pg_collation": ("'collation'", "collname", "collnamespace", "true"),
    "pg_conversion": ("'conversion'", "conname", "connamespace", "true"),
    "pg_ts_config": ("'text search configuration'", "cfgname", "cfgnamespace", "true"),
    "pg_ts_dict": ("'text search dictionary'", "dictname", "dictnamespace", "true"),
    "pg_ts_parser": ("'text search parser'", "prsname", "prsnamespace", "true"),
    "pg_ts_template": ("'text search template'", "tmplname", "tmplnamespace", "true"),
    "pg_type": (
        "CASE typtype WHEN 'r' THEN 'range type' WHEN 'p' THEN 'shell type' ELSE 'base type' END",
        "typname",
        "typnamespace",
        "typtype IN ('r', 'p', 'b') AND NOT (typtype = 'b' AND typelem <> 0 AND typcategory = 'A')",
    ),
    "pg_class": ("'foreign table'", "relname", "relnamespace", "relkind = 'f'"),
}
"""Catalog: what it is, its name, its schema, which of the rows."""

_OUTSIDE = {
    "pg_cast": ("'cast'", "castsource::regtype || ' AS ' || casttarget::regtype", "true"),
    "pg_language": ("'language'", "lanname::text", "true"),
    "pg_am": ("'access method'", "amname::text", "true"),
    "pg_transform": ("'transform'", "trftype::regtype || ' of ' || trflang", "true"),
    "pg_foreign_data_wrapper": ("'foreign-data wrapper'", "fdwname::text", "true"),
    "pg_foreign_server": ("'foreign server'", "srvname::text", "true"),
    "pg_event_trigger": ("'event trigger'", "evtname::text", "true"),
    "pg_publication": ("'publication'", "pubname::text", "true"),
}

_OTHERS = """
SELECT 'pg_default_acl', 'default privileges of ' || pg_get_userbyid(d.defaclrole)
    || CASE d.defaclobjtype WHEN 'r' THEN ' on tables' WHEN 'S' THEN ' on sequences' WHEN 'f' THEN ' on functions'
       WHEN 'T' THEN ' on types' ELSE ' on schemas' END, NULL, coalesce(n.nspname, current_database())
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
WHERE d.defaclnamespace = 0 OR n.nspname = ANY(:schemas)
UNION ALL
SELECT 'pg_seclabels', 'security label', NULL, objname
FROM pg_seclabels WHERE objtype NOT IN ('role', 'tablespace', 'database')
UNION ALL
SELECT 'pg_db_role_setting', 'setting (' || array_to_string(setconfig, ', ') || ')', NULL, current_database()
FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'pg_index', 'its own index ' || x.relname, n.nspname, c.relname
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class x ON x.oid = i.indexrelid
WHERE c.relispartition AND NOT x.relispartition AND n.nspname = ANY(:schemas)
AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid)
UNION ALL
SELECT 'pg_constraint', 'its own constraint ' || k.conname, n.nspname, c.relname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relispartition AND k.conislocal AND k.conparentid = 0 AND k.contype <> 'n' AND n.nspname = ANY(:schemas)
UNION ALL
SELECT 'pg_class', 'storage parameters', n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.reloptions IS NOT NULL AND n.nspname = ANY(:schemas)
UNION ALL
SELECT 'pg_attrdef', 'its own default of column ' || a.attname, n.nspname, c.relname
FROM pg_attrdef f JOIN pg_class c ON c.oid = f.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.adnum
WHERE c.relispartition AND a.attgenerated = '' AND n.nspname = ANY(:schemas) AND NOT EXISTS (
    SELECT FROM pg_inherits i JOIN pg_attribute b ON b.attrelid = i.inhparent AND b.attname = a.attname
    JOIN pg_attrdef g ON g.adrelid = b.attrelid AND g.adnum = b.attnum
    WHERE i.inhrelid = c.oid AND pg_get_expr(g.adbin, g.adrelid) = pg_get_expr(f.adbin, f.adrelid))
"""

_FIRST = 16384
"""The first oid that is not the server's own (FirstNormalObjectId, src/include/access/transam.h)."""


def read(connection: Connection, schemas: Mapping[str, str | None]) -> Iterator[Unsupported]:
    """Yield the objects that schemadiff does not compare, in the schemas and in the database as a whole, but those of
    extensions.
    """
    for schema, name, what in connection.execute(sa.text(_query()), {"schemas": list(schemas)}).all():
        place = schemas.get(schema, schema) if schema else None
        yield Unsupported(Name(name, place), f"{what}: schemadiff neither compares nor changes it")


def _query() -> str:
    parts = [
        f"SELECT n.nspname::text, {name}::text, {what} FROM {catalog} o "
        f"JOIN pg_namespace n ON n.oid = o.{namespace} "
        f"WHERE n.nspname = ANY(:schemas) AND ({condition}) AND {_by_itself(catalog)}"
        for catalog, (what, name, namespace, condition) in _IN_SCHEMAS.items()
    ]
    parts += [
        f"SELECT NULL, {name}, {what} FROM {catalog} o "
        f"WHERE o.oid >= {_FIRST} AND ({condition}) AND {_by_itself(catalog)}"
        for catalog, (what, name, condition) in _OUTSIDE.items()
    ]
    parts.append(f"SELECT nspname, name, what FROM ({_OTHERS}) AS o (catalog, what, nspname, name)")
    return " UNION ALL ".join(f"({part})" for part in parts) + " ORDER BY 3, 1, 2"


def _by_itself(catalog: str) -> str:
    """Not brought along by an extension or by another object: the multirange of a range, its operators."""
    return (
        f"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass "
        "AND e.objid = o.oid AND e.deptype IN ('e', 'i'))"
    )
