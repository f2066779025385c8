"""Every operation as the JSON format writes it is as published."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

import pytest

from schemadiff.cli.output import plan_json
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterIndex,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    Run,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from schemadiff.schema import (
    Check,
    Column,
    Constraint,
    Exclude,
    ForeignKey,
    Generated,
    Index,
    Name,
    Options,
    Part,
    PrimaryKey,
    Table,
    Type,
    Unique,
    View,
)
from tests.cli.schemas import checked_operation

T, V = Name("t"), Name("v", "s")
X = Column("x", Type("INTEGER"), generated=Generated("y + 1", True))
ENUM = Column("x", Type("mood", ("glad", "sad")))
INDEX = Index((Part("x", length=3), Part(expression="lower(y)")), "ix")
CONSTRAINTS: tuple[Constraint, ...] = (
    PrimaryKey(("x",)),
    Unique(("x",), "uq"),
    ForeignKey(("x",), V, ("id",), "fk"),
    Check("x > 0", None),
    Exclude((Part("x"),), ("&&",), "ex"),
)


def fill(connection: object) -> None:
    """What a revision runs."""


SAMPLES: tuple[Operation, ...] = (
    CreateTable(Table(V, (X,))),
    DropTable(Table(T, (X,))),
    RenameTable(T, V),
    AlterTable(T, Options(), Options(comment="c", extra=(("STRICT", ""),))),
    AddColumn(T, X),
    DropColumn(T, X),
    AlterColumn(T, X, ENUM),
    RenameColumn(T, "x", "y"),
    CreateIndex(T, INDEX),
    DropIndex(T, INDEX),
    *(AddConstraint(T, one) for one in CONSTRAINTS),
    *(DropConstraint(T, one) for one in CONSTRAINTS),
    RenameIndex(T, INDEX, dataclasses.replace(INDEX, name="iy")),
    AlterIndex(T, INDEX, dataclasses.replace(INDEX, visible=False)),
    *(RenameConstraint(T, one, dataclasses.replace(one, name="other")) for one in CONSTRAINTS),
    *(AlterConstraint(T, one, dataclasses.replace(one, comment="why")) for one in CONSTRAINTS),
    CreateObject(View(V, "SELECT 1")),
    DropObject(View(V, "SELECT 1")),
    ReplaceObject(View(V, "SELECT 1"), View(V, "SELECT 2")),
    Execute("UPDATE t SET x = 1", only=("mysql",)),
    Run(fill),
    Found(AddColumn(T, X)),
)


def test_no_operation_is_missing() -> None:
    def kinds(union: object) -> set[object]:
        return {kind for one in get_args(union) for kind in kinds(one)} or {union}

    assert {type(one) for one in SAMPLES} == kinds(Operation)


@pytest.mark.parametrize("operation", SAMPLES, ids=lambda one: one.describe())
def test_an_operation_is_as_published(operation: Operation) -> None:
    (told,) = plan_json.operations([operation])
    found = checked_operation(json.loads(json.dumps(told)))
    inner = operation.operation if isinstance(operation, Found) else operation
    assert found["description"] == inner.describe()
