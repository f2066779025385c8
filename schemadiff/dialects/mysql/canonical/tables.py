"""Tables from models and from servers -> the one form in which they are compared. Pure, and idempotent.

Two forms would mean the same in the same database, and are one here:

- a UNIQUE constraint is a unique index: ``Table.uniques`` is always empty;
- the name of a primary key is lost, FOREIGN KEY actions RESTRICT, NO ACTION and none are one, and ``DEFERRABLE`` and
  ``MATCH`` are words that neither server has a meaning for;
- character set and collation are the effective ones, whether written at the column, at the table or nowhere:
  MySQL 9.7 remembers which of these it was, and shows it, but it makes no difference;
- a foreign key of a table of MyISAM, or another engine that takes it and forgets it, is the index that is left of it;
- on MariaDB ``longtext`` with the CHECK that JSON brings along is ``json``.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Collection, Iterable

from schemadiff.dialects.mysql.canonical.defaults import canonical_default, canonical_now, split_on_update
from schemadiff.dialects.mysql.canonical.implicit import without_foreign_keys
from schemadiff.dialects.mysql.canonical.key_length import is_too_long
from schemadiff.dialects.mysql.canonical.partitions import PARTITION_OPTIONS, canonical_partitions
from schemadiff.dialects.mysql.canonical.types import (
    COMPRESSED,
    Spelling,
    canonical_type,
    current_name,
    holds_text,
    split,
)
from schemadiff.dialects.mysql.server.product import Facts, Product, charset_of
from schemadiff.dialects.mysql.server.sql_text import (
    TEXT_OPTIONS,
    bare,
    literal,
    quote,
    quoted_names,
    storable,
    unquote,
    with_names,
    with_plain_negatives,
)
from schemadiff.dialects.shared.memo import RememberedColumns
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Table,
    Type,
    Unique,
    plain_parts,
)

_SHAPES = frozenset(
    {
        *("geometry", "point", "linestring", "polygon"),
        *("multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection"),
    }
)
_ENGINES = {
    name.lower(): name
    for name in (
        "InnoDB",
        "MyISAM",
        "MEMORY",
        "Aria",
        "CSV",
        "ARCHIVE",
        "BLACKHOLE",
        "FEDERATED",
        "NDBCLUSTER",
    )
} | {"heap": "MEMORY", "ndb": "NDBCLUSTER"}
_WITHOUT_FOREIGN_KEYS = ("MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE")
_QUOTED_OPTIONS = ("COMPRESSION", "ENCRYPTION")
_WORD_OPTIONS = ("ROW_FORMAT", "INSERT_METHOD")
_MOVING_OPTIONS = ("AUTO_INCREMENT",)
_SIZES = {"AUTOEXTEND_SIZE": {"K": 2**10, "M": 2**20, "G": 2**30}}
_UNSAID = {
    **dict.fromkeys(
        (
            "AUTOEXTEND_SIZE",
            "AVG_ROW_LENGTH",
            "CHECKSUM",
            "DELAY_KEY_WRITE",
            "KEY_BLOCK_SIZE",
            "MAX_ROWS",
            "MIN_ROWS",
        ),
        "0",
    ),
    "ENCRYPTION": "'N'",
    "PAGE_CHECKSUM": "1",  # shown by MariaDB for every Aria table
}


def canonical_table(table: Table, facts: Facts) -> Table:
    """The table in canonical form."""
    name = canonical_name(table.name, facts)
    options = canonical_options(table.options, name.schema, facts)
    primary_key = table.primary_key
    key_columns = primary_key.columns if primary_key else ()
    if primary_key is not None and primary_key.name is not None:
        primary_key = PrimaryKey(key_columns, parts=primary_key.parts)
    checks = tuple([_canonical_check(check, table.columns) for check in table.checks])
    columns = _canonical_columns(table.columns, options, key_columns, facts)
    if facts.product.json_is_text and [check for check in checks if check.column is not None]:
        for place, column in enumerate(columns):
            if column.type.sql == "longtext":
                columns[place], checks = _as_json(column, checks)
    shapes = [column.name for column in columns if column.type.sql in _SHAPES] if table.indexes else []
    canonical = Table(
        name,
        tuple(columns),
        primary_key,
        (),
        (
            *[_unique_index(unique) for unique in table.uniques],
            *[_canonical_index(index, options, columns, shapes, facts) for index in table.indexes],
        ),
        tuple([_canonical_foreign_key(key, facts) for key in table.foreign_keys]),
        checks,
        options,
        table.excludes,
        table.after,
        table.marks,
    )
    if canonical.foreign_keys and options.engine in _WITHOUT_FOREIGN_KEYS:
        return without_foreign_keys(canonical, facts.product)
    return canonical


def canonical_name(name: Name, facts: Facts) -> Name:
    """The table's name as the server stores it: in lower case where it is told to (lower_case_table_names=1)."""
    if facts.lower_case_table_names == 1:
        return Name(name.name.lower(), name.schema.lower() if name.schema else None)
    return name


