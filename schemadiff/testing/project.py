"""The project that is tested: its models and revisions, and the server on which databases are made for it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemadiff.config.settings import settings
from schemadiff.database.connection import open_engine
from schemadiff.database.url import read_url
from schemadiff.dialects.contract.registry import connecting
from schemadiff.errors import ConfigError

VARIABLE = "SCHEMADIFF_TEST_URL"
"""Names the server for tests. Never that of the project: what is in use there is none of theirs."""


@dataclass(frozen=True, slots=True)
class Project:
    """``server`` is the URL of any database of the server: nothing is changed in it, others are made beside it.
    ``one_way`` are the numbers of revisions that are not meant to be undone.
    """

    server: str
    models: object
    versions: Path
    one_way: frozenset[int] = frozenset()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()

    @property
    def compared(self) -> dict[str, Any]:
        """The settings of what is compared, as keywords of `schemadiff.check`."""
        return {"include": self.include, "exclude": self.exclude, "schemas": self.schemas}


def project(
    server: str | None = None,
    models: object = None,
    versions: str | Path | None = None,
    *,
    one_way: Iterable[int] = (),
) -> Project:
    """The project of the current directory: what is not said here its settings say. `models` are as for
    `schemadiff.plan`, and the server is ``SCHEMADIFF_TEST_URL`` where nobody names one.

    Raises `ConfigError` where there is no server: only SQLite needs none.
    """
    known = settings(versions=str(versions) if versions else None)
    chosen = server or os.environ.get(VARIABLE)
    if not chosen and known.url and connecting(read_url(known.url)).is_file(read_url(known.url)):
        chosen = known.url
    if not chosen:
        raise ConfigError(
            "no database server for tests is named",
            hint=f"Set {VARIABLE}, for example mysql+pymysql://root@localhost/mysql: databases of their own are made "
            "on that server and dropped again, and the one that is named stays as it is. Not the production server.",
        )
    open_engine(chosen).dispose()  # a URL that is wrong is told now
    return Project(
        chosen,
        known.need_models() if models is None else models,
        known.versions,
        frozenset(one_way),
        known.include,
        known.exclude,
        known.schemas,
    )
