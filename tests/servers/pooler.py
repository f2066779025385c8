"""PgBouncer before a PostgreSQL server, in a temporary folder of its own: in transaction mode, with a few sessions."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from tests.servers.choice import ServerError
from tests.servers.private import free_port
from tests.servers.ready import await_ready
from tools.install_servers import POOLER, find_pooler


class Pooler:
    """A pooler before the server of that URL: it answers when the constructor returns. ``url`` leads through it."""

    def __init__(self, url: str, **settings: object) -> None:
        program = find_pooler()
        if program is None:
            raise ServerError(f"No {POOLER} found. Install it with: python tools/install_servers.py {POOLER}")
        server = sa.make_url(url)
        self._folder = Path(tempfile.mkdtemp(prefix="schemadiff-"))
        port = free_port()
        options = {
            "listen_addr": "127.0.0.1",
            "listen_port": port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": 4,
            **settings,
        }
        way = f"host={server.host} port={server.port or 5432} user={server.username}"
        if server.password:
            way += f" password={server.password}"
        lines = [
            "[databases]",
            f"* = {way}",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in options.items()),
        ]
        file = self._folder / "pgbouncer.ini"
        file.write_text("\n".join(lines))
        account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if account:  # it refuses to run as root
            shutil.chown(self._folder, account.pw_uid)
            shutil.chown(file, account.pw_uid)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as it runs)
        self._process = subprocess.Popen(
            [program, str(file)],
            cwd=self._folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = server.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        try:
            await_ready("postgresql", self.url, alive=lambda: self._process.poll() is None)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.kill()
        self._process.wait(timeout=20)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._log.close()

    def __enter__(self) -> Pooler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
