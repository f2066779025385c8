"""The session that runs a statement, as another thread sees it: how far the statement is, and how to end it.

On a server that takes a second connection. Whatever becomes of that one (no right to look, too many connections, lost)
must not touch the run: then there is nothing to see, and no error.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_AGAIN = 5.0
"""Seconds until a second connection is tried again."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The stage of a running statement, in words, and which share of it is done, 0 to 1, where that is known."""

    stage: str
    share: float | None = None


def share_of(done: float | None, total: float | None) -> float | None:
    """The share; ``None`` where it is not known, also where the estimate of the whole has proved too small."""
    if done is None or not total or not 0 <= done < total:
        return None
    return float(done) / float(total)


class Session(ABC):
    """A session while a statement runs on it. All methods but `over` are for one other thread."""

    @abstractmethod
    def read(self) -> Reading | None:
        """How far the statement is; ``None`` where nobody tells. Never raises."""

    @abstractmethod
    def cancel(self) -> None:
        """Ends the statement, not the session. Raises what the driver raises when it may not, and `NoWayError`."""

    @abstractmethod
    def prepare(self) -> None:
        """Does beforehand what may take a while in `cancel`."""

    @abstractmethod
    def close(self) -> None:
        """Gives back what was needed to look."""

    @abstractmethod
    def over(self) -> None:
        """The run's own thread says that the statement is through."""


class NoWayError(Exception):
    """There is no second connection."""


class ServerSession(Session):
    """A session of a server, seen through a second connection that is opened when it is first needed.

    `sql` asks for an `Address`, `read` makes a function that reads the session of a number, and `cancel` is the
    statement that ends what a session runs, with braces for the number.
    """

    def __init__(
        self,
        connection: Connection,
        sql: str,
        read: Callable[[int], Callable[[Connection], Reading | None]],
        cancel: str,
    ) -> None:
        self._engine = connection.engine
        self._own: Engine | None = None
        self._sql = sql
        self._address = address(connection, sql)
        self._read = read(self._address.number)
        self._cancel = cancel.format(self._address.number)
        self._second: Connection | None = None
        self._not_before = 0.0

    def read(self) -> Reading | None:
        if time.monotonic() < self._not_before:
            return None
        try:
            return self._read(self._connected())
        except Exception:  # whatever a driver raises: to look is a courtesy
            self.close()
            self._not_before = time.monotonic() + _AGAIN
            return None

    def prepare(self) -> None:
        self._connected()

    def cancel(self) -> None:
        self._connected().exec_driver_sql(self._cancel)

    def close(self) -> None:
        second, self._second = self._second, None
        if second is not None:
            with suppress(Exception):
                second.close()
        own, self._own = self._own, None
        if own is not None:
            with suppress(Exception):
                own.dispose()

    def over(self) -> None:
        pass

    def _connected(self) -> Connection:
        if self._second is None:
            if gives_one_connection_only(self._engine.pool):
                raise NoWayError("there is no second connection to the database")
            self._own = apart(self._engine)
            try:
                self._second = self._own.connect().execution_options(isolation_level="AUTOCOMMIT")
                if address(self._second, self._sql).server != self._address.server:
                    raise NoWayError("a second connection leads to another server")
            except BaseException:
                self.close()
                raise
        return self._second


def apart(engine: Engine) -> Engine:
    """An engine that connects as this one does, by its creator, its arguments and its events, and shares no connection
    with it: that one's pool may have no more to give, or belong to another event loop.
    """
    from sqlalchemy.engine import Engine

    return Engine(engine.pool.recreate(), engine.dialect, engine.url)


def gives_one_connection_only(pool: object) -> bool:
    """Whether a second connection would be the first one, in use at this moment, or lead to another database."""
    from sqlalchemy.pool import SingletonThreadPool, StaticPool

    return isinstance(pool, SingletonThreadPool | StaticPool)


@dataclass(frozen=True, slots=True)
class Address:
    """The number of a session, and the server that has given it: another server behind the same URL, as behind a proxy,
    has other sessions under the same numbers.
    """

    number: int
    server: str


def address(connection: Connection, sql: str) -> Address:
    """Where the connection leads to, asked for once; `sql` gives the number and what tells the servers apart."""
    known = connection.info.get("schemadiff address")
    if not isinstance(known, Address):
        number, server = connection.exec_driver_sql(sql).one()
        known = connection.info["schemadiff address"] = Address(int(number), str(server))
    return known


@contextmanager
def tolerant() -> Iterator[None]:
    """For what a session may have no right to read: the next best is read instead. A lost connection is an error."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
