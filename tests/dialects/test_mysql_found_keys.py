"""Foreign keys of a database that schemadiff has not made: the index that the server made for a key goes with it, in
one plan, in `diff` as well, and the revisions say the same to a database that is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.dialects.shared.verbatim import VERBATIM

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

PAIRS = {
    "key_goes": (
        ["a int", "FOREIGN p(id) ON a"],
        ["a int"],
    ),
    "named_key_goes": (
        ["a int", "FOREIGN p(id) ON a AS fk_a"],
        ["a int"],
    ),
    "same_name_on_fewer_columns": (
        ["a int", "b int", "FOREIGN p(id,k) ON a,b AS fk_a"],
        ["a int", "b int", "FOREIGN p(id) ON a AS fk_a"],
    ),
    "fewer_columns_without_name": (
        ["a int", "b int", "FOREIGN p(id,k) ON a,b"],
        ["a int", "b int", "FOREIGN p(id) ON a"],
    ),
    "same_name_on_more_columns": (
        ["a int", "b int", "FOREIGN p(id) ON a AS fk_a"],
        ["a int", "b int", "FOREIGN p(id,k) ON a,b AS fk_a"],
    ),
    "same_name_on_another_column": (
        ["a int", "b int", "FOREIGN p(id) ON a AS fk_a"],
        ["a int", "b int", "FOREIGN p(id) ON b AS fk_a"],
    ),
    "another_name": (
        ["a int", "FOREIGN p(id) ON a AS fk_a"],
        ["a int", "FOREIGN p(id) ON a AS fk_b"],
    ),
    "referenced_table_goes": (
        ["a int", "FOREIGN q(id) ON a"],
        ["a int", "without q"],
    ),
    "referenced_table_is_another": (
        ["a int", "FOREIGN q(id) ON a AS fk_q"],
        ["a int", "FOREIGN p(id) ON a AS fk_p", "without q"],
    ),
    "column_goes": (
        ["a int", "FOREIGN p(id) ON a"],
        [],
    ),
    "one_of_two_columns_goes": (
        ["a int", "b int", "FOREIGN p(id,k) ON a,b AS fk_a"],
        ["a int", "FOREIGN p(id) ON a AS fk_a"],
    ),
    "column_is_text": (
        ["a int", "FOREIGN p(id) ON a"],
        ["a text"],
    ),
    "an_index_comes": (
        ["a int", "FOREIGN p(id) ON a"],
        ["a int", "INDEX ix_a ON a"],
    ),
    "an_index_of_the_servers_name_stays": (
        ["a int", "INDEX a ON a", "FOREIGN p(id) ON a"],
        ["a int", "INDEX a ON a"],
    ),
    "one_of_two_keys_goes": (
        ["a int", "FOREIGN p(id) ON a AS f1", "FOREIGN q(id) ON a AS f2"],
        ["a int", "FOREIGN p(id) ON a AS f1"],
    ),
    "both_keys_go": (
        ["a int", "FOREIGN p(id) ON a AS f1", "FOREIGN q(id) ON a AS f2"],
        ["a int"],
    ),
    "column_gets_a_name": (
        ["a int", "FOREIGN p(id) ON a"],
        ["b int was a"],
    ),
    "table_gets_a_name": (
        ["a int", "FOREIGN p(id) ON a", "CHECK a > 1"],
        ["a int", "called u"],
    ),
}


def models(lines: list[str]) -> sa.MetaData:
    """Tables p and q and one that refers to them."""
    metadata = sa.MetaData()
    sa.Table("p", metadata, sa.Column("id", sa.Integer, primary_key=True), pair := sa.Column("k", sa.Integer))
    sa.Index("ix_pair", metadata.tables["p"].c.id, pair, unique=True)
    if "without q" not in lines:
        sa.Table("q", metadata, sa.Column("id", sa.Integer, primary_key=True))
    parts: list[sa.schema.SchemaItem] = [sa.Column("id", sa.Integer, primary_key=True)]
    named = "u" if "called u" in lines else "t"
    for line in lines:
        match line.split():
            case ["FOREIGN", target, "ON", columns, *name]:
                table, _, keys = target.removesuffix(")").partition("(")
                goals = [f"{table}.{key}" for key in keys.split(",")]
                parts.append(
                    sa.ForeignKeyConstraint(columns.split(","), goals, name=name[1] if name else None)
                )
            case ["INDEX", name, "ON", column]:
                parts.append(sa.Index(name, column))
            case ["CHECK", *words]:
                parts.append(sa.CheckConstraint(" ".join(words)))
            case [column, "int", "was", old]:
                parts.append(sa.Column(column, sa.Integer, info={"renamed_from": old}))
            case [column, "int" | "text" as kind]:
                parts.append(sa.Column(column, sa.Integer if kind == "int" else sa.String(20)))
            case _:
                assert line in ("without q", "called u")
    sa.Table(named, metadata, *parts, info={"renamed_from": "t"} if named == "u" else {})
    return metadata


@contextmanager
def created(url: str, metadata: sa.MetaData) -> Iterator[None]:
    engine = sa.create_engine(url)
    metadata.create_all(engine)
    yield
    engine.dispose()


def shown(url: str, metadata: sa.MetaData) -> dict[str, list[str]]:
    """What the server says of each table, line by line: a column that was added stands last."""
    with connected(url) as (connection, _):
        found = {
            name: connection.exec_driver_sql(f"SHOW CREATE TABLE {name}", execution_options=VERBATIM).one()[1]
            for name in metadata.tables
        }
    return {name: sorted(line.rstrip(",") for line in text.splitlines()) for name, text in found.items()}


@pytest.mark.parametrize("pair", PAIRS)
def test_one_plan_suffices(
    pair: str, fresh_database: Callable[[str], str], engine_name: str, tmp_path: Path
) -> None:
    before, after = map(models, PAIRS[pair])
    found, wanted, empty = (fresh_database(engine_name) for _ in range(3))
    with created(found, before), created(wanted, after):
        schemadiff.plan(found, after, tmp_path, message="change", no_renames=True)
        schemadiff.apply(found, tmp_path, allow=["all"])
    assert not schemadiff.check(found, after, tmp_path)
    assert not schemadiff.plan(found, after, tmp_path, dry_run=True).plan.operations
    assert shown(found, after) == shown(wanted, after)
    schemadiff.apply(empty, tmp_path, allow=["all"])
    assert not schemadiff.check(empty, after, tmp_path)
    assert shown(empty, after) == shown(wanted, after)


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if not pair.endswith("_gets_a_name")])
def test_one_diff_suffices(pair: str, fresh_database: Callable[[str], str], engine_name: str) -> None:
    before, after = map(models, PAIRS[pair])
    found, wanted = (fresh_database(engine_name) for _ in range(2))
    with created(found, before), created(wanted, after):
        pass
    for sql in schemadiff.diff(found, wanted).plan.statements:
        with connected(found) as (connection, _):
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
    assert not schemadiff.diff(found, wanted)
    assert shown(found, after) == shown(wanted, after)


def test_the_revisions_lead_forth_and_back_with_new_names(url: str, tmp_path: Path) -> None:
    for pair in ("column_gets_a_name", "table_gets_a_name"):
        before, after = map(models, PAIRS[pair])
        schemadiff.plan(url, before, tmp_path / pair, message="begin")
        schemadiff.apply(url, tmp_path / pair)
        begun = shown(url, before)
        schemadiff.plan(url, after, tmp_path / pair, message="change", no_renames=True)
        schemadiff.apply(url, tmp_path / pair, allow=["all"])
        ended = shown(url, after)
        schemadiff.rollback(url, tmp_path / pair)
        assert shown(url, before) == begun
        schemadiff.apply(url, tmp_path / pair, allow=["all"])
        assert shown(url, after) == ended
        schemadiff.rollback(url, tmp_path / pair, to=0, allow=["all"])


def test_an_index_that_models_list_later_is_theirs(url: str, tmp_path: Path) -> None:
    lines = ["a int", "FOREIGN p(id) ON a"]
    schemadiff.plan(url, models(lines), tmp_path, message="begin")
    schemadiff.apply(url, tmp_path)
    listed = models([*lines, "INDEX a ON a"])
    schemadiff.plan(url, listed, tmp_path, message="listed")
    schemadiff.apply(url, tmp_path)
    assert not schemadiff.check(url, listed, tmp_path)
    schemadiff.plan(url, models(["a int", "INDEX a ON a"]), tmp_path, message="alone")
    schemadiff.apply(url, tmp_path)
    assert any("KEY `a` (`a`)" in line for line in shown(url, listed)["t"])
