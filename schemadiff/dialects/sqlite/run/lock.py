"""The one lock on a database file: at most one run of schemadiff works on it at a time.

What SQLite itself locks does not serve. A transaction cannot be the lock: each revision commits by itself,
so that a kill after the first of three loses nothing, and foreign_keys can only be changed between two
transactions. locking_mode=EXCLUSIVE would keep the application's readers out for the whole run, and in WAL
mode it cannot be had at all while the application is connected. A row in a table stays when its process is
killed.

So the lock is one of the operating system's, on the *folder* of the database file: it needs no file of its
own and so leaves none behind, the kernel lets go of it when the process ends, by kill -9 too, and it is no
lock that SQLite uses. (On the database file itself it must not be: closing that file would end SQLite's own
locks on it, see its manual "How To Corrupt An SQLite Database File", section 2.2.) The price is that two
databases in one folder wait for each other. Windows cannot lock a folder; there it is a file that the
system deletes when its process ends. A database in memory belongs to one connection and needs no lock.

Other programs may write between two transactions: inside of one SQLite keeps them out.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from schemadiff.errors import DatabaseError, LockedError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_PAUSE = 0.05
_QUIET = 1
"""Seconds of waiting of which nothing is said."""


@contextmanager
def locked(connection: Connection, wait: float, tell: Callable[[str], object]) -> Iterator[None]:
    """Holds the lock, and lets each transaction wait as long for other programs. Raises `LockedError`."""
    before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    path = _path(connection)
    handle = _take(path, wait, tell) if path else None
    try:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(max(wait, 0) * 1000)}").close()
        yield
    finally:
        try:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(before)}").close()
        finally:
            if handle is not None:
                os.close(handle)


def _path(connection: Connection) -> str:
    """The database file; empty for a database in memory."""
    rows = connection.exec_driver_sql("PRAGMA database_list").fetchall()
    return next((os.path.realpath(path) for _, name, path in rows if name == "main" and path), "")


def _take(path: str, wait: float, tell: Callable[[str], object]) -> int:
    """The handle of the file that is locked; closing it ends the lock."""
    began = time.monotonic()
    deadline = began + wait
    told = False
    while True:
        handle = _try(path)
        if handle is not None:
            return handle
        if time.monotonic() >= deadline:
            raise LockedError(
                f'another run of schemadiff is at work on "{path}", or on another database in its folder, '
                f"and has not ended within {wait:g} s",
                hint="Wait for it to end, or give it more time with --lock-wait. Nothing was changed.",
            )
        if not told and time.monotonic() - began > _QUIET:
            told = True
            tell(f'waiting for another run of schemadiff on "{path}", or in its folder, to end')
        time.sleep(max(0.0, min(_PAUSE, deadline - time.monotonic())))


if sys.platform == "win32":

    def _try(path: str) -> int | None:
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_TEMPORARY | os.O_NOINHERIT
        try:
            return os.open(f"{path}-schemadiff", flags)
        except (FileExistsError, PermissionError):
            return None

else:
    import fcntl

    def _try(path: str) -> int | None:
        folder = os.path.dirname(path)
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise DatabaseError(
                f'the folder "{folder}" cannot be opened for its lock: {error.strerror}'
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in {errno.EWOULDBLOCK, errno.EACCES, errno.EINTR}:
                return None
            raise DatabaseError(
                f'the folder "{folder}" cannot be locked: {error.strerror}',
                hint="Network file systems often cannot do that, and SQLite is not safe on them either. "
                "Keep the database on a local disk.",
            ) from error
        return handle
