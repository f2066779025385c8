"""The wait until a server answers, and the check that it is the product that it should be."""

import time
from collections.abc import Callable

import sqlalchemy as sa

from tests.servers.choice import ServerError

START_SECONDS = 90.0
REFUSED = frozenset({1044, 1045, 1130})  # MySQL and MariaDB: no right, wrong password, wrong host


def await_ready(engine: str, url: str, *, alive: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Return when the server answers a query; ServerError when its process has ended or the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = _ask_version(url)
        except sa.exc.OperationalError as error:
            if not alive():
                raise ServerError(f"The {engine} server ended instead of starting.") from None
            if time.monotonic() > deadline or (error.orig and error.orig.args[0] in REFUSED):
                raise ServerError(f"{_place(url)} cannot be reached: {error.orig}") from None
            time.sleep(0.05)
        else:
            break
    if product_of(answer) != engine:
        raise ServerError(f"{_place(url)} should be a {engine} server, but it calls itself {answer!r}.")


def answers(url: str) -> bool:
    """Return whether the server lets one in."""
    try:
        _ask_version(url)
    except sa.exc.OperationalError:
        return False
    return True


def product_of(version: str) -> str:
    """Return the engine whose `SELECT version()` gives this answer."""
    if version.startswith("PostgreSQL"):
        return "postgresql"
    return "mariadb" if "MariaDB" in version else "mysql"


def _ask_version(url: str) -> str:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT version()").scalar_one())


def _place(url: str) -> str:
    return sa.make_url(url).render_as_string(hide_password=True)
