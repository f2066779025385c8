"""Few rights: what an account may not do makes nothing different. `check`, `plan` and `status` by one that only reads,
by one that only changes tables, in a session that may write nothing, and on a hot standby.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import schemadiff
from tests.accounts import account

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
    planned = schemadiff.plan(url, changed, versions, dry_run=True, renames_allowed=False)
    assert sorted(type(one).__name__ for one in planned.plan.operations) == [
        "AddConstraint",
        "DropColumn",
        "DropConstraint",
    ]
    assert planned.unsupported == ()
    assert planned.found == ()
