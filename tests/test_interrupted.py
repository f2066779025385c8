"""A run that ended in the middle, while somebody else changed the database before the next one: what is done is what
replay says, whatever else is otherwise than before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import VersionError

FIRST = '''"""first"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table("o", sa.Column("id", sa.Integer, primary_key=True), sa.Column("free", sa.Integer))
    op.create_table(
        "a",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.Integer),
        sa.Column("z", sa.Integer, sa.ForeignKey("o.id", name="fk_z")),
        sa.CheckConstraint("x < 1000", name="ck_x"),
        sa.Index("ix_x", "x"),
    )
'''
SECOND = '''"""second"""

import sqlalchemy as sa


def upgrade(op):
    {body}
'''
BY_HAND = {
    "mysql": (
        "CREATE INDEX by_hand ON {a} (id, {x})",
        "ALTER TABLE {a} ADD COLUMN by_hand int",
        "CREATE TABLE by_hand (id int)",
        "CREATE TRIGGER by_hand BEFORE INSERT ON {a} FOR EACH ROW SET NEW.id = NEW.id",
    ),
    "postgresql": (
        "CREATE INDEX by_hand ON {a} (id)",
        "ALTER TABLE {a} ADD COLUMN by_hand int",
        "CREATE TABLE by_hand_too (id int)",
        "COMMENT ON COLUMN {a}.id IS 'by_hand'",
    ),
}
"""What nobody's step touches, where the table is called `a` and has a column `x`."""


pytestmark = pytest.mark.once


class Died(BaseException):
    """The end of a process, as far as the database can tell."""


@dataclass(frozen=True)
class Kind:
    """A step; what somebody may do to just what it touches (``clash``), and how that is taken back."""

    body: str
    clash: str = ""
    back: str = ""
    table: str = "a"


KINDS = {
    "add column": Kind(
        'op.add_column("a", sa.Column("n", sa.Integer))',
        "ALTER TABLE a ADD COLUMN n varchar(9)",
        "ALTER TABLE a DROP COLUMN n",
    ),
    "drop column": Kind('op.drop_column("o", sa.Column("free", sa.Integer))'),
    "alter column": Kind(
        'op.alter_column("o", sa.Column("free", sa.Integer), sa.Column("free", sa.BigInteger, nullable=False))',
        "ALTER TABLE o MODIFY COLUMN free bigint",
        "ALTER TABLE o MODIFY COLUMN free int",
    ),
    "rename column": Kind(
        'op.rename_column("o", "free", "new")',
        "ALTER TABLE o ADD COLUMN new int",
        "ALTER TABLE o DROP COLUMN new",
    ),
    "create index": Kind(
        'op.create_index("a", sa.Index("ix_new", "x", "id"))',
        "CREATE INDEX ix_new ON a (x)",
        "DROP INDEX ix_new ON a",
    ),
    "drop index": Kind('op.drop_index("a", sa.Index("ix_x", "x"))'),
    "add check": Kind(
        'op.add_constraint("a", sa.CheckConstraint("x > 0", name="ck_new"))',
        "ALTER TABLE a ADD CONSTRAINT ck_new CHECK (x > 7)",
        "ALTER TABLE a DROP CONSTRAINT ck_new",
    ),
    "drop check": Kind('op.drop_constraint("a", sa.CheckConstraint("x < 1000", name="ck_x"))'),
    "add unique": Kind(
        'op.add_constraint("a", sa.UniqueConstraint("x", name="uq_new"))',
        "CREATE UNIQUE INDEX uq_new ON a (x, id)",
        "DROP INDEX uq_new ON a",
    ),
    "add unnamed unique": Kind('op.add_constraint("o", sa.UniqueConstraint("free"))'),
    "add unnamed check": Kind('op.add_constraint("o", sa.CheckConstraint("free > 0 AND free <> 13"))'),
    "add foreign key": Kind(
        'op.add_constraint("a", sa.ForeignKeyConstraint(["x"], ["o.id"], name="fk_new"))',
        "ALTER TABLE a ADD CONSTRAINT fk_new FOREIGN KEY (x) REFERENCES o (id) ON DELETE CASCADE",
        "ALTER TABLE a DROP FOREIGN KEY fk_new",
    ),
    "drop foreign key": Kind(
        'op.drop_constraint("a", sa.ForeignKeyConstraint(["z"], ["o.id"], name="fk_z"))'
    ),
    "create table": Kind(
        'op.create_table("b", sa.Column("id", sa.Integer, primary_key=True), sa.Column("y", sa.String(9)))',
        "CREATE TABLE b (other int)",
        "DROP TABLE b",
    ),
    "drop table": Kind(
        'op.drop_table("a", sa.Column("id", sa.Integer, primary_key=True), sa.Column("x", sa.Integer),\n'
        '        sa.Column("z", sa.Integer, sa.ForeignKey("o.id", name="fk_z")),\n'
        '        sa.CheckConstraint("x < 1000", name="ck_x"), sa.Index("ix_x", "x"))'
    ),
    "rename table": Kind('op.rename_table("a", "b")', "CREATE TABLE b (id int)", "DROP TABLE b"),
    "comment": Kind(
        'op.alter_table("a", {}, {"comment": "new"})',
        "ALTER TABLE a COMMENT 'old'",
        "ALTER TABLE a COMMENT ''",
    ),
    "several": Kind(
        'op.add_column("o", sa.Column("n", sa.Integer))\n    op.create_index("o", sa.Index("ix_n", "n"))',
        "ALTER TABLE o ADD COLUMN n int",
        "ALTER TABLE o DROP COLUMN n",
    ),
    "create view": Kind(
        'op.create_view("v", "SELECT id FROM a")', "CREATE VIEW v AS SELECT x FROM a", "DROP VIEW v"
    ),
    "sql with an effect": Kind(
        'op.execute("ALTER TABLE a ADD COLUMN n int", reverse="ALTER TABLE a DROP COLUMN n",\n'
        '        effect=[op.add_column("a", sa.Column("n", sa.Integer))])',
        "ALTER TABLE a ADD COLUMN n varchar(9)",
        "ALTER TABLE a DROP COLUMN n",
    ),
    "sql without an effect": Kind(
        'op.execute("CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1",\n'
        '        reverse="DROP TRIGGER t", effect=[])'
    ),
}


def execute(url: str, *statements: str) -> list[tuple[Any, ...]]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    rows: list[tuple[Any, ...]] = []
    with engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement.replace("%", "%%"))
            rows = [tuple(row) for row in result] if result.returns_rows else []
    return rows


def interrupt(url: str, versions: Path, verb: str, position: int, *, run: bool, **options: Any) -> None:
    """Ends a run at the step in that position, before or after it has run."""

    def die(event: Any) -> None:
        if event.position == position and event.running is None and (event.seconds is not None) == run:
            raise Died

    with pytest.raises(Died):
        work(url, versions, verb, progress=die, **options)


def work(url: str, versions: Path, verb: str, **options: Any) -> None:
    more = {"to": 1} if verb == "rollback" else {}
    getattr(schemadiff, verb)(url, versions, allow=["all"], **more, **options)


def done(url: str, versions: Path) -> int:
    interrupted = schemadiff.status(url, versions).interrupted
    assert interrupted
    return interrupted.done


def drifted(url: str, versions: Path) -> list[str]:
    """What differs from the revisions and is not the hand's."""
    found = schemadiff.check(url, sa.MetaData(), versions).drifted
    return [one.describe() for one in found if "by_hand" not in str(one)]


def prepare(url: str, versions: Path, body: str) -> None:
    (versions / "0001_first.py").write_text(FIRST)
    (versions / "0002_second.py").write_text(SECOND.format(body=body))
    schemadiff.apply(url, versions, to=1)


def by_hand(url: str, engine_name: str) -> None:
    names = [name for (name,) in execute(url, _TABLES[engine_name]) if name in ("a", "b")]
    some = BY_HAND["postgresql" if engine_name == "postgresql" else "mysql"]
    table, column = (names[0], "x") if names else ("o", "free")
    execute(url, *(one.format(a=table, x=column) for one in some))


_TABLES = {
    **dict.fromkeys(
        ("mysql", "mariadb"),
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1",
    ),
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
}


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("run", [False, True], ids=["not_run", "run"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_somebody_else_changed_counts_neither_way(
    url: str, engine_name: str, tmp_path: Path, kind: str, run: bool
) -> None:
    prepare(url, tmp_path, KINDS[kind].body)
    interrupt(url, tmp_path, "apply", 0, run=run)
    by_hand(url, engine_name)
    assert done(url, tmp_path) == run
    work(url, tmp_path, "apply")
    assert drifted(url, tmp_path) == []
    interrupt(url, tmp_path, "rollback", 0, run=run)
    execute(url, "CREATE TABLE by_hand_again (id int)")
    assert done(url, tmp_path) == run
    work(url, tmp_path, "rollback")
    assert schemadiff.status(url, tmp_path).version == 1
    assert drifted(url, tmp_path) == []


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.clash])
def test_a_change_of_just_that_stops_everything(url: str, tmp_path: Path, kind: str) -> None:
    chosen = KINDS[kind]
    prepare(url, tmp_path, chosen.body)
    interrupt(url, tmp_path, "apply", 0, run=False)
    execute(url, chosen.clash)
    row = execute(url, "SELECT * FROM schemadiff_version")
    for command in ("apply", "rollback", "status"):
        with pytest.raises(VersionError, match="neither as before nor as after") as caught:
            getattr(schemadiff, command)(url, tmp_path)
        assert "differs from what was there before" in caught.value.message
        assert "Nothing was changed" in str(caught.value.hint)
    with pytest.raises(VersionError, match="neither as before nor as after"):
        schemadiff.check(url, sa.MetaData(), tmp_path)
    assert execute(url, "SELECT * FROM schemadiff_version") == row
    execute(url, chosen.back)
    assert done(url, tmp_path) == 0
    work(url, tmp_path, "apply")
    assert drifted(url, tmp_path) == []


FOUND = """with op.found():
        op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("gone", sa.Integer))
        op.add_column("t", sa.Column("more", sa.Integer))
    op.rename_table("t", "u")
    op.rename_column("u", "more", "less")
    op.drop_column("u", sa.Column("gone", sa.Integer))"""


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("position", range(2))
@pytest.mark.parametrize("run", [False, True], ids=["not_run", "run"])
def test_what_was_found_is_there_before_the_first_step(
    url: str, tmp_path: Path, position: int, run: bool
) -> None:
    prepare(url, tmp_path, FOUND)
    execute(url, "CREATE TABLE t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, gone int, more int)")
    interrupt(url, tmp_path, "apply", position, run=run)
    assert done(url, tmp_path) == position + run
    work(url, tmp_path, "rollback")
    assert columns(url, "t") == {"id", "gone", "more"}
    interrupt(url, tmp_path, "apply", position, run=run)
    work(url, tmp_path, "apply")
    assert drifted(url, tmp_path) == []
    assert columns(url, "u") == {"id", "less"}


def columns(url: str, table: str) -> set[str]:
    return {name for (name, *_) in execute(url, f"SHOW COLUMNS FROM {table}")}


IN_TWO = {
    "through a text": Kind(
        'op.alter_column("o", sa.Column("free", sa.Integer), sa.Column("free", sa.Date))', table="o"
    ),
    "under a foreign key": Kind(
        'op.alter_column("a", sa.Column("z", sa.Integer), sa.Column("z", sa.Integer, nullable=False))\n'
        '    op.alter_column("o", sa.Column("free", sa.Integer), sa.Column("free", sa.BigInteger))'
    ),
    "virtual to plain": Kind(
        'op.add_column("a", sa.Column("v", sa.Integer, sa.Computed("x + 1", persisted=False)))\n'
        '    op.alter_column("a", sa.Column("v", sa.Integer, sa.Computed("x + 1", persisted=False)),\n'
        '        sa.Column("v", sa.Integer, server_default="7"))'
    ),
}


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("kind", IN_TWO)
@pytest.mark.parametrize("verb", ["apply", "rollback"])
def test_what_takes_several_statements_is_led_to_its_end(
    url: str, engine_name: str, tmp_path: Path, kind: str, verb: str
) -> None:
    prepare(url, tmp_path, IN_TWO[kind].body)
    work(url, tmp_path, "apply")
    wanted = definition(url, "o"), definition(url, "a")
    steps = 0

    def count(event: Any) -> None:
        nonlocal steps
        steps = event.total

    work(url, tmp_path, "rollback", progress=count)
    before = definition(url, "o"), definition(url, "a")
    for position in range(steps):
        for run in (False, True):
            interrupt(url, tmp_path, "apply", position, run=run)
            execute(url, "CREATE TABLE by_hand (id int)", "ALTER TABLE o ADD COLUMN by_hand int")
            assert done(url, tmp_path) == position + run
            work(url, tmp_path, verb)
            execute(url, "DROP TABLE by_hand", "ALTER TABLE o DROP COLUMN by_hand")
            found = definition(url, "o"), definition(url, "a")
            assert found == (wanted if verb == "apply" else before), (position, run)
            if verb == "apply":
                work(url, tmp_path, "rollback")


def definition(url: str, table: str) -> str:
    return str(execute(url, f"SHOW CREATE TABLE {table}")[0][1])


ALONE = {
    "index": 'op.create_index("a", sa.Index("ix_new", "x", "id"))',
    "no index": 'op.drop_index("a", sa.Index("ix_x", "x"))',
    "unique": 'op.add_constraint("a", sa.UniqueConstraint("x", "id", name="uq_new"))',
    "check": 'op.add_constraint("a", sa.CheckConstraint("x > 0", name="ck_new"))',
    "foreign key": 'op.add_constraint("a", sa.ForeignKeyConstraint(["x"], ["o.id"], name="fk_new"))',
    "not null": 'op.alter_column("a", sa.Column("x", sa.Integer), sa.Column("x", sa.Integer, nullable=False))',
}


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("kind", ALONE)
def test_what_commits_by_itself_is_seen_by_what_it_makes(
    url: str, engine_name: str, tmp_path: Path, kind: str
) -> None:
    prepare(url, tmp_path, ALONE[kind])
    steps: list[Any] = []
    work(url, tmp_path, "apply", online="always", progress=steps.append)
    work(url, tmp_path, "rollback", online="always")
    for position in range(steps[0].total):
        alone = steps[0].total == 1 or any(one.position == position and one.step.alone for one in steps)
        for run in (False, True):
            interrupt(url, tmp_path, "apply", position, run=run, online="always")
            execute(url, "CREATE TABLE by_hand (id int)", "CREATE INDEX by_hand_too ON a (id)")
            if alone:
                assert done(url, tmp_path) == position + run
            work(url, tmp_path, "apply", online="always")
            execute(url, "DROP TABLE by_hand", "DROP INDEX by_hand_too")
            assert drifted(url, tmp_path) == []
            work(url, tmp_path, "rollback", online="always")
            assert drifted(url, tmp_path) == []


@pytest.mark.engines("postgresql")
def test_an_index_that_cannot_be_used_is_not_done(url: str, tmp_path: Path) -> None:
    prepare(url, tmp_path, ALONE["index"])
    execute(url, "INSERT INTO a (id, x) VALUES (1, 1), (2, 1)")
    interrupt(url, tmp_path, "apply", 0, run=False, online="always")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY ix_new ON a (x)")
    assert execute(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_new'::regclass") == [(False,)]
    assert done(url, tmp_path) == 0
    work(url, tmp_path, "apply", online="always")
    assert execute(url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_new'::regclass") == [(True,)]
    assert drifted(url, tmp_path) == []


@pytest.mark.engines("postgresql")
def test_another_index_of_that_name_stops_everything(url: str, tmp_path: Path) -> None:
    prepare(url, tmp_path, ALONE["index"])
    interrupt(url, tmp_path, "apply", 0, run=False, online="always")
    execute(url, "CREATE INDEX ix_new ON a (id)")
    for command in ("apply", "rollback", "status"):
        with pytest.raises(VersionError, match="neither as before nor as after"):
            getattr(schemadiff, command)(url, tmp_path)
    execute(url, "DROP INDEX ix_new")
    work(url, tmp_path, "apply", online="always")
    assert drifted(url, tmp_path) == []


ELSEWHERE = '''"""elsewhere"""

import sqlalchemy as sa


def upgrade(op):
    op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("ALTER TABLE t ADD COLUMN n integer", reverse="ALTER TABLE t DROP COLUMN n", only="postgresql",
               effect=[op.add_column("t", sa.Column("n", sa.Integer))])
    op.execute("ALTER TABLE t ADD COLUMN n int", reverse="ALTER TABLE t DROP COLUMN n", only=("mysql", "mariadb"))
    op.add_column("t", sa.Column("last", sa.Integer))
'''


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("run", [False, True])
def test_the_effect_of_a_statement_for_another_database_is_not_claimed(
    run: bool, url: str, tmp_path: Path
) -> None:
    (tmp_path / "0001_elsewhere.py").write_text(ELSEWHERE)
    metadata = sa.MetaData()
    columns = (sa.Column(name, sa.Integer, primary_key=name == "id") for name in ("id", "n", "last"))
    sa.Table("t", metadata, *columns)
    for position in range(3):
        interrupt(url, tmp_path, "apply", position, run=run)
        assert done(url, tmp_path) == position + run
        schemadiff.apply(url, tmp_path)
        assert not schemadiff.check(url, metadata, tmp_path)
        schemadiff.rollback(url, tmp_path, to=0, allow=["all"])
