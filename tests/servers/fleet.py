"""All servers of a test run: each is started once, when first asked for, in the background of the others.

Under pytest-xdist the servers belong to the controller, and the workers ask it through a socket; without it
the one process asks itself.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any, Protocol

from tests.servers.choice import ENGINES, Choice, Container, Running, ServerError, choose
from tests.servers.private import PrivateServer
from tests.servers.ready import await_ready
from tools.install_servers import docker_answers, find


class Server(Protocol):
    """A server that answers at its URL."""

    url: str

    def ended(self) -> str | None:
        """Return what it said last where it has ended by itself, and None while it runs."""

    def stop(self) -> None: ...


class Servers(Protocol):
    """What the fixtures need of either a Fleet or a Line to one."""

    def begin(self, engine: str) -> None:
        """Have the server started, without waiting for it."""

    def url(self, engine: str) -> str:
        """Return the server's URL once it answers, or raise ServerError."""

    def losses(self) -> int:
        """Return how many servers have ended by themselves so far; another is started for each."""


class _Foreign:
    """A server that somebody else runs: it is asked for a sign of life, and never stopped."""

    def __init__(self, choice: Running) -> None:
        self.url = choice.url
        await_ready(choice.engine, choice.url, alive=lambda: True, seconds=10)

    def ended(self) -> None: ...

    def stop(self) -> None: ...


def start(engine: str) -> Server:
    """Return a running server of the engine."""
    choice: Choice = choose(engine, os.environ, docker_answers=docker_answers, find=find)
    match choice:
        case Running():
            return _Foreign(choice)
        case Container():
            # Imported here because it takes half a second, and few machines come this way.
            from tests.servers.container import ContainerServer

            return ContainerServer(choice)
        case _:
            return PrivateServer(choice)


class Fleet:
    """The servers of this process."""

    def __init__(self, start: Callable[[str], Server] = start) -> None:
        self._start = start
        self._pool = ThreadPoolExecutor(len(ENGINES))
        self._servers: dict[str, Future[Server]] = {}
        self._lock = threading.Lock()
        self.obituaries: list[str] = []

    def begin(self, engine: str) -> None:
        """Have the server started, without waiting for it."""
        with self._lock:
            if engine not in self._servers:
                self._servers[engine] = self._pool.submit(self._start, engine)

    def url(self, engine: str) -> str:
        """Return the server's URL once it answers, or raise ServerError."""
        self.begin(engine)
        return self._servers[engine].result().url

    def losses(self) -> int:
        """Return how many servers have ended by themselves so far; another is started for each."""
        with self._lock:
            for engine, server in self._servers.items():
                if server.exception() is None and (said := server.result().ended()):
                    self.obituaries.append(f"The {engine} server ended by itself. {said}")
                    server.result().stop()
                    self._servers[engine] = self._pool.submit(self._start, engine)
            return len(self.obituaries)

    def stop(self) -> None:
        """End all servers that were started, those still starting too."""

        def end(server: Future[Server]) -> None:
            with contextlib.suppress(Exception):
                server.result().stop()

        list(self._pool.map(end, self._servers.values()))
        self._pool.shutdown()


class Switchboard:
    """Answers the workers of pytest-xdist for a fleet, from a thread of the controller."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._key = os.urandom(16)
        # All workers may call at once, and a call that finds the queue full (of 1, left alone) is lost.
        self._listener = Listener(("127.0.0.1", 0), backlog=64, authkey=self._key)
        self.number = (int(self._listener.address[1]), self._key.hex())
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                call = self._listener.accept()
            except (OSError, EOFError, AuthenticationError):
                continue  # the caller is gone already, or is none of the workers
            threading.Thread(target=self._answer, args=(call,), daemon=True).start()

    def _answer(self, call: Connection) -> None:
        with call:
            question, *rest = call.recv()
            try:
                call.send((getattr(self._fleet, question)(*rest), None))
            except Exception as error:
                call.send((None, str(error)))


class Line:
    """A worker's connection to the switchboard."""

    def __init__(self, number: tuple[int, str]) -> None:
        self._address, self._key = ("127.0.0.1", number[0]), bytes.fromhex(number[1])

    def begin(self, engine: str) -> None:
        """Have the server started, without waiting for it."""
        self._ask("begin", engine)

    def url(self, engine: str) -> str:
        """Return the server's URL once it answers, or raise ServerError."""
        return str(self._ask("url", engine))

    def losses(self) -> int:
        """Return how many servers have ended by themselves so far; another is started for each."""
        return int(self._ask("losses"))

    def _ask(self, *question: str) -> Any:
        with Client(self._address, authkey=self._key) as call:
            call.send(question)
            answer, problem = call.recv()
        if problem is not None:
            raise ServerError(problem)
        return answer
