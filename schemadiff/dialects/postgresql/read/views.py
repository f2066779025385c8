"""The views of PostgreSQL: how they are read with all that hangs on them, and what each object needs by pg_depend."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.read import catalog
from schemadiff.dialects.postgresql.read.queries import COMPRESSION
from schemadiff.dialects.postgresql.server.sql_text import at_once, string
from schemadiff.dialects.postgresql.sql import create as sql_create
from schemadiff.dialects.postgresql.sql.restored_settings import OF_STATISTICS
from schemadiff.schema import Name, StoredObject, Table, View

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_PARTS = """
    SELECT 'column', a.attname::text, format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', c.oid::regclass,
                                             a.attname, pg_get_expr(f.adbin, f.adrelid)), 1
    FROM pg_attrdef f JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE f.adrelid = c.oid
    UNION ALL
    SELECT 'column', a.attname, format('ALTER MATERIALIZED VIEW %s ALTER COLUMN %I %s', c.oid::regclass, a.attname,
                                       w.words), 2
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid CROSS JOIN LATERAL (
        SELECT 'SET STATISTICS ' || a.attstattarget AS words WHERE a.attstattarget >= 0
        UNION ALL SELECT 'SET (' || array_to_string(s.options, ', ') || ')'
        FROM (SELECT ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE NOT starts_with(o, 'pg_')) AS options) s
        WHERE s.options <> ARRAY[]::text[]
        UNION ALL SELECT 'SET STORAGE ' || CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                           WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
        WHERE a.attstorage <> t.typstorage
        UNION ALL SELECT 'SET COMPRESSION ' || m.name
        FROM (SELECT {compression} AS name) m WHERE m.name IS NOT NULL
    ) w WHERE a.attrelid = c.oid AND c.relkind = 'm' AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'index', j.relname, format('ALTER MATERIALIZED VIEW %s CLUSTER ON %I', c.oid::regclass, j.relname), 3
    FROM pg_index i JOIN pg_class j ON j.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisclustered
    UNION ALL
    SELECT 'index', j.relname, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', j.oid::regclass, a.attnum,
                                      a.attstattarget), 4
    FROM pg_index i JOIN pg_class j ON j.oid = i.indexrelid JOIN pg_attribute a ON a.attrelid = j.oid
    WHERE i.indrelid = c.oid AND a.attstattarget >= 0
    UNION ALL
    SELECT 'index', j.relname, format('COMMENT ON INDEX %s IS %L', j.oid::regclass, d), 5
    FROM pg_index i JOIN pg_class j ON j.oid = i.indexrelid CROSS JOIN obj_description(j.oid, 'pg_class') d
    WHERE i.indrelid = c.oid AND d IS NOT NULL AND :whole
    UNION ALL
    SELECT 'column', a.attname, format('COMMENT ON COLUMN %s.%I IS %L', c.oid::regclass, a.attname, d.description), 6
    FROM pg_description d JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
    WHERE d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid > 0 AND :whole
    UNION ALL
    SELECT 'column', b.attname, format('GRANT %s (%I) ON %s TO %s', a.privilege_type, b.attname, c.oid::regclass,
                                       coalesce(quote_ident(r.rolname), 'PUBLIC'))
                                || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, 7
    FROM pg_attribute b CROSS JOIN aclexplode(b.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
    WHERE b.attrelid = c.oid AND a.grantee <> c.relowner AND :whole"""
"""The settings, comments and grants of a view's columns and indexes, as the statements that give them to a new view."""

_VIEWS = f"""
SELECT c.oid::int8, n.nspname, c.relname, c.relkind = 'm', pg_get_viewdef(c.oid),
       array_to_string(c.reloptions, ', '), c.relispopulated,
    ARRAY(SELECT ARRAY[p.kind, p.name, p.words] FROM ({_PARTS}) p (kind, name, words, place)
          ORDER BY p.place, p.name, p.words),
    ARRAY(SELECT format('ALTER MATERIALIZED VIEW %s SET TABLESPACE %I', c.oid::regclass, s.spcname)
          FROM pg_tablespace s WHERE s.oid = c.reltablespace AND c.relkind = 'm')
    || ARRAY(SELECT format('ALTER MATERIALIZED VIEW %s SET ACCESS METHOD %I', c.oid::regclass, m.amname)
             FROM pg_am m WHERE m.oid = c.relam AND m.amname <> current_setting('default_table_access_method'))
    || ARRAY(SELECT CASE WHEN s.behind IS NULL THEN s.before ELSE s.before || ' ' || c.oid::regclass END
             FROM ({OF_STATISTICS}) s WHERE s.stxrelid = c.oid ORDER BY s.oid, s.place)
    || ARRAY(SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, r.rolname) FROM pg_roles r
          WHERE r.oid = c.relowner AND r.rolname <> current_user),
    ARRAY(SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r
          WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' ORDER BY r.rulename)
    || ARRAY(SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
          WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY t.tgname)
    || ARRAY(SELECT format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, c.oid::regclass, d.description)
             FROM pg_trigger t JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_trigger'::regclass
             WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY t.tgname)
    || ARRAY(SELECT format('COMMENT ON %s %s IS %L', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
                           c.oid::regclass, description)
             FROM pg_description WHERE objoid = c.oid AND classoid = 'pg_class'::regclass AND objsubid = 0)
    || ARRAY(SELECT format('COMMENT ON RULE %I ON %s IS %L', r.rulename, c.oid::regclass, d.description)
             FROM pg_rewrite r JOIN pg_description d ON d.objoid = r.oid AND d.classoid = 'pg_rewrite'::regclass
             WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' ORDER BY r.rulename)
    || ARRAY(SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', c.oid::regclass,
                                    coalesce(quote_ident(r.rolname), 'PUBLIC'))
             FROM pg_default_acl d CROSS JOIN aclexplode(d.defaclacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
             WHERE d.defaclobjtype = 'r' AND d.defaclrole = current_user::regrole AND x.grantee <> d.defaclrole
             AND d.defaclnamespace IN (0, c.relnamespace))
    || ARRAY(SELECT format('GRANT %s ON %s TO %s', a.privilege_type, c.oid::regclass,
                           coalesce(quote_ident(r.rolname), 'PUBLIC'))
                    || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
             FROM aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE a.grantee <> c.relowner)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND n.nspname = ANY(:schemas)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
AND e.deptype = 'e')"""

_NEEDS = """
SELECT used.kind, used.oid::int8, n.nspname, named.name FROM (
    SELECT 'pg_class' AS kind, r.ev_class AS oid, d.refclassid, d.refobjid
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND NOT (d.refclassid = 'pg_class'::regclass AND d.refobjid = r.ev_class)
    UNION SELECT d.classid::regclass::text, d.objid, d.refclassid, d.refobjid FROM pg_depend d
    WHERE d.classid IN ('pg_trigger'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass)
) used JOIN (
    SELECT 'pg_class'::regclass AS catalog, oid, relnamespace AS namespace, relname AS name FROM pg_class
    UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proname FROM pg_proc
    UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typnamespace, coalesce(e.typname, t.typname)
              FROM pg_type t LEFT JOIN pg_type e ON e.typarray = t.oid
) named ON named.catalog = used.refclassid AND named.oid = used.refobjid
JOIN pg_namespace n ON n.oid = named.namespace"""


_OWNER = re.compile(r"ALTER TABLE (?!.* ALTER COLUMN ).* OWNER TO ", re.DOTALL)


def read(
    connection: Connection, schemas: Mapping[str, str | None], *, apart: bool, version: int
) -> Iterator[View]:
    """The views; their rules, triggers, comments and grants hang on them, unless these are read `apart`."""
    compression = "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END"
    query = _VIEWS.format(compression=compression if version >= COMPRESSION else "NULL")
    found = connection.execute(sa.text(query), {"schemas": list(schemas), "whole": not apart}).all()
    tables: Mapping[Name, Table] = {}
    if any(materialized for _, _, _, materialized, *_ in found):
        with catalog.reading(connection) as default:
            tables = catalog.materialized(connection, schemas, default, version=version)
    known = needs(connection, schemas) if found else {}
    for oid, schema, name, materialized, text, options, filled, parts, own, others in found:
        view = View(
            Name(name, schemas[schema]),
            text.strip().removesuffix(";"),
            materialized,
            options or "",
            belongings=(*own, *(() if apart else others)),
            of_parts=tuple((kind, part, sql) for kind, part, sql in parts),
            filled=filled,
            needs=known.get(("pg_class", oid), frozenset()),
        )
        if table := tables.get(view.name):
            view = dataclasses.replace(view, columns=table.columns, indexes=table.indexes)
        yield view


def needs(
    connection: Connection, schemas: Mapping[str, str | None]
) -> Mapping[tuple[str, int], frozenset[Name]]:
    """Return the relations, functions and types on which each view, trigger and routine depends by pg_depend, by its
    catalog and oid; the server's own are left out. The body of a function is not in there, unless it is ``BEGIN
    ATOMIC`` (PostgreSQL 14).
    """
    found: dict[tuple[str, int], set[Name]] = defaultdict(set)
    for kind, oid, schema, name in connection.execute(sa.text(_NEEDS)).all():
        found[kind, oid].add(Name(name, schemas.get(schema, schema)))
    return {key: frozenset(names) for key, names in found.items()}


def same_but_options(before: StoredObject, after: StoredObject) -> bool:
    """Whether they are one view that is only carried out otherwise."""
    return (
        isinstance(before, View)
        and isinstance(after, View)
        and before.options != after.options
        and dataclasses.replace(before, options=after.options) == after
    )


def create(view: View, was: StoredObject | None) -> Iterator[str]:
    """The statements that create the view, with what hung on the live one that it replaces."""
    known = was if isinstance(was, View) and was.materialized == view.materialized else view
    # Models and revisions, which somebody wrote, have no word for options.
    options = view.options or (known.options if view.written is not None else "")
    given = f" WITH ({options})" if options else ""
    empty = "" if known.filled else " WITH NO DATA"
    yield f"CREATE {_kind(view)} {quoted(view.name)}{given} AS {view.definition}{empty}"
    yield from (sql_create.create_index(view.name, index) for index in view.indexes)
    yield from _parts(view, known)
    # Nobody else's view is given to the owner that it has in another database.
    yield from (sql for sql in known.belongings if known is not view or not _OWNER.match(sql))


def _parts(view: View, known: View) -> Iterator[str]:
    """The statements that give the view's columns and indexes what those of the `known` one had."""
    indexes = {index.name for index in view.indexes}
    for kind, part, sql in known.of_parts:
        if kind == "column" and view.definition != known.definition:
            has = f"attrelid = {string(quoted(view.name))}::regclass AND attname = {string(part)}"
            yield at_once(f"IF EXISTS (SELECT FROM pg_attribute WHERE {has}) THEN {sql}; END IF")
        elif kind == "column" or part in indexes:
            yield sql


def drop(view: View) -> str:
    """The statement that drops the view."""
    return f"DROP {_kind(view)} {quoted(view.name)}"


def alter(before: View, after: View) -> Iterator[str]:
    """The statements that give the view other options."""
    old, new = (_pairs(view.options) for view in (before, after))
    gone = [key for key in old if key not in new]
    if gone:
        yield f"ALTER {_kind(after)} {quoted(after.name)} RESET ({', '.join(gone)})"
    changed = [f"{key}={text}" for key, text in new.items() if old.get(key) != text]
    if changed:
        yield f"ALTER {_kind(after)} {quoted(after.name)} SET ({', '.join(changed)})"


def _pairs(options: str) -> dict[str, str]:
    pairs = (one.partition("=") for one in options.split(", ") if one)
    return {key: text for key, _, text in pairs}


def _kind(view: View) -> str:
    return "MATERIALIZED VIEW" if view.materialized else "VIEW"
