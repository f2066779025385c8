"""What a DBA has given to a type, a column or an index is there again after it was made anew: owner, grants, marks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

import schemadiff
from schemadiff.database.connection import connected
from schemadiff.execute.executor import Event
from tests.convergence import with_one_connection
from tests.dialects.test_postgresql_online import ended

pytestmark = [pytest.mark.engines("postgresql"), pytest.mark.once]

TYPE = "SELECT typowner::regrole::text, obj_description(oid, 'pg_type'), typacl::text FROM pg_type WHERE typname = 'st'"
COLUMN = """SELECT a.attacl::text, a.attstattarget, a.attoptions, a.attstorage::text,
col_description(a.attrelid, a.attnum) FROM pg_attribute a WHERE attrelid = 't'::regclass AND attname = 'g'"""
STATISTICS = (
    "SELECT pg_get_statisticsobjdef(oid), stxowner::regrole::text, stxstattarget, "
    "obj_description(oid, 'pg_statistic_ext') FROM pg_statistic_ext WHERE stxrelid = 't'::regclass ORDER BY 1"
)


@pytest.fixture
def role(fresh_database: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """A database, and a role that owns something in it until the end."""
    url, name = fresh_database("postgresql"), f"sd_{uuid.uuid4().hex[:8]}"
    _run(url, f"CREATE ROLE {name}")
    yield url, name
    _run(url, f"REASSIGN OWNED BY {name} TO CURRENT_USER", f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def _run(url: str, *script: str) -> None:
    with connected(url, changes=True) as (connection, _):
        for sql in script:
            connection.exec_driver_sql(sql)


def _rows(url: str, sql: str) -> list[Any]:
    with connected(url) as (connection, _):
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def _models(*columns: sa.schema.SchemaItem) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


def _enum(*members: str) -> sa.MetaData:
    return _models(sa.Column("x", sa.Enum(*members, name="st")))


def _domain(kind: sa.types.TypeEngine[Any]) -> sa.MetaData:
    return _models(sa.Column("x", postgresql.DOMAIN("st", kind)))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        pytest.param(_enum("a", "b", "c"), _enum("a", "b"), "TYPE", id="enum"),
        pytest.param(_enum("a", "b"), _enum("b", "a"), "TYPE", id="order of an enum"),
        pytest.param(_domain(sa.Integer()), _domain(sa.BigInteger()), "DOMAIN", id="domain"),
    ],
)
def test_types(
    before: sa.MetaData, after: sa.MetaData, kind: str, role: tuple[str, str], tmp_path: Path
) -> None:
    url, name = role
    schemadiff.plan(url, before, tmp_path)
    schemadiff.apply(url, tmp_path)
    _run(
        url,
        f"ALTER {kind} st OWNER TO {name}",
        f"COMMENT ON {kind} st IS 'it''s a state'",
        f"REVOKE USAGE ON {kind} st FROM PUBLIC",
        f"GRANT USAGE ON {kind} st TO pg_monitor WITH GRANT OPTION",
    )
    given = _rows(url, TYPE)
    schemadiff.plan(url, after, tmp_path)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, tmp_path)
        assert _rows(url, TYPE) == given


def test_the_comments_of_a_domains_checks(role: tuple[str, str], tmp_path: Path) -> None:
    url, _ = role
    comments = "SELECT conname, obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE contypid = 'st'::regtype"

    def models(kind: sa.types.TypeEngine[Any], check: str) -> sa.MetaData:
        return _models(sa.Column("x", postgresql.DOMAIN("st", kind, constraint_name="large", check=check)))

    schemadiff.plan(url, models(sa.Integer(), "VALUE > 5"), tmp_path)
    schemadiff.apply(url, tmp_path)
    _run(url, "COMMENT ON CONSTRAINT large ON DOMAIN st IS 'it''s large'")
    # Made anew for another type, then altered in place.
    for kind, check in ((sa.BigInteger(), "VALUE > 5"), (sa.BigInteger(), "VALUE > 6")):
        schemadiff.plan(url, models(kind, check), tmp_path)
        schemadiff.apply(url, tmp_path)
        assert _rows(url, comments) == [("large", "it's large")]
    schemadiff.rollback(url, tmp_path, to=1)
    assert _rows(url, comments) == [("large", "it's large")]


def test_a_generated_column(role: tuple[str, str], tmp_path: Path) -> None:
    url, name = role

    def models(expression: str) -> sa.MetaData:
        return _models(
            sa.Column("a", sa.Integer),
            sa.Column("b", sa.Integer),
            sa.Column("g", sa.Integer, sa.Computed(expression, persisted=True), comment="sum"),
        )

    schemadiff.plan(url, models("a + b"), tmp_path)
    schemadiff.apply(url, tmp_path)
    schemadiff.plan(url, models("a - b"), tmp_path)
    # Nobody knew of these when the revision was planned.
    _run(
        url,
        f"GRANT SELECT (g), REFERENCES (g) ON t TO {name}",
        "GRANT SELECT (g) ON t TO PUBLIC",
        "ALTER TABLE t ALTER COLUMN g SET STATISTICS 500, ALTER COLUMN g SET (n_distinct = 5)",
        "CREATE STATISTICS one (ndistinct) ON a, g FROM t",
        "CREATE STATISTICS other (dependencies) ON a, b FROM t",
        f"ALTER STATISTICS one OWNER TO {name}",
        "ALTER STATISTICS one SET STATISTICS 7",
        "COMMENT ON STATISTICS one IS 'it''s one'",
    )
    given, statistics = _rows(url, COLUMN), _rows(url, STATISTICS)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, tmp_path)
        assert _rows(url, COLUMN) == given
        assert _rows(url, STATISTICS) == statistics


MARKS = """SELECT i.indexrelid::regclass::text, obj_description(i.indexrelid, 'pg_class'),
indisclustered, indisreplident, c.reloptions, (SELECT array_agg((attnum, attstattarget)::text) FROM pg_attribute
               WHERE attrelid = indexrelid AND attstattarget >= 0)
