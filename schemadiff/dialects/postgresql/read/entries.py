"""Objects of PostgreSQL besides tables, views and routines, each read as the SQL that makes it: as a dump has it.

Names are quoted by the server itself (``format('%I')``), texts too (``%L``). What belongs to an extension is left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.read import entry_queries, views
from schemadiff.dialects.postgresql.server.sql_text import at_once, quote
from schemadiff.schema import Composite, Entry, Key, Name, Namespace, StoredObject

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_KINDS = {
    **dict.fromkeys("rpf", "table"),
    **dict.fromkeys("vm", "view"),
    "S": "sequence",
    "i": "index",
    "I": "index",
    "c": "composite",
    "partition": "table",
    "e": "enum",
    "d": "domain",
}
"""The kind of object in a `Key`, by the ``relkind`` of a relation or the ``typtype`` of a type."""


def read(connection: Connection, schemas: Mapping[str, str | None]) -> Iterator[StoredObject]:
    """All of them; `schemas` maps a schema's name to the one that it has in the result."""
    reader = _Reader(connection, schemas)
    yield from reader.extensions()
    yield from reader.types()
    yield from reader.partitions()
    yield from reader.dependents()
    yield from reader.settings()
    yield from reader.comments()
    yield from reader.grants()


def dependents(connection: Connection, schemas: Mapping[str, str | None]) -> Iterator[StoredObject]:
    """Those of them that speak of columns: policies, rules and extended statistics."""
    return _Reader(connection, schemas).dependents()


class _Reader(NamedTuple):
    connection: Connection
    schemas: Mapping[str, str | None]

    def rows(self, query: str) -> Iterable[Any]:
        return self.connection.execute(sa.text(query), {"schemas": list(self.schemas)}).all()

    def name(self, schema: str, name: str) -> Name:
        return Name(name, self.schemas.get(schema, schema))

    def schema_key(self, name: str) -> Key | None:
        """The key of a schema; the default one, which is no object, has none."""
        return Key(Namespace.kind, Name(name)) if self.schemas.get(name) is not None else None

    def extensions(self) -> Iterator[Entry]:
        for name, created, dropped, moved, updated in self.rows(entry_queries.EXTENSIONS):
            words = f"extension {name}"
            yield Entry(Name(name), words, (created,), (dropped,), "extension", alter=(moved, updated))

    def types(self) -> Iterator[Composite]:
        for schema, name, columns, own in self.rows(entry_queries.COMPOSITES):
            words = tuple((column, kind) for column, kind in columns)
            yield Composite(self.name(schema, name), words, tuple(own))

    def partitions(self) -> Iterator[Entry]:
        for row in self.rows(entry_queries.PARTITIONS):
            parent = self.name(row.parent_schema, row.parent)
            moved = at_once(row.detached, row.attached)
            name = self.name(row.nspname, row.relname)
            yield Entry(
                name,
                f"partition {name} of {parent}",
                (row.created,),
                (row.dropped,),
                "partition",
                Key("table", parent),
                (moved,),
                rows=True,
                needs=frozenset({parent}),
            )

    def dependents(self) -> Iterator[Entry]:
        needs = views.needs(self.connection, self.schemas)
        for schema, table, oid, name, created, dropped in self.rows(entry_queries.POLICIES):
            on = self.name(schema, table)
            needed = needs.get(("pg_policy", oid), frozenset()) | {on}
            yield _dependent("table", on, f"policy {name} on {on}", created, dropped, needed)
        for schema, table, relkind, oid, name, created, dropped in self.rows(entry_queries.RULES):
            on = self.name(schema, table)
            needed = needs.get(("pg_class", oid), frozenset()) | {on}
            yield _dependent(
                _KINDS[relkind], on, f"rule {name} on {on}", created.removesuffix(";"), dropped, needed
            )
        for schema, table, relkind, name, created, dropped, own in self.rows(entry_queries.STATISTICS):
            on = self.name(schema, table)
            words = f"statistics {name} on {on}"
            made = _dependent(_KINDS[relkind], on, words, created, dropped, frozenset({on}))
            yield dataclasses.replace(made, belongings=tuple(own))

    def settings(self) -> Iterator[Entry]:
        for schema, table, relkind, what, given, taken, late in self.rows(entry_queries.SETTINGS):
            on = self.name(schema, table)
            owner = Key(_KINDS[relkind], on)
            yield Entry(on, f"{what} of {on}", (given,), (taken,), owner=owner, late=late)
        for schema, table, name, given, taken in self.rows(entry_queries.STATES):
            on = self.name(schema, table)
            owner = Key("trigger", self.name(schema, name), str(on))
            yield Entry(on, f"state of trigger {name} on {on}", (given,), (taken,), owner=owner)

    def comments(self) -> Iterator[Entry]:
        for row in self.rows(entry_queries.COMMENTS):
            kind, schema, name, identity, given, taken, *owner = row
            on = self.name(owner[0] or schema, owner[2] or name or identity)
            words = f"comment on {kind} {identity}"
            key = self.owner(kind, schema, name, identity, owner)
            yield Entry(on, words, (given,), (taken,), owner=key, late=kind == "index")

    def owner(self, kind: str, schema: str, name: str, identity: str, of: list[Any]) -> Key | None:
        """The key of what the comment is on."""
        owner_schema, owner_kind, owner_name, arguments = of
        match kind:
            case "trigger":
                on = self.name(owner_schema, owner_name)
                return Key("trigger", self.name(owner_schema, _unquoted(identity, " on ")), str(on))
            case "policy" | "rule":
                on = self.name(owner_schema, owner_name)
                return Key("entry", on, f"{kind} {_unquoted(identity, ' on ')} on {on}")
            case "function" | "procedure":
                return Key(kind, self.name(owner_schema, owner_name), f"({arguments})")
            case "extension":
                return Key("entry", Name(name), f"extension {name}")
            case "schema":
                return self.schema_key(name)
            case "statistics object":
                on = self.name(owner_schema, owner_name)
                return Key("entry", on, f"statistics {name} on {on}")
            case _:
                known = _KINDS.get(owner_kind)
                return Key(known, self.name(owner_schema, owner_name)) if known else None

    def grants(self) -> Iterator[Entry]:
        for schema, name, word, relkind, arguments, grantee, more, given, taken in self.rows(
            entry_queries.GRANTS
        ):
            on = self.name(schema, name)
            owner = Key(_KINDS[relkind], on) if relkind in _KINDS else None
            if word == "schema":
                owner = self.schema_key(name)
            about = f"{word} {on}"
            if word in ("function", "procedure"):
                owner = Key(word, on, f"({arguments})")
                about = f"{word} {on}({arguments})"
            elif word == "column":
                about = f"column {on}.{arguments}"
            verb = f"grant to {grantee}" if more else f"revocation from {grantee}"
            yield Entry(on, f"{verb} on {about}", tuple(given), tuple(taken), owner=owner)


