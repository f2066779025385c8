"""Kills runs of schemadiff at random instants, starts several at once, and kills servers under them: `make chaos`.

    python -m tests.chaos --kills 200 --together 100 --restarts 20 --seed 1 mysql postgresql

Two revisions, DDL and data, are taken forth and back on one database. A run is a process of its own that is ended with
SIGKILL; what follows it, `apply` or `rollback`, may be killed as well, up to three times in a row. After half of the
kills a hand changes the database before the next run. In the end, when the hand has taken back what it did, schema,
data and version must be exactly those of a database on which nobody was ever killed.

The seed of a run is printed and repeats its choices, though not the instants.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

import schemadiff
from schemadiff.config.settings import Online
from schemadiff.database.connection import connected
from schemadiff.database.inspector import inspect
from schemadiff.dialects.contract.script import VERSION_TABLE
from tests.definitions import definitions, names_in
from tests.meddling import Hand
from tests.restarting import RestartableServer
from tests.runs import ended, kill_after, start
from tests.servers.choice import ENGINES as SERVER_ENGINES
from tests.servers.databases import Databases
from tests.servers.fleet import Fleet
from tools.install_servers import find

ROWS = {"sqlite": 100_000}
"""Of the table that is copied, where not OTHER_ROWS: an ALTER on it takes long enough to be killed in."""

OTHER_ROWS = 20_000

FIRST = '''
"""tables"""
import sqlalchemy as sa


def upgrade(op):
    op.create_table(
        "author",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
    )
    op.create_table(
        "book",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("author_id", sa.Integer),
        sa.Column("pages", sa.Integer, nullable=False),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("balance", sa.Integer, nullable=False),
    )
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer),
    )
'''

SECOND = '''
"""many steps"""
import sqlalchemy as sa


def pay(connection):
    connection.execute(sa.text("UPDATE account SET balance = balance + 100"))


def take(connection):
    connection.execute(sa.text("UPDATE account SET balance = balance - 100"))


def upgrade(op):
    op.add_column("author", sa.Column("email", sa.String(80)))
    op.execute(
        "UPDATE account SET balance = balance + 1", reverse="UPDATE account SET balance = balance - 1"
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(20), nullable=False),
    )
    op.execute("INSERT INTO tag (id, name) VALUES (1, 'red'), (2, 'green')", reverse="DELETE FROM tag")
    op.create_index("entry", sa.Index("ix_entry_kind", "kind"))
    op.alter_column("entry", sa.Column("size", sa.Integer), sa.Column("size", sa.BigInteger))
    op.run(pay, reverse=take)
    op.add_constraint("book", sa.CheckConstraint("pages > 0", name="pages_positive"))
    op.add_constraint("book", sa.ForeignKeyConstraint(["author_id"], ["author.id"], name="book_author"))
    op.rename_column("author", "name", "full_name")
    op.execute(
        "UPDATE account SET balance = balance * 2", reverse="UPDATE account SET balance = balance / 2"
    )
    op.create_index("author", sa.Index("ix_author_full_name", "full_name", unique=True))
    op.add_column("book", sa.Column("price", sa.Integer, nullable=False, server_default="7"))
    op.rename_table("account", "ledger")
    op.create_table("shelf", sa.Column("id", sa.Integer, primary_key=True))
'''

Snapshot = tuple[int, dict[str, object], dict[str, object]]


@dataclass(frozen=True)
class Exercise:
    """A database with its revisions, and how it must look at revision 1 and at revision 2."""

    url: str
    versions: Path
    ends: dict[int, Snapshot]
    seconds: dict[str, float]


def prepare(url: str, folder: Path, rows: int) -> Exercise:
    """Bring the empty database to revision 1, fill it, and find out how it looks without any trouble."""
    versions = folder / "versions"
    versions.mkdir()
    (versions / "0001_tables.py").write_text(FIRST)
    (versions / "0002_many_steps.py").write_text(SECOND)
    schemadiff.apply(url, versions, to=1)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO author (id, name) VALUES (1, 'Ann'), (2, 'Bo')"))
        connection.execute(sa.text("INSERT INTO book (id, author_id, pages) VALUES (1, 1, 10), (2, 2, 20)"))
        connection.execute(sa.text("INSERT INTO account (id, balance) VALUES (1, 10), (2, 20)"))
        values = [
            {"id": number, "kind": f"kind {number % 97}", "size": number} for number in range(1, rows + 1)
        ]
        entry = sa.table("entry", sa.column("id"), sa.column("kind"), sa.column("size"))
        connection.execute(entry.insert(), values)
    before = snapshot(url)
    began = time.monotonic()
    schemadiff.apply(url, versions)
    forward = time.monotonic() - began
    after = snapshot(url)
    began = time.monotonic()
    schemadiff.rollback(url, versions, allow=["all"])
    back = time.monotonic() - began
    again = snapshot(url)
    if again != before:
        raise AssertionError(differing(again, before))
    return Exercise(url, versions, {1: before, 2: after}, {"apply": forward, "rollback": back})


def snapshot(url: str) -> Snapshot:
    """Return the version, the definitions and the rows of a database; the version must be at rest."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with connected(url) as (connection, dialect):
        names = names_in(inspect(connection, dialect))
    told: dict[str, object] = {name: sorted(lines) for name, lines in definitions(engine, names).items()}
    metadata = sa.MetaData()
    rows: dict[str, object] = {}
    with engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.tables.values():
            if table.name == VERSION_TABLE:
                continue
            columns = sorted(table.columns, key=lambda column: column.name)
            found = connection.execute(sa.select(*columns).order_by(*table.primary_key)).all()
            rows[table.name] = [tuple(row) for row in found]
        at = connection.execute(sa.text(f"SELECT version, journal FROM {VERSION_TABLE}")).one()
    engine.dispose()
    if at.journal not in (None, "null"):
        raise AssertionError(f"the journal is not empty: {at.journal}")
    return at.version, told, rows


