"""The operations of revisions, a closed set of values: `tables`, `in_place` and `objects`, all of them found here."""

from schemadiff.operations.in_place import AlterConstraint, AlterIndex, InPlace, RenameConstraint, RenameIndex
from schemadiff.operations.subject import touched
from schemadiff.operations.tables import (
    AddColumn,
    AddConstraint,
    AlterColumn,
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
    RenameTable,
    Run,
    nothing,
)

__all__ = [
    "AddColumn",
    "AddConstraint",
    "AlterColumn",
    "AlterConstraint",
    "AlterIndex",
    "AlterTable",
    "CreateIndex",
    "CreateTable",
    "DropColumn",
    "DropConstraint",
    "DropIndex",
    "DropTable",
    "Execute",
    "Found",
    "InPlace",
    "Operation",
    "RenameColumn",
    "RenameConstraint",
    "RenameIndex",
    "RenameTable",
    "Run",
    "nothing",
    "touched",
]
