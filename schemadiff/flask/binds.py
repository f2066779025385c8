"""The databases of an application: its own one, and those of Flask-SQLAlchemy's binds. Each has a history of its own,
that of a bind in the directory of its name below the revisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from schemadiff.database.url import place_of
from schemadiff.errors import ConfigError, UsageError
from schemadiff.revisions import files

DEFAULT, ALL = "default", "all"

Bind = str | None
"""The name of a bind; ``None`` is the application's own database."""


@dataclass(frozen=True, slots=True)
class Binds:
    """Those that a command works on, and those with models or revisions that it leaves as they are."""

    chosen: tuple[Bind, ...]
    left: tuple[Bind, ...] = ()


def label(bind: Bind) -> str:
    """Return the name by which `--bind` means it."""
    return DEFAULT if bind is None else bind


def engines_of(db: Any) -> Mapping[Bind, Engine]:
    """The engines by their binds; none where the application does not say them that way, or not yet."""
    try:
        found = db.engines
    except (AttributeError, RuntimeError, KeyError):
        return {}
    return found if isinstance(found, Mapping) else {}


def metadata_of(db: Any) -> Mapping[Bind, sa.MetaData]:
    """The MetaData of the models by their binds."""
    found = getattr(db, "metadatas", {})
    return found if isinstance(found, Mapping) else {}


def directory_of(versions: Path, bind: Bind) -> Path:
    """The directory of revisions of a bind."""
    return versions if bind is None else versions / bind


def binds_of(db: Any, versions: Path, asked: str | None, *, every: bool) -> Binds:
    """Those that were asked for, or where nobody said it, `every` one with models or revisions, or one of them.

    Raises `UsageError` for a bind that there is not, and `ConfigError` for a name that cannot be one of a directory.
    """
    models = {bind for bind, one in metadata_of(db).items() if one.tables}
    named = sorted({*engines_of(db), *models} - {None}, key=str)
    for one in named:
        if one in (ALL, DEFAULT, ".", "..") or Path(str(one)).name != one:
            raise ConfigError(
                f"a bind is called {one!r}, which its directory of revisions cannot be",
                hint=f'Give it another name in SQLALCHEMY_BINDS; "{ALL}" and "{DEFAULT}" are taken.',
            )
    taking: list[Bind] = [one for one in named if one in models or directory_of(versions, one).is_dir()]
    if not taking or None in models or files.load(versions):
        taking.insert(0, None)
    _expect_apart(taking, engines_of(db))
    if asked is None:
        chosen = tuple(taking) if every else tuple(taking[:1])
        return Binds(chosen, tuple(one for one in taking if one not in chosen))
    if asked == ALL:
        return Binds(tuple(taking))
    if asked != DEFAULT and asked not in named:
        known = ", ".join([DEFAULT, *map(str, named), ALL])
        raise UsageError(f"there is no bind {asked!r}", hint=f"--bind takes {known}.")
    return Binds((None if asked == DEFAULT else asked,))


def _expect_apart(binds: Sequence[Bind], engines: Mapping[Bind, Engine]) -> None:
    """Raises `ConfigError` where two are one database: each would drop the tables of the other."""
    homes: dict[tuple[object, ...], Bind] = {}
    for bind in binds:
        url = engines[bind].url if bind in engines else None
        if url is None or url.database in (None, "", ":memory:"):
            continue
        # PostgreSQL's "options" may say another schema.
        home = (url.get_backend_name(), url.host, url.port, url.database, url.query.get("options"))
        before = homes.setdefault(home, bind)
        if before is not bind:
            place = place_of(url.host, url.port, url.database)
            raise ConfigError(
                f"the binds {label(before)} and {label(bind)} are one database: {place}",
                hint="A database has one history: give the models one bind, or each bind a database of its own.",
            )
