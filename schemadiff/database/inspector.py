"""The live database -> `Schema`."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from schemadiff.database.other_tools import is_alembics, of_other_tools
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.script import VERSION_TABLE
from schemadiff.schema import (
    Name,
    Namespace,
    Schema,
    Unsupported,
)

UNTOLD = "it could not be told whether"


def inspect(
    connection: Connection,
    dialect: Dialect,
    schemas: Collection[str | None] = (None,),
    only: Collection[Name] | None = None,
) -> Schema:
    """The live schema, or `only` these tables of it, without schemadiff's own tables: each schema may have one, as
    that of a tenant has. Raises `DatabaseError` when the server refuses.
    """
    live = dialect.inspect(connection, schemas, only=only)
    tables = {name: table for name, table in live.tables.items() if name.name != VERSION_TABLE}
    kept = {name for name, table in tables.items() if is_alembics(table)}
    return dataclasses.replace(live, tables=tables, kept=live.kept | of_other_tools(tables) | kept)


def inspect_for(
    connection: Connection,
    dialect: Dialect,
    *known: Schema,
    beside: Iterable[str] = (),
    expected: Schema | None = None,
) -> Schema:
    """The live schema as far as it is to be compared with those that are known: the tables of their schemas and of
    those named `beside` them, and of the sequences and views those that one of them knows. What else is there is
    somebody else's. A table that the account may not see is taken to be as `expected`, and told.
    """
    schemas = tuple(dict.fromkeys((*schemas_of(*known), *beside)))
    live = inspect(connection, dialect, schemas).without_kept(*known)
    if expected is not None:
        live = _with_unseen(connection, dialect, live, expected)
    live = _with_managed(with_implicit(live, known, dialect), known, dialect)
    return _with_objects(connection, dialect, live, known, Extent.of(dialect, known, beside))


@dataclass(frozen=True, slots=True)
class Extent:
    """The schemas that are looked into, and those of which only the types of columns are."""

    schemas: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dialect: Dialect, known: Iterable[Schema], beside: Iterable[str] = ()) -> Extent:
        known = tuple(known)
        types = frozenset[str]().union(*map(dialect.type_schemas, known))
        return cls(frozenset(filter(None, schemas_of(*known))).union(beside), types)

    def __or__(self, other: Extent) -> Extent:
        return Extent(self.schemas | other.schemas, self.types | other.types)


def _with_objects(
    connection: Connection, dialect: Dialect, live: Schema, known: Iterable[Schema], extent: Extent
) -> Schema:
    """The live schema with the sequences, views and types that one of the `known` schemas has."""
    schemas = (None, *sorted(extent.schemas))
    keys = {key for schema in known for key in schema.objects}
    kinds = {key.kind for key in keys} | ({Namespace.kind} if extent.schemas else set())
    found = dialect.objects(connection, schemas, kinds) if kinds else ()
    # A schema for types need not be compared; but does it exist?
    types = extent.types - extent.schemas
    if types:
        found = (*found, *dialect.objects(connection, sorted(types), {Namespace.kind}))
    return live.with_objects(one for one in found if one.key in keys or isinstance(one, Namespace))


def reread(
    connection: Connection,
    dialect: Dialect,
    live: Schema,
    names: Collection[Name],
    known: Iterable[Schema],
    extent: Extent,
) -> Schema | None:
    """The `live` schema with these of its tables, and all in its `extent` that is no table, as they are now; ``None``
    where other tables may have changed as well.
    """
    parts = [
        dataclasses.replace(one, tables={name: one.tables[name] for name in names if name in one.tables})
        for one in known
    ]
    schemas = dict.fromkeys((None, *sorted({name.schema for name in names if name.schema})))
    found = inspect(connection, dialect, tuple(schemas), names).without_kept(*parts)
    if any(found.enums.get(name, members) != members for name, members in live.enums.items()):
        return None
    found = _with_managed(with_implicit(found, parts, dialect), parts, dialect)
    others = {name: table for name, table in live.tables.items() if name not in names}
    merged = dataclasses.replace(found, tables={**others, **found.tables}, kept=live.kept | found.kept)
    return _with_objects(connection, dialect, merged, parts, extent | Extent.of(dialect, parts))


def _with_unseen(connection: Connection, dialect: Dialect, live: Schema, expected: Schema) -> Schema:
    missing = expected.tables.keys() - live.tables.keys()
    unseen = sorted(dialect.unseen(connection, missing)) if missing else []
    if not unseen:
        return live
    tables = {**live.tables, **{name: expected.tables[name] for name in unseen}}
    told = (Unsupported(name, f"{UNTOLD} it is there: this account may not see it") for name in unseen)
    return dataclasses.replace(live, tables=tables, unsupported=(*live.unsupported, *told))


def _with_managed(live: Schema, known: Collection[Schema], dialect: Dialect) -> Schema:
    """The live schema, what a DBA has set and nobody speaks of set apart; see `managed_elsewhere`."""
    tables = {
        name: dialect.with_managed(table, [one.tables[name] for one in known if name in one.tables])
        for name, table in live.tables.items()
    }
    return dataclasses.replace(live, tables=tables)


def with_implicit(live: Schema, known: Collection[Schema], dialect: Dialect) -> Schema:
    """The live schema, what the server made in its tables by itself marked; see `Dialect.with_implicit`."""
    tables = {
        name: dialect.with_implicit(table, [one.tables[name] for one in known if name in one.tables])
        for name, table in live.tables.items()
    }
    return dataclasses.replace(live, tables=tables)


def schemas_of(*known: Schema) -> tuple[str | None, ...]:
    """The schemas that the tables and objects of these are in; ``None``, the default one, is always among them."""
    return (None, *sorted({name for schema in known for name in schema.namespaces}))
