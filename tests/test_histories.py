"""Long histories: what a run does grows with the revisions that it carries out, and with nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from benchmarks.histories import write_history
from schemadiff.database import inspector
from schemadiff.database.connection import connected, open_engine
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.errors import DigestError, StepError
from schemadiff.execute import version_check, version_table
from schemadiff.execute.executor import Event
from schemadiff.execute.live_schema import Live, is_opaque
from schemadiff.operations import Execute, Operation, Run
from schemadiff.revisions import files


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[tuple[sa.Engine, Counter[str]]]:
    """An engine, and how often statements are sent by it, the whole database is read, and a revision is recorded."""
    counts: Counter[str] = Counter()
    engine = open_engine(url)

    def sent(*_: object) -> None:
        counts["statements"] += 1

    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def trace(raw: Any, _record: object) -> None:
            raw.set_trace_callback(sent)

    else:
        sa.event.listen(engine, "before_cursor_execute", sent)

    record, inspect = files.Revision.record, inspector.inspect

    def recorded(self: files.Revision, *arguments: Any) -> Any:
        counts[f"revision {self.number}"] += 1
        return record(self, *arguments)

    def inspected(connection: Any, dialect: Any, schemas: Any = (None,), only: Any = None) -> Any:
        counts["read whole" if only is None else "read again"] += 1
        counts["tables read again"] += len(only or ())
        return inspect(connection, dialect, schemas, only)

    with monkeypatch.context() as patched:
        patched.setattr(files.Revision, "record", recorded)
        patched.setattr(inspector, "inspect", inspected)
        try:
            yield engine, counts
        finally:
            engine.dispose()


MOST = {"mysql": 53, "mariadb": 43, "postgresql": 12, "sqlite": 64}
"""How many statements five small revisions may send in all. To send more needs a reason."""


def test_the_work_grows_with_the_revisions_alone(
    engine_name: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a revision sends is no more at the end of a history of 60 than at its beginning."""
    length = 60
    write_history(tmp_path, length)
    sent: dict[int, int] = {}

    def note(event: Event) -> None:
        if event.seconds is None and event.running is None and event.revision % 5 == 1 < event.revision:
            sent.setdefault(event.revision, counts["statements"])

    with counting(monkeypatch, url) as (engine, counts):
        assert schemadiff.apply(engine, tmp_path, progress=note).after == length
        assert [counts[f"revision {number}"] for number in range(1, length + 1)] == [1] * length
        assert counts["read whole"] == 1
        assert counts["tables read again"] <= 2 * length
        (each,) = {after - before for before, after in pairwise(sent.values())}
        assert each <= MOST[engine_name]
        counts.clear()
        sent.clear()
        assert schemadiff.rollback(engine, tmp_path, to=0, allow=["all"], progress=note).after == 0
        assert [counts[f"revision {number}"] for number in range(1, length + 1)] == [1] * length
        assert counts["read whole"] == 1
        (each,) = {after - before for before, after in pairwise(sent.values())}
        assert each <= MOST[engine_name]


