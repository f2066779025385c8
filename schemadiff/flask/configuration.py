"""The argument of functions under `@migrate.configure`, in the place of Alembic's Config: they may set another database
and another directory, and read the values of ``-x`` and ``--tag``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

URL = "sqlalchemy.url"
DIRECTORIES = ("version_locations", "script_location")
"""The options of Alembic's that say where revisions are, the narrower one first."""


@dataclass(slots=True)
class CommandOptions:
    """The options of the command line that are not schemadiff's own."""

    x: list[str] = field(default_factory=list)
    tag: str | None = None


class Configuration:
    """The options of Alembic's main section by their names. Those that mean something here are `URL` and `DIRECTORIES`;
    all others are kept for who reads them again.
    """

    def __init__(self, x: Sequence[str], tag: str | None) -> None:
        self.cmd_opts = CommandOptions(list(x), tag)
        self.attributes: dict[str, Any] = {}
        self.config_file_name: str | None = None
        self.config_ini_section = "alembic"
        self._sections: dict[str, dict[str, str]] = {}

    def set_main_option(self, name: str, value: str) -> None:
        """Sets an option, a percent sign doubled as in Alembic's files."""
        self.set_section_option(self.config_ini_section, name, value)

    def get_main_option(self, name: str, default: str | None = None) -> str | None:
        """The value of an option."""
        return self.get_section_option(self.config_ini_section, name, default)

    def set_section_option(self, section: str, name: str, value: str) -> None:
        """As `set_main_option`, in another section."""
        self._sections.setdefault(section, {})[name] = str(value).replace("%%", "%")

    def get_section_option(self, section: str, name: str, default: str | None = None) -> str | None:
        """As `get_main_option`, in another section."""
        return self._sections.get(section, {}).get(name, default)

    def get_section(self, name: str, default: Any = None) -> Any:
        """All options of a section."""
        return dict(self._sections[name]) if name in self._sections else default

    def remove_main_option(self, name: str) -> None:
        """Forgets an option."""
        self._sections.get(self.config_ini_section, {}).pop(name, None)

    @property
    def url(self) -> str | None:
        """The database that was said."""
        return self.get_main_option(URL)

    @property
    def directory(self) -> str | None:
        """The directory of revisions that was said."""
        return next(filter(None, map(self.get_main_option, DIRECTORIES)), None)
