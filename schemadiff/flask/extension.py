"""The extension: ``Migrate(app, db)`` tells an application which database, models and revisions `flask db` works on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from flask import Flask

from schemadiff.config.settings import Choice
from schemadiff.errors import UsageError
from schemadiff.flask.commands import db_commands
from schemadiff.flask.configuration import Configuration
from schemadiff.flask.configured import EXTENSION, FAMILIAR_EXTENSION, Configured
from schemadiff.flask.surface import KEYWORDS

_LOG = logging.getLogger("schemadiff.flask")

Callback = Callable[[Any], Any]


class Migrate:
    """The extension behind `flask db`: the application's Flask-SQLAlchemy and the directory of revisions, which is
    relative to the current directory. `include`, `exclude` and `schemas` say what is compared, and `online` how tables
    are changed, as for `schemadiff.plan`; `transaction` is as for `schemadiff.apply`. `command` is the name of the
    commands where `db` is another extension's.

    The keywords of Flask-Migrate's are taken as well, and those of Alembic's ``configure()``: what they become stands
    in docs/flask.md, and one line of the log names those that nobody needs here.

    What is not said here the settings file says; an option, and then the environment, wins over both.
    """

    def __init__(
        self,
        app: Flask | None = None,
        db: Any = None,
        directory: str | None = None,
        command: str = "db",
        compare_type: Any = None,
        render_as_batch: bool | None = None,
        **keywords: Any,
    ) -> None:
        self.db = db
        self.directory = directory
        self.command = command
        self._keywords = _expect_known(keywords, compare_type, render_as_batch)
        self._callbacks: list[Callback] = []
        if app is not None:
            self.init_app(app)

    def init_app(
        self,
        app: Flask,
        db: Any = None,
        directory: str | None = None,
        command: str | None = None,
        compare_type: Any = None,
        render_as_batch: bool | None = None,
        **keywords: Any,
    ) -> None:
        """Makes `flask db` work for this application; what is given here wins over what `Migrate` was given. Raises
        `UsageError` where these commands are another extension's.
        """
        name = command or self.command
        if app.cli.commands.get(name, db_commands) is not db_commands:
            raise UsageError(
                f"`flask {name}` is another extension's in this application",
                hint='Give these commands a name of their own: Migrate(app, db, command="schema").',
            )
        together = {**self._keywords, **_expect_known(keywords, compare_type, render_as_batch)}
        configured = Configured(
            self, db if db is not None else self.db, directory or self.directory, name, together
        )
        app.extensions[EXTENSION] = configured
        if isinstance(app.extensions.get(FAMILIAR_EXTENSION, configured), Configured):
            app.extensions[FAMILIAR_EXTENSION] = configured
        _tell_not_needed(together)
        app.cli.add_command(db_commands, name)

    def configure(self, function: Callback) -> Callback:
        """Has each command call the function with a `Configuration` first: a decorator."""
        self._callbacks.append(function)
        return function

    def call_configure_callbacks(self, config: Configuration) -> Configuration:
        """Return the configuration after each of the functions has changed it, or returned another one."""
        for function in self._callbacks:
            returned = function(config)
            config = config if returned is None else returned
        return config

    def get_config(self, *_given: Any, **_options: Any) -> NoReturn:
        """Raises `RuntimeError`: code that wants Alembic's configuration has other work to call here."""
        raise RuntimeError(
            "this application uses schemadiff, which has no configuration of Alembic's: call "
            "schemadiff.flask.upgrade() and the like in the place of alembic.command"
        )


def _expect_known(
    keywords: dict[str, Any], compare_type: Any, render_as_batch: bool | None
) -> dict[str, Any]:
    """All keywords that were given. Raises `TypeError`, as Python does, for one that nobody knows."""
    for key in keywords:
        if key not in Choice.__annotations__ and key not in KEYWORDS:
            raise TypeError(f"Migrate() got an unexpected keyword argument '{key}'")
    said = {"compare_type": compare_type, "render_as_batch": render_as_batch}
    return {**keywords, **{key: value for key, value in said.items() if value is not None}}


def _tell_not_needed(keywords: Mapping[str, Any]) -> None:
    """One line of the log; a warning where somebody may expect something else to happen."""
    found = [
        (key, known, value)
        for key, value in keywords.items()
        if (known := KEYWORDS.get(key)) and not known.followed
    ]
    if found:
        harmless = all(_is_harmless(known.harmless, value) for _, known, value in found)
        level = logging.INFO if harmless else logging.WARNING
        told = "; ".join(f"{key} ({known.becomes})" for key, known, _ in found)
        _LOG.log(level, "Migrate() does without %s", told)


def _is_harmless(harmless: Sequence[object], value: object) -> bool:
    return any(value is one or (isinstance(one, str) and value == one) for one in harmless)
