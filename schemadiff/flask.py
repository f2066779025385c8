"""The Flask extension: ``Migrate(app, db)`` and the commands of ``flask db``.

    db = SQLAlchemy()
    app = Flask(__name__)
    db.init_app(app)
    Migrate(app, db)

Each command is the one of `schemadiff` that does the same, on the application's database and models: the same
output, the same questions, the same exit codes.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

try:
    import click
    from flask import Flask, current_app
    from flask.cli import AppGroup
except ModuleNotFoundError as error:
    raise ImportError(
        f'schemadiff.flask needs Flask, and "{error.name}" is not installed: '
        "pip install 'sqlalchemy-schemadiff[flask]'"
    ) from None

from sqlalchemy.engine import Engine

from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT
from schemadiff.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.config.settings import Choice, Online, Transaction

__all__ = ["Migrate", "db_commands"]

EXTENSION = "schemadiff"


class Migrate:
    """What `flask db` works on: the application's Flask-SQLAlchemy and the directory of revisions, which is relative to
    the current directory. `include`, `exclude` and `schemas` say what is compared, and `online` how tables are changed,
    as for `schemadiff.plan`; `transaction` is as for `schemadiff.apply`. `command` is the name of the commands where
    `db` is another extension's.

    What is not said here the settings file says; an option, and then the environment, wins over both.
    """

    def __init__(
        self,
        app: Flask | None = None,
        db: Any = None,
        directory: str | None = None,
        *,
        command: str = "db",
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        schemas: Sequence[str] = (),
        online: Online | None = None,
        transaction: Transaction | None = None,
    ) -> None:
        self.db = db
        self.directory = directory
        self.command = command
        self.include = (include,) if isinstance(include, str) else tuple(include)
        self.exclude = (exclude,) if isinstance(exclude, str) else tuple(exclude)
        self.schemas = (schemas,) if isinstance(schemas, str) else tuple(schemas)
        self.online = online
        self.transaction = transaction
        if app is not None:
            self.init_app(app)

    @property
    def settings(self) -> dict[str, Any]:
        """What is said here, as a settings file would."""
        said = {
            "versions": self.directory,
            "include": self.include,
            "exclude": self.exclude,
            "schemas": self.schemas,
            "online": self.online,
            "transaction": self.transaction,
        }
        return {key: value for key, value in said.items() if value}

    def init_app(self, app: Flask, db: Any = None, directory: str | None = None) -> None:
        """Makes `flask db` work for this application. Raises `UsageError` where that is another extension's."""
        if app.cli.commands.get(self.command, db_commands) is not db_commands:
            raise UsageError(
                f"`flask {self.command}` is another extension's in this application",
                hint='Give these commands a name of their own: Migrate(app, db, command="schema").',
            )
        self.db = db if db is not None else self.db
        self.directory = directory or self.directory
        app.extensions[EXTENSION] = self
        app.cli.add_command(db_commands, self.command)


db_commands = AppGroup("db", help="Carry changes of the models to the database (schemadiff).")

_allow = click.option(
    "--allow", metavar="CODE", multiple=True, help='A hazard that may pass, such as SD102, or "all".'
)
_yes = click.option("-y", "--yes", is_flag=True, help="Do not ask whether to run. Allows no hazard.")
_sql = click.option("--sql", is_flag=True, help="Print the SQL statements and change nothing.")
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Show it and change nothing; exits 1 when there is work."
)
_lock_wait = click.option(
    "--lock-wait",
    type=click.FloatRange(min=0),
    default=LOCK_WAIT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another run to end, and for locks on tables.",
)
_lock_timeout = click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0.01),
    default=LOCK_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long one try for a table's lock may make others wait behind it.",
)
_online = click.option(
    "--online",
    type=click.Choice(["auto", "always", "never"]),
    help="Change tables so that nobody has to wait: those that are not small (auto), all, none.",
)
_transaction = click.option(
    "--transaction",
    type=click.Choice(["each", "all"]),
    help="Commit each revision by itself, or all of the run together (PostgreSQL, SQLite).",
)
_include = click.option(
    "--include", metavar="GLOB", multiple=True, help="Compare no other tables: table or schema.table."
)
_exclude = click.option(
    "--exclude", metavar="GLOB", multiple=True, help="Do not compare these tables: table or schema.table."
)
_schema = click.option(
    "--schema", metavar="NAME", multiple=True, help="Also compare this schema, which no model names."
)
_format = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to write what was found.",
)


