"""How the tests come by their servers: what is chosen, how it is started, shared, stopped, and how it fails."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import FreshDatabase
from tests.selection import ENGINES
from tests.servers import keeper
from tests.servers.choice import ENGINES as SERVER_ENGINES
from tests.servers.choice import IMAGES, Container, Installation, Running, ServerError, choose
from tests.servers.databases import Databases
from tests.servers.fleet import Fleet, Line, Switchboard
from tests.servers.private import PrivateServer, recipe
from tests.servers.ready import await_ready, product_of
from tools.install_servers import mirror_in, url_variable, version_in

ROOT = Path(__file__).resolve().parent.parent
MADE_UP = {
    engine: Installation(engine, (f"/opt/{engine}",), Path("/opt"), "1.0") for engine in SERVER_ENGINES
}


def never(*_: object) -> Any:
    raise AssertionError("asked although an earlier answer was enough")


# Choosing


@pytest.mark.parametrize("engine", SERVER_ENGINES)
def test_a_url_in_the_environment_goes_first(engine: str) -> None:
    environment = {url_variable(engine): "mysql+pymysql://me@db.example/"}
    chosen = choose(engine, environment, docker_answers=never, find=never)
    assert chosen == Running(engine, "mysql+pymysql://me@db.example/")


@pytest.mark.parametrize("engine", SERVER_ENGINES)
def test_docker_goes_before_the_programs_of_the_machine(engine: str) -> None:
    others = {url_variable(other): "x" for other in SERVER_ENGINES if other != engine} | {
        url_variable(engine): ""
    }
    chosen = choose(engine, others, docker_answers=lambda: True, find=MADE_UP.get)
    assert chosen == Container(engine, IMAGES[engine])


@pytest.mark.parametrize("engine", SERVER_ENGINES)
def test_the_programs_of_the_machine_serve_last(engine: str) -> None:
    assert choose(engine, {}, docker_answers=lambda: False, find=MADE_UP.get) == MADE_UP[engine]


@pytest.mark.parametrize("engine", SERVER_ENGINES)
def test_nothing_found_is_an_error_that_names_the_command(engine: str) -> None:
    with pytest.raises(ServerError) as caught:
        choose(engine, {}, docker_answers=lambda: False, find=lambda _: None)
    assert f"python tools/install_servers.py {engine}" in str(caught.value)
    assert url_variable(engine) in str(caught.value)


@pytest.mark.parametrize(
    ("engine", "answer", "version"),
    [
        ("mysql", "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", "9.7.4"),
        ("mysql", "mysqld  Ver 8.0.36 for macos14.2 on arm64 (Homebrew)", "8.0.36"),
        ("mysql", "mysqld  Ver 5.7.44 for Linux on x86_64", None),
        ("mysql", "mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", None),
        ("mariadb", "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64", "10.11.19"),
        ("postgresql", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "15.18"),
        ("postgresql", "postgres (PostgreSQL) 18devel", "18"),
        ("postgresql", "command not found", None),
    ],
)
def test_a_program_is_what_it_says_it_is(engine: str, answer: str, version: str | None) -> None:
    assert version_in(engine, answer) == version


def test_the_mirror_is_debians_own() -> None:
    targets = """\
