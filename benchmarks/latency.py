"""A proxy that makes a server as far away as one likes, and counts the round trips.

What it hands on arrives so much later and no slower: what follows at once is not held up behind it.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from contextlib import suppress

from tests.proxy import Proxy


class FarProxy(Proxy):
    """As a `Proxy`, each way taking `delay` seconds. ``trips`` counts how often the client spoke after the server."""

    def __init__(self, url: str, delay: float) -> None:
        self.delay = delay
        self.trips = 0
        self._client_speaks = False
        super().__init__(url)

    def _hand_on(self, source: socket.socket, target: socket.socket) -> None:
        # Small packets must not wait for one another: that would be a delay of the system's own.
        target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        from_client = source.getpeername() != self._server
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, args=(under_way, target), daemon=True).start()
        with suppress(OSError):
            while data := source.recv(1 << 18):
                if from_client and not self._client_speaks:
                    self.trips += 1
                self._client_speaks = from_client
                under_way.put((time.monotonic() + self.delay, data))
        under_way.put((time.monotonic() + self.delay, b""))

    def _deliver(self, under_way: queue.SimpleQueue[tuple[float, bytes]], target: socket.socket) -> None:
        with suppress(OSError):
            while True:
                due, data = under_way.get()
                if (early := due - time.monotonic()) > 0:
                    time.sleep(early)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)
