"""pg_catalog -> tables: eight queries at any number of tables, joined here rather than on the server.

Reads only, under a search_path of its own, so that the server writes every name in the same way: plain for what is in
the default schema or belongs to an extension, with its schema for all else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.postgresql import canonical
from schemadiff.dialects.postgresql.sqltext import quote, string
from schemadiff.dialects.postgresql.types import EnumName
from schemadiff.errors import DatabaseError
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Identity,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unique,
    Unsupported,
)

_OPEN = """
SELECT current_schema(), current_setting('search_path'), current_setting('quote_all_identifiers'),
       set_config('quote_all_identifiers', 'off', false),
       set_config('search_path', concat_ws(', ', quote_ident(current_schema()), (
           SELECT string_agg(DISTINCT quote_ident(nspname), ', ') FROM pg_catalog.pg_extension e
           JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
           WHERE nspname NOT IN ('pg_catalog', current_schema()))), false)
"""
_CLOSE = (
    "SELECT set_config('search_path', :path, false), set_config('quote_all_identifiers', :quoting, false)"
)

_TABLES = """
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.relispartition, c.relpersistence::text, c.reloptions,
       s.spcname, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, d.description,
       CASE WHEN a.amname <> 'heap' THEN a.amname END, c.relrowsecurity
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am a ON a.oid = c.relam
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
WHERE n.nspname = ANY (:schemas) AND c.relkind IN ('r', 'p') {only}
AND NOT EXISTS (SELECT FROM pg_depend e
                WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
"""
_COLUMNS = """
SELECT a.attrelid::int8, a.attnum, a.attname, a.atttypid::int8, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(e.adbin, e.adrelid), a.attidentity::text, a.attgenerated::text,
       a.attcollation::int8, a.attcollation <> t.typcollation, d.description
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
LEFT JOIN pg_description d
       ON d.classoid = 'pg_class'::regclass AND d.objoid = a.attrelid AND d.objsubid = a.attnum
WHERE a.attrelid = ANY (:tables) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""
_SEQUENCES = """
SELECT d.refobjid::int8, d.refobjsubid, d.objid::regclass::text, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
       s.seqcycle, s.seqcache
FROM pg_sequence s
JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid
     AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
"""
_INDEXES = """
SELECT i.indrelid::int8, i.indexrelid::int8, c.relname, i.indisunique, i.indisvalid OR c.relkind = 'I',
       i.indkey::int2[], i.indnkeyatts, i.indoption::int2[], i.indcollation::int8[], i.indclass::int8[],
       CASE WHEN a.amname <> 'btree' THEN a.amname END, c.reloptions, pg_get_expr(i.indpred, i.indrelid),
       CASE WHEN i.indexprs IS NOT NULL THEN
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, false) FROM generate_series(1, i.indnkeyatts) k) END,
       {nulls_not_distinct}
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam
WHERE i.indrelid = ANY (:tables)
ORDER BY c.relname
"""
_CONSTRAINTS = """
SELECT c.conrelid::int8, c.conname, c.contype::text, c.conkey, c.confrelid::int8, c.confkey, c.confupdtype::text,
       c.confdeltype::text, c.confmatchtype::text, c.condeferrable, c.condeferred, c.convalidated, c.connoinherit,
       c.conindid::int8, pg_get_expr(c.conbin, c.conrelid), {delete_columns}
FROM pg_constraint c
WHERE c.conrelid = ANY (:tables) AND c.conparentid = 0 AND c.contype IN ('p', 'u', 'f', 'c', 'x')
ORDER BY c.conname
"""
_ENUMS = """
SELECT t.oid::int8, t.typarray::int8, n.nspname, t.typname,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e'
"""
_OPCLASSES = """
SELECT oid::int8, CASE WHEN pg_opclass_is_visible(oid) THEN opcname::text
                       ELSE opcnamespace::regnamespace || '.' || quote_ident(opcname) END
FROM pg_opclass WHERE NOT opcdefault
"""
_OTHERS = """
SELECT tgrelid::int8, 'trigger ' || tgname FROM pg_trigger
WHERE tgrelid = ANY (:tables) AND NOT tgisinternal
UNION ALL
SELECT polrelid::int8, 'row security policy ' || polname FROM pg_policy WHERE polrelid = ANY (:tables)
UNION ALL
SELECT ev_class::int8, 'rule ' || rulename FROM pg_rewrite WHERE ev_class = ANY (:tables)
UNION ALL
SELECT inhrelid::int8, 'inherits from ' || inhparent::regclass FROM pg_inherits WHERE inhrelid = ANY (:tables)
UNION ALL
SELECT indrelid::int8, 'parameters of an operator class in index ' || indexrelid::regclass
FROM pg_index JOIN pg_attribute ON attrelid = indexrelid AND attoptions IS NOT NULL
WHERE indrelid = ANY (:tables)
"""
_COLLATIONS = """
SELECT oid::int8, CASE WHEN pg_collation_is_visible(oid) THEN collname::text
                       ELSE collnamespace::regnamespace || '.' || collname END
FROM pg_collation WHERE oid = ANY (:oids)
"""
_TARGETS = """
SELECT c.oid::int8, n.nspname, c.relname, a.attnum, a.attname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid = ANY (:oids) AND a.attnum > 0
"""

_ACTIONS = {"a": None, "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
_LEFT_ALONE = "schemadiff neither compares nor changes it"


@contextmanager
def reading(connection: Connection) -> Iterator[str]:
    """A stretch of reading under a search_path of the default schema and the extensions' schemas.

    Yields the name of the default schema. Raises `DatabaseError` where there is none.
    """
    schema, path, quoting, *_ = connection.execute(sa.text(_OPEN)).one()
    try:
        if schema is None:
            raise DatabaseError(
                f"there is no default schema: no schema of the search_path ({path}) exists",
                hint="Create the schema, or set another search_path for the role or in the URL.",
            )
        yield schema
    finally:
        # In a transaction that has failed this fails, too; its rollback brings the settings back.
        with suppress(DBAPIError):
            connection.execute(sa.text(_CLOSE), {"path": path, "quoting": quoting})


def read(
    connection: Connection,
    schemas: Mapping[str, str | None],
    default: str,
    *,
    version: int,
    only: Collection[Name] | None = None,
) -> Schema:
    """The tables of the schemas; `schemas` maps the schema's name to the one that it has in the result.

    With `only`, no other tables than these. To be called while `reading`.
    """
    return _Catalog(connection, dict(schemas), default, version).schema(only)


def read_enums(connection: Connection, default: str) -> dict[Name, tuple[str, ...]]:
    """The members of all enumerated types, by name. To be called while `reading`."""
    enums = _Catalog(connection, {}, default, 0).enums()
    return {name: values for name, values, _ in enums.values()}


@dataclass(slots=True)
class _Catalog:
    """The rows of one reading, merged as they come."""

    connection: Connection
    schemas: dict[str, str | None]
    default: str
    version: int
    columns: dict[int, list[Column]] = field(default_factory=lambda: defaultdict(list))
    numbers: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    targets: dict[int, Name] = field(default_factory=dict)
    unsupported: list[Unsupported] = field(default_factory=list)

    def rows(self, sql: str, **values: object) -> Sequence[Any]:
        return self.connection.execute(sa.text(sql), values).all()

    def name(self, schema: str, name: str) -> Name:
        return Name(name, self.schemas.get(schema, None if schema == self.default else schema))

    def schema(self, only: Collection[Name] | None) -> Schema:
        rows = self.tables(only)
        oids = [row[0] for row in rows]
        self.targets = {row[0]: self.name(row[1], row[2]) for row in rows}
        enums = self.enums()
        if not oids:
            return Schema({}, enums={name: values for name, values, _ in enums.values()})
        collations = self.read_columns(oids, enums)
        constraints = self.rows(
            _CONSTRAINTS.format(delete_columns="c.confdelsetcols" if self.version >= 15 else "NULL"),
            tables=oids,
        )
        indexes = self.read_indexes(
            oids, {row.conindid for row in constraints if row.contype != "f"}, collations
        )
        keys, uniques, foreign_keys, checks = self.read_constraints(constraints, indexes)
        for oid, what in self.rows(_OTHERS, tables=oids):
            self.unsupported.append(Unsupported(self.targets[oid], f"{what}: {_LEFT_ALONE}"))
        tables = {}
        for row in rows:
            oid, name = row[0], self.targets[row[0]]
            if row.relpersistence == "u":
                self.unsupported.append(Unsupported(name, f"UNLOGGED: {_LEFT_ALONE}"))
            if row.relrowsecurity:
                self.unsupported.append(Unsupported(name, f"row level security: {_LEFT_ALONE}"))
            tables[name] = canonical.canonical(
                Table(
                    name,
                    tuple(self.columns[oid]),
                    keys.get(oid),
                    tuple(uniques[oid]),
                    tuple(index for index, _ in indexes[oid].values() if index is not None),
                    tuple(foreign_keys[oid]),
                    tuple(checks[oid]),
                    _options(row),
                ),
                default_schema=self.default,
                virtual=self.version >= 18,
            )
        return Schema(
            tables,
            enums={name: values for name, values, _ in enums.values()},
            unsupported=tuple(self.unsupported),
        )

    def tables(self, only: Collection[Name] | None) -> list[Any]:
        """The rows of the tables, without the partitions of others: these are where a table keeps its rows."""
        if only is None:
            rows = self.rows(_TABLES.format(only=""), schemas=list(self.schemas))
        else:
            named = [name.name for name in only]
            rows = self.rows(
                _TABLES.format(only="AND c.relname = ANY (:only)"), schemas=list(self.schemas), only=named
            )
            rows = [row for row in rows if self.name(row[1], row[2]) in only]
        return [row for row in rows if not row.relispartition]

    def enums(self) -> dict[int, tuple[Name, tuple[str, ...], bool]]:
        """The enumerated types by their oid and by that of their array type."""
        found: dict[int, tuple[Name, tuple[str, ...], bool]] = {}
        for oid, array, schema, name, values in self.rows(_ENUMS):
            if schema.startswith("pg_temp") and schema not in self.schemas:
                continue
            full = self.name(schema, name)
            found[oid] = (full, tuple(values or ()), False)
            found[array] = (full, tuple(values or ()), True)
        return found

    # columns

    def read_columns(
        self, oids: list[int], enums: Mapping[int, tuple[Name, tuple[str, ...], bool]]
    ) -> dict[int, dict[str, int]]:
        """Reads the columns; returns the oids of their collations by table and column."""
        rows = self.rows(_COLUMNS, tables=oids)
        names = self.collation_names({row[9] for row in rows if row[10]})
        sequences = {(row[0], row[1]): row for row in self.rows(_SEQUENCES)}
        collations: dict[int, dict[str, int]] = defaultdict(dict)
        for (
            oid,
            number,
            name,
            type_oid,
            words,
            not_null,
            text,
            identity,
            generated,
            collation,
            own,
            comment,
        ) in rows:
            enum = enums.get(type_oid)
            sequence = sequences.get((oid, number)) if identity or text is not None else None
            serial = sequence is not None and text == f"nextval({string(sequence[2])}::regclass)"
            self.numbers[oid][number] = name
            if collation:
                collations[oid][name] = collation
            self.columns[oid].append(
                Column(
                    name,
                    Type(words) if enum is None else Type(EnumName(enum[0], enum[2]).plain, enum[1]),
                    not not_null,
                    None if generated or serial else text,
                    generated=Generated(text, generated == "s") if generated else None,
                    identity=_identity(identity, sequence) if identity else None,
                    autoincrement=serial,
                    collation=names[collation] if own else None,
                    comment=comment,
                )
            )
        return collations

    def collation_names(self, oids: set[int]) -> dict[int, str]:
        return dict(tuple(row) for row in self.rows(_COLLATIONS, oids=list(oids))) if oids else {}

    # indexes

    def read_indexes(
        self, oids: list[int], constraints: set[int], collations: Mapping[int, Mapping[str, int]]
    ) -> dict[int, dict[int, tuple[Index | None, Any]]]:
        """The indexes by table and oid, with their rows; ``None`` for those that belong to a constraint."""
        nulls = "i.indnullsnotdistinct" if self.version >= 15 else "false"
        rows = self.rows(_INDEXES.format(nulls_not_distinct=nulls), tables=oids)
        opclasses: dict[int, str] = dict(tuple(row) for row in self.rows(_OPCLASSES))
        used = {oid for row in rows for oid in row.indcollation if oid}
        own = {oid for columns in collations.values() for oid in columns.values()} | {_DEFAULT_COLLATION}
        names = self.collation_names(
            used if used - {_DEFAULT_COLLATION} or own - {_DEFAULT_COLLATION} else set()
        )
        found: dict[int, dict[int, tuple[Index | None, Any]]] = defaultdict(dict)
        for row in rows:
            (
                oid,
                index_oid,
                name,
                unique,
                valid,
                key,
                count,
                flags,
                used_collations,
                classes,
                method,
                *rest,
            ) = row
            options, where, texts, not_distinct = rest
            if index_oid in constraints:
                found[oid][index_oid] = (None, row)
                continue
            columns, numbers = collations[oid], self.numbers[oid]
            parts = []
            for position in range(count):
                column = numbers[key[position]] if key[position] else None
                usual = columns.get(column, 0) if column is not None else _DEFAULT_COLLATION
                collation = used_collations[position]
                descending = bool(flags[position] & 1)
                parts.append(
                    Part(
                        column,
                        None if column is not None else texts[position],
                        descending,
                        collation=names[collation] if collation and collation != usual else None,
                        opclass=opclasses.get(classes[position]),
                        nulls=_nulls(flags[position]),
                    )
                )
            if not valid:
                what = f"index {name} is invalid, left behind by a CREATE INDEX CONCURRENTLY that failed: drop it"
                self.unsupported.append(Unsupported(self.targets[oid], what))
            index = Index(
                tuple(parts),
                name,
                unique,
                method=method,
                where=where,
                include=tuple(numbers[number] for number in key[count:]),
                nulls_distinct=not not_distinct,
                options=tuple((k, v) for k, _, v in (option.partition("=") for option in options or ())),
            )
            found[oid][index_oid] = (index, row)
        return found

    # constraints

    def read_constraints(
        self, rows: Iterable[Any], indexes: Mapping[int, Mapping[int, tuple[Index | None, Any]]]
    ) -> tuple[
        dict[int, PrimaryKey], dict[int, list[Unique]], dict[int, list[ForeignKey]], dict[int, list[Check]]
    ]:
        keys: dict[int, PrimaryKey] = {}
        uniques: dict[int, list[Unique]] = defaultdict(list)
        foreign_keys: dict[int, list[ForeignKey]] = defaultdict(list)
        checks: dict[int, list[Check]] = defaultdict(list)
        rows = list(rows)
        self.read_targets({row.confrelid for row in rows if row.contype == "f"})
        for row in rows:
            oid, name = row[0], row[1]
            columns = tuple(self.numbers[oid][number] for number in row.conkey or ())
            deferrable = None
            if row.condeferrable:
                deferrable = "DEFERRABLE INITIALLY DEFERRED" if row.condeferred else "DEFERRABLE"
            index = indexes[oid][row.conindid][1] if row.contype in "pu" else None
            match row.contype:
                case "p":
                    keys[oid] = PrimaryKey(columns, name)
                    if deferrable:
                        self.cannot(oid, f"primary key {name} is {deferrable}")
                case "u":
                    uniques[oid].append(Unique(columns, name, deferrable, not (index and index[-1])))
                case "c":
                    checks[oid].append(Check(row[14], name))
                    if row.connoinherit:
                        self.cannot(oid, f"check {name} is NO INHERIT")
                case "f":
                    foreign_keys[oid].append(self.foreign_key(row, columns, deferrable))
                case _:
                    self.unsupported.append(
                        Unsupported(self.targets[oid], f"exclusion constraint {name}: {_LEFT_ALONE}")
                    )
            if not row.convalidated:
                self.cannot(oid, f"constraint {name} is NOT VALID")
            if index is not None and len(index.indkey) > index.indnkeyatts:
                self.cannot(oid, f"constraint {name} has INCLUDE columns")
        return keys, uniques, foreign_keys, checks

    def cannot(self, oid: int, what: str) -> None:
        self.unsupported.append(Unsupported(self.targets[oid], f"{what}: schemadiff does not compare that"))

    def foreign_key(self, row: Any, columns: tuple[str, ...], deferrable: str | None) -> ForeignKey:
        on_delete = _ACTIONS[row.confdeltype]
        if row[15]:
            on_delete = (
                f"{on_delete} ({', '.join(quote(self.numbers[row[0]][number]) for number in row[15])})"
            )
        return ForeignKey(
            columns,
            self.targets[row.confrelid],
            tuple(self.numbers[row.confrelid][number] for number in row.confkey),
            row[1],
            on_delete,
            _ACTIONS[row.confupdtype],
            deferrable,
            "FULL" if row.confmatchtype == "f" else None,
        )

    def read_targets(self, oids: set[int]) -> None:
        """Reads the names of tables of other schemas that foreign keys refer to, and of their columns."""
        missing = oids - self.targets.keys()
        for oid, schema, table, number, column in self.rows(_TARGETS, oids=list(missing)) if missing else ():
            self.targets[oid] = self.name(schema, table)
            self.numbers[oid][number] = column


_DEFAULT_COLLATION = 100
"""The oid of the collation ``default`` in every database."""


def _identity(kind: str, sequence: Any) -> Identity:
    start, increment, minimum, maximum, cycle, cache = sequence[3:]
    return Identity(kind == "a", start, increment, minimum, maximum, cycle, cache)


def _nulls(flags: int) -> str | None:
    descending, first = bool(flags & 1), bool(flags & 2)
    return None if descending == first else ("FIRST" if first else "LAST")


def _options(row: Any) -> Options:
    extra = []
    if row[8] is not None:
        extra.append(("PARTITION_BY", row[8]))
    if row.spcname is not None:
        extra.append(("TABLESPACE", row.spcname))
    if row[10] is not None:
        extra.append(("USING", row[10]))
    if row.reloptions:
        extra.append(("WITH", ", ".join(row.reloptions)))
    return Options(comment=row.description, extra=tuple(extra))
