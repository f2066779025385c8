"""The queries on pg_catalog, whose tables are described in chapter 53 of PostgreSQL 15's manual.

Oids come as int8, because a driver may read an oid as something else. A vector of the catalog counts from 0; as an
array that counts from 1 ([0:]) every driver reads it, and pg8000 1.31 no other one. Options of columns whose names
begin with ``pg_`` are the server's own: PostgreSQL 17.12 keeps a count there (``pg_attver=22132648``), and takes none
from outside. Braces are filled in by version.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from schemadiff.schema import Name

TEMPORAL = 18
_NULLS_NOT_DISTINCT = 15
_DELETE_COLUMNS = 15
COMPRESSION = 14
"""The versions that brought keys without overlaps, what is not enforced and NOT NULL that is not valid, ``NULLS NOT
DISTINCT``, the columns of ``ON DELETE SET NULL (…)``, and the compression of a column.
"""

OPEN = """
SELECT current_schema(), current_setting('search_path'),
       set_config('lock_timeout', CASE WHEN (SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout')
           BETWEEN 1 AND 10000 THEN current_setting('lock_timeout') ELSE '10s' END, true),
       set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('standard_conforming_strings', 'on', true),
       set_config('quote_all_identifiers', 'off', true),
       set_config('search_path', concat_ws(', ', quote_ident(current_schema()), (
           SELECT string_agg(DISTINCT quote_ident(nspname), ', ') FROM pg_catalog.pg_extension e
           JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
           WHERE nspname NOT IN ('pg_catalog', current_schema()))), true)
"""
"""The settings end with the transaction."""

_TABLES = """
SELECT c.oid::int8 AS oid, n.nspname, c.relname, c.relispartition,
       c.relpersistence::text AS relpersistence, c.relrowsecurity, d.description, s.spcname,
       c.reloptions || (SELECT array_agg('toast.' || o) FROM pg_class t, unnest(t.reloptions) o
                        WHERE t.oid = c.reltoastrelid) AS reloptions,
       (SELECT string_agg(CASE WHEN pn.nspname = current_schema() THEN '' ELSE pn.nspname || '.' END || p.relname, ', '
                          ORDER BY h.inhseqno)
        FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
        WHERE h.inhrelid = c.oid) AS inherits,
       CASE WHEN a.amname <> 'heap' THEN a.amname END AS method,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition,
       EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
               AND e.deptype = 'e') AS of_extension
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am a ON a.oid = c.relam
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p') {only}
ORDER BY c.oid
"""
"""In the order in which they were created, which what is made of them keeps: the heap's order changes by a VACUUM."""

MATERIALIZED = """
SELECT c.oid::int8 AS oid, n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (:schemas) AND c.relkind = 'm'
ORDER BY c.oid
"""

_COLUMNS = """
SELECT a.attrelid::int8, a.attnum, a.attname, a.atttypid::int8, format_type(a.atttypid, a.atttypmod),
       {not_null}, pg_get_expr(e.adbin, e.adrelid), a.attidentity::text, a.attgenerated::text,
       a.attcollation::int8, a.attcollation <> t.typcollation, d.description, a.attislocal,
       nullif(array_remove(ARRAY[
           CASE WHEN a.attstorage <> t.typstorage THEN 'STORAGE ' || CASE a.attstorage
               WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
           'COMPRESSION ' || {compression},
           CASE WHEN a.attstattarget >= 0 THEN 'STATISTICS ' || a.attstattarget END
       ], NULL) || ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE NOT starts_with(o, 'pg_')), '{{}}')
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
LEFT JOIN pg_description d
       ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid AND d.objsubid = a.attnum
WHERE a.attrelid = ANY (CAST(:tables AS oid[])) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

SEQUENCES = """
SELECT d.refobjid::int8, d.refobjsubid, CASE d.deptype WHEN 'a' THEN d.objid::regclass::text END,
       s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle, s.seqcache
