"""The project of the current application: its engine, its models, what `Migrate` was told about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Engine

from schemadiff.cli.project import Project
from schemadiff.config.settings import Settings, settings
from schemadiff.database.url import secrets_of
from schemadiff.errors import ConfigError
from schemadiff.flask.binds import Bind, directory_of, engines_of, label, metadata_of
from schemadiff.flask.configuration import Configuration
from schemadiff.flask.configured import EXTENSION, Configured
from schemadiff.flask.refusals import refusals


@dataclass(frozen=True, slots=True)
class Told:
    """An application and a call together: ``config`` is what the functions of `@migrate.configure` made."""

    configured: Configured
    config: Configuration
    settings: Settings

    @property
    def db(self) -> Any:
        """The application's Flask-SQLAlchemy. Raises `ConfigError` where there is none."""
        found = self.configured.db
        found = current_app.extensions.get("sqlalchemy") if found is None else found
        if found is None:
            raise ConfigError(
                f'the application "{current_app.name}" has no Flask-SQLAlchemy',
                hint="Hand it over: schemadiff.flask.Migrate(app, db).",
            )
        return found


def told(given: Mapping[str, Any], x: Sequence[str] = (), tag: str | None = None) -> Told:
    """Return what holds for a call with these settings. Raises `ConfigError` where the application was not told about
    schemadiff.
    """
    found = configured()
    config = found.migrate.call_configure_callbacks(Configuration(x, tag))
    application = dict(found.settings)
    if config.directory:
        application["versions"] = config.directory
    return Told(found, config, settings(application=application, **given))


def project_of(found: Told, bind: Bind, hide: Callable[[Sequence[str]], object]) -> Project:
    """The project of one of the application's databases. Raises `ConfigError` where it cannot be had."""
    said = dataclasses.replace(found.settings, versions=directory_of(found.settings.versions, bind))
    models = _models(found, bind)
    refuses = refusals(found.configured.configure_args, models)
    if found.config.url and bind is None:
        return Project(said, found.config.url, models, secrets_of(found.config.url), hide, refuses)
    # The engine itself, and not its URL: how it connects may stand in SQLALCHEMY_ENGINE_OPTIONS, or in its events.
    engine = _engine(found.db) if bind is None else _engine_of_bind(found.db, bind)
    return Project(said, engine, models, secrets_of(engine.url), hide, refuses)


def _models(found: Told, bind: Bind) -> Any:
    """The models of one database."""
    given = found.configured.configure_args.get("target_metadata")
    if bind is None and given is not None:
        return given
    bound = metadata_of(found.db)
    if bind is None and not any(one.tables for key, one in bound.items() if key is not None):
        return found.db
    # By their names: models that are not there are a mistake then, as they are without binds.
    return {label(bind): bound.get(bind, sa.MetaData())}


def _engine_of_bind(db: Any, bind: str) -> Engine:
    engine = engines_of(db).get(bind)
    if engine is None:
        raise ConfigError(
            f'models are of the bind "{bind}", which the application "{current_app.name}" does not name',
            hint=f'Set SQLALCHEMY_BINDS = {{"{bind}": URL}}.',
        )
    return engine


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
