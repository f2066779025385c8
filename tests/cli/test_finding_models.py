"""Where the models may stand, and how the setting names them; what would work is told where nothing is found."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from schemadiff.models import attribute_path
from schemadiff.models.attribute_path import Attribute, Call, Key
from tests.cli.shell import Shell

BASE = "from sqlalchemy import *\nfrom sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase): ...\n"


def model(name: str, base: str = "from app.base import Base") -> str:
    return (
        f"from sqlalchemy import *\n{base}\n\n\nclass {name.title()}(Base):\n"
        f'    __tablename__ = "{name}"\n    id = Column(Integer, primary_key=True)\n'
    )


PACKAGE = {
    "app/__init__.py": "",
    "app/base.py": BASE,
    "app/models/__init__.py": "",
    "app/models/user.py": model("user"),
    "app/models/shop/__init__.py": "",
    "app/models/shop/item.py": model("item"),
    "app/models/__main__.py": "raise SystemExit('it was run')\n",
}
BLUEPRINTS = {
    "app/__init__.py": "",
    "app/base.py": BASE,
    "app/users/__init__.py": "",
    "app/users/models.py": model("user"),
    "app/users/views.py": "raise RuntimeError('not for a command')\n",
    "app/shop/__init__.py": "",
    "app/shop/models.py": model("item"),
    "app/plain/__init__.py": "",
}
TWO = {
    "one.py": 'from sqlalchemy import *\nbase = MetaData()\nTable("user", base, Column("id", Integer))\n',
    "two.py": 'from sqlalchemy import *\nbase = MetaData()\nTable("user", base, Column("id", BigInteger))\n',
}
FACTORY = {
    "app.py": (
        "from sqlalchemy import *\n\n\nclass App:\n    def __init__(self, name, debug):\n"
        "        self.metadata = MetaData()\n        Table(name, self.metadata, Column('id', Integer))\n"
        "        assert debug is True\n        self.metadatas = {None: self.metadata}\n"
        "        self.shards = {'eu': MetaData(), 'us': self.metadata}\n\n\n"
        "def create_app(name, *, debug=True):\n    return App(name, debug)\n"
    )
}
BINDS = {
    "app.py": (
        "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\n\n"
        "app = Flask('site')\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'\n"
        "app.config['SQLALCHEMY_BINDS'] = {'reports': 'sqlite://'}\ndb = SQLAlchemy(app)\n\n\n"
        "class User(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n\n\n"
        "class Sale(db.Model):\n    __bind_key__ = 'reports'\n    id = db.Column(db.Integer, primary_key=True)\n"
    ),
    "shop/__init__.py": "from app import db\n",
}


def write(shell: Shell, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = shell.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.mark.parametrize(
    ("files", "models", "tables"),
    [
        (PACKAGE, "app.models.*", {"user", "item"}),
        (PACKAGE, "app.models.shop.*", {"item"}),
        (PACKAGE, "app.models.u*", {"user"}),
        (PACKAGE, "app.models.u*, app.models.shop.*", {"user", "item"}),
        (BLUEPRINTS, "app.*.models", {"user", "item"}),
        ({"models.py": BASE + model("user", "")}, "models.*", {"user"}),
        (FACTORY, 'app:create_app("testing")', {"testing"}),
        (FACTORY, "app:create_app('a, b', debug=True)", {"a, b"}),
        (FACTORY, 'app:create_app("testing").metadata', {"testing"}),
        (FACTORY, 'app:create_app("testing").metadatas', {"testing"}),
        (FACTORY, "app:create_app(\"one\").shards['us'], app:create_app('two')", {"one", "two"}),
        (BINDS, "app:db.metadata", {"user"}),
        (BINDS, 'app:db.metadatas["reports"]', {"sale"}),
        (BINDS, "app:db.metadatas", {"user", "sale"}),
    ],
)
def test_models_are_found(shell: Shell, files: Mapping[str, str], models: str, tables: set[str]) -> None:
    write(shell, files)
    found = shell("plan", "--dry-run", "--format", "json", "--models", models, code=1).json
    assert {one["table"] for one in found["operations"]} == tables


@pytest.mark.parametrize(
    ("files", "models", "words"),
    [
        # What would work is named.
        (PACKAGE, "app", ('models = "app.*"',)),
        (PACKAGE, "app.base", ('models = "app.base:Base"',)),
        (PACKAGE, "app.base:Base", ("declares no tables", "user.py (User)", 'models = "app.models.*"')),
        (PACKAGE, "app.base:db", ('no attribute "db"', "item.py (Item)", 'models = "app.models.*"')),
        (PACKAGE, "app.models.user:base", ('no attribute "base"', "What holds models in it is Base.")),
        (PACKAGE, "app.modles:Base", ('no module "app.modles"', "In app there are base, models.")),
        ({"src/app.py": BASE}, "app:Base", ("in the folder src", "PYTHONPATH=src")),
        (FACTORY, "app:create_app", ("could not be called", "It takes name", 'app:create_app("name")')),
        (FACTORY, "app:create_app()", ("could not be called", 'app:create_app("name")')),
        (FACTORY, "app:create_app('x').shards['ap']", ("there is no key 'ap'", "It has 'eu', 'us'.")),
        # Nothing of a setting is evaluated.
        (FACTORY, "app:create_app(open('x'))", ("\"open('x')\" in it is neither a name nor a literal",)),
        (FACTORY, "app:create_app(*names)", ('"*names" in it',)),
        (FACTORY, "app:create_app(**{'name': 'x'})", ("neither a name nor a literal",)),
        (FACTORY, "app:create_app('x') or app", ("neither a name nor a literal",)),
        (FACTORY, "app:import os", ('"import os" in it',)),
        # Patterns.
        (PACKAGE, "*.models", ("the first part names a package",)),
        (PACKAGE, "app.models.*:Base", ('models = "app.models.*"',)),
        (PACKAGE, "app.b*", ("declares no tables", 'models = "app.models.*"')),
        # No table twice, and none of another database.
        (
            TWO,
            "one:base, two:base",
            ('"user" is declared twice', "in one:base (user) and in two:base (user)"),
        ),
        (BINDS, "app:db", ("sale (bind reports)", "app:db.metadatas['reports']")),
        (BINDS, "shop.*, app.*", ("sale (bind reports)", "app:db.metadatas['reports']")),
    ],
)
def test_what_would_work_is_told(
    shell: Shell, files: Mapping[str, str], models: str, words: tuple[str, ...]
) -> None:
    write(shell, files)
    told = shell("plan", "--models", models, code=2).err
    for one in words:
        assert one in told


@pytest.mark.parametrize(
    ("files", "setting"),
    [
        (PACKAGE, "app.models.*"),
        (BLUEPRINTS, "app.*"),
        ({"models.py": BASE + model("user", "")}, "models:Base"),
    ],
)
def test_where_nobody_names_models_those_on_disk_are_told(
    shell: Shell, files: Mapping[str, str], setting: str
) -> None:
    write(shell, {**files, "schemadiff.toml": ""})
    for command in ("plan", "check", "models"):
        told = shell(command, code=2).err
        assert "no models are named" in told
        assert f'Here that may be models = "{setting}".' in told


def test_a_list_of_settings_with_commas_inside(shell: Shell) -> None:
    """Also in the file, whose lists are joined."""
    write(shell, FACTORY)
    shell.write(
        "schemadiff.toml", "models = [\"app:create_app('a', debug=True)\", \"app:create_app('b')\"]\n"
    )
    found = shell("plan", "--dry-run", "--format", "json", code=1).json
    assert {one["table"] for one in found["operations"]} == {"a", "b"}


def test_a_side_of_diff_may_be_a_pattern(shell: Shell) -> None:
    write(shell, PACKAGE)
    assert "create table item" in shell("diff", shell.url, "app.models.*", code=1).out


def test_an_attribute_path_is_names_keys_and_calls() -> None:
    found = attribute_path.parse('db.metadatas["a"](1, [None], debug={"x": -1})')
    assert found == (
        Attribute("db"),
        Attribute("metadatas"),
        Key("a"),
        Call((1, [None]), (("debug", {"x": -1}),)),
    )
    assert attribute_path.split("a:b, c:d('x, y', [1, 2]),") == ("a:b", "c:d('x, y', [1, 2])")
