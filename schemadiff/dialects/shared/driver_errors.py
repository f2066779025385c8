"""Reads a driver's error: the server's message, number, SQLSTATE and detail. Pure.

DBAPI knows the classes of errors, and nothing of what is in them: each driver has its own place for it. `original`
takes SQLAlchemy's frame off; the other functions take an error with it or without.
"""

from __future__ import annotations

import re
from socket import gaierror
from typing import Any

_PLACE = re.compile(r"^LINE \d+: .*\n *\^$\n?", re.MULTILINE)
"""A line of the statement and a mark under it, as PostgreSQL's client adds them."""

_CLASS = re.compile(r"^<class '[\w.]+'>: ")
"""The prefix that SQLAlchemy 2.0 puts before asyncpg's message."""


def original(error: BaseException) -> BaseException:
    """The driver's own error."""
    found = getattr(error, "orig", None)
    return found if isinstance(found, BaseException) else error


_LOST_BEFORE = "8s2b"
"""The code of the error with which SQLAlchemy refuses a statement over a connection that was lost before it."""


def is_lost(error: BaseException) -> bool:
    """Whether the connection was lost, by this statement or before it."""
    return bool(getattr(error, "connection_invalidated", False)) or getattr(error, "code", "") == _LOST_BEFORE


def server_words(error: BaseException) -> str:
    """Return the server's message on one line, with its error number where the server has numbers. If the error is not
    the server's, return the driver's words.
    """
    if getattr(error, "code", "") == _LOST_BEFORE:
        return "the connection was lost"  # SQLAlchemy's words name its own transaction, of which nobody knows
    found = original(error)
    known = number(found)
    fields = _fields(found)
    text = str(fields.get("M") or getattr(found, "msg", None) or "")
    if not text and len(found.args) > 1 and isinstance(found.args[0], int):
        text = str(found.args[1])
    # The place in a statement that stands beside these words anyway.
    text = " ".join(_PLACE.sub("", _CLASS.sub("", text or str(found))).split())
    return (f"{text} ({known})" if known is not None and text else text) or type(found).__name__


def number(error: BaseException) -> int | None:
    """The number of an error of MySQL or MariaDB; ``None`` where there is none."""
    found = original(error)
    if isinstance(found, OSError):
        return None
    for known in (getattr(found, "errno", None), *found.args[:1]):
        if isinstance(known, int):
            return known
    return None


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE of an error of PostgreSQL; ``None`` where there is none."""
    found: Any = original(error)
    state = getattr(found, "sqlstate", None) or getattr(found, "pgcode", None) or _fields(found).get("C")
    return str(state) if state else None


def detail(error: BaseException) -> str | None:
    """Return the DETAIL of an error of PostgreSQL, for example the objects that depend on another one; ``None`` without
    one.
    """
    found: Any = original(error)
    told = (
        getattr(getattr(found, "diag", None), "message_detail", None)
        or _fields(found).get("D")
        or getattr(found.__cause__, "detail", None)
    )
    return str(told) if told else None


_READ_ONLY_NUMBERS = (1290, 1792, 1836)
"""Of MySQL and MariaDB: an option prevents the statement, a read-only transaction, innodb_read_only."""


def takes_no_changes(error: BaseException) -> str | None:
    """Return advice if the error says that the database is read-only, whatever the statement; ``None`` if the error is
    another one.
    """
    words = str(original(error)).lower()
    if not (
        sqlstate(error) == "25006"  # read_only_sql_transaction (PostgreSQL's manual, appendix A)
        or (number(error) in _READ_ONLY_NUMBERS and "read" in words)
        or "attempt to write a readonly database" in words
    ):
        return None
    return (
        "Nothing can be changed here. A hot standby or a replica takes changes from its primary alone: connect to that "
        "one. Where it is none, the server, the database, the account, the session or the file is set to be read only."
    )


_UNANSWERED_NUMBERS = (2002, 2003, 2005, 2006, 2013, 2055)
"""Of the clients of MySQL and MariaDB: no socket, nobody listens, unknown host, lost before the server had greeted."""

_UNANSWERED_WORDS = (
    "connection refused",
    "is the server running",
    "the database system is ",
    "connection reset",
    "closed the connection unexpectedly",
    "could not translate host name",
    "name or service not known",
    "name resolution",
    "failed to resolve host",
    "timed out",
    "timeout expired",
)
"""Of libpq, psycopg and the system. libpq hands on no SQLSTATE of a connection that is refused (psycopg 3.3, PostgreSQL
15); what is 57P03 there begins with "the database system is": starting up, not accepting connections, in recovery mode.
"""


def is_unanswered(error: BaseException) -> bool:
    """Whether a connection could not be opened because nobody answered, or a server that does not take any yet."""
    found: BaseException | None = original(error)
    if sqlstate(error) == "57P03":  # cannot_connect_now (PostgreSQL's manual, appendix A)
        return True
    if number(error) in _UNANSWERED_NUMBERS:
        return True
    while found is not None:
        if isinstance(found, ConnectionError | TimeoutError | gaierror):
            return True
        if any(words in str(found).lower() for words in _UNANSWERED_WORDS):
            return True
        found = found.__cause__
    return False


def _fields(error: BaseException) -> dict[str, Any]:
    """The fields of PostgreSQL's answer, by their letters in the protocol, as pg8000 has them."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, dict) else {}
