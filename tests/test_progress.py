"""How far a long statement is, as a second connection reads it from real servers, and as people are told."""

import io
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.cli.terminal.run_lines import Steps, Waits
from schemadiff.cli.terminal.terminal import Terminal
from schemadiff.dialects.contract.registry import dialect_of
from schemadiff.dialects.contract.session import NoWayError, Reading, ServerSession, share_of
from schemadiff.dialects.mysql.dialect import MySQL
from schemadiff.dialects.mysql.run.blockers import left_running
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import StoppedError
from schemadiff.execute import progress as execute_progress
from schemadiff.execute.executor import Event
from schemadiff.execute.progress import ProgressEstimate, Running
from schemadiff.planning.planner import Step

pytestmark = pytest.mark.once

BIG = '''"""big"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "big",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.String(200)),
        sa.Column("n", sa.Integer),
    )
'''
WIDER = '''"""wider"""

import sqlalchemy as sa


def upgrade(op):
    op.alter_column("big", sa.Column("n", sa.Integer), sa.Column("n", sa.BigInteger))
'''
CHECKED = '''"""checked"""

import sqlalchemy as sa


def upgrade(op):
    op.add_constraint("big", sa.CheckConstraint("n >= 0", name="n_positive"))
    op.alter_column("big", sa.Column("n", sa.Integer), sa.Column("n", sa.Integer, nullable=False))
'''
INDEX = '''"""index"""

import sqlalchemy as sa


def upgrade(op):
    op.create_index("big", sa.Index("ix_big_a", "a", "n"))
'''


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks soon and often, so that tables need not be huge."""
    monkeypatch.setattr(execute_progress, "AFTER", 0.05)
    monkeypatch.setattr(execute_progress, "EVERY", 0.02)


@pytest.fixture
def big(url: str, tmp_path: Path) -> Callable[[str], Path]:
    """Return the function that makes a table `big` with some 130,000 rows and a revision that changes it."""

    def build(revision: str) -> Path:
        versions = tmp_path / "versions"
        versions.mkdir()
        for number, text in enumerate((BIG, revision), 1):
            name = text.partition('"""')[2].partition('"""')[0]
            (versions / f"{number:04}_{name}.py").write_text(text)
        schemadiff.apply(url, versions, to=1)
        fill(url, range(17))
        return versions

    return build


def fill(url: str, doublings: Iterable[int]) -> None:
    """Put a first row into the table, and double it so many times; those before the range were done already."""
    engine = sa.create_engine(url)
    text = "repeat(cast(rand() as char), 5)"
    number = "cast(rand() * 1000000 as signed)"
    if engine.dialect.name == "postgresql":
        text, number = "repeat(md5(random()::text), 3)", "(random() * 1000000)::int"
    elif engine.dialect.name == "sqlite":
        text, number = "hex(randomblob(40))", "abs(random() % 1000000)"
    with engine.begin() as connection:
        for done in doublings:
            if not done:
                first = f"INSERT INTO big VALUES (1, {text}, 1)"
                connection.exec_driver_sql(first, execution_options=VERBATIM)
            sql = f"INSERT INTO big SELECT id + {2**done}, {text}, {number} FROM big"
            connection.exec_driver_sql(sql, execution_options=VERBATIM)
    engine.dispose()


def until_it_takes_long(
    url: str,
    versions: Path,
    told: Callable[[list[Event]], bool],
    *,
    by: str | None = None,
    progress: Callable[[Event], None] | None = None,
) -> list[Event]:
    """What a run of what is pending tells, on a table that is doubled until this machine takes long enough over it."""
    for doublings in range(17, 23):
        events: list[Event] = []

        def tell(event: Event) -> None:
            events.append(event)  # noqa: B023
            if progress:
                progress(event)

        schemadiff.apply(by or url, versions, progress=tell)
        if told(events):
            return events
        schemadiff.rollback(url, versions, to=1)
        fill(url, [doublings])
    pytest.fail(f"not even {2**doublings:,} rows take long enough: {events}")


def running(events: list[Event]) -> list[Running]:
    return [event.running for event in events if event.running is not None]


def shares_of(events: list[Event]) -> list[float]:
    return [one.share for one in running(events) if one.share is not None]


def moves(events: list[Event]) -> bool:
    return len(set(shares_of(events))) >= 3


@pytest.mark.engines("mysql", "mariadb")
def test_a_copy_tells_how_far_it_is(url: str, big: Callable[[str], Path]) -> None:
    def told(events: list[Event]) -> bool:
        return moves(events) and bool({"copying rows", "committing"} & {one.stage for one in running(events)})

    events = until_it_takes_long(url, big(WIDER), told)
    assert [event.seconds is None for event in events if event.running is None] == [True, False]
    shares, seen = shares_of(events), running(events)
    assert all(before <= after for before, after in pairwise(shares))
    assert 0 <= shares[0] < shares[-1] < 1
    assert [one.elapsed for one in seen] == sorted(one.elapsed for one in seen)


@pytest.fixture
def account(url: str) -> Iterator[Callable[[str], str]]:
    """Return the function that makes an account with no right but those on this database, and returns its URL."""
    database = str(sa.make_url(url).database)
    name = f"{database[-20:]}_u"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")

    def run(*statements: str) -> None:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement, execution_options=VERBATIM)

    if engine.dialect.name == "postgresql":
        run(f"CREATE ROLE {name} LOGIN", f"GRANT ALL ON SCHEMA public TO {name}")
        drop: tuple[str, ...]
        create, drop = f"ALTER ROLE {name} {{}}", (f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")
    else:
        with engine.connect() as connection:
            user = f"{name}@'{connection.exec_driver_sql('SELECT USER()').scalar_one().rpartition('@')[2]}'"
        run(f"CREATE USER {user} IDENTIFIED BY 'of no use'", f"GRANT ALL ON `{database}`.* TO {user}")
        create, drop = f"ALTER USER {user} {{}}", (f"DROP USER {user}",)

    def limit(to: str = "") -> str:
        if to:
            run(create.format(to))
        password = None if engine.dialect.name == "postgresql" else "of no use"
        account = sa.make_url(url).set(username=name, password=password)
        return account.render_as_string(hide_password=False)

    yield limit
    run(*drop)
    engine.dispose()


@pytest.mark.engines("mysql")
def test_another_run_says_how_far_this_one_is(url: str, big: Callable[[str], Path]) -> None:
    versions = big(WIDER)
    pattern = r"a run of schemadiff \(step 1 of 1.* for \d s, \d+ % done: ALTER"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as other:
        dialect = dialect_of(other)
        assert isinstance(dialect, MySQL)

        def told(events: list[Event]) -> bool:
            return any(re.search(pattern, words) for words in said)

        said: list[str] = []

        def progress(event: Event) -> None:
            if event.running:
                said.extend(words for _, words in left_running(other, dialect))

        until_it_takes_long(url, versions, told, progress=progress)
    engine.dispose()


@pytest.mark.engines("postgresql")
def test_an_index_tells_how_far_it_is(url: str, big: Callable[[str], Path]) -> None:
    def told(events: list[Event]) -> bool:
        return moves(events) and "writing the index" in {one.stage for one in running(events)}

    shares = shares_of(until_it_takes_long(url, big(INDEX), told))
    assert 0 <= shares[0] < shares[-1] < 1


@pytest.mark.engines("postgresql")
def test_a_rewrite_tells_how_far_it_is(url: str, big: Callable[[str], Path]) -> None:
    until_it_takes_long(
        url,
        big(WIDER),
        lambda events: moves(events) and "rewriting the table" in {one.stage for one in running(events)},
    )


@pytest.mark.engines("sqlite")
def test_a_rebuild_tells_how_many_rows_are_copied(url: str, big: Callable[[str], Path]) -> None:
    def copying(events: list[Event]) -> list[Event]:
        return [one for one in events if one.running and one.running.stage == "copying rows"]

    def told(events: list[Event]) -> bool:
        if not moves(copying(events)):
            return False
        # Copied at an even pace, if nothing else keeps the machine: what is told is about what was done.
        position = copying(events)[0].position
        (whole,) = (one.seconds for one in events if one.seconds and one.position == position)
        apart = [abs((one.share or 0) - one.elapsed / whole) for one in running(copying(events))]
        return sum(apart) / len(apart) < 0.25

    events = until_it_takes_long(url, big(CHECKED), told)
    assert len({event.position for event in copying(events)}) == 1


@pytest.mark.engines("mysql")
def test_without_the_right_to_look_there_is_the_state(
    url: str, big: Callable[[str], Path], account: Callable[[], str]
) -> None:
    def told(events: list[Event]) -> bool:
        return bool({one.stage for one in running(events)} & {"copying rows", "committing"})

    events = until_it_takes_long(url, big(WIDER), told, by=account())
    assert not shares_of(events)


@pytest.mark.engines("postgresql")
def test_without_the_right_to_see_files_a_rewrite_tells_nothing(
    url: str, big: Callable[[str], Path], account: Callable[[], str]
) -> None:
    versions = big(WIDER)
    account()
    own = sa.create_engine(url)
    with own.begin() as connection:
        role = f"{str(own.url.database)[-20:]}_u"
        for table in ("big", "schemadiff_version"):
            connection.exec_driver_sql(f"ALTER TABLE {table} OWNER TO {role}")
    own.dispose()
    events = until_it_takes_long(url, versions, lambda events: bool(running(events)), by=account())
    assert {(one.stage, one.share) for one in running(events)} == {(None, None)}


@pytest.mark.engines("mariadb")
def test_without_a_second_connection_there_is_the_time(
    url: str, big: Callable[[str], Path], account: Callable[[str], str]
) -> None:
    versions = big(WIDER)

    def progress(event: Event) -> None:
        if event.running:
            raise StoppedError("which cannot be had")

    def told(events: list[Event]) -> bool:
        return "max_user_connections" in str(running(events)[-1:])

    by = account("WITH MAX_USER_CONNECTIONS 1")
    seen = running(until_it_takes_long(url, versions, told, by=by, progress=progress))
    assert {(one.share, one.left) for one in seen} == {(None, None)}
    assert seen[0].stage is None
    assert "cannot be ended: " in str(seen[-1].stage)
    assert schemadiff.status(url, versions).version == 2


def test_one_connection_is_not_looked_at_from_two_threads(tmp_path: Path) -> None:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.connect() as connection:
        session = ServerSession(
            connection, "SELECT 1, 'here'", lambda number: lambda second: Reading("seen"), ""
        )
        assert session.read() is None
        with pytest.raises(NoWayError):
            session.cancel()
    engine.dispose()


@pytest.mark.engines("postgresql")
def test_another_server_behind_the_same_url_is_left_alone(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        # Two sessions on one server, which say that they are not.
        sql = "SELECT pg_backend_pid(), pg_backend_pid()"
        session = ServerSession(connection, sql, lambda number: lambda second: Reading("seen"), "SELECT {}")
        assert session.read() is None
        with pytest.raises(NoWayError):
            session.cancel()
    engine.dispose()


def test_an_error_of_the_callback_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(_: Running) -> None:
        raise BrokenPipeError

    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        over = threading.Event()
        with (
            pytest.raises(BrokenPipeError),
            execute_progress.watching(connection, dialect_of(connection), "", (), tell),
        ):
            over.wait(0.2)
    engine.dispose()


def test_a_share_never_goes_back_and_never_reaches_the_whole() -> None:
    estimate = ProgressEstimate()
    read = [0.1, 0.3, 0.2, 1.0, None, 0.5]
    shares = [
        estimate.running(at, None if share is None else Reading("copying rows", share)).share
        for at, share in enumerate(read)
    ]
    assert shares == [0.1, 0.3, 0.3, 0.3, 0.3, 0.5]
    assert [share_of(1, 4), share_of(4, 4), share_of(5, 4), share_of(0, 0), share_of(None, 3)] == [
        0.25,
        None,
        None,
        None,
        None,
    ]


def test_time_left_is_told_while_it_moves() -> None:
    estimate = ProgressEstimate()
    assert estimate.running(0, Reading("reading", 0.0)).left is None
    assert estimate.running(1, Reading("reading", 0.1)).left is None
    assert estimate.running(2, Reading("reading", 0.2)).left == pytest.approx(8)
    assert estimate.running(4, Reading("reading", 0.2)).left == pytest.approx(6)
    assert estimate.running(60, Reading("reading", 0.2)).left is None
    assert estimate.running(61, Reading("reading", 0.3)).left is None
    assert estimate.running(62, Reading("reading", 0.4)).left is not None


@pytest.mark.engines("mariadb")
def test_without_a_terminal_there_are_plain_lines(url: str, big: Callable[[str], Path]) -> None:
    err = io.StringIO()
    plain = (
        r"  1/1 alter column big\.n: type \S+ -> \S+  \d+ %, copying rows(, about \d+ s left)? after \d+ s"
    )

    def told(events: list[Event]) -> bool:
        return any(re.fullmatch(plain, line) for line in err.getvalue().splitlines())

    until_it_takes_long(url, big(WIDER), told, progress=Steps(Terminal(err=err), {2: "wider"}, every=0))
    lines = err.getvalue().splitlines()
    assert lines[0].endswith("0002 wider")
    assert re.fullmatch(r"  1/1 alter column big\.n: type \S+ -> \S+  \d+\.\d\d s", lines[-1])
    assert "\x1b" not in err.getvalue()


class Screen(io.StringIO):
    """A terminal that remembers all that was written to it."""

    def isatty(self) -> bool:
        return True

    @property
    def written(self) -> str:
        """All of it but for the styles."""
        return re.sub(r"\x1b\[[\d;]*m", "", self.getvalue())


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    return Screen()


def long_step(steps: Steps, share: float | None) -> None:
    step = Step("ALTER TABLE", ())
    steps(Event(1, "up", step, 0, 1))
    steps(Event(1, "up", step, 0, 1, running=Running(9.0, "copying rows", share, share and 12.4)))
    steps(Event(1, "up", step, 0, 1, seconds=21.5))


def test_at_a_terminal_a_bar_comes_and_goes(screen: Screen) -> None:
    long_step(Steps(Terminal(err=screen), {}), 0.4299)
    written = screen.written
    assert re.search("━.* 42 % copying rows, about 12 s left 0:09\n", written)
    assert written.count("\x1b[2K") >= 3
    assert written.endswith("  1/1 ALTER TABLE  21.50 s\n")


def test_without_a_share_there_is_the_time(screen: Screen) -> None:
    long_step(Steps(Terminal(err=screen), {}), None)
    assert " copying rows 0:09" in screen.written
    assert "━" not in screen.written


def test_where_no_bar_is_wanted_there_are_plain_lines(screen: Screen) -> None:
    long_step(Steps(Terminal(err=screen), {}, bar=False, every=0), 0.4299)
    assert "\x1b[2K" not in screen.written
    assert screen.written.splitlines()[-2:] == [
        "  1/1 ALTER TABLE  42 %, copying rows, about 12 s left after 9 s",
        "  1/1 ALTER TABLE  21.50 s",
    ]


def test_who_is_waited_for_is_not_said_twice_a_second(screen: Screen) -> None:
    waits = Waits(Terminal(err=screen))
    for words in (
        "waiting for 3, 5 % done",
        "waiting for 3, 6 % done",
        "waiting for another",
        "waiting for 3, 7 % done",
    ):
        waits(words)
    assert screen.written == "  waiting for 3, 5 % done\n  waiting for another\n"


def test_a_question_stays_below_what_is_written(screen: Screen) -> None:
    terminal = Terminal(err=screen)
    terminal.begin_line("  1/2 one")
    terminal.begin_question("Stop? ")
    terminal.note(("waiting",))
    terminal.begin_line("  2/2 two")
    terminal.end_line("  1 s")
    terminal.end_question(answered=False)
    terminal.note(("done",))
    assert screen.written.splitlines() == [
        "  1/2 one",
        "Stop? ",
        "waiting",
        "Stop? ",
        "  2/2 two  1 s",
        "Stop? ",
        "done",
    ]


def test_a_callback_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "0001_big.py").write_text(BIG)
    (tmp_path / "0002_wider.py").write_text(WIDER)
    url = f"sqlite:///{tmp_path}/database.sqlite"

    def progress(event: Event) -> None:
        if event.revision == 2:
            raise StoppedError("enough")

    with pytest.raises(
        StoppedError, match="stopped in revision 0002, and everything that it did is rolled back"
    ):
        schemadiff.apply(url, tmp_path, progress=progress)
    assert schemadiff.status(url, tmp_path).version == 1


def test_what_a_server_says_does_not_steer_the_terminal() -> None:
    err = io.StringIO()
    step = Step("ALTER TABLE", ())
    Steps(Terminal(err=err), {}, every=0)(
        Event(1, "up", step, 0, 1, running=Running(1.0, "odd\x1b[2J\r", 0.999))
    )
    assert err.getvalue() == "  1/1 ALTER TABLE  99 %, odd\\x1b[2J\\r after 1 s\n"
