"""One transaction in which tables can be rebuilt. It does not commit where it would break something, see `proof`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.sqlite.run.proof import Proof
from schemadiff.dialects.sqlite.run.trigger_watch import watching
from schemadiff.dialects.sqlite.server.drivers import driver_of
from schemadiff.dialects.sqlite.sql.conversion import IS_TEXT
from schemadiff.errors import DatabaseError, LockedError, RevisionError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


_PROOF = "schemadiff transaction"
"""Under this key the connection keeps the proof while a transaction is under way."""


@contextmanager
def transaction(connection: Connection, ending: Ending | None = None) -> Iterator[None]:
    """One transaction without foreign key enforcement.

    Raises `LockedError` when another program is writing, `StepError` when the change would leave rows
    without the row that they refer to, or views or triggers that no longer work, `RevisionError` when it was ended
    from within.
    """
    driver = driver_of(connection)
    pragmas = [_switched_off(connection, name) for name in ("foreign_keys", "legacy_alter_table")]
    proof = None
    try:
        _run(connection, "BEGIN IMMEDIATE")
        try:
            _know_text(connection)
            proof = connection.info[_PROOF] = Proof(connection)
            with watching(connection, proof):
                yield
            if not _is_open(connection):
                raise RevisionError(
                    "the transaction was ended from within, so what came before that is done and stays done",
                    hint="A function or SQL of a revision must not commit or roll back.",
                )
            proof.hold()
            if ending:
                ending.carry_out(connection)
            _run(connection, "COMMIT")
            proof.remember()
        except BaseException:
            if _is_open(connection):
                _run(connection, "ROLLBACK")
            raise
    finally:
        connection.info.pop(_PROOF, None)
        for name, before in pragmas:
            if before or (proof and proof.sets_pragmas):
                driver.rows(f"PRAGMA {name} = {before}")


def expect_anything(connection: Connection) -> None:
    """Something comes that can change anything in the transaction unseen: the proof looks at everything."""
    proof: Proof | None = connection.info.get(_PROOF)
    if proof:
        proof.expect_anything()


def _switched_off(connection: Connection, name: str) -> tuple[str, int]:
    """Sets the PRAGMA to OFF; returns its name and what it was."""
    driver = driver_of(connection)
    ((before,),) = driver.rows(f"PRAGMA {name}")
    if before:
        driver.rows(f"PRAGMA {name} = OFF")
        if driver.rows(f"PRAGMA {name}") != [(0,)]:
            raise DatabaseError(
                f"PRAGMA {name} cannot be changed: a transaction is open already",
                hint="Hand over a connection in the driver's autocommit mode.",
            )
    return name, int(before or 0)


def _run(connection: Connection, sql: str) -> None:
    try:
        driver_of(connection).rows(sql)
    except DBAPIError as error:
        if "locked" in str(error.orig):
            raise LockedError(
                f"the database is in use by another program: {error.orig}",
                hint="End what writes to it, or give it more time with --lock-wait.",
            ) from error
        raise


def _know_text(connection: Connection) -> None:
    """Lets SQL ask whether bytes are text: once, since SQLite compiles all statements anew after that."""
    if IS_TEXT in connection.info:
        return
    create = getattr(connection.connection.dbapi_connection, "create_function", None)
    if create is not None:
        create(IS_TEXT, 1, _is_text)
    connection.info[IS_TEXT] = True


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_open(connection: Connection) -> bool:
    return driver_of(connection).in_transaction()
