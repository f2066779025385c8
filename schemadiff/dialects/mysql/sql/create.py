"""Columns, indexes, constraints and tables -> the SQL that defines them. Pure.

Written for the sql_mode in which schemadiff works: backslashes in literals are doubled, names stand in backticks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemadiff.dialects.mysql.canonical.defaults import default_clause
from schemadiff.dialects.mysql.canonical.partitions import PARTITION_OPTIONS, runnable, said
from schemadiff.dialects.mysql.canonical.types import COMPRESSED
from schemadiff.dialects.mysql.server.product import Facts, charset_of
from schemadiff.dialects.mysql.server.sql_text import TEXT_OPTIONS, literal, quote
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Table,
    Unique,
)

_SPACED = ("DATA_DIRECTORY", "INDEX_DIRECTORY", "PARTITION_BY", "SUBPARTITION_BY")
_UNEQUAL = ("PARTITION_BY", "PARTITIONS", "SUBPARTITION_BY", "SUBPARTITIONS", "TABLESPACE")
_RESETS = {
    **dict.fromkeys(
        (
            "AUTOEXTEND_SIZE",
            "KEY_BLOCK_SIZE",
            "MAX_ROWS",
            "MIN_ROWS",
            "AVG_ROW_LENGTH",
            "CHECKSUM",
            "DELAY_KEY_WRITE",
        ),
        "0",
    ),
    **dict.fromkeys(("COMPRESSION", "CONNECTION", "DATA_DIRECTORY", "INDEX_DIRECTORY", "PASSWORD"), "''"),
    "ENCRYPTION": "'N'",
    "INSERT_METHOD": "NO",
    "PAGE_CHECKSUM": "1",
    "ENGINE_ATTRIBUTE": "''",
    "SECONDARY_ENGINE": "NULL",
    "SECONDARY_ENGINE_ATTRIBUTE": "''",
}


def qualified(name: Name) -> str:
    """The table's name, with its schema where it has one."""
    return f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)


def names(columns: Iterable[str]) -> str:
    """The names of columns, as a list."""
    return ", ".join(map(quote, columns))


GENERATED_KEY = "generated primary key"
"""The mark of a live table with an invisible primary key that the server generated: the column my_row_id."""


def create_table(table: Table, facts: Facts, *, temporary: bool = False, all_options: bool = False) -> str:
    """CREATE TABLE, one column or key a line. Options that the database gives a table by itself are left out,
    unless `all_options`.
    """
    inline = _inline_checks(table.checks, facts)
    items = [
        column_definition(column, table.options, inline.get(column.name, ()), facts)
        for column in table.columns
    ]
    if table.primary_key:
        items.append(primary_key_definition(table.primary_key))
    items += [
        index_definition(index, facts) for index in sorted(table.indexes, key=lambda index: not index.unique)
    ]
    items += [unique_definition(unique) for unique in table.uniques]
    items += [foreign_key_definition(key, table.name, facts) for key in table.foreign_keys]
    items += [check_definition(check) for check in table.checks if check.column not in inline or check.name]
    body = ",\n".join(f"  {item}" for item in items)
    options = create_options(table.options, table.name.schema, facts, all_options=all_options)
    word = "TEMPORARY TABLE" if temporary else "TABLE"
    return f"CREATE {word} {qualified(table.name)} (\n{body}\n){f' {options}' if options else ''}"


def _inline_checks(checks: Iterable[Check], facts: Facts) -> dict[str, list[Check]]:
    """The CHECKs without a name that stand in a column's own definition, where the product has such ones."""
    found: dict[str, list[Check]] = {}
    if facts.product.column_checks:
        for check in checks:
            if check.column is not None and check.name is None:
                found.setdefault(check.column, []).append(check)
    return found


def column_definition(column: Column, options: Options, checks: Sequence[Check], facts: Facts) -> str:
    """The column with everything that a MODIFY must repeat, in a table with those options. `checks` are its own."""
    words = [quote(column.name), column.type.sql]
    if COMPRESSED in (column.attributes or ()):
        words.append(COMPRESSED)
    if column.collation and (column.charset, column.collation) != (options.charset, options.collation):
        if column.charset and column.charset != options.charset:
            words.append(f"CHARACTER SET {column.charset}")
        words.append(f"COLLATE {column.collation}")
    if column.generated:
        kind = "STORED" if column.generated.stored else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS ({column.generated.expression}) {kind}")
        if not column.nullable and facts.product.generated_not_null:
            words.append("NOT NULL")
    else:
        words.append("NULL" if column.nullable else "NOT NULL")
    if column.srid is not None:
        words.append(f"SRID {column.srid}")
    words += [attribute for attribute in column.attributes or () if attribute != COMPRESSED]
    if column.visible is False:
        words.append("INVISIBLE")
    if column.default is not None:
        given = column.written.default if column.written else None
        words.append(f"DEFAULT {default_clause(column.default, given, column.type.sql, facts.product)}")
    if column.on_update is not None:
        words.append(f"ON UPDATE {column.on_update}")
    if column.autoincrement:
        words.append("AUTO_INCREMENT")
    if column.comment:
        words.append(f"COMMENT {literal(column.comment)}")
    words += [f"CHECK ({check.expression})" for check in checks]
    return " ".join(words)


