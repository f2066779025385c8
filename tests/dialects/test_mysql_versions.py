"""What differs between versions of MySQL and of MariaDB, as facts with their versions."""

from __future__ import annotations

import dataclasses

import pytest

from schemadiff.dialects.mysql.canonical.types import canonical_type
from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.mariadb import MariaDB, product_of, since
from schemadiff.dialects.mysql.server.product import mysql_product

LINES = ((10, 5, 27), (10, 11, 10), (11, 4, 4))


@pytest.mark.parametrize(
    ("version", "there"),
    [
        ((10, 5, 23), False),
        ((10, 5, 27), True),
        ((10, 5, 29), True),
        ((10, 6, 27), False),
        ((10, 11, 9), False),
        ((10, 11, 10), True),
        ((11, 3, 2), False),
        ((11, 4, 4), True),
        ((12, 0, 1), True),
    ],
)
def test_a_change_came_to_each_line_with_a_release_of_its_own(version: tuple[int, ...], there: bool) -> None:
    assert since(LINES, version) is there


def test_mariadb_learned_to_copy_under_foreign_keys() -> None:
    old, new = product_of((10, 5, 23)), product_of((11, 8, 9))
    assert (old.copies_under_foreign_keys, old.whole_prefix_serves) == (False, False)
    assert (new.copies_under_foreign_keys, new.whole_prefix_serves) == (True, True)
    assert MariaDB.offline().product == product_of(MariaDB.offline().version)


def test_mysql_showed_display_widths() -> None:
    old, new = mysql_product((8, 0, 18)), mysql_product((8, 0, 19))
    assert [canonical_type("int", "", one) for one in (old, new)] == ["int(11)", "int"]
    assert [canonical_type("year", "", one) for one in (old, new)] == ["year(4)", "year"]
    assert [canonical_type("tinyint(1)", "", one) for one in (old, new)] == ["tinyint(1)", "tinyint(1)"]


@pytest.mark.parametrize(
    ("version", "computes"), [((8, 0, 12), False), ((8, 0, 13), True), ((9, 7, 0), True)]
)
def test_mysql_computes_defaults_since(version: tuple[int, ...], computes: bool) -> None:
    assert dataclasses.replace(MySQL.offline(), version=version).computes_defaults is computes