# columns


def _canonical_columns(
    columns: Iterable[Column], options: Options, key_columns: Collection[str], facts: Facts
) -> list[Column]:
    """The columns in canonical form, in a table with those canonical options and that primary key."""
    context = (facts, options.charset, options.collation)
    return _COLUMNS.of(
        columns,
        key_columns,
        context,
        lambda column, in_key: _canonical_column(column, in_key, options, facts),
    )


_COLUMNS = RememberedColumns()


def _canonical_column(column: Column, in_key: bool, options: Options, facts: Facts) -> Column:
    generated = column.generated
    given = (
        column.type.sql,
        column.nullable,
        column.default,
        column.on_update,
        generated,
        column.autoincrement,
        column.charset,
        column.collation,
        column.comment,
        column.srid,
        column.attributes,
    )
    autoincrement = column.autoincrement or (column.identity is not None and in_key)
    values = _values(*given[:5], autoincrement, *given[6:], in_key, options.charset, options.collation, facts)
    if values == given and column.identity is None and column.type.values is None:
        return column
    (
        sql,
        nullable,
        default,
        on_update,
        generated,
        autoincrement,
        charset,
        collation,
        comment,
        srid,
        attributes,
    ) = values
    return dataclasses.replace(
        column,
        type=Type(sql, None, column.type.source),
        nullable=nullable,
        default=default,
        on_update=on_update,
        generated=generated,
        identity=None,
        autoincrement=autoincrement,
        charset=charset,
        collation=collation,
        comment=comment,
        srid=srid,
        attributes=attributes,
    )


_Values = tuple[
    str,
    bool,
    str | None,
    str | None,
    Generated | None,
    bool,
    str | None,
    str | None,
    str | None,
    int | None,
    tuple[str, ...] | None,
]


@functools.lru_cache(maxsize=8192)
def _values(
    type_sql: str,
    nullable: bool,
    default: str | None,
    on_update: str | None,
    generated: Generated | None,
    autoincrement: bool,
    charset: str | None,
    collation: str | None,
    comment: str | None,
    srid: int | None,
    attributes: tuple[str, ...] | None,
    in_key: bool,
    table_charset: str | None,
    table_collation: str | None,
    facts: Facts,
) -> _Values:
    """A column's canonical values. Remembered, because a thousand tables have few columns that differ in more than
    their names.
    """
    product = facts.product
    spelling = split(type_sql)
    charset, collation = _effective(spelling, charset, collation, table_charset, table_collation, facts)
    sql = canonical_type(spelling.sql, charset or "", product)
    text = holds_text(sql)
    if default is not None:
        default, written_on_update = split_on_update(default)
        on_update = on_update or written_on_update
        default = canonical_default(default, sql, product) if default else None
    if on_update is not None:
        on_update = canonical_now(bare(on_update), sql, product) or on_update
    nullable = nullable and not in_key and not autoincrement
    if generated is not None:
        generated = Generated(bare(generated.expression), generated.stored)
        nullable = nullable or not product.generated_not_null
    return (
        sql,
        nullable,
        None if autoincrement or generated is not None else default,
        on_update,
        generated,
        autoincrement,
        charset if text else None,
        collation if text else None,
        storable(comment) if comment else None,
        spelling.srid if spelling.srid is not None else srid,
        tuple(dict.fromkeys((COMPRESSED, *(attributes or ())))) if spelling.compressed else attributes,
    )


