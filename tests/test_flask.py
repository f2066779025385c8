"""The loop that Flask users have in their fingers: `flask db init`, `migrate`, `upgrade`, `downgrade`, `check`."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from schemadiff.errors import UsageError
from schemadiff.flask import Migrate, db_commands
from tests.cli.shell import clean

ROOT = Path(__file__).resolve().parent.parent

APP = """
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from schemadiff.flask import Migrate

db = SQLAlchemy()


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50), nullable=False)


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
    db.init_app(app)
    Migrate(app, db)
    return app
"""


class Site:
    """An application and its models."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.db = SQLAlchemy()
        self.app = Flask("site", instance_path=str(folder / "instance"))
        self.app.config["SQLALCHEMY_DATABASE_URI"] = url
        self.db.init_app(self.app)
        self.migrate = Migrate(self.app, self.db, str(folder / "versions"))
        self.user = sa.Table(
            "user",
            self.db.metadata,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("name", sa.String(50), nullable=False),
        )

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        with self.app.app_context():
            self.db.engine.dispose()
        result = self.app.test_cli_runner().invoke(args=["db", *arguments])
        assert result.exit_code == code, result.output
        return result

    def rows(self, query: sa.Select[tuple[object, ...]]) -> list[tuple[object, ...]]:
        with self.app.app_context(), self.db.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def tables(self) -> set[str]:
        with self.app.app_context():
            return set(sa.inspect(self.db.engine).get_table_names())

    def close(self) -> None:
        with self.app.app_context():
            self.db.engine.dispose()


def test_the_loop(url: str, tmp_path: Path) -> None:
    site = Site(url, tmp_path)
    assert "made the directory" in site("init").output
    planned = site("migrate", "-m", "begin").output
    assert "+ create table user" in planned
    assert "flask db upgrade" in planned
    assert "schemadiff apply" not in planned
    assert "pending" in site("current").output
    site("upgrade")
    assert "no differences" in site("check").output
    assert "revision 0001 of 0001" in site("current").output

    with site.app.app_context(), site.db.engine.begin() as connection:
        connection.execute(site.user.insert().values(id=1, name="Ada"))
    site.user.append_column(sa.Column("email", sa.String(100)))
    assert "user.email" in site("check", code=1).output
    site("migrate")
    site("upgrade")
    assert site.rows(sa.select(site.user)) == [(1, "Ada", None)]
    history = site("history").output
    assert "0001 applied begin" in history
    assert "0002 applied add email to user" in history

    refused = site("downgrade", code=2).output
    assert "SD102 drops column user.email" in refused
    assert "--allow SD102" in refused
    site("downgrade", "--allow", "SD102")
    assert "revision 0001 of 0002" in site("current").output
    assert site.rows(sa.select(site.user.c.id, site.user.c.name)) == [(1, "Ada")]
    site("upgrade", "2")
    site("downgrade", "0", "--allow", "all", "--yes")
    assert site.tables() == {"schemadiff_version"}
    site.close()


@pytest.mark.engines("sqlite")
def test_mistakes_are_told_in_the_words_of_flask(url: str, tmp_path: Path) -> None:
    site = Site(url, tmp_path)
    assert "flask db migrate" in site("upgrade", code=2).output
    site("migrate")
    assert "`flask db upgrade`" in site("migrate", code=2).output
    site("upgrade")
    told = site("upgrade", "0", code=2).output
    assert told.startswith("error: ")
    assert "flask db downgrade 0" in told
    assert "schemadiff" not in told
    assert "revision 7" in site("upgrade", "7", code=2).output
    site.app.extensions.pop("schemadiff")
    assert "Migrate(app, db)" in site("upgrade", code=2).output
    site.close()


@pytest.mark.engines("sqlite")
def test_machine_output(url: str, tmp_path: Path) -> None:
    site = Site(url, tmp_path)
    planned = json.loads(site("migrate", "--format", "json").stdout)
    assert [one["kind"] for one in planned["operations"]] == ["create_table"]
    sql = site("upgrade", "--sql").stdout
    assert "CREATE TABLE" in sql
    assert sql.rstrip().endswith(";")
    assert site.tables() == set()
    assert json.loads(site("check", "--format", "json", code=1).stdout)["pending"]
    site.close()


