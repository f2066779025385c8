"""All that a column, an index, a constraint and a table's options are compared by, one row an attribute.

A row says what stands there where nobody says anything, and, where SQLAlchemy has no word for the attribute, that
models and revisions say it by ``info={"schemadiff": {…}}`` under its own name. What a product does not have is taken
off a value by `lacking`, before anything else is done with it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

from schemadiff.schema.tables import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Index,
    Options,
    PrimaryKey,
    Unique,
)

Value = TypeVar("Value", Column, PrimaryKey, Unique, ForeignKey, Check, Exclude, Index, Options)

REQUIRED = object()
"""In the place of what stands for silence: the attribute is always said."""


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """``silence`` stands where nobody says. ``unsaid`` are the values that a revision need not say; empty where
    SQLAlchemy says the attribute. ``read`` makes a value of what stands in ``info``. What few products have is
    ``special``: one that has it says so, see `having`.
    """

    name: str
    silence: Any = None
    unsaid: tuple[Any, ...] = ()
    read: Callable[[Any], Any] = _same
    special: bool = False


_KEY = (Field("columns", REQUIRED), Field("name"))
_OVERLAPS = Field("without_overlaps", False, (False,), bool)
_ENFORCED = Field("enforced", True, (True,), bool)
_COVERING = (Field("on_conflict"), Field("include", ()), Field("deferrable"), Field("comment"), _OVERLAPS)

FIELDS: Mapping[type, tuple[Field, ...]] = {
    Column: (
        *(Field("name", REQUIRED), Field("type", REQUIRED), Field("nullable", True), Field("default")),
        *(Field("generated"), Field("autoincrement", False), Field("collation"), Field("comment")),
        *(Field(name, special=True) for name in ("on_update", "identity", "charset", "on_conflict")),
        Field("visible", None, (None, True), special=True),
        Field("srid", None, (None,), special=True),
        Field("attributes", None, (None, ()), tuple, special=True),
    ),
    PrimaryKey: (*_KEY, *_COVERING, Field("parts", ())),
    Unique: (*_KEY, *_COVERING, Field("nulls_distinct", True)),
    ForeignKey: (
        *(*_KEY, Field("target", REQUIRED), Field("target_columns", REQUIRED)),
        *(Field("on_delete"), Field("on_update"), Field("deferrable"), Field("match")),
        *(Field("not_valid", False), Field("comment")),
        *(Field("period", False, (False,), bool), _ENFORCED),
    ),
    Check: (
        *(Field("expression", REQUIRED), Field("name"), Field("not_valid", False), Field("comment")),
        *(Field("inherited", True, (True,), bool), _ENFORCED),
    ),
    Exclude: (
        *(Field("parts", REQUIRED), Field("operators", REQUIRED), Field("name"), Field("method")),
        *(Field("where"), Field("deferrable"), Field("comment")),
    ),
    Index: (
        *(Field("parts", REQUIRED), Field("name"), Field("unique", False), Field("kind"), Field("method")),
        *(Field("where"), Field("include", ()), Field("nulls_distinct", True), Field("parser")),
        *(Field("options", ()), Field("tablespace")),
        Field("valid", True, (True,), bool),
        Field("visible", True, (True,), bool),
        Field("comment", None, (None,)),
    ),
    Options: (Field("comment"), Field("engine"), Field("charset"), Field("collation"), Field("extra", ())),
}


def lacking(owner: type[Value], *names: str) -> Callable[[Value], Value]:
    """Return a function that sets these attributes, two or more, of a value to their silence: a product lacks them."""
    nothing = {field.name: field.silence for field in FIELDS[owner] if field.name in names}
    assert nothing.keys() == set(names), (owner, names)
    assert REQUIRED not in nothing.values(), (owner, names)
    known, silence = attrgetter(*nothing), tuple(nothing.values())

    def restricted(value: Value) -> Value:
        return value if known(value) == silence else dataclasses.replace(value, **nothing)

    return restricted


def having(owner: type[Value], *names: str, without: tuple[str, ...] = ()) -> Callable[[Value], Value]:
    """Return a function that removes from a value all special attributes but `names`, and the attributes `without`
    which the product is.
    """
    special = {field.name for field in FIELDS[owner] if field.special}
    return lacking(owner, *special.difference(names), *without)


def words(value: Column | Index | Constraint) -> dict[str, Any]:
    """Return the attributes that a revision file says by ``info``: those with a value that has to be said."""
    said = {
        field.name: getattr(value, field.name)
        for field in FIELDS[type(value)]
        if field.unsaid and getattr(value, field.name) not in field.unsaid
    }
    return {name: list(one) if isinstance(one, tuple) else one for name, one in said.items()}


def from_words(owner: type, said: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of the owner that ``info`` says."""
    return {
        field.name: field.read(said[field.name])
        for field in FIELDS[owner]
        if field.unsaid and field.name in said
    }