def _effective(
    spelling: Spelling,
    charset: str | None,
    collation: str | None,
    table_charset: str | None,
    table_collation: str | None,
    facts: Facts,
) -> tuple[str | None, str | None]:
    """The column's own character set and collation, those in the type's text first, else the table's."""
    if spelling.collation or spelling.charset:
        charset, collation = spelling.charset, spelling.collation
    charset, collation = current_name(charset), current_name(collation)
    if spelling.binary:
        charset = charset or table_charset
        return charset, f"{charset}_bin"
    if collation:
        return charset or charset_of(collation), collation
    if charset:
        return charset, facts.default_collation(charset)
    return table_charset, table_collation


def _as_json(column: Column, checks: tuple[Check, ...]) -> tuple[Column, tuple[Check, ...]]:
    if column.collation != "utf8mb4_bin":
        return column, checks
    for check in checks:
        if check.column == column.name and check.name is None:
            if check.expression == f"json_valid({quote(column.name)})":
                json = Type("json", None, column.type.source)
                rest = tuple(other for other in checks if other is not check)
                return dataclasses.replace(column, type=json, charset=None, collation=None), rest
    return column, checks


# constraints and indexes


def _canonical_check(check: Check, columns: Iterable[Column]) -> Check:
    """The CHECK with its expression bare, its negative numbers plain, and columns in the case in which the table has
    them: MySQL 9.7 shows them as they were written until the next ALTER of the table.
    """
    expression = bare(check.expression)
    if "-(" in expression:
        expression = with_plain_negatives(expression)
    if "`" in expression and not quoted_names(expression).issubset([column.name for column in columns]):
        expression = with_names(expression, {column.name.lower(): column.name for column in columns})
    return check if expression == check.expression else dataclasses.replace(check, expression=expression)


def _canonical_foreign_key(key: ForeignKey, facts: Facts) -> ForeignKey:
    target = canonical_name(key.target, facts)
    on_delete, on_update = _action(key.on_delete, facts.product), _action(key.on_update, facts.product)
    if (
        (target, on_delete, on_update) == (key.target, key.on_delete, key.on_update)
        and key.deferrable is key.match is None
        and not key.period
        and key.enforced
    ):
        return key
    return dataclasses.replace(
        key,
        target=target,
        on_delete=on_delete,
        on_update=on_update,
        deferrable=None,
        match=None,
        period=False,
        enforced=True,
        written=key.written or key,
    )


def _action(action: str | None, product: Product) -> str | None:
    if action is None:
        return None
    none = ("RESTRICT", "NO ACTION", *(() if product.sets_default else ("SET DEFAULT",)))
    return None if action.upper() in none else action.upper()


def _unique_index(unique: Unique) -> Index:
    return Index(plain_parts(unique.columns), unique.name, unique=True, constraint=True)


def _canonical_index(
    index: Index, options: Options, columns: list[Column], shapes: Collection[str], facts: Facts
) -> Index:
    parts = index.parts
    if [part for part in parts if part.expression is not None]:
        parts = tuple(_canonical_part(part, columns) for part in parts)
    elif not shapes and _saying(index) == _NOTHING:
        return index
    kind = index.kind.upper() if index.kind else None
    if shapes:
        # MariaDB shows how much of a shape it indexes, and nobody can say otherwise.
        parts = tuple(
            dataclasses.replace(part, length=None) if part.column in shapes else part for part in parts
        )
        if facts.product.indexes_shapes_as_spatial and parts[0].column in shapes and not index.unique:
            kind = "SPATIAL"
    changed = {
        "parts": parts if parts != index.parts else index.parts,
        "kind": kind,
        "method": _method(index, options, columns, facts),
        "where": None,
        "include": (),
        "nulls_distinct": True,
        "comment": storable(index.comment) if index.comment else None,
        "options": (),
    }
    if all(getattr(index, key) == value for key, value in changed.items()):
        return index
    return dataclasses.replace(index, **changed)  # type: ignore[arg-type]


