"""Story files: one change a page, with the models before and after and what schemadiff makes of it.

A story is text with sections: a comment that says what it shows, then ``-- current.py --`` and ``-- desired.py --``
(statements that fill ``metadata``), and the golden parts ``-- revision.py --``, ``-- up.sql --``, ``-- down.sql --``
and ``-- hazards --``, which ``pytest --update`` rewrites. Some have ``-- online.sql --`` as well: the statements with
``--online always``, as for a table that is large.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

CASES = Path(__file__).parent / "cases"
_SINCE = re.compile(r"^# SQLAlchemy ([\d.]+): ", re.MULTILINE)
_SERVER_SINCE = re.compile(r"^# Since \w+ ([\d.]+\d)\b", re.MULTILINE)
_SECTION = re.compile(r"^-- (\S+) --\n", re.MULTILINE)


@dataclass(frozen=True)
class Story:
    path: Path
    about: str
    sections: dict[str, str]

    def metadata(self, section: str) -> sa.MetaData:
        """The MetaData that a section's statements fill."""
        metadata = sa.MetaData()
        exec(
            self.sections[section],
            {
                **vars(sa),
                "__name__": "models",
                "mysql": mysql,
                "postgresql": postgresql,
                "sqlite": sqlite,
                "metadata": metadata,
            },
        )
        return metadata

    @property
    def since(self) -> tuple[int, ...]:
        """The first version of the server that can tell the story; empty where every one can."""
        found = _SERVER_SINCE.search(self.about)
        return tuple(map(int, found[1].split("."))) if found else ()

    def update(self, golden: dict[str, str]) -> None:
        """Rewrites the golden parts of the file."""
        sections = {**self.sections, **golden}
        text = self.about + "".join(f"-- {name} --\n{body}" for name, body in sections.items())
        self.path.write_text(text)


def read_story(path: Path) -> Story:
    """The story in a file."""
    about, *rest = _SECTION.split(path.read_text())
    return Story(path, about, dict(zip(rest[::2], rest[1::2], strict=True)))


def story_files() -> list[Path]:
    """All story files."""
    return sorted(CASES.glob("*/*.txt"))


def stories() -> list[Path]:
    """The story files that this SQLAlchemy can tell: not those of what only a later release has or does right, which
    they say by a line such as ``# SQLAlchemy 2.1: earlier ones …``, or by having a view.
    """
    here = _numbers(sa.__version__)
    return [path for path in story_files() if _numbers(_since(path.read_text())) <= here]


def _since(text: str) -> str:
    said = _SINCE.search(text)
    return said[1] if said else "2.1" if "CreateView(" in text else "2.0"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
