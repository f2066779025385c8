"""Several instances of an application start at once, and each calls `upgrade()`: one does the work, the others wait."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from tests.cli.shell import clean

REVISIONS = {
    "0001_begin": 'op.create_table("user", sa.Column("id", sa.Integer, primary_key=True))',
    "0002_name": 'op.add_column("user", sa.Column("name", sa.String(50)))',
    "0003_one": 'op.execute("INSERT INTO counted (id) VALUES (1)", reverse=op.nothing)',
    "0004_index": 'op.create_index("user", sa.Index("by_name", "name"))',
    "0005_two": 'op.execute("INSERT INTO counted (id) VALUES (2)", reverse=op.nothing)',
}
"""What is counted shows that nothing was run twice: there is no key on it."""

INSTANCES = 10

WORKERS = """
import os, sys
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from schemadiff.flask import Migrate, upgrade
import schemadiff.cli.running, schemadiff.commands.apply

url, versions, log, count = sys.argv[1:]
db = SQLAlchemy()


def create_app():
    app = Flask("site", instance_path=versions)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    Migrate(app, db, versions)
    with app.app_context():
        upgrade()
    return app


begin, start = os.pipe()
workers = []
for number in range(int(count)):
    if (worker := os.fork()) == 0:
        os.close(start)
        os.read(begin, 1)  # returns for all of them when the other end is closed
        out = os.open(f"{log}{number}", os.O_CREAT | os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = 1
        try:
            create_app()
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    workers.append(worker)
os.close(start)
codes = [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers]
print(codes)
sys.exit(any(codes))
"""


def start_at_once(url: str, folder: Path) -> list[str]:
    """What each of the instances said. Raises `AssertionError` where one of them failed."""
    versions = folder / "versions"
    versions.mkdir()
    for name, body in REVISIONS.items():
        (versions / f"{name}.py").write_text(f"import sqlalchemy as sa\n\n\ndef upgrade(op):\n    {body}\n")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE counted (id INTEGER)"))
    log = folder / "said"
    done = subprocess.run(
        [sys.executable, "-c", WORKERS, url, str(versions), str(log), str(INSTANCES)],
        env=clean({}),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [Path(f"{log}{number}").read_text() for number in range(INSTANCES)]
    assert done.returncode == 0, "\n".join([done.stdout, done.stderr, *said])
    with engine.connect() as connection:
        assert sorted(connection.scalars(sa.text("SELECT id FROM counted"))) == [1, 2]
    engine.dispose()
    assert schemadiff.status(url, versions).version == len(REVISIONS)
    return said


@pytest.mark.once
def test_each_revision_is_run_once(url: str, tmp_path: Path) -> None:
    said = start_at_once(url, tmp_path)
    did = [re.findall(r"^apply (\d+) ", one, re.MULTILINE) for one in said]
    assert [len(one) for one in did if one] == [len(REVISIONS)], said
    assert sum("nothing to apply" in one for one in said) == INSTANCES - 1, said
