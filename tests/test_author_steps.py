"""SQL and functions of a revision: what they may do, and what becomes of them when a run ends in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import (
    RevisionError,
    SchemadiffError,
    StepError,
    VersionError,
)
from tests.site_database import execute, tables


class Died(BaseException):
    """The end of a process, as far as the database can tell."""


@pytest.mark.engines("mysql", "mariadb")
def test_what_a_statement_of_the_authors_has_made_is_not_made_twice(url: str, tmp_path: Path) -> None:
    made = (
        "PROCEDURE tidy() SELECT 1",
        "TRIGGER note BEFORE INSERT ON book FOR EACH ROW SET NEW.id = NEW.id",
    )
    lines = [
        f"    op.execute({f'CREATE {one}'!r}, reverse={f'DROP {one.split()[0]} {one.split()[1]}'!r})"
        for one in made
    ]
    text = "\n".join(
        [
            "import sqlalchemy as sa",
            "",
            "",
            "def upgrade(op):",
            '    op.create_table("book", sa.Column("id", sa.Integer))',
            *lines,
        ]
    ).replace("tidy()'", "tidy'")
    (tmp_path / "0001_book.py").write_text(text)
    for position in range(3):

        def die(event: Any, position: int = position) -> None:
            if event.position == position and event.seconds is not None:
                raise Died

        with pytest.raises(Died):
            schemadiff.apply(url, tmp_path, progress=die)
        assert schemadiff.apply(url, tmp_path).after == 1
        with pytest.raises(Died):
            schemadiff.rollback(url, tmp_path, progress=die, allow=["all"])
        assert schemadiff.rollback(url, tmp_path, allow=["all"]).after == 0


FIRST = """import sqlalchemy as sa


def upgrade(op):
    op.create_table("first", sa.Column("id", sa.Integer))
"""
ENDING = """import sqlalchemy as sa


def upgrade(op):
    op.create_table("a", sa.Column("id", sa.Integer))
    op.run(fill, reverse=op.nothing)


def fill(connection):
    connection.execute(sa.text("INSERT INTO first VALUES (1)"))
    {ending}
"""


IMPORTS = "import sqlalchemy as sa\nfrom sqlalchemy.orm import Session"


@pytest.mark.parametrize("ending", ["connection.commit()", "connection.rollback()", "raise SystemExit(0)"])
def test_a_function_does_not_end_the_transaction(url: str, tmp_path: Path, ending: str) -> None:
    """What it does is done together with the version row, or not at all."""
    (tmp_path / "0001_first.py").write_text(FIRST)
    schemadiff.apply(url, tmp_path)
    (tmp_path / "0002_a.py").write_text(ENDING.format(ending=ending))
    with pytest.raises(SchemadiffError, match="revision 0002") as caught:
        schemadiff.apply(url, tmp_path)
    assert "fill()" in caught.value.message
    assert execute(url, "SELECT * FROM first") == []
    assert schemadiff.status(url, tmp_path).version == 1
    schemadiff.rollback(url, tmp_path, to=0, allow=["all"])
    assert not {"a", "first"} & set(tables(url))


@pytest.mark.parametrize("ending", ["session.commit()", "session.flush()", "session.commit()\n        1 / 0"])
def test_a_session_on_the_connection_takes_part(url: str, tmp_path: Path, ending: str) -> None:
    """Its commit is none of the database's: the revision is."""
    (tmp_path / "0001_first.py").write_text(FIRST)
    schemadiff.apply(url, tmp_path)
    body = f"""with Session(connection) as session:
        session.execute(sa.text("INSERT INTO first VALUES (2)"))
        {ending}
"""
    text = ENDING.format(ending=body).replace("import sqlalchemy as sa", IMPORTS)
    (tmp_path / "0002_a.py").write_text(text)
    if "1 / 0" in ending:
        with pytest.raises(StepError, match="ZeroDivisionError"):
            schemadiff.apply(url, tmp_path)
        assert execute(url, "SELECT * FROM first") == []
    else:
        schemadiff.apply(url, tmp_path)
        assert sorted(execute(url, "SELECT * FROM first")) == [(1,), (2,)]


@pytest.mark.engines("postgresql", "sqlite")
def test_sql_that_ends_the_transaction_is_told(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_first.py").write_text(FIRST)
    schemadiff.apply(url, tmp_path)
    (tmp_path / "0002_a.py").write_text(
        ENDING.format(ending='connection.connection.cursor().execute("ROLLBACK")')
    )
    with pytest.raises(RevisionError, match=r"revision 0002: run fill\(\) has ended the transaction"):
        schemadiff.apply(url, tmp_path)
    assert schemadiff.status(url, tmp_path).version == 1


@pytest.mark.engines("mysql", "mariadb")
def test_the_version_row_is_text_in_a_transaction_whatever_the_defaults_are(url: str, tmp_path: Path) -> None:
    database = sa.make_url(url).database
    execute(url, f"ALTER DATABASE `{database}` CHARACTER SET binary")
    (tmp_path / "0001_first.py").write_text(FIRST)
    odd = sa.make_url(url).update_query_dict({"init_command": "SET default_storage_engine = MyISAM"})
    schemadiff.apply(odd, tmp_path)
    assert schemadiff.status(url, tmp_path).version == 1
    engines = execute(
        url,
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME",
    )
    # What a session is set to decides of no table.
    assert engines == [("first", "InnoDB"), ("schemadiff_version", "InnoDB")]
    schemadiff.rollback(odd, tmp_path, allow=["all"])


def done_steps(url: str, versions: Path) -> int:
    interrupted = schemadiff.status(url, versions).interrupted
    assert interrupted
    return interrupted.done


@pytest.mark.engines("mysql", "mariadb")
def test_what_a_later_release_began_is_left_to_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_a.py").write_text("""import sqlalchemy as sa


def upgrade(op):
    op.create_table("a", sa.Column("id", sa.Integer))
    op.create_table("b", sa.Column("id", sa.Integer))
""")

    def die(event: Any) -> None:
        if event.seconds is not None:
            raise Died

    with pytest.raises(Died):
        schemadiff.apply(url, tmp_path, progress=die)
    execute(url, "UPDATE schemadiff_version SET tool = '9.1', journal = JSON_SET(journal, '$.format', 99)")
    for command in (schemadiff.apply, schemadiff.rollback, schemadiff.status):
        with pytest.raises(VersionError, match=r"begun by schemadiff 9\.1"):
            command(url, tmp_path)
    assert "b" not in tables(url)
    # An earlier one would have called the same table by another text: what decides is what is there.
    execute(url, "UPDATE schemadiff_version SET journal = JSON_SET(journal, '$.format', 1)")
    assert done_steps(url, tmp_path) == 1
    execute(url, "DROP TABLE a")
    assert done_steps(url, tmp_path) == 0
    assert schemadiff.apply(url, tmp_path).after == 1
    assert {"a", "b"} <= set(tables(url))