FROM pg_index i JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 't'::regclass ORDER BY 1"""


def _indexed(first: str, *others: str) -> sa.MetaData:
    return _models(
        sa.Column("a", sa.Integer, nullable=False),
        sa.Column("b", sa.Integer, nullable=False),
        sa.UniqueConstraint(first, "id", name="uq"),
        sa.Index("ix", first, *others, unique=True),
        sa.Index("ex", first, sa.text("(b + 1)")),
    )


def _set_before_a_change(url: str, versions: Path, *script: str) -> None:
    """Makes indexes, carries out what a DBA sets on them, and plans their other definitions."""
    schemadiff.plan(url, _indexed("a"), versions)
    schemadiff.apply(url, versions)
    schemadiff.plan(url, _indexed("b", "a"), versions)
    _run(url, *script)


@pytest.mark.parametrize("online", ["never", "always"])
def test_an_index_of_another_definition(
    online: Literal["never", "always"], role: tuple[str, str], tmp_path: Path
) -> None:
    url, _ = role
    _set_before_a_change(
        url,
        tmp_path,
        "COMMENT ON INDEX ix IS 'it''s ix'",
        "COMMENT ON INDEX uq IS 'uq'",
        "ALTER INDEX uq SET (fillfactor = 70)",
        "ALTER INDEX ex ALTER COLUMN 2 SET STATISTICS 300",
        "ALTER TABLE t CLUSTER ON uq",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX ix",
    )
    given = _rows(url, MARKS)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, tmp_path, online=online)
        assert _rows(url, MARKS) == given


def test_an_index_of_another_definition_and_sessions_that_end(role: tuple[str, str], tmp_path: Path) -> None:
    """There is always an index that has the REPLICA IDENTITY; and whoever goes on from any step gives all of it."""
    url, _ = role
    _set_before_a_change(
        url,
        tmp_path,
        "COMMENT ON INDEX ix IS 'ix'",
        "COMMENT ON INDEX uq IS 'uq'",
        "ALTER TABLE t CLUSTER ON ex",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX ix",
    )
    given, kept = _rows(url, MARKS), with_one_connection(url)
    identities: list[Any] = []

    def look(event: Event) -> None:
        identities.extend(_rows(url, "SELECT count(*) FROM pg_index WHERE indisreplident"))

    steps = schemadiff.apply(kept, tmp_path, online="always", progress=look).done[0].plan.steps
    assert set(identities) == {(1,)}
    schemadiff.rollback(kept, tmp_path, online="always")
    assert len(steps) > 6
    for number in range(len(steps)):
        done = number % 2 == 0
        assert ended(url, number, schemadiff.apply, tmp_path, done=done)
        turned = schemadiff.rollback if number % 3 else schemadiff.apply
        turned(kept, tmp_path, online="always")
        assert _rows(url, MARKS) == given, f"{turned.__name__} from step {number}"
        back = schemadiff.apply if number % 3 else schemadiff.rollback
        ended(url, number, back, tmp_path, done=not done)
        schemadiff.rollback(kept, tmp_path, online="always", to=1)
        assert _rows(url, MARKS) == given, f"rollback from step {number}"
    kept.dispose()


def test_what_another_index_cannot_have_is_left_out(role: tuple[str, str], tmp_path: Path) -> None:
    url, _ = role

    def models(*, unique: bool, using: str) -> sa.MetaData:
        return _models(
            sa.Column("a", sa.Integer, nullable=False),
            sa.Index("ix", "a", unique=unique),
            sa.Index("cl", "a", postgresql_using=using),
        )

    schemadiff.plan(url, models(unique=True, using="btree"), tmp_path)
    schemadiff.apply(url, tmp_path)
    _run(
        url,
        "COMMENT ON INDEX ix IS 'ix'",
        "ALTER TABLE t CLUSTER ON cl",
        "ALTER TABLE t REPLICA IDENTITY USING INDEX ix",
    )
    told = schemadiff.plan(url, models(unique=False, using="hash"), tmp_path).plan.hazards
    assert [one.code for one in told] == ["SD408", "SD408"]
    assert {one.message.split(":")[0] for one in told} == {
        "drop index cl (a) on t",
        "drop unique index ix (a) on t",
    }
    schemadiff.apply(url, tmp_path)
    rows = {name: rest for name, *rest in _rows(url, MARKS)}
    assert rows["ix"][:3] == ["ix", False, False]
    assert rows["cl"][:3] == [None, False, False]


def test_an_index_that_makes_room(role: tuple[str, str], tmp_path: Path) -> None:
    """Around a rebuilt enumerated type, a generated column that is computed anew, and a column's new type."""
    url, _ = role

    def models(*members: str, expression: str, kind: Any) -> sa.MetaData:
        column = sa.Column("k", kind)
        return _models(
            sa.Column("a", sa.Integer),
            column,
            sa.Column("x", sa.Enum(*members, name="st")),
            sa.Column("g", sa.Integer, sa.Computed(expression, persisted=True), unique=True),
            sa.Index("of_type", "a", postgresql_where=sa.text("x = 'a'")),
            sa.Index("of_column", "a", postgresql_where=sa.text("k > 5")),
        )

    schemadiff.plan(url, models("a", "b", "c", expression="a + 1", kind=sa.Integer()), tmp_path)
    schemadiff.apply(url, tmp_path)
    _run(
        url,
        "COMMENT ON INDEX of_type IS 'type'",
        "COMMENT ON INDEX of_column IS 'column'",
        "COMMENT ON INDEX t_g_key IS 'key'",
        "ALTER INDEX t_g_key SET (fillfactor = 70)",
        "ALTER TABLE t CLUSTER ON t_g_key",
    )
    given = _rows(url, MARKS)
    schemadiff.plan(url, models("a", "b", expression="a + 2", kind=sa.Numeric(10, 2)), tmp_path)
    for step in (schemadiff.apply, schemadiff.rollback):
        step(url, tmp_path)
        assert _rows(url, MARKS) == given


