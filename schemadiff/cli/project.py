"""What a command works on: a database, models, a directory of revisions; and how the commands are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from schemadiff.config import Online, Settings, settings
from schemadiff.errors import ConfigError

if TYPE_CHECKING:
    from schemadiff.database import Database
    from schemadiff.workflow import Models

_OPTION = re.compile(r"(?:^|&)[^=&]*pass[^=&]*=([^&]*)", re.IGNORECASE)
"""A password among the options of a URL: ``password``, ``passwd``, ``sslpassword``."""


@dataclass(frozen=True, slots=True)
class Project:
    """``database`` and ``models`` are ``None`` where nobody named them. ``speak`` puts the commands that a text
    names into the words of the command line that is in use.
    """

    versions: Path
    database: Database | None = None
    models: Models | None = None
    secrets: tuple[str, ...] = ()
    speak: Callable[[str], str] = str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    online: Online = "auto"

    def need_database(self) -> Database:
        """The database. Raises `ConfigError` when there is none."""
        return Settings().need_url() if self.database is None else self.database

    def need_models(self) -> Models:
        """The models. Raises `ConfigError` when there are none."""
        return Settings().need_models() if self.models is None else self.models

    def need_versions(self) -> Path:
        """The directory of revisions. Raises `ConfigError` when it is not there."""
        if not self.versions.is_dir():
            raise ConfigError(
                f"there is no directory {self.versions}",
                hint=self.speak("It holds the revision files. `schemadiff plan` writes the first one."),
            )
        return self.versions


def from_settings(
    url: str | None,
    models: str | None,
    versions: str | None,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    schemas: Sequence[str] = (),
    online: str | None = None,
) -> Project:
    """The project that options, environment and settings file name. Raises `ConfigError` for a bad file."""
    found = settings(url, models, versions, include=include, exclude=exclude, schemas=schemas, online=online)
    return Project(
        found.versions,
        found.url or None,
        found.models or None,
        passwords(found.url) if found.url else (),
        include=found.include,
        exclude=found.exclude,
        schemas=found.schemas,
        online=found.online,
    )


def passwords(url: str) -> tuple[str, ...]:
    """The passwords of a URL, as they stand there and decoded; also of a URL that cannot be read."""
    _, _, rest = url.partition("://")
    credentials, at, _ = rest.rpartition("@")
    _, _, password = credentials.partition(":")
    found = [password] if at else []
    found += _OPTION.findall(url.partition("?")[2])
    return tuple(
        dict.fromkeys(one for told in found if told for one in (told, unquote(told), unquote_plus(told)))
    )
