"""Fixtures that give a test its database.

    def test_on_all_four(url: str) -> None: ...              # a fresh, empty database; once per engine

    @pytest.mark.engines("mysql", "mariadb")
    def test_on_two(url: str, engine_name: str) -> None: ...

    def test_with_two(fresh_database: FreshDatabase) -> None:
        left, right = fresh_database("mysql"), fresh_database("sqlite")

All URLs are strings for SQLAlchemy. The databases are dropped when the test is over. Servers are started
when a collected test needs them (servers/); one that cannot be had fails the test, which is never skipped.
"""

import compileall
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
import sqlalchemy
from _pytest.runner import runtestprotocol

from tests import selection
from tests.selection import ENGINES, numbers
from tests.servers.choice import ServerError
from tests.servers.databases import Databases
from tests.servers.fleet import Fleet, Line, Servers, Switchboard

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

ORDINARY = {"sqlite": (3, 40), "mysql": (9, 7), "mariadb": (10, 11), "postgresql": (15,)}
"""The versions of the servers that the golden parts of the stories were written by; what needs a newer one is left to
`make test-versions`.
"""

FreshDatabase = Callable[[str], str]
PACKAGE = Path(__file__).resolve().parent.parent / "schemadiff"

# The same examples in every run, however slow the machine is.
hypothesis.settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")


@sqlalchemy.event.listens_for(sqlalchemy.Pool, "connect")
def _without_waiting_for_the_disk(connection: object, _: object) -> None:
    """Leave what SQLite writes to the kernel: a process that is killed loses none of it, and no test cuts the power."""
    if isinstance(connection, sqlite3.Connection):
        (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
        connection.execute("PRAGMA busy_timeout = 0")
        # It reads the file, which may be locked, or no database.
        with contextlib.suppress(sqlite3.DatabaseError):
            connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA busy_timeout = {patience}")


_SERVERS = pytest.StashKey[Servers]()
_LOSSES = pytest.StashKey[int]()
_SWITCHBOARD = pytest.StashKey[Switchboard]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("schemadiff")
    group.addoption("--update", action="store_true", help="rewrite the golden parts of the story files")
    group.addoption(
        "--other-version",
        metavar="VERSION",
        help="the servers are of this version, and not the one that the golden parts were written by: these are not "
        "compared, and stories that need a newer one are left out",
    )
    group.addoption("--no-skips", action="store_true", help="fail when any test was skipped")
    group.addoption(
        "--no-servers", action="store_true", help="leave out what needs a server, and what is marked `once`"
    )


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        config.stash[_SERVERS] = Line(config.workerinput["servers"])
    else:
        fleet = Fleet()
        config.stash[_SERVERS] = fleet
        config.add_cleanup(fleet.stop)
        # Tests start schemadiff as a program many times, and these keep no bytecode (tests/cli/shell.py).
        compileall.compile_dir(PACKAGE, quiet=2)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "WorkerController") -> None:
    """Tell a worker of pytest-xdist where to ask for the servers."""
    stash = node.config.stash
    if _SWITCHBOARD not in stash:
        fleet = stash[_SERVERS]
        assert isinstance(fleet, Fleet)
        stash[_SWITCHBOARD] = Switchboard(fleet)
    node.workerinput["servers"] = stash[_SWITCHBOARD].number


def pytest_report_header() -> str:
    return f"SQLAlchemy {sqlalchemy.__version__}, SQLite {sqlite3.sqlite_version}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `url` or `engine_name` once per engine, or on those that its mark names."""
    if "engine_name" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("engines")
    names = mark.args if mark else ENGINES
    if unknown := set(names) - set(ENGINES):
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: no such engine: {', '.join(sorted(unknown))}")
    metafunc.parametrize("engine_name", names, ids=names)


@pytest.hookimpl(tryfirst=True)  # before pytest looks at -m
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its engines, and leave out what --no-servers, SQLAlchemy or the servers' versions say."""
    selection.mark_engines(items)
    version = config.option.other_version
    left_out = selection.left_out(
        items,
        serverless=config.option.no_servers,
        versions={engine: numbers(version) for engine in ENGINES} if version else ORDINARY,
    )
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start, in the background, the servers that the collected tests need."""
    if not session.config.option.collectonly:
        for engine in selection.servers(session.items):
            session.config.stash[_SERVERS].begin(engine)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test that failed once more where a server ended by itself meanwhile: a second time is not the machine's."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    known = item.config.stash.get(_LOSSES, 0)
    if any(report.failed for report in reports):
        losses = item.config.stash[_SERVERS].losses()
        item.config.stash[_LOSSES] = losses
        if losses > known:
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell of servers that ended by themselves, with the end of their logs."""
    fleet = config.stash[_SERVERS]
    if isinstance(fleet, Fleet):
        for obituary in fleet.obituaries:
            terminalreporter.write_line(f"\n{obituary}", yellow=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and session.config.option.no_skips and reporter.stats.get("skipped"):
        reporter.write_line("\n--no-skips: a test was skipped, and that counts as a failure.", red=True)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> Callable[[str], str]:
    """Return the function that returns the URL of an engine's server, with rights to create databases."""

    told: set[str] = set()

    def url_of(engine: str) -> str:
        try:
            return pytestconfig.stash[_SERVERS].url(engine)
        except ServerError as error:
            # In full once: the engine's other tests fail for the same reason.
            problem = str(error).splitlines()[0] if engine in told else str(error)
            told.add(engine)
        pytest.fail(problem, pytrace=False)

    return url_of


@pytest.fixture(scope="session")
def _databases(server_url: Callable[[str], str]) -> Iterator[Databases]:
    databases = Databases(server_url)
    yield databases
    databases.close()


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FreshDatabase]:
    """Return the function that creates an empty database of an engine and returns its URL."""
    known = selection.engines_of(request.node)
    created: list[tuple[Databases, str, str]] = []
    files = 0

    def create(engine: str) -> str:
        nonlocal files
        if engine == "sqlite":
            files += 1
            return f"sqlite:///{tmp_path}/database{files}.sqlite"
        if engine not in known:
            pytest.fail(
                f'Mark the test with @pytest.mark.engines("{engine}"), so that it can be chosen by it.'
            )
        databases: Databases = request.getfixturevalue("_databases")
        url = databases.create(engine)
        created.append((databases, engine, url))
        return url

    yield create
    for databases, engine, url in created:
        databases.drop(engine, url)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """Return the engine that the test runs on: see pytest_generate_tests."""
    raise NotImplementedError  # every test that asks for it is parametrised


@pytest.fixture
def url(engine_name: str, fresh_database: FreshDatabase) -> str:
    """Return the URL of a fresh, empty database of the engine."""
    return fresh_database(engine_name)
