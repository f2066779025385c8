"""`make bench` without Alembic, which the tests do not install: what it measures with, and what it makes of figures."""

from __future__ import annotations

import socket
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks import floor, report
from benchmarks.__main__ import options
from benchmarks.child import Assignment, WorkError, measure
from benchmarks.latency import FarProxy
from benchmarks.models import COLUMNS, changes, models
from benchmarks.results import Result, Taken, load, save


def _created(url: str, tables: int) -> None:
    pool = sa.create_engine(url)
    models(tables, checks=True).create_all(pool, checkfirst=False)
    pool.dispose()


def test_the_floor_reads_all_that_is_there(url: str) -> None:
    _created(url, 3)
    found = floor.read(url)
    assert sorted(found) == ["table_0000", "table_0001", "table_0002"]
    for columns, others in found.values():
        assert [column[0] for column in columns][:4] == ["id", "parent_id", "qty", "code"]
        assert len(columns) == COLUMNS
        assert any("FOREIGN KEY" in one for one in others)
        assert any("CHECK" in one for one in others)
        assert any("qty" in one and "column_3" in one for one in others)


@pytest.mark.slow
@pytest.mark.parametrize("changed", [False, True])
def test_a_process_of_its_own_finds_what_was_changed(tmp_path: Path, changed: bool) -> None:
    url = f"sqlite:///{tmp_path}/bench.sqlite"
    _created(url, 10)
    of_diff = {"tables": 10, "checks": True, "changed": changed, "folder": str(tmp_path / "versions")}
    counted = measure(Assignment("diff schemadiff", url, of_diff, counting=True))
    assert counted.found == (changes(10) if changed else 0)
    assert counted.queries
    assert counted.peak >= counted.before > 0


@pytest.mark.slow
def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="unable to open database file"):
        measure(Assignment("diff floor", f"sqlite:///{tmp_path}/no_such_folder/bench.sqlite", {}))


def test_a_far_server_answers_the_same_and_its_round_trips_are_counted() -> None:
    def echo(listener: socket.socket) -> None:
        near, _ = listener.accept()
        with near:
            while data := near.recv(100):
                near.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=echo, args=(listener,), daemon=True).start()
        url = sa.URL.create("mysql", host="127.0.0.1", port=listener.getsockname()[1])
        with FarProxy(url.render_as_string(), 0.001) as proxy:
            place = sa.make_url(proxy.url)
            assert place.port
            with socket.create_connection(("127.0.0.1", place.port)) as client:
                for word in (b"one", b"two", b"three"):
                    client.sendall(word)
                    assert client.recv(100) == word
            assert proxy.trips == 3


def test_the_report_is_made_of_the_figures(tmp_path: Path) -> None:
    """A case that is measured again takes the place of what was known of it."""

    def result(cpu: float) -> Result:
        case = {"tables": 100, "CHECKs": True, "changed %": 0, "delay ms": 0}
        own = Taken([cpu], [cpu], [60.0], {"queries": 9})
        return Result(
            "diff",
            "sqlite",
            case,
            {"schemadiff": own, "Alembic": Taken([cpu * 4], [1.0])},
            "2026-01-01",
            "abc",
        )

    figures = tmp_path / "figures.json"
    save(figures, {"CPU": "a processor"}, [result(9.0)])
    save(figures, {"Python": "3"}, [result(0.25)])
    about, known = load(figures)
    assert about == {"CPU": "a processor", "Python": "3"}
    assert [one.tools["schemadiff"].cpu for one in known.values()] == [[0.25]]
    report.write(figures, tmp_path)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "| 100 | yes | 0 % | SQLite | 0.250 | 1.00 | 4.00× |" in text
    assert "Measured 2026-01-01 at abc." in text
    plot = ET.parse(tmp_path / "benchmarks.svg").getroot()
    assert len(plot.findall(".//{http://www.w3.org/2000/svg}polyline")) == 2


def test_a_part_can_be_chosen() -> None:
    given = options(["--parts", "diff", "--engines", "sqlite", "--tables", "10", "--rounds", "1"])
    assert (given.parts, given.engines, given.tables, given.rounds) == (["diff"], ["sqlite"], [10], 1)
    assert options([]).revisions == [200, 1000]
