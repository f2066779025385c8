"""Which engines a test runs on, and which tests a run leaves out.

Each test gets the marks of its engines, and `server` where one of them is a server: `pytest -m postgresql`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pytest
import sqlalchemy

from tests.servers.choice import ENGINES as SERVER_ENGINES

ENGINES = ("sqlite", *SERVER_ENGINES)


def engines_of(item: pytest.Item) -> Sequence[str]:
    """Return a test's engines: its parameter's, else its mark's; SQLite for a test that only asks for databases."""
    callspec = getattr(item, "callspec", None)
    if callspec and "engine_name" in callspec.params:
        return (callspec.params["engine_name"],)
    if mark := item.get_closest_marker("engines"):
        return tuple(mark.args)
    fixtures = getattr(item, "fixturenames", ())
    return ("sqlite",) if "fresh_database" in fixtures else SERVER_ENGINES if "server_url" in fixtures else ()


def mark_engines(items: Iterable[pytest.Item]) -> None:
    """Add the marks of the engines, and `server`."""
    for item in items:
        engines = engines_of(item)
        for engine in engines:
            item.add_marker(engine)
        if set(engines) & set(SERVER_ENGINES):
            item.add_marker("server")


def left_out(
    items: Iterable[pytest.Item], *, serverless: bool, versions: Mapping[str, tuple[int, ...]]
) -> list[pytest.Item]:
    """Return the tests that do not run: with SQLAlchemy 2.0 and without servers those marked `once`, without servers
    what needs one, and what needs a newer server than there is.
    """
    shortened = serverless or sqlalchemy.__version__.startswith("2.0.")
    return [
        item
        for item in items
        if (shortened and item.get_closest_marker("once"))
        or (serverless and item.get_closest_marker("server"))
        or _needs_newer(item, versions)
    ]


def _needs_newer(item: pytest.Item, versions: Mapping[str, tuple[int, ...]]) -> bool:
    mark, engines = item.get_closest_marker("since"), engines_of(item)
    return bool(mark and engines and mark.args[0] > versions[engines[0]])


def servers(items: Iterable[pytest.Item]) -> list[str]:
    """Return the servers that the tests need."""
    needed = {engine for item in items for engine in engines_of(item)}
    return [engine for engine in SERVER_ENGINES if engine in needed]


def numbers(version: str) -> tuple[int, ...]:
    """Return the version as numbers that can be compared."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
