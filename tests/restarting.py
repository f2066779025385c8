"""A server that is killed and started again on the same data."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from tests.servers.choice import Installation, ServerError
from tests.servers.private import data_parent, free_port, recipe
from tests.servers.ready import await_ready

DURABLE = {
    "mysql": ("--innodb-doublewrite=ON",),
    "mariadb": ("--innodb-doublewrite=ON",),
    "postgresql": ("-c", "synchronous_commit=on", "-c", "full_page_writes=on"),
}
"""What the servers of the other tests do without. The machine itself stays up, so no disk has to be waited for."""


class RestartableServer:
    """A server of one's own: it answers when the constructor returns, and after `start`. The options are the server's;
    MySQL and MariaDB make their data with them, too. One of PostgreSQL that `follows` another is its hot standby.
    """

    def __init__(
        self, installation: Installation, *options: str, follows: RestartableServer | None = None
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="schemadiff-", dir=data_parent()))
        self._engine = installation.engine
        plan = recipe(installation, self._folder, free_port())
        self.url = plan.url
        self._user = plan.user
        self._commands = [list(command) for command in plan.commands]
        self._commands[-1] += DURABLE[self._engine]
        for command in self._commands[-1:] if self._engine == "postgresql" else self._commands:
            command += options
        if follows:
            self._commands[:-1] = [_base_backup(installation, follows.url, self._folder / "data")]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as the server runs)
        if self._user:
            shutil.chown(self._folder, self._user)
        for command in self._commands[:-1]:
            self._spawn(command).wait(timeout=120)
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers; again where what was killed still holds the data."""
        for _ in range(20):
            self._server = self._spawn(self._commands[-1])
            try:
                await_ready(self._engine, self.url, alive=lambda: self._server.poll() is None)
                return
            except ServerError:
                if self._server.poll() is None:
                    self.kill()
            time.sleep(0.5)  # PostgreSQL's last process has not yet let go of the memory that they shared
        raise ServerError(f"{self._engine} does not start again")

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._server.send_signal(signal.SIGKILL)
        self._server.wait(timeout=20)

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        account = pwd.getpwnam(self._user) if self._user else None
        return subprocess.Popen(
            command,
            cwd=self._folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account and os.geteuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> RestartableServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._log.close()


def _base_backup(installation: Installation, primary: str, folder: Path) -> list[str]:
    """The command that copies the primary's data while it runs, with the settings of one that follows it."""
    server = sa.make_url(primary).set(drivername="postgresql").render_as_string(hide_password=False)
    program = str(installation.home / "bin" / "pg_basebackup")
    options = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync")
    return [program, f"--dbname={server}", f"--pgdata={folder}", *options]