_saying = operator.attrgetter("kind", "method", "where", "include", "nulls_distinct", "comment", "options")
_NOTHING: tuple[object, ...] = (None, None, None, (), True, None, ())
"""The attributes of an index with nothing but columns."""


def _canonical_part(part: Part, columns: list[Column]) -> Part:
    """The part with its expression bare; an expression that is only a column's name is that column."""
    if part.expression is None:
        return part
    expression = bare(part.expression)
    for column in columns:
        if expression in (column.name, quote(column.name)):
            return dataclasses.replace(part, column=column.name, expression=None)
    return part if expression == part.expression else dataclasses.replace(part, expression=expression)


def _method(index: Index, options: Options, columns: list[Column], facts: Facts) -> str | None:
    """The index method where it makes a difference.

    MEMORY tables have hash indexes unless told otherwise. Elsewhere all is BTREE, but for MariaDB's unique hashes,
    which it makes unasked where a key would be too long for a BTREE (MariaDB 10.4+).
    """
    method = index.method.upper() if index.method else None
    if options.engine == "MEMORY":
        return None if method == "HASH" else method
    if method != "HASH" or not index.unique or not facts.product.hashes_indexes:
        return None
    return None if is_too_long(index, {column.name: column for column in columns}) else method


# options


def canonical_options(options: Options, schema: str | None, facts: Facts) -> Options:
    """The table's options, those that were not given as the database has them by default."""
    return _remembered_options(options, schema, facts)


@functools.lru_cache(maxsize=1024)
def _remembered_options(options: Options, schema: str | None, facts: Facts) -> Options:
    return _canonical_options(options, schema, facts)


def _canonical_options(options: Options, schema: str | None, facts: Facts) -> Options:
    charset, collation = current_name(options.charset), current_name(options.collation)
    if not collation:
        collation = facts.default_collation(charset) if charset else facts.database_collation(schema)
    engine = options.engine or facts.engine
    canonical = dataclasses.replace(
        options,
        comment=storable(options.comment) if options.comment else None,
        engine=_ENGINES.get(engine.lower(), engine),
        charset=charset or charset_of(collation),
        collation=collation,
        extra=_canonical_extra(options.extra),
    )
    return options if canonical == options else canonical


def _canonical_extra(extra: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The other options, without those that say what stands where nothing is said."""
    given = {_option_name(key): value for key, value in extra}
    partitions = canonical_partitions(given)
    found = {
        key: _option_value(key, value)
        for key, value in given.items()
        if key not in _MOVING_OPTIONS and key not in PARTITION_OPTIONS
    }
    found = {
        key: value for key, value in found.items() if value.upper() != "DEFAULT" and value != _UNSAID.get(key)
    }
    return tuple(sorted({**found, **({"PARTITION_BY": partitions} if partitions else {})}.items()))


def _option_name(name: str) -> str:
    return name.strip().upper().replace(" ", "_")


def _option_value(name: str, value: str) -> str:
    value = value.strip()
    if name in _WORD_OPTIONS:
        return value.upper()
    if name in _QUOTED_OPTIONS and not value.startswith("'"):
        return literal(value)
    if name in _SIZES and value[-1:].upper() in _SIZES[name] and value[:-1].isdigit():
        return str(int(value[:-1]) * _SIZES[name][value[-1].upper()])
    if value.startswith("'") and name not in (*_QUOTED_OPTIONS, *TEXT_OPTIONS):
        # MariaDB shows the options that belong to an engine as strings.
        return unquote(value) or value
    return value
