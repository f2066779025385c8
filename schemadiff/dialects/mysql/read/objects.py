"""Objects of MySQL and MariaDB besides tables: databases, MariaDB's sequences, views, triggers, routines and events.

Their names come from information_schema, their texts from SHOW CREATE (MySQL 9.7 manual, 15.7.7), which leaves the
name of the connection's own database out. Who created an object (its DEFINER) is not compared, it differs between any
two servers, and stays (see `definers`).
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from schemadiff.dialects.contract.statements import Statement
from schemadiff.dialects.mysql.canonical.implicit import is_numbered
from schemadiff.dialects.mysql.read import definers
from schemadiff.dialects.mysql.read.definers import Rights
from schemadiff.dialects.mysql.read.explain import FORBIDDEN, explained
from schemadiff.dialects.mysql.server.conversation import AS_STORED, IN_UTF8, Refusal, Talk, only, session
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import QUOTED, STRING, literal, quote
from schemadiff.dialects.mysql.sql.create import qualified
from schemadiff.dialects.shared import sequence_options
from schemadiff.errors import DatabaseError, UnsupportedError
from schemadiff.operations.objects import CreateObject, DropObject, ObjectOperation, ReplaceObject
from schemadiff.schema import (
    Check,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Namespace,
    Routine,
    RoutineKind,
    Sequence,
    StoredObject,
    Table,
    Unique,
    View,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_HEAD = re.compile(
    rf"CREATE (?P<options>.*?)VIEW (?:{QUOTED}\.)?{QUOTED}(?: \((?P<columns>.*?)\))? AS (?P<text>.*)",
    re.DOTALL,
)
_USUAL = ("ALGORITHM=UNDEFINED", "SQL SECURITY DEFINER")
_LITERALS = re.compile(rf"({STRING})|{QUOTED}|(?<![\w.`$])(\d+(?:\.\d+)?)")
_NAMES = {
    "view": "SELECT table_schema, table_name, NULL, character_set_client, definer <> CURRENT_USER() "
    "FROM information_schema.views WHERE table_schema IN ({0})",
    "sequence": "SELECT table_schema, table_name, NULL, NULL, 0 FROM information_schema.tables "
    "WHERE table_schema IN ({0}) AND table_type = 'SEQUENCE'",
    "trigger": "SELECT trigger_schema, trigger_name, event_object_table, character_set_client, "
    "definer <> CURRENT_USER() FROM information_schema.triggers WHERE trigger_schema IN ({0})",
    "function": "SELECT routine_schema, routine_name, NULL, character_set_client, definer <> CURRENT_USER() "
    "FROM information_schema.routines WHERE routine_schema IN ({0}) AND routine_type = 'FUNCTION'",
    "procedure": "SELECT routine_schema, routine_name, NULL, character_set_client, definer <> CURRENT_USER() "
    "FROM information_schema.routines WHERE routine_schema IN ({0}) AND routine_type = 'PROCEDURE'",
    "event": "SELECT event_schema, event_name, NULL, character_set_client, definer <> CURRENT_USER() "
    "FROM information_schema.events WHERE event_schema IN ({0})",
}
_USED = (
    "SELECT view_schema, view_name, table_schema, table_name FROM information_schema.view_table_usage "
    "WHERE view_schema IN ({0})",
    "SELECT table_schema, table_name, specific_schema, specific_name FROM information_schema.view_routine_usage "
    "WHERE table_schema IN ({0})",
)
_STARTED = (
    "SELECT event_schema, event_name FROM information_schema.events WHERE event_schema IN ({0}) "
    "AND (ABS(TIMESTAMPDIFF(SECOND, starts, CONVERT_TZ(created, @@SESSION.time_zone, time_zone))) <= 1 "
    "OR ABS(TIMESTAMPDIFF(SECOND, starts, CONVERT_TZ(last_altered, @@SESSION.time_zone, time_zone))) <= 1)"
)
"""The events that start with their making, or with their last change. Who says no STARTS gets that (MySQL 9.7 manual,
15.1.16), to the second, of which the server may take the next for the time of the making.
"""
_STARTS = re.compile(
    rf"(?P<head>CREATE EVENT (?:{QUOTED}\.)?{QUOTED} ON SCHEDULE EVERY (?:{STRING}|\S+) \w+) STARTS {STRING}"
)

_SHOWN = {"trigger": 2, "function": 2, "procedure": 2, "event": 3}
"""In which column of SHOW CREATE the statement stands (MySQL 9.7 and MariaDB 10.11 alike)."""

_HIGHEST = 2**63 - 2
"""A sequence of MariaDB 10.11 goes up to one less than a bigint can hold."""

_CACHE = 1000
"""So many numbers a sequence of MariaDB keeps ready where nobody says (CREATE SEQUENCE)."""


def read_objects(
    connection: Connection, facts: Facts, schemas: Collection[str | None], kinds: Collection[str]
) -> Iterator[StoredObject]:
    """The objects of these kinds. Raises `DatabaseError` when the server does not show one of them."""
    asked = {schema: schema for schema in schemas if schema is not None}
    known: dict[str, str | None] = {**asked}
    if None in schemas and facts.database is not None:
        known[facts.database] = None
    listed = ", ".join(map(literal, known))
    settings = {"sql_quote_show_create": "1"}
    with session(connection, settings) as talk:
        if "schema" in kinds and asked:
            query = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ({listed})"
            for (name,) in only(next(talk([[query]]))):
                if name in asked:
                    yield Namespace(Name(str(name)))
        own: Rights | None = None
        for kind, query in _NAMES.items():
            if kind in kinds:
                rows = only(next(talk([[query.format(listed)]])))
                found = [
                    _Listed(Name(str(name), known.get(schema)), table, charset, bool(foreign))
                    for schema, name, table, charset, foreign in rows
                ]
                found.sort(key=lambda one: (one.name.schema or "", one.name.name))
                used = _used(talk, listed, known) if kind == "view" and found else {}
                started = _started(talk, listed, known) if kind == "event" and found else frozenset()
                routines = kind in ("function", "procedure") and bool(found)
                grants = definers.grants(talk, listed, known, kind) if routines else {}
                if own is None and (grants is None or grants or any(one.foreign for one in found)):
                    own = definers.rights(talk)
                for one in _shown(talk, kind, found, own):
                    if isinstance(one, View):
                        one = dataclasses.replace(one, needs=used.get(one.name))
                    elif isinstance(one, Routine) and one.name in started:
                        text = _STARTS.sub(r"\g<head>", one.definition, count=1)
                        one = dataclasses.replace(one, definition=text)
                    if isinstance(one, Routine) and routines and own:
                        one = definers.granted(one, grants, own)
                    yield one


def _used(talk: Talk, listed: str, known: Mapping[str, str | None]) -> Mapping[Name, frozenset[Name]]:
    """The tables, views and functions that each view is made of, where the server has a catalog of that: MySQL from
    8.0.13, which shows of them what the account may see.
    """
    found: dict[Name, set[Name]] = defaultdict(set)
    for query in _USED:
        reply = next(talk([[query.format(listed)]]))
        if not isinstance(reply, Refusal):
            for schema, view, other, name in reply:
                found[Name(str(view), known.get(schema))].add(Name(str(name), known.get(other, str(other))))
    return {view: frozenset(names) for view, names in found.items()}


def _started(talk: Talk, listed: str, known: Mapping[str, str | None]) -> frozenset[Name]:
    """The events whose STARTS is the time of their making, which differs between any two databases."""
    rows = only(next(talk([[_STARTED.format(listed)]])))
    return frozenset(Name(str(name), known.get(str(schema))) for schema, name in rows)


@dataclass(frozen=True, slots=True)
class _Listed:
    """An object, the table that it stands on, the character set of the client that made it, which its text is stored
    in, and whether it is carried out in the name of another account than this one.
    """

    name: Name
    table: str | None
    charset: str | None
    foreign: bool


def _shown(talk: Talk, kind: str, listed: list[_Listed], own: Rights | None) -> Iterator[StoredObject]:
    groups: list[list[str]] = []
    mode = AS_STORED
    for one in listed:
        wanted = AS_STORED if (one.charset or "utf8").startswith("utf8") else IN_UTF8
        query = (
            "SELECT minimum_value, maximum_value, start_value, increment, cache_size, cycle_option "
            f"FROM {_name(one.name)}"
            if kind == "sequence"
            else f"SHOW CREATE {kind.upper()} {_name(one.name)}"
        )
        groups.append([query] if wanted == mode else [wanted, query])
        mode = wanted
    replies = list(talk(groups))
    if mode != AS_STORED:
        only(next(talk([[AS_STORED]])))
    for one, reply in zip(listed, replies, strict=True):
        name = one.name
        if isinstance(reply, Refusal):
            raise DatabaseError(f'the server does not show the {kind} "{name}": {reply}')
        row = reply[0]
        match kind:
            case "view":
                view = _view(name, str(row[1]))
                yield definers.defined(view, str(row[1]), own) if one.foreign and own else view
            case "sequence":
                low, high, start, increment, cache, cycle = (int(value) for value in row)
                read = Sequence(name, None, start, increment, low, high, bool(cycle), cache)
                yield canonical_object(read)
            case _:
                text = row[_SHOWN[kind]]
                if text is None:
                    raise DatabaseError(
                        f'the definition of {kind} "{name}" is not shown to this user',
                        hint="It takes the right SHOW_ROUTINE (MySQL), or SELECT on mysql.proc (MariaDB).",
                    )
                stands_on = Name(str(one.table), name.schema) if one.table else None
                made = Routine(cast(RoutineKind, kind), name, definers.without(str(text)), stands_on)
                yield definers.defined(made, str(text), own) if one.foreign and own else made


def _name(name: Name) -> str:
    return f"{quote(name.schema)}.{quote(name.name)}" if name.schema else quote(name.name)


def _view(name: Name, shown: str) -> View:
    match = _HEAD.fullmatch(shown)
    if match is None:
        raise DatabaseError(f'the definition of view "{name}" cannot be read: {shown}')
    options = definers.without(match["options"]).strip()
    for usual in _USUAL:
        options = options.replace(usual, "").strip()
    return View(name, match["text"], options=" ".join(options.split()))


def canonical_object(stored: StoredObject) -> StoredObject:
    """The object with ``None`` for what is a sequence's default (MariaDB's documentation, CREATE SEQUENCE)."""
    if isinstance(stored, View) and stored.materialized:
        raise UnsupportedError(
            f'view "{stored.name}": MySQL and MariaDB have no materialized views',
            hint="Declare it without materialized=True, or fill a table from it.",
        )
    if not isinstance(stored, Sequence):
        return stored
    return sequence_options.without_defaults(stored, -_HIGHEST - 1, _HIGHEST, cache=_CACHE)


def is_generated_name(
    table: Name, thing: Unique | Index | ForeignKey | Check | Exclude, check_name: str
) -> bool:
    """Whether the server may have given the name: that of an index is its first column's, maybe with a number."""
    name = thing.name or ""
    match thing:
        case ForeignKey():
            return is_numbered(name, f"{table.name}_ibfk_")
        case Check():
            start, _, _ = check_name.format(table=table.name, number="#").partition("#")
            return is_numbered(name, start)
        case Index() | Unique():
            firsts = (*thing.columns[:1], "functional_index")
            return (
                name in firsts
                or any(is_numbered(name, f"{first}_") for first in firsts)
                or is_numbered(name, f"{table.name}_ibfk_")
            )
        case Exclude():
            return False


