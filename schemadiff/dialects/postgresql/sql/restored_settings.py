"""Settings that are lost with a type, a column or an index, as the statements that restore them when it is dropped and
created again: the owner, the comment and the grants of a type, the grants of a column and the extended statistics with
it, the settings of an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import Any

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.server.sql_text import quote, string
from schemadiff.dialects.postgresql.sql import create
from schemadiff.schema import Constraint, Exclude, Index, Marks, Name, PrimaryKey, Table, Unique

OF_TYPES = """
SELECT n.nspname, t.typname, t.typtype = 'd', obj_description(t.oid, 'pg_type'),
       CASE WHEN r.rolname <> current_user THEN r.rolname END, t.typacl IS NOT NULL,
       ARRAY(SELECT coalesce(quote_ident(g.rolname), 'PUBLIC')
                    || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
             FROM aclexplode(t.typacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.grantee <> t.typowner),
       x.names, x.comments
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_roles r ON r.oid = t.typowner
CROSS JOIN LATERAL (SELECT array_agg(x.conname::text ORDER BY x.conname) AS names,
                           array_agg(d ORDER BY x.conname) AS comments
                    FROM pg_constraint x CROSS JOIN obj_description(x.oid, 'pg_constraint') d
                    WHERE x.contypid = t.oid AND d IS NOT NULL) x
WHERE t.typtype IN ('e', 'd') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND (r.rolname <> current_user OR t.typacl IS NOT NULL OR obj_description(t.oid, 'pg_type') IS NOT NULL
     OR x.names IS NOT NULL)
"""
"""The enumerated types and domains that are not simply those of the one who reads them."""


OF_STATISTICS = """
SELECT s.oid::int8, s.stxrelid::int8, o.*
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace JOIN pg_roles r ON r.oid = s.stxowner
CROSS JOIN LATERAL (
    SELECT 1, regexp_replace(pg_get_statisticsobjdef(s.oid), ' FROM (?!.* FROM ).*$', ' FROM'), ''
    UNION ALL
    SELECT 2, format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, t.target), NULL
    FROM (SELECT to_jsonb(s) ->> 'stxstattarget' AS target) t WHERE t.target::int >= 0
    UNION ALL
    SELECT 3, format('COMMENT ON STATISTICS %I.%I IS %L', n.nspname, s.stxname, d), NULL
    FROM obj_description(s.oid, 'pg_statistic_ext') d WHERE d IS NOT NULL
    UNION ALL
    SELECT 4, format('ALTER STATISTICS %I.%I OWNER TO %I', n.nspname, s.stxname, r.rolname), NULL
    WHERE r.rolname <> current_user
) o (place, before, behind)
"""
"""The extended statistics, as statements: the words before and behind the table's name, or the whole text.
PostgreSQL 12 has no target of theirs.
"""

OF_COLUMNS = f"""
SELECT a.attrelid::int8, a.attname, format('GRANT %s (%I) ON', x.privilege_type, a.attname),
       format(' TO %s', coalesce(quote_ident(g.rolname), 'PUBLIC'))
       || CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, 0 AS number, 0 AS place
FROM pg_attribute a CROSS JOIN aclexplode(a.attacl) x LEFT JOIN pg_roles g ON g.oid = x.grantee
WHERE a.attacl IS NOT NULL AND a.attrelid = ANY(:tables)
UNION ALL
SELECT s.stxrelid, a.attname, s.before, s.behind, s.oid, s.place
FROM ({OF_STATISTICS}) s JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum > 0
JOIN pg_depend d ON d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.stxrelid AND d.refobjsubid = a.attnum
WHERE s.stxrelid = ANY(:tables) ORDER BY number, place
"""
"""The settings that are lost with a column (PostgreSQL 15 drops statistics with any of their columns), as statements:
the words before and behind the table's name, or the whole text.
"""


def comment_on_check(domain: Name, check: str) -> str:
    """The words with which a statement begins that gives a domain's CHECK a comment."""
    return f"COMMENT ON CONSTRAINT {quote(check)} ON DOMAIN {quoted(domain)}"


