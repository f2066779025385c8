"""What somebody sets by hand and SQLAlchemy has no word for: named, and kept by whatever changes the column next, where
the models do not say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.shared.verbatim import VERBATIM

pytestmark = pytest.mark.once

MYSQL, MARIADB = pytest.mark.engines("mysql"), pytest.mark.engines("mariadb")


def models(kind: sa.String) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(
        "note",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("text", kind),
    )
    return metadata


def run(url: str, sql: str) -> None:
    with connected(url) as (connection, _):
        connection.exec_driver_sql(sql, execution_options=VERBATIM)


def shown(url: str) -> str:
    with connected(url) as (connection, _):
        return str(connection.exec_driver_sql("SHOW CREATE TABLE note").one()[1])


@pytest.mark.parametrize(
    ("engine", "attribute", "words"),
    [
        pytest.param("mysql", "INVISIBLE", "visible yes -> no", marks=MYSQL),
        pytest.param("mysql", "COLUMN_FORMAT FIXED", "attributes none -> COLUMN_FORMAT FIXED", marks=MYSQL),
        pytest.param("mysql", "STORAGE DISK", "attributes none -> STORAGE DISK", marks=MYSQL),
        pytest.param("mariadb", "INVISIBLE", "visible yes -> no", marks=MARIADB),
        pytest.param("mariadb", "COMPRESSED", "attributes none -> COMPRESSED", marks=MARIADB),
    ],
)
def test_an_attribute_is_named_and_kept(
    engine: str, attribute: str, words: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database(engine)
    before, after = models(sa.String(50)), models(sa.String(80))
    schemadiff.plan(url, before, tmp_path)
    schemadiff.apply(url, tmp_path)
    run(url, f"ALTER TABLE note MODIFY COLUMN text varchar(50) {attribute}")

    drift = schemadiff.check(url, before, tmp_path)
    assert words in drift.drifted[0].describe()
    schemadiff.plan(url, after, tmp_path, message="longer")
    schemadiff.apply(url, tmp_path)
    assert attribute in shown(url)
    assert not schemadiff.check(url, after, tmp_path)
    schemadiff.rollback(url, tmp_path)
    assert attribute not in shown(url), "the revision before it says nothing of it"
    assert not schemadiff.check(url, after, tmp_path).drifted


@pytest.mark.parametrize(
    ("engine", "attribute", "told"),
    [
        pytest.param("mysql", "INVISIBLE", {"visible": True}, marks=MYSQL),
        pytest.param("mysql", "COLUMN_FORMAT FIXED", {"attributes": []}, marks=MYSQL),
        pytest.param("mariadb", "INVISIBLE", {"visible": True}, marks=MARIADB),
        pytest.param("mariadb", "COMPRESSED", {"attributes": []}, marks=MARIADB),
    ],
)
def test_models_that_say_that_there_is_none_put_it_right(
    engine: str,
    attribute: str,
    told: dict[str, object],
    fresh_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    url = fresh_database(engine)
    metadata = models(sa.String(50))
    metadata.tables["note"].c.text.info["schemadiff"] = told
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, metadata, tmp_path), "that is what it is without a word, too"
    before = shown(url)
    run(url, f"ALTER TABLE note MODIFY COLUMN text varchar(50) {attribute}")
    assert schemadiff.check(url, metadata, tmp_path)
    schemadiff.plan(url, metadata, tmp_path, message="as it was")
    schemadiff.apply(url, tmp_path)
    assert shown(url) == before
    assert not schemadiff.check(url, metadata, tmp_path)
    schemadiff.rollback(url, tmp_path)
    assert shown(url) == before, "the revision before it says the same"


@pytest.mark.parametrize(
    ("engine", "clause", "words"),
    [
        pytest.param("mysql", "INVISIBLE", "alter index by_text on note: visible yes -> no", marks=MYSQL),
        pytest.param("mariadb", "IGNORED", "alter index by_text on note: visible yes -> no", marks=MARIADB),
        pytest.param("mysql", "COMMENT 'why'", "create index by_text (text), comment 'why'", marks=MYSQL),
        pytest.param("mariadb", "COMMENT 'why'", "create index by_text (text), comment 'why'", marks=MARIADB),
    ],
)
def test_an_index_is_put_back(
    engine: str, clause: str, words: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """The server itself leaves an index as visible as it is when the same one is dropped and added in one ALTER."""
    url = fresh_database(engine)
    metadata = models(sa.String(50))
    sa.Index("by_text", metadata.tables["note"].c.text)
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    before = shown(url)
    run(url, f"ALTER TABLE note DROP INDEX by_text, ADD INDEX hand (text) {clause}")
    run(url, "ALTER TABLE note RENAME INDEX hand TO by_text")

    assert words in schemadiff.check(url, metadata, tmp_path).drifted[-1].describe()
    schemadiff.plan(url, metadata, tmp_path, message="as it was")
    schemadiff.apply(url, tmp_path)
    assert shown(url) == before
    assert not schemadiff.check(url, metadata, tmp_path)


@pytest.mark.parametrize(
    "engine", [pytest.param("mysql", marks=MYSQL), pytest.param("mariadb", marks=MARIADB)]
)
def test_the_models_can_hide_an_index(
    engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database(engine)
    plain, told = models(sa.String(50)), models(sa.String(50))
    sa.Index("by_text", plain.tables["note"].c.text, unique=True)
    words = {"visible": False, "comment": "not used since May"}
    sa.Index("by_text", told.tables["note"].c.text, unique=True, info={"schemadiff": words})
    schemadiff.plan(url, plain, tmp_path)
    schemadiff.apply(url, tmp_path)
    before = shown(url)
    schemadiff.plan(url, told, tmp_path, message="hide it")
    schemadiff.apply(url, tmp_path, allow=["all"])
    assert "COMMENT 'not used since May'" in shown(url)
    assert not schemadiff.check(url, told, tmp_path)
    schemadiff.rollback(url, tmp_path, allow=["all"])
    assert shown(url) == before
    schemadiff.apply(url, tmp_path, allow=["all"])
    schemadiff.plan(url, plain, tmp_path, message="show it")
    schemadiff.apply(url, tmp_path, allow=["all"])
    assert shown(url) == before


@MYSQL
def test_a_check_that_is_not_enforced_is_put_back(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database("mysql")
    metadata = models(sa.String(50))
    metadata.tables["note"].append_constraint(sa.CheckConstraint("text <> ''", name="filled"))
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    before = shown(url)
    run(url, "ALTER TABLE note ALTER CHECK filled NOT ENFORCED")

    found = schemadiff.check(url, metadata, tmp_path).drifted[-1].describe()
    assert found.startswith("add unenforced check filled")
    schemadiff.plan(url, metadata, tmp_path, message="enforce it")
    schemadiff.apply(url, tmp_path)
    assert shown(url) == before
    assert not schemadiff.check(url, metadata, tmp_path)


@MYSQL
def test_a_session_that_is_shown_more_sees_the_same(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    verbose = {"init_command": "SET SESSION show_create_table_verbosity = 1"}
    url = sa.make_url(fresh_database("mysql")).update_query_dict(verbose)
    text = url.render_as_string(hide_password=False)
    metadata = models(sa.String(50))
    schemadiff.plan(text, metadata, tmp_path)
    schemadiff.apply(text, tmp_path)
    assert "ROW_FORMAT" in shown(text)
    assert not schemadiff.check(text, metadata, tmp_path)
