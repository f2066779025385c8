"""The main job on an SQLite file, as `make demo` shows it: from the first revision to the drift check.

Every command is really run, in a folder of its own that is gone at the end; one that ends otherwise than it should
ends the demo with an error.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLOUR = not os.environ.get("NO_COLOR") and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))


class Demo:
    """The folder of one run, and the environment of its commands."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "site.sqlite"
        self.versions = folder / "versions"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SCHEMADIFF_")},
            "SCHEMADIFF_URL": f"sqlite:///{self.file}",
            "SCHEMADIFF_VERSIONS": str(self.versions),
            "SCHEMADIFF_MODELS": "examples.qa_site.app:db",
            "QA_SITE_STATE": "1",
        }
        if COLOUR:
            self.environment["FORCE_COLOR"] = "1"

    def command(self, *arguments: str, code: int = 0) -> None:
        """Runs `schemadiff` and shows what it says. Ends the demo unless it exits with `code`."""
        print(paint("1", f"\n$ schemadiff {shlex.join(arguments)}"), flush=True)
        call = [sys.executable, "-c", "from schemadiff.cli import main; main()", *arguments]
        # Not at a terminal, as in CI: nothing is asked.
        done = subprocess.run(
            call,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode != code:
            fail(f"it exited with {done.returncode}, not with {code}")
        if code:
            print(paint("2", f"(exit code {code})"))

    def models(self, state: int) -> None:
        """Takes the models in one of their two states."""
        self.environment["QA_SITE_STATE"] = str(state)

    def fill(self) -> None:
        """Puts a user and two questions into the database."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute(
                "INSERT INTO user (username, password, email, phone) VALUES ('ada', '-', 'ada@example.org', '555')"
            )
            connection.executemany(
                "INSERT INTO question (title, content, author_id) VALUES (?, ?, 1)",
                [("Why?", "I wonder."), ("How?", "I wonder, too.")],
            )

    def rows(self) -> str:
        """Return the rows of the database in words. Ends the demo when a row is missing."""
        with closing(sqlite3.connect(self.file)) as connection:
            users = [name for (name,) in connection.execute("SELECT username FROM user")]
            titles = [title for (title,) in connection.execute("SELECT title FROM question ORDER BY id")]
        if users != ["ada"] or titles != ["Why?", "How?"]:
            fail(f"rows were lost: users {users}, questions {titles}")
        return f"user {users[0]}, questions {' '.join(titles)}"


def main() -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="schemadiff-demo-") as folder:
        demo = Demo(Path(folder))
        shutil.copytree(ROOT / "versions", demo.versions, ignore=shutil.ignore_patterns("__pycache__"))

        say("A question-and-answer site, its first revision, and an empty database.")
        demo.command("status", code=1)
        demo.command("apply", "--yes")
        demo.command("check")
        demo.fill()
        say(f"The site is used. In the database: {demo.rows()}.")

        say("The models change: a longer title, a language for each user, no phone number any more.")
        demo.models(2)
        demo.command("check", code=1)
        demo.command("plan", "-m", "languages instead of phones")
        written = sorted(demo.versions.glob("*.py"))[-1]
        say(f"This is {written.name}; a dropped column is written in full, so that it can come back:")
        print(written.read_text(encoding="utf-8"))

        say("Nothing is destroyed unasked:")
        demo.command("apply", "--yes", code=2)
        demo.command("apply", "--yes", "--allow", "SD102")
        demo.command("check")
        say(f"Still there: {demo.rows()}.")

        say("Somebody changes the database by hand; CI finds out:")
        with closing(sqlite3.connect(demo.file)) as connection:
            connection.execute("ALTER TABLE question ADD COLUMN votes INTEGER")
        demo.command("check", code=1)
        with closing(sqlite3.connect(demo.file)) as connection:
            connection.execute("ALTER TABLE question DROP COLUMN votes")

        say("The change was a mistake: back, with the models and without the file.")
        demo.command("rollback", "--yes", "--allow", "SD102")
        written.unlink()
        demo.models(1)
        demo.command("check")
        say(f"Still there: {demo.rows()}. (The phone numbers are not: that is what SD102 had warned of.)")
    print(f"\nAll of it in {time.monotonic() - started:.1f} s.")


def say(text: str) -> None:
    """Tells what happens next."""
    print(paint("36", f"\n# {text}"), flush=True)


def fail(text: str) -> None:
    """Ends the demo."""
    sys.exit(paint("31", f"The demo failed: {text}"))


def paint(code: str, text: str) -> str:
    """The text in a colour, where colours are wanted."""
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


if __name__ == "__main__":
    main()