nodistro main https://node.example/node_20.x/
bookworm stable https://docker.example/linux/debian/
bookworm-pgdg main https://postgres.example/pub/repos/apt/
bookworm main https://mirror.example/debian/
bookworm-security main https://mirror.example/debian-security/
"""
    assert mirror_in(targets, "bookworm") == "https://mirror.example/debian/"
    assert mirror_in(targets, "trixie") is None
    assert mirror_in("sid main file:/srv/mirror/debian/\n", "forky") == "file:/srv/mirror/debian/"


def test_nothing_is_installed_for_a_url_in_the_environment(tmp_path: Path) -> None:
    own = {url_variable(engine): "a://url/" for engine in SERVER_ENGINES} | {
        "SCHEMADIFF_CACHE": str(tmp_path)
    }
    command = [sys.executable, "tools/install_servers.py"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | own, capture_output=True, text=True, check=True)
    assert done.stdout.count("is set, nothing to install") == len(SERVER_ENGINES)
    wrong = subprocess.run([*command, "oracle"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (wrong.returncode, "mysql, mariadb, postgresql" in wrong.stderr) == (2, True)


# Starting and stopping


@pytest.mark.parametrize("engine", SERVER_ENGINES)
def test_a_private_server_is_private(engine: str, tmp_path: Path) -> None:
    plan = recipe(MADE_UP[engine], tmp_path, 4711)
    server = " ".join(plan.commands[-1])
    assert "=127.0.0.1" in server
    assert "4711" in server
    assert all(str(tmp_path / "data") in " ".join(command) for command in plan.commands)
    assert sa.make_url(plan.url).port == 4711


def test_a_server_that_does_not_start_shows_its_log() -> None:
    broken = Installation("mysql", ("/bin/sh", "-c", "echo no space left; exit 7"), Path("/usr"), "9.0")
    with pytest.raises(ServerError, match=r"(?s)ended instead of starting.*no space left"):
        PrivateServer(broken)


@pytest.mark.parametrize("how", ["the pipe closes", "a signal comes"])
def test_the_keeper_leaves_nothing_behind(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    order = keeper.Order(
        folder=str(folder),
        commands=[["/bin/sh", "-c", "echo $$ > made"], ["/bin/sh", "-c", "echo $$ > pid; exec sleep 600"]],
        user=None,
        stop_signal=signal.SIGTERM,
    )
    command = [sys.executable, keeper.__file__, json.dumps(order)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        while not (folder / "pid").exists() or not (folder / "pid").read_text():
            time.sleep(0.01)
        child = int((folder / "pid").read_text())
        assert (folder / "made").exists()
        if how == "the pipe closes":
            process.stdin.close()
        else:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


class Stub:
    """A server that is only a URL, until it ends."""

    said: str | None = None

    def __init__(self, engine: str) -> None:
        if engine == "postgresql":
            raise ServerError("out of order\nand how to mend it")
        self.url = f"{engine}://somewhere/"
        self.stopped = False

    def ended(self) -> str | None:
        return self.said

    def stop(self) -> None:
        self.stopped = True


def test_a_server_is_started_once_for_all_workers() -> None:
    started: list[Stub] = []

    def start(engine: str) -> Stub:
        started.append(Stub(engine))
        return started[-1]

    fleet = Fleet(start)
    number = Switchboard(fleet).number
    lines = [Line(number), Line(number)]
    for line in lines:
        line.begin("mysql")
    threads = [threading.Thread(target=line.url, args=("mysql",)) for line in lines for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line.url("mysql") for line in lines] == ["mysql://somewhere/"] * 2
    with pytest.raises(ServerError, match=r"(?s)out of order.*mend it"):
        lines[0].url("postgresql")
    assert len(started) == 1
    fleet.stop()
    assert started[0].stopped


def test_a_server_that_ended_by_itself_is_told_of_and_replaced() -> None:
    started: list[Stub] = []

    def start(engine: str) -> Stub:
        started.append(Stub(engine))
        return started[-1]

    fleet = Fleet(start)
    line = Line(Switchboard(fleet).number)
    for engine in ("mysql", "mariadb"):
        line.url(engine)
    with pytest.raises(ServerError):
        line.url("postgresql")
    assert line.losses() == 0
    started[1].said = "[ERROR] mysqld got signal 11"
    assert line.losses() == 1
    assert line.losses() == 1
    assert [server.url for server in started] == [
        "mysql://somewhere/",
        *["mariadb://somewhere/"] * 2,
    ]
    assert fleet.obituaries == ["The mariadb server ended by itself. [ERROR] mysqld got signal 11"]
    fleet.stop()


# The servers themselves


def test_another_product_at_a_url_is_an_error(server_url: Callable[[str], str]) -> None:
    url = server_url("mariadb")
    with pytest.raises(ServerError, match="should be a mysql server, but it calls itself"):
        await_ready("mysql", url, alive=lambda: True)


def test_a_server_that_does_not_answer_is_an_error_without_its_password() -> None:
    with pytest.raises(ServerError, match="cannot be reached") as caught:
        await_ready("mysql", "mysql+pymysql://me:secret@127.0.0.1:1/", alive=lambda: True, seconds=0.2)
    assert "secret" not in str(caught.value)


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_server_is_what_its_name_says(url: str, engine_name: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert product_of(connection.exec_driver_sql("SELECT version()").scalar_one()) == engine_name


def test_a_fresh_database_is_empty_and_apart(
    url: str, engine_name: str, fresh_database: FreshDatabase
) -> None:
    first, second = (
        sa.create_engine(each, poolclass=sa.NullPool) for each in (url, fresh_database(engine_name))
    )
    with first.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    assert sa.inspect(first).get_table_names() == ["t"]
    assert sa.inspect(second).get_table_names() == []


@pytest.mark.parametrize("engine", SERVER_ENGINES)
def test_a_database_is_dropped_under_an_open_transaction(
    engine: str, server_url: Callable[[str], str]
) -> None:
    databases = Databases(server_url)
    url = databases.create(engine)
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as forgotten:
        forgotten.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        forgotten.exec_driver_sql("SELECT * FROM t")
        databases.drop(engine, url)
        forgotten.invalidate()
    with pytest.raises(sa.exc.OperationalError):
        sa.create_engine(url, poolclass=sa.NullPool).connect()
    databases.close()


# The fixtures


@pytest.mark.slow
def test_a_mark_narrows_the_engines(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_all(url): ...\n"
        "@pytest.mark.engines('mysql', 'sqlite')\n"
        "def test_two(engine_name): ...\n"
    )
    done = _pytest(tmp_path, "--collect-only")
    found = [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    assert found == [*(f"test_all[{name}]" for name in ENGINES), "test_two[mysql]", "test_two[sqlite]"]


@pytest.mark.once
def test_a_skip_fails_where_skips_are_forbidden(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_it():\n    pytest.skip('no server')\n")
    for options, code in (([], 0), (["--no-skips"], 1)):
        done = _pytest(tmp_path, *options)
        assert done.returncode == code, done.stdout + done.stderr
        assert "1 skipped" in done.stdout


@pytest.mark.once
def test_a_lost_connection_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest, sqlalchemy as sa\n"
        "pytestmark = pytest.mark.engines('mariadb')\n"
        "def test_it(fresh_database):\n"
        "    with sa.create_engine(fresh_database('mariadb')).connect() as connection:\n"
        "        own = connection.exec_driver_sql('SELECT CONNECTION_ID()').scalar_one()\n"
        "        for session in connection.exec_driver_sql('SHOW PROCESSLIST').all():\n"
        "            if session[1] == 'root' and session[0] != own:\n"
        "                connection.exec_driver_sql(f'KILL {session[0]}')\n"
        "    fresh_database('mariadb')\n"
    )
    done = _pytest(tmp_path, private=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.once
def test_a_test_is_run_again_where_the_server_ended_by_itself(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pathlib, pytest, sqlalchemy as sa\n"
        "pytestmark = pytest.mark.engines('mariadb')\n"
        "def test_it(fresh_database):\n"
        "    with sa.create_engine(fresh_database('mariadb')).connect() as connection:\n"
        "        assert connection.exec_driver_sql('SELECT 1').scalar_one() == 1\n"
        "        if not (done := pathlib.Path(__file__).with_name('done')).exists():\n"
        "            done.touch()\n"
        "            connection.exec_driver_sql('SHUTDOWN')\n"
        "            fresh_database('mariadb')\n"
        "def test_what_follows(fresh_database):\n"
        "    fresh_database('mariadb')\n"
        "def test_what_fails_of_itself():\n"
        "    assert 0\n"
    )
    done = _pytest(tmp_path, private=True)
    assert "1 failed, 2 passed" in done.stdout
    assert "The mariadb server ended by itself. The end of its log" in done.stdout
    assert "Shutdown complete" in done.stdout


def _pytest(folder: Path, *options: str, private: bool = False) -> subprocess.CompletedProcess[str]:
    """Run pytest with this project's configuration and fixtures on the tests in another folder."""
    taken = {url_variable(engine) for engine in SERVER_ENGINES} if private else set()
    environment = {name: value for name, value in os.environ.items() if name not in taken}
    command = [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "-p", "tests.conftest"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
