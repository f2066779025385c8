"""What the server says its tables are: SHOW CREATE TABLE, the catalogs, the pragmas."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect, with_implicit
from schemadiff.database.server_spelling import differences
from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.operations import Operation
from schemadiff.schema import Schema


class Models(Protocol):
    """What names the models gave: any other name was made up by the server."""

    @property
    def names(self) -> Collection[str]:
        """Those of constraints and indexes."""

    @property
    def index_names(self) -> Collection[str]:
        """Those of indexes and unique constraints."""


@dataclass(frozen=True)
class Given:
    """The names that a schema gives."""

    names: frozenset[str]
    index_names: frozenset[str]


def names_in(schema: Schema) -> Given:
    """The names of all constraints and indexes that have one."""
    tables = schema.tables.values()
    constraints = {one.name or "" for table in tables for one in table.constraints()}
    indexes = {one.name or "" for table in tables for one in table.indexes}
    indexes |= {one.name or "" for table in tables for one in table.uniques}
    return Given(frozenset(constraints | indexes), frozenset(indexes))


def definitions(database: sa.Engine, models: Models) -> dict[str, list[str]]:
    """The tables as the server has them, each in lines in whatever order; a name that the models did not give is left
    out. Other things that the tables leave behind (sequences, types) stand under their own names.
    """
    with connected(database) as (connection, dialect):
        match dialect.name:
            case "postgresql":
                return _postgresql(connection, dialect, models)
            case "sqlite":
                return _sqlite(connection, dialect, models)
            case _:
                return _mysql(connection, models)


def _mysql(connection: sa.Connection, models: Models) -> dict[str, list[str]]:
    made_up = re.compile(r"^((?:UNIQUE |FULLTEXT )?KEY|CONSTRAINT) (`(?:[^`]|``)+`)")

    def blank(match: re.Match[str]) -> str:
        name = match[2][1:-1].replace("``", "`")
        # MySQL and MariaDB name the index that they make for a foreign key after it, or after its column.
        given = models.names if match[1] == "CONSTRAINT" else models.index_names
        return f"{match[1]} {match[2] if name in given else '?'}"

    texts = {}
    for (name,) in connection.exec_driver_sql("SHOW TABLES").all():
        if name == "schemadiff_version":
            continue
        quoted = name.replace("`", "``")
        shown = connection.exec_driver_sql(f"SHOW CREATE TABLE `{quoted}`", execution_options=VERBATIM)
        # InnoDB knows no difference between RESTRICT, NO ACTION and nothing.
        same = r" AUTO_INCREMENT=\d+| ON (DELETE|UPDATE) (RESTRICT|NO ACTION)"
        text = re.sub(same, "", shown.one()[1]).replace("DEFAULT (now())", "DEFAULT CURRENT_TIMESTAMP")
        # MySQL 9.7 remembers whether a column's collation, the same as its table's, was written at the column.
        text = re.sub(r" CHARACTER SET \w+(?= COLLATE)", "", text)
        # Any ALTER TABLE puts a CHECK's literals into the character set of their columns (MySQL 9.7).
        text = re.sub(r"(?<=[(, ])_(utf8mb4|latin1)(?=\\?')", "", text)
        # It also makes -5 of the -(5) in one of a BIGINT.
        lines = [
            re.sub(r"-\((\d+)\)", r"-\1", line) if " CHECK (" in line else line for line in text.splitlines()
        ]
        texts[name] = sorted(made_up.sub(blank, line.strip().rstrip(",")) for line in lines)
    return texts


_POSTGRESQL = {
    "column": """
        SELECT t.relname, NULL, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN 'NOT NULL' END, CASE WHEN a.atthasdef THEN 'DEFAULT' END,
            a.attidentity::text, a.attgenerated::text, 'COLLATE ' || co.collname,
            'COMMENT ' || quote_literal(col_description(t.oid, a.attnum)))
        FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_collation co ON co.oid = a.attcollation AND co.collname <> 'default'
        WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace""",
    "constraint": """
        SELECT t.relname, c.conname, pg_get_constraintdef(c.oid) || c.convalidated::text FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.conrelid WHERE t.relnamespace = 'public'::regnamespace""",
    "index": """
        SELECT t.relname, i.relname, regexp_replace(pg_get_indexdef(i.oid), 'INDEX .* ON ', 'INDEX ON ')
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        WHERE t.relnamespace = 'public'::regnamespace""",
    "table": """
        SELECT relname, NULL, relkind::text || coalesce(obj_description(oid), '') FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'S')""",
    "sequence": """
        SELECT t.relname, NULL, format_type(s.seqtypid, NULL) || coalesce(a.attname, '')
        FROM pg_class q JOIN pg_sequence s ON s.seqrelid = q.oid
        LEFT JOIN pg_depend d ON d.objid = q.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
        LEFT JOIN pg_class t ON t.oid = d.refobjid
        LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE q.relnamespace = 'public'::regnamespace""",
    "enum": """
        SELECT t.typname, NULL, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_type t
        LEFT JOIN pg_enum e ON e.enumtypid = t.oid
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'e' GROUP BY t.oid, t.typname""",
}


def _postgresql(connection: sa.Connection, dialect: Dialect, models: Models) -> dict[str, list[str]]:
    """What the catalogs say; defaults as schemadiff inspects them, to which `now()` is CURRENT_TIMESTAMP."""
    texts: dict[str, list[str]] = {}
    for table in inspect(connection, dialect).tables.values():
        texts[table.name.name] = [repr(column) for column in table.columns]
    for kind, query in _POSTGRESQL.items():
        for table, name, text in connection.exec_driver_sql(query).all():
            if table != "schemadiff_version":
                named = name if name in models.names else ""
                if " = ANY (" in text or " <> ALL (" in text:
                    # An ALTER of the column's type makes the server read its own words again, and so it moves the
                    # cast of an array into the array (PostgreSQL 15).
                    text = re.sub(r"::(text|character varying)(\[\])?|[()]", "", text)
                texts.setdefault(str(table), []).append(f"{kind} {named} {text}")
    return {table: sorted(lines) for table, lines in texts.items()}


def _sqlite(connection: sa.Connection, dialect: Dialect, models: Models) -> dict[str, list[str]]:
    """What schemadiff inspects, and what the pragmas say."""
    texts: dict[str, list[str]] = {}
    for name, table in inspect(connection, dialect).tables.items():
        things = (*table.constraints(), *table.indexes)
        lines = [_bare(thing, models) for thing in things] + [repr(column) for column in table.columns]
        lines.append(repr(table.options))
        for pragma, skipped in (("table_xinfo", ("cid", "dflt_value")), ("foreign_key_list", ("id",))):
            rows = connection.execute(sa.text(f"SELECT * FROM pragma_{pragma}(:name)"), {"name": name.name})
            lines += [repr({k: v for k, v in row._mapping.items() if k not in skipped}) for row in rows]
        rows = connection.execute(
            sa.text(
                'SELECT il."unique", il.origin, il.partial, group_concat(ix.name || ix."desc" || ix.coll) '
                'FROM pragma_index_list(:name) il JOIN pragma_index_xinfo(il.name) ix ON ix."key" '
                "GROUP BY il.name"
            ),
            {"name": name.name},
        )
        lines += [repr(tuple(row)) for row in rows]
        texts[str(name)] = sorted(lines)
    others = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|'"
    for (found,) in connection.exec_driver_sql(others).all():
        if found != "schemadiff_version":
            texts.setdefault(found, [])
    return texts


def _bare(thing: Any, models: Models) -> str:
    text = repr(thing)
    return text if thing.name in models.names else text.replace(f"name={thing.name!r}", "name=?")


def found_differences(
    connection: sa.Connection, dialect: Dialect, live: Schema, desired: Schema
) -> tuple[Operation, ...]:
    """As a command finds them: what the server made by itself is no difference."""
    return differences(connection, dialect, with_implicit(live, [desired], dialect), desired)
