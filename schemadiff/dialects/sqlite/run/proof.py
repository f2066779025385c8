"""The proof at the end of a transaction that nothing broke.

SQLite checks no foreign key while foreign_keys is OFF, which a rebuild needs, and notices a view or trigger that no
longer works only when somebody uses it. So both are looked at before and after. Of the foreign keys those of the tables
are checked that the statements name, and those that refer to these: a table is looked at before the first statement
that names it. SQL can change no other table, but by the triggers, whose texts count as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.exc import DBAPIError

from schemadiff.dialects.sqlite.run.trigger_watch import TriggerWatch
from schemadiff.dialects.sqlite.server.drivers import driver_of
from schemadiff.dialects.sqlite.server.tokens import literal, quote
from schemadiff.dialects.sqlite.sql.triggers import head
from schemadiff.errors import StepError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_REMEMBERED = "schemadiff proof"
"""Under this key the connection keeps what was known when the transaction before was through."""

_READS = ("select", "explain", "pragma", "savepoint", "release", "rollback")
_UNSEEN = ("sqlite_master", "sqlite_schema", "writable_schema")
"""Operations that may change a definition without its name."""

_PLAIN = ("create table", "create index", "create unique index", "alter table", "drop table", "drop index")
_TELLING = ("select", "references", "view", "trigger")
"""Without these words a plain statement makes no view, trigger or foreign key, and calls no function that might."""


class _Mark(NamedTuple):
    """The schema cookie of the database file, and what tells of commits of other connections."""

    definitions: int
    others: int


@dataclass(frozen=True, slots=True)
class _Objects:
    """Views and triggers, as rows of sqlite_master; what the server says of those that do not work; and which tables
    refer to which.
    """

    rows: tuple[tuple[str, str, str, str], ...]
    errors: dict[str, str]
    keys: frozenset[tuple[str, str]]
    has_temporary: bool
    """Whether the connection has triggers of its own, which no other one sees."""

    @property
    def triggers(self) -> list[tuple[str, str]]:
        return [(name, table) for kind, name, table, _ in self.rows if kind == "trigger"]


@dataclass(slots=True)
class _Keys:
    """How many rows of a table lack their row of another, with the first of them, and which tables cannot be
    checked.
    """

    orphans: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: dict[tuple[str, str], list[object]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def check(self, connection: Connection, table: str) -> None:
        """Looks at the rows of the table."""
        try:
            found = driver_of(connection).rows(f"PRAGMA main.foreign_key_check({quote(table)})")
        except DBAPIError as error:
            # A foreign key that refers to columns which are not unique.
            self.errors[f'table "{table}"'] = str(error.orig)
            return
        for name, rowid, parent, _ in found:
            self.orphans[name, parent] += 1
            if len(self.rows.setdefault((name, parent), [])) < 5:
                self.rows[name, parent].append(rowid)


class Proof:
    """Looks on while a transaction is under way, which has just begun."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._mark = _mark(connection)
        known = connection.info.get(_REMEMBERED)
        self._before: _Objects = known[1] if known and known[0] == self._mark else _objects(connection)
        self._watch = TriggerWatch(self._before.triggers)
        self._keys = _Keys()
        self._checked: set[str] = set()
        self._texts: list[str] = []
        self._asks = False
        """Whether a SELECT was sent: a function of an extension in it may do anything."""
        self._anything = self._before.has_temporary
        self.sets_pragmas = False
        """Whether a PRAGMA may have been set meanwhile."""
        if self._anything:
            self._check_before(())

    def see(self, sql: str) -> None:
        """Takes note of a statement that is about to be carried out."""
        self._watch.see(sql)
        text = sql.casefold()
        if "pragma" in text:
            self.sets_pragmas = True
        if text.startswith(_READS) and "writable_schema" not in text:
            self._asks = self._asks or text.startswith("select")
            return
        if any(word in text for word in _UNSEEN) or ("temp" in text and "trigger" in text):
            self.expect_anything()
            return
        texts = [text]
        if "drop" in text and "index" in text:
            texts += self._tables_of_indexes(text)
        self._texts += texts
        self._check_before(texts)

    def expect_anything(self) -> None:
        """From now on anything may be changed by statements that are not seen here."""
        self.sets_pragmas = True
        if not self._anything:
            self._anything = True
            self._check_before(())

    def hold(self) -> None:
        """Raises `StepError` when the change would leave rows without the row that they refer to, or views or triggers
        that no longer work, or without triggers that nobody dropped.
        """
        definitions = _definitions(self._connection)
        changed = definitions != self._mark.definitions
        after = _objects(self._connection) if changed and not self._leaves_objects() else self._before
        keys = _Keys()
        for table in self._children(after, self._texts):
            keys.check(self._connection, table)
        _compare(self._keys, keys)
        if changed or keys.errors:
            _expect_whole({**self._before.errors, **self._keys.errors}, {**after.errors, **keys.errors})
        if changed:
            _expect_triggers(self._connection, self._watch, after.triggers)
        self._after = (_Mark(definitions, self._mark.others), after)

    def remember(self) -> None:
        """Keeps what is known, now that it is committed, for the transaction that comes next."""
        if self._anything:
            self._connection.info.pop(_REMEMBERED, None)
        else:
            self._connection.info[_REMEMBERED] = self._after

    def _leaves_objects(self) -> bool:
        """Whether there are as few views, triggers and foreign keys as before, none: to look for them takes time that
        grows with the database.
        """
        if self._before.rows or self._before.keys or self._anything or self._asks:
            return False
        return all(
            text.startswith(_PLAIN) and not any(word in text for word in _TELLING) for text in self._texts
        )

    def _check_before(self, texts: Sequence[str]) -> None:
        for table in self._children(self._before, texts) - self._checked:
            self._checked.add(table)
            self._keys.check(self._connection, table)

    def _children(self, objects: _Objects, texts: Sequence[str]) -> set[str]:
        """The tables whose foreign keys may be broken by these statements."""
        if not objects.keys or self._anything:
            return {child for child, _ in objects.keys}
        every = _with_triggers(texts, objects.rows)
        names = {name for pair in objects.keys for name in pair}
        touched = {name for name in names if _is_named(name, every)}
        return {child for child, parent in objects.keys if child in touched or parent in touched}

    def _tables_of_indexes(self, text: str) -> list[str]:
        """The tables whose unique indexes the statement may drop: rows may refer to what they make unique."""
        if not self._before.keys:
            return []
        sql = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        found = driver_of(self._connection).rows(sql)
        return [table.casefold() for name, table in found if _is_named(name, (text,))]


