"""The subject of a command: a database, models, a directory of revisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemadiff.config.settings import Settings, settings
from schemadiff.database.url import secrets_of
from schemadiff.errors import ConfigError
from schemadiff.revisions import files
from schemadiff.revisions.alembic_files import OTHER_DIRECTORY, is_of_alembic

if TYPE_CHECKING:
    from schemadiff.commands.sources import GivenModels
    from schemadiff.database.connection import Database
    from schemadiff.models.filters import Refuses


_SECRET = re.compile("pass|token|secret", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Project:
    """``database`` and ``models`` are those of an application that hands them over; else the settings name them, or
    nobody does. `hide` is told what must not be shown; functions in ``refuses`` leave out what is not to be compared.
    """

    settings: Settings
    database: Database | None = None
    models: GivenModels | None = None
    secrets: tuple[str, ...] = ()
    hide: Callable[[Sequence[str]], object] = str
    refuses: tuple[Refuses, ...] = ()

    @property
    def exclude(self) -> tuple[str | Refuses, ...]:
        """The filters for what is not compared: the patterns of the settings, and the application's functions."""
        return (*self.settings.exclude, *self.refuses)

    @property
    def versions(self) -> Path:
        """The directory of revisions, which may be missing."""
        return self.settings.versions

    def find_database(self) -> Database | None:
        """The database; ``None`` where nobody named one. Raises `ConfigError` where its engine cannot be had."""
        if self.database is not None or self.settings.engine is None:
            return self.database
        from schemadiff.models.loading import load_engine

        engine = load_engine(self.settings.engine)
        self.hide(secrets_of(engine.url))
        return engine

    def need_database(self) -> Database:
        """The database. Raises `ConfigError` when there is none."""
        found = self.find_database()
        return self.settings.need_url() if found is None else found

    def find_models(self) -> GivenModels | None:
        """The models; ``None`` where nobody named them."""
        return self.settings.models if self.models is None else self.models

    def need_models(self) -> GivenModels:
        """The models. Raises `ConfigError` when there are none, with those that stand on disk."""
        if self.models is not None:
            return self.models
        try:
            return self.settings.need_models()
        except ConfigError as error:
            from schemadiff.models import on_disk

            found = on_disk.setting(on_disk.search(Path.cwd()))
            if found is None:
                raise
            told = f'{error.hint}\nHere that may be models = "{found}".'
            raise ConfigError(error.message, hint=told) from None

    def need_versions(self) -> Path:
        """The directory of revisions. Raises `ConfigError` when it is not there."""
        if not self.versions.is_dir():
            raise ConfigError(
                f"there is no directory {self.versions}",
                hint="It holds the revision files. `schemadiff plan` writes the first one.",
            )
        if is_of_alembic(self.versions) and not files.load(self.versions):
            raise ConfigError(
                f"{self.versions} is a directory of Alembic's, and holds no revision of schemadiff",
                hint=OTHER_DIRECTORY,
            )
        return self.versions


def from_settings(given: Mapping[str, Any], hide: Callable[[Sequence[str]], object]) -> Project:
    """The project that options, environment and settings file name. Raises `ConfigError` for a bad file."""
    found = settings(**given)
    secrets = (*secrets_of(found.url or ""), *_secret_arguments(found.connect_args))
    return Project(found, _database(found), secrets=secrets, hide=hide)


def _database(found: Settings) -> Database | None:
    if not found.url or not found.connect_args:
        return found.url or None
    from schemadiff.database.connection import Target

    return Target(found.url, found.connect_args)


def _secret_arguments(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The passwords, tokens and the like among what the driver is told."""
    return tuple(
        value for key, value in arguments.items() if isinstance(value, str) and _SECRET.search(key) and value
    )
