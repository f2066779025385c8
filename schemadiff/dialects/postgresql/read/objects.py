"""Objects of PostgreSQL besides tables: schemas, sequences, views, triggers, functions and procedures.

Read from pg_catalog (PostgreSQL 15 manual, chapter 53), their texts by pg_get_viewdef, pg_get_triggerdef and
pg_get_functiondef. What belongs to an extension is left out, and so are sequences that belong to a column.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.postgresql.canonical.tables import without_defaults
from schemadiff.dialects.postgresql.canonical.types import quoted
from schemadiff.dialects.postgresql.read import domains, entries, explain, scratch, views
from schemadiff.dialects.postgresql.server.savepoints import rolled_back, succeeds
from schemadiff.dialects.postgresql.server.sql_text import quote
from schemadiff.dialects.postgresql.sql import enums, retype_domain, sequences
from schemadiff.operations.objects import DEPENDENT, CreateObject, DropObject, ObjectOperation, ReplaceObject
from schemadiff.schema import (
    Check,
    Composite,
    Domain,
    Entry,
    Enum,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Namespace,
    Routine,
    RoutineKind,
    Schema,
    Sequence,
    StoredObject,
    Unique,
    View,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_OWN = """NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass AND e.objid = {oid}
AND e.deptype = 'e')"""

_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(:schemas)"

_ALL_SCHEMAS = f"""
SELECT nspname FROM pg_namespace n WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
AND {_OWN.format(catalog="pg_namespace", oid="n.oid")} ORDER BY nspname"""

_SEQUENCES = f"""
SELECT n.nspname, c.relname, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
       s.seqcycle, s.seqcache
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(:schemas) AND {_OWN.format(catalog="pg_class", oid="c.oid")}
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    AND (d.deptype = 'i' OR d.deptype = 'a' AND EXISTS (
        SELECT FROM pg_attrdef f JOIN pg_depend e ON e.classid = 'pg_attrdef'::regclass AND e.objid = f.oid
        WHERE f.adrelid = d.refobjid AND f.adnum = d.refobjsubid
        AND e.refclassid = 'pg_class'::regclass AND e.refobjid = c.oid)))"""

_ENUMS = f"""
SELECT n.nspname, t.typname, ARRAY(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder)
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'e' AND n.nspname = ANY(:schemas) AND {_OWN.format(catalog="pg_type", oid="t.oid")}"""

_TRIGGERS = """
SELECT t.oid::int8, n.nspname, t.tgname, c.relname, pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = ANY(:schemas)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_trigger'::regclass AND e.objid = t.oid
AND (e.deptype = 'e' OR e.refclassid = 'pg_trigger'::regclass))"""
"""A trigger of a partitioned table has a clone on each partition, which depends on it."""

_ROUTINES = """
SELECT p.oid::int8, n.nspname, p.proname, p.prokind = 'p', pg_get_function_identity_arguments(p.oid),
       pg_get_functiondef(p.oid), l.lanname = 'sql' AND {body} IS NULL,
       ARRAY(SELECT format('ALTER %s %s OWNER TO %I', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
                           p.oid::regprocedure, r.rolname)
             FROM pg_roles r WHERE r.oid = p.proowner AND r.rolname <> current_user)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.prokind IN ('f', 'p') AND n.nspname = ANY(:schemas)
AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
AND e.deptype IN ('e', 'i'))"""
"""The functions that construct a range belong to its type, as those of an extension to that. What an SQL function of
PostgreSQL 13 or older needs, and one of a later version whose body is a string, stands in its text alone, which the
server looks at when the function is created.
"""

_PARSED = 14
"""The version that brought bodies of functions which are parsed when they are created."""


def read(
    connection: Connection, schemas: Mapping[str, str | None], kinds: Collection[str], version: int
) -> Iterator[StoredObject]:
    """The objects of these kinds; `schemas` maps a schema's name to the one that it has in the result."""

    def rows(query: str) -> Iterable[Any]:
        return connection.execute(sa.text(query), {"schemas": list(schemas)}).all()

    if "schema" in kinds:
        for (name,) in rows(_SCHEMAS):
            if schemas[name] is not None:
                yield Namespace(Name(name))
    if "sequence" in kinds:
        for schema, name, *options in rows(_SEQUENCES):
            yield canonical(Sequence(Name(name, schemas[schema]), *options))
    if "enum" in kinds:
        for schema, name, values in rows(_ENUMS):
            yield Enum(Name(name, schemas[schema]), tuple(values))
    if "domain" in kinds:
        yield from domains.read(connection, schemas)
    if "view" in kinds:
        yield from views.read(connection, schemas, apart="entry" in kinds, version=version)
    if "entry" in kinds:
        yield from entries.read(connection, schemas)
    elif DEPENDENT in kinds:
        yield from entries.dependents(connection, schemas)
    if not {"trigger", "function", "procedure"} & set(kinds):
        return
    needs = views.needs(connection, schemas)
    if "trigger" in kinds:
        for oid, schema, name, table, text in rows(_TRIGGERS):
            stands_on = Name(table, schemas[schema])
            needed: frozenset[Name] | None = needs.get(("pg_trigger", oid), frozenset())
            yield Routine("trigger", Name(name, schemas[schema]), text, stands_on, needs=needed)
    query = _ROUTINES.format(body="p.prosqlbody" if version >= _PARSED else "NULL")
    for oid, schema, name, is_procedure, arguments, text, late, owner in rows(query):
        kind: RoutineKind = "procedure" if is_procedure else "function"
        if kind in kinds:
            needed = None if late else needs.get(("pg_proc", oid), frozenset())
            name_, words = Name(name, schemas[schema]), f"({arguments})"
            yield Routine(kind, name_, text.strip(), arguments=words, needs=needed, belongings=tuple(owner))


def schemas(connection: Connection) -> list[str]:
    """The names of all schemas but the server's own and those of extensions, sorted."""
    return list(connection.execute(sa.text(_ALL_SCHEMAS)).scalars())


def is_generated_name(table: Name, thing: Unique | Index | ForeignKey | Check | Exclude) -> bool:
    """Whether the name is as PostgreSQL makes one: ``user_email_key``, ``user_check1``; cut to 63 bytes."""
    start, name = table.name[:20], thing.name or ""
    return name.startswith(start) and _MADE_UP[type(thing)].fullmatch(name, len(start)) is not None


_MADE_UP = {
    kind: re.compile(rf".*_{word}\d*", re.DOTALL)
    for kind, word in {
        Unique: "key",
        ForeignKey: "fkey",
        Check: "check",
        Exclude: "excl",
        Index: "(?:idx|excl|key)",
    }.items()
}


def replaces(before: StoredObject, after: StoredObject) -> bool:
    """Whether the definition of a function, which begins with CREATE OR REPLACE, is taken in place of the other; or a
    view has only other options.
    """
    if views.same_but_options(before, after):
        return True
    if not isinstance(before, Routine) or not isinstance(after, Routine) or before.kind == "trigger":
        return False
    one, other = (_RETURNS.findall(routine.definition)[:1] for routine in (before, after))
    return one == other


def alters_in_place(before: StoredObject, after: StoredObject, schema: Schema) -> bool:
    """Whether what depends on a type can stay while it changes."""
    if isinstance(before, Enum) and isinstance(after, Enum):
        return enums.grows(before.values, after.values)
    if isinstance(before, Domain) and isinstance(after, Domain):
        return retype_domain.alters_in_place(before, after, schema)
    if isinstance(before, Composite) and isinstance(after, Composite):
        return entries.keeps_places(before, after)
    return True


def is_tracked(one: StoredObject) -> bool:
    """Whether the server keeps the object as what it was read to be, not as a text, as the body of most routines is."""
    return not isinstance(one, Routine) or one.kind == "trigger" or "BEGIN ATOMIC" in one.definition


_RETURNS = re.compile(r"^ RETURNS .*$", re.MULTILINE)


def canonical(stored: StoredObject) -> StoredObject:
    """The object with ``None`` for what is a sequence's default (PostgreSQL 15 manual, CREATE SEQUENCE)."""
    if isinstance(stored, Domain):
        return domains.canonical(stored)
    if not isinstance(stored, Sequence):
        return stored
    plain = without_defaults(stored, stored.type or "bigint")
    return dataclasses.replace(plain, type=None if stored.type == "bigint" else stored.type)


