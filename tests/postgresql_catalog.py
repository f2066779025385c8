"""What PostgreSQL's catalogs say of all that models can declare, apart from how schemadiff reads them.

Defaults and expressions are left to the inspected values: the server has several spellings for one of them.
"""

from __future__ import annotations

import sqlalchemy as sa

_OWN = (
    "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND t.relname <> 'schemadiff_version'"
)

_OPTIONS = """ARRAY(SELECT replace(replace(o, '=off', '=false'), '=on', '=true')
             FROM unnest({}.reloptions) o ORDER BY o)::text"""

_QUERIES = {
    "column": f"""
        SELECT t.oid::regclass::text, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
            a.attnotnull, 'identity ' || a.attidentity::text, 'generated ' || a.attgenerated::text,
            'collate ' || nullif(a.attcollation, 0)::regcollation, a.attislocal,
            quote_literal(col_description(t.oid, a.attnum)))
        FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE t.relkind IN ('r', 'p') AND {_OWN}""",
    "constraint": f"""
        SELECT t.oid::regclass::text, concat_ws(' ', c.conname, c.contype, c.convalidated, c.connoinherit,
            c.condeferrable, c.condeferred, c.confupdtype, c.confdeltype, c.confmatchtype, c.conislocal,
            CASE WHEN c.contype <> 'c' THEN pg_get_constraintdef(c.oid) END,
            quote_literal(obj_description(c.oid, 'pg_constraint')))
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE {_OWN}""",
    "index": f"""
        SELECT t.oid::regclass::text, concat_ws(' ', pg_get_indexdef(i.oid), x.indisvalid, x.indisunique,
            x.indimmediate, {_OPTIONS.format("i")}, s.spcname, quote_literal(obj_description(i.oid, 'pg_class')))
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_tablespace s ON s.oid = i.reltablespace
        WHERE {_OWN}""",
    "table": f"""
        SELECT t.oid::regclass::text, concat_ws(' ', t.relkind, t.relpersistence, m.amname, s.spcname,
            {_OPTIONS.format("t")}, pg_get_partkeydef(t.oid),
            ARRAY(SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = t.oid ORDER BY inhseqno)::text,
            quote_literal(obj_description(t.oid, 'pg_class')))
        FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_am m ON m.oid = t.relam
        LEFT JOIN pg_tablespace s ON s.oid = t.reltablespace
        WHERE t.relkind IN ('r', 'p', 'v', 'm') AND {_OWN}""",
    "sequence": f"""
        SELECT t.oid::regclass::text, concat_ws(' ', format_type(q.seqtypid, NULL), seqstart, seqincrement, seqmax,
            seqmin, seqcache, seqcycle, d.deptype, d.refobjid::regclass, d.refobjsubid > 0)
        FROM pg_sequence q JOIN pg_class t ON t.oid = q.seqrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        LEFT JOIN pg_depend d ON d.objid = t.oid AND d.deptype IN ('a', 'i') WHERE {_OWN}""",
    "type": """
        SELECT y.oid::regtype::text, concat_ws(' ', y.typtype, y.typnotnull, y.typdefault,
            format_type(nullif(y.typbasetype, 0), y.typtypmod), nullif(y.typcollation, 0)::regcollation,
            ARRAY(SELECT enumlabel FROM pg_enum WHERE enumtypid = y.oid ORDER BY enumsortorder)::text,
            ARRAY(SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
                  WHERE contypid = y.oid AND contype = 'c' ORDER BY conname)::text)
        FROM pg_type y WHERE y.typtype IN ('e', 'd') AND y.typnamespace::regnamespace::text <> 'information_schema'""",
}


def catalog(connection: sa.Connection) -> dict[str, list[str]]:
    """A sorted list of lines for each kind of object."""
    return {
        kind: sorted(f"{name}: {text}" for name, text in connection.exec_driver_sql(query))
        for kind, query in _QUERIES.items()
    }