def differing(found: Snapshot, wanted: Snapshot) -> str:
    """Say in what two snapshots differ."""
    lines = [] if found[0] == wanted[0] else [f"version {found[0]}, not {wanted[0]}"]
    for one, other in zip(found[1:], wanted[1:], strict=True):
        lines += [
            f"{name}:\n  found  {str(one.get(name))[:600]}\n  wanted {str(other.get(name))[:600]}"
            for name in sorted({*one, *other})
            if one.get(name) != other.get(name)
        ]
    return "\n".join(lines)


def settle(exercise: Exercise, verb: str, hand: Hand | None = None) -> None:
    """Run to the end without a kill, let the hand take back what it did, and compare with what must be there."""
    errors = exercise.versions.parent / "errors.txt"
    errors.unlink(missing_ok=True)
    status = ended(start(exercise.url, exercise.versions, verb, errors=errors))
    if status:
        said = errors.read_text() if errors.exists() else ""
        raise AssertionError(f"{verb} after a kill failed: {status}\n{said}")
    if hand:
        hand.take_back()
    found, wanted = snapshot(exercise.url), exercise.ends[2 if verb == "apply" else 1]
    if found != wanted:
        raise AssertionError(f"{verb} after a kill:\n{differing(found, wanted)}")


def kill_some(exercise: Exercise, kills: int, chance: random.Random) -> Counter[str]:
    """Kill that many runs; count what came of it. Raises `AssertionError` at the first wrong state."""
    counted: Counter[str] = Counter()
    schemadiff.rollback(exercise.url, exercise.versions, to=1, allow=["all"])
    hand = Hand(exercise.url, exercise.versions, chance)
    at = 1
    while counted["kills"] < kills:
        verb = "apply" if at == 1 else "rollback"
        in_a_row = chance.choice((1, 1, 1, 2, 3))
        for number in range(in_a_row):
            # After the first kill it may as well turn back.
            verb = verb if number == 0 else chance.choice(("apply", "rollback"))
            online: Online = chance.choice(("auto", "always"))
            # So it takes more statements, on PostgreSQL many more.
            factor = 2 if online == "always" else 1
            steps = chance.random() < 0.7
            process = start(exercise.url, exercise.versions, verb, online, from_step=steps)
            caught = kill_after(process, chance.random() * factor * exercise.seconds[verb])
            counted["kills"] += caught
            counted["too late"] += not caught
            counted["during the resume"] += caught and number > 0
            if caught and chance.random() < 0.5:
                hand.meddle()
        half = schemadiff.status(exercise.url, exercise.versions).interrupted
        counted["half done"] += half is not None
        last = chance.choice(("apply", "rollback"))
        settle(exercise, last, hand)
        counted[f"settled by {last}"] += 1
        at = 2 if last == "apply" else 1
    return counted + hand.counted


