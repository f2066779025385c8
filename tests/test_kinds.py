"""Every kind of stored object has its row in `schema.kinds`, and all that it is compared by has a story."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import (
    Composite,
    Domain,
    Entry,
    Enum,
    Key,
    Name,
    Namespace,
    Routine,
    RoutineKind,
    Schema,
    Sequence,
    StoredObject,
    View,
)
from schemadiff.schema.dependencies import mentions
from schemadiff.schema.kinds import KINDS, kind_of

NAME = Name("one")
WHOLE: tuple[StoredObject, ...] = (
    Namespace(NAME),
    Sequence(NAME, type="bigint"),
    Enum(NAME, ("a",)),
    Domain(NAME, "other", default="other()", checks=((None, "other(VALUE)"),)),
    Composite(NAME, (("a", "other"),)),
    View(NAME, "SELECT a FROM other"),
    *(Routine(kind, NAME, f"CREATE {kind} one other", table=Name("t")) for kind in get_args(RoutineKind)),
    Entry(NAME, "policy p on t", ("CREATE POLICY p ON t",), ("DROP POLICY p ON t",)),
)
"""One of each kind, which names `other` wherever it can."""


def test_every_kind_has_a_row_and_is_tried_here() -> None:
    assert {row.value for row in KINDS.values()} == set(get_args(StoredObject))
    assert [one.kind for one in WHOLE] == [*dict.fromkeys(one.kind for one in WHOLE)]
    assert {one.kind for one in WHOLE} == set(KINDS)
    assert all(kind_of(one).value is type(one) for one in WHOLE)


@pytest.mark.parametrize("stored", WHOLE, ids=lambda one: one.kind)
def test_a_row_finds_all_that_the_kind_may_name(stored: StoredObject) -> None:
    row = kind_of(stored)
    assert ("other" in mentions(stored)) is bool(row.texts(stored))
    texts = " ".join(row.texts(stored))
    assert texts.count("other") == sum(
        str(getattr(stored, item.name)).count("other") for item in dataclasses.fields(stored)
    )


@pytest.mark.parametrize("stored", WHOLE, ids=lambda one: one.kind)
def test_a_kind_is_created_changed_and_dropped_by_its_verbs(stored: Any) -> None:
    field = next(
        (one for one in dataclasses.fields(stored) if one.compare and one.name not in ("kind", "name")), None
    )
    made = CreateObject(stored).apply(Schema())
    assert made.objects == {Key(*stored.key): stored}
    assert DropObject(stored).apply(made).objects == {}
    if field is not None:
        changed = dataclasses.replace(stored, **{field.name: getattr(stored, field.name)})
        said = ReplaceObject(stored, changed).describe()
        assert said.split()[0] in (kind_of(stored).changes, "change"), said
