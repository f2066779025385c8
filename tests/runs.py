"""Runs of schemadiff in processes of their own, which are quick to start and can be killed at any instant."""

import multiprocessing
import sys
import traceback
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import schemadiff
from schemadiff.config.settings import Online

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["tests.runs", "tests.definitions", "schemadiff.commands.plan", "schemadiff.commands.apply"]
)


def start(
    url: str,
    versions: Path,
    verb: str,
    online: Online = "auto",
    errors: Path | None = None,
    lock_timeout: float = 2,
    *,
    from_step: bool = False,
) -> BaseProcess:
    """Start `apply`, or `rollback` to revision 1, in a process of its own, which writes what went wrong to `errors`.
    When this returns it is at it, or, `from_step`, at its first step, or has ended.
    """
    begun, begins = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(
        target=_run, args=(begins, from_step, url, versions, verb, online, errors, lock_timeout)
    )
    process.start()
    begins.close()
    with suppress(EOFError):
        begun.recv()
    return process


def _run(
    begins: Connection,
    from_step: bool,
    url: str,
    versions: Path,
    verb: str,
    online: Online,
    errors: Path | None,
    lock_timeout: float,
) -> None:
    told: list[object] = []

    def tell(event: object) -> None:
        if not told:
            begins.send(True)
        told.append(event)

    if not from_step:
        tell(None)
    try:
        work = schemadiff.apply if verb == "apply" else partial(schemadiff.rollback, to=1)
        work(
            url,
            versions,
            allow=["all"],
            lock_wait=120,
            lock_timeout=lock_timeout,
            online=online,
            progress=tell,
        )
    except BaseException:
        if errors:
            errors.write_text(traceback.format_exc())
        sys.exit(1)


def ended(process: BaseProcess) -> int:
    """Wait for the end of the process; return its exit code, negative where a signal ended it."""
    process.join()
    return process.exitcode or 0


def kill_after(process: BaseProcess, seconds: float) -> bool:
    """Kill the process after so long; return whether it was still running."""
    process.join(seconds)
    process.kill()
    return ended(process) < 0
