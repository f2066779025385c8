"""Story files: one change a page, with the models before and after and what schemadiff makes of it.

A story is text with sections: a comment that says what it shows, then ``-- current.py --`` and ``-- desired.py --``
(statements that fill ``metadata``), and the golden parts ``-- revision.py --``, ``-- up.sql --``, ``-- down.sql --``
and ``-- hazards --``, which ``pytest --update`` rewrites. Some have ``-- online.sql --`` as well: the statements with
``--online always``, as for a table that is large. A page may be about several engines: see tools/story_pages.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from tools import story_pages

_SINCE = re.compile(r"^# SQLAlchemy ([\d.]+): ", re.MULTILINE)
_SERVER_SINCE = re.compile(r"^# Since \w+ ([\d.]+\d)\b", re.MULTILINE)


@dataclass(frozen=True)
class Story:
    """What a page says for an engine."""

    path: Path
    engine: str
    about: str
    sections: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.engine}/{self.path.stem}"

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

    @property
    def since_sqlalchemy(self) -> tuple[int, ...]:
        """The first SQLAlchemy that can tell it: not what only a later release has or does right, which the story says
        by a line such as ``# SQLAlchemy 2.1: earlier ones …``, or by having a view.
        """
        said = _SINCE.search(self.about)
        models = "".join(self.sections[name] for name in ("current.py", "desired.py"))
        return _numbers(said[1] if said else "2.1" if "CreateView(" in models else "2.0")

    def update(self, golden: dict[str, str]) -> None:
        """Rewrites the golden parts of the page."""
        story_pages.update(self.path, self.engine, golden)


def read_story(path: Path, engine: str) -> Story:
    """The story of an engine on a page."""
    sections = story_pages.sections(path.read_text(), engine)
    return Story(path, engine, sections.pop(story_pages.ABOUT), sections)


def stories() -> list[Story]:
    """The stories that this SQLAlchemy can tell."""
    here = _numbers(sa.__version__)
    found = [read_story(path, engine) for engine, path in story_pages.told()]
    return [story for story in found if story.since_sqlalchemy <= here]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
