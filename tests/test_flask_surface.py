"""Flask-Migrate's whole surface is honoured or answered: each command, option, function, parameter and keyword that it
tells itself (``flask_migrate_surface.json``, made by ``python -m tools.flask_migrate_surface``).
"""

from __future__ import annotations

import inspect
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import schemadiff.flask
from schemadiff.errors import ConfigError, PendingError, SchemadiffError, UsageError
from schemadiff.flask import Migrate, db_commands
from schemadiff.flask.configuration import Configuration
from schemadiff.flask.speech import speaking
from schemadiff.flask.surface import BY_NAME, KEYWORDS
from schemadiff.flask.targets import Line, with_relative_last

TOLD: dict[str, Any] = json.loads((Path(__file__).parent / "flask_migrate_surface.json").read_text())
COMMANDS: dict[str, Any] = TOLD["commands"]
SPEAK = speaking("flask db")
OPTIONS = [(command, option) for command, told in COMMANDS.items() for option in told["options"]]
PARAMETERS = [(function, one) for function, told in TOLD["functions"].items() for one in told]

VALUES = {
    "directory": "versions",
    "rev_range": "1:2",
    "message": "words",
    "head": "1",
    "template": "multidb",
    "version_path": "elsewhere",
    "branch_label": "label",
    "rev_id": "ae1027a6acf",
    "x_arg": "tenant=a",
    "tag": "night",
    "revision": "head",
    "revisions": "1 2",
}
"""What is given where an option takes a value: not what stands there anyway."""


