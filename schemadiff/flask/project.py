"""The project of the current application: its engine, its models, what `Migrate` was told about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy.engine import Engine

from schemadiff.cli.project import Project
from schemadiff.config.settings import settings
from schemadiff.database.url import secrets_of
from schemadiff.errors import ConfigError
from schemadiff.flask.configuration import Configuration
from schemadiff.flask.configured import EXTENSION, Configured
from schemadiff.flask.refusals import refusals


def project_of(
    given: Mapping[str, Any],
    hide: Callable[[Sequence[str]], object],
    x: Sequence[str] = (),
    tag: str | None = None,
) -> Project:
    """The project, with the settings that were given. Raises `ConfigError` where the application was not told about
    schemadiff.
    """
    found = configured()
    told = found.migrate.call_configure_callbacks(Configuration(x, tag))
    db = found.db if found.db is not None else current_app.extensions.get("sqlalchemy")
    if db is None:
        raise ConfigError(
            f'the application "{current_app.name}" has no Flask-SQLAlchemy',
            hint="Hand it over: schemadiff.flask.Migrate(app, db).",
        )
    application = dict(found.settings)
    if told.directory:
        application["versions"] = told.directory
    said = settings(application=application, **given)
    models = found.configure_args.get("target_metadata")
    models = db if models is None else models
    refuses = refusals(found.configure_args, models)
    if told.url:
        return Project(said, told.url, models, secrets_of(told.url), hide, refuses)
    # The engine itself, and not its URL: how it connects may stand in SQLALCHEMY_ENGINE_OPTIONS, or in its events.
    engine = engine_of(db)
    return Project(said, engine, models, secrets_of(engine.url), hide, refuses)


def configured() -> Configured:
    """Return the configuration of the current application. Raises `ConfigError` if it has none."""
    try:
        found = current_app.extensions.get(EXTENSION)
    except RuntimeError as error:
        raise ConfigError(
            "there is no application: this works in an application context",
            hint="with app.app_context(): upgrade()",
        ) from error
    if not isinstance(found, Configured):
        raise ConfigError(
            f'the application "{current_app.name}" does not know schemadiff',
            hint="Call schemadiff.flask.Migrate(app, db) where the application is made.",
        )
    return found


def engine_of(db: Any) -> Engine:
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
