"""Objects of SQLite besides tables: views, triggers, and the database files that are attached, which are its schemas.

sqlite_master keeps the text of a view or trigger as it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.sqlite.server.tokens import Cursor, quote, tokens, unquoted
from schemadiff.dialects.sqlite.sql.create import qualified
from schemadiff.errors import UnsupportedError
from schemadiff.operations.objects import CreateObject, DropObject, ObjectOperation, ReplaceObject
from schemadiff.schema import (
    Entry,
    Name,
    Namespace,
    Routine,
    StoredObject,
    View,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def read(
    connection: Connection, schemas: Collection[str | None], kinds: Collection[str]
) -> Iterator[StoredObject]:
    """The objects of these kinds in the given database files. Triggers on a view hang on it, unless triggers are asked
    for: then each stands for itself.
    """
    attached = {str(row[1]) for row in connection.exec_driver_sql("PRAGMA database_list").all()}
    for schema in dict.fromkeys(None if one == "main" else one for one in schemas):
        if schema is not None and "schema" in kinds and schema in attached:
            yield Namespace(Name(schema))
        if schema is not None and schema not in attached:
            continue
        rows = connection.exec_driver_sql(
            f"SELECT type, name, tbl_name, sql FROM {quote(schema or 'main')}.sqlite_master "
            "WHERE type IN ('view', 'trigger') ORDER BY name"
        ).all()
        for kind, name, table, sql in rows:
            if kind == "view" and "view" in kinds:
                hanging = tuple(text for one, _, on, text in rows if one == "trigger" and on == name)
                own = () if "trigger" in kinds else hanging
                yield View(Name(name, schema), _select(sql), belongings=own)
            elif kind == "trigger" and "trigger" in kinds:
                yield Routine("trigger", Name(name, schema), sql, Name(table, schema))


def taken(connection: Connection, names: Collection[Name]) -> dict[Name, str]:
    """Which of the names a view, an index or a virtual table has: they share one space of names with the tables,
    whatever the case of their letters is.
    """
    found: dict[Name, str] = {}
    for schema in {name.schema for name in names}:
        wanted = {name.name.lower(): name for name in names if name.schema == schema}
        rows = connection.exec_driver_sql(
            f"SELECT name, type FROM {quote(schema or 'main')}.sqlite_master WHERE type IN ('table', 'view', 'index')"
        ).all()
        for name, kind in rows:
            if name.lower() in wanted:
                found[wanted[name.lower()]] = "virtual table" if kind == "table" else kind
    return found


def _select(sql: str) -> str:
    """Return the query behind the AS of a CREATE VIEW; a list of columns stays in front of it."""
    cursor = Cursor(sql)
    while cursor and not cursor.at("AS"):
        cursor.skip()
    cursor.take("AS")
    return sql[cursor.next_start :].strip()


def canonical(stored: StoredObject) -> StoredObject:
    """The object as it is. Raises `UnsupportedError` for what SQLite does not have."""
    if isinstance(stored, View) and stored.materialized:
        raise UnsupportedError(
            f'view "{stored.name}": SQLite has no materialized views',
            hint="Declare it without materialized=True, or fill a table from it.",
        )
    return stored


def same_view(one: View, other: View) -> bool:
    """Whether two definitions have the same tokens: SQLite keeps a view as it was written."""
    return _spelled(one.definition) == _spelled(other.definition)


def _spelled(sql: str) -> list[tuple[str, str]]:
    return [
        ("string", token.text)
        if token.kind == "string"
        else ("name", unquoted(token).casefold())
        if token.kind in ("word", "quoted")
        else (token.kind, token.text)
        for token in tokens(sql)
    ]


def statements(operation: ObjectOperation, was: StoredObject | None) -> tuple[Statement, ...]:
    """The SQL of an operation; the triggers on a view that `was` has come back. Raises `UnsupportedError` for a
    schema: a database file is attached, not created.
    """
    match operation:
        case CreateObject(object=stored):
            texts = _creation(stored, was)
        case DropObject(object=stored):
            texts = [_drop(stored)]
        case ReplaceObject(before=before, after=after):
            texts = [_drop(before), *_creation(after, was)]
    return tuple(Statement(text, (operation,)) for text in texts)


def _creation(stored: StoredObject, was: StoredObject | None) -> list[str]:
    match stored:
        case View():
            known = was if isinstance(was, View) else stored
            return [f"CREATE VIEW {qualified(stored.name)} AS {stored.definition}", *known.belongings]
        case Routine():
            return [stored.definition]
        case Namespace():
            raise UnsupportedError(
                f'there is no schema "{stored.name}" in this SQLite database',
                hint="On SQLite a schema is an attached file: attach it when the engine connects.",
            )
        case Entry():
            return list(stored.create)
        case _:
            raise UnsupportedError(f'{stored.kind} "{stored.name}": SQLite has no {stored.kind}s')


def _drop(stored: StoredObject) -> str:
    if isinstance(stored, View | Routine):
        return f"DROP {stored.kind.upper()} {qualified(stored.name)}"
    raise UnsupportedError(f"SQLite has no {stored.kind} to drop: {stored.name}")