def is_first_of_its_kind(table: Table, thing: Constraint | Index) -> bool:
    """Whether the server names it without regard to when it was made: others are numbered by their age, an index by its
    first column.
    """
    match thing:
        case Check():
            return len(table.checks) <= 1
        case ForeignKey():
            return len(table.foreign_keys) <= 1
        case Unique() | Index():
            keys: list[Unique | Index | ForeignKey] = [*table.uniques, *table.indexes, *table.foreign_keys]
            first = [key.columns[:1] for key in keys]
            return first.count(thing.columns[:1]) <= 1
        case _:
            return True


def same_view(connection: Connection, facts: Facts, one: View, other: View) -> bool | None:
    """Whether the server's optimizer makes the same of two SELECTs that hold the same literals.

    Neither server has a temporary view, and nothing may be created: EXPLAIN and SHOW WARNINGS (note 1003) give both
    queries in one spelling, with every name resolved.
    """
    if _literals(one.definition) != _literals(other.definition):
        return False
    with session(connection, {"sql_quote_show_create": "1"}) as talk:
        texts = [explained(talk, facts, _CHECK_OPTION.sub("", view.definition)) for view in (one, other)]
    if any(isinstance(text, Refusal) and text.code in FORBIDDEN for text in texts):
        return None
    return isinstance(texts[0], str) and texts[0] == texts[1]


