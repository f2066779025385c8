"""The parts of MySQL drivers that DBAPI does not define: the connection's character set, and several statements in a
packet.

One contract with each family of drivers. A driver of no family is used as it is: its characters stay what they are,
and every statement goes by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy.exc import SQLAlchemyError

from schemadiff.dialects.mysql.server.sql_text import literal
from schemadiff.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

UNICODE = "utf8mb4"

_SET_OPTION = 0x1B
"""COM_SET_OPTION, the command by which a client says whether a packet may hold several statements."""

_MULTI_STATEMENTS = 1 << 16
"""The flag with which a client says so when it connects (CLIENT_MULTI_STATEMENTS)."""


class Driver:
    """Any driver, and what all of them have in common. `batches`: the server can be told whether a packet may hold
    several statements, and their results are read one after another (DBAPI's ``nextset``).
    """

    batches: ClassVar[bool] = False

    def __init__(self, connection: Connection) -> None:
        self._raw: Any = connection.connection.dbapi_connection

    def charset(self) -> str:
        """The character set, by the server's name for it, in which the driver writes and reads text."""
        return UNICODE

    def set_charset(self, name: str) -> None:
        """Changes over to another one, as SET NAMES does."""

    def takes_several(self) -> bool:
        """Whether a packet may hold several statements on a connection as the driver has opened it."""
        return False

    def take_several(self, several: bool) -> None:
        """Says whether a packet may hold several statements."""

    def results(self, packet: str, statements: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of each of that many statements in the packet. Raises what the driver raises at the first one
        that is refused, which is the last result.
        """
        cursor = self._raw.cursor()
        cursor.execute(packet)
        yield list(cursor.fetchall())
        for _ in range(1, statements):
            cursor.nextset()
            yield list(cursor.fetchall())
        cursor.close()


class _PyMySQL(Driver):
    batches: ClassVar[bool] = True

    def charset(self) -> str:
        return str(self._raw.character_set_name())

    def set_charset(self, name: str) -> None:
        self._raw.set_character_set(name)

    def takes_several(self) -> bool:
        return bool(self._raw.client_flag & _MULTI_STATEMENTS)

    def take_several(self, several: bool) -> None:
        self._raw._execute_command(_SET_OPTION, _option(several))
        self._raw._read_packet()

    def results(self, packet: str, statements: int) -> Iterator[list[tuple[Any, ...]]]:
        if not self._raw.use_unicode:
            return super().results(packet, statements)
        from schemadiff.dialects.mysql.server.pymysql_results import results

        return results(self._raw, packet)


class _MySQLClient(_PyMySQL):
    """mysqlclient has the methods of PyMySQL, which was made after it."""

    def take_several(self, several: bool) -> None:
        self._raw.set_server_option(int(not several))

    def results(self, packet: str, statements: int) -> Iterator[list[tuple[Any, ...]]]:
        return Driver.results(self, packet, statements)


class _Asynchronous(Driver):
    """asyncmy and aiomysql: PyMySQL's methods as coroutines. Both take several statements unless they are told."""

    batches: ClassVar[bool] = True

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        # asyncmy logs each of the server's warnings, and Python prints what nobody else takes.
        logging.getLogger("asyncmy").addHandler(_NOWHERE)

    def charset(self) -> str:
        return str(self._raw.character_set_name())

    def set_charset(self, name: str) -> None:
        before = self.charset()
        try:
            self._raw.run_async(lambda driver: driver.set_charset(name))
        except AttributeError:  # in asyncmy 0.2.18, which cannot
            if not before.startswith("utf8") or not name.startswith("utf8"):
                raise ConfigError(
                    f"the driver cannot change over from charset={before}, which leaves characters out",
                    hint="Write charset=utf8mb4 into the URL, or no charset at all.",
                ) from None
            self._raw.run_async(lambda driver: driver.query(f"SET NAMES {name}"))

    def takes_several(self) -> bool:
        return True

    def take_several(self, several: bool) -> None:
        async def command(driver: Any) -> None:
            await driver._execute_command(_SET_OPTION, _option(several))
            read = getattr(driver, "read_packet", None) or driver._read_packet
            await read()

        self._raw.run_async(command)


class _ConnectorPython(Driver):
    """MySQL Connector/Python. It takes several statements unless it is told otherwise when it connects."""

    def charset(self) -> str:
        return str(self._raw.charset)

    def set_charset(self, name: str) -> None:
        # Without a collation it names one that MariaDB 10.11 does not know.
        self._raw.set_charset_collation(name, "utf8mb4_general_ci" if name == UNICODE else None)


_NOWHERE = logging.NullHandler()

_FAMILIES: dict[str, type[Driver]] = {
    "pymysql": _PyMySQL,
    "mysqldb": _MySQLClient,
    "asyncmy": _Asynchronous,
    "aiomysql": _Asynchronous,
    "mysqlconnector": _ConnectorPython,
    # mariadbconnector always speaks utf8mb4, and refuses several statements unless it is told otherwise.
}


def driver_of(connection: Connection) -> Driver:
    """The contract with the driver of the connection."""
    return _FAMILIES.get(connection.dialect.driver, Driver)(connection)


def _option(several: bool) -> bytes:
    return b"\0\0" if several else b"\1\0"


def takes_several(connection: Connection) -> bool:
    """Whether a packet may hold several statements, as far as that is known without asking."""
    driver = driver_of(connection)
    return driver.batches and bool(connection.info.get(_STATE, driver.takes_several()))


@contextmanager
def several(connection: Connection, taken: bool) -> Iterator[bool]:
    """Has the server take several statements in a packet in here, or refuse them. Gives whether it takes them; that is
    not known of a driver without such a contract, which is never sent any.
    """
    driver = driver_of(connection)
    if not driver.batches:
        yield False
        return
    before = bool(connection.info.get(_STATE, driver.takes_several()))
    if before == taken:
        yield taken
        return
    try:
        driver.take_several(taken)
    except connection.dialect.loaded_dbapi.Error:
        yield before  # a proxy that does not know the command
        return
    connection.info[_STATE] = taken
    try:
        yield taken
    finally:
        if not connection.invalidated:
            with suppress(connection.dialect.loaded_dbapi.Error):
                driver.take_several(before)
                connection.info[_STATE] = before


_STATE = "schemadiff takes several statements"


@contextmanager
def unicode(connection: Connection, variables: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
    """Set the connection to utf8mb4 for the block, whatever ``charset`` its URL gives, and set it back at the end.
    Yields the values that these session variables have inside.
    """
    driver = driver_of(connection)
    names = ("character_set_client", "character_set_results", "collation_connection")
    old = _values(connection, (*names, *variables))
    before = driver.charset()
    if before == UNICODE and old[0] == UNICODE:
        yield old[len(names) :]
        return
    old = old[: len(names)]
    driver.set_charset(UNICODE)
    try:
        yield _values(connection, variables) if variables else ()
    finally:
        with suppress(SQLAlchemyError):
            # Through SQLAlchemy first, which knows whether there is still a connection.
            connection.exec_driver_sql("SELECT 1")
            driver.set_charset(before)
            words = [
                f"SESSION {name} = {'NULL' if value is None else literal(str(value))}"
                for name, value in zip(names, old, strict=True)
            ]
            connection.exec_driver_sql(f"SET {', '.join(words)}")


def _values(connection: Connection, variables: Sequence[str]) -> tuple[Any, ...]:
    query = f"SELECT {', '.join(f'@@SESSION.{name}' for name in variables)}"
    return tuple(connection.exec_driver_sql(query).one())
