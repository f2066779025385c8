"""Runs one server and ends with whoever started it; a program of its own, started by private.py.

pytest may be killed at any instant, and then nothing in it runs any more. So the server belongs to this
process, which holds the reading end of a pipe from pytest: when the pipe closes, for whatever reason, the
server is stopped and its folder removed.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from typing import TypedDict


class Order(TypedDict):
    """What to run, in turn, and how to end it. The last command is the server, those before make its data."""

    folder: str
    commands: list[list[str]]
    user: str | None
    stop_signal: int


def keep(order: Order, stop: threading.Event) -> int:
    """Run the commands until one fails, the last has ended or `stop` is set; return the last exit code."""
    account = pwd.getpwnam(order["user"]) if order["user"] else None
    if account:
        shutil.chown(order["folder"], account.pw_uid, account.pw_gid)
    code = 0
    for command in order["commands"]:
        child = subprocess.Popen(
            command,
            cwd=order["folder"],
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
        )
        code = _wait(child, stop, order["stop_signal"])
        if code != 0 or stop.is_set():
            break
    return code


def _wait(child: subprocess.Popen[bytes], stop: threading.Event, stop_signal: int) -> int:
    while not stop.wait(0.05):
        if (code := child.poll()) is not None:
            return code
    child.send_signal(stop_signal)
    try:
        return child.wait(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def main() -> int:
    """Keep the order given as the first argument until standard input closes."""
    order: Order = json.loads(sys.argv[1])
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())

    def watch() -> None:
        while os.read(0, 1):
            pass
        stop.set()

    threading.Thread(target=watch, daemon=True).start()
    try:
        return keep(order, stop)
    finally:
        shutil.rmtree(order["folder"], ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
