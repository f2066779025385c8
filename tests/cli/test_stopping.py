"""Ctrl-C, SIGTERM and SIGHUP while a statement runs: what is asked, what is done, and that the next command leads on.

The statement waits for a lock that the test holds, so that it runs for as long as the test wants.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.shell import SETTINGS, Shell, clean
from tests.cli.test_terminal import CONTROLLED, PROGRAM, at_terminal
from tests.conftest import FreshDatabase
from tests.proxy import Proxy

pytestmark = pytest.mark.once

TABLES = """
Table("one", metadata, Column("id", Integer, primary_key=True))
Table("two", metadata, Column("id", Integer, primary_key=True))
"""
MORE = '''"""more"""

import sqlalchemy as sa


def upgrade(op):
    op.add_column("one", sa.Column("a", sa.String(50)))
    op.add_column("two", sa.Column("b", sa.String(50)))
'''
ENDLESS = '''"""endless"""


def upgrade(op):
    op.execute("INSERT INTO one VALUES (1)", reverse=op.nothing)
    op.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000000000) "
        "INSERT INTO two SELECT max(i) FROM n",
        reverse=op.nothing,
    )
'''
PATIENT = ("apply", "--yes", "--lock-timeout", "60")

WAITING = {
    "postgresql": "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())",
    "mysql": "SELECT count(*) FROM performance_schema.processlist WHERE db = database() "
    "AND state = 'Waiting for table metadata lock'",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database() "
    "AND state = 'Waiting for table metadata lock'",
}


@pytest.fixture
def begun(server_shell: Shell) -> Shell:
    """Return a project with a pending revision of two steps."""
    server_shell.models(TABLES)
    server_shell("plan", "-m", "tables")
    server_shell("apply")
    server_shell.write("versions/0002_more.py", MORE)
    return server_shell


@contextmanager
def held(shell: Shell) -> Iterator[Callable[[], None]]:
    """Holds a lock on table `one`; what is given waits until a statement waits for it."""
    engine = sa.create_engine(shell.url)
    with (
        engine.connect() as holder,
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other,
    ):
        holder.exec_driver_sql("SELECT * FROM one").fetchall()
        sql = WAITING["mariadb" if getattr(engine.dialect, "is_mariadb", False) else engine.dialect.name]

        def wait() -> None:
            until(lambda: bool(other.exec_driver_sql(sql).scalar()))

        yield wait
    engine.dispose()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Run:
    """A command without a terminal."""

    def __init__(self, shell: Shell, *arguments: str, program: str = PROGRAM) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=shell.folder,
            env=clean({"SCHEMADIFF_URL": shell.url}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.seen = ""
        self.out = ""

    def interrupt(self, number: int = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def expect(self, text: str) -> None:
        assert self.process.stderr
        while text not in self.seen:
            line = self.process.stderr.readline()
            assert line, f"{text!r} did not come:\n{self.seen}"
            self.seen += line

    def end(self) -> int:
        assert self.process.stderr
        assert self.process.stdout
        with self.process.stderr, self.process.stdout:
            self.seen += self.process.stderr.read()
            self.out = self.process.stdout.read()
        return self.process.wait(30)


def columns(shell: Shell) -> list[int]:
    """How many columns each table has."""
    engine = sa.create_engine(shell.url)
    try:
        return [len(sa.inspect(engine).get_columns(name)) for name in ("one", "two")]
    finally:
        engine.dispose()


def leads_on(shell: Shell, done: list[int]) -> None:
    """What `status` says fits the tables, and `apply` finishes."""
    rolled_back = shell.url.startswith("postgresql")
    assert columns(shell) == ([1, 1] if rolled_back else done)
    # The server may be about to end a session that was killed.
    until(lambda: "at work" not in shell("status", code=1).out)
    told = shell("status", code=1).out
    assert ("interrupted" in told) is not rolled_back
    assert rolled_back or f"{sum(done) - 2} of 2 steps done" in told
    shell("apply")
    assert columns(shell) == [2, 2]
    assert "revision 0002 of 0002" in shell("status").out


@pytest.mark.engines("mysql", "postgresql")
def test_once_without_a_terminal_stops_after_the_statement(begun: Shell) -> None:
    with held(begun) as wait:
        run = Run(begun, *PATIENT)
        wait()
        run.interrupt()
        run.expect("Stops after the running statement")
    assert run.end() == 130, run.seen
    assert "stopped in revision 0002" in run.seen
    assert "`schemadiff apply`" in run.seen
    leads_on(begun, [2, 1])


@pytest.mark.engines("mariadb", "postgresql")
def test_twice_without_a_terminal_ends_the_statement(begun: Shell) -> None:
    with held(begun) as wait:
        run = Run(begun, *PATIENT)
        wait()
        run.interrupt()
        run.expect("Stops after the running statement")
        run.interrupt()
        assert run.end() == 130, run.seen
        assert "stopped in revision 0002" in run.seen
    leads_on(begun, [1, 1])


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_sigterm_ends_the_statement(begun: Shell) -> None:
    with held(begun) as wait:
        run = Run(begun, *PATIENT)
        wait()
        # All processes get it, and a parent passes it on: the second one must not make it a crash.
        run.interrupt(signal.SIGTERM)
        run.expect("SIGTERM: ends the running statement")
        run.interrupt(signal.SIGTERM)
        assert run.end() == 128 + signal.SIGTERM, run.seen
        assert "stopped in revision 0002" in run.seen
        assert "`schemadiff apply`" in run.seen
    leads_on(begun, [1, 1])


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_sigterm_leaves_a_run_that_waits_for_another_one(begun: Shell) -> None:
    with held(begun) as wait:
        first = Run(begun, *PATIENT)
        wait()
        told = begun("status", code=1).out
        assert "at work: " in told
        assert "interrupted" not in told
        second = Run(begun, "apply", "--yes")
        second.expect("waiting for another run")
        second.interrupt(signal.SIGTERM)
        assert second.end() == 128 + signal.SIGTERM, second.seen
        assert second.seen.splitlines()[-1] == "ended by SIGTERM"
    assert first.end() == 0, first.seen
    assert columns(begun) == [2, 2]


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_closed_terminal_ends_the_statement_after_a_moment(begun: Shell) -> None:
    with at_terminal(begun, *PATIENT, program=CONTROLLED) as session, held(begun) as wait:
        wait()
        session.expect(" 0:")  # the bar is drawn
        session.hang_up()
        assert session.process.wait(30) == 128 + signal.SIGHUP
    leads_on(begun, [1, 1])


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_a_closed_terminal_stops_after_a_statement_that_ends_in_a_moment(begun: Shell) -> None:
    with held(begun) as wait:
        run = Run(begun, *PATIENT)
        wait()
        run.interrupt(signal.SIGHUP)
        run.expect("SIGHUP: stops after the running statement")
    assert run.end() == 128 + signal.SIGHUP, run.seen
    leads_on(begun, [2, 1])


BUSY = '''"""busy"""


def upgrade(op):
    op.execute("INSERT INTO one VALUES (1)", reverse="DELETE FROM one")
    op.run(work, reverse=op.nothing)


def work(connection):
    connection.exec_driver_sql("INSERT INTO two VALUES (1)")
    print("in the function", flush=True)
    {work}
'''
SWALLOWS = """while True:
        try:
            __import__("time").sleep(600)
        except BaseException:
            pass"""


@pytest.mark.parametrize(
    ("engine", "number", "work"),
    [
        ("sqlite", signal.SIGTERM, "while True: pass"),
        pytest.param(
            "mysql", signal.SIGTERM, '__import__("time").sleep(600)', marks=pytest.mark.engines("mysql")
        ),
        pytest.param(
            "postgresql",
            signal.SIGHUP,
            '__import__("subprocess").run(["sleep", "600"])',
            marks=pytest.mark.engines("postgresql"),
        ),
        pytest.param(
            "mariadb",
            signal.SIGHUP,
            'connection.exec_driver_sql("SELECT SLEEP(600)")',
            marks=pytest.mark.engines("mariadb"),
        ),
    ],
)
def test_a_function_is_interrupted(
    fresh_database: FreshDatabase, tmp_path: Path, engine: str, number: signal.Signals, work: str
) -> None:
    shell = Shell(tmp_path, fresh_database(engine))
    busy(shell, work, number)


@pytest.mark.engines("mysql")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_function_that_swallows_everything_ends_with_the_process(
    fresh_database: FreshDatabase, tmp_path: Path, number: signal.Signals
) -> None:
    shell = Shell(tmp_path, fresh_database("mysql"))
    run = busy(shell, SWALLOWS, number, "--format", "json")
    told = json.loads(run.out)
    assert (told["error"], told["exit_code"]) == (f"ended by {number.name}", 128 + number)
    assert "Left at once, in step 2 of 2 of revision 0002 (run work())" in run.seen


def busy(shell: Shell, work: str, number: signal.Signals, *options: str) -> Run:
    """Ends a run while it works."""
    shell.write("schemadiff.toml", SETTINGS)
    shell.models(TABLES)
    shell("plan", "-m", "tables")
    shell("apply")
    file = shell.write("versions/0002_busy.py", BUSY.format(work=work))
    run = Run(shell, "apply", "--yes", *options)
    run.expect("in the function")
    begun = time.monotonic()
    run.interrupt(number)
    if number == signal.SIGINT:
        for words in ("Stops after", "Ends the running statement"):
            run.expect(words)
            run.interrupt(number)
    assert run.end() == 128 + number, run.seen
    assert time.monotonic() - begun < 8  # five seconds, on a machine that has time
    assert "Traceback" not in run.seen
    assert shell.execute("SELECT * FROM two") == []
    rolled_back = shell.url.startswith(("postgresql", "sqlite"))
    assert shell.execute("SELECT * FROM one") == ([] if rolled_back else [(1,)])
    if "Left at once" not in run.seen:
        assert "stopped in revision 0002" in run.seen
        assert ("is rolled back" if rolled_back else "1 of 2 steps done") in run.seen
    until(lambda: "at work" not in shell("status", code=1).out)
    shell("rollback", "--yes", *(() if not rolled_back else ("--to", "1")))
    assert shell.execute("SELECT * FROM one") == []
    file.write_text(BUSY.format(work="pass"))
    shell("apply")
    assert shell.execute("SELECT * FROM one") == shell.execute("SELECT * FROM two") == [(1,)]
    return run


@pytest.mark.engines("mysql", "postgresql")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_server_that_answers_no_more_is_left(begun: Shell, number: signal.Signals) -> None:
    direct = begun.url
    with Proxy(direct) as proxy, held(begun) as wait:
        begun.url = proxy.url
        run = Run(begun, *PATIENT)
        wait()
        proxy.silent = True
        began = time.monotonic()
        run.interrupt(number)
        assert run.end() == 128 + number, run.seen
        assert time.monotonic() - began < 8
        assert "Left at once, in step 1 of 2 of revision 0002 (add column one.a" in run.seen
        assert "will be read from the database" in run.seen
        begun.url = direct
    # The statement went on at the server.
    until(lambda: direct.startswith("postgresql") or columns(begun) == [2, 1])
    leads_on(begun, [2, 1])


@pytest.mark.engines("mysql")
def test_what_ignores_hangups_goes_on(begun: Shell) -> None:
    with held(begun) as wait:
        run = Run(
            begun, *PATIENT, program=f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {PROGRAM}"
        )
        wait()
        run.interrupt(signal.SIGHUP)
        run.interrupt(signal.SIGINT)
        run.expect("Stops after the running statement")
    assert run.end() == 130, run.seen
    assert "SIGHUP" not in run.seen


@pytest.mark.engines("mysql")
def test_at_a_terminal_it_asks(begun: Shell) -> None:
    with held(begun) as wait, at_terminal(begun, *PATIENT) as session:
        wait()
        session.process.send_signal(signal.SIGINT)
        session.expect("[c] go on: ")
        session.answer("x")
        until(lambda: session.read_more().count("Stop?") == 2)
        session.answer("k")
        assert session.end() == 130
        assert "Ends the running statement" in session.seen
        assert "Traceback" not in session.seen
    leads_on(begun, [1, 1])


@pytest.mark.engines("postgresql")
def test_going_on_goes_on(begun: Shell) -> None:
    with at_terminal(begun, *PATIENT) as session:
        with held(begun) as wait:
            wait()
            session.process.send_signal(signal.SIGINT)
            session.expect("[c] go on: ")
            session.answer("c")
            session.expect("Goes on.")
            session.process.send_signal(signal.SIGINT)
            until(lambda: session.read_more().count("Stop?") == 2)
        # Nobody answers, and it comes to its end nevertheless.
        assert session.end() == 0
        assert "done: " in session.seen
    assert columns(begun) == [2, 2]


@pytest.mark.engines("mysql")
def test_a_lost_connection_is_told_as_the_server_says_it(begun: Shell) -> None:
    with held(begun) as wait:
        run = Run(begun, *PATIENT)
        wait()
        ((session,),) = begun.execute(WAITING["mysql"].replace("count(*)", "id"))
        begun.execute(f"KILL {session}")
        assert run.end() == 2, run.seen
        assert "Lost connection" in run.seen
        assert "whether this step is done will be read from the database" in run.seen
        assert "`schemadiff apply` to finish" in run.seen
    leads_on(begun, [1, 1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_statement_of_sqlite_is_ended(shell: Shell, number: signal.Signals) -> None:
    shell.models(TABLES)
    shell("plan", "-m", "tables")
    shell("apply")
    shell.write("versions/0002_endless.py", ENDLESS)
    with at_terminal(shell, "apply", "--yes") as session:
        session.expect("running")
        session.process.send_signal(number)
        if number == signal.SIGINT:
            session.expect("[c] go on: ")
            session.process.send_signal(number)
        assert session.end() == 128 + number
        assert "everything that it did is rolled back" in session.seen
    assert shell.execute("SELECT * FROM one") == []
    assert "revision 0001 of 0002" in shell("status", code=1).out
