"""What users write into revision files, SQL and functions: one statement at a time, in schemadiff's transaction."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.dialects.contract.registry import offline_dialect
from schemadiff.errors import RevisionError, SchemadiffError, StepError
from schemadiff.revisions import files
from tests.conftest import FreshDatabase

FIRST = """import sqlalchemy as sa


def upgrade(op):
    op.create_table("first", sa.Column("id", sa.Integer), sa.Column("n", sa.Integer))
"""
SECOND = """import functools
import sqlalchemy as sa


def upgrade(op):
    {upgrade}


def fill(connection):
    connection.exec_driver_sql("INSERT INTO first (id) VALUES (1)")
    {body}


class Fill:
    def __call__(self, connection):
        fill(connection)
"""
RUN = "op.run(fill, reverse=op.nothing)"


def second(folder: Path, upgrade: str = RUN, body: str = "") -> None:
    (folder / "0001_first.py").write_text(FIRST)
    (folder / "0002_second.py").write_text(SECOND.format(upgrade=upgrade, body=body))


def rows(url: str, sql: str = "SELECT count(*) FROM first") -> object:
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return connection.exec_driver_sql(sql).scalar()


def carry_out(url: str, *statements: str) -> None:
    with sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def record(folder: Path, upgrade: str, name: str = "mysql") -> None:
    second(folder, upgrade)
    files.replay(files.load(folder), offline_dialect(name))


@pytest.mark.parametrize(
    ("upgrade", "words"),
    [
        ('op.execute("")', "no statement"),
        ('op.execute("-- nothing;")', "no statement"),
        ("op.execute(None)", "SQL as a text, not None"),
        ("op.execute(None, only='sqlite')", "SQL as a text, not None"),
        ('op.execute(sa.text("SELECT 1"))', "SQL as a text"),
        ('op.execute("SELECT 1; SELECT 2")', "takes one statement, and here are 2: the second is 'SELECT 2'"),
        (
            'op.execute("SELECT 1", reverse="SELECT 1; SELECT 2")',
            "reverse: takes one statement, and here are 2",
        ),
        ('op.execute("SELECT 1", reverse="")', "reverse: there is no statement"),
        ('op.execute("SELECT 1", reverse=fill)', "reverse is SQL or op.nothing, not the function fill"),
        (
            'op.execute("DELIMITER $$\\nCREATE PROCEDURE p() SELECT 1 $$")',
            "DELIMITER is a command of the client",
        ),
        ('op.execute("COMMIT")', "COMMIT is not for a revision"),
        ('op.execute("SET autocommit = 0")', "SET autocommit is not for a revision"),
        ('op.run("SELECT 1")', "takes a function that takes the connection"),
        ('op.run(fill, reverse="SELECT 1")', "reverse: takes a function that takes the connection"),
    ],
)
def test_what_is_no_single_statement_is_refused_when_it_is_read(
    tmp_path: Path, upgrade: str, words: str
) -> None:
    with pytest.raises(RevisionError, match=words) as caught:
        record(tmp_path, upgrade)
    assert "0002_second.py, line 6" in caught.value.message


def test_sql_for_another_database_is_not_read(tmp_path: Path) -> None:
    record(tmp_path, 'op.execute("SELECT $$;$$", only="postgresql")')


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("async def upgrade(op): ...", "is async"),
        ("def upgrade(op):\n    yield", "is a generator"),
        ("async def upgrade(op):\n    yield", "is a generator"),
        ("async def later(op): ...\ndef upgrade(op):\n    return later(op)", "returned a coroutine"),
        ("async def fill(connection): ...\ndef upgrade(op):\n    op.run(fill)", "is async"),
        ("def fill(connection):\n    yield\ndef upgrade(op):\n    op.run(fill)", "is a generator"),
        (
            "import functools\nasync def fill(c, x): ...\n"
            "def upgrade(op):\n    op.run(functools.partial(fill, x=1))",
            "is async",
        ),
        (
            "class Fill:\n    async def __call__(self, c): ...\ndef upgrade(op):\n    op.run(Fill())",
            r"Fill\(\) is async",
        ),
    ],
)
def test_what_would_not_run_is_refused_when_it_is_read(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "0001_a.py").write_text(text)
    with pytest.raises(RevisionError, match=words):
        files.replay(files.load(tmp_path), offline_dialect("sqlite"))


@pytest.mark.parametrize(
    "given", ["Fill()", "functools.partial(fill)", "lambda connection: fill(connection)"]
)
def test_whatever_can_be_called_is_a_function(
    fresh_database: FreshDatabase, tmp_path: Path, given: str
) -> None:
    url = fresh_database("sqlite")
    second(tmp_path, f"op.run({given}, reverse=op.nothing)", "1 / 0")
    with pytest.raises(StepError, match="ZeroDivisionError"):
        schemadiff.apply(url, tmp_path)
    second(tmp_path, f"op.run({given}, reverse=op.nothing)")
    schemadiff.apply(url, tmp_path)
    assert rows(url) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('connection.exec_driver_sql("/* now */ COMMIT")', "by COMMIT"),
        ('connection.execute(sa.text("ROLLBACK"))', "by ROLLBACK"),
        ('connection.exec_driver_sql("BEGIN")', "by BEGIN"),
        ('connection.exec_driver_sql("UPDATE first SET n = 1; COMMIT")', "by COMMIT"),
        (
            'connection.exec_driver_sql("UPDATE first SET n = 1; UPDATE first SET n = 2")',
            "sends 2 statements",
        ),
        ("try:\n        connection.commit()\n    except Exception:\n        pass", "commit or to roll back"),
        ("return (one for one in ())", "returned an awaitable or a generator"),
    ],
)
def test_a_function_ends_no_transaction(url: str, tmp_path: Path, body: str, words: str) -> None:
    second(tmp_path, body=body)
    with pytest.raises(RevisionError, match=rf"revision 0002: run fill\(\) .*{words}"):
        schemadiff.apply(url, tmp_path)
    assert rows(url) == 0
    assert schemadiff.status(url, tmp_path).version == 1
    schemadiff.rollback(url, tmp_path, to=1)
    second(tmp_path)
    schemadiff.apply(url, tmp_path)
    assert rows(url) == 1


DDL = 'connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS extra (id int)")'


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (DDL, "before CREATE TABLE the server commits"),
        ('connection.exec_driver_sql("LOCK TABLES first WRITE")', "by LOCK TABLES"),
        ('connection.exec_driver_sql("SET autocommit = 1")', "by SET autocommit"),
        ('connection.exec_driver_sql("CALL ends()")', "1399"),
        ('connection.connection.cursor().execute("COMMIT")', "1399"),
        ('connection.connection.cursor().execute("TRUNCATE first")', "1399"),
    ],
)
def test_a_function_ends_no_transaction_where_ddl_does(
    url: str, tmp_path: Path, body: str, words: str
) -> None:
    """Also not by a procedure, nor behind SQLAlchemy's back: the server itself refuses it."""
    carry_out(url, "CREATE PROCEDURE ends() BEGIN COMMIT; END")
    second(tmp_path, body=body)
    with pytest.raises(SchemadiffError, match=words) as caught:
        schemadiff.apply(url, tmp_path)
    assert "fill()" in caught.value.message
    assert "commit" in str(caught.value.hint)
    assert rows(url) == 0
    schemadiff.rollback(url, tmp_path, to=1)
    second(tmp_path)
    schemadiff.apply(url, tmp_path)
    assert rows(url) == 1