def test_what_differs_between_two_databases_keeps_its_owner(
    role: tuple[str, str], fresh_database: Callable[[str], str]
) -> None:
    url, name = role
    other = fresh_database("postgresql")
    _run(
        url,
        "CREATE TABLE t (a int, b int, c int)",
        "CREATE TYPE st AS (a text, b int)",
        "CREATE STATISTICS s (ndistinct) ON a, b FROM t",
        f"ALTER TYPE st OWNER TO {name}",
        "COMMENT ON TYPE st IS 'it''s a type'",
        "GRANT USAGE ON TYPE st TO pg_monitor",
        "ALTER STATISTICS s SET STATISTICS 7",
        f"ALTER STATISTICS s OWNER TO {name}",
    )
    _run(
        other,
        "CREATE TABLE t (a int, b int, c int)",
        "CREATE TYPE st AS (b int, a text)",
        "CREATE STATISTICS s (ndistinct) ON a, c FROM t",
        "COMMENT ON TYPE st IS 'it''s a type'",
        "GRANT USAGE ON TYPE st TO pg_monitor",
    )
    given, (statistics,) = _rows(url, TYPE), _rows(url, STATISTICS)
    _run(url, *schemadiff.diff(url, other).plan.statements)
    assert not schemadiff.diff(url, other)
    assert _rows(url, TYPE) == given
    assert _rows(url, STATISTICS)[0][1:3] == statistics[1:3]