def start_together(exercise: Exercise, times: int, chance: random.Random) -> Counter[str]:
    """Start two to eight runs at once, that often; every one must succeed, and each revision be applied once."""
    counted: Counter[str] = Counter()
    for _ in range(times):
        schemadiff.rollback(exercise.url, exercise.versions, to=1, allow=["all"])
        count = chance.randint(2, 8)
        files = [exercise.versions.parent / f"error{number}.txt" for number in range(count)]
        children = [start(exercise.url, exercise.versions, "apply", errors=file) for file in files]
        codes = [ended(child) for child in children]
        said = "\n".join(file.read_text() for file in files if file.exists())
        if any(codes):
            raise AssertionError(f"of {count} runs at once some failed: {codes}\n{said}")
        found = snapshot(exercise.url)
        if found != exercise.ends[2]:
            raise AssertionError(f"after {count} runs at once:\n{differing(found, exercise.ends[2])}")
        counted["runs"] += count
        counted["starts"] += 1
    return counted


def restart_server(engine: str, times: int, chance: random.Random) -> Counter[str]:
    """Kill the server in the middle of a revision and start it again, that often: `apply` must complete."""
    counted: Counter[str] = Counter()
    installation = find(engine)
    if installation is None:
        raise AssertionError(f"no program of {engine} to start and kill")
    with tempfile.TemporaryDirectory() as folder, RestartableServer(installation) as server:
        databases = Databases(lambda _: server.url)
        url = databases.create(engine)
        databases.close()
        exercise = prepare(url, Path(folder), ROWS.get(engine, OTHER_ROWS))
        while counted["restarts"] < times:
            schemadiff.rollback(url, exercise.versions, to=1, allow=["all"])
            child = start(url, exercise.versions, "apply")
            time.sleep(chance.random() * exercise.seconds["apply"])  # the instant is what is tried here
            server.kill()
            status = ended(child)
            server.start()
            counted["restarts"] += 1
            counted["in the middle"] += bool(status)
            counted["half done"] += schemadiff.status(url, exercise.versions).interrupted is not None
            settle(exercise, "apply")
    return counted


def main() -> int:
    """Do what the arguments say; return 1 when anything was wrong."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("engines", nargs="*", default=["sqlite", *SERVER_ENGINES])
    options.add_argument("--kills", type=int, default=200, help="for each engine (%(default)s)")
    options.add_argument("--together", type=int, default=100, help="for each engine (%(default)s)")
    options.add_argument("--restarts", type=int, default=20, help="for each server (%(default)s)")
    options.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    chosen = options.parse_args()
    print(f"--seed {chosen.seed}", flush=True)
    fleet = Fleet()
    try:
        return 0 if all([*_engines(chosen, fleet)]) else 1
    finally:
        fleet.stop()


def _engines(chosen: argparse.Namespace, fleet: Fleet) -> Iterable[bool]:
    for engine in chosen.engines:
        chance = random.Random(chosen.seed)
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/chaos.sqlite"
            if engine != "sqlite":
                databases = Databases(fleet.url)
                url = databases.create(engine)
                databases.close()
            exercise = prepare(url, Path(folder), ROWS.get(engine, OTHER_ROWS))
            print(f"{engine}: a run takes {exercise.seconds['apply']:.2f} s", flush=True)
            yield _told(engine, "killed", lambda: kill_some(exercise, chosen.kills, chance))  # noqa: B023
            yield _told(engine, "together", lambda: start_together(exercise, chosen.together, chance))  # noqa: B023
        if engine != "sqlite":
            yield _told(engine, "server killed", lambda: restart_server(engine, chosen.restarts, chance))  # noqa: B023


def _told(engine: str, what: str, work: Callable[[], Counter[str]]) -> bool:
    began = time.monotonic()
    try:
        counted = work()
    except AssertionError as error:
        print(f"{engine}, {what}: WRONG\n{error}", flush=True)
        return False
    words = ", ".join(f"{count} {name}" for name, count in counted.items())
    print(f"{engine}, {what}: {words}; all right, {time.monotonic() - began:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
