"""Values -> the text of CREATE TABLE and CREATE INDEX. Pure.

Every name stands in quotes, every column and constraint on a line of its own: what sqlite_master keeps is
this very text.
"""

from __future__ import annotations

from schemadiff.dialects.sqlite.canonical.expressions import default_clause, is_call, type_clause
from schemadiff.dialects.sqlite.canonical.tables import AUTOINCREMENT, STRICT, WITHOUT_ROWID
from schemadiff.dialects.sqlite.server.tokens import quote
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


def create_table(table: Table) -> str:
    """CREATE TABLE, without the table's indexes."""
    counts = AUTOINCREMENT in table.options.extra and table.primary_key is not None
    lines = [
        f"{column(one)} PRIMARY KEY{_on_conflict(table.primary_key.on_conflict)} AUTOINCREMENT"
        if counts and table.primary_key and table.primary_key.columns == (one.name,)
        else column(one)
        for one in table.columns
    ]
    lines += [constraint(one) for one in table.constraints() if not (counts and isinstance(one, PrimaryKey))]
    text = f"CREATE TABLE {qualified(table.name)} (\n  " + ",\n  ".join(lines) + "\n)"
    options = [
        words
        for words, option in (("WITHOUT ROWID", WITHOUT_ROWID), ("STRICT", STRICT))
        if option in table.options.extra
    ]
    return f"{text} {', '.join(options)}".rstrip()


def create_index(table: Name, index: Index) -> str:
    """CREATE INDEX."""
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    name = qualified(Name(index_name(table, index), table.schema))
    parts = ", ".join(_part(part) for part in index.parts)
    where = f" WHERE {index.where}" if index.where else ""
    return f"CREATE {kind} {name} ON {quote(table.name)} ({parts}){where}"


def drop_index(table: Name, index: Index) -> str:
    """DROP INDEX."""
    return f"DROP INDEX {qualified(Name(index_name(table, index), table.schema))}"


def index_name(table: Name, index: Index) -> str:
    """The index's name; one is made up from its columns where it has none, which SQLite would not do."""
    return index.name or "_".join(("ix", table.name, *index.columns))


def column(one: Column) -> str:
    """The column's definition, without constraints that are the table's."""
    words = [quote(one.name), type_clause(one.type.sql)]
    if one.collation:
        words.append(f"COLLATE {quote(one.collation)}")
    if one.default is not None:
        words.append(f"DEFAULT {default_clause(one.default)}")
    if one.generated:
        kind = "STORED" if one.generated.stored else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS ({one.generated.expression}) {kind}")
    if not one.nullable:
        words.append(f"NOT NULL{_on_conflict(one.on_conflict)}")
    return " ".join(word for word in words if word)


def constraint(one: Constraint) -> str:
    """The constraint as it stands in CREATE TABLE."""
    match one:
        case PrimaryKey():
            text = f"PRIMARY KEY ({_names(one.columns)}){_on_conflict(one.on_conflict)}"
        case Unique():
            text = f"UNIQUE ({_names(one.columns)}){_on_conflict(one.on_conflict)}"
        case Check():
            text = f"CHECK ({one.expression})"
        case ForeignKey():
            text = f"FOREIGN KEY ({_names(one.columns)}) {references(one)}"
        case Exclude():
            raise UnsupportedError(f"{one.name or one.columns}: only PostgreSQL has exclusion constraints")
    return f"CONSTRAINT {quote(one.name)} {text}" if one.name else text


def references(key: ForeignKey) -> str:
    """The REFERENCES clause of a foreign key."""
    words = [f"REFERENCES {quote(key.target.name)}"]
    if key.target_columns:
        words.append(f"({_names(key.target_columns)})")
    if key.on_delete:
        words.append(f"ON DELETE {key.on_delete}")
    if key.on_update:
        words.append(f"ON UPDATE {key.on_update}")
    if key.match:
        words.append(f"MATCH {key.match}")
    if key.deferrable:
        words.append(key.deferrable)
    return " ".join(words)


def qualified(name: Name) -> str:
    """The name in quotes, with that of its database file where it is not the main one."""
    return f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)


def _part(part: Part) -> str:
    if part.column is not None:
        text = quote(part.column)
    else:
        text = part.expression or ""
        text = text if is_call(text) else f"({text})"
    if part.collation:
        text += f" COLLATE {quote(part.collation)}"
    return f"{text} DESC" if part.descending else text


def _on_conflict(action: str | None) -> str:
    return f" ON CONFLICT {action}" if action else ""


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(map(quote, columns))