FROM pg_sequence s
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
"""

_INDEXES = """
SELECT i.indrelid::int8 AS indrelid, i.indexrelid::int8 AS indexrelid, c.relname, i.indisunique,
       i.indisvalid OR c.relkind = 'I' AS valid, (i.indkey::int2[])[0:] AS indkey, i.indnkeyatts,
       (i.indoption::int2[])[0:] AS indoption,
       (i.indcollation::int8[])[0:] AS indcollation, (i.indclass::int8[])[0:] AS indclass,
       CASE WHEN a.amname <> 'btree' THEN a.amname END AS method, c.reloptions, t.spcname,
       ARRAY(SELECT array_to_string(ARRAY(SELECT p FROM unnest(o.attoptions) p WHERE NOT starts_with(p, 'pg_')), ', ')
             FROM pg_attribute o
             WHERE o.attrelid = i.indexrelid AND o.attnum <= i.indnkeyatts ORDER BY o.attnum) AS parameters,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       CASE WHEN i.indexprs IS NOT NULL THEN
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(1, i.indnkeyatts) k)
       END AS texts,
       {nulls_not_distinct} AS nulls_not_distinct, d.description, i.indisclustered, i.indisreplident,
       CASE WHEN i.indexprs IS NOT NULL THEN
           ARRAY(SELECT ARRAY[o.attnum::int4, o.attstattarget::int4] FROM pg_attribute o
                 WHERE o.attrelid = i.indexrelid AND o.attstattarget >= 0 ORDER BY o.attnum)
       END AS targets
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam
LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = i.indexrelid AND d.objsubid = 0
WHERE i.indrelid = ANY (CAST(:tables AS oid[]))
ORDER BY c.relname
"""

_CONSTRAINTS = """
SELECT c.conrelid::int8 AS conrelid, c.conname, c.contype::text AS contype, c.conkey,
       c.confrelid::int8 AS confrelid, c.confkey, c.confupdtype::text AS confupdtype,
       c.confdeltype::text AS confdeltype, c.confmatchtype::text AS confmatchtype, c.condeferrable,
       c.condeferred, c.convalidated, c.connoinherit, c.conindid::int8 AS conindid,
       pg_get_expr(c.conbin, c.conrelid) AS expression,
       ARRAY(SELECT CASE WHEN pg_operator_is_visible(o.oid) THEN o.oprname::text
                         ELSE 'OPERATOR(' || quote_ident(s.nspname) || '.' || o.oprname || ')' END
             FROM unnest(c.conexclop) WITH ORDINALITY AS e (oid, position)
             JOIN pg_operator o ON o.oid = e.oid JOIN pg_namespace s ON s.oid = o.oprnamespace
             ORDER BY e.position) AS operators,
       obj_description(c.oid, 'pg_constraint') AS comment,
       {delete_columns} AS delete_columns, {enforced} AS enforced, {temporal} AS temporal
FROM pg_constraint c
WHERE c.conrelid = ANY (CAST(:tables AS oid[])) AND c.conparentid = 0 AND c.conislocal
AND c.contype IN ('p', 'u', 'f', 'c', 'x')
ORDER BY c.conname
"""

_NOT_NULL = """
a.attnotnull AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = a.attrelid AND n.contype = 'n'
                             AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated)
"""

NOT_VALID = """
SELECT conrelid::int8, format('NOT NULL of column %s, which older rows need not meet (NOT VALID)', attname)
FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE conrelid = ANY (CAST(:tables AS oid[])) AND contype = 'n' AND NOT convalidated
"""

ENUMS = """
SELECT t.oid::int8, t.typarray::int8, n.nspname, t.typname,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e'
"""

OPCLASSES = """
SELECT oid::int8, CASE WHEN pg_opclass_is_visible(oid) THEN opcname::text
                       ELSE opcnamespace::regnamespace || '.' || quote_ident(opcname) END, opcdefault