@pytest.mark.engines("sqlite")
def test_a_database_in_memory_is_the_applications_own(tmp_path: Path) -> None:
    site = Site("sqlite:///:memory:", tmp_path)
    runner = site.app.test_cli_runner()
    for arguments in (["db", "migrate"], ["db", "upgrade"], ["db", "check"]):
        assert runner.invoke(args=arguments).exit_code == 0
    assert site.tables() == {"user", "schemadiff_version"}
    site.close()


def test_the_extension_may_come_first(tmp_path: Path) -> None:
    db = SQLAlchemy()
    migrate = Migrate()
    for number in (1, 2):
        app = Flask(f"site{number}", instance_path=str(tmp_path))
        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
        db.init_app(app)
        migrate.init_app(app, db, directory=str(tmp_path / "elsewhere"))
        assert app.extensions["schemadiff"] is app.extensions["migrate"]
        assert app.extensions["migrate"].migrate is migrate
        assert app.cli.commands["db"] is db_commands
        assert app.test_cli_runner().invoke(args=["db", "init"]).exit_code == 0
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.once
@pytest.mark.engines("sqlite")
def test_the_loop_as_processes(url: str, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(APP.format(url=url))
    for arguments, code in (
        (("init",), 0),
        (("migrate", "-m", "begin"), 0),
        (("current",), 0),
        (("upgrade",), 0),
        (("check",), 0),
        (("downgrade",), 2),
        (("downgrade", "--allow", "SD101"), 0),
        (("history",), 0),
        (("--help",), 0),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "shop:create_app", "db", *arguments],
            cwd=tmp_path,
            env=clean({}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_what_an_engine_echoes_is_no_output(tmp_path: Path) -> None:
    source = APP.format(url=f"sqlite:///{tmp_path}/database.sqlite")
    (tmp_path / "shop.py").write_text(
        source.replace("    db.init", '    app.config["SQLALCHEMY_ECHO"] = True\n    db.init')
    )
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "shop:create_app", "db", "migrate", "--format", "json"],
        cwd=tmp_path,
        env=clean({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["operations"]
    assert "SELECT" in done.stderr


def test_without_flask_the_message_says_what_to_install() -> None:
    code = "import sys; sys.modules['flask'] = None; import schemadiff.flask"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: schemadiff.flask needs Flask")
    assert "pip install 'sqlalchemy-schemadiff[flask]'" in done.stderr


@pytest.mark.engines("sqlite")
def test_what_is_compared(url: str, tmp_path: Path) -> None:
    site = Site(url, tmp_path)
    sa.Table("old", site.db.metadata, sa.Column("id", sa.Integer, primary_key=True))
    assert "create table old" in site("migrate", "--dry-run", code=1).output
    assert "create table old" not in site("migrate", "--dry-run", "--exclude", "o*", code=1).output
    Migrate(site.app, site.db, str(tmp_path / "versions"), include=["user"])
    site("migrate")
    site("upgrade")
    assert "(revision 0001, 1 table ignored)" in site("check").output
    assert "create table old" in site("check", "--include", "*", code=1).output
    site.close()


@pytest.mark.engines("mysql")
def test_settings_have_one_order(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option, the environment, the application's own code, the settings file."""
    monkeypatch.chdir(tmp_path)
    site = Site(url, tmp_path)
    Migrate(site.app, site.db)
    (tmp_path / "schemadiff.toml").write_text('versions = "history"\nonline = "always"\nexclude = ["user"]\n')
    assert "no differences" in site("migrate").output
    monkeypatch.setenv("SCHEMADIFF_EXCLUDE", "old")
    site("migrate")
    site("upgrade")
    assert (tmp_path / "history" / "0001_create_user.py").is_file()

    site.user.append_column(sa.Column("email", sa.String(100)))
    way = "ALGORITHM=INSTANT"
    assert way in site("migrate", "--dry-run", code=1).output
    assert way not in site("migrate", "--online", "never").output
    assert way in site("upgrade", "--dry-run", code=1).output
    Migrate(site.app, site.db, online="never")
    assert way not in site("upgrade", "--dry-run", code=1).output
    monkeypatch.setenv("SCHEMADIFF_ONLINE", "always")
    assert way in site("upgrade", "--dry-run", code=1).output
    assert way not in site("upgrade", "--dry-run", "--online", "never", code=1).output
    monkeypatch.setenv("SCHEMADIFF_ONLINE", "sometimes")
    assert "'sometimes'" in site("upgrade", code=2).output
    site.close()


def test_the_command_is_registered_by_migrate_alone(tmp_path: Path) -> None:
    """An entry point would take `flask db` from any other extension that is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "flask.commands" not in project.get("entry-points", {})
    app = Flask("site", instance_path=str(tmp_path))
    app.cli.add_command(click.Group("db"))
    with pytest.raises(UsageError, match="another extension's") as caught:
        Migrate(app, SQLAlchemy())
    assert 'command="schema"' in str(caught.value.hint)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    Migrate(app, SQLAlchemy(app), str(tmp_path / "versions"), command="schema")
    assert "flask schema migrate" in app.test_cli_runner().invoke(args=["schema", "init"]).output


@pytest.mark.engines("sqlite")
def test_no_models_are_a_mistake_and_no_plan(url: str, tmp_path: Path) -> None:
    site = Site(url, tmp_path)
    site("migrate")
    site("upgrade")
    site.db.metadata.clear()
    for command in ("migrate", "check"):
        told = site(command, code=2).output
        assert "declare no tables" in told
        assert "drop" not in told
    assert "revision 0001" in site("current").output
    site.close()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda app: Migrate(app, SQLAlchemy()), "Call db.init_app(app)"),
        (lambda app: Migrate(app, sa.MetaData()), "MetaData, which has no engine"),
        (Migrate, "has no Flask-SQLAlchemy"),
        (lambda app: Migrate(app, _without_default(app)), "Set SQLALCHEMY_DATABASE_URI"),
    ],
)
def test_mistakes_are_no_defects(make: Callable[[Flask], object], message: str, tmp_path: Path) -> None:
    app = Flask("site", instance_path=str(tmp_path))
    make(app)
    for command in ("migrate", "upgrade", "current"):
        result = app.test_cli_runner().invoke(args=["db", command])
        assert result.exit_code == 2
        assert message in result.output
        assert "defect" not in result.output


def _without_default(app: Flask) -> SQLAlchemy:
    app.config["SQLALCHEMY_BINDS"] = {"users": "sqlite://"}
    return SQLAlchemy(app)


@pytest.mark.engines("mysql", "postgresql")
def test_the_application_says_how_to_connect(url: str, tmp_path: Path) -> None:
    """A creator, and an event that sets a token: the URL alone leads nowhere."""
    real = sa.make_url(url)
    wrong = real.set(host="nowhere.invalid", port=1, username="nobody")
    database = "dbname" if real.get_backend_name() == "postgresql" else "database"
    arguments = real.translate_connect_args(username="user", database=database)
    connect = sa.create_engine(url).dialect.loaded_dbapi.connect

    def site(**options: object) -> Site:
        made = Site.__new__(Site)
        made.db = SQLAlchemy(engine_options=options)
        made.app = Flask("site", instance_path=str(tmp_path))
        made.app.config.update(SQLALCHEMY_DATABASE_URI=wrong)
        made.db.init_app(made.app)
        Migrate(made.app, made.db, str(tmp_path / "versions"))
        sa.Table("user", made.db.metadata, sa.Column("id", sa.Integer, primary_key=True))
        return made

    created = site(creator=lambda: connect(**arguments))
    created("migrate")
    assert json.loads(created("check", "--format", "json", code=1).stdout)["pending"]
    created.close()
    by_token = site()

    def give(dialect: object, record: object, positional: object, keywords: dict[str, object]) -> None:
        keywords.clear()
        keywords.update(arguments)

    with by_token.app.app_context():
        sa.event.listen(by_token.db.engine, "do_connect", give)
    by_token("upgrade")
    by_token("check")
    by_token.close()


@pytest.mark.engines("sqlite")
def test_all_revisions_of_a_run_together(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site = Site(url, tmp_path)
    site("migrate")
    (tmp_path / "versions" / "0002_wrong.py").write_text(
        'def upgrade(op):\n    op.execute("UPDATE nowhere SET a = 1")\n'
    )
    assert "at revision 0000" in site("upgrade", "--transaction", "all", code=2).output
    Migrate(site.app, site.db, transaction="all")
    assert "at revision 0000" in site("upgrade", code=2).output
    assert "at revision 0001" in site("upgrade", "--transaction", "each", code=2).output
    site.close()
