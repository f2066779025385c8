"""Writes docs/fidelity.md: what schemadiff sees, repairs and is quiet about, on which engine, shown by which stories.

    make fidelity

Every yes is a story file under tests/cases, and tests/test_stories.py tells each of them to a real server, on every run
of CI. Standard library only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from tools import story_pages

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "fidelity.md"
ENGINES = {"mysql": "MySQL", "mariadb": "MariaDB", "postgresql": "PostgreSQL", "sqlite": "SQLite"}

HEAD = """\
# What is seen, repaired and left in peace

<!-- Made by `make fidelity` from tests/cases: change the stories, or kinds.toml beside them, and make it anew. -->

A yes means all three of these, and every number behind it is a story that shows them on a real server, in every run of
the tests:

- **seen**: when the models change, and when the database is changed by hand instead, `check` names the difference;
- **repaired**: `apply` makes the database what a fresh `create_all` of the models makes, definition by definition, and
  `rollback` makes it again what it was;
- **quiet**: after `create_all`, `check` says nothing.

Views, sequences, types and schemas are looked at only where the models or the revisions know of them: others are
somebody else's.

Where an engine does not have a thing, a dash says so, and a note why.
"""


@dataclass(frozen=True)
class Kind:
    """The subject of a row of the table. ``because`` says why the ``absent`` engines have nothing to show."""

    title: str
    patterns: tuple[str, ...]
    absent: tuple[str, ...] = ()
    because: str = ""


def kinds() -> dict[str, list[Kind]]:
    """The kinds of tests/cases/kinds.toml by their heading."""
    told = tomllib.loads((story_pages.CASES / "kinds.toml").read_text())
    return {
        heading: [
            Kind(title, tuple(one["stories"]), tuple(one.get("absent", ())), one.get("because", ""))
            for title, one in rows.items()
        ]
        for heading, rows in told.items()
    }


def document(stories: Iterable[tuple[str, Path]], told: dict[str, list[Kind]]) -> str:
    """The document's text."""
    by_name: dict[str, dict[str, Path]] = {}
    for engine, path in sorted(stories, key=lambda story: story[1].stem):
        by_name.setdefault(path.stem, {})[engine] = path
    lines = [HEAD]
    notes: list[str] = []
    rest = dict(by_name)
    for heading, rows in told.items():
        taken = [(kind, _take(rest, kind)) for kind in rows]
        lines += _table(heading, [(kind, found) for kind, found in taken if found], notes)
    if rest:
        own = [
            (Kind(name.replace("_", " "), (name,), tuple(ENGINES)), {name: found})
            for name, found in rest.items()
        ]
        lines += _table("Others", own, notes)
    return "\n".join([*lines, *(f"[^{number}]: {note}" for number, note in enumerate(notes, 1))]) + "\n"


def gaps(stories: Iterable[tuple[str, Path]], told: dict[str, list[Kind]]) -> list[str]:
    """The kinds and engines with neither a story nor a reason."""
    names: dict[str, set[str]] = {}
    for engine, path in stories:
        names.setdefault(path.stem, set()).add(engine)
    result = []
    for kind in (kind for rows in told.values() for kind in rows):
        own = [name for name in names if _fits(name, kind)]
        shown: set[str] = set().union(*(names.pop(name) for name in own))
        if not shown:
            result.append(f"{kind.title}: no story is called {' or '.join(kind.patterns)}")
        else:
            result += [
                f"{kind.title}: {engine} has neither a story nor a reason"
                for engine in ENGINES
                if engine not in shown and engine not in kind.absent
            ]
    return result


def _take(rest: dict[str, dict[str, Path]], kind: Kind) -> dict[str, dict[str, Path]]:
    """The stories of a kind, which are taken out of `rest`."""
    return {name: rest.pop(name) for name in [name for name in rest if _fits(name, kind)]}


def _fits(name: str, kind: Kind) -> bool:
    return any(fnmatch(name, pattern) for pattern in kind.patterns)


def _table(
    heading: str, rows: list[tuple[Kind, dict[str, dict[str, Path]]]], notes: list[str]
) -> Iterator[str]:
    yield f"## {heading.capitalize()}\n"
    yield f"| | {' | '.join(ENGINES.values())} |"
    yield f"| --- |{' --- |' * len(ENGINES)}"
    for kind, found in rows:
        cells = [_cell(kind, engine, found, notes) for engine in ENGINES]
        yield f"| {kind.title} | {' | '.join(cells)} |"
    yield ""


def _cell(kind: Kind, engine: str, found: dict[str, dict[str, Path]], notes: list[str]) -> str:
    paths = [by_engine[engine] for by_engine in found.values() if engine in by_engine]
    if paths:
        links = [
            f"[{number}](../{path.relative_to(PROJECT).as_posix()})" for number, path in enumerate(paths, 1)
        ]
        return f"yes {' '.join(links)}"
    if engine in kind.absent:
        if not kind.because:
            return ""
        if kind.because not in notes:
            notes.append(kind.because)
        return f"–[^{notes.index(kind.because) + 1}]"
    return "no story"


def main() -> None:
    """Write the document, and say what it leaves open."""
    stories, told = story_pages.told(), kinds()
    DOCUMENT.write_text(document(stories, told))
    print(f"{DOCUMENT.relative_to(PROJECT)}: {len(stories)} stories")
    for gap in gaps(stories, told):
        print(f"  {gap}")
    names = {path.stem for _, path in stories}
    others = {name for name in names if not any(_fits(name, kind) for rows in told.values() for kind in rows)}
    for name in sorted(others):
        print(f"  {name}: give it a kind in tests/cases/kinds.toml")


if __name__ == "__main__":
    main()
