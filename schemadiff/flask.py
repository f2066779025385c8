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
    from flask.cli import AppGroup, with_appcontext
except ModuleNotFoundError as error:
    raise ImportError(
        f'schemadiff.flask needs Flask, and "{error.name}" is not installed: '
        "pip install 'sqlalchemy-schemadiff[flask]'"
    ) from None

from sqlalchemy.engine import Engine

from schemadiff.cli.command_table import COMMANDS, Command, OfFlask
from schemadiff.cli.output import renderer_for
from schemadiff.config.options import SETTINGS, Option, options_of, words_of
from schemadiff.config.settings import Choice
from schemadiff.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal

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
        **settings: Unpack[Choice],
    ) -> None:
        for key in settings:
            if key not in Choice.__annotations__:
                raise TypeError(f"Migrate() got an unexpected keyword argument '{key}'")
        self.db = db
        self.directory = directory
        self.command = command
        self._settings = settings
        if app is not None:
            self.init_app(app)

    @property
    def settings(self) -> dict[str, Any]:
        """What is said here, as a settings file would."""
        said: dict[str, Any] = {"versions": self.directory, **self._settings}
        for key, value in said.items():
            if SETTINGS[key].kind == "list" and isinstance(value, str):
                said[key] = (value,)
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


@db_commands.command()
def init() -> None:
    """Make the directory of revisions."""

    from schemadiff.cli import guard
    from schemadiff.cli.init import make_directory

    speak = _speak_here()

    def work(terminal: Terminal) -> int:
        make_directory(terminal, _project({}, terminal.hide).settings.versions)
        terminal.note((("-> ", "cyan"), speak("then write the first revision: schemadiff plan")))
        return 0

    click.get_current_context().exit(guard.run(work, renderer_for("text", "init", speak)))


class _Command(click.Command):
    command = ""
    """What `schemadiff` calls it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Also answers in the format that was asked for where the options cannot be understood."""
        given = list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            from schemadiff.cli import guard
            from schemadiff.cli.call import format_asked_for
            from schemadiff.cli.terminal.terminal import Terminal

            path = error.ctx.command_path if error.ctx else str(self.name)
            output = renderer_for(format_asked_for(given), self.command)
            guard.answer_failure(Terminal(), output, error.format_message(), guard.usage_hint(path))
            raise


def _register(command: Command, own: OfFlask) -> None:
    """Makes the command one of `flask db`, with the options that do not name the project."""

    def run(**given: Any) -> None:
        _finish(command, given)

    run.__doc__ = own.help
    for option in reversed(options_of(command.name)):
        if option.names_project or option.name == own.by_place:
            continue
        run = click.option(*option.flags, **_of_click(option, command.name))(run)
    if own.by_place:
        run = click.argument(own.by_place, type=int, required=False, metavar="[N]")(run)
    made = click.command(own.name, cls=_Command)(with_appcontext(run))
    made.command = command.name
    db_commands.add_command(made)


def _of_click(option: Option, command: str) -> dict[str, Any]:
    """The option as Click wants it."""
    found: dict[str, Any] = {
        "help": option.help,
        "metavar": option.metavar,
        "default": option.default,
        "show_default": option.default is not None,
        "multiple": option.kind == "list",
        "is_flag": option.kind == "flag",
    }
    if option.kind == "word":
        found["type"] = click.Choice(words_of(option, command))
    elif option.kind == "number":
        found["type"] = int
    elif option.kind == "seconds":
        found["type"] = click.FloatRange(min=option.least)
    return {name: value for name, value in found.items() if value is not None and value is not False}


for _command in COMMANDS.values():
    if _command.of_flask:
        _register(_command, _command.of_flask)


def _speak_here() -> Callable[[str], str]:
    """Puts texts into the words of the group that is running."""
    context = click.get_current_context()
    group = context.parent.info_name if context.parent else None
    return partial(_speak, command=f"flask {group or 'db'}")


def _finish(command: Command, given: Mapping[str, Any]) -> None:
    """Runs a command's work on the application's project, and exits with its code."""
    from schemadiff.cli.call import call

    click.get_current_context().exit(call(command, given, _project, speak=_speak_here()))


def _project(given: Mapping[str, Any], hide: Callable[[Sequence[str]], object]) -> Project:
    """The project of the current application. Raises `ConfigError` when it was not told about schemadiff."""
    from schemadiff.cli.project import Project
    from schemadiff.config.settings import settings
    from schemadiff.database.url import secrets_of

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
    # The engine itself, and not its URL: how it connects may stand in SQLALCHEMY_ENGINE_OPTIONS, or in its events.
    engine = _engine(db)
    said = settings(application=found.settings, **given)
    return Project(said, engine, db, secrets_of(engine.url), hide)


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
    for one in COMMANDS.values():
        if own := one.of_flask:
            option = rf"(?: --{own.by_place} (?=\d))?" if own.by_place else ""
            text = re.sub(rf"schemadiff {one.name}{option}", _keep_gap(f"{command} {own.name}"), text)
    return text


def _keep_gap(command: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"{command} " if match[0].endswith(" ") else command
