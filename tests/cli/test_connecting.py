"""How the command line connects: `connect_args` of the settings file, and an engine of the application's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from schemadiff.config.settings import settings
from schemadiff.errors import ConfigError
from tests.cli.shell import SETTINGS, Shell

LOGGED = """
import logging
from schemadiff.cli import guard
guard.run(lambda terminal: logging.getLogger("sqlalchemy.pool.impl.NullPool").error("lost") or 0)
"""
TABLE = 'Table("t", metadata, Column("id", Integer, primary_key=True))\n'


def run_all(shell: Shell) -> None:
    shell("plan", "-m", "begin")
    shell("apply", "--yes")
    assert "no differences" in shell("check").out
    assert "0001" in shell("history").out


@pytest.mark.engines("mysql", "postgresql")
def test_connect_args_of_the_settings_file(url: str, tmp_path: Path) -> None:
    """The address and the account are no part of the URL here, and what is secret is not shown."""
    real = sa.make_url(url)
    arguments = {
        "host": real.host,
        "port": real.port,
        "user": real.username,
        "application_name": "",
        "password": "",
    }
    arguments["password"] = real.password or "wrong-on-purpose"
    if real.get_backend_name() == "mysql":
        del arguments["application_name"]
    nowhere = f"{real.drivername}:///{real.database}"
    lines = [f"{key} = {value!r}" for key, value in arguments.items() if value is not None]
    shell = Shell(tmp_path, nowhere)
    shell.models(TABLE)
    shell.write("schemadiff.toml", "\n".join([SETTINGS, "[connect_args]", *lines, ""]))
    if real.password is None and real.get_backend_name() == "mysql":
        refused = shell("status", code=2)  # the server knows no password of this account
        assert "wrong-on-purpose" not in refused.err
        shell.write("schemadiff.toml", "\n".join([SETTINGS, "[connect_args]", *lines[:-1], ""]))
    run_all(shell)


ENGINE = """
import sqlalchemy as sa
{imports}

ASKED = []

def make_engine():
    engine = {make}("{driver}://", poolclass=sa.NullPool)

    @sa.event.listens_for({target}, "do_connect")
    def connect(dialect, record, positional, keywords):
        ASKED.append(True)
        positional[:], made = dialect.create_connect_args(sa.make_url({url!r}))
        keywords.update(made)

    return engine
"""


@pytest.mark.parametrize(
    "driver", ["mysql+pymysql", "mysql+mysqldb", "mysql+asyncmy", "sqlite+pysqlite", "postgresql+asyncpg"]
)
@pytest.mark.engines("mysql", "postgresql")
def test_an_engine_of_the_applications_own(
    driver: str, fresh_database: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how to connect, here by an event that knows the address, as with a token: the URL leads nowhere."""
    url = sa.make_url(fresh_database(driver.partition("+")[0])).set(drivername=driver)
    url = url.difference_update_query(["ssl_disabled"])  # PyMySQL's own word
    is_async = url.get_dialect().is_async
    source = ENGINE.format(
        imports="from sqlalchemy.ext.asyncio import create_async_engine" if is_async else "",
        make="create_async_engine" if is_async else "sa.create_engine",
        target="engine.sync_engine" if is_async else "engine",
        driver=driver,
        url=url.render_as_string(hide_password=False),
    )
    name = f"own_{driver.replace('+', '_')}"
    shell = Shell(tmp_path, "")
    shell.write(f"{name}.py", source)
    shell.models(TABLE)
    shell.write("schemadiff.toml", f'{SETTINGS}engine = "{name}:make_engine"\n')
    run_all(shell)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ("nowhere", "not of the form module:attribute"),
        ("own:nothing", 'no attribute "nothing"'),
        ("own:text", "is str, which is no engine"),
        ("own:fails", "could not be called: RuntimeError: no context"),
        ("own:site.engine", "cannot be had: RuntimeError: no context"),
        ("elsewhere:engine", 'no module "elsewhere"'),
    ],
)
def test_a_wrong_engine_is_told(engine: str, message: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path, "")
    shell.write(
        "own.py",
        'text = "x"\n\n\ndef fails():\n    raise RuntimeError("no context")\n\n\n'
        "class Site:\n    @property\n    def engine(self):\n        return fails()\n\n\nsite = Site()\n",
    )
    shell.write("schemadiff.toml", f'{SETTINGS}engine = "{engine}"\n')
    told = shell("status", code=2).err
    assert message in told
    assert "defect" not in told


def test_what_sqlalchemy_logs_of_a_lost_connection_is_not_printed() -> None:
    done = subprocess.run([sys.executable, "-c", LOGGED], capture_output=True, text=True, check=True)
    assert not done.stdout + done.stderr


def test_who_decides_how_to_connect(tmp_path: Path) -> None:
    def found(text: str, url: str | None = None, **environment: str) -> tuple[object, ...]:
        (tmp_path / "schemadiff.toml").write_text(text)
        read = settings(url, directory=tmp_path, environment=environment)
        return read.url, read.engine, dict(read.connect_args)

    engine, both = 'engine = "app:engine"\n', 'url = "sqlite://"\nconnect_args = {timeout = 3}\n'
    assert found(engine) == (None, "app:engine", {})
    assert found(engine, DATABASE_URL="sqlite://") == (None, "app:engine", {})
    assert found(engine, SCHEMADIFF_URL="sqlite://") == ("sqlite://", None, {})
    assert found(engine, "sqlite://") == ("sqlite://", None, {})
    assert found(both) == ("sqlite://", None, {"timeout": 3})
    assert found(both, SCHEMADIFF_ENGINE="app:other") == (None, "app:other", {})
    for wrong, message in ((engine + both, 'setting "engine"'), ('connect_args = "x"\n', "must be a table")):
        with pytest.raises(ConfigError, match=message):
            found(wrong)
