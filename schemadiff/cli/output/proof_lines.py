"""What a database was recorded at, and what proves it -> lines of coloured pieces, for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemadiff.cli.output.lines import BLANK, advice, heading, number, one_line
from schemadiff.cli.output.plan_lines import operations, unsupported

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line
    from schemadiff.commands.results import Stamped


def stamped(found: Stamped, place: str, *, stamp: str) -> Iterator[Line]:
    """What `stamp` found and did; `stamp` is the command."""
    at = number(found.after)
    name = found.after or "base"
    if found.differences:
        yield heading("differs", f": from revision {at} to the database")
        yield from operations(found.differences)
        yield BLANK
    yield from unsupported(found.unsupported)
    if found.ignored:
        yield (str(found.ignored),)
    if not found.recorded:
        yield ("nothing was recorded",)
        yield advice(f"take the changes back by hand, or record it as it is: {stamp} {name} --force")
        return
    if found.proven:
        yield (("proven", "green"), f": the database is as revision {at} leaves one, replayed")
    else:
        yield (("not proven", "yellow"), ": the database was not looked at")
    was = "no revision" if found.before is None else f"revision {number(found.before)}"
    yield (("recorded", "green"), f": {one_line(place)} is at revision {at}; it was at {was}")
