"""Dialects of other packages, found by entry points that are really there, in metadata on the path."""

import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from schemadiff.dialects import Dialect
from schemadiff.dialects.contract import registry
from schemadiff.dialects.sqlite.dialect import SQLite
from schemadiff.errors import ConfigError, UnsupportedError

OWN = ("mysql", "mariadb", "postgresql", "sqlite")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Install":
    """The function that puts a package with an entry point on the path."""
    monkeypatch.syspath_prepend(tmp_path)
    return Install(tmp_path)


class Install:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, package: str, name: str, value: str, source: str = "") -> None:
        metadata = self.folder / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{name} = {value}\n")
        (self.folder / f"{package}.py").write_text(source)


def test_a_dialect_is_found_by_its_entry_point(install: Install) -> None:
    install(
        "elsewhere_good",
        "elsewhere",
        "elsewhere_good:Mine",
        "from schemadiff.dialects.sqlite.dialect import SQLite\nclass Mine(SQLite):\n    name = 'elsewhere'\n",
    )
    dialect = registry.offline_dialect("elsewhere")
    assert dialect.name == "elsewhere"
    assert isinstance(dialect, SQLite)
    assert registry.names()[: len(OWN)] == OWN
    assert "elsewhere" in registry.names()
    assert registry.connecting(make_url("elsewhere+driver:///x")) is SQLite.connecting


def test_nobody_takes_the_place_of_a_built_in_dialect(install: Install) -> None:
    install("elsewhere_rude", "sqlite", "elsewhere_rude:Mine", "Mine = 1\n")
    assert registry.dialect_class("sqlite") is SQLite
    assert registry.names().count("sqlite") == 1


def test_an_unknown_database_is_refused_by_name(install: Install) -> None:
    install("elsewhere_other", "other", "elsewhere_other:Other")
    with pytest.raises(UnsupportedError, match='does not know the database "oracle"') as caught:
        registry.dialect_class("oracle")
    assert re.search(r"knows mysql, mariadb, postgresql, sqlite,.* other", str(caught.value.hint))


@pytest.mark.parametrize(
    ("value", "source", "words"),
    [
        ("elsewhere_bad:Mine", "import nothing_of_that_name", "cannot be loaded from elsewhere_bad 1.0"),
        ("elsewhere_bad:Mine", "raise SystemError('no')", "SystemError: no"),
        ("elsewhere_bad:Mine", "", "AttributeError"),
        ("elsewhere_bad:Mine", "Mine = 1", "is none: elsewhere_bad:Mine"),
        ("elsewhere_bad:Mine", "class Mine: pass", "is none"),
    ],
)
def test_a_dialect_that_cannot_be_used_is_named(
    value: str, source: str, words: str, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("elsewhere_bad", "bad", value, source)
    monkeypatch.delitem(sys.modules, "elsewhere_bad", raising=False)
    with pytest.raises(ConfigError, match=re.escape(words)):
        registry.dialect_class("bad")


def test_two_packages_for_one_database_are_named(install: Install) -> None:
    install("elsewhere_one", "twice", "elsewhere_one:Mine")
    install("elsewhere_two", "twice", "elsewhere_two:Mine")
    with pytest.raises(ConfigError, match="several packages") as caught:
        registry.dialect_class("twice")
    assert re.search(
        r"elsewhere.one 1\.0, elsewhere.two 1\.0|elsewhere.two 1\.0, elsewhere.one 1\.0", str(caught.value)
    )


def test_entry_points_are_looked_for_only_for_what_is_not_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the metadata of all packages takes as long as a command."""

    def never() -> list[object]:
        raise AssertionError("looked for")

    monkeypatch.setattr(registry, "_others", never)
    for name in OWN:
        registry.offline_dialect(name)
        registry.connection_url(make_url(f"{name}://host/database"))


def test_what_a_dialect_must_write_is_documented() -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "dialects.md").read_text()
    table = page.partition("## What has to be written")[2].partition("The canonical form is")[0]
    named = {
        word
        for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for word in re.findall(r"`(\w+)", cell)
    }
    assert named == {*Dialect.__abstractmethods__, "name", "transactional_ddl"}


def test_every_promise_of_the_contract_is_written_down() -> None:
    silent = [
        f"{part.__name__}.{name}"
        for part in Dialect.__mro__
        if part.__module__.startswith("schemadiff.dialects.contract")
        for name, member in vars(part).items()
        if not name.startswith("_")
        and (callable(member) or isinstance(member, property))
        and not member.__doc__
    ]
    assert not silent
