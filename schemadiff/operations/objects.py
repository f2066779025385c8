"""Operations on what a database holds besides tables: schemas, sequences, views; between two databases also triggers
and routines. Values as in `operations.tables`, of which they are a part.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from schemadiff.errors import ReplayError
from schemadiff.schema import (
    Entry,
    Key,
    Namespace,
    Routine,
    Schema,
    StoredObject,
    View,
)
from schemadiff.schema.describe import differences
from schemadiff.schema.kinds import KINDS, kind_of

STORED_KINDS = tuple(KINDS)
"""The kinds of `StoredObject`: all that is no table."""

DEPENDENT = "dependent"
"""Asked for in the place of ``entry``: only those entries that speak of columns, such as policies and rules."""


@dataclass(frozen=True, slots=True)
class CreateObject:
    object: StoredObject

    def reverse(self) -> DropObject:
        return DropObject(self.object)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        key = self.object.key
        if strict and key in schema.objects and not isinstance(self.object, Namespace):
            raise ReplayError(f"create_{key.kind}: there is a {_named(self.object)} already")
        return dataclasses.replace(schema, objects={**schema.objects, key: self.object})

    def describe(self) -> str:
        return f"{_word(self.object, 'create', 'add')} {_named(self.object)}"


@dataclass(frozen=True, slots=True)
class DropObject:
    object: StoredObject

    def reverse(self) -> CreateObject:
        return CreateObject(self.object)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        key = self.object.key
        if strict:
            _expect(schema, self.object, f"drop_{key.kind}")
        left = {other: one for other, one in schema.objects.items() if other != key}
        return dataclasses.replace(schema, objects=left)

    def describe(self) -> str:
        return f"{_word(self.object, 'drop', 'remove')} {_named(self.object)}"


@dataclass(frozen=True, slots=True)
class ReplaceObject:
    """Changes a stored object in place; its name stays."""

    before: StoredObject
    after: StoredObject

    def reverse(self) -> ReplaceObject:
        return ReplaceObject(self.after, self.before)

    def apply(self, schema: Schema, *, strict: bool = True) -> Schema:
        key = self.before.key
        if strict:
            _expect(schema, self.before, f"{kind_of(self.before).changes}_{key.kind}")
        return dataclasses.replace(schema, objects={**schema.objects, key: self.after})

    def describe(self) -> str:
        verb = kind_of(self.before).changes
        if verb == "alter":
            return f"{verb} {_named(self.before)}: {', '.join(differences(self.before, self.after))}"
        return f"{_word(self.before, verb, 'change')} {_named(self.before)}"


def _word(stored: StoredObject, own: str, set_on: str) -> str:
    """The verb for what has a life of its own, or for what is only set on something else."""
    return set_on if isinstance(stored, Entry) and stored.stage == "setting" else own


def _named(stored: StoredObject) -> str:
    if isinstance(stored, Entry):
        return stored.words
    materialized = isinstance(stored, View) and stored.materialized
    name = f"{stored.name}{stored.arguments}" if isinstance(stored, Routine) else str(stored.name)
    table = f" on {stored.table}" if isinstance(stored, Routine) and stored.table else ""
    return f"{'materialized ' if materialized else ''}{kind_of(stored).noun or stored.kind} {name}{table}"


def _expect(schema: Schema, stored: StoredObject, verb: str) -> None:
    found = schema.objects.get(stored.key)
    if found is None:
        raise ReplayError(f"{verb}: there is no {_named(stored)}")
    if found != stored:
        raise ReplayError(f"{verb}: the {_named(stored)} is not what the earlier revisions made of it")


ObjectOperation = CreateObject | DropObject | ReplaceObject


def object_key(operation: ObjectOperation) -> Key:
    """The key of the object that the operation works on."""
    return operation.after.key if isinstance(operation, ReplaceObject) else operation.object.key
