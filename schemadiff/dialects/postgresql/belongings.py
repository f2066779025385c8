"""What hangs on a type or a column and goes with it, as the statements that give it to the one that is made anew: the
owner, the comment and the grants of a type, the grants of a column and the extended statistics that it is part of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from schemadiff.dialects.postgresql.sqltext import quote, string
from schemadiff.dialects.postgresql.types import quoted
from schemadiff.schema import Name

OF_TYPES = """
SELECT n.nspname, t.typname, t.typtype = 'd', obj_description(t.oid, 'pg_type'),
       CASE WHEN r.rolname <> current_user THEN r.rolname END, t.typacl IS NOT NULL,
       ARRAY(SELECT coalesce(quote_ident(g.rolname), 'PUBLIC')
                    || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
             FROM aclexplode(t.typacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.grantee <> t.typowner)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_roles r ON r.oid = t.typowner
WHERE t.typtype IN ('e', 'd') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND (r.rolname <> current_user OR t.typacl IS NOT NULL OR obj_description(t.oid, 'pg_type') IS NOT NULL)
"""
"""The enumerated types and domains that are not simply those of the one who reads them."""


OF_COLUMNS = """
SELECT a.attrelid::int8, a.attname, format('GRANT %s (%I) ON', x.privilege_type, a.attname),
       format(' TO %s', coalesce(quote_ident(g.rolname), 'PUBLIC'))
       || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
FROM pg_attribute a CROSS JOIN aclexplode(a.attacl) x LEFT JOIN pg_roles g ON g.oid = x.grantee
WHERE a.attacl IS NOT NULL AND a.attrelid = ANY(:tables)
UNION ALL
SELECT s.stxrelid::int8, a.attname, regexp_replace(pg_get_statisticsobjdef(s.oid), ' FROM (?!.* FROM ).*$', ' FROM'), ''
FROM pg_statistic_ext s JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum > 0
JOIN pg_depend d ON d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.stxrelid AND d.refobjsubid = a.attnum
WHERE s.stxrelid = ANY(:tables)
"""
"""What is lost with a column (PostgreSQL 15 drops statistics with any of their columns): the words of a statement
before and behind the table's name.
"""


def of_types(rows: Iterable[Any], known_as: Callable[[str, str], Name]) -> dict[Name, tuple[str, ...]]:
    """The statements for each type; `known_as` gives the name of one in a schema."""
    found = {}
    for schema, name, is_domain, comment, owner, told, grants in rows:
        known = known_as(schema, name)
        kind, named = "DOMAIN" if is_domain else "TYPE", quoted(known)
        statements = []
        if comment is not None:
            statements.append(f"COMMENT ON {kind} {named} IS {string(comment)}")
        if told:
            # As long as nobody has said anything, everybody may use it.
            statements.append(f"REVOKE ALL ON {kind} {named} FROM PUBLIC")
            statements += [f"GRANT USAGE ON {kind} {named} TO {grant}" for grant in grants]
        if owner is not None:
            statements.append(f"ALTER {kind} {named} OWNER TO {quote(owner)}")
        found[known] = tuple(statements)
    return found