def of_types(rows: Iterable[Any], known_as: Callable[[str, str], Name]) -> dict[Name, tuple[str, ...]]:
    """The statements for each type; `known_as` gives the name of one in a schema."""
    found = {}
    for schema, name, is_domain, comment, owner, told, grants, checks, comments in rows:
        known = known_as(schema, name)
        kind, named = "DOMAIN" if is_domain else "TYPE", quoted(known)
        statements = []
        if comment is not None:
            statements.append(f"COMMENT ON {kind} {named} IS {string(comment)}")
        statements += [
            f"{comment_on_check(known, check)} IS {string(text)}"
            for check, text in zip(checks or (), comments or (), strict=True)
        ]
        if told:
            # As long as nobody has said anything, everybody may use it.
            statements.append(f"REVOKE ALL ON {kind} {named} FROM PUBLIC")
            statements += [f"GRANT USAGE ON {kind} {named} TO {grant}" for grant in grants]
        if owner is not None:
            statements.append(f"ALTER {kind} {named} OWNER TO {quote(owner)}")
        found[known] = tuple(statements)
    return found


def marks(indexes: Iterable[Any], of_constraints: Container[int]) -> Mapping[int, tuple[Marks, ...]]:
    """Return the settings of indexes besides their definitions, by the oid of the table."""
    found: dict[int, list[Marks]] = defaultdict(list)
    for row in indexes:
        of_constraint = row.indexrelid in of_constraints
        settings = of_constraint and (row.reloptions or row.spcname)
        if not (settings or row.description or row.indisclustered or row.indisreplident or row.targets):
            continue
        pairs = (one.partition("=") for one in (of_constraint and row.reloptions) or ())
        one = Marks(
            row.relname,
            row.description,
            row.indisclustered,
            row.indisreplident,
            tuple((position, target) for position, target in row.targets or ()),
            tuple((key, text) for key, _, text in pairs),
            row.spcname if of_constraint else None,
        )
        found[row.indrelid].append(one)
    return {oid: tuple(some) for oid, some in found.items()}


def of_index(table: Table | None, thing: Index | Constraint) -> tuple[str, ...]:
    """The statements that give a new index of the table, or the one behind a constraint, what the one of its name had;
    what it cannot have is left out.
    """
    return tuple(_of_index(table, thing)) if table else ()


def _of_index(table: Table, thing: Index | Constraint) -> Iterator[str]:
    known = known_marks(table, thing)
    if known is None:
        return
    name, owner = quoted(Name(known.name, table.name.schema)), quoted(table.name)
    if known.comment is not None:
        yield f"COMMENT ON INDEX {name} IS {string(known.comment)}"
    parts = thing.parts if isinstance(thing, Index | Exclude) else ()
    for position, target in known.statistics:
        if position <= len(parts) and parts[position - 1].expression is not None:
            yield f"ALTER INDEX {name} ALTER COLUMN {position} SET STATISTICS {target}"
    if known.clustered and is_sorted(thing):
        yield f"ALTER TABLE {owner} CLUSTER ON {quote(known.name)}"
    if known.identity and identifies(table, thing):
        yield f"ALTER TABLE {owner} REPLICA IDENTITY USING INDEX {quote(known.name)}"


def known_marks(table: Table | None, thing: Index | Constraint) -> Marks | None:
    """Return the settings of the live index behind this index or constraint, by its name; ``None`` if it has none."""
    if table is None or not table.marks:
        return None
    if isinstance(thing, Index):
        return table.marks_of(create.bare_index_name(table.name, thing, None))
    if isinstance(thing, PrimaryKey | Unique | Exclude):
        return table.marks_of(create.constraint_name(table.name, thing, None))
    return None


def is_sorted(thing: Index | Constraint) -> bool:
    """Whether the rows of a table can be kept in its order (CLUSTER): only what indexes all of them has such a one."""
    match thing:
        case Index() | Exclude():
            return thing.where is None and thing.method in (None, "btree", "gist")
        case _:
            return True


def identifies(table: Table, thing: Index | Constraint) -> bool:
    """Whether rows can be replicated by it (REPLICA IDENTITY): it is unique, at once, and knows no NULL."""
    match thing:
        case Index():
            columns = thing.columns if thing.unique and thing.where is None else ()
            if len(columns) < len(thing.parts):
                return False
        case PrimaryKey() | Unique() if not thing.deferrable and not thing.without_overlaps:
            columns = thing.columns
        case _:
            return False
    found = [table.column(name) for name in columns]
    in_key = table.primary_key.columns if table.primary_key else ()
    return all(one is not None and (not one.nullable or one.name in in_key) for one in found)
