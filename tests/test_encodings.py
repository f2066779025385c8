"""Databases that are not in UTF-8: those of a latin1 server of old, and PostgreSQL's SQL_ASCII, which is in nothing.
What they can hold is planned, applied, checked and undone like anything; what they cannot is refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import SchemadiffError
from tests.accounts import account
from tests.test_accounts import READER, altered, execute

pytestmark = pytest.mark.once

WORDS = {
    "latin1": "öß€",
    "sjis": "日表能",
    "cp1251": "яЯж",
    "utf16": "ö日✧",
    "LATIN1": "öß",
    "SQL_ASCII": "ö日",
}
"""What each can hold; bytes of some are a backslash, or a quote."""


def models(engine: str, word: str, *more: str) -> sa.MetaData:
    """The word wherever a text or a name can stand."""
    metadata = sa.MetaData()
    joined = f"name || '{word}'" if engine == "postgresql" else f"concat(name, '{word}')"
    item = sa.Table(
        f"item_{word}",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), server_default=word, comment=f"a\\b'{word}"),
        sa.Column(f"kind_{word}", sa.Enum("a", word, f"{word}b", name=f"kind_{word}"), server_default=word),
        sa.Column("joined", sa.String(60), sa.Computed(joined, persisted=True)),
        *(sa.Column(f"{one}_{word}", sa.String(9), server_default=one) for one in more),
        sa.CheckConstraint(f"name <> '{word}' AND name <> 'x'", name=f"ck_{word}"),
        comment=word,
    )
    if engine != "mariadb":
        sa.Index(f"ix_{word}", sa.text(f"({joined})"))._set_parent(item)
    return metadata


@pytest.mark.engines("mysql")
@pytest.mark.parametrize("charset", ["latin1", "sjis", "utf16"])
def test_mysql(url: str, tmp_path: Path, charset: str) -> None:
    execute(url, f"ALTER DATABASE {sa.make_url(url).database} CHARACTER SET {charset}")
    assert_forth_and_back(url, "mysql", WORDS[charset], tmp_path)


@pytest.mark.engines("mariadb")
def test_mariadb(url: str, tmp_path: Path) -> None:
    execute(url, f"ALTER DATABASE {sa.make_url(url).database} CHARACTER SET sjis")
    assert_forth_and_back(url, "mariadb", WORDS["sjis"], tmp_path)


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_postgresql(url: str, tmp_path: Path, encoding: str) -> None:
    with encoded(url, encoding) as there:
        assert_forth_and_back(there, "postgresql", WORDS[encoding], tmp_path)


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("driver", ["psycopg2", "pg8000"])
def test_drivers_where_nothing_is_said_of_an_encoding(url: str, tmp_path: Path, driver: str) -> None:
    with encoded(url, "SQL_ASCII") as there:
        there = altered(there, drivername=f"postgresql+{driver}")
        for more in ((), ("more",)):
            metadata = models("postgresql", WORDS["SQL_ASCII"], *more)
            schemadiff.plan(there, metadata, tmp_path)
            schemadiff.apply(there, tmp_path)
            found = schemadiff.check(there, metadata, tmp_path)
            assert not found, found


@contextmanager
def encoded(url: str, encoding: str) -> Iterator[str]:
    """The URL of a database of PostgreSQL in that encoding."""
    name = f"{sa.make_url(url).database}_encoded"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
        )
        try:
            yield altered(url, database=name)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def assert_forth_and_back(url: str, engine: str, word: str, versions: Path) -> None:
    for number, more in enumerate(((), ("more",), ("more", "again")), 1):
        metadata = models(engine, word, *more)
        schemadiff.plan(url, metadata, versions, message=f"revision {number} 日 {word}")
        assert schemadiff.apply(url, versions).after == number
        found = schemadiff.check(url, metadata, versions)
        assert not found, found
        assert not schemadiff.diff(url, metadata)
    kind = "mysql" if engine == "mariadb" else engine
    with account(in_utf8(url) if engine == "postgresql" else url, READER[kind]) as reader:
        found = schemadiff.check(reader, metadata, versions)
        assert not found, found
        assert found.unsupported == ()
    other = models(engine, word, "more", "again")
    (table,) = other.tables.values()
    constraint = next(one for one in table.constraints if isinstance(one, sa.CheckConstraint))
    constraint.sqltext = sa.text(f"name <> '{word}{word}' AND name <> 'x'")
    planned = schemadiff.plan(url, other, versions, dry_run=True)
    assert sorted(type(one).__name__ for one in planned.plan.operations) == [
        "AddConstraint",
        "DropConstraint",
    ]
    assert schemadiff.rollback(url, versions, to=0, allow=["all"]).after == 0


def in_utf8(url: str) -> str:
    """The URL with which SQLAlchemy itself can connect to a database of PostgreSQL in SQL_ASCII."""
    told = sa.make_url(url).update_query_dict({"client_encoding": "utf8"})
    return told.render_as_string(hide_password=False)


@pytest.mark.engines("mysql", "mariadb")
def test_what_mysql_cannot_hold(url: str, tmp_path: Path) -> None:
    execute(url, f"ALTER DATABASE {sa.make_url(url).database} CHARACTER SET latin1")
    for column, words in (
        (
            sa.Column("label", sa.Enum("a", "日")),
            "would be kept with question marks, because the character set latin1",
        ),
        (sa.Column("label", sa.Enum("a", "😀")), "(member 😀)"),
        (sa.Column("label", sa.String(9), server_default="日"), "Invalid default value for 'label'"),
    ):
        assert_refused(url, tmp_path, column, words)
    metadata = sa.MetaData()
    sa.Table("item", metadata, sa.Column("label", sa.Enum("a", "日")))
    (foreseen,) = schemadiff.plan(url, metadata, tmp_path, dry_run=True).plan.hazards
    assert foreseen.message == (
        "this would be refused: 1 of the members of item.label would be kept with question marks, because the "
        "character set latin1 does not have all their characters (member 日)"
    )


@pytest.mark.engines("postgresql")
def test_what_postgresql_cannot_hold(url: str, tmp_path: Path) -> None:
    with encoded(url, "LATIN1") as there:
        for column in (
            sa.Column("label", sa.Enum("a", "日", name="label")),
            sa.Column("label", sa.String(9), server_default="日"),
        ):
            assert_refused(there, tmp_path, column, 'has no equivalent in encoding "LATIN1"')


def assert_refused(url: str, versions: Path, column: sa.Column[str], words: str) -> None:
    """Whether the table is there or not, when planning or when applying, and nothing is left behind."""
    for there in (False, True):
        metadata = sa.MetaData()
        sa.Table("item", metadata, sa.Column("id", sa.Integer, primary_key=True))
        if there:
            schemadiff.plan(url, metadata, versions, message="first")
            schemadiff.apply(url, versions)
        metadata.tables["item"].append_column(column._copy())
        with pytest.raises(SchemadiffError) as refused:
            plan_and_apply(url, metadata, versions)
        assert words in str(refused.value)
        assert schemadiff.status(url, versions).version == int(there)
        for file in versions.glob("*_next.py"):
            file.unlink()
        assert schemadiff.apply(url, versions).done == ()  # forgets what was refused
    schemadiff.rollback(url, versions, allow=["all"])
    for file in versions.glob("*.py"):
        file.unlink()


def plan_and_apply(url: str, metadata: sa.MetaData, versions: Path) -> None:
    schemadiff.plan(url, metadata, versions, message="next")
    schemadiff.apply(url, versions)