@pytest.mark.engines("sqlite")
def test_check_executes_each_file_once(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_history(tmp_path, 10)
    schemadiff.apply(url, tmp_path, to=5)
    with counting(monkeypatch, url) as (engine, counts):
        assert len(schemadiff.check(engine, sa.MetaData(), tmp_path).pending) == 5
    assert [counts[f"revision {number}"] for number in range(1, 11)] == [1] * 10


HEAD = "import sqlalchemy as sa\n\n\ndef upgrade(op):\n    "
ITEM = """op.create_table(
        "item",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50)),
        sa.Column("size", sa.Integer),
    )"""
LONGER = """op.alter_column("item", sa.Column("name", sa.String(50)), sa.Column("name", sa.String(100)))"""


def indexes(url: str) -> set[str | None]:
    engine = open_engine(url)
    found = {one["name"] for one in sa.inspect(engine).get_indexes("item")}
    engine.dispose()
    return found


def test_what_others_change_between_two_revisions_is_seen(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite makes the table anew for the third, with the index that is there by then."""
    (tmp_path / "0001_item.py").write_text(HEAD + ITEM)
    (tmp_path / "0002_other.py").write_text(HEAD + ITEM.replace("item", "other"))
    (tmp_path / "0003_longer.py").write_text(HEAD + LONGER)
    goes_as_foreseen = Live.goes_as_foreseen

    def meanwhile(self: Live, done: Sequence[Operation]) -> bool:
        if done[0].describe() == "create table other":
            engine = open_engine(url)
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE INDEX by_hand ON item (size)")
            engine.dispose()
        return goes_as_foreseen(self, done)

    monkeypatch.setattr(Live, "goes_as_foreseen", meanwhile)
    assert schemadiff.apply(url, tmp_path).after == 3
    assert indexes(url) == {"by_hand"}


def test_what_sql_without_an_effect_has_made_is_seen(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_item.py").write_text(HEAD + ITEM)
    (tmp_path / "0002_sql.py").write_text(HEAD + 'op.execute("CREATE INDEX by_sql ON item (size)")')
    (tmp_path / "0003_longer.py").write_text(HEAD + LONGER)
    assert schemadiff.apply(url, tmp_path).after == 3
    assert indexes(url) == {"by_sql"}


@pytest.mark.engines("postgresql", "sqlite")
def test_what_a_function_has_made_is_seen(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_item.py").write_text(HEAD + ITEM)
    (tmp_path / "0002_function.py").write_text(
        HEAD + "op.run(index)\n\n\ndef index(connection):\n    "
        'connection.exec_driver_sql("CREATE INDEX by_function ON item (name, size)")\n'
    )
    (tmp_path / "0003_longer.py").write_text(HEAD + LONGER)
    assert schemadiff.apply(url, tmp_path).after == 3
    assert indexes(url) == {"by_function"}


def test_which_operations_may_change_anything() -> None:
    mysql, postgresql = (offline_dialect(name) for name in ("mysql", "postgresql"))
    run = Run(lambda connection: None)
    assert is_opaque(run, postgresql)
    assert not is_opaque(run, mysql)  # whose functions are refused whatever would commit
    for sql in ("CREATE TABLE a (b INT)", "SELECT make()", "CALL make()", "/* x */ UPDATE a SET b = 1"):
        assert is_opaque(Execute(sql), postgresql)
    for sql in ("INSERT INTO a VALUES (1)", " update a SET b = 1", "DELETE FROM a"):
        assert not is_opaque(Execute(sql), postgresql)


class Killed(BaseException):
    """As if the process had ended."""


def killed_at(number: int) -> Callable[[Event], None]:
    def progress(event: Event) -> None:
        if event.revision == number:
            raise Killed

    return progress


def noted(url: str) -> int:
    """How many revisions `files` knows."""
    with connected(url) as (connection, dialect):
        state = version_table.read(connection, dialect)
        assert state is not None
        return len(state.files or ())


def edit(versions: Path, number: int) -> Callable[[], object]:
    """Makes another revision of it; returns what takes that back."""
    (path,) = versions.glob(f"{number:04}_*")
    text = path.read_text()
    path.write_text(text + "\nx = 1\n")
    return lambda: path.write_text(text)


def test_digests_of_single_revisions_are_noted_once_in_a_while(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To write all of them with each revision would make the work grow with the square of the history."""
    monkeypatch.setattr(version_check, "STRIDE", 4)
    write_history(tmp_path, 7)
    seen: list[int] = []
    schemadiff.apply(url, tmp_path, to=1)

    def look(event: Event) -> None:
        if event.seconds is None and event.running is None:
            seen.append(noted(url))

    schemadiff.apply(url, tmp_path, progress=look)
    assert seen == [1, 1, 1, 4, 4, 4]
    assert noted(url) == 7
    seen.clear()
    schemadiff.rollback(url, tmp_path, to=1, allow=["all"], progress=look)
    assert seen == [7, 7, 7, 4, 4, 4]
    assert noted(url) == 1


def test_what_a_run_noted_before_it_was_killed_names_an_edited_revision(url: str, tmp_path: Path) -> None:
    write_history(tmp_path, 6)
    schemadiff.apply(url, tmp_path, to=1)
    with pytest.raises(Killed):
        schemadiff.apply(url, tmp_path, progress=killed_at(4))
    assert noted(url) == 1
    for number, words in ((1, "0001_.* was edited"), (3, "one of the revisions 0002 to 0003 was edited")):
        back = edit(tmp_path, number)
        with pytest.raises(DigestError, match=words):
            schemadiff.apply(url, tmp_path)
        back()
    assert schemadiff.apply(url, tmp_path).after == 6
    edit(tmp_path, 3)
    with pytest.raises(DigestError, match=r"0003_.* was edited"):
        schemadiff.apply(url, tmp_path)


def test_a_run_that_fails_notes_what_it_has_applied(url: str, tmp_path: Path) -> None:
    write_history(tmp_path, 6)
    (path,) = tmp_path.glob("0004_*")
    path.write_text(path.read_text().replace("INSERT INTO item_0000", "INSERT INTO nowhere"))
    with pytest.raises(StepError, match="0004"):
        schemadiff.apply(url, tmp_path)
    assert noted(url) == 3


def test_what_a_killed_rollback_left_behind_names_no_revision_wrongly(url: str, tmp_path: Path) -> None:
    write_history(tmp_path, 6)
    schemadiff.apply(url, tmp_path)
    with pytest.raises(Killed):
        schemadiff.rollback(url, tmp_path, to=0, allow=["all"], progress=killed_at(3))
    assert noted(url) == 6
    edit(tmp_path, 4)
    with pytest.raises(Killed):
        schemadiff.apply(url, tmp_path, progress=killed_at(5))
    assert noted(url) == 4
    back = edit(tmp_path, 2)
    with pytest.raises(DigestError, match=r"0002_.* was edited"):
        schemadiff.apply(url, tmp_path)
    back()
    assert schemadiff.apply(url, tmp_path).after == noted(url) == 6
