"""A table that is settled without being aligned is the one that aligning it makes."""

import dataclasses
from collections.abc import Iterator

import pytest

from schemadiff.compare.align import align_table, is_settled
from schemadiff.dialects import Dialect
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.schema import (
    Check,
    Column,
    Exclude,
    ForeignKey,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Table,
    Type,
    Unique,
)

DIALECTS = [offline_dialect(name) for name in ("sqlite", "postgresql", "mysql", "mariadb")]

KEY = ForeignKey(("b",), Name("other"), ("id",))
LIVE = Table(
    Name("t"),
    (Column("a", Type("integer")), Column("b", Type("integer"), nullable=False)),
    PrimaryKey(("a",), "t_pkey"),
    (Unique(("b",), "t_b_key"),),
    (Index((Part("b"),), "t_ibfk_1", implicit=True), Index((Part("a"), Part("b")), "ix")),
    (
        dataclasses.replace(KEY, name="t_ibfk_1"),
        dataclasses.replace(KEY, name="t_ibfk_2", on_delete="CASCADE"),
    ),
    (Check("a > 1", "t_chk_1"), Check("a > 2", "named")),
    excludes=(Exclude((Part("a"),), ("=",), "t_excl"),),
)
BARE = dataclasses.replace(
    LIVE,
    primary_key=PrimaryKey(("a",)),
    uniques=(Unique(("b",)),),
    indexes=LIVE.indexes[1:],
    foreign_keys=tuple(dataclasses.replace(one, name=None) for one in LIVE.foreign_keys),
    checks=(Check("a > 1"), LIVE.checks[1]),
    excludes=(dataclasses.replace(LIVE.excludes[0], name=None),),
)


def others() -> Iterator[Table]:
    """What differs from `BARE` in one thing."""
    first, second = BARE.foreign_keys
    for change in (
        {"columns": BARE.columns[::-1]},
        {"columns": BARE.columns[:1]},
        {"columns": (BARE.columns[0], dataclasses.replace(BARE.columns[1], nullable=True))},
        {"columns": (BARE.columns[0], dataclasses.replace(BARE.columns[1], visible=True))},
        {"columns": (BARE.columns[0], dataclasses.replace(BARE.columns[1], kept=("default",)))},
        {"primary_key": None},
        {"primary_key": PrimaryKey(("b",))},
        {"primary_key": PrimaryKey(("a",), "mine")},
        {"uniques": ()},
        {"uniques": (Unique(("b",), "t_pkey"),)},
        {"uniques": (Unique(("b",), nulls_distinct=False),)},
        {"indexes": ()},
        {"indexes": LIVE.indexes},
        {"indexes": (Index((Part("a"), Part("b"))),)},
        {"indexes": (Index((Part("a"), Part("b", descending=True)), "ix"),)},
        {"indexes": (*BARE.indexes, Index((Part("b"),), "T_IBFK_1"))},
        {"foreign_keys": (second, first)},
        {"foreign_keys": (first, first)},
        {"foreign_keys": (first,)},
        {"foreign_keys": (first, dataclasses.replace(second, name="t_ibfk_1"))},
        {"foreign_keys": (first, dataclasses.replace(second, not_valid=True, written=second))},
        {"checks": BARE.checks[::-1]},
        {"checks": (Check("a > 1"), Check("a > 2"))},
        {"checks": (Check("a > 1"), Check("a > 3", "named"))},
        {"checks": (Check("a > 1"), Check("a > 1"))},
        {"options": Options(comment="other")},
        {"excludes": ()},
    ):
        yield dataclasses.replace(BARE, **change)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_what_is_settled_is_what_it_is_aligned_to(dialect: Dialect) -> None:
    # Only MySQL and MariaDB make indexes by themselves.
    made = dialect.copies_for_foreign_keys
    live = LIVE if made else dataclasses.replace(LIVE, indexes=BARE.indexes)
    known = [live, BARE, *(one for one in others() if made or one.indexes != LIVE.indexes)]
    settled = [
        (current, desired) for current in known for desired in known if is_settled(current, desired, dialect)
    ]
    for current, desired in settled:
        assert align_table(current, desired, dialect) == current
    assert ((live, BARE) in settled) is dialect.makes_names
