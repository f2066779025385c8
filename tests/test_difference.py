"""`diff` between any two of: databases, models, revisions; its SQL makes the one what the other is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.database.connection import connected, open_engine
from schemadiff.dialects.shared.verbatim import VERBATIM
from schemadiff.errors import SchemadiffError, UsageError
from schemadiff.operations import AddColumn, CreateTable
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject
from tests.cli.shell import Shell

ROUTINES = {
    "mysql": (
        "CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * {0}",
        "CREATE PROCEDURE clean() BEGIN DELETE FROM author WHERE id > {0}; DELETE FROM author WHERE id < 0; END",
        "CREATE TRIGGER guard BEFORE INSERT ON author FOR EACH ROW SET NEW.name = concat(NEW.name, '{0}; ')",
        "CREATE EVENT nightly ON SCHEDULE EVERY {0} DAY DO DELETE FROM author WHERE id = 0",
    ),
    "postgresql": (
        "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * {0} $$",
        "CREATE PROCEDURE clean() LANGUAGE sql AS $$ DELETE FROM author WHERE id > {0} $$",
        "CREATE FUNCTION guarded() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := '{0}'; RETURN NEW; END $$",
        "CREATE TRIGGER guard BEFORE INSERT ON author FOR EACH ROW EXECUTE FUNCTION guarded()",
    ),
    "sqlite": (
        "CREATE TRIGGER guard AFTER INSERT ON author BEGIN UPDATE author SET name = '{0}' WHERE id = 0; END",
    ),
}
ROUTINES["mariadb"] = ROUTINES["mysql"]


def metadata(*columns: sa.Column[object]) -> sa.MetaData:
    made = sa.MetaData()
    sa.Table(
        "author",
        made,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50)),
        *columns,
    )
    return made


def fill(url: str, statements: tuple[str, ...], *values: object, tables: sa.MetaData | None = None) -> None:
    engine = open_engine(url)
    if tables is not None:
        tables.create_all(engine)
    engine.dispose()
    with connected(url, changes=True) as (connection, _):
        for statement in statements:
            connection.exec_driver_sql(statement.format(*values), execution_options=VERBATIM)


def carry_out(url: str, found: schemadiff.Difference) -> None:
    with connected(url, changes=True) as (connection, _):
        for statement in found.plan.statements:
            connection.exec_driver_sql(statement, execution_options=VERBATIM)


def test_two_databases(engine_name: str, fresh_database: Callable[[str], str]) -> None:
    one, other = fresh_database(engine_name), fresh_database(engine_name)
    fill(one, ("CREATE VIEW names AS SELECT name FROM author",), tables=metadata())
    fill(one, ROUTINES[engine_name], 2)
    extra = metadata(sa.Column("mail", sa.String(80)))
    book = sa.Table(
        "book", extra, sa.Column("id", sa.Integer, primary_key=True), sa.Column("title", sa.String(80))
    )
    sa.Index("ix_book_title", book.c.title)
    views = (
        "CREATE VIEW names AS SELECT name, mail FROM author",
        "CREATE VIEW mails AS SELECT mail FROM names",
    )
    fill(other, views, tables=extra)
    fill(other, ROUTINES[engine_name], 3)

    assert not schemadiff.diff(one, one)
    found = schemadiff.diff(one, other)
    kinds = {type(operation) for operation in found.plan.operations}
    assert {AddColumn, CreateTable, CreateObject} <= kinds
    assert kinds & {ReplaceObject, DropObject}
    carry_out(one, found)
    assert not schemadiff.diff(one, other).plan.operations
    with connected(one) as (connection, dialect):
        made = dialect.objects(connection)
    with connected(other) as (connection, dialect):
        assert set(made) == set(dialect.objects(connection))
    assert len([one for one in made if one.kind != "entry"]) == 2 + len(ROUTINES[engine_name])


def test_back_again(engine_name: str, fresh_database: Callable[[str], str]) -> None:
    one, other = fresh_database(engine_name), fresh_database(engine_name)
    fill(one, ("CREATE VIEW names AS SELECT name FROM author",), tables=metadata())
    fill(one, ROUTINES[engine_name], 2)
    carry_out(one, schemadiff.diff(one, other))
    with connected(one) as (connection, dialect):
        # A database of PostgreSQL is born with the grants of its schema public.
        assert {one.kind for one in dialect.objects(connection)} <= {"entry"}
    assert not schemadiff.diff(one, other)


def test_models_and_revisions(engine_name: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    url, versions = fresh_database(engine_name), tmp_path / "versions"
    first, second = metadata(), metadata(sa.Column("mail", sa.String(80)))
    schemadiff.plan(url, first, versions)
    schemadiff.apply(url, versions)
    schemadiff.plan(url, second, versions)

    assert not schemadiff.diff(url, first)
    assert not schemadiff.diff(first, url)
    assert not schemadiff.diff(url, f"{versions}/@1")
    assert not schemadiff.diff(versions, second, database=url)
    for before, after in (
        (url, second),
        (url, versions),
        (f"{versions}@1", versions),
        (first, second),
        (f"{versions}/@1", second),
    ):
        (operation,) = schemadiff.diff(before, after, database=url).plan.operations
        assert isinstance(operation, AddColumn)
    assert schemadiff.diff(second, url).plan.operations[0].describe().startswith("drop column author.mail")
    assert len(schemadiff.diff(f"{versions}/@0", versions, database=url).plan.operations) == 1


def test_filters(engine_name: str, fresh_database: Callable[[str], str]) -> None:
    one, other = fresh_database(engine_name), fresh_database(engine_name)
    fill(one, (), tables=metadata())
    fill(
        other, ("CREATE TABLE kept_aside (id int)", "CREATE VIEW aside AS SELECT 1 AS one"), tables=metadata()
    )
    assert len(schemadiff.diff(one, other).plan.operations) == 2
    found = schemadiff.diff(one, other, exclude=["*aside"])
    assert not found
    assert str(found.ignored) == "1 table ignored"
    assert not schemadiff.diff(one, other, include=["auth*"])
    assert len(schemadiff.diff(one, metadata(), exclude=["author"]).plan.operations) == 0


@pytest.mark.engines("sqlite")
def test_what_it_refuses(url: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither of the two is a database"):
        schemadiff.diff(metadata(), metadata())
    with pytest.raises(UsageError, match="neither the URL of a database"):
        schemadiff.diff(url, "nothing")
    (tmp_path / "versions").mkdir()
    with pytest.raises(UsageError, match="there is no revision 3"):
        schemadiff.diff(url, f"{tmp_path}/versions/@3")
    with pytest.raises(SchemadiffError, match="there is no directory"):
        schemadiff.diff(url, f"{tmp_path}/gone/@3")


@pytest.mark.engines("mysql")
def test_two_products(url: str, fresh_database: Callable[[str], str]) -> None:
    with pytest.raises(UsageError, match="cannot be compared"):
        schemadiff.diff(url, fresh_database("sqlite"))


def test_names_that_a_server_made_up_do_not_differ(
    engine_name: str, fresh_database: Callable[[str], str]
) -> None:
    """Two foreign keys and CHECKs without names, made in one order and in the other."""
    parent = "CREATE TABLE parent (id int PRIMARY KEY, a int, b int)"
    table = "CREATE TABLE child (x int, y int, {0}, {1}, {2}, {3})"
    keys = [f"FOREIGN KEY ({name}) REFERENCES parent (id)" for name in "xy"]
    checks = [f"CHECK ({name} > 0)" for name in "xy"]
    one, other = fresh_database(engine_name), fresh_database(engine_name)
    fill(one, (parent, table.format(*keys, *checks)))
    fill(other, (parent, table.format(*reversed(keys), *reversed(checks))))
    assert not schemadiff.diff(one, other).plan.operations


def test_the_command(engine_name: str, fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    one, other = fresh_database(engine_name), fresh_database(engine_name)
    fill(one, (), tables=metadata())
    fill(other, ("CREATE VIEW names AS SELECT name FROM author",), tables=metadata())
    shell = Shell(tmp_path, one)
    same = shell("diff", one, one)
    assert "no differences" in same.out
    text = shell("diff", one, other, code=1)
    assert "+ create view names" in text.out
    sql = shell("diff", one, other, "--format", "sql", code=1)
    assert "CREATE VIEW" in sql.out
    told = shell("diff", one, other, "--format", "json", code=1).json
    assert [(one["kind"], one["name"]) for one in told["operations"]] == [("create_view", "names")]
    assert len(told["statements"]) == 1
    wrong = shell("diff", one, "nothing", code=2)
    assert wrong.out == ""


@pytest.mark.engines("mysql", "mariadb")
def test_what_is_not_compared_is_named(engine_name: str, fresh_database: Callable[[str], str]) -> None:
    one, other = fresh_database(engine_name), fresh_database(engine_name)
    for url in (one, other):
        fill(url, ("CREATE TABLE t (id int, a int)",), tables=sa.MetaData())
    name = str(sa.make_url(other).database)
    fill(
        other,
        (
            f"CREATE USER {name}@localhost",
            f"GRANT SELECT ON {name}.* TO {name}@localhost",
            f"GRANT UPDATE ON {name}.t TO {name}@localhost",
            f"GRANT INSERT (id) ON {name}.t TO {name}@localhost",
        ),
        tables=sa.MetaData(),
    )
    try:
        found = schemadiff.diff(one, other)
    finally:
        fill(other, (f"DROP USER {name}@localhost",), tables=sa.MetaData())
    assert not found
    left = ": schemadiff neither compares nor changes it"
    assert {str(note) for note in found.unsupported} == {
        f"{name}: grants on the database to '{name}'@'localhost'{left}",
        f"t: grants to '{name}'@'localhost'{left}",
        f"t: grants on columns to '{name}'@'localhost'{left}",
    }


@pytest.mark.engines("sqlite")
def test_triggers_on_views_are_compared(fresh_database: Callable[[str], str]) -> None:
    plain, instead, changed, live = (fresh_database("sqlite") for _ in range(4))
    table = "CREATE TABLE t (id int, a int)"
    trigger = "CREATE TRIGGER tr INSTEAD OF INSERT ON v BEGIN SELECT 1; END"
    fill(plain, (table, "CREATE VIEW v AS SELECT id FROM t"), tables=sa.MetaData())
    fill(live, (table, "CREATE VIEW v AS SELECT id FROM t"), tables=sa.MetaData())
    fill(instead, (table, "CREATE VIEW v AS SELECT id FROM t", trigger), tables=sa.MetaData())
    fill(changed, (table, "CREATE VIEW v AS SELECT a FROM t", trigger), tables=sa.MetaData())
    for end in (instead, changed, plain):
        found = schemadiff.diff(live, end)
        assert found
        carry_out(live, found)
        assert not schemadiff.diff(live, end)


@pytest.mark.engines("mysql", "mariadb")
def test_a_primary_key_by_prefix(
    engine_name: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """Indexed by the beginning of a text, or downwards: in a database, and in the revision that finds it there."""
    prefix, whole, live = (fresh_database(engine_name) for _ in range(3))
    table = "CREATE TABLE t (id varchar(50) NOT NULL, b int NOT NULL, PRIMARY KEY ({0}))"
    fill(prefix, (table,), "id(7), b DESC", tables=sa.MetaData())
    fill(whole, (table,), "id, b", tables=sa.MetaData())
    for end in (prefix, whole, prefix):
        found = schemadiff.diff(live, end)
        assert found
        assert not found.unsupported
        carry_out(live, found)
        assert not schemadiff.diff(live, end)

    models = sa.MetaData()
    key = (sa.Column("id", sa.String(50), primary_key=True), sa.Column("b", sa.Integer, primary_key=True))
    sa.Table("t", models, *key, sa.Column("more", sa.Integer))
    planned = schemadiff.plan(live, models, tmp_path)
    assert '"length": {"id": 7}' in planned.text
    empty = fresh_database(engine_name)
    for url in (live, empty):
        schemadiff.apply(url, tmp_path)
        assert not schemadiff.check(url, models, tmp_path)
    drop = "DROP TABLE schemadiff_version"
    for url in (live, empty):
        fill(url, (drop,), tables=sa.MetaData())
    assert not schemadiff.diff(live, empty)


@pytest.mark.engines("sqlite")
def test_capitals_make_no_other_name(fresh_database: Callable[[str], str]) -> None:
    one, other = fresh_database("sqlite"), fresh_database("sqlite")
    fill(one, ("CREATE TABLE t (id int, a int)", "INSERT INTO t VALUES (1, 2)"), tables=sa.MetaData())
    fill(other, ("CREATE TABLE T (id int, A int)",), tables=sa.MetaData())
    found = schemadiff.diff(one, other)
    assert not found.plan.hazards
    carry_out(one, found)
    assert not schemadiff.diff(one, other)
    with connected(one) as (connection, _):
        assert connection.exec_driver_sql('SELECT "A" FROM "T"').scalar() == 2
