"""The queries of `entries`: the SQL that creates an object, and that which drops it, in the server's writing."""

from __future__ import annotations

_NOT_OF_EXTENSION = """NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass
AND e.objid = {oid} AND e.deptype = 'e')"""
_OF_SCHEMAS = "n.nspname = ANY(:schemas)"
_TABLES = f"""pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {_OF_SCHEMAS}
AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {_NOT_OF_EXTENSION.format(catalog="pg_class", oid="c.oid")}"""

EXTENSIONS = """
SELECT extname, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I VERSION %L', extname, nspname, extversion),
       format('DROP EXTENSION %I', extname), format('ALTER EXTENSION %I SET SCHEMA %I', extname, nspname),
       format('ALTER EXTENSION %I UPDATE TO %L', extname, extversion)
FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'"""

COMPOSITES = f"""
SELECT n.nspname, c.relname,
       ARRAY(SELECT ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod)
                 || CASE WHEN a.attcollation <> t.typcollation
                         THEN (SELECT format(' COLLATE %I.%I', k.nspname, l.collname) FROM pg_collation l
                               JOIN pg_namespace k ON k.oid = l.collnamespace WHERE l.oid = a.attcollation)
                         ELSE '' END]
             FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum),
       ARRAY(SELECT format('ALTER TYPE %I.%I OWNER TO %I', n.nspname, c.relname, r.rolname) FROM pg_roles r
             WHERE r.oid = c.relowner AND r.rolname <> current_user)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'c' AND {_OF_SCHEMAS} AND {_NOT_OF_EXTENSION.format(catalog="pg_type", oid="c.reltype")}"""

PARTITIONS = f"""
SELECT c.oid::int8 AS oid, n.nspname, c.relname, pn.nspname AS parent_schema, p.relname AS parent,
       format('CREATE TABLE %s PARTITION OF %s %s%s', c.oid::regclass, p.oid::regclass, b.bound,
              CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END) AS created,
       format('DROP TABLE %s', c.oid::regclass) AS dropped,
       format('ALTER TABLE %s DETACH PARTITION %s', p.oid::regclass, c.oid::regclass) AS detached,
       format('ALTER TABLE %s ATTACH PARTITION %s %s', p.oid::regclass, c.oid::regclass, b.bound) AS attached,
       c.relkind::text AS relkind
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
JOIN pg_namespace pn ON pn.oid = p.relnamespace
CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS bound) b
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND {_OF_SCHEMAS}"""

POLICIES = f"""
SELECT n.nspname, c.relname, p.oid::int8, p.polname,
       format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, c.oid::regclass,
              CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
              CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                   ELSE 'ALL' END,
              (SELECT string_agg(coalesce(quote_ident(r.rolname), 'PUBLIC'), ', ' ORDER BY r.rolname)
               FROM unnest(p.polroles) o LEFT JOIN pg_roles r ON r.oid = o),
              ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
              ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
       format('DROP POLICY %I ON %s', p.polname, c.oid::regclass)
FROM pg_policy p JOIN {_TABLES} ON c.oid = p.polrelid"""

RULES = f"""
SELECT n.nspname, c.relname, c.relkind::text, c.oid::int8, r.rulename, pg_get_ruledef(r.oid),
       format('DROP RULE %I ON %s', r.rulename, c.oid::regclass)
FROM pg_rewrite r JOIN {_TABLES} ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'"""

STATISTICS = f"""
SELECT n.nspname, c.relname, c.relkind::text, s.stxname, pg_get_statisticsobjdef(s.oid),
       format('DROP STATISTICS %I.%I', sn.nspname, s.stxname),
       ARRAY(SELECT format('ALTER STATISTICS %I.%I SET STATISTICS %s', sn.nspname, s.stxname, t.target)
             FROM (SELECT to_jsonb(s) ->> 'stxstattarget' AS target) t WHERE t.target::int >= 0)
       || ARRAY(SELECT format('ALTER STATISTICS %I.%I OWNER TO %I', sn.nspname, s.stxname, r.rolname) FROM pg_roles r
                WHERE r.oid = s.stxowner AND r.rolname <> current_user)
FROM pg_statistic_ext s JOIN {_TABLES} ON c.oid = s.stxrelid JOIN pg_namespace sn ON sn.oid = s.stxnamespace"""