def _dependent(kind: str, on: Name, words: str, created: str, dropped: str, needs: frozenset[Name]) -> Entry:
    return Entry(on, words, (created,), (dropped,), "dependent", Key(kind, on), needs=needs)


def _unquoted(identity: str, end: str) -> str:
    """The first name in an identity as the server writes it (``"a b" on public.t``)."""
    if identity.startswith('"'):
        return identity[1:].split(f'"{end}', 1)[0].replace('""', '"')
    return identity.split(end, 1)[0]


def replace(before: Entry, after: Entry) -> Iterator[str]:
    """The statements that make the one of the other."""
    if after.alter:
        yield from (sql for sql in after.alter if sql not in before.alter)
        return
    gone = [sql for made, sql in zip(before.create, before.drop, strict=True) if made not in after.create]
    yield from gone
    yield from (sql for sql in after.create if sql not in before.create)
    yield from before.belongings


def create_type(kind: Composite) -> str:
    """CREATE TYPE of columns."""
    columns = ", ".join(f"{quote(name)} {words}" for name, words in kind.columns)
    return f"CREATE TYPE {quoted(kind.name)} AS ({columns})"


def keeps_places(before: Composite, after: Composite) -> bool:
    """Whether the columns that stay have the same order, before those that come."""
    old, new = dict(before.columns), dict(after.columns)
    kept = [name for name in old if name in new]
    return [*kept, *(name for name in new if name not in old)] == list(new)


def alter_type(before: Composite, after: Composite) -> Iterator[str]:
    """Yield the statements from one to the other; it is dropped and created again if the order of columns changes."""
    old, new = dict(before.columns), dict(after.columns)
    kept = [name for name in old if name in new]
    if not keeps_places(before, after):
        yield f"DROP TYPE {quoted(after.name)}"
        yield create_type(after)
        yield from before.belongings
        return
    clauses = [f"DROP ATTRIBUTE {quote(name)}" for name in old if name not in new]
    clauses += [f"ALTER ATTRIBUTE {quote(name)} TYPE {new[name]}" for name in kept if old[name] != new[name]]
    clauses += [f"ADD ATTRIBUTE {quote(name)} {words}" for name, words in new.items() if name not in old]
    yield f"ALTER TYPE {quoted(after.name)} {', '.join(clauses)}"
