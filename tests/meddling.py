"""A hand that changes a database between a kill and the next run: beside what the revision's next step touches, where
that must not count, or just that, where nothing may be done until it is taken back.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

import schemadiff
from schemadiff.dialects.contract.script import VERSION_TABLE
from schemadiff.errors import VersionError
from schemadiff.execute.journal import Interrupted
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    CreateIndex,
    CreateTable,
    DropColumn,
    Operation,
    RenameTable,
)

Pair = tuple[str, str]
"""A statement, and the one that takes it back."""

PATIENCE = 60.0
"""Seconds within which a server has ended what a killed run left running."""


def beside(engine: str) -> list[Pair]:
    """What counts neither way, on tables that the revision touches and elsewhere."""
    pairs = [
        ("CREATE TABLE by_hand (id integer)", "DROP TABLE by_hand"),
        ("ALTER TABLE author ADD COLUMN by_hand integer", "ALTER TABLE author DROP COLUMN by_hand"),
        ("ALTER TABLE entry ADD COLUMN by_hand integer", "ALTER TABLE entry DROP COLUMN by_hand"),
        ("CREATE INDEX by_hand_index ON book (pages)", _drop_index(engine, "by_hand_index", "book")),
        ("CREATE INDEX by_hand_index ON entry (size)", _drop_index(engine, "by_hand_index", "entry")),
    ]
    if engine in ("mysql", "mariadb"):
        pairs += [
            (f"ALTER TABLE {table} COMMENT 'by hand'", f"ALTER TABLE {table} COMMENT ''")
            for table in ("author", "book", "entry")
        ]
    if engine == "postgresql":
        pairs += [
            (f"COMMENT ON TABLE {table} IS 'by hand'", f"COMMENT ON TABLE {table} IS NULL")
            for table in ("author", "book", "entry")
        ]
    return pairs


def just_that(engine: str, operations: Sequence[Operation]) -> Pair | None:
    """Something that is neither what was there before the operations nor what they lead to; ``None`` where they are
    not of a kind for it.
    """
    for operation in operations:
        match operation:
            case AddColumn(table=table, column=column):
                return (
                    f"ALTER TABLE {table} ADD COLUMN {column.name} date",
                    f"ALTER TABLE {table} DROP COLUMN {column.name}",
                )
            case CreateTable(table=made):
                return f"CREATE TABLE {made.name} (other date)", f"DROP TABLE {made.name}"
            case RenameTable(after=name):
                return f"CREATE TABLE {name} (other date)", f"DROP TABLE {name}"
            case CreateIndex(table=table, index=index):
                return (
                    f"CREATE INDEX {index.name} ON {table} (id)",
                    _drop_index(engine, str(index.name), str(table)),
                )
            case AddConstraint() | DropColumn() | _:
                continue
    return None


def _drop_index(engine: str, name: str, table: str) -> str:
    return f"DROP INDEX {name} ON {table}" if engine in ("mysql", "mariadb") else f"DROP INDEX {name}"


class Hand:
    """Changes something, and takes back all of it in the end."""

    def __init__(self, url: str, versions: Path, chance: random.Random) -> None:
        self._url = url
        self._versions = versions
        self._chance = chance
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        name = self._engine.dialect.name
        self._name = "mariadb" if name == "mysql" and self._is_mariadb() else name
        self._done: list[Pair] = []
        self.counted: Counter[str] = Counter()

    def _is_mariadb(self) -> bool:
        with self._engine.connect() as connection:
            return bool(getattr(connection.dialect, "is_mariadb", False))

    def meddle(self) -> None:
        """One change. One of just what the next step touches must stop every command, and is taken back at once.
        Raises `AssertionError` when it does not.
        """
        interrupted = self._at_rest()
        pair = self._clash(interrupted) if interrupted and self._chance.random() < 0.5 else None
        if pair:
            self._expect_neither(pair)
            return
        known = {statement for statement, _ in self._done}
        # A table or an index of that name is there at most once.
        names = {statement.split(" ON ")[0].split(" (")[0] for statement in known}
        free = [one for one in beside(self._name) if one[0].split(" ON ")[0].split(" (")[0] not in names]
        if free:
            pair = self._chance.choice(free)
            self._execute(pair[0])
            self._done.append(pair)
            self.counted["changed beside it"] += 1

    def take_back(self) -> None:
        """The database is as if nobody had ever changed anything by hand."""
        while self._done:
            self._execute(self._done.pop()[1])

    def _at_rest(self) -> Interrupted | None:
        """What is interrupted once nothing of the killed run is at work any more."""
        deadline = time.monotonic() + PATIENCE
        while True:
            status = schemadiff.status(self._url, self._versions)
            if status.at_work is None:
                return status.interrupted
            if time.monotonic() > deadline:
                raise AssertionError(f"still at work after {PATIENCE:g} s: {status.at_work}")

    def _clash(self, interrupted: Interrupted) -> Pair | None:
        """What can be done to just what the step touches at which the run halted, before it has run."""
        with self._engine.connect() as connection:
            text = connection.execute(sa.text(f"SELECT journal FROM {VERSION_TABLE}")).scalar_one()
        entry = json.loads(text) if isinstance(text, str) else text
        if entry["fingerprint"] is None or entry["position"] != interrupted.done:
            return None
        step = interrupted.steps[interrupted.done]
        others = [one for place, one in enumerate(interrupted.steps) if place != interrupted.done]
        if any(one.operations == step.operations for one in others):
            return None  # one of several statements
        return just_that(self._name, step.operations)

    def _expect_neither(self, pair: Pair) -> None:
        self._execute(pair[0])
        for command in (schemadiff.status, schemadiff.apply, schemadiff.rollback):
            try:
                command(self._url, self._versions)
            except VersionError as error:
                if "neither as before nor as after" not in error.message:
                    raise AssertionError(f"after {pair[0]}: {error}") from error
            else:
                raise AssertionError(f"after {pair[0]}, {command.__name__} went on")
        self._execute(pair[1])
        self.counted["changed just that"] += 1

    def _execute(self, statement: str) -> None:
        with self._engine.begin() as connection:
            if self._name in ("mysql", "mariadb"):
                with suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql("SET lock_wait_timeout = 60")
            connection.exec_driver_sql(statement)
