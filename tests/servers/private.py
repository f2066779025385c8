"""A server from the machine's own programs, on a free loopback port, in a temporary folder of its own.

The data live no longer than the tests, so nothing waits for a disk, and where the machine has memory to spare
they never see one: a server starts from nothing in one to three seconds, and DDL takes a third of the time.
Sockets have relative names, which fit in a socket's address however long the folder's own path is.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.servers import keeper
from tests.servers.choice import Installation, ServerError
from tests.servers.ready import answers, await_ready

LOG_LINES = 30
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 << 30  # free there, or the data go to the ordinary temporary folder

# Both products read these, and short of a power failure lose nothing by them.
_INNODB = ("--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=OFF")


@dataclass(frozen=True)
class Recipe:
    """How to run one server: the commands in turn, the last of which is the server, and how to end it."""

    url: str
    commands: tuple[tuple[str, ...], ...]
    stop_signal: signal.Signals
    user: str | None = None


def recipe(installation: Installation, folder: Path, port: int) -> Recipe:
    """Return how to run this installation with all that it writes in the folder."""
    match installation.engine:
        case "mysql":
            return _mysql(installation, folder, port)
        case "mariadb":
            return _mariadb(installation, folder, port)
        case "postgresql":
            return _postgresql(installation, folder, port)
        case unknown:
            raise ValueError(unknown)


def _mysql(installation: Installation, folder: Path, port: int) -> Recipe:
    home, data = installation.home, folder / "data"
    messages = home / "share" / "mysql"
    common = (
        *(*installation.server, "--no-defaults", *_as_root()),
        *(f"--basedir={home}", f"--datadir={data}", f"--tmpdir={folder}", "--secure-file-priv="),
        *((f"--lc-messages-dir={messages}",) if messages.is_dir() else ()),
        "--character-set-server=utf8mb4",
        *(*_INNODB, "--innodb-redo-log-capacity=64M", "--skip-log-bin", "--mysqlx=OFF"),
    )
    serve = (*common, *_listening(port), "--innodb-log-writer-threads=OFF")
    # SIGKILL: a clean shutdown would only tidy up what is removed next.
    return Recipe(_mysql_url(port), ((*common, "--initialize-insecure"), serve), signal.SIGKILL)


def _mariadb(installation: Installation, folder: Path, port: int) -> Recipe:
    home, data = installation.home, folder / "data"
    places = (home / "bin" / "mariadb-install-db", home / "scripts" / "mariadb-install-db")
    script = next((str(place) for place in places if place.exists()), "mariadb-install-db")
    common = (
        *("--no-defaults", *_as_root(), f"--basedir={home}", f"--datadir={data}", f"--tmpdir={folder}"),
        *(*_INNODB, "--innodb-log-file-size=64M", "--skip-log-bin"),
    )
    options = (*common, *_listening(port), "--character-set-server=utf8mb4", "--secure-file-priv=")
    prepare = (script, *common, "--auth-root-authentication-method=normal", "--skip-test-db")
    return Recipe(_mysql_url(port), (prepare, (*installation.server, *options)), signal.SIGKILL)


def _postgresql(installation: Installation, folder: Path, port: int) -> Recipe:
    data = folder / "data"
    initdb = str(installation.home / "bin" / "initdb")
    prepare = (
        *(initdb, "-D", str(data), "-U", "postgres", "-A", "trust"),
        *("--no-sync", "--no-locale", "--encoding=UTF8"),
    )
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "shared_buffers": "64MB",
        "max_connections": "60",
        "max_locks_per_transaction": "1024",  # a thousand tables in one transaction
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    serve = (*installation.server, "-D", str(data), "-p", str(port), *options)
    url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    # SIGQUIT: no checkpoint, but the children and the shared memory are put away.
    return Recipe(url, (prepare, serve), signal.SIGQUIT, user=_ordinary_user())


def _as_root() -> tuple[str, ...]:
    """Return the option without which these servers refuse to run as root."""
    return ("--user=root",) if os.geteuid() == 0 else ()


def _listening(port: int) -> tuple[str, ...]:
    return (f"--port={port}", "--bind-address=127.0.0.1", "--socket=s.sock", "--pid-file=s.pid")


def _mysql_url(port: int) -> str:
    # On loopback, where TLS protects nothing: PyMySQL's set-up of it is a third of what the stories take.
    return f"mysql+pymysql://root@127.0.0.1:{port}/?ssl_disabled=true"


def _ordinary_user() -> str | None:
    """Return the account that PostgreSQL runs as where pytest runs as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def data_parent() -> str | None:
    """Return the folder to make temporary folders in: in memory, or None for where they usually are."""
    usable = os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES
    return str(MEMORY) if usable else None


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PrivateServer:
    """A server of this test run alone: it answers when the constructor returns."""

    def __init__(self, installation: Installation) -> None:
        folder = Path(tempfile.mkdtemp(prefix="schemadiff-", dir=data_parent()))
        plan = recipe(installation, folder, free_port())
        self.url = plan.url
        self._program = " ".join(plan.commands[-1])
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as the server runs)
        order = keeper.Order(
            folder=str(folder),
            commands=[list(command) for command in plan.commands],
            user=plan.user,
            stop_signal=plan.stop_signal,
        )
        self._keeper = subprocess.Popen(
            [sys.executable, keeper.__file__, json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the terminal is for pytest, which ends the server last
        )
        try:
            await_ready(installation.engine, self.url, alive=lambda: self._keeper.poll() is None)
        except ServerError as error:
            said = self._end_of_log()
            self.stop()
            raise ServerError(f"{error}\n{said}") from None
        except BaseException:
            self.stop()
            raise

    def ended(self) -> str | None:
        """Return what its log says last where it has ended by itself, and None while it runs."""
        if answers(self.url):
            return None
        self._keeper.wait(timeout=60)  # it may be writing down why
        return self._end_of_log()

    def stop(self) -> None:
        """End the server and wait until its folder is gone."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait(timeout=30)
        self._log.close()

    def _end_of_log(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
        said = "\n".join(f"  {line}" for line in lines) or "  (empty)"
        return f"The end of its log ({self._program}):\n{said}"
