"""SQL of which only its author knows what it does: what it may have changed, by the names that it mentions. Pure.

Where DDL commits by itself, it has to be told afterwards whether such a statement has run. It is looked at part by
part, in the tables and other objects whose names stand in the SQL. A part that has changed and is mentioned was changed
by the SQL, one that has a name and is not mentioned by somebody else; of others nobody can tell.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.script import VERSION_TABLE
from schemadiff.planning.footprint import Neither
from schemadiff.schema import Constraint, Index, PrimaryKey, Schema, StoredObject, Table

_WORD = re.compile(r"`((?:[^`]|``)+)`|\"((?:[^\"]|\"\")+)\"|([\w$]+)")
_REWRITES = frozenset({"convert", "charset", "character", "collate"})
"""Words with which a statement changes columns that it does not name."""

_OPTION_WORDS = {"charset": _REWRITES, "collation": _REWRITES}


def words(sql: str) -> set[str]:
    """The names and other words of the SQL, in small letters."""
    return {
        (one or other or bare).replace("``", "`").replace('""', '"').casefold()
        for one, other, bare in _WORD.findall(sql)
    }


def fingerprint(sql: str, live: Schema, objects: Sequence[StoredObject]) -> str:
    """Return the fingerprint of the tables and objects that the SQL mentions, part by part."""
    return json.dumps(dict(_seen(words(sql), live, objects)), sort_keys=True)


def is_fingerprint(text: str) -> bool:
    """Whether that may have been made here."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and all(isinstance(one, str) for one in told.values())


def is_done(
    sql: str, before: str, live: Schema, objects: Sequence[StoredObject], dialect: Dialect
) -> bool | Neither:
    """Whether the SQL has run since what it mentions looked so."""
    mentioned = words(sql)
    was: Mapping[str, str] = json.loads(before)
    now = dict(_seen(mentioned, live, objects))
    changed = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    told = [_is_of(key, mentioned, key in was and key in now, live, dialect) for key in changed]
    if True in told:
        return True
    doubtful = [_words(key) for key, one in zip(changed, told, strict=True) if one is None]
    return Neither(tuple(doubtful), ()) if doubtful else False


def _seen(mentioned: set[str], live: Schema, objects: Sequence[StoredObject]) -> Iterator[tuple[str, str]]:
    for name, table in sorted(live.tables.items()):
        if name.name != VERSION_TABLE and name.name.casefold() in mentioned:
            yield from _parts(table)
    for one in objects:
        if one.key.name.name.casefold() in mentioned:
            yield json.dumps([one.key.kind, str(one.key.name), one.key.name.name]), _hash(one)


def _parts(table: Table) -> Iterator[tuple[str, str]]:
    owner = str(table.name)
    yield json.dumps(["table", owner, table.name.name]), ""
    for column in table.columns:
        yield json.dumps(["column", owner, column.name]), _hash(column)
    for thing in (*table.constraints(), *table.indexes):
        kind = type(thing).__name__.lower()
        yield json.dumps([kind, owner, thing.name or f" {_hash(thing)}"]), _hash(thing)
    options = table.options
    for key in ("comment", "engine", "charset", "collation"):
        yield json.dumps(["option", owner, key]), str(getattr(options, key))
    for key, text in options.extra:
        yield json.dumps(["option", owner, key]), text


def _hash(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _is_of(key: str, mentioned: set[str], changed: bool, live: Schema, dialect: Dialect) -> bool | None:
    """Whether the SQL did that; ``None`` where nobody can tell."""
    kind, owner, name = json.loads(key)
    if kind == "option":
        asks = _OPTION_WORDS.get(name, frozenset(name.casefold().split("_")) | {name.casefold()})
        return bool(asks & mentioned)
    if name.casefold() in mentioned:
        return True
    if kind == "column":
        return None if changed and _REWRITES & mentioned else False
    if kind == "primarykey":
        return "primary" in mentioned
    if name.startswith(" "):
        return None
    table = next((one for one in live.tables.values() if str(one.name) == owner), None)
    things: list[Constraint | Index] = [*table.constraints(), *table.indexes] if table else []
    for thing in things:
        if table and thing.name == name and not isinstance(thing, PrimaryKey):
            return None if dialect.is_generated_name(table.name, thing) else False
    return False


def _words(key: str) -> str:
    kind, owner, name = json.loads(key)
    return f"{kind} {name.strip()} of {owner}" if name != owner else f"{kind} {owner}"
