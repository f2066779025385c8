"""Why a model may be missing: what was seen, what has no model, and what on disk was never imported."""

from __future__ import annotations

import ast
import gc
import importlib
from pathlib import Path

import pytest

import schemadiff
from schemadiff.models import on_disk, syntax
from schemadiff.models.loading import load_models
from tests.cli.shell import Shell
from tests.cli.test_finding_models import BASE, model, write

SITE = {
    "app/__init__.py": "from app.base import Base\nfrom app import user\n",
    "app/base.py": BASE,
    "app/user.py": model("user"),
    "app/billing/__init__.py": "",
    "app/billing/models.py": model("invoice"),
}


@pytest.fixture
def site(shell: Shell) -> Shell:
    write(shell, SITE)
    shell.write("schemadiff.toml", 'models = "app:Base"\n')
    shell("plan", "-m", "begin")
    shell("apply")
    return shell


def test_a_module_that_nobody_imported_is_named_where_nothing_is_found(site: Shell) -> None:
    for command in ("plan", "check"):
        told = site(command).out
        assert told.startswith("no differences")
        assert "\nnot imported: app/billing/models.py (Invoice): these models were not seen\n" in told
        assert told.count("\n") == 3
        assert "all that was seen: schemadiff models" in told
        found = site(command, "--format", "json").json["not_imported"]
        assert [(one["module"], one["models"]) for one in found] == [
            ("app.billing.models", [{"name": "Invoice", "table": "invoice"}])
        ]


def test_all_of_it_is_shown(site: Shell) -> None:
    site.execute("CREATE TABLE legacy (id int)", "CREATE TABLE kept (id int)", "DROP TABLE user")
    site.execute("CREATE TABLE alembic_version (version_num int)")
    told = site("models", "--exclude", "kept").out
    assert told == (
        "found\n"
        "  app.user  app/user.py\n"
        "    user  not in the database\n"
        "\nwithout a model: in the database, and declared by nothing that was found\n"
        "  alembic_version  another tool's\n"
        "  kept  ignored by the settings\n"
        "  legacy  the next plan drops it\n"
        "\nnot imported: these files declare models, and nobody imported them\n"
        "  app.billing.models  app/billing/models.py\n"
        "    Invoice (invoice)\n"
        "-> import them where the models are loaded, or name them in the setting models\n"
    )
    found = site("models", "--exclude", "kept", "--format", "json").json
    assert [one["because"] for one in found["without_model"]] == ["another tool's", "ignored", "dropped"]
    assert [(one["module"], one["tables"]) for one in found["modules"]] == [
        ("app.user", [{"table": "user", "schema": None, "in_database": False}])
    ]


def test_without_a_database_the_models_are_shown(site: Shell) -> None:
    site.environment["SCHEMADIFF_URL"] = ""
    told = site("models").out
    assert "    user\n" in told
    assert "no database is named" in told
    assert site("models", "--format", "json").json["without_model"] is None


def test_a_table_is_not_dropped_without_a_word_about_its_model(site: Shell) -> None:
    site.execute("CREATE TABLE invoice (id int)")
    told = site("plan", "--dry-run", code=1).out
    assert "not imported: app/billing/models.py (Invoice)" in told
    site.execute("DROP TABLE invoice", "CREATE TABLE other (id int)")
    assert "not imported" not in site("plan", "--dry-run", code=1).out


def test_what_all_was_imported_says_nothing(site: Shell) -> None:
    site.write(
        "app/__init__.py", "from app.base import Base\nfrom app import user\nfrom app.billing import models\n"
    )
    site("plan", "-m", "invoices")
    site("apply")
    assert site("check").out.count("\n") == 1
    # A copy, as a build leaves one.
    write(site, {f"build/lib/{path}": text for path, text in SITE.items()})
    assert site("check").out.count("\n") == 1


