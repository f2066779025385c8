"""A live SQLite database -> `Schema`: one query at any number of tables.

The pragma table functions, joined to sqlite_master, say what columns, indexes and foreign keys there are;
the text in sqlite_master says the rest (see `definition`).
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from schemadiff.dialects.contract.fingerprint import Mark
from schemadiff.dialects.sqlite.canonical.expressions import Scope, canonical_default, canonical_type
from schemadiff.dialects.sqlite.canonical.tables import (
    AUTOINCREMENT,
    STRICT,
    WITHOUT_ROWID,
    canonical,
    canonical_action,
    canonical_around,
    is_counter,
    is_never_null,
)
from schemadiff.dialects.sqlite.read.definition import Definition, Reference, module, read_index, read_table
from schemadiff.dialects.sqlite.server.drivers import driver_of
from schemadiff.dialects.sqlite.server.tokens import literal, quote
from schemadiff.schema import (
    Column,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
    Unsupported,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

Row = Sequence[Any]

_ALL = """\
SELECT 'object', type, name, tbl_name, sql, NULL, NULL, NULL, NULL FROM {schema}.sqlite_master
WHERE type IN ('table', 'trigger')
AND (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR name IN ('sqlite_stat1', 'sqlite_stat4'))
UNION ALL
SELECT 'column', m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden, NULL
FROM {schema}.sqlite_master AS m JOIN pragma_table_xinfo(m.name, {literal}) AS c
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %'
AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'{only}
UNION ALL
SELECT 'key', m.name, f.id, f.seq, f."table", f."from", f."to", f.on_update, f.on_delete
FROM {schema}.sqlite_master AS m JOIN pragma_foreign_key_list(m.name, {literal}) AS f
WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL %'{only}
UNION ALL
SELECT 'index', m.tbl_name, m.name, m.sql, i.cid, i.name, i."desc", i.coll, NULL
FROM {schema}.sqlite_master AS m JOIN pragma_index_xinfo(m.name, {literal}) AS i
WHERE m.type = 'index' AND m.sql IS NOT NULL AND i.key{only}"""
"""In one statement: whatever others change meanwhile, it is all of one moment."""

_PARENT = "SELECT NULL, NULL, name, NULL, NULL, NULL, pk FROM pragma_table_xinfo({table}, {literal})"
_SHADOWS = "SELECT name FROM pragma_table_list WHERE schema = {literal} AND type = 'shadow'"
_MODULES = "SELECT lower(name) FROM pragma_module_list"

_STORED = 3
_GENERATED = (2, _STORED)


def inspect(
    connection: Connection,
    schemas: Collection[str | None],
    version: tuple[int, ...],
    only: Collection[Name] | None = None,
) -> Schema:
    """The canonical tables of the given database files (``None`` and ``"main"`` are the one that was opened);
    those of `only` where that is given.
    """
    tables: dict[Name, Table] = {}
    unsupported: list[Unsupported] = []
    definitions: dict[Name, tuple[str, ...]] = {}
    kept: set[Name] = set()
    for schema in dict.fromkeys(None if schema == "main" else schema for schema in schemas):
        wanted = None if only is None else {name.name for name in only if name.schema == schema}
        reading = _Reading(connection, schema, version, wanted)
        tables.update(reading.tables())
        unsupported += reading.unsupported
        definitions.update(reading.triggers)
        kept.update(Name(name, schema) for name in reading.shadows)
    return Schema(tables, unsupported=tuple(unsupported), definitions=definitions, kept=frozenset(kept))


def mark(connection: Connection) -> Mark:
    """The schema cookie of each database file but the temporary one, and what tells of commits of other connections
    (SQLite's file format, 1.6.3, and its manual, "PRAGMA data_version").
    """
    driver = driver_of(connection)
    files = [quote(str(name)) for _, name, _ in driver.rows("PRAGMA database_list") if name != "temp"]
    definitions, others = (
        tuple((name, driver.rows(f"PRAGMA {name}.{what}")[0][0]) for name in files)
        for what in ("schema_version", "data_version")
    )
    return Mark(definitions, others)


class _Reading:
    """Reads one database file."""

    def __init__(
        self,
        connection: Connection,
        schema: str | None,
        version: tuple[int, ...],
        only: Collection[str] | None,
    ) -> None:
        self.connection = connection
        self.schema = schema
        self.only = only
        self.unsupported: list[Unsupported] = []
        self.columns: dict[str, list[Row]] = {}
        self.triggers: dict[Name, tuple[str, ...]] = {}
        self.texts: dict[str, str] = {}
        virtual: dict[str, str] = {}
        self.found: dict[str, dict[str, list[Row]]] = {
            kind: defaultdict(list) for kind in ("object", "column", "key", "index")
        }
        for row in self._rows(_ALL):
            self.found[row[0]][row[1]].append(row)
        for _, kind, name, table, sql, *_ in chain(*self.found["object"].values()):
            if kind == "trigger":
                key = Name(table, schema)
                self.triggers[key] = (*self.triggers.get(key, ()), sql)
            elif name.startswith("sqlite_"):
                self.triggers[Name(name, schema)] = (sql,)
            elif sql[:15].upper() == "CREATE VIRTUAL ":
                virtual[name] = module(sql)
                self.unsupported.append(Unsupported(Name(name, schema), "virtual tables are left alone"))
            else:
                self.texts[name] = sql
        self.shadows = self._shadows(virtual, version) if virtual else set()
        self.spelled: dict[str, str] = {name.lower(): name for name in self.texts}
        if only is not None:
            self.texts = {name: sql for name, sql in self.texts.items() if name in only}

    def tables(self) -> dict[Name, Table]:
        self.columns, keys, indexes = (self.found[kind] for kind in ("column", "key", "index"))
        result = {}
        for name, sql in self.texts.items():
            rows = self.columns.get(name, [])
            generated = [place for place, row in enumerate(rows) if row[7] in _GENERATED]
            found = read_table(sql, len(rows), generated)
            for place in generated:
                if place not in found.generated:
                    found.odd.append(f'the expression of column "{rows[place][2]}" cannot be read')
            names = [row[2] for row in rows]
            scope = Scope.of(name, names)
            plain = [one for place, one in enumerate(names) if place not in found.collations]
            options = _options(found.autoincrement, found.strict, found.without_rowid)
            # With AUTOINCREMENT its name does not count: `canonical.tables` says why.
            key_name = None if found.autoincrement else found.key_name
            key_columns = _key_columns(rows)
            key = PrimaryKey(key_columns, key_name, found.key_conflict) if key_columns else None
            table = Table(
                name=Name(name, self.schema),
                columns=_columns(rows, found, key_columns),
                primary_key=key,
                uniques=tuple(found.uniques),
                indexes=_indexes(indexes[name], plain) if name in indexes else (),
                foreign_keys=self._foreign_keys(keys[name], found) if name in keys else (),
                checks=tuple(found.checks),
                options=options,
            )
            result[table.name] = canonical(table) if generated else canonical_around(table, scope)
            self.unsupported += [Unsupported(table.name, what) for what in dict.fromkeys(found.odd)]
        return result

    def _foreign_keys(self, rows: Iterable[Row], found: Definition) -> tuple[ForeignKey, ...]:
        groups = [list(group) for _, group in groupby(rows, itemgetter(2))]
        # SQLite puts each one that it reads before the others (src/build.c, sqlite3CreateForeignKey).
        groups.sort(key=lambda group: -int(group[0][2]))
        texts = found.references
        if len(texts) != len(groups):
            found.odd.append("the text of its foreign keys cannot be read")
            texts = [Reference(None)] * len(groups)
        result = []
        for group, text in zip(groups, texts, strict=True):
            parent = str(group[0][4])
            target = self.spelled.get(parent.lower(), parent)
            columns = tuple([row[5] for row in group])
            targets = self._targets(target, [row[6] for row in group])
            result.append(
                ForeignKey(
                    columns=columns,
                    target=Name(target, self.schema),
                    # Where that table is not there, or has no such key, nobody knows what is meant.
                    target_columns=targets if len(targets) == len(columns) else columns,
                    name=text.name,
                    on_update=canonical_action(group[0][7]),
                    on_delete=canonical_action(group[0][8]),
                    deferrable=text.deferrable,
                    match=text.match,
                )
            )
        return tuple(result)

    def _targets(self, table: str, named: Sequence[str | None]) -> tuple[str, ...]:
        """The columns that a foreign key refers to, as their table spells them: its primary key if none are
        named."""
        if table not in self.columns:
            self.columns[table] = list(self._rows(_PARENT, table))
        rows = self.columns[table]
        names = tuple([name for name in named if name is not None])
        if names and set(names).issubset([row[2] for row in rows]):
            return names
        spelled = {row[2].lower(): row[2] for row in rows}
        return tuple(spelled.get(name.lower(), name) for name in names) or _key_columns(rows)

    def _shadows(self, virtual: Mapping[str, str], version: tuple[int, ...]) -> set[str]:
        """The tables in which virtual tables keep their rows: those that SQLite says are; of one whose module is not
        loaded here, and with an older SQLite, those whose names begin with its own.
        """
        found: set[str] = set()
        told: set[str] = set()
        if version >= (3, 37):
            found = {name for (name,) in self._rows(_SHADOWS)}
            told = {name for (name,) in self._rows(_MODULES)}
        owners = tuple(f"{owner.lower()}_" for owner, kind in virtual.items() if kind.lower() not in told)
        return found.union(name for name in self.texts if name.lower().startswith(owners))

    def _rows(self, sql: str, table: str = "") -> Sequence[Row]:
        schema = self.schema or "main"
        only = ""
        if self.only is not None:
            only = f" AND m.tbl_name IN ({', '.join(map(literal, self.only))})"
        text = sql.format(schema=quote(schema), literal=literal(schema), table=literal(table), only=only)
        return driver_of(self.connection).rows(text)


def _key_columns(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple([name for _, name in sorted([(row[6], row[2]) for row in rows if row[6]])])


def _columns(rows: Sequence[Row], found: Definition, key: Sequence[str]) -> tuple[Column, ...]:
    """The columns in canonical form, but for the expressions of generated ones."""
    without_rowid = found.without_rowid
    if not (found.collations or found.conflicts or found.generated):
        return tuple([_column(row[2:8], key, without_rowid) for row in rows])
    return tuple(
        [
            _column(
                row[2:8],
                key,
                without_rowid,
                found.generated.get(place),
                found.collations.get(place),
                found.conflicts.get(place),
            )
            for place, row in enumerate(rows)
        ]
    )


@functools.lru_cache(maxsize=8192)
def _column(
    row: Row,
    key: Sequence[str],
    without_rowid: bool,
    text: Generated | None = None,
    collation: str | None = None,
    on_conflict: str | None = None,
) -> Column:
    """The column in a table with that primary key: many tables have the same ones."""
    name, kind, not_null, default, key_place, hidden = row
    generated = None
    if hidden in _GENERATED:
        generated = Generated(text.expression if text else "", stored=hidden == _STORED)
    sql = canonical_type(generated_type(kind) if generated else kind)[0]
    default = None if generated or default is None else canonical_default(default, sql)
    primary = PrimaryKey(tuple(key)) if key else None
    options = _options(False, False, without_rowid)
    return Column(
        name,
        Type(sql),
        nullable=not not_null and not is_never_null(name, sql, primary, options),
        default=default,
        generated=generated,
        autoincrement=bool(key_place) and is_counter(name, sql, default, primary, options),
        collation=collation,
        on_conflict=on_conflict,
    )


@functools.lru_cache(maxsize=8)
def _options(autoincrement: bool, strict: bool, without_rowid: bool) -> Options:
    flags = ((autoincrement, AUTOINCREMENT), (strict, STRICT), (without_rowid, WITHOUT_ROWID))
    return Options(extra=tuple(flag for there, flag in flags if there))


def generated_type(kind: str) -> str:
    """The type of a generated column without what SQLite before 3.37 takes for a part of it."""
    return re.sub(r"\s*\bGENERATED ALWAYS$", "", kind, flags=re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def _part(column: str | None, expression: str | None, descending: bool, collation: str | None) -> Part:
    return Part(column, expression, descending, collation=collation)


def _indexes(rows: Sequence[Row], plain: Collection[str]) -> tuple[Index, ...]:
    """The indexes; `plain` are the columns that have no collation."""
    result = []
    for name, group in groupby(rows, itemgetter(2)):
        parts = list(group)
        sql = parts[0][3]
        texts: list[str] = []
        where = None
        if None in [row[5] for row in parts] or "WHERE" in sql.upper():
            texts, where = read_index(sql)
        result.append(
            Index(
                parts=tuple(
                    [
                        _part(
                            row[5],
                            None if row[5] is not None else texts[place],
                            bool(row[6]),
                            None if row[7] == "BINARY" and row[5] in plain else row[7],
                        )
                        for place, row in enumerate(parts)
                    ]
                ),
                name=name,
                unique=sql[:13].upper() == "CREATE UNIQUE",
                where=where,
            )
        )
    return tuple(result)
