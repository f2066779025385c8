"""A project in a folder of its own, and the commands that are run in it."""

import contextlib
import importlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from schemadiff.cli.app import run
from tests.cli.schemas import checked

SETTINGS = 'models = "models:metadata"\n'
HEAD = "from sqlalchemy import *\n\nmetadata = MetaData()\n\n"


@dataclass(frozen=True)
class Answer:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object that it wrote, which is as the published schema says."""
        return checked(json.loads(self.out))


@dataclass
class Shell:
    """Runs commands in the folder, on the database, without a terminal."""

    folder: Path
    url: str
    environment: dict[str, str] = field(default_factory=dict)
    code: Path | None = None
    """Where the application's modules are, which each command imports anew; in the folder when nothing is said."""

    def models(self, text: str) -> None:
        """Puts tables into the project's models."""
        self.write("models.py", HEAD + text)

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file

    def versions(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "versions").glob("*.py"))

    def __call__(self, *arguments: str, code: int = 0) -> Answer:
        """Runs `schemadiff` in this process, which is quick, and asserts how it ends."""
        answer = self.run(*arguments)
        assert answer.code == code, f"{arguments} ended with {answer.code}:\n{answer.out}{answer.err}"
        return answer

    def run(self, *arguments: str) -> Answer:
        """Runs `schemadiff` in this process, however it ends."""
        out, err = io.StringIO(), io.StringIO()
        modules, path, stdin = set(sys.modules), list(sys.path), sys.stdin
        keeps = sys.dont_write_bytecode
        importlib.invalidate_caches()
        sys.stdin, sys.dont_write_bytecode = io.StringIO(), True
        try:
            with (
                contextlib.chdir(self.folder),
                _environment({"SCHEMADIFF_URL": self.url, **self.environment}),
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                ended = run(arguments)
        finally:
            sys.stdin, sys.dont_write_bytecode = stdin, keeps
            sys.path[:] = path
            for name in set(sys.modules) - modules:
                if str(self.code or self.folder) in str(getattr(sys.modules[name], "__file__", "")):
                    del sys.modules[name]
        return Answer(ended, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Answer:
        """Runs `schemadiff` as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", "from schemadiff.cli import main; main()", *arguments],
            cwd=self.folder,
            env=clean({"SCHEMADIFF_URL": self.url, **self.environment}),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert answer.code == code, f"{arguments} ended with {answer.code}:\n{answer.out}{answer.err}"
        return answer

    def execute(self, *statements: str | sa.Executable) -> list[Any]:
        """Runs statements on the database and returns the rows of the last one."""
        engine = sa.create_engine(self.url)
        try:
            with engine.begin() as connection:
                for statement in statements:
                    executable = sa.text(statement) if isinstance(statement, str) else statement
                    result = connection.execute(executable)
                return list(result) if result.returns_rows else []
        finally:
            engine.dispose()

    def tables(self) -> set[str]:
        engine = sa.create_engine(self.url)
        try:
            return set(sa.inspect(engine).get_table_names())
        finally:
            engine.dispose()


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process without what would steer a command, and the given one.

    No bytecode is kept: Python takes it for that of a file with the same size that is written in the same second, as
    models that a test, or git, replaces.
    """
    steering = ("SCHEMADIFF_", "DATABASE_URL", "NO_COLOR", "FORCE_COLOR", "FLASK_", "QA_SITE_STATE")
    own = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return {**own, "PYTHONDONTWRITEBYTECODE": "1", **environment}


@contextlib.contextmanager
def _environment(environment: Mapping[str, str]) -> Iterator[None]:
    before, now = dict(os.environ), clean(environment)
    os.environ.clear()
    os.environ.update(now)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
