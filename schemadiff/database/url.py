"""The URL of a database: read, and its secrets kept out of what is said.

No connection is made here, and SQLAlchemy is loaded only to read one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from schemadiff.errors import ConfigError, SchemadiffError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

_SHAPE = "A URL looks like mysql+pymysql://user:password@host/database"
_ENCODED = "a special character in the password is written in percent encoding"

_OPTION = re.compile(r"(?:^|&)[^=&]*pass[^=&]*=([^&]*)", re.IGNORECASE)
"""A password among the options of a URL: ``password``, ``passwd``, ``sslpassword``."""

_SHORTEST = 4
"""Characters of a part of a password that is worth hiding: a shorter one stands in every message."""


def read_url(text: str | URL) -> URL:
    """The URL. Raises `ConfigError` where it cannot be read, or where an ``@`` in the password has made a part of that
    the name of the host: SQLAlchemy takes the first one for the end of the password.
    """
    if not isinstance(text, str):
        return text
    from sqlalchemy import exc
    from sqlalchemy.engine import make_url

    # Raised outside of the handler: the words of the original error repeat the URL, and a chain would keep them.
    url: URL | None = None
    with suppress(exc.ArgumentError, ValueError):
        url = make_url(text)
    if url is None:
        raise ConfigError("the database URL cannot be read", hint=f"{_SHAPE}; {_ENCODED}.")
    if url.password is not None and "@" in f"{url.host or ''}{url.database or ''}":
        raise ConfigError(
            "the database URL cannot be read: behind the @ that ends the password stands another one",
            hint=f"An @ in the password is written as %40: {_ENCODED}.\n{_SHAPE}.",
        )
    return url


def place_of(host: str | None, port: int | None, database: str | None) -> str:
    """Which database it is, for messages."""
    if not host:
        return f"database {database or ':memory:'}"
    return f'database "{database or ""}" on {host}{f":{port}" if port else ""}'


def secrets_of(url: str | URL) -> tuple[str, ...]:
    """The passwords of a URL, as they stand there and decoded, the longest first; also of one that cannot be read, in
    which somebody may take each part for something else.
    """
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    _, _, rest = text.partition("://")
    credentials, at, _ = rest.rpartition("@")
    _, _, password = credentials.partition(":")
    found = [password] if at else []
    if "@" in password:
        found += [one for one in re.split(r"[@/:?#]", password) if len(one) >= _SHORTEST]
    found += _OPTION.findall(text.partition("?")[2])
    several = {one for told in found if told for one in (told, unquote(told), unquote_plus(told))}
    return tuple(sorted(several, key=lambda one: (-len(one), one)))


def keep_secret(error: BaseException, secrets: Iterable[str]) -> None:
    """Takes the secrets out of an error that is about to leave: out of its own words, and with whatever it was raised
    from where that repeats one.
    """
    known = tuple(one for one in secrets if len(one) >= _SHORTEST)
    if isinstance(error, SchemadiffError):
        error.message = _struck(error.message, known)
        error.hint = _struck(error.hint, known) if error.hint else error.hint
        error.args = tuple(_struck(one, known) if isinstance(one, str) else one for one in error.args)
    link: BaseException | None = error
    while link is not None:
        for before in (link.__cause__, link.__context__):
            if before is not None and any(one in f"{before} {before.args!r}" for one in known):
                link.__cause__ = link.__context__ = None
        link = link.__cause__ or link.__context__


def _struck(text: str, secrets: Iterable[str]) -> str:
    for one in secrets:
        text = text.replace(one, "***")
    return text
