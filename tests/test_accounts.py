"""Few rights: what an account may not do makes nothing different. `check`, `plan` and `status` by one that only reads,
by one that only changes tables, in a session that may write nothing, and on a hot standby.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import schemadiff
from schemadiff.errors import DatabaseError
from tests.accounts import account
from tests.restarting import RestartableServer
from tests.servers.choice import Installation, ServerError
from tests.servers.databases import Databases
from tools.install_servers import find

pytestmark = pytest.mark.once

READER = {
    "mysql": ["GRANT SELECT ON {database}.* TO {user}"],
    "postgresql": ["GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}"],
}
CHANGER = {
    "mysql": [
        "GRANT ALTER, CREATE, DROP, INDEX, REFERENCES ON {database}.* TO {user}",
        "GRANT SELECT, INSERT, UPDATE ON {database}.schemadiff_version TO {user}",
    ],
    "postgresql": [
        "GRANT CREATE ON SCHEMA public TO {user}",
        "GRANT SELECT, INSERT, UPDATE ON schemadiff_version TO {user}",
        "ALTER TABLE item OWNER TO {user}",
        "REVOKE SELECT ON item FROM {user}",
    ],
}
"""The grants of accounts, MariaDB's being MySQL's."""


def models(
    engine: str, check: str = "amount BETWEEN 1 AND 9 AND name IN ('a','b')", *, note: bool = True
) -> sa.MetaData:
    """Texts of all kinds that a server spells in its own way."""
    metadata = sa.MetaData()
    item = sa.Table(
        "item",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("amount", sa.Integer, server_default=sa.text("(1 + 1)")),
        sa.Column("name", sa.String(20), server_default="x"),
        sa.Column("twice", sa.Integer, sa.Computed("amount*2", persisted=True)),
        sa.Column("made", sa.DateTime, server_default=sa.func.now()),
        sa.CheckConstraint(check, name="ck_item"),
        sa.CheckConstraint("amount <> 7 and name<>'c'"),
        *([sa.Column("note", sa.String(9))] if note else []),
    )
    if engine != "mariadb":
        sa.Index("ix_item", sa.text("(lower(name))"))._set_parent(item)
    return metadata


@contextmanager
def read_only(url: str) -> Iterator[str]:
    """The URL of a session that may write nothing."""
    told = sa.make_url(url)
    match told.get_backend_name():
        case "sqlite":
            told = sa.make_url(f"sqlite:///file:{told.database}?mode=ro&uri=true")
        case "postgresql":
            told = told.update_query_dict({"options": "-c default_transaction_read_only=on"})
        case _:
            told = told.update_query_dict({"init_command": "SET SESSION TRANSACTION READ ONLY"})
    yield told.render_as_string(hide_password=False)


WAYS = {
    "reader": lambda url, engine: account(url, READER[engine]),
    "changer": lambda url, engine: account(url, CHANGER[engine]),
    "read-only": lambda url, engine: read_only(url),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.engines("mysql", "mariadb", "postgresql")
def test_an_account_of_few_rights_sees_what_is_there(
    url: str, engine_name: str, tmp_path: Path, way: str
) -> None:
    kept = begin(url, engine_name, tmp_path)
    product = "mysql" if engine_name == "mariadb" else engine_name
    with WAYS[way](url, product) as poor:
        assert_sees_what_is_there(poor, engine_name, tmp_path)
        if way == "read-only":
            assert_refused(poor, None, engine_name, tmp_path)
    assert schemadiff.check(url, kept, tmp_path / "versions").unsupported == ()


@pytest.mark.engines("mysql", "mariadb")
def test_a_table_that_an_account_may_not_see_is_not_dropped(
    url: str, engine_name: str, tmp_path: Path
) -> None:
    def both(*others: str) -> sa.MetaData:
        metadata = models(engine_name)
        for name in ("secret", "partly", *others):
            sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
        return metadata

    versions = tmp_path / "versions"
    schemadiff.plan(url, both(), versions, message="first")
    schemadiff.apply(url, versions)
    grants = [
        "GRANT SELECT ON {database}.schemadiff_version TO {user}",
        "GRANT SELECT ON {database}.item TO {user}",
        "GRANT SELECT (id) ON {database}.partly TO {user}",
    ]
    with account(url, grants) as poor:
        assert schemadiff.status(poor, versions).version == 1
        found = schemadiff.check(poor, both(), versions)
        assert not found, found
        assert [str(one) for one in found.unsupported] == [
            f"{name}: it could not be told whether it is there: this account may not see it"
            for name in ("partly", "secret")
        ]
        planned = schemadiff.plan(poor, both("more"), versions, dry_run=True)
        assert [one.describe() for one in planned.plan.operations] == ["create table more"]
    with account(url, READER["mysql"]) as poor:
        execute(url, "DROP TABLE secret")
        assert [one.describe() for one in schemadiff.check(poor, both(), versions).drifted] == [
            "drop table secret"
        ]
    with account(url, CHANGER["mysql"]) as poor:
        assert [one.describe() for one in schemadiff.check(poor, both(), versions).drifted] == [
            "drop table secret"
        ]


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.engines("sqlite")
def test_a_file_that_may_only_be_read(url: str, engine_name: str, tmp_path: Path) -> None:
    begin(url, engine_name, tmp_path)
    with read_only(url) as poor:
        assert_sees_what_is_there(poor, engine_name, tmp_path)
        assert_refused(poor, None, engine_name, tmp_path)


def begin(url: str, engine: str, folder: Path) -> sa.MetaData:
    """The database at revision 1, which has all of the models."""
    metadata = models(engine)
    schemadiff.plan(url, metadata, folder / "versions", message="first")
    schemadiff.apply(url, folder / "versions")
    return metadata


def assert_sees_what_is_there(url: str, engine: str, folder: Path) -> None:
    versions = folder / "versions"
    assert schemadiff.status(url, versions).version == 1
    found = schemadiff.check(url, models(engine), versions)
    assert not found, found
    assert found.unsupported == ()
    changed = models(engine, "amount BETWEEN 1 AND 8 AND name IN ('a','b')", note=False)
    planned = schemadiff.plan(url, changed, versions, dry_run=True, no_renames=True)
    assert sorted(type(one).__name__ for one in planned.plan.operations) == [
        "AddConstraint",
        "DropColumn",
        "DropConstraint",
    ]
    assert planned.unsupported == ()
    assert planned.found == ()


STREAMING = [
    *("-c", "wal_level=replica", "-c", "max_wal_senders=4"),
    # What is committed is to be seen on the standby when the commit returns.
    *("-c", "synchronous_standby_names=*", "-c", "synchronous_commit=remote_apply"),
]
"""The options of a primary and of its standby, which wants as much as the primary has."""


def test_a_hot_standby(tmp_path: Path) -> None:
    installation = installed("postgresql")
    with (
        RestartableServer(installation, *STREAMING) as primary,
        RestartableServer(installation, *STREAMING, follows=primary) as standby,
        databases_of(primary.url) as databases,
    ):

        def there(url: str) -> str:
            return altered(url, port=sa.make_url(standby.url).port)

        url = databases.create("postgresql")
        begin(url, "postgresql", tmp_path)
        with account(url, READER["postgresql"]) as reader:
            for one in (there(url), there(reader)):
                assert_only_reads(one, url, "postgresql", tmp_path)
        assert_refused(there(url), there(databases.create("postgresql")), "postgresql", tmp_path)
        # The primary goes on, and the standby sees it.
        assert schemadiff.apply(url, tmp_path / "versions", allow=["all"]).after == 2
        assert not schemadiff.check(there(url), models("postgresql", note=False), tmp_path / "versions")


@pytest.mark.parametrize("engine", ["mysql", "mariadb"])
def test_a_server_that_is_read_only_as_a_replica_is(tmp_path: Path, engine: str) -> None:
    with RestartableServer(installed(engine)) as server, databases_of(server.url) as databases:
        url, empty = databases.create(engine), databases.create(engine)
        other = sa.make_url(empty).database
        begin(url, engine, tmp_path)
        owner = ["GRANT ALL ON {database}.* TO {user}", f"GRANT ALL ON {other}.* TO {{user}}"]
        with account(url, owner) as poor:
            execute(url, "SET GLOBAL read_only = 1")
            assert_only_reads(poor, url, engine, tmp_path)
            assert_refused(poor, altered(poor, database=other), engine, tmp_path)
            if engine == "mysql":
                # Not even by the one who may change what is read only.
                execute(url, "SET GLOBAL super_read_only = 1")
                assert_refused(url, empty, engine, tmp_path)
            execute(url, "SET GLOBAL read_only = 0")
            assert schemadiff.apply(poor, tmp_path / "versions", allow=["all"]).after == 2


def installed(engine: str) -> Installation:
    """The programs of a server of one's own."""
    found = find(engine)
    if found is None:
        raise ServerError(
            f"No {engine} server found. Install one with: python tools/install_servers.py {engine}"
        )
    return found


