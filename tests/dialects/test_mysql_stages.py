"""What goes together in one ALTER TABLE on MySQL and MariaDB, and in which order, by what it costs. No database."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from schemadiff.dialects.mysql.online.algorithms import Cost
from schemadiff.dialects.mysql.online.cost_groups import atoms, batches, stages
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterTable,
    CreateIndex,
    DropColumn,
    DropConstraint,
    DropIndex,
    Operation,
    RenameColumn,
)
from schemadiff.schema import (
    Check,
    Column,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Schema,
    Table,
    Type,
)

T = Name("t")
INT, BIG = Type("int"), Type("bigint")
INSTANT, ONLINE, SHARED, COPY = Cost


def _column(name: str, kind: Type = INT, **words: object) -> Column:
    return Column(name, kind, **words)  # type: ignore[arg-type]


def _index(name: str, *columns: str) -> Index:
    return Index(tuple(map(Part, columns)), name)


KEY = ForeignKey(("p",), Name("parent"), ("id",), "fk")
TABLE = Table(
    T,
    tuple(_column(name) for name in ("id", "a", "b", "p")),
    primary_key=PrimaryKey(("id",)),
    indexes=(_index("by_p", "p"), _index("by_a", "a")),
    foreign_keys=(KEY,),
)
BEFORE = Schema({T: TABLE})

add_n = AddColumn(T, _column("n"))
add_m = AddColumn(T, _column("m"))
widen_a = AlterColumn(T, _column("a"), _column("a", BIG))
drop_b = DropColumn(T, _column("b"))
index_n = CreateIndex(T, _index("by_n", "n"))
index_b = CreateIndex(T, _index("by_b", "b"))
drop_by_a = DropIndex(T, _index("by_a", "a"))
drop_a = DropColumn(T, _column("a"))
add_key = AddConstraint(T, ForeignKey(("n",), Name("parent"), ("id",), "fk_n"))
drop_key = DropConstraint(T, KEY)
check_n = AddConstraint(T, Check("n > 0", "ck"))
text_n = CreateIndex(T, Index((Part("n"),), "ft", kind="FULLTEXT"))
null_b = AlterColumn(T, _column("b", nullable=False), _column("b"))
widen_b = AlterColumn(T, _column("b"), _column("b", BIG))
index_a_b = CreateIndex(T, _index("by_a_b", "a", "b"))
rename_b = RenameColumn(T, "b", "c")


def _staged(costs: dict[Operation, Cost]) -> tuple[tuple[Operation, ...], ...]:
    operations = tuple(costs)
    parts = atoms(operations, BEFORE)
    told = [max(costs[one] for one in part) for part in parts]
    return stages(parts, told, operations, BEFORE)


@pytest.mark.parametrize(
    ("costs", "wanted"),
    [
        ({add_n: INSTANT, index_b: ONLINE}, [(add_n,), (index_b,)]),
        ({add_n: INSTANT, widen_a: COPY, index_n: ONLINE}, [(add_n,), (widen_a,), (index_n,)]),
        ({widen_a: COPY, null_b: ONLINE}, [(widen_a, null_b)]),
        ({drop_by_a: ONLINE, drop_a: INSTANT, add_n: INSTANT}, [(drop_by_a,), (drop_a, add_n)]),
        ({add_n: INSTANT, index_n: ONLINE, text_n: SHARED}, [(add_n,), (index_n,), (text_n,)]),
        ({index_b: ONLINE, widen_a: COPY}, [(widen_a,), (index_b,)]),
        # An index is filled row by row in a copy, also where the revision has it before the change of its column.
        ({index_b: ONLINE, widen_b: COPY}, [(widen_b,), (index_b,)]),
        ({index_b: ONLINE, widen_a: COPY, null_b: ONLINE}, [(widen_a, null_b), (index_b,)]),
        ({add_n: INSTANT, index_b: ONLINE, null_b: INSTANT, widen_a: COPY}, None),
        # What builds on an index comes after it, and an index that is to go makes the copy shorter.
        ({index_a_b: ONLINE, drop_by_a: ONLINE, widen_b: COPY}, [(widen_b,), (index_a_b, drop_by_a)]),
        ({drop_by_a: ONLINE, widen_b: COPY}, [(drop_by_a, widen_b)]),
        ({index_b: ONLINE, rename_b: INSTANT, widen_a: COPY}, [(widen_a,), (index_b,), (rename_b,)]),
        ({add_n: INSTANT, index_n: ONLINE, add_key: COPY}, [(add_n,), (index_n, add_key)]),
        ({drop_key: ONLINE, widen_a: COPY, add_n: INSTANT, add_key: COPY}, None),
        ({add_n: COPY, add_m: INSTANT}, [(add_n, add_m)]),
    ],
)
def test_what_costs_the_same_is_one_stage(
    costs: dict[Operation, Cost], wanted: Sequence[tuple[Operation, ...]] | None
) -> None:
    found = _staged(costs)
    if wanted is None and add_key in costs:
        # What is dropped and added again does not fit into one statement.
        assert found.index((widen_a, add_key)) == len(found) - 1
    elif wanted is None:
        assert [set(stage) for stage in found] == [{add_n, null_b}, {widen_a}, {index_b}]
    wanted = found if wanted is None else wanted
    assert list(found) == list(wanted)
    assert sorted(map(repr, (one for stage in found for one in stage))) == sorted(map(repr, costs))


@pytest.mark.parametrize(
    "operations",
    [
        (DropConstraint(T, PrimaryKey(("id",))), AddConstraint(T, PrimaryKey(("id", "a")))),
        (AddColumn(T, _column("n", autoincrement=True)), index_n),
        (DropIndex(T, _index("by_p", "p")), CreateIndex(T, _index("by_p_a", "p", "a"))),
        (add_n, check_n),
        (drop_by_a, CreateIndex(T, _index("by_a", "a", "b"))),
        (RenameColumn(T, "a", "c"), AlterColumn(T, _column("c"), _column("c", BIG))),
        (widen_a, AddColumn(T, _column("g", generated=Generated("a + 1", stored=False)))),
        (AlterTable(T, Options(charset="latin1"), Options(charset="utf8mb4")), index_b),
    ],
)
def test_what_needs_each_other_is_one_atom(operations: tuple[Operation, ...]) -> None:
    assert atoms(operations, BEFORE) == (operations,)
    apart = (*operations, add_m)
    assert len(atoms(apart, BEFORE)) <= 2


def test_what_is_alike_is_one_question() -> None:
    """Whatever the number of columns, and each question after those that it builds on."""
    names = [f"c{number}" for number in range(60)]
    table = Table(T, tuple(_column(name) for name in names))
    before = Schema({T: table})
    operations: list[Operation] = [AlterColumn(T, _column(name), _column(name, BIG)) for name in names]
    operations[20] = AlterColumn(T, _column("c20"), _column("c20", nullable=False))
    operations += [CreateIndex(T, _index(f"by_{name}", name)) for name in names]
    parts = atoms(operations, before)
    found = batches(parts, before)
    assert sorted(number for batch in found for number in batch) == list(range(len(parts)))
    assert sorted(map(len, found)) == [1, 59, 60]
    assert {type(one) for number in found[-1] for one in parts[number]} == {CreateIndex}
