"""Names and comments, plain as a rule and now and then as odd as a server takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from schemadiff.testing.strategies.models import Models

Thing = TypeVar("Thing")


def once_in(draw: DrawFn, times: int) -> bool:
    """True once in so many draws."""
    return draw(st.integers(1, times)) == times


_ODD = (
    "order",
    "Select",
    "na me",
    'qu"ote',
    "per%cent",
    "umlaut_ü",
    "UPPER",
    "back`tick",
    "it's",
    "co:lon",
    "par(en)",
    "back\\slash",
    "日本",
    "semi;colon",
    "a--b",
    "x,y",
    "%(x)s",
    "[br]",
    "1st",
    "x" * 50,
)
COMMENTS = (
    "plain",
    "it's",
    'a "b"',
    "100%",
    "back\\slash",
    "two\nlines",
    "ü 日本 🙂",
    "a:b",
    "",
    "%(x)s",
    "tick`",
    "; --",
    " ends in a space ",
    '"""',
    "a\\",
    "a, b",
)


def free_name(draw: DrawFn, taken: Sequence[str], plain: Sequence[str]) -> str:
    """A name that is free, plain as a rule."""
    used = {name.lower() for name in taken}
    free = [name for name in plain if name.lower() not in used]
    odd = [name for name in _ODD if name.lower() not in used]
    if odd and (not free or once_in(draw, 4)):
        return draw(st.sampled_from(odd))
    return draw(st.sampled_from(free[:2]))


def numbered(draw: DrawFn, models: Models, prefix: str) -> tuple[str, Models]:
    """A name that nothing else has had, and the models that know so."""
    number = models.serial + 1
    name = f"{prefix}{number}"
    if once_in(draw, 4):
        name += draw(st.sampled_from([*_ODD[:-1], "X" * 60]))[: 62 - len(name)]
    return name, dataclasses.replace(models, serial=number)


def maybe_named(draw: DrawFn, models: Models, prefix: str) -> tuple[str | None, Models]:
    """A new name or none, and the models that know so."""
    return numbered(draw, models, prefix) if draw(st.booleans()) else (None, models)


def comment(draw: DrawFn) -> str | None:
    """A comment, now and then."""
    return draw(st.sampled_from(COMMENTS)) if once_in(draw, 5) else None


def some(draw: DrawFn, things: Sequence[Thing], most: int) -> tuple[Thing, ...]:
    """One of them or several, in whatever order."""
    return tuple(
        draw(st.lists(st.sampled_from(things), min_size=1, max_size=min(most, len(things)), unique=True))
    )
