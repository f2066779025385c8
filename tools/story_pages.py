"""The files of the stories: which engines a page is about, and what it says for each of them.

A page in `tests/cases/<engine>/` is about that engine. One in `tests/cases/common/` is about several: its models
are for all, the other parts say whose they are, ``-- up.sql (mysql, mariadb) --``, and so does a comment that is not
for all, ``-- about (sqlite) --``. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases"
COMMON = "common"
ENGINES = ("mysql", "mariadb", "postgresql", "sqlite")
ABOUT = "about"
_PART = re.compile(r"^-- (\S+?)(?: \(([\w, ]+)\))? --\n", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A part of a page: its engines, none of them where it is for all, and its text."""

    name: str
    engines: tuple[str, ...]
    text: str


def pages() -> list[Path]:
    """Return the files of all stories."""
    return sorted(CASES.glob("*/*.txt"))


def told() -> list[tuple[str, Path]]:
    """Return each engine and page that is a story, by the name of the page."""
    found = [(engine, page) for page in pages() for engine in engines_of(page)]
    return sorted(found, key=lambda one: (one[0], one[1].stem, one[1].parent.name != COMMON))


def engines_of(page: Path) -> tuple[str, ...]:
    """Return the engines that a page is about."""
    if page.parent.name != COMMON:
        return (page.parent.name,)
    named = {engine for part in parts(page.read_text()) for engine in part.engines}
    return tuple(engine for engine in ENGINES if engine in named)


def parts(text: str) -> list[Part]:
    """Return the parts of a page, its comment first."""
    about, *rest = _PART.split(text)
    return [
        Part(ABOUT, (), about),
        *(
            Part(name, tuple(engines.split(", ")) if engines else (), body)
            for name, engines, body in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
        ),
    ]


def sections(text: str, engine: str) -> dict[str, str]:
    """Return what a page says for one engine: what is for it alone takes the place of what is for all."""
    own = parts(text)
    return {
        **{part.name: part.text for part in own if not part.engines},
        **{part.name: part.text for part in own if engine in part.engines},
    }


def render(stories: Mapping[str, Mapping[str, str]]) -> str:
    """Return the text of the page that says these sections for each engine."""
    alone = len(stories) == 1
    names = list(dict.fromkeys(name for said in stories.values() for name in said))
    head, *_ = (said[ABOUT] for said in stories.values())
    lines = [head]
    for name in names:
        for text, engines in _alike(stories, name).items():
            if name == ABOUT and text == head:
                continue
            of_all = alone or name in ("current.py", "desired.py")
            whose = "" if of_all else f" ({', '.join(engines)})"
            lines.append(f"-- {name}{whose} --\n{text}")
    return "".join(lines)


def _alike(stories: Mapping[str, Mapping[str, str]], name: str) -> dict[str, list[str]]:
    """Return the texts of a part, each with the engines that have it."""
    found: dict[str, list[str]] = {}
    for engine in sorted(stories, key=ENGINES.index):
        if name in stories[engine]:
            found.setdefault(stories[engine][name], []).append(engine)
    return found


def update(page: Path, engine: str, golden: Mapping[str, str]) -> None:
    """Rewrite the golden parts of one engine."""
    text = page.read_text()
    said = {one: sections(text, one) for one in engines_of(page)}
    said[engine].update(golden)
    page.write_text(render(said))


def merge(stories: Iterable[tuple[str, Path]] | None = None) -> list[Path]:
    """Make one page of the stories of several engines that have the same name and models, and return the new pages.
    Where a story stands on a common page and on one of its own, the latter is newer, and takes its place.
    """
    latest = {(engine, page.stem): page for engine, page in (stories if stories is not None else told())}
    alike: dict[tuple[str, str, str], dict[str, Path]] = {}
    for (engine, _), page in latest.items():
        said = sections(page.read_text(), engine)
        alike.setdefault((page.stem, said["current.py"], said["desired.py"]), {})[engine] = page
    made: dict[Path, dict[str, Path]] = {}
    for (stem, *_), own in alike.items():
        common = CASES / COMMON / f"{stem}.txt"
        if len(own) > len(made.get(common, ())) and len(own) > 1:
            made[common] = own
    for common, own in made.items():
        text = render({engine: sections(page.read_text(), engine) for engine, page in own.items()})
        for engine, page in own.items():
            page.unlink(missing_ok=True)
            (CASES / engine / page.name).unlink(missing_ok=True)
        common.parent.mkdir(exist_ok=True)
        common.write_text(text)
    return list(made)


if __name__ == "__main__":
    before = len(pages()), len(told())
    new = merge()
    print(
        f"{before[0]} pages, {before[1]} stories -> {len(pages())} pages, {len(told())} stories; {len(new)} merged"
    )
