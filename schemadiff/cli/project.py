"""What a command works on: a database, models, a directory of revisions; and how the commands are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from schemadiff.config.settings import Choice, Online, Settings, Transaction, settings
from schemadiff.errors import ConfigError
from schemadiff.urls import secrets_of

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.database import Database
    from schemadiff.workflow import Models


_SECRET = re.compile("pass|token|secret", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Project:
    """``database`` and ``models`` are ``None`` where nobody named them. ``speak`` puts the commands that a text
    names into the words of the command line that is in use. ``engine`` is where the application has it, loaded by
    `find_database` when it is needed; `hide` is told what must not be shown. ``source`` is the settings file,
    ``passed_over`` one that is not used.
    """

    versions: Path
    database: Database | None = None
    engine: str | None = None
    models: Models | None = None
    secrets: tuple[str, ...] = ()
    speak: Callable[[str], str] = str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    online: Online = "auto"
    transaction: Transaction = "each"
    hide: Callable[[Sequence[str]], object] = str
    source: Path | None = None
    passed_over: Path | None = None

    def find_database(self) -> Database | None:
        """The database; ``None`` where nobody named one. Raises `ConfigError` where its engine cannot be had."""
        if self.engine is None:
            return self.database
        from schemadiff.models import load_engine

        engine = load_engine(self.engine)
        self.hide(secrets_of(engine.url))
        return engine

    def need_database(self) -> Database:
        """The database. Raises `ConfigError` when there is none."""
        found = self.find_database()
        return Settings(passed_over=self.passed_over).need_url() if found is None else found

    def need_models(self) -> Models:
        """The models. Raises `ConfigError` when there are none."""
        return Settings(passed_over=self.passed_over).need_models() if self.models is None else self.models

    @property
    def commands(self) -> dict[str, str]:
        """What a report advises, in the words of the command line that is in use."""
        return {name: self.speak(f"schemadiff {name}") for name in ("plan", "apply", "rollback")}

    def need_versions(self) -> Path:
        """The directory of revisions. Raises `ConfigError` when it is not there."""
        if not self.versions.is_dir():
            raise ConfigError(
                f"there is no directory {self.versions}",
                hint=self.speak("It holds the revision files. `schemadiff plan` writes the first one."),
            )
        return self.versions


def on_project(
    work: Callable[[Terminal, Project], int],
    url: str | None,
    models: str | None,
    versions: str | None,
    **choice: Unpack[Choice],
) -> int:
    """Runs a command's work on the project that the settings name; returns its exit code."""
    from schemadiff.cli import guard

    def with_project(terminal: Terminal) -> int:
        project = from_settings(url, models, versions, hide=terminal.hide, **choice)
        terminal.hide(project.secrets)
        return work(terminal, project)

    return guard.run(with_project)


def from_settings(
    url: str | None,
    models: str | None,
    versions: str | None,
    *,
    hide: Callable[[Sequence[str]], object] = str,
    **choice: Unpack[Choice],
) -> Project:
    """The project that options, environment and settings file name. Raises `ConfigError` for a bad file."""
    found = settings(url, models, versions, **choice)
    secrets = (*secrets_of(found.url or ""), *_secret_arguments(found.connect_args))
    return Project(
        found.versions,
        _database(found),
        found.engine,
        found.models or None,
        secrets,
        include=found.include,
        exclude=found.exclude,
        schemas=found.schemas,
        online=found.online,
        transaction=found.transaction,
        hide=hide,
        source=found.source,
        passed_over=found.passed_over,
    )


def _database(found: Settings) -> Database | None:
    if not found.url or not found.connect_args:
        return found.url or None
    from schemadiff.database import Target

    return Target(found.url, found.connect_args)


def _secret_arguments(arguments: Mapping[str, object]) -> tuple[str, ...]:
    """The passwords, tokens and the like among what the driver is told."""
    return tuple(
        value for key, value in arguments.items() if isinstance(value, str) and _SECRET.search(key) and value
    )
