"""Values -> the text of CREATE TABLE, CREATE INDEX and COMMENT ON, as the SQL standard has it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from schemadiff.errors import UnsupportedError
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Part,
    PrimaryKey,
    Table,
    Unique,
)


def quoted(name: str) -> str:
    """The name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def qualified(name: Name) -> str:
    """The name in quotes, with its schema where it has one."""
    return f"{quoted(name.schema)}.{quoted(name.name)}" if name.schema else quoted(name.name)


def literal(text: str) -> str:
    """The text as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def listed(names: Sequence[str]) -> str:
    """The names in quotes, with commas between them."""
    return ", ".join(map(quoted, names))


def create_table(table: Table) -> str:
    """CREATE TABLE, each column and constraint on a line of its own, without the table's indexes and comments."""
    lines = [*map(column, table.columns), *map(constraint, table.constraints())]
    return f"CREATE TABLE {qualified(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"


def column(one: Column) -> str:
    """The column's definition."""
    words = [quoted(one.name), one.type.sql]
    if one.collation:
        words.append(f"COLLATE {quoted(one.collation)}")
    if one.generated:
        words.append(f"GENERATED ALWAYS AS ({one.generated.expression})")
        words += ["STORED"] if one.generated.stored else []
    if not one.nullable:
        words.append("NOT NULL")
    if one.default is not None:
        words.append(f"DEFAULT {one.default}")
    return " ".join(words)


def constraint(one: Constraint) -> str:
    """The constraint as it stands in CREATE TABLE, and behind ADD."""
    match one:
        case PrimaryKey():
            text = f"PRIMARY KEY ({listed(one.columns)})"
        case Unique():
            text = f"UNIQUE ({listed(one.columns)})"
        case Check():
            text = f"CHECK ({one.expression})"
        case ForeignKey():
            text = f"FOREIGN KEY ({listed(one.columns)}) REFERENCES {qualified(one.target)}"
            text += f" ({listed(one.target_columns)})" if one.target_columns else ""
            text += f" ON DELETE {one.on_delete}" if one.on_delete else ""
            text += f" ON UPDATE {one.on_update}" if one.on_update else ""
            text += f" {one.deferrable}" if one.deferrable else ""
        case Exclude():
            raise UnsupportedError(
                f"{one.name or one.columns}: there is no standard for exclusion constraints"
            )
        case _:
            assert_never(one)
    return f"CONSTRAINT {quoted(one.name)} {text}" if one.name else text


def create_whole(table: Table) -> Iterator[str]:
    """The statements that make the table with its indexes and comments."""
    yield create_table(table)
    yield from beside(table)


def beside(table: Table) -> Iterator[str]:
    """The statements that make what a table has beside its CREATE TABLE."""
    yield from (create_index(table.name, index) for index in table.indexes)
    yield from comments(table)


def create_index(table: Name, index: Index) -> str:
    """CREATE INDEX."""
    name, parts = index_name(table, index), ", ".join(map(_part, index.parts))
    where = f" WHERE {index.where}" if index.where else ""
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    return f"CREATE {kind} {quoted(name)} ON {qualified(table)} ({parts}){where}"


def drop_index(table: Name, index: Index) -> str:
    """DROP INDEX, for a product that knows an index by its own name."""
    return f"DROP INDEX {qualified(Name(index_name(table, index), table.schema))}"


def index_name(table: Name, index: Index) -> str:
    """The index's name; one made from its columns where it has none."""
    return index.name or "_".join(("ix", table.name, *index.columns))


def comment_on(what: str, text: str | None) -> str:
    """COMMENT ON what stands in SQL behind that (``TABLE "a"``)."""
    return f"COMMENT ON {what} IS {'NULL' if text is None else literal(text)}"


def comments(table: Table) -> Iterator[str]:
    """The statements that give the table, its columns and indexes their comments."""
    if table.options.comment is not None:
        yield comment_on(f"TABLE {qualified(table.name)}", table.options.comment)
    for one in table.columns:
        if one.comment is not None:
            yield comment_on(f"COLUMN {qualified(table.name)}.{quoted(one.name)}", one.comment)
    for index in table.indexes:
        if index.comment is not None:
            name = Name(index_name(table.name, index), table.name.schema)
            yield comment_on(f"INDEX {qualified(name)}", index.comment)


def _part(part: Part) -> str:
    text = quoted(part.column) if part.column is not None else f"({part.expression})"
    text += f" COLLATE {quoted(part.collation)}" if part.collation else ""
    text += " DESC" if part.descending else ""
    return f"{text} NULLS {part.nulls}" if part.nulls else text