_CHECK_OPTION = re.compile(r" WITH (?:CASCADED |LOCAL )?CHECK OPTION$", re.IGNORECASE)


def _literals(sql: str) -> Counter[str]:
    """The constants in a SELECT, which EXPLAIN may hide where it looks a row up; but for 0 and 1, for which the
    server writes false, true and the star of count(*).
    """
    found = (text or number for text, number in _LITERALS.findall(sql) if text or number)
    return Counter(one for one in found if one not in ("0", "1"))


def object_statements(operation: ObjectOperation, was: StoredObject | None) -> tuple[Statement, ...]:
    """The SQL of an operation. What `was` has stays: a view's options, a routine's grants, in whose name it is carried
    out.
    """
    match operation:
        case CreateObject(object=stored):
            texts = [_creation(stored, was)]
            texts += was.belongings if isinstance(was, Routine) else ()
        case DropObject(object=Namespace()):
            # DROP DATABASE would take every table along that somebody else has put there: it stays.
            texts = []
        case DropObject(object=stored):
            texts = [f"DROP {stored.kind.upper()} {qualified(stored.name)}"]
        case ReplaceObject(before=Sequence() as before, after=Sequence() as after) if sequence_options.turns(
            before, after
        ):
            # ALTER SEQUENCE … NO MAXVALUE means that of the old direction, and is refused (MariaDB 10.11, 4085).
            texts = [_creation(after, was, "CREATE OR REPLACE")]
        case ReplaceObject(before=Sequence() as before, after=Sequence() as after):
            texts = [f"ALTER SEQUENCE {qualified(after.name)}{_changes(before, after)}"]
        case ReplaceObject(after=View() as after):
            texts = [_creation(after, was, "CREATE OR REPLACE")]
        case ReplaceObject(before=before, after=after):
            texts = [f"DROP {before.kind.upper()} {qualified(before.name)}", _creation(after, was)]
            texts += was.belongings if isinstance(was, Routine) else ()
    return tuple(Statement(text, (operation,)) for text in texts)


def _creation(stored: StoredObject, was: StoredObject | None, verb: str = "CREATE") -> str:
    match stored:
        case Namespace():
            return f"{verb} DATABASE IF NOT EXISTS {quote(stored.name.name)}"
        case Sequence():
            options = "".join(f" {one}" for one in sequence_options.given(stored))
            return f"{verb} SEQUENCE {qualified(stored.name)}{options}"
        case View():
            options = stored.options
            if stored.written is not None and isinstance(was, View):
                options = options or was.options  # models and revisions have no word for them
            given = f"{options} " if options else ""
            sql = f"{verb} {given}VIEW {qualified(stored.name)} AS {stored.definition}"
            return definers.given_back(sql, was)
        case Routine():
            return definers.given_back(stored.definition, was)
        case _:
            raise UnsupportedError(
                f'{stored.kind} "{stored.name}": MySQL and MariaDB have no types with a name of their own'
            )


def _changes(before: Sequence, after: Sequence) -> str:
    words = sequence_options.changes(before, after, cache=_CACHE, no_cycle="NOCYCLE")
    return "".join(f" {one}" for one in words)