def same_view(connection: Connection, one: View, other: View) -> bool | None:
    """Whether `other`, a live view's text, is what the server makes of `one`: that is created as a temporary view and
    rolled back, or explained where it may not be created.
    """
    with rolled_back(connection):
        if not scratch.may_create(connection):
            return explain.same_view(connection, one, other)
        sql = f"CREATE TEMPORARY VIEW schemadiff_ask_view AS {one.definition}"
        if not succeeds(connection, [sql]):
            return False
        asked = connection.execute(
            sa.text("SELECT pg_get_viewdef('pg_temp.schemadiff_ask_view'::regclass)")
        ).scalar_one()
    return str(asked).strip().removesuffix(";") == other.definition


def statements(operation: ObjectOperation, was: StoredObject | None, before: Schema) -> tuple[Statement, ...]:
    """The SQL of an operation; `was` is the live object of that name, or the one that this plan has dropped before,
    whose grants, comment and indexes come back. `before` is the schema that it starts from.
    """
    texts: Iterable[str]
    match operation:
        case CreateObject(object=Enum() as enum):
            texts = enums.creation(enum, before)
        case DropObject(object=Enum() as enum):
            texts = enums.removal(enum, before)
        case ReplaceObject(before=Enum() as old, after=Enum() as new):
            texts = enums.alteration(old, new, before)
        case CreateObject(object=Sequence() as sequence):
            texts = sequences.create(sequence, before)
        case DropObject(object=Sequence() as sequence):
            texts = [sequences.drop(sequence, before)]
        case CreateObject(object=Entry() as entry):
            texts = [*entry.create, *_owned(entry, was)]
        case DropObject(object=Entry() as entry):
            texts = entry.drop
        case ReplaceObject(before=Entry() as given, after=Entry() as wanted):
            texts = entries.replace(given, wanted)
        case ReplaceObject(before=Composite() as had, after=Composite() as has):
            texts = entries.alter_type(had, has)
        case CreateObject(object=stored):
            texts = [*_creation(stored, was), *_owned(stored, was)]
        case DropObject(object=stored):
            texts = [_drop(stored)]
        case ReplaceObject(before=Sequence() as start, after=Sequence() as end):
            texts = [sequences.alter(start, end)]
        case ReplaceObject(before=Domain() as narrow, after=Domain() as wide):
            texts = domains.changes(narrow, wide, was, before)
        case ReplaceObject(before=View() as one, after=View() as other) if views.same_but_options(one, other):
            texts = views.alter(one, other)
        case ReplaceObject(before=one, after=other) if replaces(one, other):
            texts = list(_creation(other, was))
        case ReplaceObject(before=one, after=other):
            texts = [_drop(one), *_creation(other, was), *_owned(other, was)]
    return tuple(Statement(text, (operation,)) for text in texts)


def _creation(stored: StoredObject, was: StoredObject | None) -> Iterator[str]:
    match stored:
        case Namespace():
            yield f"CREATE SCHEMA {quote(stored.name.name)}"
        case Sequence():
            yield from sequences.create(stored, Schema())
        case Enum():
            yield enums.create(stored.name, stored.values)
        case Domain():
            yield from domains.create(stored)
        case View():
            yield from views.create(stored, was)
        case Composite():
            yield entries.create_type(stored)
        case Entry():
            yield from stored.create
        case Routine():
            yield stored.definition


def _owned(stored: StoredObject, was: StoredObject | None) -> tuple[str, ...]:
    """The statements that give what was dropped to the owner that it had."""
    kinds = (Routine, Composite, Entry)
    return was.belongings if isinstance(stored, kinds) and isinstance(was, kinds) else ()


def _drop(stored: StoredObject) -> str:
    match stored:
        case Namespace():
            return f"DROP SCHEMA {quote(stored.name.name)}"
        case View():
            return views.drop(stored)
        case Routine(kind="trigger", table=table) if table:
            return f"DROP TRIGGER {quote(stored.name.name)} ON {quoted(table)}"
        case Routine():
            return f"DROP {stored.kind.upper()} {quoted(stored.name)}{stored.arguments}"
        case Enum() | Composite():
            return f"DROP TYPE {quoted(stored.name)}"
        case Entry():
            raise AssertionError("dropped by statements of its own")
        case Sequence() | Domain():
            return f"DROP {stored.kind.upper()} {quoted(stored.name)}"
