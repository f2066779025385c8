"""pg_catalog -> tables: the same few queries at any number of tables, joined here rather than on the server.

Reads only, under a search_path of its own, so that the server writes every name in the same way: plain for
what is in the default schema or belongs to an extension, with its schema for all else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.postgresql.canonical import tables as canonical_tables
from schemadiff.dialects.postgresql.read import queries
from schemadiff.dialects.postgresql.read.columns import (
    Enum,
    as_shown,
    index_part,
    other_column,
    plain_column,
)
from schemadiff.dialects.postgresql.run import blockers
from schemadiff.dialects.postgresql.server import pipeline
from schemadiff.dialects.postgresql.server.savepoints import rolled_back
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import restored_settings
from schemadiff.errors import DatabaseError, LockedError
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Unique,
    Unsupported,
)

_NOTHING: Mapping[str, object] = {}

_ACTIONS = {"a": None, "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@contextmanager
def reading(connection: Connection) -> Iterator[str]:
    """A stretch of reading under a search_path of the default schema and the extensions' schemas, which ends with it:
    the settings are those of a transaction, or of a savepoint, that is rolled back.

    Yields the name of the default schema. Raises `DatabaseError` where there is none, and `LockedError` where somebody
    holds a table's lock for longer than ten seconds, against readers too: what the server says of an expression waits
    for that.
    """
    with rolled_back(connection, queries.OPEN) as ((schema, path, *_),):
        if schema is None:
            raise DatabaseError(
                f"there is no default schema: no schema of the search_path ({path}) exists and may be used",
                hint="Create the schema, GRANT USAGE on it, or set another search_path for the role or in the URL.",
            )
        if schema in ("pg_catalog", "information_schema"):
            raise DatabaseError(
                f"the default schema is the server's own, {schema}: it comes first in the search_path ({path})",
                hint="Name the schema of the tables first, for the role or in the URL.",
            )
        try:
            yield schema
        except DBAPIError as error:
            if not blockers.is_lock_timeout(error):
                raise
            failed = error
        else:
            return
    # The transaction that has failed is over by now.
    who = blockers.barring(connection) or ("who holds it cannot be seen from here",)
    raise LockedError(
        "\n".join(["a table cannot be looked at, because its lock is taken:", *(f"  {one}" for one in who)]),
        hint="Run the command again when that has ended.",
    ) from failed


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
    return {enum.name: enum.members for enum in _Catalog(connection, {}, default, 0).enums().values()}


def materialized(
    connection: Connection, schemas: Mapping[str, str | None], default: str, *, version: int
) -> dict[Name, Table]:
    """The materialized views of the schemas, as tables of columns and indexes. To be called while `reading`."""
    return _Catalog(connection, dict(schemas), default, version).materialized()


@dataclass(slots=True)
class _Catalog:
    """The rows of one reading, merged as they come. Tables are known by their oid, columns by their number."""

    connection: Connection
    schemas: dict[str, str | None]
    default: str
    version: int
    names: dict[int, Name] = field(default_factory=dict)
    numbers: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    collations: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    unsupported: list[Unsupported] = field(default_factory=list)
    kept: frozenset[Name] = frozenset()
    answers: dict[str, Sequence[Any]] = field(default_factory=dict)

    def schema(self, only: Collection[Name] | None) -> Schema:
        of_types, sequences, opclasses = restored_settings.OF_TYPES, queries.SEQUENCES, queries.OPCLASSES
        unasked = [(sql, _NOTHING) for sql in (queries.ENUMS, of_types, sequences, opclasses)]
        self.ask(queries.tables(list(self.schemas), only), *unasked)
        rows = self.tables(only)
        oids = [row.oid for row in rows]
        self.names = {row.oid: self.name(row.nspname, row.relname) for row in rows}
        found_enums = self.enums()
        enums = {enum.name: enum.members for enum in found_enums.values()}
        definitions = restored_settings.of_types(self.rows(restored_settings.OF_TYPES), self.name)
        if not oids:
            return Schema({}, enums=enums, definitions=definitions, kept=self.kept)
        of_tables = [
            queries.columns(self.version),
            restored_settings.OF_COLUMNS,
            queries.constraints(self.version),
            queries.indexes(self.version),
            queries.OTHERS,
        ]
        of_tables += [queries.NOT_VALID] if self.version >= queries.TEMPORAL else []
        self.ask(*((sql, {"tables": oids}) for sql in of_tables))
        columns = self.columns(oids, found_enums)
        constraints = self.constraints(oids)
        indexes = self.indexes(oids)
        of_constraints = {row.conindid: row for row in constraints if row.contype != "f"}
        keys: dict[int, list[PrimaryKey]] = defaultdict(list)
        uniques: dict[int, list[Unique]] = defaultdict(list)
        checks: dict[int, list[Check]] = defaultdict(list)
        foreign_keys: dict[int, list[ForeignKey]] = defaultdict(list)
        excludes: dict[int, list[Exclude]] = defaultdict(list)
        parts = self.parts_of(
            [
                row
                for oid, row in indexes.items()
                if oid not in of_constraints or of_constraints[oid].contype == "x"
            ]
        )
        for row in constraints:
            match self.constraint(row, indexes.get(row.conindid), parts):
                case PrimaryKey() as key:
                    keys[row.conrelid].append(key)
                case Unique() as unique:
                    uniques[row.conrelid].append(unique)
                case Check() as check:
                    checks[row.conrelid].append(check)
                case ForeignKey() as foreign_key:
                    foreign_keys[row.conrelid].append(foreign_key)
                case Exclude() as exclude:
                    excludes[row.conrelid].append(exclude)
        plain: dict[int, list[Index]] = defaultdict(list)
        for oid, row in indexes.items():
            if oid not in of_constraints:
                plain[row.indrelid].append(self.index(row, parts[oid]))
        marks = restored_settings.marks(indexes.values(), of_constraints)
        for oid, kind, what in self.rows(queries.OTHERS, tables=oids):
            self.left_alone(oid, what, kind)
        for oid, what in (
            self.rows(queries.NOT_VALID, tables=oids) if self.version >= queries.TEMPORAL else ()
        ):
            self.left_alone(oid, what)
        tables = [
            Table(
                self.names[row.oid],
                tuple(columns[row.oid]),
                next(iter(keys[row.oid]), None),
                tuple(uniques[row.oid]),
                tuple(plain[row.oid]),
                tuple(foreign_keys[row.oid]),
                tuple(checks[row.oid]),
                self.options(row),
                tuple(excludes[row.oid]),
                marks=marks.get(row.oid, ()),
            )
            for row in rows
        ]
        virtual = self.version >= _VIRTUAL
        return Schema(
            {
                table.name: as_shown(
                    canonical_tables.canonical(table, default_schema=self.default, virtual=virtual), table
                )
                for table in tables
            },
            enums=enums,
            unsupported=tuple(self.unsupported),
            definitions=definitions,
            kept=self.kept,
        )

    def materialized(self) -> dict[Name, Table]:
        rows = self.rows(queries.MATERIALIZED, schemas=list(self.schemas))
        self.names = {row.oid: self.name(row.nspname, row.relname) for row in rows}
        columns = self.columns(list(self.names), self.enums())
        indexes = self.indexes(list(self.names))
        parts = self.parts_of(list(indexes.values()))
        plain: dict[int, list[Index]] = defaultdict(list)
        for oid, row in indexes.items():
            plain[row.indrelid].append(self.index(row, parts[oid]))
        tables = (
            Table(name, tuple(columns[oid]), indexes=tuple(plain[oid])) for oid, name in self.names.items()
        )
        virtual = self.version >= _VIRTUAL
        return {
            table.name: canonical_tables.canonical(table, default_schema=self.default, virtual=virtual)
            for table in tables
        }

    # what they share

    def ask(self, *questions: pipeline.Question) -> None:
        """Asks in one round trip what `rows` will give: each of these queries is asked once in a reading."""
        answers = pipeline.asked(self.connection, questions)
        self.answers |= {sql: rows for (sql, _), rows in zip(questions, answers, strict=True)}

    def rows(self, sql: str, **values: object) -> Sequence[Any]:
        known = self.answers.pop(sql, None)
        return pipeline.asked(self.connection, [(sql, values)])[0] if known is None else known

    def name(self, schema: str, name: str) -> Name:
        return Name(name, self.schemas.get(schema, None if schema == self.default else schema))

    def left_alone(self, oid: int, what: str, kind: str = "") -> None:
        words = f"{what}: schemadiff neither compares nor changes it"
        self.unsupported.append(Unsupported(self.names[oid], words, kind))

    # tables and types

    def tables(self, only: Collection[Name] | None) -> list[Any]:
        """The rows of the tables, without the partitions of others, which are where a table keeps its rows, and without
        those of extensions, which are kept.
        """
        sql, values = queries.tables(list(self.schemas), only)
        found = [
            row
            for row in self.rows(sql, **values)
            if not row.relispartition and (only is None or self.name(row.nspname, row.relname) in only)
        ]
        self.kept = frozenset(self.name(row.nspname, row.relname) for row in found if row.of_extension)
        return [row for row in found if not row.of_extension]

    def options(self, row: Any) -> Options:
        if row.relrowsecurity:
            self.left_alone(row.oid, "row level security", "entry")
        extra = {"PARTITION_BY": row.partition, "TABLESPACE": row.spcname, "USING": row.method}
        extra["INHERITS"] = row.inherits
        if row.reloptions and _has_word_for("with"):
            extra["WITH"] = ", ".join(row.reloptions)
        elif row.reloptions:
            self.left_alone(row.oid, f"storage parameters ({', '.join(row.reloptions)})")
        given = tuple((key, text) for key, text in extra.items() if text)
        if row.relpersistence == "u":
            given += (("UNLOGGED", ""),)
        return Options(comment=row.description, extra=given) if given or row.description else _NO_OPTIONS

    def enums(self) -> dict[int, Enum]:
        """The enumerated types by their oid and by that of their array type."""
        found: dict[int, Enum] = {}
        for oid, array, schema, name, members in self.rows(queries.ENUMS):
            if schema.startswith("pg_temp") and schema not in self.schemas:
                continue
            enum = Enum(self.name(schema, name), tuple(members or ()), array=False)
            found[oid], found[array] = enum, enum._replace(array=True)
        return found

    # columns

    def columns(self, oids: list[int], enums: Mapping[int, Enum]) -> dict[int, list[Column]]:
        rows = self.rows(queries.columns(self.version), tables=oids)
        names = self.collation_names({row[9] for row in rows if row[10]})
        sequences = {tuple(row[:3]): tuple(row) for row in self.rows(queries.SEQUENCES)}
        lost: dict[tuple[int, str], list[tuple[str, str | None]]] = defaultdict(list)
        for oid, name, *pieces in self.rows(restored_settings.OF_COLUMNS, tables=oids):
            lost[oid, name].append((pieces[0], pieces[1]))
        found: dict[int, list[Column]] = defaultdict(list)
        for oid, group in groupby(rows, itemgetter(0)):
            some = list(group)
            self.numbers[oid] = {row[1]: row[2] for row in some}
            self.collations[oid] = {row[2]: row[9] for row in some if row[9]}
            for row in some:
                if not row[12]:
                    continue  # it is its parent's, and changes with that
                collation = names[row[9]] if row[10] else None
                column = None
                if row[3] not in enums and (oid, row[2]) not in lost:
                    column = plain_column(row[2:], collation)
                if column is None:
                    column = other_column(row, collation, enums, sequences, lost)
                found[oid].append(column)
        return found

    def collation_names(self, oids: set[int]) -> dict[int, str]:
        return dict(tuple(row) for row in self.rows(queries.COLLATIONS, oids=list(oids))) if oids else {}

    # indexes

    def indexes(self, oids: list[int]) -> dict[int, Any]:
        """The rows of all indexes, those of constraints among them."""
        return {row.indexrelid: row for row in self.rows(queries.indexes(self.version), tables=oids)}

    def parts_of(self, rows: Sequence[Any]) -> dict[int, tuple[Part, ...]]:
        """The parts of the indexes, by their oid."""
        if not rows:
            return {}
        opclasses = {oid: (name, usual) for oid, name, usual in self.rows(queries.OPCLASSES)}
        found = {row.indexrelid: list(self.parts(row, opclasses)) for row in rows}
        names = self.collation_names({part[1] for some in found.values() for part in some if part[1]})
        return {
            oid: tuple(replace(part, collation=names[one]) if one else part for part, one in some)
            for oid, some in found.items()
        }

    def index(self, row: Any, parts: tuple[Part, ...]) -> Index:
        return Index(
            parts,
            row.relname,
            row.indisunique,
            method=row.method,
            where=row.predicate,
            include=self.include(row),
            nulls_distinct=not row.nulls_not_distinct,
            options=tuple(
                (key, text) for key, _, text in (one.partition("=") for one in row.reloptions or ())
            ),
            tablespace=row.spcname,
            valid=row.valid,
        )

    def include(self, row: Any) -> tuple[str, ...]:
        return tuple(self.numbers[row.indrelid][number] for number in row.indkey[row.indnkeyatts :])

    def parts(self, row: Any, opclasses: Mapping[int, tuple[str, bool]]) -> Iterator[tuple[Part, int | None]]:
        """The parts, each with the oid of its collation where that is not the one it would have by itself."""
        columns, collations = self.numbers[row.indrelid], self.collations[row.indrelid]
        for position in range(row.indnkeyatts):
            column = columns[row.indkey[position]] if row.indkey[position] else None
            usual = collations.get(column) if column is not None else _DEFAULT_COLLATION
            collation = row.indcollation[position]
            opclass, default = opclasses[row.indclass[position]]
            if parameters := row.parameters[position]:
                opclass = f"{opclass}({parameters})"
            descending, first = bool(row.indoption[position] & 1), bool(row.indoption[position] & 2)
            part = index_part(
                column,
                None if column is not None else row.texts[position],
                descending,
                opclass if parameters or not default else None,
                None if descending == first else "FIRST" if first else "LAST",
            )
            yield part, (collation if collation and collation != usual else None)

    # constraints

    def constraints(self, oids: list[int]) -> Sequence[Any]:
        """The rows of the constraints; the tables that foreign keys refer to are known afterwards."""
        rows = self.rows(queries.constraints(self.version), tables=oids)
        missing = {row.confrelid for row in rows if row.contype == "f"}.difference(self.names)
        targets = self.rows(queries.TARGETS, oids=list(missing)) if missing else ()
        for oid, schema, table, number, column in targets:
            self.names[oid] = self.name(schema, table)
            self.numbers[oid][number] = column
        return rows

    def constraint(self, row: Any, index: Any, parts: Mapping[int, tuple[Part, ...]]) -> Constraint:
        """The constraint. `index` is the row of the index that it has."""
        name, comment = row.conname, row.comment
        columns = tuple(self.numbers[row.conrelid][number] for number in row.conkey or () if number)
        deferrable = None
        if row.condeferrable:
            deferrable = "DEFERRABLE INITIALLY DEFERRED" if row.condeferred else "DEFERRABLE"
        match row.contype:
            case "p":
                return PrimaryKey(columns, name, None, self.include(index), deferrable, comment, row.temporal)
            case "u":
                distinct = not index.nulls_not_distinct
                return Unique(
                    columns, name, deferrable, distinct, None, self.include(index), comment, row.temporal
                )
            case "c":
                return Check(
                    row.expression,
                    name,
                    enforced=row.enforced,
                    not_valid=row.enforced and not row.convalidated,
                    inherited=not row.connoinherit,
                    comment=comment,
                )
            case "f":
                return self.foreign_key(row, columns, deferrable)
            case _:
                return Exclude(
                    parts[row.conindid],
                    tuple(row.operators),
                    name,
                    index.method or "btree",
                    index.predicate,
                    deferrable,
                    comment,
                )

    def foreign_key(self, row: Any, columns: tuple[str, ...], deferrable: str | None) -> ForeignKey:
        on_delete = _ACTIONS[row.confdeltype]
        if row.delete_columns:
            names = ", ".join(quote(self.numbers[row.conrelid][number]) for number in row.delete_columns)
            on_delete = f"{on_delete} ({names})"
        return ForeignKey(
            columns,
            self.names[row.confrelid],
            tuple(self.numbers[row.confrelid][number] for number in row.confkey),
            row.conname,
            on_delete,
            _ACTIONS[row.confupdtype],
            deferrable,
            "FULL" if row.confmatchtype == "f" else None,
            not_valid=row.enforced and not row.convalidated,
            comment=row.comment,
            period=row.temporal,
            enforced=row.enforced,
        )


def _has_word_for(option: str) -> bool:
    """Whether this SQLAlchemy's Table takes the option: ``postgresql_with`` came with 2.1."""
    return any(
        kind is sa.Table and option in options for kind, options in PGDialect.construct_arguments or ()
    )


_VIRTUAL = 18
"""The version that brought generated columns which are not stored."""

_NO_OPTIONS = Options()
_DEFAULT_COLLATION = 100
"""The oid of the collation ``default`` in every database."""