SETTINGS = f"""
SELECT n.nspname, c.relname, c.relkind::text, 'row level security',
       format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', c.oid::regclass),
       format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', c.oid::regclass), false
FROM {_TABLES} WHERE c.relrowsecurity
UNION ALL
SELECT n.nspname, c.relname, c.relkind::text, 'row level security of its owner',
       format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', c.oid::regclass),
       format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', c.oid::regclass), false
FROM {_TABLES} WHERE c.relforcerowsecurity
UNION ALL
SELECT n.nspname, c.relname, c.relkind::text, 'replica identity',
       format('ALTER TABLE %s REPLICA IDENTITY %s', c.oid::regclass,
           CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' || (
               SELECT quote_ident(x.relname) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
               WHERE i.indrelid = c.oid AND i.indisreplident) END),
       format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', c.oid::regclass), true
FROM {_TABLES} WHERE c.relreplident <> 'd' AND c.relkind IN ('r', 'p') AND (c.relreplident <> 'i'
    OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))
UNION ALL
SELECT n.nspname, c.relname, c.relkind::text, 'order of its rows',
       format('ALTER TABLE %s CLUSTER ON %I', c.oid::regclass, x.relname),
       format('ALTER TABLE %s SET WITHOUT CLUSTER', c.oid::regclass), true
FROM {_TABLES} JOIN pg_index i ON i.indrelid = c.oid AND i.indisclustered JOIN pg_class x ON x.oid = i.indexrelid"""

STATES = f"""
SELECT n.nspname, c.relname, t.tgname,
       format('ALTER TABLE %s %s TRIGGER %I', c.oid::regclass,
              CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
              t.tgname),
       format('ALTER TABLE %s ENABLE TRIGGER %I', c.oid::regclass, t.tgname)
FROM pg_trigger t JOIN {_TABLES} ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled <> 'O'
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_trigger'::regclass AND e.objid = t.oid
AND (e.deptype = 'e' OR e.refclassid = 'pg_trigger'::regclass))"""

COMMENTS = """
SELECT i.type, i.schema, i.name, i.identity, format('COMMENT ON %s IS %L', w.words, d.description),
       format('COMMENT ON %s IS NULL', w.words), o.owner_schema, o.owner_kind, o.owner, o.arguments
FROM (
    -- What initdb made, thousands of functions and operators, has lower numbers (FirstNormalObjectId in transam.h).
    SELECT * FROM pg_description WHERE objoid >= 16384 OR classoid = 'pg_namespace'::regclass OFFSET 0
) d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
CROSS JOIN LATERAL (SELECT CASE
    WHEN i.type LIKE '% column' THEN 'COLUMN ' || i.identity
    WHEN i.type = 'domain constraint' THEN 'CONSTRAINT ' || replace(i.identity, ' on ', ' ON DOMAIN ')
    WHEN i.type = 'statistics object' THEN 'STATISTICS ' || i.identity
    ELSE upper(i.type) || ' ' || i.identity END AS words) w
LEFT JOIN LATERAL (
    SELECT n.nspname AS owner_schema, c.relname AS owner, '' AS arguments,
           CASE WHEN c.relispartition THEN 'partition' ELSE c.relkind::text END AS owner_kind
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = CASE d.classoid WHEN 'pg_class'::regclass THEN d.objoid
        WHEN 'pg_trigger'::regclass THEN (SELECT tgrelid FROM pg_trigger t WHERE t.oid = d.objoid)
        WHEN 'pg_policy'::regclass THEN (SELECT polrelid FROM pg_policy p WHERE p.oid = d.objoid)
        WHEN 'pg_rewrite'::regclass THEN (SELECT ev_class FROM pg_rewrite r WHERE r.oid = d.objoid)
        WHEN 'pg_statistic_ext'::regclass THEN (SELECT stxrelid FROM pg_statistic_ext s WHERE s.oid = d.objoid) END
    UNION ALL SELECT n.nspname, p.proname, pg_get_function_identity_arguments(p.oid), p.prokind::text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE d.classoid = 'pg_proc'::regclass AND p.oid = d.objoid
    UNION ALL SELECT n.nspname, t.typname, '', t.typtype::text
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid = CASE d.classoid WHEN 'pg_type'::regclass THEN d.objoid
        WHEN 'pg_constraint'::regclass THEN (SELECT contypid FROM pg_constraint x WHERE x.oid = d.objoid) END
) o ON true
WHERE (i.schema = ANY(:schemas) OR o.owner_schema = ANY(:schemas) OR i.type IN ('schema', 'extension'))
AND d.classoid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass, 'pg_trigger'::regclass,
    'pg_policy'::regclass, 'pg_rewrite'::regclass, 'pg_statistic_ext'::regclass, 'pg_namespace'::regclass,
    'pg_extension'::regclass, 'pg_constraint'::regclass)
AND NOT (d.classoid = 'pg_constraint'::regclass AND o.owner IS NULL)
AND NOT (d.classoid = 'pg_class'::regclass AND (o.owner_kind IN ('r', 'p')
    OR o.owner_kind = 'partition' AND i.type LIKE '%index'))
AND NOT (d.classoid = 'pg_extension'::regclass AND EXISTS (
    SELECT FROM pg_available_extensions v WHERE v.name = i.name AND v.comment = d.description))
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')"""

