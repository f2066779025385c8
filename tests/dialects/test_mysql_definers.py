"""In whose name something is carried out, and who may call it, stays when it is made anew; else the plan says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected
from tests.accounts import account

pytestmark = [pytest.mark.engines("mysql", "mariadb"), pytest.mark.once]

EVERYTHING = ["GRANT ALL ON {database}.* TO {user}"]
DEFINED = """SELECT 'view', table_name, definer, security_type FROM information_schema.views WHERE table_schema = {0}
UNION SELECT routine_type, routine_name, definer, security_type FROM information_schema.routines
WHERE routine_schema = {0}
UNION SELECT 'trigger', trigger_name, definer, '' FROM information_schema.triggers WHERE trigger_schema = {0}
UNION SELECT 'event', event_name, definer, '' FROM information_schema.events WHERE event_schema = {0} ORDER BY 1, 2"""
GRANTED = """SELECT routine_name, user, host, CAST(proc_priv AS CHAR) FROM mysql.procs_priv WHERE db = {0}
ORDER BY routine_name, user, host"""


def objects(number: int, definer: str = "") -> list[str]:
    return [
        "CREATE TABLE t (a INT)",
        f"CREATE ALGORITHM=MERGE {definer} SQL SECURITY INVOKER VIEW v AS SELECT a + {number} AS a FROM t",
        f"CREATE {definer} VIEW w AS SELECT a + {number} AS a FROM v",
        f"CREATE {definer} FUNCTION f() RETURNS INT DETERMINISTIC RETURN {number}",
        f"CREATE {definer} PROCEDURE p() SELECT {number}",
        f"CREATE {definer} TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a = {number}",
        f"CREATE {definer} EVENT e ON SCHEDULE EVERY {number} DAY STARTS '2037-01-01' DO SET @a = {number}",
    ]


@pytest.fixture
def somebody(url: str) -> Iterator[str]:
    """Another account, as SQL."""
    with account(url, EVERYTHING) as other:
        yield f"`{sa.make_url(other).username}`@`localhost`"


def run(url: str, *statements: str) -> None:
    with connected(url, changes=True) as (connection, _):
        for sql in statements:
            connection.exec_driver_sql(sql)


def rows(url: str, sql: str) -> list[Any]:
    with connected(url) as (connection, _):
        database = f"'{sa.make_url(url).database}'"
        return [tuple(row) for row in connection.exec_driver_sql(sql.format(database))]


def test_they_stay_between_two_databases(
    url: str, engine_name: str, fresh_database: Callable[[str], str], somebody: str
) -> None:
    other = fresh_database(engine_name)
    run(url, *objects(1, f"DEFINER={somebody}"))
    run(
        url,
        f"GRANT EXECUTE ON FUNCTION f TO {somebody}",
        f"GRANT ALTER ROUTINE ON PROCEDURE p TO {somebody} WITH GRANT OPTION",
    )
    run(other, *objects(2))
    defined, granted = rows(url, DEFINED), rows(url, GRANTED)
    assert {one[2] for one in defined} == {somebody.replace("`", "")}
    assert len(granted) == 2
    found = schemadiff.diff(url, other)
    assert found
    assert not found.plan.hazards
    run(url, *found.plan.statements)
    assert not schemadiff.diff(url, other)
    assert rows(url, DEFINED) == defined
    assert rows(url, GRANTED) == granted


def test_an_account_that_may_not_name_another_says_so(
    url: str, engine_name: str, fresh_database: Callable[[str], str], somebody: str
) -> None:
    other = fresh_database(engine_name)
    run(url, *objects(1, f"DEFINER={somebody}"))
    run(url, f"GRANT EXECUTE ON FUNCTION f TO {somebody}")
    run(other, *objects(2))
    shown = "SHOW_ROUTINE ON *.*" if engine_name == "mysql" else "SELECT ON mysql.proc"
    shown_as = [*EVERYTHING, f"GRANT {shown} TO {{user}}"]
    with account(url, [*shown_as, "GRANT SELECT ON mysql.procs_priv TO {user}"]) as poor:
        told = [
            one.message for one in schemadiff.diff(poor, other).plan.hazards if "GRANT EXECUTE" in one.message
        ]
        assert len(told) == 1
    with account(url, shown_as) as poor:
        found = schemadiff.diff(poor, other)
        told = [one.message for one in found.plan.hazards if one.code == "SD408"]
        assert len(told) == 6
        assert all(somebody in one for one in told)
        # It may read mysql.procs_priv on neither.
        assert sum("grants on it, which this account may not see, are lost" in one for one in told) == 2
        assert not any("DEFINER=" in sql for sql in found.plan.statements)


def test_a_view_of_the_models(url: str, somebody: str, tmp_path: Path) -> None:
    def models(number: int) -> sa.MetaData:
        metadata = sa.MetaData()
        table = sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True))
        sa.CreateView(sa.select((table.c.id + number).label("n")), "v", metadata=metadata)
        return metadata

    schemadiff.plan(url, models(1), tmp_path)
    schemadiff.apply(url, tmp_path)
    options = f"ALGORITHM=MERGE DEFINER={somebody} SQL SECURITY INVOKER"
    run(url, f"CREATE OR REPLACE {options} VIEW v AS SELECT id + 1 AS n FROM t")
    given = rows(url, DEFINED)
    assert given[0][2:] == (somebody.replace("`", ""), "INVOKER")
    for number in (2, 3):
        schemadiff.plan(url, models(number), tmp_path)
        schemadiff.apply(url, tmp_path)
        assert rows(url, DEFINED) == given
    with account(url, EVERYTHING) as poor:
        (told,) = schemadiff.plan(poor, models(4), tmp_path, dry_run=True).plan.hazards
        assert told.code == "SD408"
        assert somebody in told.message
    schemadiff.rollback(url, tmp_path, to=1)
    assert rows(url, DEFINED) == given
