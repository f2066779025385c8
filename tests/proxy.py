"""A proxy between schemadiff and a server on loopback, which can lose a connection at any instant."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

import sqlalchemy as sa


class Proxy:
    """Hands everything on until it is `silent`, and then nothing any more, or until so many answers of the server have
    passed (`cut_after`): then it cuts every connection, and takes no other one. Counts `round_trips`. Where it is
    `closed`, connections are refused before `open`.
    """

    def __init__(self, url: str, *, cut_after: int | None = None, closed: bool = False) -> None:
        parsed = sa.make_url(url)
        assert parsed.host
        assert parsed.port
        self._server = (parsed.host, parsed.port)
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.url = parsed.set(host="127.0.0.1", port=self._listener.getsockname()[1]).render_as_string(
            hide_password=False
        )
        self.silent = False
        self.answers = 0
        self.round_trips = 0
        self._speaker: object = None
        self._cut_after = cut_after
        self._sockets: list[socket.socket] = []
        if not closed:
            self.open()

    def open(self) -> None:
        """Takes connections from now on."""
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self._is_cut():
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                self._sockets += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._hand_on, args=(one, other), daemon=True).start()

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.silent:
                    return
                if source.getpeername() == self._server:
                    if self._is_cut():
                        self._cut()
                        return
                    self.answers += 1
                self._count(source)
                target.sendall(data)
        if not self.silent:
            for one in (source, target):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _count(self, source: socket.socket) -> None:
        """A round trip is what the client says until the server says something."""
        if source is not self._speaker:
            self._speaker = source
            self.round_trips += source.getpeername() != self._server

    def _is_cut(self) -> bool:
        return self._cut_after is not None and self.answers >= self._cut_after

    def _cut(self) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
