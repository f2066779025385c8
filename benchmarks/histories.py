"""Long histories of small revisions: the files of schemadiff, those of Alembic for the same, and the raw statements.

    python benchmarks/histories.py --count 1000 sqlite:////tmp/bench.db mysql+pymysql://root@127.0.0.1:3306/bench …

Each database must be empty: the script applies that many revisions there, and rolls them back to nothing. Figures are
seconds of client CPU (what the machine's other work cannot change much) and of the clock, beside those of the raw
statements, a commit after each.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

import schemadiff
import schemadiff.commands.apply  # what is imported when it is used does not count
from schemadiff.database.connection import connected, open_engine


@dataclass(frozen=True, slots=True)
class Small:
    """One small revision: its verbs in `schemadiff` and in `alembic`, and its raw SQL, up and down."""

    words: str
    schemadiff: str
    alembic_up: str
    alembic_down: str
    up: str
    down: str


def small_revisions(count: int) -> list[Small]:
    """So many small revisions: five of them make a table, a column, an index, rows, and a column by raw SQL."""
    return [_small(number // 5, number % 5) for number in range(count)]


def _small(number: int, kind: int) -> Small:
    table = f"item_{number:04}"
    if kind == 0:
        columns = (
            'sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50), nullable=False)'
        )
        return Small(
            f"create {table}",
            f'op.create_table("{table}", {columns})',
            f'op.create_table("{table}", {columns})',
            f'op.drop_table("{table}")',
            f"CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50) NOT NULL)",
            f"DROP TABLE {table}",
        )
    if kind == 1:
        return Small(
            f"note in {table}",
            f'op.add_column("{table}", sa.Column("note", sa.String(100)))',
            f'op.add_column("{table}", sa.Column("note", sa.String(100)))',
            f'op.drop_column("{table}", "note")',
            f"ALTER TABLE {table} ADD COLUMN note VARCHAR(100)",
            f"ALTER TABLE {table} DROP COLUMN note",
        )
    if kind == 2:
        return Small(
            f"index of {table}",
            f'op.create_index("{table}", sa.Index("ix_{table}", "name"))',
            f'op.create_index("ix_{table}", "{table}", ["name"])',
            f'op.drop_index("ix_{table}", "{table}")',
            f"CREATE INDEX ix_{table} ON {table} (name)",
            f"DROP INDEX ix_{table}",
        )
    if kind == 3:
        insert = f"INSERT INTO {table} (id, name) VALUES (1, 'first')"
        delete = f"DELETE FROM {table} WHERE id = 1"
        return Small(
            f"first of {table}",
            f'op.execute("{insert}", reverse="{delete}")',
            f'op.execute("{insert}")',
            f'op.execute("{delete}")',
            insert,
            delete,
        )
    add = f"ALTER TABLE {table} ADD COLUMN size INTEGER"
    drop = f"ALTER TABLE {table} DROP COLUMN size"
    return Small(
        f"size in {table}",
        f'op.execute("{add}", reverse="{drop}", effect=[op.add_column("{table}", sa.Column("size", sa.Integer))])',
        f'op.execute("{add}")',
        f'op.execute("{drop}")',
        add,
        drop,
    )


def write_history(directory: Path, count: int) -> list[Small]:
    """Writes so many small revisions into the directory as files of schemadiff; returns them."""
    directory.mkdir(parents=True, exist_ok=True)
    small = small_revisions(count)
    for number, one in enumerate(small, 1):
        name = f"{number:04}_{one.words.replace(' ', '_')}.py"
        text = f'"""{one.words}"""\n\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n    {one.schemadiff}\n'
        (directory / name).write_text(text)
    return small


def write_alembic(directory: Path, count: int) -> None:
    """Writes the same into the directory as Alembic's environment: ``env.py`` and ``versions/``. Its ``env.py`` takes
    the URL as ``sqlalchemy.url``, and commits after each revision.
    """
    versions = directory / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (directory / "env.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import context\n\n"
        "engine = sa.create_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection, transaction_per_migration=True)\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
    )
    for number, one in enumerate(small_revisions(count), 1):
        before = f"{number - 1:04}" if number > 1 else None
        (versions / f"{number:04}_{one.words.replace(' ', '_')}.py").write_text(
            f'"""{one.words}"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            f'revision = "{number:04}"\ndown_revision = {before!r}\n\n\n'
            f"def upgrade():\n    {one.alembic_up}\n\n\ndef downgrade():\n    {one.alembic_down}\n"
        )


def raw(engine: sa.Engine, statements: list[str]) -> None:
    """Carries the statements out, a commit after each."""
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
            connection.commit()


def downwards(small: list[Small], engine: sa.Engine) -> list[str]:
    """The raw statements that undo all of them."""
    on_table = engine.dialect.name in ("mysql", "mariadb")
    return [
        f"{one.down} ON {one.down.removeprefix('DROP INDEX ix_')}"
        if on_table and one.down.startswith("DROP INDEX")
        else one.down
        for one in reversed(small)
    ]


def measured(words: str, work: Callable[[], object]) -> None:
    """Prints the client CPU and the time of the work."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    print(f"  {words:24} {time.process_time() - cpu:7.2f} {time.perf_counter() - clock:7.2f}", flush=True)


def run(url: str, count: int) -> None:
    """Measures one database and prints a line for each thing measured."""
    engine = open_engine(url)
    with connected(engine) as (_, dialect):
        name = dialect.name
    print(f"{name}: {count} revisions: CPU s, clock s")
    with tempfile.TemporaryDirectory() as folder:
        small = write_history(Path(folder), count)
        measured("raw statements, up", lambda: raw(engine, [one.up for one in small]))
        measured("raw statements, down", lambda: raw(engine, downwards(small, engine)))
        measured("schemadiff apply", lambda: schemadiff.apply(url, folder))
        measured("schemadiff rollback", lambda: schemadiff.rollback(url, folder, to=0, allow=["all"]))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE schemadiff_version")
    engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--count", type=int, default=1000)
    arguments = parser.parse_args()
    for each in arguments.urls:
        run(each, arguments.count)
