"""`schemadiff init` makes what is missing and overwrites nothing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import HEAD, Shell


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """Return a project without settings."""
    folder = tmp_path / "bare"
    folder.mkdir()
    return Shell(folder, f"sqlite:///{tmp_path}/bare.sqlite")


def settings(shell: Shell, name: str) -> dict[str, Any]:
    return tomllib.loads((shell.folder / name).read_text())


def test_from_nothing(bare: Shell) -> None:
    said = bare("init").err
    assert (bare.folder / "versions").is_dir()
    assert settings(bare, "schemadiff.toml") == {"versions": "versions"}
    assert "schemadiff.toml" in said
    assert "schemadiff plan" in said
    before = (bare.folder / "schemadiff.toml").read_text()
    assert "already" in bare("init", "--models", "app:db").err
    assert (bare.folder / "schemadiff.toml").read_text() == before


def test_the_options_give_the_values(bare: Shell) -> None:
    bare(
        "init", "--models", "shop.models:Base", "--versions", "db/versions", "--url", "sqlite:///shop.sqlite"
    )
    assert (bare.folder / "db" / "versions").is_dir()
    assert settings(bare, "schemadiff.toml") == {
        "models": "shop.models:Base",
        "versions": "db/versions",
        "url": "sqlite:///shop.sqlite",
    }


def test_a_password_is_not_written(bare: Shell) -> None:
    said = bare("init", "--url", "mysql://root:s3cret-word@localhost/shop").err
    assert "SCHEMADIFF_URL" in said
    assert "s3cret-word" not in said
    assert "url" not in settings(bare, "schemadiff.toml")


def test_an_existing_pyproject_is_added_to(bare: Shell) -> None:
    text = '[project]\nname = "shop"  # as it stands'
    bare.write("pyproject.toml", text)
    bare("init", "--models", 'a"b:c')
    assert (bare.folder / "pyproject.toml").read_text().startswith(text)
    assert settings(bare, "pyproject.toml")["tool"]["schemadiff"] == {
        "models": 'a"b:c',
        "versions": "versions",
    }
    assert not (bare.folder / "schemadiff.toml").exists()


def test_a_pyproject_that_takes_no_more_is_left_alone(bare: Shell) -> None:
    text = "tool = { other = { x = 1 } }\n"
    bare.write("pyproject.toml", text)
    bare("init")
    assert (bare.folder / "pyproject.toml").read_text() == text
    assert (bare.folder / "schemadiff.toml").exists()


@pytest.mark.parametrize(
    ("file", "text", "guess"),
    [
        ("app.py", "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n", "app:db"),
        ("app.py", "from extensions import db\n", "app:db"),
        ("models.py", "class Base(DeclarativeBase):\n    pass\n", "models:Base"),
        ("site/app/db.py", "class Base(DeclarativeBase):\n    pass\n", "site.app.db:Base"),
        ("shop/tables.py", "m = MetaData()\nTable('a', m, Column('id', Integer))\n", "shop.tables:m"),
        ("shop/tables.py", "class A(db.Model):\n    id = db.Column(db.Integer)\n", "shop.tables.*"),
        ("app.py", "raise SystemExit\n", None),
        ("app.py", "database = 3\n", None),
        ("app.py", "db = = 3\n", None),
    ],
)
def test_models_are_guessed_where_that_is_clear(bare: Shell, file: str, text: str, guess: str | None) -> None:
    (bare.folder / file).parent.mkdir(parents=True, exist_ok=True)
    bare.write(file, text)
    bare("init")
    assert settings(bare, "schemadiff.toml").get("models") == guess


def test_what_it_makes_works(bare: Shell) -> None:
    bare.write("models.py", HEAD + 'Table("t", metadata, Column("id", Integer, primary_key=True))\n')
    bare("init", "--models", "models:metadata")
    bare("plan")
    bare("apply")
    bare("check")
    (bare.folder / "below").mkdir()
    below = Shell(bare.folder / "below", bare.url)
    assert "revision 0001 of 0001" in below("status").out


def test_a_directory_that_cannot_be_made(bare: Shell) -> None:
    bare.write("occupied", "")
    assert "occupied/versions" in bare("init", "--versions", "occupied/versions", code=2).err
    assert not (bare.folder / "schemadiff.toml").exists()