FROM pg_opclass
"""

COLLATIONS = """
SELECT oid::int8, CASE WHEN pg_collation_is_visible(oid) THEN collname::text
                       ELSE collnamespace::regnamespace || '.' || collname END
FROM pg_collation WHERE oid = ANY (CAST(:oids AS oid[]))
"""

TARGETS = """
SELECT c.oid::int8, n.nspname, c.relname, a.attnum, a.attname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid = ANY (CAST(:oids AS oid[])) AND a.attnum > 0
"""

OTHERS = """
SELECT r.oid::int8, 'trigger', 'trigger ' || tgname FROM {relations} JOIN pg_trigger ON tgrelid = r.oid
WHERE NOT tgisinternal
UNION ALL
SELECT r.oid::int8, 'entry', 'row security policy ' || polname FROM {relations} JOIN pg_policy ON polrelid = r.oid
UNION ALL
SELECT r.oid::int8, 'entry', 'rule ' || rulename FROM {relations} JOIN pg_rewrite ON ev_class = r.oid
UNION ALL
SELECT r.oid::int8, 'entry', format('comment of index %s', c.oid::regclass)
FROM {relations} JOIN pg_index ON indrelid = r.oid JOIN pg_class c ON c.oid = indexrelid
WHERE obj_description(c.oid, 'pg_class') IS NOT NULL
UNION ALL
SELECT r.oid::int8, '', format('constraint %s has an index with storage parameters or in a tablespace', conname)
FROM {relations} JOIN pg_constraint ON conrelid = r.oid JOIN pg_class c ON c.oid = conindid
WHERE contype IN ('p', 'u', 'x') AND (c.reloptions IS NOT NULL OR c.reltablespace <> 0)
UNION ALL
SELECT r.oid::int8, 'entry', 'row level security of its owner' FROM {relations} JOIN pg_class c ON c.oid = r.oid
WHERE c.relforcerowsecurity
UNION ALL
SELECT r.oid::int8, 'entry',
       'replica identity ' || CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX' END
FROM {relations} JOIN pg_class c ON c.oid = r.oid WHERE c.relreplident <> 'd'
UNION ALL
SELECT r.oid::int8, 'entry', format('order of its rows, CLUSTER ON %s', indexrelid::regclass)
FROM {relations} JOIN pg_index ON indrelid = r.oid WHERE indisclustered
UNION ALL
SELECT r.oid::int8, 'entry', 'statistics ' || stxname FROM {relations} JOIN pg_statistic_ext ON stxrelid = r.oid
""".replace("{relations}", "unnest(CAST(:tables AS oid[])) AS r (oid)")


def tables(schemas: Sequence[str], only: Collection[Name] | None) -> tuple[str, dict[str, object]]:
    """The query for the tables of the schemas, of these names alone where there are some, and its parameters."""
    values: dict[str, object] = {"schemas": schemas}
    condition = ""
    if only is not None:
        condition, values["only"] = "AND c.relname = ANY (:only)", [name.name for name in only]
    return _TABLES.format(only=condition), values


def columns(version: int) -> str:
    """The query for the columns of ``:tables``."""
    kept = version >= COMPRESSION
    compression = "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END" if kept else "NULL"
    not_null = _NOT_NULL if version >= TEMPORAL else "a.attnotnull"
    return _COLUMNS.format(compression=compression, not_null=not_null)


def constraints(version: int) -> str:
    """The query for the constraints of ``:tables``."""
    return _CONSTRAINTS.format(
        delete_columns="c.confdelsetcols" if version >= _DELETE_COLUMNS else "NULL",
        enforced="c.conenforced" if version >= TEMPORAL else "true",
        temporal="c.conperiod" if version >= TEMPORAL else "false",
    )


def indexes(version: int) -> str:
    """The query for the indexes of ``:tables``."""
    distinct = "i.indnullsnotdistinct" if version >= _NULLS_NOT_DISTINCT else "false"
    return _INDEXES.format(nulls_not_distinct=distinct)
