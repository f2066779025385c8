"""The main job with every driver that SQLAlchemy documents for the four, and what is asked of a driver beyond DBAPI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

import schemadiff
from schemadiff.database.async_drivers import in_own_loop
from schemadiff.database.connection import connected
from schemadiff.dialects.contract.registry import package_of
from schemadiff.dialects.mysql.server.drivers import several
from schemadiff.dialects.shared.driver_errors import server_words
from schemadiff.errors import ConfigError, DatabaseError, SchemadiffError, StoppedError, UsageError
from schemadiff.execute.executor import Event

FreshDatabase = Callable[[str], str]

MYSQL = ("pymysql", "mysqldb", "mysqlconnector", "mariadbconnector", "asyncmy", "aiomysql")
DRIVERS = (
    *(f"mysql+{driver}" for driver in MYSQL),
    *(f"mariadb+{driver}" for driver in MYSQL),
    *(f"postgresql+{driver}" for driver in ("psycopg", "psycopg_async", "psycopg2", "pg8000", "asyncpg")),
    *(f"sqlite+{driver}" for driver in ("pysqlite", "aiosqlite")),
)
DATA = '''"""data"""

import sqlalchemy as sa

SHOP = sa.table("shop", sa.column("id"), sa.column("name"), sa.column("price"))


def upgrade(op):
    op.execute(
        "INSERT INTO shop (id, name, price) VALUES (1, '100% :x %s ? é 中', 7 % 4)", reverse="DELETE FROM shop"
    )
    op.run(fill, reverse=empty)


def fill(connection):
    connection.execute(SHOP.insert(), [{"id": 2, "name": "b%", "price": 2}, {"id": 3, "name": "中", "price": 3}])
    assert connection.execute(sa.select(SHOP.c.name).order_by(SHOP.c.id)).scalars().all() == [
        "100% :x %s ? é 中",
        "b%",
        "中",
    ]
    assert connection.execute(sa.select(SHOP.c.price).where(SHOP.c.id == 1)).scalar_one() == 3


def empty(connection):
    assert connection.execute(sa.delete(SHOP).where(SHOP.c.id > 1)).rowcount == 2
'''
SLEEP = '''"""sleep"""


def upgrade(op):
    op.execute("{}", reverse=op.nothing)
'''
LONG = {
    "mysql": "SELECT 1 FROM information_schema.tables WHERE SLEEP(60)",
    "mariadb": "SELECT 1 FROM information_schema.tables WHERE SLEEP(60)",
    "postgresql": "SELECT pg_sleep(60)",
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
}


def models(*, more: bool = False) -> sa.MetaData:
    metadata = sa.MetaData()
    shop = sa.Table(
        "shop",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(50), nullable=False, comment="100% :x é"),
        sa.Column("price", sa.Numeric(10, 2), server_default=sa.text("0.5")),
        sa.Column("kind", sa.Enum("a", "é", name="kind")),
        sa.CheckConstraint("price % 2 >= 0 AND name <> '%s é'", name="price_ok"),
        comment="shöp",
    )
    item = sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("shop_id", sa.ForeignKey("shop.id")),
    )
    if more:
        sa.Index("ix_name", shop.c.name, shop.c.kind)
        item.append_column(sa.Column("note", sa.String(20), server_default="x%'y"))
    return metadata


@pytest.fixture
def driver_url(driver: str, fresh_database: FreshDatabase) -> URL:
    """The URL of a fresh database with that driver in it."""
    return with_driver(fresh_database(driver.partition("+")[0]), driver)


def with_driver(url: str, driver: str) -> URL:
    """The URL with that driver in it."""
    parsed, name = make_url(url), driver.partition("+")[2]
    # PyMySQL's own word, with which the tests' servers are reached.
    return parsed.set(drivername=f"{parsed.get_backend_name()}+{name}").difference_update_query(
        ["ssl_disabled"]
    )


@pytest.mark.engines("mysql", "mariadb", "postgresql")
@pytest.mark.parametrize("driver", DRIVERS)
def test_the_main_job(driver_url: URL, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    schemadiff.plan(driver_url, models(), versions)
    schemadiff.apply(driver_url, versions)
    assert not schemadiff.check(driver_url, models(), versions)
    (versions / "0002_data.py").write_text(DATA)
    schemadiff.apply(driver_url, versions)
    assert schemadiff.plan(driver_url, models(more=True), versions).path
    assert schemadiff.apply(driver_url, versions, online="always").after == 3
    assert not schemadiff.check(driver_url, models(more=True), versions)
    assert schemadiff.rollback(driver_url, versions, to=0, allow=["all"]).after == 0
    assert schemadiff.status(driver_url, versions).version == 0
    refused = versions / "0001_create_shop_item.py"
    refused.write_text(
        '"""no"""\n\n\ndef upgrade(op):\n    op.execute("DROP TABLE nowhere", reverse=op.nothing)\n'
    )
    for later in versions.glob("000[23]*"):
        later.unlink()
    with pytest.raises(SchemadiffError, match="nowhere") as caught:
        schemadiff.apply(driver_url, versions)
    assert "{'" not in str(caught.value)
    assert "<class" not in str(caught.value)


@pytest.mark.once
@pytest.mark.engines("mysql", "mariadb", "postgresql")
@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if not driver.startswith("mariadb")])
def test_a_statement_is_ended(driver_url: URL, tmp_path: Path) -> None:
    (tmp_path / "0001_sleep.py").write_text(SLEEP.format(LONG[driver_url.get_backend_name()]))

    def stop(event: Event) -> None:
        if event.running:
            raise StoppedError("enough")

    with pytest.raises(StoppedError, match="stopped in revision 0001"):
        schemadiff.apply(driver_url, tmp_path, progress=stop)


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("driver", ["mysql+pymysql", "mysql+mysqldb", "mysql+asyncmy", "mariadb+aiomysql"])
def test_the_server_is_told_whether_a_packet_holds_several_statements(driver_url: URL) -> None:
    def sent(connection: sa.Connection) -> bool:
        cursor = connection.connection.cursor()
        try:
            cursor.execute("DO 1; DO 2")
        except connection.dialect.loaded_dbapi.Error as error:
            return "(1064)" not in server_words(error)
        assert cursor.nextset() in (True, 1, None)
        cursor.close()
        return True

    def work() -> None:
        with connected(driver_url) as (connection, _):
            at_first = sent(connection)
            with several(connection, False):
                assert not sent(connection)
                with several(connection, True) as taken:
                    assert taken
                    assert sent(connection)
                assert not sent(connection)
            assert sent(connection) == at_first

    in_own_loop(work)


@pytest.mark.engines("mysql")
@pytest.mark.parametrize(
    "driver", ["mysql+mysqldb", "mysql+mysqlconnector", "mysql+asyncmy", "mysql+aiomysql"]
)
def test_a_connection_in_latin1_writes_and_reads_all_characters(driver_url: URL, tmp_path: Path) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("a", sa.String(9), server_default="中", comment="ж"))
    # What asyncmy 0.2 is opened with it stays with, and so it is told to be opened otherwise.
    stays = driver_url.get_driver_name() == "asyncmy"
    url = driver_url.update_query_dict({"charset": "utf8" if stays else "latin1"})
    schemadiff.plan(url, metadata, tmp_path)
    schemadiff.apply(url, tmp_path)
    for database in (url, driver_url):
        assert not schemadiff.check(database, metadata, tmp_path)
    if stays:
        with pytest.raises(ConfigError, match="charset=latin1"):
            schemadiff.check(url.update_query_dict({"charset": "latin1"}), metadata, tmp_path)


@pytest.mark.engines("mysql", "mariadb")
@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver.startswith("m")])
def test_texts_of_any_characters_are_read(driver: str, driver_url: URL, tmp_path: Path) -> None:
    """A binary default, which MariaDB shows as the bytes it is, and a function that a client in latin1 has made."""
    plain = driver_url.set(drivername="mysql+pymysql")
    engine = sa.create_engine(plain.update_query_dict({"charset": "latin1"}), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (b varbinary(4) DEFAULT x'00ff')")
        connection.exec_driver_sql("CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN length('é')")
    engine.dispose()
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("b", sa.VARBINARY(4), server_default=sa.text("x'00ff'")))
    assert not schemadiff.check(driver_url, metadata, tmp_path)
    found = schemadiff.diff(metadata, driver_url, database=driver_url)
    assert not found
    both = schemadiff.diff(driver_url, plain)
    assert not both


@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "sqlite+aiosqlite", "postgresql+psycopg"])
def test_an_async_engine(driver: str, driver_url: URL, tmp_path: Path) -> None:
    """From outside of its event loop, where its pool is of no use, from a thread, and within the loop by run_sync."""
    versions = tmp_path / "versions"
    engine = create_async_engine(driver_url)
    connects: list[object] = []
    sa.event.listen(engine.sync_engine, "do_connect", lambda *told: connects.extend(told))

    async def use() -> None:
        async with engine.connect() as connection:
            assert (await connection.execute(sa.text("SELECT count(*) FROM item"))).scalar_one() == 0

    schemadiff.plan(engine, models(), versions)
    assert schemadiff.apply(engine, versions).after == 1
    assert connects

    async def application() -> None:
        await use()
        assert (await asyncio.to_thread(schemadiff.status, engine, versions)).version == 1
        with pytest.raises(UsageError, match="called by a coroutine") as caught:
            schemadiff.status(engine, versions)
        assert "to_thread(schemadiff.status" in str(caught.value.hint)
        async with engine.connect() as connection:
            assert not await connection.run_sync(schemadiff.check, models(), versions)
            await connection.run_sync(schemadiff.plan, models(more=True), versions)
            assert (await connection.run_sync(schemadiff.apply, versions)).after == 2
        async with engine.connect() as connection:
            with pytest.raises(UsageError, match="belongs to an event loop"):
                await asyncio.to_thread(schemadiff.status, connection, versions)
        await use()
        await engine.dispose()

    asyncio.run(application())


def test_an_async_engine_of_a_database_in_memory(tmp_path: Path) -> None:
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    schemadiff.plan(engine, models(), tmp_path)
    schemadiff.apply(engine, tmp_path)
    assert schemadiff.status(engine, tmp_path).version == 1
    asyncio.run(engine.dispose())


def test_what_is_no_database_is_told_so(tmp_path: Path) -> None:
    nonsense: Any = 7
    with pytest.raises(UsageError, match="cannot be int"):
        schemadiff.status(nonsense, tmp_path)


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("mysql+mysqldb://u@localhost/d", "mysqlclient"),
        ("mysql+mysqlconnector://u@localhost/d", "mysql-connector-python"),
        ("mysql+mariadbconnector://u@localhost/d", "mariadb"),
        ("postgresql+psycopg://u@localhost/d", "'psycopg[binary]'"),
        ("postgresql+psycopg2://u@localhost/d", "psycopg2-binary"),
        ("postgresql+asyncpg://u@localhost/d", "asyncpg"),
        ("sqlite+aiosqlite:///x.db", "aiosqlite"),
    ],
)
def test_a_missing_driver_is_named_by_its_package(
    url: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(cls: type) -> object:
        raise ModuleNotFoundError("No module", name="_internal")

    dialect = make_url(url).get_dialect()
    monkeypatch.setattr(dialect, "import_dbapi", classmethod(missing))
    with pytest.raises(
        ConfigError, match=f'driver "{make_url(url).get_driver_name()}" is not installed'
    ) as caught:
        schemadiff.status(url, tmp_path)
    assert caught.value.hint == f"Install it in this environment: pip install {package}"
    assert package_of(make_url("anything+driver://host/database")) == "driver"


@pytest.mark.parametrize(
    "driver", ["mysql+asyncmy", "mysql+mysqlconnector", "postgresql+asyncpg", "postgresql+pg8000"]
)
def test_a_server_that_does_not_answer(driver: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r'cannot connect to database "d" on 127\.0\.0\.1:1: ') as caught:
        schemadiff.status(f"{driver}://u:secret@127.0.0.1:1/d", tmp_path)
    assert "Is the server running" in str(caught.value.hint)
