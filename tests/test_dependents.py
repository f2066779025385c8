"""Checks and indexes that mention a column whose type changes go before that and come again after."""

from __future__ import annotations

import dataclasses

from schemadiff.compare import dependents
from schemadiff.dialects.postgresql.dialect import PostgreSQL
from schemadiff.operations import (
    AddConstraint,
    AlterColumn,
    CreateIndex,
    DropConstraint,
    DropIndex,
    Operation,
)
from schemadiff.schema import Check, Column, Index, Name, Part, Schema, Table, Type

SERVER = PostgreSQL(15, "public")
T = Name("t")
A = Column("a", Type("integer"), True)
LONG = Column("v", Type("character varying(3)"), True)
PADDED = dataclasses.replace(LONG, type=Type("character(3)"))
MENTIONS, OTHER = Check("v like 'a%'", "ck_v"), Check("a > 0", "ck_a")
PARTIAL, PLAIN = Index((Part("a"),), "ix_a", where="v = 'x'"), Index((Part("v"),), "ix_v")
BEFORE = Table(T, (LONG, A), checks=(MENTIONS, OTHER), indexes=(PARTIAL, PLAIN))
AFTER = dataclasses.replace(BEFORE, columns=(PADDED, A))


def around(operation: Operation, after: Table = AFTER) -> tuple[Operation, ...]:
    current, desired = (Schema({T: table}) for table in (BEFORE, after))
    return dependents.around([operation], current, desired, desired, SERVER)


def test_what_mentions_the_column_goes_and_comes_again() -> None:
    """Blanks count in a varchar and do not in a char, so the server's text means something else afterwards."""
    change = AlterColumn(T, LONG, PADDED)
    assert around(change) == (
        DropConstraint(T, MENTIONS),
        DropIndex(T, PARTIAL),
        change,
        AddConstraint(T, MENTIONS),
        CreateIndex(T, PARTIAL),
    )


def test_what_is_not_wanted_any_more_does_not_come_again() -> None:
    change = AlterColumn(T, LONG, PADDED)
    found = around(change, dataclasses.replace(AFTER, checks=(OTHER,), indexes=(PLAIN,)))
    assert found == (DropConstraint(T, MENTIONS), DropIndex(T, PARTIAL), change)


def test_another_change_of_the_column_takes_nothing_along() -> None:
    for after in (dataclasses.replace(LONG, default="'x'"), dataclasses.replace(LONG, nullable=False)):
        change = AlterColumn(T, LONG, after)
        assert around(change, dataclasses.replace(BEFORE, columns=(after, A))) == (change,)
