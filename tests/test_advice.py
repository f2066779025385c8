"""A rollback that does not go on says so in its own words: what is undone, and which command goes which way."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import SchemadiffError, StepError, StoppedError
from schemadiff.execute.executor import Event

ONE = "def upgrade(op):\n    op.execute('CREATE TABLE one (id int)', reverse='DROP TABLE one')\n"
TWO = (
    "def upgrade(op):\n"
    "    op.execute('CREATE TABLE two (id int)', reverse='DROP TABLE two')\n"
    "    op.execute('CREATE TABLE three (id int)', reverse='DROP TABLE three')\n"
)


@pytest.fixture
def applied(url: str, tmp_path: Path) -> Path:
    (tmp_path / "0001_one.py").write_text(ONE)
    (tmp_path / "0002_two.py").write_text(TWO)
    schemadiff.apply(url, tmp_path)
    return tmp_path


def _told(error: SchemadiffError) -> tuple[str, str]:
    return error.message, error.hint or ""


def _stop(event: Event) -> None:
    if event.position == 1:
        raise StoppedError("enough")


@pytest.mark.engines("sqlite", "mysql")
def test_a_stopped_rollback(url: str, engine_name: str, applied: Path) -> None:
    with pytest.raises(StoppedError) as caught:
        schemadiff.rollback(url, applied, to=1, allow=["all"], progress=_stop)
    message, hint = _told(caught.value)
    if engine_name == "sqlite":
        assert "stopped in revision 0002, and everything that the rollback did is taken back" in message
        assert "the database is at revision 0002" in message
        assert hint == "`schemadiff rollback` begins it again."
    else:
        assert "stopped in revision 0002: 1 of 2 steps undone" in message
        assert "  undone: " in message
        assert "  open: " in message
        assert hint == "`schemadiff rollback` goes on, `schemadiff apply` goes forward again."
        assert schemadiff.apply(url, applied).after == 2
    assert schemadiff.rollback(url, applied, to=1, allow=["all"]).after == 1


@pytest.mark.engines("mysql")
def test_a_rollback_whose_step_is_refused(url: str, applied: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE three")
    with pytest.raises(StepError) as first:
        schemadiff.rollback(url, applied, to=1, allow=["all"])
    # Its first step was refused: nothing of it is done.
    message, hint = _told(first.value)
    assert "could not roll back step 1 of 2" in message
    assert "Undone before it: nothing." in hint
    assert "run `schemadiff rollback` again, or `schemadiff apply` to leave the revision applied." in hint
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE three (id int)")
        connection.exec_driver_sql("DROP TABLE two")
    with pytest.raises(StepError) as second:
        schemadiff.rollback(url, applied, to=1, allow=["all"])
    message, hint = _told(second.value)
    assert "could not roll back step 2 of 2" in message
    assert "Undone before it: " in hint
    assert "run `schemadiff rollback` to finish, or `schemadiff apply` to go forward again." in hint
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE two (id int)")
    assert schemadiff.rollback(url, applied, to=1, allow=["all"]).after == 1
