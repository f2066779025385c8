"""The lines that reports are made of, and what has to do with revisions as such. Pure.

Apart from `plan_lines`, which knows every operation: `status` and `history` do without.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line
    from schemadiff.execute.journal import Interrupted
    from schemadiff.revisions.files import Revision

BLANK: Line = ()


def heading(text: str, rest: str = "") -> Line:
    """The line above a part of a report."""
    return ((text, "bold"), rest)


def advice(text: str) -> Line:
    """A line that says what to do next."""
    return (("-> ", "cyan"), text)


def number(revision: int) -> str:
    """A revision's number as its file is named."""
    return f"{revision:04}"


def revision_line(revision: Revision) -> Line:
    """One revision on one line."""
    return (
        "  ",
        (number(revision.number), "yellow"),
        f" {one_line(revision.message)}  ",
        (str(revision.path), "dim"),
    )


def revision(one: Revision, applied: bool | None, *, marked: bool = False) -> Iterator[Line]:
    """One revision with its file and digest; `applied` is ``None`` where nobody knows. It is `marked` as the one that
    the database is at.
    """
    words = {True: ("applied", "green"), False: ("pending", "yellow"), None: ("", "")}[applied]
    yield (
        (number(one.number), "yellow"),
        " ",
        words,
        " " if words[0] else "",
        (one_line(one.message), "bold"),
        " (current)" if marked else "",
    )
    yield ("     ", str(one.path))
    yield ("     ", (f"digest {one.digest}", "dim"))


def notes(one: Revision) -> Iterator[Line]:
    """Yield the lines of the revision's docstring below its first line."""
    for line in one.notes:
        yield (f"     {one_line(line)}",)


def interrupted(found: Interrupted, at_work: str | None = None) -> Iterator[Line]:
    """How far a revision is that was interrupted, or that somebody carries out just now."""
    verb = "applied" if found.direction == "up" else "rolled back"
    how_far = f"being {verb}, {found.done} of {len(found.steps)} steps done"
    if at_work:
        yield (("at work", "bold yellow"), f": revision {number(found.revision)} is {how_far}")
    else:
        yield (("interrupted", "bold red"), f": revision {number(found.revision)} was {how_far}")
    for position, step in enumerate(found.steps):
        mark, style = ("done", "green") if position < found.done else ("open", "yellow")
        words = "; ".join(one.describe() for one in step.operations)
        yield (f"  {position + 1} ", (mark, style), f" {one_line(words)}")


def working(at_work: str) -> Line:
    """Who is at work."""
    return (f"  by {one_line(at_work)}",)


def leads_on(found: Interrupted, at_work: str | None, apply: str, rollback: str) -> Iterator[Line]:
    """The two commands that lead out of the middle."""
    if at_work:
        yield working(at_work)
        yield advice(f"wait for its end, as {apply} and {rollback} do")
    elif found.direction == "up":
        yield advice(f"finish it: {apply}")
        yield advice(f"undo what is done of it: {rollback}")
    else:
        yield advice(f"finish it: {rollback}")
        yield advice(f"go forward again: {apply}")


def one_line(text: str) -> str:
    """The text with its line ends spelled out: a name with a line end in it cannot pose as two lines."""
    return text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
