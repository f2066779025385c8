"""Tables in canonical form, from models and from a live database alike. Pure.

What SQLite has no place for (comments, engines, charsets, index methods, sequences) is dropped; what it
cannot tell apart (a primary key's column with and without NOT NULL, two spellings of one expression)
becomes one.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import Any, TypeVar

from schemadiff.dialects.shared.memo import RememberedColumns
from schemadiff.dialects.sqlite.canonical.expressions import (
    Scope,
    canonical_collation,
    canonical_default,
    canonical_expression,
    canonical_type,
    lone_column,
    sorted_part,
)
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    Options,
    Part,
    PrimaryKey,
    Table,
    Type,
    Unique,
)
from schemadiff.schema.fields import having, lacking

AUTOINCREMENT = ("AUTOINCREMENT", "")
STRICT = ("STRICT", "")
WITHOUT_ROWID = ("WITH_ROWID", "False")
"""The options of a table, as SQLAlchemy spells them (``sqlite_with_rowid=False``)."""


def canonical(table: Table) -> Table:
    """The table in canonical form. Idempotent."""
    scope = Scope.of(table.name.name, [column.name for column in table.columns])
    options = _options(table.options)
    key = table.primary_key and _key(table.primary_key, options, scope)
    context = (len(key.columns) if key else None, WITHOUT_ROWID in options.extra)
    columns = tuple(
        _COLUMNS.of(
            table.columns,
            key.columns if key else (),
            context,
            lambda column, _: _column(column, key, options, scope),
        )
    )
    table = Table(
        table.name,
        columns,
        key,
        table.uniques,
        table.indexes,
        table.foreign_keys,
        table.checks,
        options,
        table.excludes,
        table.after,
    )
    return canonical_around(table, scope)


def canonical_around(table: Table, scope: Scope) -> Table:
    """The table in canonical form, when its columns, primary key and options are so already."""
    collations = {column.name: column.collation for column in table.columns if column.collation}
    return Table(
        table.name,
        table.columns,
        table.primary_key,
        tuple([_unique(unique, scope) for unique in table.uniques]),
        tuple([_index(index, scope, collations) for index in table.indexes]),
        # SQLite knows no foreign key into another database file; SQLAlchemy writes none either.
        tuple(
            [
                _foreign_key(foreign_key, scope)
                for foreign_key in table.foreign_keys
                if foreign_key.target.schema == table.name.schema
            ]
        ),
        tuple([_check(check, scope) for check in table.checks]),
        table.options,
        table.excludes,
        table.after,
    )


def is_counter(
    column: str, type_sql: str, default: str | None, key: PrimaryKey | None, options: Options
) -> bool:
    """Whether the column is another name of the rowid, and so autoincrements, whatever the models say of
    it.

    SQLite's manual, "ROWIDs and the INTEGER PRIMARY KEY": the type must be INTEGER to the letter. A default
    changes nothing about that, but to SQLAlchemy a column with a default does not count, and only one of
    them can be right.
    """
    return (
        key is not None
        and key.columns == (column,)
        and type_sql == "INTEGER"
        and default is None
        and WITHOUT_ROWID not in options.extra
    )


def is_never_null(column: str, type_sql: str, key: PrimaryKey | None, options: Options) -> bool:
    """Whether being in the primary key keeps NULLs out of a column that does not say NOT NULL.

    SQLite's manual, "CREATE TABLE": only in a rowid's other name and without rowid; any other key has NULLs for values.
    """
    if key is None or column not in key.columns:
        return False
    return WITHOUT_ROWID in options.extra or (len(key.columns) == 1 and type_sql == "INTEGER")


def _options(options: Options) -> Options:
    if not options.extra and options == Options():
        return options
    given = {key.upper().replace(" ", "_"): value.upper() for key, value in options.extra}
    given = {key: "FALSE" if value in {"0", "NONE"} else value for key, value in given.items()}
    extra = []
    if given.get("AUTOINCREMENT", "FALSE") != "FALSE":
        extra.append(AUTOINCREMENT)
    if given.get("STRICT", "FALSE") != "FALSE":
        extra.append(STRICT)
    if given.get("WITH_ROWID", "TRUE") == "FALSE":
        extra.append(WITHOUT_ROWID)
    return _with(options, comment=None, engine=None, charset=None, collation=None, extra=tuple(extra))


def _key(key: PrimaryKey, options: Options, scope: Scope) -> PrimaryKey:
    # AUTOINCREMENT stands in the column's own definition, where SQLAlchemy writes no name.
    name = None if AUTOINCREMENT in options.extra else key.name
    return _with(
        key,
        columns=tuple(map(scope.column, key.columns)),
        name=name,
        on_conflict=canonical_conflict(key.on_conflict),
        parts=(),
    )


_COLUMNS = RememberedColumns()


_known_column = having(Column, "attributes", "on_conflict", without=("comment",))


def _column(column: Column, key: PrimaryKey | None, options: Options, scope: Scope) -> Column:
    column = _known_column(column)
    sql, collation = canonical_type(column.type.sql)
    generated = column.generated
    default = None if generated else canonical_default(column.default, sql)
    counter = is_counter(column.name, sql, default, key, options)
    if key is None:  # a column that is read alone: what it says of itself is all that is known
        counter = column.autoincrement and sql == "INTEGER" and default is None
    if generated is not None:
        generated = _with(generated, expression=canonical_expression(generated.expression, scope))
    nullable = column.nullable and not is_never_null(column.name, sql, key, options)
    return _with(
        column,
        type=_with(column.type, sql=sql, values=None),
        nullable=nullable,
        default=default,
        generated=generated,
        autoincrement=counter,
        collation=collation or canonical_collation(column.collation),
        on_conflict=None if nullable else canonical_conflict(column.on_conflict),
    )


def _index(index: Index, scope: Scope, collations: dict[str, str]) -> Index:
    parts = tuple([_part(part, scope, collations) for part in index.parts])
    where = None if index.where is None else canonical_expression(index.where, scope)
    if parts != index.parts or where != index.where:
        index = dataclasses.replace(index, parts=parts, where=where)
    return _known_index(index)


_known_index = lacking(
    Index, "kind", "method", "include", "nulls_distinct", "parser", "visible", "comment", "options"
)


def _check(check: Check, scope: Scope) -> Check:
    expression = canonical_expression(check.expression, scope)
    return _with(check, expression=expression, enforced=True, column=None)


def _unique(unique: Unique, scope: Scope) -> Unique:
    return _with(
        unique,
        columns=tuple(map(scope.column, unique.columns)),
        deferrable=None,
        nulls_distinct=True,
        on_conflict=canonical_conflict(unique.on_conflict),
    )


def _foreign_key(key: ForeignKey, scope: Scope) -> ForeignKey:
    return _with(
        key,
        columns=tuple(map(scope.column, key.columns)),
        on_delete=canonical_action(key.on_delete),
        on_update=canonical_action(key.on_update),
        match=None if key.match is None or key.match.upper() in {"SIMPLE", "NONE"} else key.match.upper(),
        period=False,
        enforced=True,
    )


def canonical_conflict(action: str | None) -> str | None:
    """The action of ON CONFLICT in capitals, ``None`` for ABORT, which is what SQLite does unasked."""
    return None if action is None or action.upper() == "ABORT" else action.upper()


def canonical_action(action: str | None) -> str | None:
    """The action in capitals, ``None`` for NO ACTION. RESTRICT is another thing: it does not wait for the
    COMMIT."""
    words = " ".join((action or "").upper().split())
    return None if words in {"", "NO ACTION"} else words


def _part(part: Part, scope: Scope, collations: dict[str, str]) -> Part:
    column, expression, descending = part.column, part.expression, part.descending
    if column in scope.names and _says_more(part) == (None, None, None, None):
        return part
    collation = part.collation and part.collation.upper()
    if expression is not None:
        found = sorted_part(expression)
        column = lone_column(found.expression, scope)
        expression = None if column else canonical_expression(found.expression, scope)
        descending = descending or found.descending
        collation = collation or found.collation
    if column is not None:
        column = scope.column(column)
    if collation == collations.get(column or "", "BINARY"):
        collation = None
    return _with(
        part,
        column=column,
        expression=expression,
        descending=descending,
        length=None,
        collation=collation,
        opclass=None,
        nulls=None,
    )


_says_more = attrgetter("length", "collation", "opclass", "nulls")

Value = TypeVar(
    "Value", Table, Column, Type, Generated, PrimaryKey, Unique, Index, Part, ForeignKey, Check, Options
)


def _with(value: Value, **fields: Any) -> Value:
    """The value with these fields; itself when it has them already, as most of what a database reports
    does."""
    for name, field in fields.items():
        was = getattr(value, name)
        if was is not field and was != field:
            return dataclasses.replace(value, **fields)
    return value
