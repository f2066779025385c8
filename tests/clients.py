"""A script run by the product's own client, where that is on PATH, else by the driver as the client would do it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from schemadiff.dialects.shared.verbatim import VERBATIM


def run_script(url: str, script: str) -> str:
    """Runs the script on the database up to its first error; returns that in the server's words, ``""`` when there is
    none.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            found = _client("sqlite3", str(parsed.database), script=script)
        case "postgresql":
            address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
            found = _client("psql", "--no-psqlrc", "--quiet", "--file=-", address, script=script)
        case _:
            server = (f"--host={parsed.host}", f"--port={parsed.port}", f"--user={parsed.username}")
            arguments = (*server, f"--password={parsed.password or ''}", str(parsed.database))
            # Without its own files of settings, as many a client is, and not in UTF-8.
            found = _client("mysql", "--no-defaults", *arguments, script=script)
    return _driver(parsed, script) if found is None else found


def _client(program: str, *arguments: str, script: str) -> str | None:
    """What the client says when it fails; ``None`` where there is no such program."""
    if not shutil.which(program):
        return None
    done = subprocess.run(
        [program, *arguments], input=script.encode(), capture_output=True, check=False, timeout=120
    )
    words = done.stderr.decode()
    return (words or f"{program} ended with {done.returncode}") if done.returncode else ""


def _driver(url: URL, script: str) -> str:
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as connection:
            try:
                connection.executescript(_without_dots(script))
            except sqlite3.Error as error:
                return str(error)
            return ""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        try:
            for statement in _statements(script):
                connection.exec_driver_sql(statement, execution_options=VERBATIM)
        except sa.exc.DBAPIError as error:
            return str(error.orig)
    return ""


def _without_dots(script: str) -> str:
    script = re.sub(r"(?m)^\.timeout (\d+)$", r"PRAGMA busy_timeout = \1;", script)
    return re.sub(r"(?m)^\.bail on$", "", script)


def _statements(script: str) -> Iterator[str]:
    """The statements between terminators at the ends of lines, which is where scripts have them."""
    delimiter, text = ";", ""
    for line in script.splitlines(keepends=True):
        if line.startswith("DELIMITER "):
            delimiter = line.split()[1]
        elif text or not (line.isspace() or line.startswith(("-- ", "\\"))):
            text += line
            quoted = any(text.count(mark) % 2 for mark in ("$$", "$schemadiff$")) and delimiter == ";"
            if line.rstrip().endswith(delimiter) and not quoted:
                yield text.rstrip().removesuffix(delimiter)
                text = ""
