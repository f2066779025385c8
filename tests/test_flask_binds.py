"""Flask-SQLAlchemy's binds: each is a database with a history of its own, and none is left out in silence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import schemadiff
from schemadiff.errors import ModelsError
from schemadiff.flask import Migrate, check, upgrade

FreshDatabase = Callable[[str], str]


pytestmark = pytest.mark.once


class Site:
    """An application with models on some of its binds."""

    def __init__(self, folder: Path, url: str | None, binds: Mapping[str, Any]) -> None:
        self.db = SQLAlchemy()
        self.app = Flask("site", instance_path=str(folder))
        self.app.config["SQLALCHEMY_DATABASE_URI"] = url
        self.app.config["SQLALCHEMY_BINDS"] = dict(binds)
        self.db.init_app(self.app)
        self.versions = folder / "versions"
        self.migrate = Migrate(self.app, self.db, str(self.versions))

    def table(self, name: str, bind: str | None = None) -> sa.Table:
        return self.db.Table(name, sa.Column("id", sa.Integer, primary_key=True), bind_key=bind)

    def __call__(self, *arguments: str, code: int = 0) -> str:
        result: click.testing.Result = self.app.test_cli_runner().invoke(args=["db", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    def tables(self, bind: str | None) -> set[str]:
        with self.app.app_context():
            return set(sa.inspect(self.db.engines[bind]).get_table_names())


@contextmanager
def site_with(folder: Path, url: str | None, binds: Mapping[str, Any]) -> Iterator[Site]:
    site = Site(folder, url, binds)
    try:
        yield site
    finally:
        with site.app.app_context():
            for engine in site.db.engines.values():
                engine.dispose()


def test_each_bind_has_a_history_of_its_own(
    url: str, fresh_database: FreshDatabase, engine_name: str, tmp_path: Path
) -> None:
    """Named as a text, as a URL, and as a dict with options for the engine."""
    other = sa.make_url(fresh_database("sqlite"))
    binds = {
        "users": fresh_database(engine_name),
        "cache": other,
        "log": {"url": other.set(database=f"{tmp_path}/log.sqlite"), "echo": False},
        "unused": "sqlite://",
    }
    with site_with(tmp_path, url, binds) as site:
        for bind in (None, "users", "cache", "log"):
            site.table(f"of_{bind or 'us'}", bind)
        told = site("migrate", "-m", "begin")
        assert [line for line in told.splitlines() if line.startswith("bind ")] == [
            "bind default",
            "bind cache",
            "bind log",
            "bind users",
        ]
        assert sorted(path.parent.name for path in site.versions.rglob("0001_begin.py")) == [
            "cache",
            "log",
            "users",
            "versions",
        ]
        assert "pending" in site("check", code=1)
        site("upgrade")
        for bind in (None, "users", "cache", "log"):
            assert site.tables(bind) == {f"of_{bind or 'us'}", "schemadiff_version"}
        assert site("check").count("no differences") == 4
        assert site("current").count("revision 0001 of 0001") == 4

        assert "left as it is: cache, log, users" in site("downgrade", "--allow", "all")
        assert site.tables(None) == {"schemadiff_version"}
        assert "left as it is" not in site("downgrade", "--bind", "users", "--allow", "all")
        assert site.tables("users") == {"schemadiff_version"}
        assert site.tables("log") == {"of_log", "schemadiff_version"}
        site("check", "--bind", "log")
        site("check", code=1)
        with site.app.app_context():
            upgrade(bind="users")
            check(bind="users")
            with pytest.raises(schemadiff.PendingError):
                check()
        assert site.tables(None) == {"schemadiff_version"}
        site("upgrade", "--bind", "default")
        site("check")


def test_one_that_comes_later_needs_nothing(tmp_path: Path) -> None:
    with site_with(tmp_path, f"sqlite:///{tmp_path}/a", {"late": f"sqlite:///{tmp_path}/b"}) as site:
        site.table("ours")
        site("migrate")
        site("upgrade")
        assert "bind" not in site("check")
        site.table("theirs", "late")
        told = site("check", code=1)
        assert "create table theirs" in told
        assert "bind late" in told
        told = site("upgrade")
        assert "bind late\nit has models and no revisions: `flask db migrate` writes the first one" in told
        site("migrate")
        site("upgrade")
        site("check")


def test_a_program_gets_one_answer(tmp_path: Path) -> None:
    with site_with(tmp_path, f"sqlite:///{tmp_path}/a", {"users": f"sqlite:///{tmp_path}/b"}) as site:
        site.table("ours")
        site.table("theirs", "users")
        told = site("check", "--format", "json", code=2)
        assert "there are 2 databases" in told
        assert "--bind: default, users" in told
        found = json.loads(site("check", "--format", "json", "--bind", "users", code=1))
        assert [one["table"] for one in found["operations"]] == ["theirs"]
        site("migrate")
        assert 'CREATE TABLE "theirs"' in site("upgrade", "--sql", "--bind", "users")


def test_where_all_models_are_on_binds(tmp_path: Path) -> None:
    with site_with(tmp_path, None, {"users": f"sqlite:///{tmp_path}/b"}) as site:
        site.table("theirs", "users")
        site("migrate")
        site("upgrade", "head")
        assert "0001_create_theirs" in site("heads", "-v")
        site("downgrade", "--allow", "all")
        assert site.tables("users") == {"schemadiff_version"}
        assert "Set SQLALCHEMY_DATABASE_URI" in site("check", "--bind", "default", code=2)
        site.db.metadatas["users"].clear()
        assert "declare no tables" in site("check", "--bind", "users", code=2)
        site.table("lost", "elsewhere")
        assert 'which the application "site" does not name' in site("check", code=2)


def test_names_that_are_none(tmp_path: Path) -> None:
    one = f"sqlite:///{tmp_path}/b"
    for name in ("all", "default", "..", "a/b"):
        with site_with(tmp_path, f"sqlite:///{tmp_path}/a", {name: one}) as site:
            assert f"a bind is called {name!r}" in site("check", code=2)
    with site_with(tmp_path, f"sqlite:///{tmp_path}/a", {"users": one}) as site:
        site.table("ours")
        told = site("check", "--bind", "user", code=2)
        assert "there is no bind 'user'" in told
        assert "default, users, all" in told


def test_two_binds_are_not_one_database(tmp_path: Path) -> None:
    one = f"sqlite:///{tmp_path}/a"
    with site_with(tmp_path, one, {"users": one}) as site:
        site.table("ours")
        site("check", code=1)
        site.table("theirs", "users")
        assert "the binds default and users are one database" in site("check", code=2)


def test_without_the_application_models_of_binds_are_named(tmp_path: Path) -> None:
    with site_with(tmp_path, f"sqlite:///{tmp_path}/a", {"users": f"sqlite:///{tmp_path}/b"}) as site:
        site.table("ours")
        site.table("theirs", "users")
        with pytest.raises(ModelsError, match="bind users"):
            schemadiff.plan(f"sqlite:///{tmp_path}/a", site.app, site.versions)
        planned = schemadiff.plan(f"sqlite:///{tmp_path}/a", site.db.metadata, site.versions, dry_run=True)
        assert [one.describe() for one in planned.plan.operations] == ["create table ours"]
