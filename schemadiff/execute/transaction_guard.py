"""A guard around a user's SQL and functions, which must not end the transaction that holds them together with the
version row, or the journal's entry: what came before would be lost, or done without an entry, and be done again by the
next run.

A function is refused the call and the SQL that would end the transaction before anything is sent. What cannot be seen
from here, as a procedure that commits, the server refuses (`Dialect.transaction`), or a lost savepoint shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from schemadiff.dialects import Dialect
from schemadiff.dialects.shared.driver_errors import server_words
from schemadiff.dialects.shared.opening import Opening
from schemadiff.errors import RevisionError
from schemadiff.operations import Run
from schemadiff.operations.functions import ORDINARY, left_undone
from schemadiff.revisions.user_sql import ALONE, refusal

_POINT = "schemadiff_step"


@contextmanager
def one_transaction(connection: Connection, place: str, opening: Opening | None = None) -> Iterator[None]:
    """Around what a user wrote: at its end the transaction that it began in is still open. `place` says in messages
    what is carried out. Raises `RevisionError`.
    """
    point = f"SAVEPOINT {_POINT}"
    if opening:
        opening.add(point)
    else:
        connection.exec_driver_sql(point)
    yield
    try:
        connection.exec_driver_sql(f"RELEASE SAVEPOINT {_POINT}")
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        raise RevisionError(
            f"{place} has ended the transaction of the revision, or left it failed: {server_words(error)}",
            hint="A function or SQL of a revision must not commit or roll back. What it has committed stays, and "
            "the version row does not know of it: `schemadiff check` names what is different.",
        ) from error


def call(run: Run, connection: Connection, dialect: Dialect, place: str) -> None:
    """Calls the function, which is refused whatever would end the transaction. Raises `RevisionError` for that, also
    where the function has swallowed it.
    """
    refused: RevisionError | None = None
    has_ended = False

    def refuse(words: str) -> RevisionError:
        nonlocal refused
        refused = RevisionError(
            f"{place} {words}", hint=f"Take that out of the function: it is rolled back. {ALONE}"
        )
        return refused

    def ends(_connection: Connection) -> None:
        nonlocal has_ended
        has_ended = True
        raise refuse("wants to commit or to roll back")

    def sends(_connection: Connection, _cursor: object, sql: str, *_others: object) -> None:
        words = refusal(sql, dialect)
        if words:
            raise refuse(words)

    listeners = (("commit", ends), ("rollback", ends), ("before_cursor_execute", sends))
    for name, listener in listeners:
        sa.event.listen(connection, name, listener)
    try:
        words = left_undone(run.function(connection))
    finally:
        for name, listener in listeners:
            sa.event.remove(connection, name, listener)
        if has_ended:  # what SQLAlchemy thinks of the transaction is not what it is any more
            with suppress(SQLAlchemyError):
                connection.rollback()
    if refused:
        raise refused
    if words:
        raise RevisionError(f"{place} {words}", hint=ORDINARY)
