"""How the server would carry out the ALTER TABLEs of a plan: each is tried on an empty copy of its table.

A copy that CREATE TABLE … LIKE makes answers as the table itself would (measured on 66 kinds of change on MySQL 9.7
and MariaDB 10.11), but for foreign keys, a full-text index that it once had, and MySQL's versions of rows, which are
seen to here and in `algorithms`. What depends on the rows no empty copy tells. A temporary table would answer
otherwise.

Each way is tried from the cheapest on, until one is accepted, which has then changed the copy as the statement will
change the table; so the next statement finds what it builds on.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from schemadiff.config.defaults import LOCK_TIMEOUT
from schemadiff.dialects.contract.statements import Group, Method, Statement
from schemadiff.dialects.mysql.online import algorithms
from schemadiff.dialects.mysql.online.algorithms import Cost, Way
from schemadiff.dialects.mysql.online.cost_groups import atoms, batches, stages
from schemadiff.dialects.mysql.read.show_create import parse
from schemadiff.dialects.mysql.server import advisory_locks
from schemadiff.dialects.mysql.server.conversation import (
    Refusal,
    Reply,
    Row,
    Talk,
    only,
    session,
    working_mode,
)
from schemadiff.dialects.mysql.server.probe_tables import PREFIX, is_probe
from schemadiff.dialects.mysql.server.product import Facts
from schemadiff.dialects.mysql.server.sql_text import literal, quote
from schemadiff.dialects.mysql.sql import member_characters
from schemadiff.dialects.mysql.sql.alter import staged_statements
from schemadiff.dialects.mysql.sql.clauses import Alter, alter_sql, of_revision
from schemadiff.dialects.mysql.sql.create import qualified
from schemadiff.errors import DatabaseError
from schemadiff.operations import Operation, RenameTable
from schemadiff.schema import Name, Table

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_LEFT = (
    "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() "
    rf"AND TABLE_NAME LIKE '{PREFIX.replace('_', '!_')}%' ESCAPE '!'"
)
_NO_RIGHT = (1044, 1142, 1227)
_LOCKED = (1205,)
_HIDDEN = 1
"""Columns by which a table that once had a full-text index differs from its copy."""

_TEXT = re.compile(r"(?:var)?char\(|(?:tiny|medium|long)?text$")
_NAMED_CHECK = re.compile(r"ADD CONSTRAINT (`(?:[^`]|``)+`) CHECK ")
_DROPPED_CHECK = re.compile(r"DROP (?:CHECK|CONSTRAINT) (`(?:[^`]|``)+`)")


def choose_algorithms(
    connection: Connection,
    facts: Facts,
    statements: Sequence[Statement],
    expanded: Mapping[Group, Sequence[Operation]],
) -> list[tuple[Statement, ...]]:
    """For each statement those that take its place. `expanded` are the operations of each group with all that has to
    be done for them.
    """
    with session(connection, _settings(facts)) as talk, _turn(talk, facts) as why_not:
        asking = _Asking(talk, facts, expanded, why_not)
        return asking.answers(statements)


def tidy(connection: Connection, facts: Facts) -> None:
    """Drops the copies that a killed run left behind."""
    with session(connection, {}) as talk:
        left = only(_one(talk, _LEFT))
    if left:
        with session(connection, _settings(facts)) as talk, _turn(talk, facts):
            pass  # its own beginning does it


def _settings(facts: Facts) -> dict[str, str]:
    """The session variables in which statements are carried out, and no long waiting for a lock."""
    mode = literal(working_mode(facts.sql_mode, zero_dates=True))
    return {"sql_mode": mode, "lock_wait_timeout": str(round(LOCK_TIMEOUT))}


@contextmanager
def _turn(talk: Talk, facts: Facts) -> Iterator[str | None]:
    """One run at a time has copies of tables: those that are there now were left behind, and are dropped. Gives the
    reason where this is not to be had.
    """
    hashed = hashlib.sha256((facts.database or "").encode()).hexdigest()[:40]
    name = literal(f"schemadiff probe {hashed}")

    def ask(sql: str) -> Row:
        return only(_one(talk, sql))[0]

    rows = _one(talk, f"SELECT GET_LOCK({name}, 5), @@autocommit")
    if isinstance(rows, Refusal) or rows[0][0] != 1:
        yield "another run of schemadiff is asking the server just now"
        return
    try:
        if rows[0][1] != 1:
            yield "the connection may be in a transaction, which CREATE TABLE would commit"
            return
        if not advisory_locks.is_held(ask, name):
            yield "the connection leads to several sessions of the server, as behind a proxy that shares them"
            return
        for (found,) in only(_one(talk, _LEFT)):
            table = quote(str(found))
            # A copy has no rows. What has some is somebody's, whatever its name.
            if is_probe(str(found)) and _one(talk, f"SELECT 1 FROM {table} LIMIT 1") == []:
                _one(talk, f"DROP TABLE IF EXISTS {table}")
        yield None
    finally:
        with suppress(DatabaseError):
            advisory_locks.release(ask, name)


def _one(talk: Talk, sql: str) -> Reply:
    return next(talk([[sql]]))


@dataclass(frozen=True, slots=True)
class _Answer:
    """Statements that were all accepted, and what they make of the copy: the lines of its definition, columns in
    their order.
    """

    statements: tuple[tuple[Alter, Way | None], ...]
    definition: tuple[object, ...]

    @property
    def copies(self) -> int:
        return sum(way is None or way.cost is Cost.COPY for _, way in self.statements)


class _Asking:
    """A conversation about one plan."""

    def __init__(
        self,
        talk: Talk,
        facts: Facts,
        expanded: Mapping[Group, Sequence[Operation]],
        why_not: str | None,
    ) -> None:
        self.talk = talk
        self.facts = facts
        self.expanded = expanded
        self.why_not = why_not
        self.names: dict[Name, Name] = {}
        self.accepted: dict[Name, list[Alter]] = {}

    def answers(self, statements: Sequence[Statement]) -> list[tuple[Statement, ...]]:
        """As `choose_algorithms`."""
        result: list[tuple[Statement, ...]] = []
        seen: set[Group] = set()
        for statement in statements:
            for operation in statement.operations:
                if isinstance(operation, RenameTable):
                    self.names[operation.after] = self.names.get(operation.before, operation.before)
            if statement.group is None:
                result.append((statement,))
            elif statement.group in seen:
                result.append(())
            else:
                seen.add(statement.group)
                same = [one for one in statements if one.group is statement.group]
                result.append(self._answer(statement.group, same))
        return self._counted(result)

    def _counted(self, answers: Sequence[tuple[Statement, ...]]) -> list[tuple[Statement, ...]]:
        """The statements; those that copy a table which is copied more than once say so."""
        copying = [
            one
            for some in answers
            for one in some
            if isinstance(one, Alter) and one.method == algorithms.COPYING
        ]
        times = Counter(self.names.get(one.table, one.table) for one in copying)

        def told(one: Statement) -> Statement:
            number = times[self.names.get(one.table, one.table)] if isinstance(one, Alter) else 0
            if number < 2 or one.method != algorithms.COPYING:
                return one
            words = f"{one.method.words} (this table is copied {number} times)"
            return replace(one, method=replace(one.method, words=words))

        return [tuple(map(told, some)) for some in answers]

    def _answer(self, group: Group, given: Sequence[Statement]) -> tuple[Statement, ...]:
        """The statements that carry out the group, `given` ones where the server cannot be asked."""
        if self.why_not is not None:
            return _not_asked(given, self.why_not)
        operations = self.expanded[group]
        alters = self._alters(group, [operations])
        if alters is None:
            return tuple(replace(one, group=None) for one in given)
        table = alters[0].table
        with _Copy(self.talk, self.facts, self.names.get(table, table)) as copy:
            whole = self._tried(copy, group, alters)
            if isinstance(whole, str):
                return _not_asked(given, whole)
            best = self._best(copy, group, operations, whole)
        self.accepted.setdefault(self.names.get(table, table), []).extend(
            alter for alter, _ in best.statements
        )
        return tuple(
            Alter(
                algorithms.bound(alter.sql, way) if way else alter.sql,
                carried,
                way.method if way else algorithms.COPYING,
                expects=member_characters.expected(carried, group.operations, group.before, self.facts),
                effect=effect,
                table=alter.table,
            )
            for alter, way in best.statements
            for carried, effect in [of_revision(alter, group.operations)]
        )

    def _best(self, copy: _Copy, group: Group, operations: Sequence[Operation], whole: _Answer) -> _Answer:
        """The same work, grouped by what it costs, where that leads to the same table and copies it no more often."""
        if all(way is not None and way.cost is Cost.INSTANT for _, way in whole.statements):
            return whole
        parts = atoms(operations, group.before)
        if len(parts) == 1:
            return whole
        costs = self._costs(copy, group, parts)
        grouped = costs and stages(parts, costs, operations, group.before)
        if not grouped or len(grouped) == 1:
            return whole
        alters = self._alters(group, grouped)
        answer = self._tried(copy, group, alters) if alters else ""
        if isinstance(answer, str):
            return whole
        same = answer.definition == whole.definition
        return answer if same and answer.copies <= max(1, whole.copies) else whole

    def _costs(self, copy: _Copy, group: Group, parts: Sequence[tuple[Operation, ...]]) -> list[Cost] | None:
        """Return the cost of each part; parts that are alike are measured once. ``None`` if the server refuses one by
        itself.
        """
        if copy.begin(self._before(copy.table)):
            return None
        costs = [Cost.INSTANT] * len(parts)
        alike = batches(parts, group.before)
        asked = [tuple(one for number in batch for one in parts[number]) for batch in alike]
        for position, batch in enumerate(alike):
            rest = (*(one for some in asked[position:] for one in some), *group.later)
            done = staged_statements(
                asked[: position + 1], group.before, self.facts, rest[len(asked[position]) :]
            )
            ahead = staged_statements(asked[:position], group.before, self.facts, rest)
            for alter in done[len(ahead) :]:
                way = copy.ask(alter, group) if isinstance(alter, Alter) else None
                if isinstance(way, Refusal):
                    return None
                for number in batch:
                    costs[number] = max(costs[number], way.cost if way else Cost.COPY)
        return costs

    def _tried(self, copy: _Copy, group: Group, alters: Sequence[Alter]) -> _Answer | str:
        """How the server carries the statements out one after the other, or why it cannot be asked."""
        why_not = copy.begin(self._before(copy.table))
        if why_not:
            return why_not
        found = []
        for alter in alters:
            way = copy.ask(alter, group)
            if isinstance(way, Refusal):
                return f"a copy of the table refuses it: {way}"
            found.append((alter, way))
        return _Answer(tuple(found), copy.definition())

    def _before(self, table: Name) -> Sequence[Alter]:
        """Return the ALTERs of earlier steps of the plan on the table, which the copy has to have first."""
        return self.accepted.get(table, ())

    def _alters(self, group: Group, grouped: Sequence[Sequence[Operation]]) -> list[Alter] | None:
        done = staged_statements(grouped, group.before, self.facts, group.later)
        alters = [one for one in done if isinstance(one, Alter)]
        return alters if len(alters) == len(done) and alters else None


def _not_asked(given: Sequence[Statement], why: str) -> tuple[Statement, ...]:
    return tuple(replace(one, group=None, method=Method(f"not asked: {why}")) for one in given)


@dataclass(frozen=True, slots=True)
class _Past:
    """The facts about a table that its empty copies cannot have, read once: its definition, the names of its CHECKs in
    a copy, and its history of changes (see `_Copy._read_past`).
    """

    table: Table
    checks: Mapping[str, str]
    versions: int | None
    hides_column: bool


class _Copy:
    """The empty copy of one table, for as long as it is there."""

    def __init__(self, talk: Talk, facts: Facts, table: Name) -> None:
        self.talk = talk
        self.facts = facts
        self.table = table
        hashed = hashlib.sha256(f"{table.schema or facts.database}.{table.name}".encode()).hexdigest()
        self.name = Name(f"{PREFIX}{hashed[:12]}", table.schema)
        self.checks: dict[str, str] = {}
        self.versions: int | None = None
        self.there = False
        self.past: _Past | None = None

    def __enter__(self) -> _Copy:
        return self

    def __exit__(self, *_: object) -> None:
        if self.there:
            with suppress(DatabaseError):
                _one(self.talk, f"DROP TABLE IF EXISTS {qualified(self.name)}")

    def begin(self, done: Sequence[Alter]) -> str | None:
        """Creates the copy again, as the table will be after the statements `done`; the reason where that cannot be."""
        # First, because who may create and not drop a table would leave it behind.
        dropped = _one(self.talk, f"DROP TABLE IF EXISTS {qualified(self.name)}")
        if isinstance(dropped, Refusal):
            return _reason(dropped, "drop")
        self.there = True
        made = _one(self.talk, f"CREATE TABLE {qualified(self.name)} LIKE {qualified(self.table)}")
        if isinstance(made, Refusal):
            return _reason(made, "create")
        if self.past is None:
            table, copy = self._parsed(self.table), self._parsed(self.name)
            self.past = _Past(table, _check_names(table, copy), *self._read_past(table))
        self.checks = dict(self.past.checks)
        self.versions = self.past.versions
        if self.past.hides_column:
            self._leave_hidden_column(self.past.table)
        for alter in done:
            reply = self._send(alter, None)
            if isinstance(reply, Refusal):
                return f"a copy of the table refuses what comes before it: {reply}"
        return None

    def ask(self, alter: Alter, group: Group) -> Way | Refusal | None:
        """The cheapest way in which the server carries the statement out, which has changed the copy; ``None`` where it
        has no other than to copy the table and cannot be told so.
        """
        if not alter.clauses:
            done = self._send(alter, None)
            return done if isinstance(done, Refusal) else None
        least = algorithms.least_cost(alter, group.before, self.facts)
        counts = algorithms.counts_as_version(alter)
        limit = algorithms.most_versions(self.facts)
        if counts and limit is not None and self.versions is not None and self.versions >= limit:
            least = max(least, Cost.ONLINE)
        reply: Reply = []
        for way in algorithms.cheapest_from(least, self.facts):
            reply = self._send(alter, way)
            if not isinstance(reply, Refusal):
                if self.versions is not None:
                    self.versions = (
                        0 if way.cost is Cost.COPY else self.versions + (way.cost is Cost.INSTANT and counts)
                    )
                return way
        return reply if isinstance(reply, Refusal) else None

    def definition(self) -> tuple[object, ...]:
        """Return the copy's present definition, its columns in order. Constraints and indexes are counted, not named:
        their names in the copy are not those of the table.
        """
        table = self._parsed(self.name)
        checks = Counter((check.expression, check.enforced) for check in table.checks)
        parts = Counter(map(repr, (*table.indexes, *table.uniques)))
        return table.columns, table.primary_key, table.options, checks, parts

    def _send(self, alter: Alter, way: Way | None) -> Reply:
        """Carries the statement out on the copy, without foreign keys."""
        if not alter.clauses:
            begin = f"ALTER TABLE {qualified(alter.table)}"
            return _one(self.talk, f"ALTER TABLE {qualified(self.name)}{alter.sql.removeprefix(begin)}")
        clauses = [one for one in alter.clauses if not algorithms.of_foreign_key(one)]
        if not clauses:
            return []
        added: dict[str, str] = {}
        told = [self._renamed(clause, added) for clause in clauses]
        sql = alter_sql(self.name, told)
        reply = _one(self.talk, algorithms.bound(sql, way) if way else sql)
        if not isinstance(reply, Refusal):
            self.checks |= added
        return reply

    def _renamed(self, clause: str, added: dict[str, str]) -> str:
        """The clause, a CHECK in it under its name in the copy: on MySQL no two tables' CHECKs have one name."""
        if self.facts.product.column_checks:
            return clause
        if match := _DROPPED_CHECK.fullmatch(clause):
            known = self.checks.get(match[1], match[1])
            return f"{clause[: match.start(1)]}{known}"
        if match := _NAMED_CHECK.match(clause):
            # Not as many as there are now: a name may have gone and come again.
            taken = {*self.checks.values(), *added.values()}
            number = next(n for n in range(len(taken) + 1) if quote(f"{self.name.name}_{n}") not in taken)
            added[match[1]] = quote(f"{self.name.name}_{number}")
            return f"{clause[: match.start(1)]}{added[match[1]]}{clause[match.end(1) :]}"
        return clause

    def _parsed(self, name: Name) -> Table:
        rows = only(_one(self.talk, f"SHOW CREATE TABLE {qualified(name)}"))
        return parse(rows[0][1], name, self.facts.database).table

    def _read_past(self, table: Table) -> tuple[int | None, bool]:
        """How many versions the table's rows have, ``None`` where nobody says, and whether it has a column that a
        full-text index left behind, without which columns would be added INSTANT.
        """
        columns = "NAME, N_COLS" if self.facts.product.has_nocopy else "NAME, N_COLS, TOTAL_ROW_VERSIONS"
        names = [_file_name(self.facts.database, name) for name in (self.table, self.name)]
        if None in names:
            return None, False
        told = ", ".join(literal(str(name)) for name in names)
        query = f"SELECT {columns} FROM information_schema.{self.facts.product.system_tables} WHERE NAME IN ({told})"
        reply = _one(self.talk, query)
        if isinstance(reply, Refusal) or len(reply) != len(names):
            # It takes the right PROCESS. The server refuses INSTANT when it comes to it.
            return None, False
        found = {row[0]: row[1:] for row in reply}
        real, copy = (found[name] for name in names)
        hides = real[0] - copy[0] == _HIDDEN and not any(index.kind == "FULLTEXT" for index in table.indexes)
        return (int(real[1]) if len(real) > 1 else None), hides

    def _leave_hidden_column(self, table: Table) -> None:
        # A column of its own stays, since to drop it would rebuild the copy, and the hidden one would go.
        texts = [column.name for column in table.columns if _TEXT.match(column.type.sql)]
        column, index = quote(texts[0] if texts else PREFIX), quote(PREFIX)
        added = [] if texts else [f"ADD COLUMN {column} text"]
        _one(self.talk, alter_sql(self.name, [*added, f"ADD FULLTEXT INDEX {index} ({column})"]))
        _one(self.talk, alter_sql(self.name, [f"DROP INDEX {index}"]))


def _check_names(table: Table, copy: Table) -> dict[str, str]:
    """The names of the table's CHECKs, with those that they have in its copy, all of them quoted."""
    left = list(copy.checks)
    names: dict[str, str] = {}
    for check in table.checks:
        alike = [one for one in left if (one.expression, one.enforced) == (check.expression, check.enforced)]
        if alike and check.name and alike[0].name:
            names[quote(check.name)] = quote(alike[0].name)
            left.remove(alike[0])
    return names


def _file_name(database: str | None, name: Name) -> str | None:
    """As InnoDB calls the table; ``None`` where it has letters that are spelled by tables of their own."""
    parts = (name.schema or database or "", name.name)
    if not all(part.isascii() for part in parts):
        return None
    return "/".join(re.sub(r"\W", lambda match: f"@{ord(match[0]):04x}", part) for part in parts)


def _reason(refusal: Refusal, verb: str) -> str:
    if refusal.code in _NO_RIGHT:
        return f"no right to {verb} a table"
    if refusal.code in _LOCKED:
        return "the table is locked"
    return f"no copy of the table can be made: {refusal}"