@db_commands.command()
def init() -> None:
    """Make the directory of revisions."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli.init import make_directory

        make_directory(terminal, project.versions)
        terminal.note((("-> ", "cyan"), project.speak("then write the first revision: schemadiff plan")))
        return 0

    _finish(work)


@db_commands.command()
@click.option("-m", "--message", metavar="TEXT", help="What the revision does.")
@_dry_run
@click.option("--rename", metavar="T.A=B", multiple=True, help="Column A of table T is now called B.")
@click.option("--no-renames", is_flag=True, help="What looks like a rename is a drop and an addition.")
@_online
@_include
@_exclude
@_schema
@_format
def migrate(
    message: str | None,
    dry_run: bool,
    rename: tuple[str, ...],
    no_renames: bool,
    online: Online | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    schema: tuple[str, ...],
    output: str,
) -> None:
    """Compare with the models and write the next revision."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import commands
        from schemadiff.cli.options import Format

        return commands.plan(
            terminal,
            project,
            message=message,
            dry_run=dry_run,
            renamed=rename,
            renames_allowed=not no_renames,
            output=Format(output),
        )

    _finish(work, include=include, exclude=exclude, schemas=schema, online=online)


@db_commands.command()
@click.argument("revision", type=int, required=False, metavar="[N]")
@_sql
@_dry_run
@_allow
@_yes
@_lock_wait
@_lock_timeout
@_online
@_transaction
@_format
def upgrade(
    revision: int | None,
    sql: bool,
    dry_run: bool,
    allow: tuple[str, ...],
    yes: bool,
    lock_wait: float,
    lock_timeout: float,
    online: Online | None,
    transaction: Transaction | None,
    output: str,
) -> None:
    """Run pending revisions, up to N or all of them."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import running
        from schemadiff.cli.options import Format

        asked = running.Asked(
            sql,
            dry_run,
            allow,
            yes,
            lock_wait,
            Format(output),
            lock_timeout,
        )
        return running.apply(terminal, project, asked, to=revision)

    _finish(work, online=online, transaction=transaction)


@db_commands.command()
@click.argument("revision", type=int, required=False, metavar="[N]")
@_sql
@_dry_run
@_allow
@_yes
@_lock_wait
@_lock_timeout
@_online
@_transaction
@_format
def downgrade(
    revision: int | None,
    sql: bool,
    dry_run: bool,
    allow: tuple[str, ...],
    yes: bool,
    lock_wait: float,
    lock_timeout: float,
    online: Online | None,
    transaction: Transaction | None,
    output: str,
) -> None:
    """Undo the last revision, or all after N."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import running
        from schemadiff.cli.options import Format

        asked = running.Asked(
            sql,
            dry_run,
            allow,
            yes,
            lock_wait,
            Format(output),
            lock_timeout,
        )
        return running.rollback(terminal, project, asked, to=revision)

    _finish(work, online=online, transaction=transaction)


@db_commands.command()
@_format
def current(output: str) -> None:
    """Show where the database is, and what is pending."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import standing

        return standing.status(terminal, project, output)

    _finish(work)


@db_commands.command()
@_format
def history(output: str) -> None:
    """List the revisions, applied and pending."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import standing

        return standing.history(terminal, project, output)

    _finish(work)


