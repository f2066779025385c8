"""The sides of a comparison: the models, the revisions up to one, a live database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from schemadiff.database.connection import Database, where
from schemadiff.dialects import Dialect
from schemadiff.errors import UsageError
from schemadiff.models.filters import NO_FILTER, Filter
from schemadiff.models.loading import Found, given_models, load_models
from schemadiff.models.reader import read
from schemadiff.revisions import files
from schemadiff.schema import Schema

_AT = re.compile(r"(?P<directory>.*?)[/\\]?@(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Models:
    """One or several MetaData, and where they were found."""

    found: Found
    label: str = "models"

    @property
    def metadata(self) -> tuple[sa.MetaData, ...]:
        return tuple(self.found)

    def schema(self, dialect: Dialect, chosen: Filter = NO_FILTER) -> Schema:
        return read(self.found, dialect, chosen)


@dataclass(frozen=True, slots=True)
class Revisions:
    """The revisions from the first one to the last of these."""

    history: tuple[files.Revision, ...]
    label: str = "revisions"

    def schema(self, dialect: Dialect) -> Schema:
        return files.replay(self.history, dialect)[0]


@dataclass(frozen=True, slots=True)
class Live:
    """A database as it is."""

    database: Database
    label: str


Source: TypeAlias = Models | Revisions | Live

GivenModels: TypeAlias = sa.MetaData | str | object
"""A MetaData, or what the setting ``models`` takes: ``module:attribute``, a declarative base, a Flask-SQLAlchemy db."""


def models_of(given: GivenModels) -> Models:
    """The models that a caller hands over, or names as ``module:attribute``."""
    if isinstance(given, Models):
        return given
    if isinstance(given, str):
        return Models(load_models(given), f"models {given}")
    return Models(given_models(given))


def source_of(given: object) -> Source:
    """One side of a comparison, as a caller gives it: a URL, an Engine or a Connection; models; a directory of
    revisions, ``versions`` or, at one of them, ``versions/@7``.
    """
    if isinstance(given, URL | Engine | Connection):
        return Live(given, where(given))
    if isinstance(given, str) and "://" in given:
        return Live(given, where(given))
    if not isinstance(given, str | Path):
        return models_of(given)
    text = str(given)
    at = _AT.fullmatch(text)
    directory = Path(at["directory"] or "versions") if at else Path(text)
    if at or directory.is_dir():
        return _revisions(directory, int(at["number"]) if at else None)
    if not (":" in text or "*" in text) or isinstance(given, Path):
        raise UsageError(
            f"{text} is neither the URL of a database nor module:attribute nor a directory of revisions",
            hint="For example mysql://user@host/shop, app:db, app.models.*, versions, versions/@7.",
        )
    return models_of(text)


def _revisions(directory: Path, number: int | None) -> Revisions:
    if not directory.is_dir():
        raise UsageError(f"there is no directory {directory}")
    history = files.load(directory)
    if number is None:
        number = len(history)
    if number > len(history):
        raise UsageError(
            f"there is no revision {number} in {directory}", hint=f"The newest one is {len(history)}."
        )
    return Revisions(history[:number], f"{directory} at revision {number:04}")
