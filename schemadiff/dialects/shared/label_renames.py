"""A label of an enumerated type that goes while another one comes: was it renamed? Then rows may keep it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relabelling:
    """``gone`` are the labels that rows may still have; ``way`` is how a revision renames those that came for them."""

    gone: tuple[str, ...]
    way: str


def labels(
    before: Sequence[str], after: Sequence[str], key: Callable[[str], str] = str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels that go and those that come. ``key`` is the same for labels that are the same one to the server."""
    old, new = set(map(key, before)), set(map(key, after))
    return tuple(one for one in before if key(one) not in new), tuple(
        one for one in after if key(one) not in old
    )


def supposed(pairs: Sequence[tuple[str, str]]) -> str:
    """The beginning of a way: nobody knows whether a label was renamed."""
    return f"If it was renamed ({', '.join(f'{old!r} to {new!r}' for old, new in pairs)}), write "


def literal(sql: str) -> str:
    """SQL as a string of Python, legible where it can be."""
    plain = repr(sql)
    if "\\" not in sql and sql.isprintable() and '"""' not in sql and not sql.endswith('"') and "\\" in plain:
        return f'"""{sql}"""'
    return plain
