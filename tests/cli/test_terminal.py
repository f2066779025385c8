"""At a terminal, which is a pseudo-terminal here: what is shown, what is asked, and what an answer does."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.cli.shell import Shell, clean

pytestmark = pytest.mark.slow  # a process each

PHONE = 'Table("user", metadata, Column("id", Integer, primary_key=True), Column("phone", String(11)))\n'
MOBILE = PHONE.replace('"phone"', '"mobile"')
NO_PHONE = 'Table("user", metadata, Column("id", Integer, primary_key=True))\n'


@dataclass
class Session:
    """A command that runs at a terminal."""

    process: subprocess.Popen[bytes]
    terminal: int
    seen: str = ""

    def expect(self, text: str) -> str:
        """Waits until the command has written the text, and returns all that it wrote."""
        deadline = time.monotonic() + 30
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.seen}"
            if not self._read():
                break
        assert text in self.seen
        return self.seen

    def read_more(self) -> str:
        """Reads what there is to read, and returns all that was written."""
        self._read()
        return self.seen

    def answer(self, text: str) -> None:
        os.write(self.terminal, f"{text}\n".encode())

    def hang_up(self) -> None:
        """Closes the terminal."""
        if self.terminal >= 0:
            os.close(self.terminal)
            self.terminal = -1

    def end(self) -> int:
        """Waits for the end and returns the exit code."""
        deadline = time.monotonic() + 60
        while self._read():
            assert time.monotonic() < deadline, f"it does not end; seen so far: {self.seen}"
        return self.process.wait(30)

    def _read(self) -> bool:
        if not select.select([self.terminal], [], [], 1)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self.terminal, 4096)
        except OSError:  # the other end is closed
            return False
        self.seen += re.sub(r"\x1b\[[\d;]*m", "", data.decode().replace("\r\n", "\n"))
        return bool(data)


# A shell starts what it puts in the background with SIGINT ignored, and a child inherits that from the test run.
PROGRAM = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from schemadiff.cli import main; main()"
)
# Whose terminal is closed, and who is told so: also where the tests themselves run under nohup.
CONTROLLED = (
    "import fcntl, signal, termios; signal.signal(signal.SIGHUP, signal.SIG_DFL); "
    f"fcntl.ioctl(0, termios.TIOCSCTTY, 0); {PROGRAM}"
)


@contextmanager
def at_terminal(shell: Shell, *arguments: str, program: str = PROGRAM) -> Iterator[Session]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=shell.folder,
        env=clean({"SCHEMADIFF_URL": shell.url, "TERM": "xterm", **shell.environment}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    session = Session(process, master)
    try:
        yield session
    finally:
        process.kill()
        process.wait()
        session.hang_up()


def begun(shell: Shell) -> None:
    shell.models(PHONE)
    shell("plan", "-m", "begin")


def test_a_yes_is_taken(shell: Shell) -> None:
    begun(shell)
    with at_terminal(shell, "apply") as session:
        shown = session.expect("[y/N]")
        assert "+ create table user" in shown
        assert "CREATE TABLE" in shown
        assert "Apply 1 revision to database" in shown
        assert shell.tables() == set()
        session.answer("y")
        assert session.end() == 0
        assert "create table user" in session.seen
    assert "user" in shell.tables()


def test_anything_else_is_a_no(shell: Shell) -> None:
    begun(shell)
    for answer in ("", "n", "yess"):
        with at_terminal(shell, "apply") as session:
            session.expect("[y/N]")
            session.answer(answer)
            assert session.end() == 1
            assert "nothing was changed" in session.seen
    with at_terminal(shell, "apply", "--format", "json") as session:
        session.expect("[y/N]")
        session.answer("n")
        assert session.end() == 1
        assert '"error": "nothing was changed"' in session.seen
    assert shell.tables() == set()


def test_yes_asks_nothing(shell: Shell) -> None:
    begun(shell)
    with at_terminal(shell, "apply", "--yes") as session:
        assert session.end() == 0
        assert "?" not in session.seen
    with at_terminal(shell, "apply") as session:
        assert session.end() == 0
        assert "nothing to apply" in session.seen


def test_a_hazard_wants_the_whole_word(shell: Shell) -> None:
    begun(shell)
    shell("apply")
    shell.models(NO_PHONE)
    shell("plan")
    with at_terminal(shell, "apply", "--yes") as session:
        assert "SD102 drops column user.phone" in session.expect("type yes")
        session.answer("y")
        assert session.end() == 1
        assert "nothing was changed" in session.seen
    assert shell.execute("SELECT phone FROM user") == []
    with at_terminal(shell, "apply") as session:
        session.expect("[y/N]")
        session.answer("y")
        session.expect("type yes")
        session.answer("yes")
        assert session.end() == 0
        assert session.seen.count("type yes") == 1
    assert "no differences" in shell("check").out


def test_an_allowed_hazard_is_not_asked_for(shell: Shell) -> None:
    begun(shell)
    shell("apply")
    with at_terminal(shell, "rollback", "--allow", "SD101") as session:
        session.expect("Roll back 1 revision of database")
        session.answer("yes")
        assert session.end() == 0
        assert "type yes" not in session.seen
    assert shell.tables() == {"schemadiff_version"}


def test_a_rename_is_asked_for(shell: Shell) -> None:
    begun(shell)
    shell("apply")
    shell.execute("INSERT INTO user VALUES (1, '555')")
    shell.models(MOBILE)
    with at_terminal(shell, "plan", "--dry-run") as session:
        session.expect("phone renamed to mobile?")
        session.answer("n")
        assert session.end() == 1
        assert "drop column user.phone" in session.seen
    with at_terminal(shell, "plan") as session:
        session.expect("phone renamed to mobile?")
        session.answer("y")
        assert session.end() == 0
        assert "rename column user.phone to mobile" in session.seen
    shell("apply")
    assert shell.execute("SELECT mobile FROM user") == [("555",)]


def test_an_interruption_is_one_line(shell: Shell) -> None:
    begun(shell)
    with at_terminal(shell, "apply") as session:
        session.expect("[y/N]")
        session.process.send_signal(signal.SIGINT)
        assert session.end() == 130
        assert "Traceback" not in session.seen
        assert session.seen.rstrip().endswith("interrupted")
    assert shell.tables() == set()