@pytest.mark.engines("mysql", "mariadb")
def test_sql_that_calls_a_procedure_ends_no_transaction(url: str, tmp_path: Path) -> None:
    carry_out(url, "CREATE PROCEDURE ends() BEGIN INSERT INTO first (id) VALUES (1); COMMIT; END")
    second(tmp_path, 'op.execute("CALL ends()", reverse=op.nothing)')
    with pytest.raises(StepError, match="1399") as caught:
        schemadiff.apply(url, tmp_path)
    assert "procedure" in str(caught.value.hint)
    assert rows(url) == 0


@pytest.mark.engines("mysql", "mariadb")
def test_a_function_may_use_temporary_tables_and_savepoints(url: str, tmp_path: Path) -> None:
    body = """connection.exec_driver_sql("CREATE TEMPORARY TABLE some (id int)")
    connection.exec_driver_sql("INSERT INTO some VALUES (2), (3)")
    with connection.begin_nested():
        connection.exec_driver_sql("INSERT INTO first (id) SELECT id FROM some")
    connection.exec_driver_sql("DROP TEMPORARY TABLE some")"""
    second(tmp_path, body=body)
    schemadiff.apply(url, tmp_path)
    assert rows(url) == 3


@pytest.mark.engines("mysql")
def test_an_account_that_may_not_hold_temporary_tables_in_it_has_a_plain_transaction(
    url: str, tmp_path: Path
) -> None:
    """MySQL 8.0.29 and later refuse them in an XA transaction, but for accounts that may set a session variable."""
    parsed = sa.make_url(url)
    account = f"'{parsed.database}'@'%%'"
    carry_out(url, f"CREATE USER {account}", f"GRANT ALL ON `{parsed.database}`.* TO {account}")
    plain = parsed.set(username=parsed.database, password="").render_as_string(hide_password=False)
    try:
        body = 'connection.exec_driver_sql("CREATE TEMPORARY TABLE some (id int)")'
        second(tmp_path, body=f'{body}\n    connection.connection.cursor().execute("COMMIT")')
        with pytest.raises(RevisionError, match="has ended the transaction"):
            schemadiff.apply(plain, tmp_path)
        schemadiff.rollback(plain, tmp_path, to=0, allow=["all"])
        second(tmp_path, body=body)
        schemadiff.apply(plain, tmp_path)
        assert rows(url) == 1
    finally:
        carry_out(url, f"DROP USER {account}")
