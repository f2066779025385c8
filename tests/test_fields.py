"""Every attribute of what is compared has its row in `schema.fields`, and means the same wherever it is said."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import pytest

from schemadiff.schema import Column, Constraint, Index, Name, Options, Part, PrimaryKey, Type
from schemadiff.schema.fields import FIELDS, REQUIRED, from_words, having, lacking, words
from schemadiff.schema.tables import Check, Exclude, ForeignKey, Unique

OWNERS = (Column, Index, Options, *get_args(Constraint))
WHOLE: tuple[Any, ...] = (
    Column("a", Type("int"), visible=False, srid=4326, attributes=("STORAGE EXTERNAL",)),
    Index((Part("a"),), "ix", valid=False, visible=False, comment="why"),
    PrimaryKey(("a",), without_overlaps=True),
    Unique(("a",), without_overlaps=True),
    ForeignKey(("a",), Name("t"), ("a",), period=True, enforced=False),
    Check("a > 0", inherited=False, enforced=False),
)
"""One of each kind that ``info`` has words for, with all of them said."""


@pytest.mark.parametrize("owner", OWNERS, ids=lambda one: one.__name__)
def test_what_is_compared_has_a_row_and_nothing_else(owner: type) -> None:
    fields = [field for field in dataclasses.fields(owner) if field.compare]
    silence = {
        field.name: REQUIRED if field.default is dataclasses.MISSING else field.default for field in fields
    }
    assert {row.name: row.silence for row in FIELDS[owner]} == silence, "add the row, and a story"
    assert len(FIELDS[owner]) == len(silence), "one row each"


@pytest.mark.parametrize("value", WHOLE, ids=lambda one: type(one).__name__)
def test_what_is_said_is_read_as_it_was(value: Any) -> None:
    said = words(value)
    assert list(said) == [row.name for row in FIELDS[type(value)] if row.unsaid], "one is not tried here"
    silent = dataclasses.replace(
        value, **{row.name: row.silence for row in FIELDS[type(value)] if row.unsaid}
    )
    assert words(silent) == {}
    assert dataclasses.replace(silent, **from_words(type(value), said)) == value


def test_every_kind_that_has_words_is_tried() -> None:
    assert {type(one) for one in WHOLE} == {
        owner for owner, rows in FIELDS.items() if any(row.unsaid for row in rows)
    }
    assert set(FIELDS) == set(OWNERS)
    assert Exclude in FIELDS


def test_what_a_product_lacks_is_taken_off() -> None:
    restricted = lacking(Index, "visible", "comment")
    plain = Index((Part("a"),), "ix", valid=False)
    assert restricted(dataclasses.replace(plain, visible=False, comment="why")) == plain
    assert restricted(plain) is plain
    column = Column("a", Type("int"), comment="why", on_update="now()", srid=1, visible=False)
    kept = having(Column, "srid", without=("comment",))(column)
    assert kept == Column("a", Type("int"), srid=1), "special ones go but for those that it has"
    with pytest.raises(AssertionError):
        lacking(Index, "parts", "comment")
