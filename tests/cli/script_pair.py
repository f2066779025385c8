"""Two databases of an engine: what runs on the one, a script does on the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from schemadiff.execute.version_table import TABLE
from tests.cli.shell import SETTINGS, Shell
from tests.conftest import FreshDatabase
from tests.definitions import Given, definitions

TEXT = 'it\'s 100% \\ back\\slash; "quoted" -- no comment /* nor this */ # %s :name ü'
FIRST = '''"""begin; DROP TABLE author; -- it's "quoted\\\\"""

import sqlalchemy as sa

TEXT = {text!r}


def upgrade(op):
    op.create_table(
        "author",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False, comment={comment!r}),
        sa.Column("mood", sa.String(200), server_default={comment!r}),
    )
    op.create_table(
        "post",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("author.id")),
        sa.Column("title", sa.String(50)),
        sa.CheckConstraint("title <> 'a;b'", name="ck_title"),
    )
    op.execute({insert!r}, reverse=op.nothing)
    op.execute("INSERT INTO post VALUES (1, 1, 'one'), (2, 1, 'two') -- no end", reverse=op.nothing)
    op.create_index("post", sa.Index("ix_title", "title"))
    op.execute(
        "CREATE VIEW titles AS SELECT mood FROM author WHERE mood <> ';'", reverse="DROP VIEW titles", effect=[]
    )
'''
SECOND = '''"""more"""

import sqlalchemy as sa


def upgrade(op):
    op.add_column("author", sa.Column("email", sa.String(100)))
    op.execute("UPDATE author SET email = 'a;b@example.org'", reverse=op.nothing)
    op.alter_column("post", sa.Column("title", sa.String(50)), sa.Column("title", sa.String(80), nullable=False))
    op.create_table("tag", sa.Column("name", sa.String(20), primary_key=True))
    op.execute({busy!r}, reverse={idle!r}, effect=[])
    op.add_constraint("author", sa.UniqueConstraint("email", name="uq_email"))
'''
MODELS = """
Table(
    "author",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False, comment={comment!r}),
    Column("mood", String(200), server_default={comment!r}),
    Column("email", String(100)),
    UniqueConstraint("email", name="uq_email"),
)
Table(
    "post",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("author_id", Integer, ForeignKey("author.id")),
    Column("title", String(80), nullable=False, index=False),
    CheckConstraint("title <> 'a;b'", name="ck_title"),
    Index("ix_title", "title"),
)
Table("tag", metadata, Column("name", String(20), primary_key=True))
"""
BUSY = {
    "sqlite": "CREATE TRIGGER busy AFTER INSERT ON tag BEGIN UPDATE post SET title = ';'; SELECT 1; END",
    "postgresql": "CREATE FUNCTION busy() RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM ';'; RETURN '\\'; END $$",
    "mysql": "CREATE TRIGGER busy BEFORE INSERT ON tag FOR EACH ROW BEGIN SET @x = ';'; SET @y = '$$'; END",
}


class Pair:
    """Two empty databases of an engine, one project: what runs on the one, a script does on the other."""

    def __init__(self, folder: Path, engine: str, fresh_database: FreshDatabase) -> None:
        self.engine, self.fresh_database = engine, fresh_database
        self.ran, self.scripted = (Shell(folder, fresh_database(engine)) for _ in range(2))
        self.ran.write("schemadiff.toml", SETTINGS)
        text = TEXT.replace("\\", "\\\\") if engine in ("mysql", "mariadb") else TEXT
        text = text.replace("'", "''")
        insert = f"INSERT INTO author (id, name) VALUES (1, '{text}')"
        comment = None if engine == "sqlite" else TEXT
        self.revision("0001_begin", FIRST.format(text=TEXT, comment=comment, insert=insert))
        self.ran.models(MODELS.format(comment=comment))
        busy = BUSY[engine]
        idle = f"DROP {busy.split()[1]} busy"
        self.revision("0002_more", SECOND.format(busy=busy, idle=idle))

    def revision(self, name: str, text: str) -> None:
        self.ran.write(f"versions/{name}.py", text)

    def script(self, *arguments: str) -> str:
        """The script that is written for the second database, as a file is."""
        return self.scripted(*arguments, "--sql").out

    def same(self, *, noted: bool = True) -> None:
        """Asserts that both hold the same, the version row included, and that schemadiff is content with the second.
        Where a script was stopped by an error, the digests of single files need not be `noted`: a run notes them then.
        """
        ran, scripted = (content_of(shell.url) for shell in (self.ran, self.scripted))
        if not noted:
            assert scripted["row"]["files"] in (None, ran["row"]["files"])
            for content in (ran, scripted):
                del content["row"]["files"], content["raw"]
        assert ran == scripted
        status = self.scripted("status", "--format", "json", code=self.pending).json
        assert (status["interrupted"], status["database_version"]) == (None, ran["row"]["version"])
        clean = not self.pending and ran["row"]["version"] == 2
        checked = [
            shell("check", "--format", "json", code=int(not clean)).json
            for shell in (self.ran, self.scripted)
        ]
        assert checked[0]["drifted"] == checked[1]["drifted"]
        assert {one["table"] for one in checked[0]["drifted"]} <= {"later"}

    @property
    def pending(self) -> int:
        return int(content_of(self.ran.url)["row"]["version"] < len(self.ran.versions()))


def content_of(url: str) -> dict[str, Any]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    found: dict[str, Any] = {"definitions": definitions(engine, Given(frozenset(), frozenset()))}
    with engine.connect() as connection:
        if sa.inspect(connection).has_table("schemadiff_version"):
            row = connection.execute(sa.select(TABLE)).one()._asdict()
            by_database = connection.scalar(
                sa.text("SELECT count(*) FROM schemadiff_version WHERE changed_at IS NOT NULL")
            )
            assert by_database == 1
            assert row["changed_at"].microsecond == 0
            found["row"] = {key: value for key, value in row.items() if key != "changed_at"}
            raw = connection.exec_driver_sql("SELECT files, journal FROM schemadiff_version").one()
            found["raw"] = tuple(map(str, raw))
        tables = sa.inspect(connection).get_table_names()
        for table in sorted(set(tables) - {"schemadiff_version"}):
            found[table] = sorted(map(repr, connection.execute(sa.text(f"SELECT * FROM {table}"))))
        found["views"] = sorted(sa.inspect(connection).get_view_names())
    engine.dispose()
    return found
