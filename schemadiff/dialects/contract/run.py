"""How statements are carried out: the lock, the transaction, and what is to be known of other sessions meanwhile.

The connection is in the driver's autocommit mode.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects.contract.product import Product
from schemadiff.dialects.contract.session import Session
from schemadiff.dialects.shared.ending import Ending
from schemadiff.dialects.shared.opening import Opening
from schemadiff.dialects.shared.transaction import transaction
from schemadiff.operations import Operation
from schemadiff.schema import Name

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


class Run(Product):
    """Carries out. Most of it is for servers with many sessions; an embedded database has a lock and a transaction."""

    def advice_on(self, error: BaseException) -> str | None:
        """Return what the user can do about an error of the server that comes from something the models do not declare;
        ``None`` if the error is another one.
        """
        return None

    @abstractmethod
    def locked(
        self,
        connection: Connection,
        wait: float,
        timeout: float = LOCK_TIMEOUT,
        tell: Callable[[str], object] = str,
    ) -> AbstractContextManager[None]:
        """Holds the one lock on this database, for at most one run of schemadiff at a time; what a killed run left
        behind on the server has ended by then. `tell` is told in a sentence whom it waits for.

        Inside, no statement waits longer than `timeout` seconds for a lock on a table.

        Raises `LockedError` when another run still holds it after `wait` seconds.
        """

    def other_run(self, connection: Connection) -> str | None:
        """A sentence on the run of schemadiff, or its statement, that is at work just now; ``None`` if none known."""
        return None

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Whether the server gave up a statement because it had waited too long for a lock."""
        return False

    def blockers(self, connection: Connection, tables: Collection[Name]) -> tuple[str, ...]:
        """Who holds locks on these tables (on any, where there are none), a sentence each, as far as can be told."""
        return ()

    def without_lock_timeout(self, connection: Connection, sql: str) -> AbstractContextManager[None]:
        """Around a statement that runs alone: it may wait for locks as long as it will where it blocks nobody."""
        return nullcontext()

    def clear(
        self, connection: Connection, operations: Sequence[Operation], *, patiently: bool = True
    ) -> None:
        """Takes away what stands in the way of another try to carry these out: what a statement left behind that was
        killed or refused outside of a transaction. Without `patiently` it gives up as other statements do when it
        would have to wait.
        """

    def admit(self, connection: Connection, sql: str) -> None:
        """Sets the session so that it takes the statement. Raises `DatabaseError` where it is too long for any."""

    def as_server_is(self, connection: Connection) -> AbstractContextManager[None]:
        """A session in the server's own mode, for what the user wrote."""
        return nullcontext()

    def transaction(
        self, connection: Connection, ending: Ending | None = None
    ) -> AbstractContextManager[Opening | None]:
        """One transaction: committed at the end, rolled back when an exception leaves it. It ends with the proof that
        nothing broke which the server lets pass, where there is such a thing, and with the statement of the `ending`.
        Where it gives an `Opening`, that says what is to be sent with the next statement.
        """
        return transaction(connection, ending)

    def expect_anything(self, connection: Connection) -> None:
        """Something comes, within a transaction, whose statements may not be seen: a function of a revision file."""

    def session(self, connection: Connection, sql: str, tables: Sequence[Name]) -> Session | None:
        """The session of the connection, on which this statement is about to touch these tables, for another thread to
        watch and to end the statement; ``None`` where that cannot be done. ``sql`` is empty for a function.
        """
        return None