class Site:
    """An application at revision 1 of 2, in a folder that is the current one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = SQLAlchemy()
        self.app = Flask("site", instance_path=str(folder))
        self.app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{folder}/site.sqlite"
        self.db.init_app(self.app)
        self.migrate = Migrate(self.app, self.db)
        self.user = sa.Table(
            "user",
            self.db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("email", sa.String(50)),
        )

    def __call__(self, *arguments: str, group: tuple[str, ...] = ()) -> click.testing.Result:
        result = self.app.test_cli_runner().invoke(args=[*group, "db", *arguments])
        self.close()
        return result

    def said(self, *arguments: str, code: int = 0) -> str:
        result = self(*arguments)
        assert result.exit_code == code, result.output
        return result.output

    def close(self) -> None:
        with self.app.app_context():
            self.db.engine.dispose()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site as each test finds it."""
    folder = tmp_path_factory.mktemp("made")
    versions = folder / "versions"
    versions.mkdir()
    (versions / "0001_begin.py").write_text(
        '"""begin\n\nSaid below.\n"""\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n'
        '    op.create_table("user", sa.Column("id", sa.Integer, primary_key=True))\n'
    )
    (versions / "0002_email.py").write_text(
        '"""add email"""\nimport sqlalchemy as sa\n\n\ndef upgrade(op):\n'
        '    op.add_column("user", sa.Column("email", sa.String(50)))\n'
    )
    schemadiff.apply(f"sqlite:///{folder}/site.sqlite", versions, to=1)
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    folder = tmp_path / "site"
    shutil.copytree(made, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.delenv("VISUAL", raising=False)
    for name in ("SCHEMADIFF_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    found = Site(folder)
    yield found
    found.close()


def test_every_command_is_there() -> None:
    assert set(COMMANDS) == set(BY_NAME)
    assert set(COMMANDS) <= set(db_commands.commands)
    flags = {flag for one in db_commands.params for flag in one.opts}
    assert flags >= {flag for one in TOLD["group"].values() for flag in one["flags"]}


@pytest.mark.once
@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_is_honoured_or_answered(site: Site, command: str, option: str) -> None:
    told = COMMANDS[command]["options"][option]
    known = next(one for one in BY_NAME[command].known if one.option.parameter == option)
    instead = BY_NAME[command].instead or known.instead
    assert known.becomes or instead
    if command in ("migrate", "revision", "check"):
        site.said("upgrade")
    more = {"stamp": ["--force"], "downgrade": ["--allow", "all"]}.get(command, [])
    value = [VALUES[option]] if told["takes_value"] else []
    for flag in told["flags"]:
        output = site.said(command, *more, flag, *value, code=2 if instead else 0)
        if instead:
            assert output.startswith("error: ")
            assert SPEAK(instead) in output


@pytest.mark.parametrize("command", [name for name, told in COMMANDS.items() if told["arguments"]])
def test_an_argument_is_what_it_is_where_it_is_left_out(command: str) -> None:
    (default,) = COMMANDS[command]["arguments"].values()
    assert BY_NAME[command].revision == (default or "")


@pytest.mark.parametrize("name", TOLD["functions"])
def test_a_function_has_the_same_parameters(name: str) -> None:
    found = inspect.signature(getattr(schemadiff.flask, name)).parameters.values()
    named = [[one.name, one.default] for one in found if one.kind is not one.VAR_KEYWORD]
    assert named == [[one, default] for one, default in TOLD["functions"][name].items()]


@pytest.mark.once
@pytest.mark.parametrize(("function", "parameter"), PARAMETERS)
def test_every_parameter_is_honoured_or_answered(
    site: Site, function: str, parameter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    default = TOLD["functions"][function][parameter]
    value = not default if isinstance(default, bool) else VALUES[parameter]
    command = BY_NAME[function.replace("_", "-")]
    known = [one for one in command.known if one.option.parameter == parameter]
    instead = command.instead or next((one.instead for one in known if one.instead), "")
    more: dict[str, Any] = {}
    if function == "downgrade":
        value, more = ("base" if parameter == "revision" else value), {"allow": ["all"]}
    elif function == "stamp":
        more = {"force": True}
    elif function in ("migrate", "revision"):
        with site.app.app_context():
            schemadiff.flask.upgrade()
    call: Callable[..., None] = getattr(schemadiff.flask, function)
    with site.app.app_context():
        if instead:
            with pytest.raises(UsageError, match=re.escape(SPEAK(instead))):
                call(**{parameter: value}, **more)
        elif function == "check":
            with pytest.raises(PendingError, match="do not agree"):
                call(**{parameter: value})
        else:
            call(**{parameter: value}, **more)
    told = capsys.readouterr()
    assert "[y/N]" not in told.err


def test_functions_do_what_the_commands_do(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    here = schemadiff.flask
    with pytest.raises(ConfigError, match="there is no application"):
        here.upgrade()
    with site.app.app_context():
        here.upgrade(revision="+1", tag="night", x_arg="a=b")
        assert "at revision 0002" in capsys.readouterr().err
        here.upgrade()
        assert "nothing to apply" in capsys.readouterr().err
        here.check()
        here.current(verbose=True)
        assert "0002_email.py" in capsys.readouterr().out
        with pytest.raises(SchemadiffError, match="SD102") as caught:
            here.downgrade()
        assert "schemadiff" not in str(caught.value)
        here.downgrade(allow=["SD102"])
        with pytest.raises(TypeError, match="'allowed'"):
            here.upgrade(allowed=["SD102"])
        with pytest.raises(UsageError, match="there is no revision 9"):
            here.show(revision="9")
        capsys.readouterr()
        here.upgrade(sql=True)
        assert "ADD COLUMN" in capsys.readouterr().out
        here.downgrade(revision="base", allow=["all"])
        assert "revision 0000" in capsys.readouterr().err


def test_the_ways_to_name_a_revision(site: Site) -> None:
    def at(*arguments: str) -> str:
        site.said(*arguments)
        found = re.search(r"revision (\d{4}) of", site.said("current"))
        assert found
        return found[1]

    down = ("--allow", "all")
    assert at("upgrade", "+1") == "0002"
    assert at("downgrade", "-1", *down) == "0001"
    assert at("downgrade", *down, "--", "-1") == "0000"
    assert at("upgrade", "head-1") == "0001"
    assert at("upgrade", "1:2") == "0002"
    assert at("downgrade", *down, "-2") == "0000"
    assert at("upgrade", "0002_email") == "0002"
    assert at("downgrade", "head:1", *down) == "0001"
    assert at("downgrade", "base", *down) == "0000"
    assert at("upgrade", "head") == "0002"
    assert at("upgrade", "heads") == "0002"
    assert at("downgrade", "current-1", *down) == "0001"
    assert at("stamp", "base", "--force") == "0000"
    assert at("stamp", "--purge", "1") == "0001"
    assert "ADD COLUMN" in site.said("upgrade", "1:head", "--sql")
    assert "begins where the database is" in site.said("upgrade", "0:2", code=2)
    assert "the revisions go from 0 to 2" in site.said("upgrade", "+2", code=2)
    assert "before the first revision" in site.said("downgrade", "-2", *down, code=2)
    assert "looks like an id of Alembic's" in site.said("upgrade", "ae1027a6acf", code=2)
    assert "add email" in site.said("show")
    assert "begin" in site.said("show", "current")
    assert "create table user" in site.said("show", "1")


def test_history_and_heads(site: Site) -> None:
    assert site.said("history", "-r", "2:").splitlines()[0] == "0002 pending add email"
    assert "0001 applied begin (current)" in site.said("history", "-i")
    assert "(current)" not in site.said("history")
    assert "     Said below." in site.said("history", "-v", "-r", "-1:current").splitlines()
    assert "0002" not in site.said("history", "-r", ":current")
    assert "is no range" in site.said("history", "-r", "2", code=2)
    assert json.loads(site.said("history", "-r", "2:2", "--format", "json"))["revisions"][0]["number"] == 2
    assert site.said("heads") == "0002 add email (head)\n"
    assert "0002_email.py" in site.said("heads", "-v")
    assert "there are no templates" in site.said("list-templates")


def test_migrate_and_revision(site: Site) -> None:
    site.said("upgrade")
    site.user.append_column(sa.Column("phone", sa.String(20)))
    site.said("revision", "--autogenerate", "-m", "phones", "--head", "head")
    assert "phone" in (site.folder / "versions" / "0003_phones.py").read_text()
    site.said("upgrade")
    site.said("revision", "-m", "fill phones")
    assert "op.execute" in (site.folder / "versions" / "0004_fill_phones.py").read_text()


def test_edit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "0002_email.py" in site.said("edit")
    assert "0001_begin.py" in site.said("edit", "current")
    monkeypatch.setenv("EDITOR", "sed -i s/Integer/BigInteger/")
    assert "flask db current" in site.said("edit", "1")
    site.said("check", code=2)
    monkeypatch.setenv("EDITOR", "false")
    assert "cannot edit" in site.said("edit", code=2)
    assert "there is no revision 7" in site.said("edit", "7", code=2)


def test_the_directory_can_be_said_in_two_places(site: Site) -> None:
    (site.folder / "versions").rename(site.folder / "elsewhere")
    assert "add email" in site.said("-d", "elsewhere", "heads")
    assert "add email" in site.said("history", "-d", "elsewhere")
    assert "revision 0001" in site.said("-d", "nowhere", "current", "--directory", "elsewhere")
    assert "there is no directory nowhere" in site.said("-d", "nowhere", "upgrade", code=2)
    assert "made the directory" in site.said("init", "-d", "new/one", "--package", "--multidb")
    assert (site.folder / "new" / "one" / "__init__.py").read_text() == ""


GIVEN: dict[str, Any] = {
    "directory": "versions",
    "command": "schema",
    "compare_type": True,
    "render_as_batch": True,
    "transaction_per_migration": True,
}


@pytest.mark.parametrize(
    "keyword", sorted({*TOLD["configure"], *TOLD["migrate"], *TOLD["init_app"]} - {"app", "db"})
)
def test_every_keyword_is_honoured_or_named(
    site: Site, keyword: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert keyword in KEYWORDS
    caplog.set_level(logging.INFO, "schemadiff.flask")
    app = Flask("site")
    for make in (
        lambda given: Migrate(app, site.db, **given),
        lambda given: Migrate(db=site.db).init_app(app, **given),
    ):
        caplog.clear()
        app.cli.commands.clear()
        make({keyword: GIVEN.get(keyword, object())})
        if KEYWORDS[keyword].followed:
            assert caplog.messages == []
        else:
            assert caplog.messages == [f"Migrate() does without {keyword} ({KEYWORDS[keyword].becomes})"]


@pytest.mark.parametrize(("method", "function"), [("__init__", "migrate"), ("init_app", "init_app")])
def test_migrate_takes_its_arguments_by_place(method: str, function: str) -> None:
    taken = list(inspect.signature(getattr(Migrate, method)).parameters)
    assert taken[1:-1] == list(TOLD[function])


def test_what_is_missed_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "schemadiff.flask")
    Migrate(Flask("one"), SQLAlchemy(), "migrations", "db", True, True)
    assert [one.levelname for one in caplog.records] == ["INFO"]
    Migrate(Flask("two"), SQLAlchemy(), compare_type=False, render_as_batch=True)
    assert [one.levelname for one in caplog.records] == ["INFO", "WARNING"]
    with pytest.raises(TypeError, match="'compare_types'"):
        Migrate(compare_types=True)
    with pytest.raises(TypeError, match="'compare_types'"):
        Migrate().init_app(Flask("three"), compare_types=True)


def test_what_include_object_refuses_takes_no_part(site: Site) -> None:
    site.said("upgrade")
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE spatial_ref (id INTEGER PRIMARY KEY)"))
        connection.execute(sa.text("ALTER TABLE user ADD COLUMN theirs INTEGER"))
        connection.execute(sa.text("CREATE INDEX by_hand ON user (email)"))
    for name in ("extra", "view_of"):
        sa.Table(name, site.db.metadata, sa.Column("id", sa.Integer, primary_key=True))
    asked: set[tuple[str, str, bool]] = set()

    def include_object(found: Any, name: str, type_: str, reflected: bool, compare_to: object) -> bool:
        asked.add((type_, name, reflected))
        assert found.name == name
        return name not in ("spatial_ref", "theirs", "by_hand", "view_of")

    told = site.said("check", code=1)
    assert all(name in told for name in ("spatial_ref", "theirs", "by_hand", "view_of", "extra"))
    Migrate(site.app, site.db, include_object=include_object)
    told = site.said("check", code=1)
    assert "extra" in told
    assert not any(name in told for name in ("spatial_ref", "theirs", "by_hand", "view_of"))
    assert asked >= {
        ("table", "user", False),
        ("table", "spatial_ref", True),
        ("column", "theirs", True),
        ("column", "email", False),
        ("index", "by_hand", True),
    }

    def include_name(name: str | None, type_: str, parents: dict[str, str | None]) -> bool:
        if type_ in ("column", "index"):
            assert parents["table_name"]
        return name in ("user", "id", "email", None)

    Migrate(site.app, site.db, include_name=include_name)
    assert "no differences" in site.said("check")

    def fails(*_given: object) -> bool:
        raise ValueError("the application's own mistake")

    Migrate(site.app, site.db, include_object=fails)
    told = site.said("check", code=2)
    assert (
        "include_object, which Migrate was given, failed: ValueError: the application's own mistake" in told
    )
    assert "defect" not in told


def test_other_keywords_are_followed(site: Site) -> None:
    site.said("upgrade")
    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE old_versions (id INTEGER PRIMARY KEY)"))
    assert "old_versions" in site.said("check", code=1)
    Migrate(site.app, site.db, version_table="old_versions")
    assert "no differences" in site.said("check")
    other = sa.MetaData()
    sa.Table("shop", other, sa.Column("id", sa.Integer, primary_key=True))
    Migrate(site.app, site.db, version_table="old_versions", target_metadata=other)
    told = site.said("check", code=1)
    assert "create table shop" in told
    assert "drop table user" in told


def test_callbacks_of_configure(site: Site) -> None:
    seen: list[tuple[list[str], str | None]] = []

    @site.migrate.configure
    def configure(config: Configuration) -> Configuration:
        seen.append((config.cmd_opts.x, config.cmd_opts.tag))
        config.set_main_option("compare_type", "true")
        assert config.get_main_option("nothing", "else") == "else"
        assert config.get_section("alembic") == {"compare_type": "true"}
        return config

    site.said("-x", "a=1", "upgrade", "-x", "b=2", "--tag", "night")
    assert seen == [(["a=1", "b=2"], "night")]

    @site.migrate.configure
    def elsewhere(config: Configuration) -> None:
        config.set_main_option("sqlalchemy.url", f"sqlite:///{site.folder}/100%%.sqlite")
        config.set_main_option("script_location", "other")

    shutil.copytree(site.folder / "versions", site.folder / "other")
    (site.folder / "other" / "0002_email.py").unlink()
    site.said("upgrade")
    assert (site.folder / "100%.sqlite").is_file()
    assert "revision 0001 of 0001" in site.said("current")


def test_what_the_application_keeps(site: Site) -> None:
    for method in TOLD["methods"]:
        assert callable(getattr(Migrate, method))
    found = site.app.extensions["migrate"]
    assert (found.db, found.migrate, found.directory) == (site.db, site.migrate, None)
    assert found.metadata is site.db.metadata
    assert found.configure_args == {}
    with pytest.raises(RuntimeError, match=r"schemadiff\.flask\.upgrade\(\)"):
        found.migrate.get_config("versions")
    Migrate(site.app, site.db, "history", include_schemas=True)
    assert site.app.extensions["migrate"].directory == "history"


ALEMBIC = '"""begin"""\nrevision = {id!r}\ndown_revision: str | None = None\n\n\ndef upgrade():\n    pass\n'


@pytest.mark.parametrize(
    "name", ["ae1027a6acf1_begin.py", "123456789012_begin.py", "0003_begin.py", "0001_again.py"]
)
def test_a_revision_of_alembics_is_told_apart(site: Site, name: str) -> None:
    (site.folder / "versions" / name).write_text(ALEMBIC.format(id="ae1027a6acf1"))
    for command in ("upgrade", "check", "current", "heads"):
        told = " ".join(site.said(command, code=2).split())
        assert f"{name}: this is an Alembic revision: ae1027a6acf1" in told
        assert "flask db baseline --from-alembic" in told


def test_a_directory_of_alembics_is_not_simply_empty(site: Site) -> None:
    (site.folder / "migrations" / "versions").mkdir(parents=True)
    (site.folder / "migrations" / "env.py").touch()
    told = site.said("upgrade", "-d", "migrations", code=2)
    assert "migrations is a directory of Alembic's" in told
    assert "flask db baseline --from-alembic" in told


@pytest.mark.parametrize("word", ["", "+", "-", "1-", "newest", "head+", "9" * 20, "²", "1:", "current:"])
def test_what_names_no_revision(word: str) -> None:
    with pytest.raises(UsageError):
        Line(3, lambda: 2).number(word)


def test_relative_revisions_are_no_options() -> None:
    takes = frozenset({"--lock-wait", "-r"})
    assert with_relative_last(["-1"], takes) == ["--", "-1"]
    assert with_relative_last(["-2", "--allow-x", "--lock-wait", "-1"], takes) == [
        "--allow-x",
        "--lock-wait",
        "-1",
        "--",
        "-2",
    ]
    assert with_relative_last(["-r", "-3:current"], takes) == ["-r", "-3:current"]
    assert with_relative_last(["-y", "--", "-1"], takes) == ["-y", "--", "-1"]
    assert with_relative_last(["--lock-wait"], takes) == ["--lock-wait"]