@db_commands.command()
@_include
@_exclude
@_schema
@_format
def check(include: tuple[str, ...], exclude: tuple[str, ...], schema: tuple[str, ...], output: str) -> None:
    """Tell whether models, revisions, database agree."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import commands
        from schemadiff.cli.options import Format

        return commands.check(terminal, project, Format(output))

    _finish(work, include=include, exclude=exclude, schemas=schema)


def _finish(
    work: Callable[[Terminal, Project], int],
    **choice: Unpack[Choice],
) -> None:
    """Runs a command's work on the application's project, and exits with its code."""
    from schemadiff.cli import guard

    context = click.get_current_context()
    group = context.parent.info_name if context.parent else None
    speak = partial(_speak, command=f"flask {group or 'db'}")

    def with_project(terminal: Terminal) -> int:
        project = _project(speak, choice)
        terminal.hide(project.secrets)
        return work(terminal, project)

    context.exit(guard.run(with_project, speak=speak))


def _project(
    speak: Callable[[str], str],
    choice: Choice,
) -> Project:
    """The project of the current application. Raises `ConfigError` when it was not told about schemadiff."""
    from schemadiff.cli.project import Project
    from schemadiff.config.settings import settings
    from schemadiff.urls import secrets_of

    found = current_app.extensions.get(EXTENSION)
    if not isinstance(found, Migrate):
        raise ConfigError(
            f'the application "{current_app.name}" does not know schemadiff',
            hint="Call schemadiff.flask.Migrate(app, db) where the application is made.",
        )
    db = found.db if found.db is not None else current_app.extensions.get("sqlalchemy")
    if db is None:
        raise ConfigError(
            f'the application "{current_app.name}" has no Flask-SQLAlchemy',
            hint="Hand it over: schemadiff.flask.Migrate(app, db).",
        )
    said = settings(application=found.settings, **choice)
    # The engine itself, and not its URL: how it connects may stand in SQLALCHEMY_ENGINE_OPTIONS, or in its events.
    engine = _engine(db)
    return Project(
        said.versions,
        engine,
        None,
        db,
        secrets_of(engine.url),
        speak,
        include=said.include,
        exclude=said.exclude,
        schemas=said.schemas,
        online=said.online,
        transaction=said.transaction,
        source=said.source,
        passed_over=said.passed_over,
    )


def _engine(db: Any) -> Engine:
    """The engine of the application's own database. Raises `ConfigError` where there is none."""
    try:
        engine = db.engine
    except AttributeError:
        engine = None
    except RuntimeError as error:  # Flask-SQLAlchemy's word for an application that it does not know
        raise ConfigError(
            f'Flask-SQLAlchemy has no database for the application "{current_app.name}": '
            f"{' '.join(str(error).split())}",
            hint="Call db.init_app(app), on the same db, where the application is made.",
        ) from error
    except KeyError as error:
        raise ConfigError(
            f'the application "{current_app.name}" names no database of its own',
            hint="Set SQLALCHEMY_DATABASE_URI.",
        ) from error
    if not isinstance(engine, Engine):
        raise ConfigError(
            f"Migrate was given {type(db).__name__}, which has no engine",
            hint="It takes the application and its Flask-SQLAlchemy: schemadiff.flask.Migrate(app, db).",
        )
    return engine


def _speak(text: str, command: str) -> str:
    """A text with the commands of `flask db` in the place of those of `schemadiff`."""
    text = re.sub(r"schemadiff apply(?: --to (?=\d))?", _keep_gap(f"{command} upgrade"), text)
    text = re.sub(r"schemadiff rollback(?: --to (?=\d))?", _keep_gap(f"{command} downgrade"), text)
    for own, others in (
        ("plan", "migrate"),
        ("status", "current"),
        ("history", "history"),
        ("check", "check"),
    ):
        text = text.replace(f"schemadiff {own}", f"{command} {others}")
    return text


def _keep_gap(command: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{command} " if match[0].endswith(" ") else command