def test_only_what_may_declare_models_is_parsed(site: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that finds nothing is the ordinary one: it reads what nobody imported, and hardly parses any of it."""
    for number in range(20):
        site.write(
            f"app/view{number}.py",
            "from app.user import User\n\n\ndef view():\n    return User.table(1)[0]\n",
        )
        site.write(f"app/form{number}.py", "import app.user\n\n\nclass Form(app.user.Shape):\n    pass\n")
    parsed: list[str | bytes] = []
    parse = syntax.parse

    def counting(source: str | bytes, name: str = "") -> ast.Module:
        parsed.append(source)
        return parse(source, name)

    monkeypatch.setattr(syntax, "parse", counting)
    assert "app/billing/models.py (Invoice)" in site("check").out
    # Besides texts: revisions and settings.
    assert [b"Invoice" in one for one in parsed if isinstance(one, bytes)] == [True]


FILES = {
    "pyvenv.cfg": "",  # the project's folder may be a virtual environment itself
    # Found.
    "sub.py": "from a import Entity\n\nclass Car(Entity):\n    id = Column(Integer)\n",
    "a.py": "class Entity(Base):\n    __abstract__ = True\n",
    "base.py": "Base = declarative_base()\n",
    "flask_model.py": "class UserRole(db.Model):\n    id = db.Column(db.Integer)\n",
    "alias.py": "Model = db.Model\n\nclass Page(Model):\n    id: Mapped[int]\n",
    "sql_model.py": "class Hero(SQLModel, table=True):\n    id: int\n\nclass HeroRead(SQLModel):\n    id: int\n",
    "sub_hero.py": "class HeroShape(HeroRead):\n    id: int\n\nclass Team(HeroRead, table=True):\n    id: int\n",
    "mapped.py": "@registry.mapped\nclass Point:\n    __tablename__ = 'point'\n",
    "core.py": "log = sa.Table('log', metadata, Column('id', Integer))\n",
    "elsewhere.py": "class Far(company.Base):\n    __tablename__ = 'far'\n",
    "inside.py": "if True:\n    class Deep(Base):\n        __tablename__ = 'deep'\n",
    "own_table.py": "class Own(Base):\n    __table__ = Table('own', Base.metadata, Column('id', Integer))\n",
    # Not models.
    "django.py": "class Article(models.Model):\n    title = models.CharField()\n",
    "mixin.py": "class Named:\n    __tablename__ = 'x'\n    name = Column(String)\n",
    "rich_table.py": "table = Table('title', 'of a table')\n",
    "scratch.py": "t = Table('scratch', MetaData(), Column('id', Integer))\nr = Table('r', m, autoload_with=e)\n",
    "function.py": "def make():\n    class Hidden(Base):\n        __tablename__ = 'hidden'\n",
    "broken.py": "class Car(Base:\n    __tablename__ = 'car'\n",
    "odd.py": "class Car(Base):\n    __tablename__ = '\udc00'\n",
    "tests/models.py": "class Tried(Base):\n    __tablename__ = 'tried'\n",
    "test_models.py": "class Tried(Base):\n    __tablename__ = 'tried'\n",
    ".venv/x.py": "class Library(Base):\n    __tablename__ = 'library'\n",
    "env/pyvenv.cfg": "",
    "env/lib.py": "class Library(Base):\n    __tablename__ = 'library'\n",
    "migrations/1_a.py": "revision = 1\ndown_revision = None\nx = Table('old', metadata, Column('id', Integer))\n",
    "versions/0001_a.py": "x = Table('old', m, Column('id', Integer))\n\ndef upgrade(op):\n    pass\n",
}


def test_what_looks_like_a_model(tmp_path: Path) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, errors="surrogatepass")
    found = {one.module: [(each.name, each.table) for each in one.models] for one in on_disk.search(tmp_path)}
    assert found.pop("base") == []  # what holds models
    assert found.pop("scratch", []) == []
    assert found == {
        "sub": [("Car", None)],
        "flask_model": [("UserRole", None)],
        "alias": [("Page", None)],
        "sql_model": [("Hero", None)],
        "sub_hero": [("Team", None)],
        "mapped": [("Point", "point")],
        "core": [("log", "log")],
        "elsewhere": [("Far", "far")],
        "inside": [("Deep", "deep")],
        "own_table": [("Own", "own")],
    }
    (role,) = next(one.models for one in on_disk.search(tmp_path) if one.module == "flask_model")
    assert role.may_be("user_role")
    assert not role.may_be("user")


def test_nothing_on_disk_is_run(site: Shell) -> None:
    site.write("app/trap.py", model("trap") + "\nraise SystemExit('it was run')\n")
    assert "app.trap" in site("models").out


def test_the_module_of_a_table_is_the_one_that_declares_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not one that hands it on, or that stands in for what cannot be had."""
    package = tmp_path / "seen_site"
    package.mkdir()
    (package / "__init__.py").write_text("from seen_site.core import log, metadata\n")
    (package / "core.py").write_text(
        "from sqlalchemy import *\nfrom flask import current_app\n\nmetadata = MetaData()\n"
        "log = Table('log', metadata, Column('id', Integer))\nmade = [Table('made', metadata, Column('id', Integer))]\n"
    )
    (package / "views.py").write_text("from seen_site import log\n")
    monkeypatch.syspath_prepend(tmp_path)
    load_models("seen_site.*")
    found = schemadiff.list_models(None, "seen_site:metadata")
    assert [(one.module, [each.name.name for each in one.tables]) for one in found.modules] == [
        ("", ["made"]),
        ("seen_site.core", ["log"]),
    ]


def test_the_page_shows_what_is_printed(shell: Shell) -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "settings.md"
    command, _, output = page.read_text().partition("$ schemadiff models\n")[2].partition("```")
    assert not output.startswith("$")
    packages = {f"app/{name}__init__.py": "" for name in ("", "models/", "billing/")}
    files = {
        "app/base.py": BASE,
        "app/models/user.py": model("user"),
        "app/billing/models.py": model("invoice"),
    }
    write(shell, {**packages, **files})
    shell.write("schemadiff.toml", 'models = "app.models.*"\n')
    shell.execute("CREATE TABLE user (id INTEGER PRIMARY KEY)", "CREATE TABLE legacy (id int)")
    assert shell("models").out == command


@pytest.mark.engines("sqlite")
def test_flask_shows_the_same(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "flask_site").mkdir()
    (tmp_path / "flask_site" / "__init__.py").write_text(
        "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\nfrom schemadiff.flask import Migrate\n\n"
        f"app = Flask('site', instance_path={str(tmp_path)!r})\napp.config['SQLALCHEMY_DATABASE_URI'] = {url!r}\n"
        "db = SQLAlchemy(app)\nMigrate(app, db)\n\n\nclass User(db.Model):\n"
        "    id = db.Column(db.Integer, primary_key=True)\n"
    )
    (tmp_path / "flask_site" / "later.py").write_text(
        "from flask_site import db\n\n\nclass Post(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module("flask_site")
    runner = module.app.test_cli_runner()
    told = runner.invoke(args=["db", "models"])
    assert told.exit_code == 0
    assert "  flask_site  flask_site/__init__.py\n    user  not in the database\n" in told.output
    assert "  flask_site.later  flask_site/later.py\n    Post\n" in told.output
    assert runner.invoke(args=["db", "migrate"]).exit_code == 0
    assert runner.invoke(args=["db", "upgrade", "--yes"]).exit_code == 0
    told = runner.invoke(args=["db", "check"])
    assert "not imported: flask_site/later.py (Post)" in told.output
    assert "all that was seen: flask db models" in told.output
    with module.app.app_context():
        module.db.engine.dispose()


def test_parsing_is_not_disturbed_by_what_is_collected_meanwhile() -> None:
    """CPython 3.11 fails where a finalizer parses something as well (SystemError)."""

    class Closing:
        def __del__(self) -> None:
            ast.parse("1")

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(50):
            one = Closing()
            one.self = one  # type: ignore[attr-defined]
            del one
            syntax.parse("x = [(((1 + 2) * 3) + f(4)(5)(6)) for y in (((z))) if a.b.c.d]\n" * 20)
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