GRANTS = f"""
WITH objects (oid, acl, usual, owner, word, target, columns, schema, name, relkind, arguments) AS (
    SELECT c.oid, c.relacl, acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner), c.relowner,
           CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END,
           'ON ' || CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END || c.oid::regclass,
           '', n.nspname, c.relname, c.relkind::text, ''
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_OF_SCHEMAS}
    AND {_NOT_OF_EXTENSION.format(catalog="pg_class", oid="c.oid")}
    UNION ALL
    SELECT c.oid, a.attacl, NULL::aclitem[], c.relowner, 'column', 'ON ' || c.oid::regclass, format(' (%I)', a.attname),
           n.nspname, c.relname, c.relkind::text, a.attname
    FROM pg_attribute a JOIN {_TABLES} ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT p.oid, p.proacl, acldefault('f', p.proowner), p.proowner,
           CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
           'ON ' || CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || p.oid::regprocedure,
           '', n.nspname, p.proname, p.prokind::text, pg_get_function_identity_arguments(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE {_OF_SCHEMAS} AND p.prokind IN ('f', 'p', 'w') AND NOT EXISTS (SELECT FROM pg_depend e
        WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
    UNION ALL
    SELECT n.oid, n.nspacl, acldefault('n', n.nspowner), n.nspowner, 'schema', format('ON SCHEMA %I', n.nspname), '',
           n.nspname, n.nspname, 'n', ''
    FROM pg_namespace n WHERE {_OF_SCHEMAS}
    UNION ALL
    SELECT t.oid, t.typacl, acldefault('T', t.typowner), t.typowner, 'type', 'ON TYPE ' || t.oid::regtype, '',
           n.nspname, t.typname, t.typtype::text, ''
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE {_OF_SCHEMAS} AND t.typacl IS NOT NULL AND {_NOT_OF_EXTENSION.format(catalog="pg_type", oid="t.oid")}
), given AS (
    SELECT o.*, a.grantee, a.privilege_type, a.is_grantable, true AS more
    FROM objects o, aclexplode(o.acl) a WHERE a.grantee <> o.owner AND o.acl IS NOT NULL
    AND NOT EXISTS (SELECT FROM aclexplode(o.usual) u WHERE u.grantee = a.grantee
        AND u.privilege_type = a.privilege_type AND u.is_grantable = a.is_grantable)
    UNION ALL
    SELECT o.*, u.grantee, u.privilege_type, u.is_grantable, false
    FROM objects o, aclexplode(o.usual) u WHERE u.grantee <> o.owner AND o.acl IS NOT NULL
    AND NOT EXISTS (SELECT FROM aclexplode(o.acl) a WHERE a.grantee = u.grantee AND a.privilege_type = u.privilege_type)
)
SELECT g.schema, g.name, g.word, g.relkind, g.arguments, w.grantee, g.more,
       array_agg(CASE WHEN g.more THEN w.given || CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
                 ELSE w.taken END ORDER BY g.privilege_type, g.columns),
       array_agg(CASE WHEN g.more THEN w.taken ELSE w.given END ORDER BY g.privilege_type, g.columns)
FROM given g LEFT JOIN pg_roles r ON r.oid = g.grantee
CROSS JOIN LATERAL (SELECT coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee) o
CROSS JOIN LATERAL (SELECT o.grantee,
    format('GRANT %s%s %s TO %s', g.privilege_type, g.columns, g.target, o.grantee) AS given,
    format('REVOKE %s%s %s FROM %s', g.privilege_type, g.columns, g.target, o.grantee) AS taken) w
GROUP BY g.oid, g.schema, g.name, g.word, g.relkind, g.arguments, w.grantee, g.more"""
