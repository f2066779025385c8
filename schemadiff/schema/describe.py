"""Schema values in words, for people. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Options,
    PrimaryKey,
    StoredObject,
    Unique,
)

KINDS: Mapping[type, str] = {
    PrimaryKey: "primary key",
    Unique: "unique constraint",
    ForeignKey: "foreign key",
    Check: "check",
    Exclude: "exclusion constraint",
}


Value = Column | Index | Constraint | Options | StoredObject


def differences(before: Value, after: Value) -> list[str]:
    """Return the differences between two values in words, one for each field that is compared."""
    words = []
    for item in dataclasses.fields(before):
        if not item.compare:
            continue
        old, new = getattr(before, item.name), getattr(after, item.name)
        if old != new:
            words.append(f"{item.name.replace('_', ' ')} {_value(old)} -> {_value(new)}")
    return words


def _value(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case _ if hasattr(value, "sql"):
            return f"{value.sql}({', '.join(value.values)})" if value.values else str(value.sql)
        case tuple():
            return (
                ", ".join(
                    " ".join(filter(None, part)) if isinstance(part, tuple) else str(part) for part in value
                )
                or "none"
            )
        case _ if hasattr(value, "expression"):
            return f"({value.expression})"
        case _:
            return str(value) or "''"


def option_words(one: Options, other: Options) -> tuple[str, str]:
    """Two tables' options, where they differ, in the words of SQL."""
    sides = []
    for options in (one, other):
        comment = None if options.comment is None else "'" + options.comment.replace("'", "''") + "'"
        named = {"COMMENT": comment, "ENGINE": options.engine}
        named |= {"CHARACTER SET": options.charset, "COLLATE": options.collation}
        sides.append({**named, **dict(options.extra)})
    keys = [key for key in {**sides[0], **sides[1]} if sides[0].get(key) != sides[1].get(key)]
    had, told = (
        ", ".join(f"no {key}" if side.get(key) is None else f"{key} {side[key]}".strip() for key in keys)
        for side in sides
    )
    return had, told


def words_of(thing: Unique | Index | ForeignKey | Check | Exclude) -> str:
    return index_words(thing) if isinstance(thing, Index) else constraint_words(thing)


def name_words(thing: Index | Constraint) -> str:
    """Return the kind and the name of an index or constraint; without a name, its columns or condition."""
    if thing.name is None:
        return index_words(thing) if isinstance(thing, Index) else constraint_words(thing)
    if isinstance(thing, Index):
        return f"{'unique constraint' if thing.constraint else 'index'} {thing.name}"
    return f"{KINDS[type(thing)]} {thing.name}"


def index_words(index: Index) -> str:
    kind = "unique constraint" if index.constraint else "unique index" if index.unique else "index"
    if not index.valid:
        kind = f"invalid {kind}"
    if not index.visible:
        kind = f"invisible {kind}"
    parts = ", ".join(part.column or f"({part.expression})" for part in index.parts)
    comment = f", comment {short(repr(index.comment))}" if index.comment else ""
    return f"{kind} {index.name or ''} ({parts})".replace("  ", " ") + comment


def constraint_words(constraint: Constraint) -> str:
    """A constraint for people: its kind, its name and its columns or condition."""
    name = f" {constraint.name}" if constraint.name else ""
    match constraint:
        case PrimaryKey():
            return f"primary key{name} ({_key_columns(constraint)}){_on_conflict(constraint)}"
        case Unique():
            return f"unique constraint{name} ({', '.join(constraint.columns)}){_on_conflict(constraint)}"
        case ForeignKey():
            return (
                f"{'' if constraint.enforced else 'unenforced '}foreign key{name} ({', '.join(constraint.columns)}) -> "
                f"{constraint.target} ({', '.join(constraint.target_columns)})"
            )
        case Exclude():
            pairs = zip(constraint.parts, constraint.operators, strict=True)
            listed = ", ".join(
                f"{part.column or f'({part.expression})'} {operator}" for part, operator in pairs
            )
            return f"exclusion constraint{name} ({listed})"
        case Check():
            kind = "check" if constraint.enforced else "unenforced check"
            return f"{kind}{name} ({short(constraint.expression)})"


def _key_columns(key: PrimaryKey) -> str:
    parts = key.parts or ((None, False),) * len(key.columns)
    return ", ".join(
        f"{name}({length})" if length else f"{name} desc" if down else name
        for name, (length, down) in zip(key.columns, parts, strict=True)
    )


def _on_conflict(constraint: PrimaryKey | Unique) -> str:
    return f" on conflict {constraint.on_conflict.lower()}" if constraint.on_conflict else ""


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def some(names: Iterable[str], most: int = 3) -> str:
    """The names of a few, and how many more there are."""
    listed = list(names)
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")


def speaks_of(text: str, name: str) -> bool:
    """Whether the name stands in the text as a word of its own, in whatever capitals."""
    text, name = text.lower(), name.lower()
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if not is_of_a_name(text[start - 1 : start]) and not is_of_a_name(text[end : end + 1]):
            return True
        start = text.find(name, start + 1)
    return False


def is_of_a_name(character: str) -> bool:
    """Whether the character is a letter, a digit or an underscore."""
    return character.isalnum() or character == "_"