def _is_named(name: str, texts: Iterable[str]) -> bool:
    """Whether the statements, in small letters, name that; true in doubt."""
    if any(character in name for character in "\"'`[]"):
        return True
    small = name.casefold()
    return any(small in text for text in texts)


def _with_triggers(texts: Sequence[str], rows: Iterable[tuple[str, str, str, str]]) -> list[str]:
    """The statements, and those of the triggers that they may set off."""
    every = list(texts)
    left = [(table, sql.casefold()) for kind, _, table, sql in rows if kind == "trigger"]
    while found := [one for one in left if _is_named(one[0], every)]:
        every += [sql for _, sql in found]
        left = [one for one in left if one not in found]
    return every


def _definitions(connection: Connection) -> int:
    ((definitions,),) = driver_of(connection).rows("PRAGMA main.schema_version")
    return int(definitions)


def _mark(connection: Connection) -> _Mark:
    ((others,),) = driver_of(connection).rows("PRAGMA main.data_version")
    return _Mark(_definitions(connection), others)


_OBJECTS = """\
SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE type IN ('view', 'trigger')
UNION ALL SELECT 'temporary', name, tbl_name, NULL FROM temp.sqlite_master WHERE type = 'trigger'
UNION ALL SELECT 'key', m.name, f."table", NULL
FROM main.sqlite_master m JOIN pragma_foreign_key_list(m.name, 'main') f
WHERE m.type = 'table' AND instr(upper(m.sql), 'REFERENCES') ORDER BY 1, 2"""


def _objects(connection: Connection) -> _Objects:
    found: list[tuple[Any, ...]] = driver_of(connection).rows(_OBJECTS)
    rows = tuple(row for row in found if row[0] in ("view", "trigger"))
    keys = frozenset((child, parent) for kind, child, parent, _ in found if kind == "key")
    has_temporary = any(row[0] == "temporary" for row in found)
    return _Objects(rows, dict(_broken(connection, rows)), keys, has_temporary)


def _broken(connection: Connection, objects: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Yield the name of each view or trigger that does not work, with the server's error.

    Each is compiled by a statement that touches no row, inside a savepoint because even such an INSERT
    makes a row in sqlite_sequence. EXPLAIN would do without, but it crashes Python 3.11 with SQLite 3.40
    when the driver uses the same statement again after the table that a trigger writes to is gone.
    """
    if not objects:
        return
    driver = driver_of(connection)
    driver.rows("SAVEPOINT schemadiff_examine")
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
    driver.rows("ROLLBACK TO schemadiff_examine")
    driver.rows("RELEASE schemadiff_examine")


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


def _expect_triggers(connection: Connection, watch: TriggerWatch, there: Sequence[tuple[str, str]]) -> None:
    """Raises `StepError` when a trigger is gone that nobody dropped."""
    if not watch.expected:
        return
    rows = driver_of(connection).rows("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    lost = watch.lost((name for name, _ in there), [name for (name,) in rows])
    if lost:
        words = ", ".join(f'"{name}" of "{table}"' for name, table in lost)
        raise StepError(
            f"the change would lose the triggers {words}, which were made after it was planned",
            hint="Carry out the revisions one by one (--to): each is then planned on what is there.",
        )


def _compare(before: _Keys, after: _Keys) -> None:
    """Raises `StepError` when more rows lack their row after than before."""
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


def _expect_whole(before: dict[str, str], after: dict[str, str]) -> None:
    """Raises `StepError` when something does not work any more; what did not work before may stay so."""
    broken = [f"{what}: {error}" for what, error in after.items() if what not in before]
    if broken:
        raise StepError(
            f"the change would break what uses the table: {'; '.join(broken)}",
            hint="Drop or change it first: by hand, or with op.execute(…) in the revision where that is not applied "
            "anywhere yet.",
        )