def index_definition(index: Index, facts: Facts, *, word: str = "KEY") -> str:
    """The index as it stands in CREATE TABLE, or with another `word` after ADD."""
    kind = "UNIQUE " if index.unique else f"{index.kind} " if index.kind else ""
    parts = ", ".join(map(_part, index.parts))
    clauses = [f"{kind}{word}", *([quote(index.name)] if index.name else []), f"({parts})"]
    method = index.method or (index.written.method if index.written else None)
    if method:
        # Also where it says the same as nothing: the server shows what it was told.
        clauses.append(f"USING {method.upper()}")
    if index.parser:
        clauses.append(f"WITH PARSER {quote(index.parser)}")
    if index.comment:
        clauses.append(f"COMMENT {literal(index.comment)}")
    if not index.visible:
        clauses.append(facts.product.hidden_index)
    return " ".join(clauses)


def _part(part: Part) -> str:
    if part.column is None:
        text = f"({part.expression})"
    else:
        text = quote(part.column) + (f"({part.length})" if part.length is not None else "")
    return f"{text} DESC" if part.descending else text


def primary_key_definition(key: PrimaryKey) -> str:
    """The primary key as it stands in CREATE TABLE and after ADD."""
    parts = key.parts or ((None, False),) * len(key.columns)
    columns = zip(key.columns, parts, strict=True)
    listed = (Part(name, length=length, descending=down) for name, (length, down) in columns)
    return f"PRIMARY KEY ({', '.join(map(_part, listed))})"


def unique_definition(unique: Unique) -> str:
    """The constraint as it stands in CREATE TABLE and after ADD."""
    return " ".join(
        ["UNIQUE KEY", *([quote(unique.name)] if unique.name else []), f"({names(unique.columns)})"]
    )


def foreign_key_definition(key: ForeignKey, table: Name, facts: Facts) -> str:
    """The foreign key of that table as it stands in CREATE TABLE and after ADD.

    Both servers look for a target without a schema in the table's own schema, not in the connection's.
    """
    target = key.target
    if table.schema and not target.schema and facts.database:
        target = Name(target.name, facts.database)
    clauses = [
        *([f"CONSTRAINT {quote(key.name)}"] if key.name else []),
        f"FOREIGN KEY ({names(key.columns)}) REFERENCES {qualified(target)} ({names(key.target_columns)})",
    ]
    # RESTRICT says the same as nothing, but the server shows what it was told.
    actions = key.written or key
    if actions.on_delete:
        clauses.append(f"ON DELETE {actions.on_delete}")
    if actions.on_update:
        clauses.append(f"ON UPDATE {actions.on_update}")
    return " ".join(clauses)


def check_definition(check: Check) -> str:
    """The CHECK as it stands in CREATE TABLE and after ADD."""
    clauses = [*([f"CONSTRAINT {quote(check.name)}"] if check.name else []), f"CHECK ({check.expression})"]
    if not check.enforced:
        clauses.append("NOT ENFORCED")
    return " ".join(clauses)


def create_options(options: Options, schema: str | None, facts: Facts, *, all_options: bool) -> str:
    """The options at the end of CREATE TABLE."""
    words = []
    if options.engine and (all_options or options.engine != facts.engine):
        words.append(f"ENGINE={options.engine}")
    if options.collation and (all_options or options.collation != facts.database_collation(schema)):
        words.append(charset_clause(options))
    if options.comment:
        words.append(f"COMMENT={literal(options.comment)}")
    words += [option_clause(key, value) for key, value in options.extra if key not in PARTITION_OPTIONS]
    words += partition_clauses(options)
    return " ".join(words)


def partition_clauses(options: Options) -> list[str]:
    """How the table is partitioned, as somebody wrote it where that is known; empty where it is not."""
    if "PARTITION_BY" not in dict(options.extra):
        return []
    given = dict((options.written or options).extra)
    return [option_clause(key, runnable(given[key])) for key in said(given)]


def partition_clause(options: Options) -> str:
    """How a table of the database is partitioned, whoever manages it."""
    text = dict((*options.managed, *options.extra))["PARTITION_BY"]
    return f"PARTITION BY {runnable(text)}"


def charset_clause(options: Options) -> str:
    """The table's character set and collation as an option."""
    charset = options.charset or charset_of(options.collation or "")
    return f"DEFAULT CHARACTER SET {charset} COLLATE {options.collation}"


def option_clause(key: str, value: str | None) -> str:
    """Another option of the table; ``None`` for what the server has when nothing is said."""
    text = _RESETS.get(key, "DEFAULT") if value is None else literal(value) if key in TEXT_OPTIONS else value
    word = key.replace("_", " ") if key in _SPACED else key
    return f"{word} {text}" if key in _UNEQUAL else f"{word}={text}"


def partition_change(before: Options, after: Options) -> str | None:
    """Return the clause at the end of an ALTER TABLE that changes the partitioning; ``None`` if it stays."""
    old, new = (dict(options.extra).get("PARTITION_BY") for options in (before, after))
    if old == new:
        return None
    return " ".join(partition_clauses(after)) if new else "REMOVE PARTITIONING"


def option_changes(before: Options, after: Options) -> list[str]:
    """The clauses of an ALTER TABLE that changes the other options."""
    clauses = []
    if after.engine and before.engine != after.engine:
        clauses.append(f"ENGINE={after.engine}")
    if after.collation and (before.charset, before.collation) != (after.charset, after.collation):
        clauses.append(charset_clause(after))
    if before.comment != after.comment:
        clauses.append(f"COMMENT={literal(after.comment or '')}")
    old, new = (
        {key: value for key, value in options.extra if key not in PARTITION_OPTIONS}
        for options in (before, after)
    )
    clauses += [option_clause(key, None) for key in old if key not in new]
    clauses += [option_clause(key, value) for key, value in new.items() if old.get(key) != value]
    return clauses
