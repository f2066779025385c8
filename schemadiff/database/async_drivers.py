"""Functions that are no coroutines on databases that an asyncio driver connects to.

SQLAlchemy lets a driver of asyncio be called from within a greenlet, as in its own `run_sync`: the function runs in
one, and an event loop of its own waits for the driver. So the driver that the application has is the only one needed.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from typing import ParamSpec, TypeVar

from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from schemadiff.database.connection import Target
from schemadiff.dialects.contract.session import apart, gives_one_connection_only
from schemadiff.errors import ConfigError, UsageError

P = ParamSpec("P")
T = TypeVar("T")


def with_any_driver(*parameters: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The function with databases in these parameters also for an AsyncEngine, and for any other way to name a database
    with a driver of asyncio.

    Its connections are new ones, apart from the pool of the application, whose connections belong to an event loop of
    its own; but in `run_sync`, where it is the application's loop that waits. Raises `UsageError` when it is called by
    a coroutine, whose loop would stand still, and for an AsyncConnection, whose loop is another one.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def with_engines(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = signature.bind(*args, **kwargs)
            given = {name: bound.arguments[name] for name in parameters if name in bound.arguments}
            if not any(map(_is_asynchronous, given.values())):
                return function(*args, **kwargs)
            inside = _inside_of_a_loop(function.__name__)

            def work() -> T:
                with ExitStack() as stack:
                    for name, database in given.items():
                        bound.arguments[name] = _synchronous(database, inside, stack)
                    return function(*bound.args, **bound.kwargs)

            return work() if inside else in_own_loop(work)

        return with_engines

    return decorate


def in_own_loop(work: Callable[[], T]) -> T:
    """Call `work`, which may use drivers of asyncio, and return its result. Raises `ConfigError` where greenlet is
    missing.
    """
    if find_spec("greenlet") is None:
        raise ConfigError(
            "SQLAlchemy needs greenlet for this driver, and that is not installed",
            hint="Install it in this environment: pip install 'sqlalchemy[asyncio]'",
        )
    from sqlalchemy.util import greenlet_spawn

    async def spawn() -> T:
        return await greenlet_spawn(work)

    # On Windows psycopg cannot use the loop that is the default there.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(spawn())


def _is_asynchronous(database: object) -> bool:
    if isinstance(database, Target):
        database = database.url
    if isinstance(database, str | URL):
        try:
            url = make_url(database)
            return "+" in url.drivername and url.get_dialect().is_async
        except (exc.ArgumentError, ImportError, ValueError):
            return False  # whoever connects says so
    if isinstance(database, Connection | Engine):
        return database.dialect.is_async
    return isinstance(getattr(database, "sync_engine", None), Engine)


def _inside_of_a_loop(function: str) -> bool:
    """Whether an event loop waits for what is done here, by `run_sync`. Raises `UsageError` in a coroutine."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    from sqlalchemy.util.concurrency import in_greenlet

    if not in_greenlet():
        raise UsageError(
            f"{function} was called by a coroutine, and everything else in its event loop would stand still meanwhile",
            hint=f"await asyncio.to_thread(schemadiff.{function}, engine, …)",
        )
    return True


def _synchronous(database: object, inside: bool, stack: ExitStack) -> object:
    """The Engine or Connection for code that is no coroutine; what is made for it is disposed of by the stack."""
    if isinstance(database, str | URL | Target) or not _is_asynchronous(database):
        return database
    if not inside and (isinstance(database, Connection) or hasattr(database, "sync_connection")):
        raise UsageError(
            "the connection belongs to an event loop, and this is not called from there",
            hint="Hand over the AsyncEngine, or: await connection.run_sync(schemadiff.apply, …)",
        )
    if isinstance(database, Connection):
        return database
    if hasattr(database, "sync_connection"):
        return database.sync_connection
    engine = database if isinstance(database, Engine) else getattr(database, "sync_engine", database)
    if inside or not isinstance(engine, Engine) or gives_one_connection_only(engine.pool):
        return engine
    own = apart(engine)
    stack.callback(own.dispose)
    return own
