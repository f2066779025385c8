"""doctor: upgrades of the real Alembic that were killed are told apart, finished and undone.

`SCHEMADIFF_ALEMBIC_KILLS=1-20` kills after each of these numbers of statements, in the place of a few.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import schemadiff
from tests.alembic.histories import ALTERED, FIRST, second
from tests.alembic.killed import alembic, project
from tests.alembic.mending import environment, expect_same, how_far, mend, rows
from tests.clients import run_script
from tests.conftest import FreshDatabase

pytestmark = [pytest.mark.once, pytest.mark.engines("mysql", "mariadb", "sqlite")]

KILLS = {"mysql": (2, 11), "mariadb": (9, 17), "sqlite": (8, 9)}
"""Between two indexes of a table, behind rows and in the middle of a copy, for example."""


def kills(engine: str) -> tuple[int, ...]:
    """The numbers of statements after which Alembic is killed."""
    asked = os.environ.get("SCHEMADIFF_ALEMBIC_KILLS")
    if not asked:
        return KILLS[engine]
    first, _, last = asked.partition("-")
    return tuple(range(int(first), int(last or first) + 1))


@pytest.mark.parametrize("way", ["finish", "undo"])
def test_half_done_upgrades_are_mended(
    way: str, engine_name: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """On SQLite each statement is committed, as with an engine in autocommit mode: all states in between are seen."""
    python, autocommit = environment(), engine_name == "sqlite"
    directory = project(tmp_path, FIRST, second(engine_name))
    wanted = fresh_database(engine_name)
    alembic(python, tmp_path, wanted, to="head" if way == "finish" else "r1")
    for statements in kills(engine_name):
        url = fresh_database(engine_name)
        if not alembic(python, tmp_path, url, statements=statements, autocommit=autocommit):
            break  # it has no more statements than that
        found = schemadiff.doctor(url, directory)
        if found.revision is None:
            continue  # its mark was the last one
        assert found.is_half_done, statements
        done = how_far(found, url)
        if done is not None:
            with pytest.raises(schemadiff.AmbiguousError, match="--done N"):
                mend(url, directory, way)
        assert mend(url, directory, way, done).mended, statements
        expect_same(url, wanted)
        again = schemadiff.doctor(url, directory)
        assert not again.is_half_done
        assert (again.revision is None) == (way == "finish")


def test_the_drivers_own_transaction_hides_what_came_after_rows(
    engine_name: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """Without autocommit, rows begin a transaction: on SQLite all that comes after them is rolled back with them."""
    directory = project(tmp_path, FIRST, second(engine_name))
    url, wanted = fresh_database(engine_name), fresh_database(engine_name)
    python = environment()
    alembic(python, tmp_path, wanted)
    assert alembic(python, tmp_path, url, statements=14)
    found = schemadiff.doctor(url, directory)
    mend(url, directory, "finish", how_far(found, url))
    expect_same(url, wanted)


@pytest.mark.engines("mysql", "mariadb")
def test_a_key_that_takes_the_name_of_another_one(
    engine_name: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    directory = project(tmp_path, *ALTERED)
    url, wanted = fresh_database(engine_name), fresh_database(engine_name)
    python = environment()
    alembic(python, tmp_path, wanted)
    assert alembic(python, tmp_path, url, statements=7)
    assert schemadiff.doctor(url, directory).possible == (7,)
    mend(url, directory, "finish")
    expect_same(url, wanted)


def test_the_script_finishes_it(engine_name: str, fresh_database: FreshDatabase, tmp_path: Path) -> None:
    directory = project(tmp_path, FIRST, second(engine_name))
    url, wanted = fresh_database(engine_name), fresh_database(engine_name)
    python = environment()
    alembic(python, tmp_path, wanted)
    assert alembic(python, tmp_path, url, statements=5, autocommit=True)
    before = rows(url)
    found = schemadiff.doctor(url, directory, finish=True, sql=True)
    assert rows(url) == before
    assert not run_script(url, "\n".join(found.script))
    expect_same(url, wanted)
    # Run once more it is refused.
    assert "Alembic's table does not say what it said" in run_script(url, "\n".join(found.script))


DOCTOR = """
import os, signal, sys
import sqlalchemy as sa
import schemadiff

engine = sa.create_engine(sys.argv[1])
left = int(sys.argv[3])

@sa.event.listens_for(engine, "after_cursor_execute")
def count(connection, cursor, statement, parameters, context, many):
    global left
    if any(word in statement for word in ("CREATE INDEX", "CREATE UNIQUE", "ALTER TABLE", "DROP", "INSERT", "UPDATE")):
        if "TEMP" not in statement:
            left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

schemadiff.doctor(engine, sys.argv[2], finish=True, allow=["all"])
"""


def test_a_doctor_that_is_killed_is_called_again(
    engine_name: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    directory = project(tmp_path, FIRST, second(engine_name))
    url, wanted = fresh_database(engine_name), fresh_database(engine_name)
    python = environment()
    alembic(python, tmp_path, wanted)
    assert alembic(python, tmp_path, url, statements=1, autocommit=True)
    for left in (1, 2, 3):
        command = [sys.executable, "-c", DOCTOR, url, str(directory), str(left)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
    found = schemadiff.doctor(url, directory)
    mend(url, directory, "finish", how_far(found, url))
    expect_same(url, wanted)
