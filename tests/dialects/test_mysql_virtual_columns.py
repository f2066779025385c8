"""Columns that become VIRTUAL or stop being so: what goes and comes with them in one ALTER. No server."""

from __future__ import annotations

import dataclasses

import pytest

from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.mariadb import MariaDB
from schemadiff.dialects.mysql.sql.virtual_columns import is_rebuild, subtracts_unsigned
from schemadiff.operations import AlterColumn
from schemadiff.schema import Check, Column, Generated, Index, Name, Part, PrimaryKey, Schema, Table, Type

T = Name("t")
ID, P = Column("id", Type("int"), False), Column("p", Type("int"), True)
VIRTUAL, STORED = Generated("p + 1", False), Generated("p + 1", True)
G = Column("g", Type("int"), True, generated=VIRTUAL)
PRODUCTS = {"mysql": MySQL.offline(), "mariadb": MariaDB.offline()}
DROPS = {"mysql": "DROP CHECK `ck_g`", "mariadb": "DROP CONSTRAINT `ck_g`"}


def table(*columns: Column, indexes: tuple[Index, ...] = (), checks: tuple[Check, ...] = ()) -> Table:
    return Table(T, (ID, P, *columns), PrimaryKey(("id",)), indexes=indexes, checks=checks)


def statements(product: str, before: Table, name: str, generated: Generated | None) -> list[str]:
    dialect = PRODUCTS[product]
    known = dialect.canonical(before)
    column = known.column(name)
    assert column
    after = dataclasses.replace(column, generated=generated)
    found = dialect.statements([AlterColumn(T, column, after)], Schema({T: known}))
    return [" ".join(one.sql.split()).replace("int(11)", "int") for one in found]  # MariaDB shows a width


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_plain_column_gets_its_values_from_a_default(product: str) -> None:
    """A second statement takes that away. Index and CHECK, which the drop would take, come in the same ALTER."""
    before = table(G, indexes=(Index((Part("g"),), "ix_g"),), checks=(Check("g > 0", "ck_g"),))
    assert statements(product, before, "g", None) == [
        f"ALTER TABLE `t` DROP INDEX `ix_g`, {DROPS[product]}, DROP COLUMN `g`, "
        "ADD COLUMN `g` int NULL DEFAULT (p + 1), ADD INDEX `ix_g` (`g`), ADD CONSTRAINT `ck_g` CHECK (g > 0)",
        "ALTER TABLE `t` MODIFY COLUMN `g` int NULL",
    ]


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_stored_one_computes_its_values_itself(product: str) -> None:
    assert statements(product, table(G), "g", STORED) == [
        "ALTER TABLE `t` DROP COLUMN `g`, ADD COLUMN `g` int GENERATED ALWAYS AS (p + 1) STORED"
    ]


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_column_becomes_virtual(product: str) -> None:
    q = Column("q", Type("int"), True)
    assert statements(product, table(q), "q", VIRTUAL) == [
        "ALTER TABLE `t` DROP COLUMN `q`, ADD COLUMN `q` int GENERATED ALWAYS AS (p + 1) VIRTUAL"
    ]


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_computed_from_it_comes_again(product: str) -> None:
    """The servers refuse to drop a column that a generated one speaks of (MySQL 3108, MariaDB 4029)."""
    h = Column("h", Type("int"), True, generated=Generated("g + 1", False))
    (alter,) = statements(product, table(G, h), "g", STORED)
    assert alter.count("DROP COLUMN") == alter.count("ADD COLUMN") == 2
    assert alter.index("ADD COLUMN `g`") < alter.index("ADD COLUMN `h`")


@pytest.mark.parametrize(
    ("before", "after", "rebuilt"),
    [
        (VIRTUAL, None, True),
        (None, VIRTUAL, True),
        (VIRTUAL, STORED, True),
        (STORED, VIRTUAL, True),
        (STORED, None, False),
        (None, STORED, False),
        (VIRTUAL, Generated("p + 2", False), False),
        (None, None, False),
    ],
)
def test_which_changes_take_a_new_column(
    before: Generated | None, after: Generated | None, rebuilt: bool
) -> None:
    change = AlterColumn(T, dataclasses.replace(G, generated=before), dataclasses.replace(G, generated=after))
    assert is_rebuild(change) is rebuilt


@pytest.mark.parametrize(
    ("kind", "default", "may"),
    [
        ("int unsigned", "(p - 1)", True),
        ("bit(8)", "(p - 1)", True),
        ("int", "(p - 1)", False),
        ("int unsigned", "(p + 1)", False),
        ("int", "(cast(1 as unsigned) - 2)", True),
    ],
)
def test_a_difference_of_unsigned_numbers_is_known(kind: str, default: str, may: bool) -> None:
    before = Table(T, (ID, Column("p", Type(kind), True)))
    assert subtracts_unsigned(Column("c", Type("int"), True, default=default), before) is may