@contextmanager
def databases_of(url: str) -> Iterator[Databases]:
    databases = Databases(lambda _: url)
    try:
        yield databases
    finally:
        databases.close()


def altered(url: str, **parts: Any) -> str:
    return sa.make_url(url).set(**parts).render_as_string(hide_password=False)


def assert_only_reads(poor: str, url: str, engine: str, folder: Path) -> None:
    """It is at revision 1 and sees all there is; where nothing is to be done, nothing is refused."""
    assert_sees_what_is_there(poor, engine, folder)
    for left, right in ((poor, url), (url, poor)):
        found = schemadiff.diff(left, right)
        assert not found, found
    assert schemadiff.apply(poor, folder / "versions").done == ()


def assert_refused(poor: str, empty: str | None, engine: str, folder: Path) -> None:
    """What changes something is refused with the reason, and leaves all as it was."""
    versions = folder / "versions"
    if not (versions / "0002_less.py").exists():
        schemadiff.plan(poor, models(engine, note=False), versions, message="less")
    works: list[tuple[str, Any]] = [(poor, schemadiff.apply), (poor, schemadiff.rollback)]
    for database, work in [*works, *([(empty, schemadiff.apply)] if empty else [])]:
        before = schemadiff.status(database, versions)
        with pytest.raises(DatabaseError, match=r"(?i)read[ -]?only") as refused:
            work(database, versions, allow=["all"])
        assert "takes changes from its primary alone: connect to that" in str(refused.value.hint)
        assert schemadiff.status(database, versions) == before
