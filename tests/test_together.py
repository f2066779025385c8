"""``transaction="all"``: the revisions of a run are carried out together, or none of them is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.config.settings import settings
from schemadiff.database.connection import connected, open_engine
from schemadiff.errors import ConfigError, StepError, UsageError

HEAD = "import sqlalchemy as sa\n\n\ndef upgrade(op):\n"
FILES = {
    "0001_book": '    op.create_table("book", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", '
    'sa.String(50)), sa.UniqueConstraint("name"))\n',
    "0002_fill": "    op.run(fill, reverse=op.nothing)\n\n\ndef fill(connection):\n"
    "    connection.execute(sa.text(\"INSERT INTO book (id, name) VALUES (1, 'one')\"))\n",
    "0003_bare": '    op.drop_constraint("book", sa.UniqueConstraint("name"))\n'
    '    op.add_column("book", sa.Column("size", sa.Integer))\n',
    "0004_other": '    op.rename_table("book", "volume")\n',
    "0005_longer": '    op.alter_column("volume", sa.Column("name", sa.String(50)), '
    'sa.Column("name", sa.String(99)))\n',
}


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    for name, body in FILES.items():
        (folder / f"{name}.py").write_text(HEAD + body)
    return folder


def tables(url: str) -> list[str]:
    engine = open_engine(url)
    found = sorted(sa.inspect(engine).get_table_names())
    engine.dispose()
    return found


@pytest.mark.engines("postgresql", "sqlite")
def test_all_of_them_forth_and_back(url: str, versions: Path) -> None:
    assert schemadiff.apply(url, versions, transaction="all").after == 5
    assert tables(url) == ["schemadiff_version", "volume"]
    with connected(url) as (connection, _):
        assert connection.execute(sa.text("SELECT id, name, size FROM volume")).all() == [(1, "one", None)]
    assert schemadiff.rollback(url, versions, to=0, allow=["all"], transaction="all").after == 0
    assert tables(url) == ["schemadiff_version"]


@pytest.mark.engines("postgresql", "sqlite")
def test_one_that_fails_takes_all_back(url: str, versions: Path) -> None:
    (versions / "0006_wrong.py").write_text(HEAD + '    op.execute("UPDATE nowhere SET a = 1")\n')
    with pytest.raises(StepError, match="revision 0006") as caught:
        schemadiff.apply(url, versions, transaction="all")
    assert "this run did is rolled back; the database is at revision 0000" in str(caught.value)
    assert tables(url) == ["schemadiff_version"]
    with pytest.raises(StepError, match="revision 0006") as caught:
        schemadiff.apply(url, versions)
    assert "this revision did is rolled back; the database is at revision 0005" in str(caught.value)
    assert schemadiff.status(url, versions).version == 5


KILLED = """
import os, signal, sys
import schemadiff


def die(event):
    if event.revision == 4:
        os.kill(os.getpid(), signal.SIGKILL)


schemadiff.apply(sys.argv[1], sys.argv[2], transaction=sys.argv[3], progress=die)
"""


@pytest.mark.engines("postgresql", "sqlite")
@pytest.mark.parametrize(("transaction", "left"), [("all", 0), ("each", 3)])
def test_a_kill_in_the_middle(url: str, versions: Path, transaction: str, left: int) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, url, versions, transaction], check=False)
    assert done.returncode < 0
    assert schemadiff.status(url, versions).version == left
    assert ("book" in tables(url)) == bool(left)
    assert schemadiff.apply(url, versions, transaction="all").after == 5


@pytest.mark.engines("postgresql")
def test_a_lock_is_waited_for_with_nothing_held(url: str, versions: Path) -> None:
    schemadiff.apply(url, versions, to=2)
    engine = open_engine(url)
    reader = engine.connect()
    reader.execute(sa.text("SELECT * FROM book"))
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        reader.rollback()

    outcome = schemadiff.apply(url, versions, transaction="all", lock_timeout=0.2, tell=tell)
    assert (outcome.after, [one.task.revision for one in outcome.done]) == (5, [3, 4, 5])
    assert len(told) == 1
    reader.close()
    engine.dispose()


@pytest.mark.engines("postgresql")
def test_what_runs_alone_is_refused_beforehand(url: str, versions: Path) -> None:
    schemadiff.apply(url, versions, to=1)
    (versions / "0006_index.py").write_text(
        HEAD + '    op.create_index("volume", sa.Index("by_size", "size"))\n'
    )
    with pytest.raises(
        UsageError, match="revision 0006 cannot share a transaction with others: create index"
    ):
        schemadiff.apply(url, versions, transaction="all", online="always")
    assert schemadiff.status(url, versions).version == 1
    assert schemadiff.apply(url, versions, transaction="all", online="never").after == 6


@pytest.mark.engines("mysql", "mariadb")
def test_where_ddl_commits_by_itself_it_is_refused(url: str, versions: Path) -> None:
    for work in (schemadiff.apply, schemadiff.rollback):
        with pytest.raises(UsageError, match="in one transaction"):
            work(url, versions, transaction="all")
    assert tables(url) == []


def test_the_setting(tmp_path: Path) -> None:
    (tmp_path / "schemadiff.toml").write_text('transaction = "all"')
    assert settings(directory=tmp_path, environment={}).transaction == "all"
    told = {"SCHEMADIFF_TRANSACTION": "each"}
    assert settings(directory=tmp_path, environment=told).transaction == "each"
    assert settings(transaction="all", directory=tmp_path, environment=told).transaction == "all"
    with pytest.raises(ConfigError, match='"transaction" has an unknown value'):
        settings(transaction="some", directory=tmp_path, environment={})
