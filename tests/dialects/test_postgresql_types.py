"""Enumerated types and domains: what somebody changed by hand is named by check and put back byte by byte; what cannot
be changed is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, ENUM

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.errors import StepError, UnsupportedError
from tests import postgresql_catalog
from tests.clients import run_script

pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.once]

BY_HAND = {
    "a value that nobody uses": ["ALTER TYPE lone ADD VALUE 'c'"],
    "a value first": ["ALTER TYPE lone ADD VALUE 'z' BEFORE 'a'"],
    "another name for a value": ["ALTER TYPE lone RENAME VALUE 'a' TO 'aa'"],
    "no lone type": ["DROP TYPE lone"],
    "no lone type in another schema": ["DROP TYPE other.far"],
    "a lone type in another schema": ["ALTER TYPE other.far ADD VALUE 'n'"],
    "a column for the lone type": ["ALTER TABLE item ADD COLUMN l lone DEFAULT 'a'"],
    "a column for the lone type, with a new value": [
        "ALTER TYPE lone ADD VALUE 'c'",
        "ALTER TABLE item ADD COLUMN l lone[]",
    ],
    "a value of a type of columns": ["ALTER TYPE mood ADD VALUE 'angry' BEFORE 'sad'"],
    "another name for a value of columns": ["ALTER TYPE mood RENAME VALUE 'glad' TO 'angry'"],
    "another name for a type": ["ALTER TYPE mood RENAME TO temper"],
    "a type in another schema": ["ALTER TYPE other.pace ADD VALUE 'still'"],
    "a value less": [
        "ALTER TABLE item ALTER COLUMN moods DROP DEFAULT",
        "ALTER TABLE item ALTER COLUMN moods TYPE text[]",
        "ALTER TABLE item ALTER COLUMN mood DROP DEFAULT",
        "ALTER TABLE item ALTER COLUMN mood TYPE text",
        "DROP TYPE mood",
        "CREATE TYPE mood AS ENUM ('sad')",
        "ALTER TABLE item ALTER COLUMN mood TYPE mood USING mood::mood",
        "ALTER TABLE item ALTER COLUMN mood SET DEFAULT 'sad'",
        "ALTER TABLE item ALTER COLUMN moods TYPE mood[] USING moods::mood[]",
        "ALTER TABLE item ALTER COLUMN moods SET DEFAULT '{sad}'",
    ],
    "no default of an enumerated column": ["ALTER TABLE item ALTER COLUMN mood DROP DEFAULT"],
    "another default of an enumerated column": ["ALTER TABLE item ALTER COLUMN mood SET DEFAULT 'glad'"],
    "another default of an array": ["ALTER TABLE item ALTER COLUMN moods SET DEFAULT ARRAY['glad']::mood[]"],
    "no array": [
        "ALTER TABLE item ALTER COLUMN moods DROP DEFAULT",
        "ALTER TABLE item ALTER COLUMN moods TYPE mood USING moods[1]",
    ],
    "no default of a domain": ["ALTER DOMAIN size DROP DEFAULT"],
    "another default of a domain": ["ALTER DOMAIN size SET DEFAULT 7"],
    "a default for a domain": ["ALTER DOMAIN code SET DEFAULT 'x'"],
    "NULL for a domain": ["ALTER DOMAIN size DROP NOT NULL"],
    "no NULL for a domain": ["ALTER DOMAIN code SET NOT NULL"],
    "one CHECK more": ["ALTER DOMAIN size ADD CHECK (VALUE < 50)"],
    "a named CHECK more": ["ALTER DOMAIN size ADD CONSTRAINT small CHECK (VALUE < 50)"],
    "three CHECKs more": [
        "ALTER DOMAIN size ADD CHECK (VALUE < 50)",
        "ALTER DOMAIN size ADD CHECK (VALUE < 60)",
        "ALTER DOMAIN code ADD CONSTRAINT more CHECK (VALUE <> 'b')",
    ],
    "no CHECK": ["ALTER DOMAIN size DROP CONSTRAINT size_check"],
    "another CHECK": [
        "ALTER DOMAIN size DROP CONSTRAINT size_check",
        "ALTER DOMAIN size ADD CHECK (VALUE > 1)",
    ],
    "another name for a CHECK": ["ALTER DOMAIN code RENAME CONSTRAINT lower_case TO small"],
    "a name for a CHECK": ["ALTER DOMAIN size RENAME CONSTRAINT size_check TO positive"],
    "an array, NULL for a domain": ["ALTER DOMAIN weight DROP NOT NULL"],
    "an array, no CHECK": ["ALTER DOMAIN weight DROP CONSTRAINT weight_check"],
    "an array, a default": ["ALTER DOMAIN weight SET DEFAULT 7"],
    "an array, another name for a CHECK": ["ALTER DOMAIN weight RENAME CONSTRAINT weight_check TO heavy"],
    "another type below": [
        "CREATE DOMAIN code_ AS text COLLATE \"C\" CONSTRAINT lower_case CHECK (VALUE ~ '^[a-z]+$')",
        "ALTER TABLE item ALTER COLUMN code TYPE code_",
        "DROP DOMAIN code",
        "ALTER DOMAIN code_ RENAME TO code",
    ],
    "another collation": [
        "CREATE DOMAIN code_ AS varchar(9) COLLATE \"POSIX\" CONSTRAINT lower_case CHECK (VALUE ~ '^[a-z]+$')",
        "ALTER TABLE item ALTER COLUMN code TYPE code_",
        "DROP DOMAIN code",
        "ALTER DOMAIN code_ RENAME TO code",
    ],
    "a CHECK that is not valid": [
        "ALTER DOMAIN size DROP CONSTRAINT size_check",
        "ALTER DOMAIN size ADD CHECK (VALUE > 0) NOT VALID",
    ],
    "no lone domain": ["DROP DOMAIN lonely"],
    "another lone domain": ["ALTER DOMAIN lonely SET NOT NULL"],
    "a domain in another schema": ["ALTER DOMAIN other.far_size SET DEFAULT 3"],
}


def models() -> sa.MetaData:
    metadata = sa.MetaData()
    ENUM("a", "b", name="lone", metadata=metadata)
    sa.Enum("f", name="far", schema="other", metadata=metadata)
    DOMAIN("lonely", sa.Integer, metadata=metadata)
    mood = sa.Enum("sad", "glad", name="mood")
    sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mood", mood, server_default="sad"),
        sa.Column("moods", ARRAY(mood), server_default="{sad}"),
        sa.Column("pace", sa.Enum("slow", "fast", name="pace", schema="other", metadata=metadata)),
        sa.Column("size", DOMAIN("size", sa.Integer, check="VALUE > 0", default="5", not_null=True)),
        sa.Column("weights", ARRAY(DOMAIN("weight", sa.Integer, check="VALUE > 0", not_null=True))),
        sa.Column(
            "code",
            DOMAIN(
                "code", sa.String(9), collation="C", check="VALUE ~ '^[a-z]+$'", constraint_name="lower_case"
            ),
        ),
        sa.Column("far", DOMAIN("far_size", sa.Integer, schema="other")),
    )
    return metadata


@pytest.mark.parametrize("case", BY_HAND)
def test_put_back(case: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    url, fresh = fresh_database("postgresql"), fresh_database("postgresql")
    with connected(fresh, changes=True) as (connection, _):
        connection.exec_driver_sql("CREATE SCHEMA other")
        models().create_all(connection)
        connection.commit()
        assert not schemadiff.check(connection, models(), tmp_path / "none")
        wanted = _said(connection)
    schemadiff.plan(url, models(), tmp_path, message="models")
    schemadiff.apply(url, tmp_path)
    assert _catalog(url) == wanted
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql("INSERT INTO item (mood, size, code) VALUES ('sad', 6, 'a')")
        for sql in BY_HAND[case]:
            connection.exec_driver_sql(sql)
        connection.commit()
    changed = _catalog(url)
    assert changed != wanted

    assert schemadiff.check(url, models(), tmp_path).drifted
    assert schemadiff.plan(url, models(), tmp_path, message="put back", no_renames=True).path
    schemadiff.apply(url, tmp_path, allow=["all"])
    assert not schemadiff.check(url, models(), tmp_path)
    assert _catalog(url) == wanted


def test_values_that_do_not_fit_are_refused(fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    url = fresh_database("postgresql")
    schemadiff.plan(url, _of_domain(sa.String(9)), tmp_path, message="one")
    schemadiff.apply(url, tmp_path)
    with connected(url, changes=True) as (connection, _):
        connection.exec_driver_sql("INSERT INTO item VALUES (1, 'abcdefgh')")
        connection.commit()
    before = _catalog(url)
    schemadiff.plan(url, _of_domain(sa.String(5)), tmp_path, message="two")
    with pytest.raises(StepError, match="value too long"):
        schemadiff.apply(url, tmp_path)
    assert _catalog(url) == before


def test_a_domain_that_another_is_made_of_is_refused(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("postgresql")
    for kind, message in ((sa.String(9), "one"), (sa.Text(), "two")):
        metadata = _of_domain(kind)
        DOMAIN("a_code", DOMAIN("code", kind), metadata=metadata)
        if message == "two":
            with pytest.raises(UnsupportedError, match='while the domain "a_code" is made of it'):
                schemadiff.plan(url, metadata, tmp_path, message=message)
            return
        schemadiff.plan(url, metadata, tmp_path, message=message)
        schemadiff.apply(url, tmp_path)


@pytest.mark.parametrize("goes", [True, False], ids=["goes", "comes"])
def test_between_two_databases_a_type_goes_with_its_last_column(
    goes: bool, fresh_database: Callable[[str], str]
) -> None:
    one, other = fresh_database("postgresql"), fresh_database("postgresql")
    for url, with_types in ((one, goes), (other, not goes)):
        with connected(url, changes=True) as (connection, _):
            connection.exec_driver_sql("CREATE SCHEMA other")
            (models() if with_types else _of_domain(sa.Text())).create_all(connection)
            connection.commit()
    assert run_script(one, "\n".join(schemadiff.diff(one, other).script)) == ""
    assert not schemadiff.diff(one, other)
    assert _catalog(one) == _catalog(other)


@pytest.mark.parametrize("there", [True, False], ids=["schema is there", "no schema"])
def test_the_schema_of_a_type_comes_first(
    there: bool, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url, metadata = fresh_database("postgresql"), sa.MetaData()
    pace = sa.Enum("slow", "fast", name="pace", schema="other")
    sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("pace", pace))
    with connected(url, changes=True) as (connection, _):
        for sql in ("CREATE SCHEMA other", "CREATE TABLE other.somebodys (id integer)") if there else ():
            connection.exec_driver_sql(sql)
        connection.commit()
    planned = schemadiff.plan(url, metadata, tmp_path, message="type")
    assert ("CREATE SCHEMA" in "\n".join(planned.plan.statements)) is not there
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path)
    schemadiff.rollback(url, tmp_path, allow=["all"])
    with connected(url) as (connection, _):
        assert sa.inspect(connection).has_schema("other") is there


def _of_domain(kind: sa.types.TypeEngine[str]) -> sa.MetaData:
    metadata = sa.MetaData()
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("code", DOMAIN("code", kind))]
    sa.Table("item", metadata, *columns)
    return metadata


def _catalog(url: str) -> dict[str, list[str]]:
    with connected(url) as (connection, _):
        return _said(connection)


def _said(connection: sa.Connection) -> dict[str, list[str]]:
    """The catalog, with the columns' defaults."""
    defaults = connection.exec_driver_sql(
        "SELECT concat_ws(' ', attrelid::regclass, attname, pg_get_expr(adbin, adrelid)) "
        "FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum ORDER BY 1"
    )
    return {**postgresql_catalog.catalog(connection), "default": list(defaults.scalars())}
