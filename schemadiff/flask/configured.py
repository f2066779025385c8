"""The configuration of one application, kept in ``app.extensions``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from schemadiff.config.options import SETTINGS
from schemadiff.config.settings import Choice

if TYPE_CHECKING:
    from schemadiff.flask.extension import Migrate

EXTENSION = "schemadiff"
FAMILIAR_EXTENSION = "migrate"
"""Under which Flask-Migrate's users look for it."""


@dataclass(frozen=True, slots=True)
class Configured:
    """It has the attributes that Flask-Migrate's users know; ``configure_args`` are the keywords."""

    migrate: Migrate
    db: Any
    directory: str | None
    command: str
    configure_args: Mapping[str, Any]

    @property
    def metadata(self) -> Any:
        """The MetaData of the models."""
        return self.db.metadata

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings given to `Migrate`, in the form of a settings file."""
        said: dict[str, Any] = {"versions": self.directory}
        if self.configure_args.get("transaction_per_migration"):
            said["transaction"] = "each"
        said |= {key: value for key, value in self.configure_args.items() if key in Choice.__annotations__}
        for key, value in said.items():
            if SETTINGS[key].kind == "list" and isinstance(value, str):
                said[key] = (value,)
        return {key: value for key, value in said.items() if value}
