"""What stands in the version row is data that anybody with the right to change one row can write: none of it is ever
executed, what schemadiff never wrote is refused by name, and nothing is claimed to be done that is not.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import SchemadiffError
from schemadiff.revisions.files import load
from tests.convergence import with_one_connection

pytestmark = pytest.mark.once

FIRST = '''"""first"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table("a", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
'''
SECOND = '''"""second"""

import sqlalchemy as sa


def fill(connection):
    connection.execute(sa.text("INSERT INTO a (id) VALUES (2)"))


def upgrade(op):
    op.add_column("a", sa.Column("email", sa.String(50)))
    op.execute("INSERT INTO a (id) VALUES (1)", reverse="DELETE FROM a WHERE id = 1")
    op.add_column("a", sa.Column("phone", sa.String(50)))
    op.run(fill, reverse=op.nothing)
'''
INJECTED = "CREATE TABLE injected (id int)"

Entry = dict[str, Any]


@pytest.fixture
def database(url: str) -> Iterator[sa.Engine]:
    """The database, all of whose commands take place in one session: there are some five hundred of them."""
    engine = with_one_connection(url)
    yield engine
    engine.dispose()


Forge = Callable[[Entry], object]


def put(**values: Any) -> Forge:
    return lambda entry: entry.update(values)


def step(number: int, **values: Any) -> Forge:
    return lambda entry: entry["steps"][number].update(values)


def without(name: str) -> Forge:
    return lambda entry: entry.pop(name)


def deep(entry: Entry) -> None:
    below: Entry | None = None
    for number in range(27):
        direction = "up" if number % 2 == 0 else "down"
        below = {**copy.deepcopy({**entry, "under": None}), "direction": direction, "under": below}
    entry["under"] = below
    entry["direction"] = "up"


REFUSED: Mapping[str, Forge] = {
    "no format": without("format"),
    "a format that is true": put(format=True),
    "a format of nought": put(format=0),
    "a format in words": put(format="2"),
    "a later format": put(format=99),
    "no revision": without("revision"),
    "a revision that is true": put(revision=True),
    "a negative revision": put(revision=-1),
    "an applied revision": put(revision=1),
    "a revision that is not there": put(revision=7),
    "a revision beyond all numbers": put(revision=10**30),
    "another direction": put(direction="sideways"),
    "a direction in a list": put(direction=["up"]),
    "no direction": without("direction"),
    "the other direction": put(direction="down"),
    "no digest": without("digest"),
    "another digest": put(digest="0" * 64),
    "a digest that is a number": put(digest=5),
    "no steps": without("steps"),
    "steps that are an object": put(steps={}),
    "steps that are texts": put(steps=["CREATE TABLE injected (id int)"]),
    "a step that is null": put(steps=[None]),
    "no step at all": put(steps=[], position=0),
    "without a step of data": lambda entry: entry["steps"].pop(1),
    "without a step of DDL": lambda entry: entry["steps"].pop(2),
    "without a function": lambda entry: entry["steps"].pop(3),
    "a position below nought": put(position=-1),
    "a position beyond the end": put(position=5),
    "a position that is true": put(position=True),
    "a position in words": put(position="1"),
    "a broken position": put(position=1.5),
    "no position": without("position"),
    "a position at the end": put(position=4),
    "a position too far": put(position=3),
    "a fingerprint that is a number": put(fingerprint=5),
    "a look that is an object": put(look={}),
    "an operation that is not there": step(0, operations=[4]),
    "an operation below nought": step(0, operations=[-1]),
    "an operation that is true": step(0, operations=[True]),
    "an operation in words": step(0, operations=["0"]),
    "operations that are none": step(0, operations=None),
    "a function that is none": step(0, run=True),
    "a function that is no function": step(3, run=False),
    "alone in words": step(0, alone="yes"),
    "SQL that is a number": step(2, sql=5),
    "no SQL": lambda entry: entry["steps"][2].pop("sql"),
    "open in words": put(open="2"),
    "open that is not there": put(open=[9]),
    "under in words": put(under="CREATE TABLE injected (id int)"),
    "under that is a list": put(under=[1]),
    "under of the same direction": lambda entry: put(under={**entry, "under": None})(entry),
    "under of another revision": lambda entry: put(
        under={**copy.deepcopy(entry), "direction": "down", "revision": 1}
    )(entry),
    "under without end": deep,
}

HARMLESS: Mapping[str, Forge] = {
    "other SQL": step(2, sql=INJECTED),
    "other SQL in what is done": step(0, sql=INJECTED),
    "SQL to look with": put(look=INJECTED, fingerprint="x", position=2),
    "a look that there is, another fingerprint": put(look="schema", fingerprint="x", position=2),
    "another fingerprint": put(fingerprint="x", position=2),
    "what nobody knows": put(more={"sql": INJECTED}),
    "control characters": step(0, sql="\x1b]0;owned\x07\x1b[2J"),
}
"""What is not refused: nothing of it is used, or the live schema decides."""

COLUMNS = {
    "a version below nought": ("version", -1),
    "a version beyond the files": ("version", 3),
    "another digest of the version": ("digest", "x" * 64),
    "files that are an object": ("files", "{}"),
    "files that are numbers": ("files", "[1]"),
    "a journal that is a number": ("journal", "5"),
    "a journal that is a text": ("journal", '"up"'),
    "a journal that is a list": ("journal", "[]"),
    "a journal without end": ("journal", "[" * 30 + "]" * 30),
}


def execute(database: sa.Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with database.begin() as connection:
        result = connection.execute(sa.text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def halfway(database: sa.Engine, versions: Path) -> Entry:
    """A database in the middle of revision 2, and the entry in its version row that says so."""
    (versions / "0001_first.py").write_text(FIRST)
    (versions / "0002_second.py").write_text(SECOND)
    schemadiff.apply(database, versions, to=1)
    execute(database, "ALTER TABLE a ADD COLUMN email varchar(50)")
    return {
        "format": 2,
        "revision": 2,
        "direction": "up",
        "digest": load(versions)[1].digest,
        "steps": [
            {"sql": "…", "operations": [number], "run": number == 3, "alone": False} for number in range(4)
        ],
        "under": None,
        "position": 1,
        "fingerprint": None,
    }


def state(database: sa.Engine) -> tuple[object, ...]:
    columns = sorted(column["name"] for column in sa.inspect(database).get_columns("a"))
    rows = sorted(execute(database, "SELECT id FROM a"))
    assert "injected" not in sa.inspect(database).get_table_names()
    return columns, rows, execute(database, "SELECT version, digest FROM schemadiff_version")


COMMANDS: Mapping[str, Callable[[sa.Engine, Path], object]] = {
    "status": schemadiff.status,
    "check": lambda database, versions: schemadiff.check(database, sa.MetaData(), versions),
    "plan": lambda database, versions: schemadiff.plan(database, sa.MetaData(), versions, dry_run=True),
    "dry run": lambda database, versions: schemadiff.apply(database, versions, dry_run=True),
    "apply": lambda database, versions: schemadiff.apply(database, versions, allow=["all"]),
    "rollback": lambda database, versions: schemadiff.rollback(database, versions, to=1, allow=["all"]),
}


def test_what_schemadiff_never_wrote_is_refused(
    database: sa.Engine, engine_name: str, tmp_path: Path
) -> None:
    entry = halfway(database, tmp_path)
    before = state(database)
    for kind, forge in REFUSED.items():
        forged = copy.deepcopy(entry)
        forge(forged)
        text = json.dumps(forged)
        execute(database, "UPDATE schemadiff_version SET journal = :text", text=text)
        for name in COMMANDS if engine_name == "postgresql" else ("status", "apply"):
            with pytest.raises(SchemadiffError) as caught:
                COMMANDS[name](database, tmp_path)
            assert caught.value.hint, (kind, name)
        assert state(database) == before, kind


@pytest.mark.engines("mysql", "mariadb", "postgresql")
@pytest.mark.parametrize("kind", HARMLESS)
def test_what_stands_in_it_is_never_executed(database: sa.Engine, tmp_path: Path, kind: str) -> None:
    entry = halfway(database, tmp_path)
    if "look" in kind or "fingerprint" in kind:  # at the step after the one of data
        execute(database, "INSERT INTO a (id) VALUES (1)")
    HARMLESS[kind](entry)
    execute(database, "UPDATE schemadiff_version SET journal = :text", text=json.dumps(entry))
    for command in ("status", "check", "apply"):
        COMMANDS[command](database, tmp_path)
        state(database)
    assert state(database)[:2] == (["email", "id", "phone"], [(1,), (2,)])
    assert schemadiff.status(database, tmp_path).version == 2


def test_other_columns_are_refused_as_well(database: sa.Engine, tmp_path: Path) -> None:
    halfway(database, tmp_path)
    row = execute(database, "SELECT version, digest, files, journal FROM schemadiff_version")[0]
    for kind, (column, value) in COLUMNS.items():
        execute(database, f"UPDATE schemadiff_version SET {column} = :value", value=value)
        for name, command in COMMANDS.items():
            with pytest.raises(SchemadiffError) as caught:
                command(database, tmp_path)
            assert caught.value.hint, (kind, name)
        original = dict(zip(("version", "digest", "files", "journal"), row, strict=True))[column]
        if isinstance(original, list):
            original = json.dumps(original)
        execute(database, f"UPDATE schemadiff_version SET {column} = :value", value=original)
    assert schemadiff.status(database, tmp_path).version == 1
