"""One transaction in which tables can be rebuilt, and the proof at its end that nothing broke.

SQLite checks no foreign key while foreign_keys is OFF, which a rebuild needs, and notices a view or trigger
that no longer works only when somebody uses it. So both are looked at before and after, and a transaction
that would break one of them does not commit. What was broken before may stay so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.sqlite.server.drivers import Driver, driver_of
from schemadiff.dialects.sqlite.server.tokens import literal, quote
from schemadiff.dialects.sqlite.sql.conversion import IS_TEXT
from schemadiff.dialects.sqlite.sql.triggers import TriggerWatch, head, watching
from schemadiff.errors import DatabaseError, LockedError, RevisionError, StepError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """One transaction without foreign key enforcement.

    Raises `LockedError` when another program is writing, `StepError` when the change would leave rows
    without the row that they refer to, or views or triggers that no longer work, `RevisionError` when it was ended
    from within.
    """
    with _pragma(connection, "foreign_keys"), _pragma(connection, "legacy_alter_table"):
        _run(connection, "BEGIN IMMEDIATE")
        try:
            _know_text(connection)
            before = _examine(connection)
            watch = TriggerWatch(before.triggers)
            with watching(connection, watch):
                yield
            if not _is_open(connection):
                raise RevisionError(
                    "the transaction was ended from within, so what came before that is done and stays done",
                    hint="A function or SQL of a revision must not commit or roll back.",
                )
            after = _examine(connection)
            _compare(before, after)
            _expect_triggers(connection, watch, after)
            _run(connection, "COMMIT")
        except BaseException:
            if _is_open(connection):
                _run(connection, "ROLLBACK")
            raise


@contextmanager
def _pragma(connection: Connection, name: str) -> Iterator[None]:
    """The PRAGMA, OFF for a while."""
    driver = driver_of(connection)
    ((before,),) = driver.rows(f"PRAGMA {name}")
    if before:
        driver.rows(f"PRAGMA {name} = OFF")
        if driver.rows(f"PRAGMA {name}") != [(0,)]:
            raise DatabaseError(
                f"PRAGMA {name} cannot be changed: a transaction is open already",
                hint="Hand over a connection in the driver's autocommit mode.",
            )
    try:
        yield
    finally:
        driver.rows(f"PRAGMA {name} = {int(before or 0)}")


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
    """Lets SQL ask whether bytes are text."""
    create = getattr(connection.connection.dbapi_connection, "create_function", None)
    if create is not None:
        create(IS_TEXT, 1, _is_text)


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_open(connection: Connection) -> bool:
    return driver_of(connection).in_transaction()


# the proof


@dataclass(frozen=True, slots=True)
class _State:
    """What is broken: how many rows of a table lack their row of another, and what the server says of
    objects; and the triggers with their tables."""

    orphans: Counter[tuple[str, str]]
    rows: dict[tuple[str, str], list[object]]
    errors: dict[str, str]
    triggers: list[tuple[str, str]]


def _examine(connection: Connection) -> _State:
    driver = driver_of(connection)
    orphans: Counter[tuple[str, str]] = Counter()
    rows: dict[tuple[str, str], list[object]] = {}
    errors: dict[str, str] = {}
    for table, rowid, parent in _orphans(driver, errors):
        orphans[table, parent] += 1
        if len(rows.setdefault((table, parent), [])) < 5:
            rows[table, parent].append(rowid)
    objects = driver.rows(_OBJECTS)
    errors.update(_broken(connection, objects))
    triggers = [(name, table) for kind, name, table, _ in objects if kind == "trigger"]
    return _State(orphans, rows, errors, triggers)


def _orphans(driver: Driver, errors: dict[str, str]) -> list[tuple[str, object, str]]:
    """The rows without the row that they refer to: their table, rowid and the other table."""
    try:
        found = driver.rows("PRAGMA foreign_key_check")
    except DBAPIError:
        # A foreign key that refers to columns which are not unique ends the check: it is made table by table.
        found = []
        for (name,) in driver.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
            try:
                found += driver.rows(f"PRAGMA foreign_key_check({quote(name)})")
            except DBAPIError as error:
                errors[f'table "{name}"'] = str(error.orig)
    return [(table, rowid, parent) for table, rowid, parent, _ in found]


_OBJECTS = """\
SELECT type, name, tbl_name, sql FROM sqlite_master
WHERE type IN ('view', 'trigger') ORDER BY type, name"""


def _broken(connection: Connection, objects: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """What the server says of views and triggers that do not work.

    Each is compiled by a statement that touches no row, inside a savepoint because even such an INSERT
    makes a row in sqlite_sequence. EXPLAIN would do without, but it crashes Python 3.11 with SQLite 3.40
    when the driver uses the same statement again after the table that a trigger writes to is gone.
    """
    if not objects:
        return
    _run(connection, "SAVEPOINT schemadiff_examine")
    columns: dict[str, Sequence[str]] = {}
    for kind, name, table, sql in objects:
        try:
            if kind == "view":
                connection.exec_driver_sql(f"SELECT 1 FROM {quote(name)} LIMIT 0").close()
            else:
                if table not in columns:
                    columns[table] = _columns(connection, table)
                found = head(sql)
                occasion = found.event if found else ""
                connection.exec_driver_sql(_trial(occasion, table, columns[table])).close()
        except DBAPIError as error:
            yield f'{kind} "{name}"', str(error.orig)
    _run(connection, "ROLLBACK TO schemadiff_examine")
    _run(connection, "RELEASE schemadiff_examine")


def _columns(connection: Connection, table: str) -> list[str]:
    sql = f"SELECT name FROM pragma_table_xinfo({literal(table)}, 'main') WHERE hidden = 0"
    return [name for (name,) in connection.exec_driver_sql(sql)]


def _trial(occasion: str, table: str, columns: Sequence[str]) -> str:
    """A statement that makes SQLite compile the triggers of an event, and changes nothing."""
    name = quote(table)
    listed = ", ".join(map(quote, columns))
    if occasion == "INSERT":
        return f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {name} WHERE 0"
    if occasion == "UPDATE":
        return f"UPDATE {name} SET {', '.join(f'{quote(one)} = {quote(one)}' for one in columns)} WHERE 0"
    return f"DELETE FROM {name} WHERE 0"


def _expect_triggers(connection: Connection, watch: TriggerWatch, after: _State) -> None:
    """Raises `StepError` when a trigger is gone that nobody dropped."""
    if not watch.expected:
        return
    rows = driver_of(connection).rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    lost = watch.lost((name for name, _ in after.triggers), [name for (name,) in rows])
    if lost:
        words = ", ".join(f'"{name}" of "{table}"' for name, table in lost)
        raise StepError(
            f"the change would lose the triggers {words}, which were made after it was planned",
            hint="Carry out the revisions one by one (--to): each is then planned on what is there.",
        )


def _compare(before: _State, after: _State) -> None:
    """Raises `StepError` when more is broken after than before."""
    moved = [count for pair, count in before.orphans.items() if not after.orphans[pair]]
    found = []
    for pair, count in sorted(after.orphans.items()):
        if count <= before.orphans[pair]:
            continue
        if not before.orphans[pair] and count in moved:
            moved.remove(count)  # they were there before, in a table that had another name
            continue
        rows = ", ".join(map(str, after.rows[pair])) + (", …" if count > len(after.rows[pair]) else "")
        found.append(
            f'{count} of the rows of table "{pair[0]}" refer to no row of "{pair[1]}" (rowid {rows})'
        )
    if found:
        raise StepError(
            f"the change would break foreign keys: {'; '.join(found)}",
            hint="Delete these rows or correct them first.",
        )
    broken = [f"{what}: {error}" for what, error in after.errors.items() if what not in before.errors]
    if broken:
        raise StepError(
            f"the change would break what uses the table: {'; '.join(broken)}",
            hint="Drop or change it first: by hand, or with op.execute(…) in the revision where that is not applied "
            "anywhere yet.",
        )
