"""Which server serves for an engine; no I/O here but through the two questions that are handed in.

A URL in the environment goes first, because somebody took the trouble to set it; then Docker, because its
image fixes the version; then the programs found on the machine. Nothing found is an error and never a skip:
a suite that says "passed" has run on every engine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tools.install_servers import ENGINES, Installation, url_variable

__all__ = ["ENGINES", "IMAGES", "Choice", "Container", "Installation", "Running", "ServerError", "choose"]

IMAGES = {"mysql": "mysql:9", "mariadb": "mariadb:10.11", "postgresql": "postgres:15"}


class ServerError(Exception):
    """A server that the tests need cannot be had: what, why, and the command that helps."""


@dataclass(frozen=True)
class Running:
    """A server that somebody else runs."""

    engine: str
    url: str


@dataclass(frozen=True)
class Container:
    """A server to be run by Docker."""

    engine: str
    image: str


Choice = Running | Container | Installation


def choose(
    engine: str,
    environment: Mapping[str, str],
    *,
    docker_answers: Callable[[], bool],
    find: Callable[[str], Installation | None],
) -> Choice:
    """Return what serves for the engine; a question is asked only when those before it found nothing."""
    if url := environment.get(url_variable(engine)):
        return Running(engine, url)
    if docker_answers():
        return Container(engine, IMAGES[engine])
    if installation := find(engine):
        return installation
    raise ServerError(
        f"No {engine} server: {url_variable(engine)} is not set, no Docker engine answers, and no server "
        f"program was found on this machine.\nInstall one with: python tools/install_servers.py {engine}"
    )
