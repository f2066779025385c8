"""plan, apply, rollback and check as functions, on four real databases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected, open_engine
from schemadiff.errors import (
    AmbiguousError,
    DigestError,
    HazardError,
    PendingError,
    StepError,
    UnsupportedError,
    UsageError,
    VersionError,
)
from schemadiff.operations import RenameColumn
from schemadiff.planning.hazards import Hazard
from tests.models import first, second
from tests.site_database import USER, execute, tables, usernames


def add_users(url: str, *names: str) -> None:
    for name in names:
        execute(url, sa.insert(USER).values(username=name, email=f"{name}@example.org", kind="a"))


def describe(operations: Any) -> str:
    return "; ".join(operation.describe() for operation in operations)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    return tmp_path / "versions"


def begin(url: str, versions: Path, metadata: sa.MetaData | None = None) -> None:
    schemadiff.plan(url, metadata or first(), versions)
    schemadiff.apply(url, versions)


def test_the_main_job(url: str, versions: Path) -> None:
    assert schemadiff.plan(url, first(), versions).path == versions / "0001_create_user_question.py"
    assert schemadiff.apply(url, versions).after == 1
    assert not schemadiff.check(url, first(), versions)
    add_users(url, "anna", "berta")

    planned = schemadiff.plan(url, second(), versions, message="grow up")
    assert planned.path == versions / "0002_grow_up.py"
    assert schemadiff.apply(url, versions, allow=["SD102"]).after == 2
    assert not schemadiff.check(url, second(), versions)
    assert usernames(url) == ["anna", "berta"]

    back = schemadiff.rollback(url, versions, allow=["SD101", "SD102"])
    assert (back.before, back.after) == (2, 1)
    drift = schemadiff.check(url, first(), versions)
    assert drift.drifted == ()
    assert [one.number for one in drift.pending] == [2]
    assert usernames(url) == ["anna", "berta"]

    schemadiff.apply(url, versions, allow=["all"])
    assert not schemadiff.check(url, second(), versions)
    assert schemadiff.rollback(url, versions, to=0, allow=["all"]).after == 0
    assert tables(url) == ["schemadiff_version"]
    assert execute(url, "SELECT id, version, digest FROM schemadiff_version") == [(1, 0, "")]


def test_a_second_plan_finds_nothing(url: str, versions: Path) -> None:
    begin(url, versions)
    planned = schemadiff.plan(url, first(), versions)
    assert planned.path is None
    assert planned.plan.operations == ()
    assert len(list(versions.iterdir())) == 1


def test_a_dry_run_changes_nothing(url: str, versions: Path) -> None:
    planned = schemadiff.plan(url, first(), versions, dry_run=True)
    assert planned.plan.statements
    assert not versions.exists()
    schemadiff.plan(url, first(), versions)
    outcome = schemadiff.apply(url, versions, dry_run=True)
    assert outcome.done[0].plan.statements == planned.plan.statements
    assert tables(url) == []


def test_create_all_then_check_is_quiet(url: str, versions: Path) -> None:
    engine = open_engine(url)
    second().create_all(engine)
    engine.dispose()
    drift = schemadiff.check(url, second(), versions)
    assert not drift, describe(drift.missing)


def test_a_change_by_hand_is_named_and_quiet_when_undone(url: str, versions: Path) -> None:
    begin(url, versions)
    execute(url, "ALTER TABLE question ADD COLUMN hotfix INTEGER")
    drift = schemadiff.check(url, first(), versions)
    assert "add column question.hotfix" in describe(drift.drifted)
    assert drift.missing == ()
    execute(url, "ALTER TABLE question DROP COLUMN hotfix")
    assert not schemadiff.check(url, first(), versions)


def test_a_change_by_hand_that_is_not_wanted_is_planned_away(
    url: str, versions: Path, fresh_database: Callable[[str], str], engine_name: str
) -> None:
    begin(url, versions)
    execute(url, "ALTER TABLE question ADD COLUMN hotfix INTEGER")
    execute(url, "CREATE INDEX ix_hotfix ON question (title)")
    planned = schemadiff.plan(url, first(), versions)
    assert "hotfix" in describe(planned.found)
    schemadiff.apply(url, versions, allow=["all"])
    assert not schemadiff.check(url, first(), versions)
    # Another database, which nobody changed by hand, runs the same history.
    other = fresh_database(engine_name)
    schemadiff.apply(other, versions)
    assert not schemadiff.check(other, first(), versions)
    for each in (url, other):
        schemadiff.rollback(each, versions, to=0, allow=["all"])
        assert tables(each) == ["schemadiff_version"]


def test_a_change_by_hand_that_the_models_adopt(
    url: str, versions: Path, fresh_database: Callable[[str], str], engine_name: str
) -> None:
    begin(url, versions)
    execute(url, "CREATE INDEX ix_hotfix ON question (title)")
    adopted = first()
    sa.Index("ix_hotfix", adopted.tables["question"].c.title)
    drift = schemadiff.check(url, adopted, versions)
    assert "ix_hotfix" in describe(drift.missing)
    planned = schemadiff.plan(url, adopted, versions)
    assert planned.path
    other = fresh_database(engine_name)
    for each in (url, other):
        schemadiff.apply(each, versions)
        assert not schemadiff.check(each, adopted, versions)


def test_nothing_is_dropped_unasked(url: str, versions: Path) -> None:
    begin(url, versions)
    add_users(url, "anna")
    schemadiff.plan(url, second(), versions)
    with pytest.raises(HazardError, match=r"SD102 drops column user\.price of a table with 1 row") as caught:
        schemadiff.apply(url, versions)
    assert "--allow SD102" in str(caught.value)
    with pytest.raises(HazardError):
        schemadiff.apply(url, versions, allow=["SD101"])
    assert not schemadiff.check(url, first(), versions).drifted
    with pytest.raises(HazardError, match=r"SD101 drops table"):
        schemadiff.rollback(url, versions, to=0)
    asked: list[Sequence[Hazard]] = []

    def confirm(hazards: Sequence[Hazard]) -> bool:
        asked.append(hazards)
        return True

    schemadiff.apply(url, versions, confirm=confirm)
    assert [[hazard.code for hazard in hazards] for hazards in asked] == [["SD102"]]


def test_a_statement_that_fails(url: str, versions: Path) -> None:
    begin(url, versions)
    add_users(url, "anna", "berta")
    execute(url, sa.update(USER).values(username="twice"))
    schemadiff.plan(url, second(), versions)
    with pytest.raises(StepError, match="revision 0002: could not apply step"):
        schemadiff.apply(url, versions, allow=["all"])
    interrupted = schemadiff.status(url, versions).interrupted
    with connected(url) as (_, dialect):
        assert (interrupted is None) == dialect.transactional_ddl
    if interrupted:
        with pytest.raises(PendingError, match="in the middle"):
            schemadiff.plan(url, second(), versions)
        schemadiff.rollback(url, versions, allow=["all"])
    assert schemadiff.status(url, versions).version == 1
    assert not schemadiff.check(url, first(), versions).drifted
    assert usernames(url) == ["twice", "twice"]

    with pytest.raises(StepError):
        schemadiff.apply(url, versions, allow=["all"])
    execute(url, sa.update(USER).where(USER.c.id == 1).values(username="once"))
    schemadiff.apply(url, versions, allow=["all"])
    assert not schemadiff.check(url, second(), versions)
    assert usernames(url) == ["once", "twice"]


def test_data_steps_run_once_and_back(url: str, versions: Path) -> None:
    begin(url, versions)
    add_users(url, "anna", "berta")
    (versions / "0002_fill.py").write_text(
        '"""fill"""\n\nimport sqlalchemy as sa\n\nUSER = sa.table("user", sa.column("username"))\n\n\n'
        "def upgrade(op):\n"
        '    op.add_column("user", sa.Column("upper", sa.String(100)))\n'
        "    op.run(fill, reverse=op.nothing)\n"
        "    op.execute(\"UPDATE question SET title = 'new'\", reverse=\"UPDATE question SET title = 'old'\")\n\n\n"
        "def fill(connection):\n"
        "    connection.execute(sa.update(USER).values(username=USER.c.username + '!'))\n"
    )
    execute(url, "INSERT INTO question (title, content) VALUES ('old', '')")
    concat = {"mysql", "mariadb"}
    with connected(url) as (_, dialect):
        if dialect.name in concat:
            text = (versions / "0002_fill.py").read_text()
            (versions / "0002_fill.py").write_text(
                text.replace("USER.c.username + '!'", "sa.func.concat(USER.c.username, '!')")
            )
    schemadiff.apply(url, versions)
    assert usernames(url) == ["anna!", "berta!"]
    assert execute(url, "SELECT title FROM question") == [("new",)]
    schemadiff.rollback(url, versions, allow=["SD102"])
    assert execute(url, "SELECT title FROM question") == [("old",)]


def test_what_has_no_reverse_is_said_before_the_first_statement(url: str, versions: Path) -> None:
    begin(url, versions)
    (versions / "0002_raw.py").write_text(
        '"""raw"""\n\n\ndef upgrade(op):\n    op.execute("DELETE FROM question")\n'
    )
    (versions / "0003_more.py").write_text(
        '"""more"""\n\n\ndef upgrade(op):\n    op.execute("SELECT 1", reverse="SELECT 2")\n'
    )
    schemadiff.apply(url, versions)
    with pytest.raises(UnsupportedError, match=r"0002_raw\.py cannot be rolled back"):
        schemadiff.rollback(url, versions, to=1)
    assert schemadiff.status(url, versions).version == 3


def test_a_rename_is_never_guessed(url: str, versions: Path) -> None:
    begin(url, versions)
    execute(url, "INSERT INTO question (title, content) VALUES ('kept', '')")
    renamed = sa.MetaData()
    for table in first().tables.values():
        table.to_metadata(renamed)
    question = renamed.tables["question"]
    columns = [column._copy() for column in question.columns if column.name not in ("title", "author_id")]
    renamed.remove(question)
    sa.Table(
        "question",
        renamed,
        *columns,
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("author_id", sa.Integer, sa.ForeignKey("user.id", ondelete="CASCADE")),
    )
    with pytest.raises(AmbiguousError, match="was title renamed to subject") as caught:
        schemadiff.plan(url, renamed, versions)
    assert "--rename question.title=subject" in str(caught.value)
    planned = schemadiff.plan(url, renamed, versions, rename=["question.title=subject"])
    assert any(isinstance(one, RenameColumn) for one in planned.plan.operations)
    assert not planned.plan.hazards
    schemadiff.apply(url, versions)
    assert not schemadiff.check(url, renamed, versions)
    assert execute(url, "SELECT subject FROM question") == [("kept",)]
    schemadiff.rollback(url, versions)
    assert execute(url, "SELECT title FROM question") == [("kept",)]
    assert not schemadiff.check(url, first(), versions).drifted


def test_an_edited_revision_is_named(url: str, versions: Path) -> None:
    begin(url, versions)
    path = next(versions.iterdir())
    path.write_text(path.read_text().replace("String(100)", "String(101)"))
    for command in (
        lambda: schemadiff.check(url, first(), versions),
        lambda: schemadiff.apply(url, versions),
        lambda: schemadiff.rollback(url, versions),
        lambda: schemadiff.plan(url, first(), versions),
    ):
        with pytest.raises(DigestError, match=path.name):
            command()


def test_a_database_ahead_of_the_files(url: str, versions: Path) -> None:
    begin(url, versions)
    next(versions.iterdir()).unlink()
    with pytest.raises(VersionError, match="is at revision 1, and the newest revision file is 0"):
        schemadiff.apply(url, versions)


@pytest.mark.parametrize("statement", ["DELETE FROM schemadiff_version", "DROP TABLE schemadiff_version"])
def test_a_version_row_that_is_gone(url: str, versions: Path, statement: str) -> None:
    begin(url, versions)
    execute(url, statement)
    if statement.startswith("DELETE"):
        with pytest.raises(VersionError, match="holds no row"):
            schemadiff.apply(url, versions)
    else:
        with pytest.raises(VersionError, match="nothing to roll back"):
            schemadiff.rollback(url, versions)


def test_two_version_rows(url: str, versions: Path) -> None:
    begin(url, versions)
    execute(url, "DROP TABLE schemadiff_version")
    columns = (
        "digest VARCHAR(64), files VARCHAR(9), journal VARCHAR(9), changed_at VARCHAR(9), tool VARCHAR(9)"
    )
    execute(url, f"CREATE TABLE schemadiff_version (id INTEGER, version INTEGER, {columns})")
    for _ in range(2):
        execute(url, "INSERT INTO schemadiff_version (id, version, digest) VALUES (1, 1, '')")
    with pytest.raises(VersionError, match="2 rows"):
        schemadiff.check(url, first(), versions)


def test_the_id_of_the_version_row_is_enforced_by_the_database(url: str, versions: Path) -> None:
    begin(url, versions)
    with pytest.raises(Exception, match=r"(?i)check|constraint"):
        execute(url, "INSERT INTO schemadiff_version (id, version, digest) VALUES (2, 1, '')")


def test_plan_while_revisions_are_pending(url: str, versions: Path) -> None:
    schemadiff.plan(url, first(), versions)
    with pytest.raises(PendingError, match="0001"):
        schemadiff.plan(url, second(), versions)


def test_a_connection_of_the_callers(url: str, versions: Path) -> None:
    engine = open_engine(url)
    schemadiff.plan(engine, first(), versions)
    with engine.connect() as connection:
        level = connection.get_isolation_level()
        schemadiff.apply(connection, versions)
        assert connection.get_isolation_level() == level
        connection.rollback()
        with connection.begin():
            connection.execute(sa.insert(USER).values(username="anna", email="a", kind="a"))
            assert not schemadiff.check(connection, first(), versions)
            with pytest.raises(UsageError, match="is in a transaction"):
                schemadiff.rollback(connection, versions)
            connection.rollback()
    engine.dispose()
    assert usernames(url) == []


# A history that is planned on SQLite cannot know what SQLite has not: comments, members of an ENUM.
PAIRS = [
    (one, other)
    for one in ("mysql", "mariadb", "postgresql")
    for other in ("mysql", "mariadb", "postgresql", "sqlite")
    if one != other
]


@pytest.mark.engines("mysql", "mariadb", "postgresql", "sqlite")
@pytest.mark.parametrize(("planned_on", "run_on"), PAIRS)
def test_a_history_runs_on_another_database(
    planned_on: str, run_on: str, fresh_database: Callable[[str], str], versions: Path
) -> None:
    home, other = fresh_database(planned_on), fresh_database(run_on)
    begin(home, versions)
    schemadiff.plan(home, second(), versions)
    schemadiff.apply(home, versions, allow=["all"])
    schemadiff.apply(other, versions, allow=["all"])
    drift = schemadiff.check(other, second(), versions)
    assert not drift, f"{describe(drift.missing)} | {describe(drift.drifted)}"
    schemadiff.rollback(other, versions, to=0, allow=["all"])
    assert tables(other) == ["schemadiff_version"]


@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_of_several_operations_the_one_that_failed_is_named(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_book.py").write_text("""import sqlalchemy as sa


def upgrade(op):
    op.create_table("book", sa.Column("id", sa.Integer), sa.Column("code", sa.Integer), sa.Column("size", sa.Integer))
""")
    (tmp_path / "0002_keys.py").write_text("""import sqlalchemy as sa


def upgrade(op):
    op.add_column("book", sa.Column("note", sa.String(20)))
    op.alter_column("book", sa.Column("size", sa.Integer), sa.Column("size", sa.BigInteger))
    op.add_constraint("book", sa.UniqueConstraint("code", name="book_code"))
    op.add_constraint("book", sa.CheckConstraint("size > 0", name="book_size"))
""")
    schemadiff.apply(url, tmp_path, to=1)
    execute(url, "INSERT INTO book (id, code, size) VALUES (1, 7, 1), (2, 7, 1)")
    with pytest.raises(StepError) as caught:
        schemadiff.apply(url, tmp_path)
    told = [line for line in caught.value.message.splitlines() if line.startswith("  - ")]
    named = [line for line in told if line.endswith("<- this one")]
    assert len(told) > len(named) == 1
    assert "book_code" in named[0]
