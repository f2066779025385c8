"""Values that are made quickly are the frozen values that a dataclass declares."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any

import pytest

from schemadiff.schema import Check, Column, ForeignKey, Index, Name, Part, PrimaryKey, Table, Type, Unique
from schemadiff.schema.tables import plain_parts, same_columns

COLUMN = Column("a", Type("int"), nullable=False, comment="why")
VALUES: tuple[Any, ...] = (
    Type("varchar(9)"),
    COLUMN,
    PrimaryKey(("a",)),
    Unique(("a",), "uq"),
    ForeignKey(("a",), Name("t"), ("a",), on_delete="CASCADE"),
    Check("a > 0", "ck"),
    Part("a", descending=True),
    Index((Part("a"),), name="ix", unique=True),
    Table(Name("t"), (COLUMN,), PrimaryKey(("a",))),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_a_value_is_frozen_and_as_declared(value: Any) -> None:
    kind = type(value)
    fields = dataclasses.fields(kind)
    assert kind(*(getattr(value, field.name) for field in fields)) == value
    assert kind(**{field.name: getattr(value, field.name) for field in fields}) == value
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert type(again) is kind
        assert again == value
        assert hash(again) == hash(value)
    first = fields[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, first, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(value, first)
    assert dataclasses.replace(value, **{first: getattr(value, first)}) == value
    with pytest.raises(TypeError, match="another"):
        kind(*(getattr(value, field.name) for field in fields), another=1)


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_what_need_not_be_said_is_as_declared(value: Any) -> None:
    parameters = list(inspect.signature(type(value)).parameters.values())
    fields = dataclasses.fields(value)
    assert [one.name for one in parameters] == [field.name for field in fields]
    silence = [
        inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default for field in fields
    ]
    assert [one.default for one in parameters] == silence
    needed = {
        field.name: getattr(value, field.name) for field in fields if field.default is dataclasses.MISSING
    }
    made = type(value)(**needed)
    for field in fields:
        if field.default is not dataclasses.MISSING:
            assert getattr(made, field.name) is field.default


def test_columns_that_were_equal_once_are_told_from_others() -> None:
    other = dataclasses.replace(COLUMN, name="b")
    for _ in range(2):
        assert same_columns((COLUMN, other), (dataclasses.replace(COLUMN), other))
        assert not same_columns((COLUMN, other), (other, COLUMN))
        assert not same_columns((COLUMN, other), (COLUMN,))
        assert not same_columns((COLUMN,), (dataclasses.replace(COLUMN, comment=None),))
        # In another order the table is the same one.
        assert Table(Name("t"), (COLUMN, other)) == Table(Name("t"), (other, COLUMN))
    # More than are remembered at a time.
    made = [Column(f"column_{number}", Type("int")) for number in range(9000)]
    assert same_columns(tuple(made), tuple(map(dataclasses.replace, made)))
    assert not same_columns(tuple(made), (*made[:-1], COLUMN))


def test_indexes_of_columns_of_the_same_names_have_the_same_parts() -> None:
    assert plain_parts(("a", "b")) == (Part("a"), Part("b"))
    assert plain_parts(("a", "b")) is plain_parts(("a", "b"))
