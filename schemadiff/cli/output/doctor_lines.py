"""The report of `doctor`: an Alembic upgrade left half-done -> lines of coloured pieces. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemadiff.cli.output.lines import BLANK, advice, heading, one_line
from schemadiff.cli.output.plan_lines import hazards, statements

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line
    from schemadiff.commands.results import Diagnosis

_STATES = {
    "done": ("done", "green"),
    "half": ("half", "bold red"),
    "open": ("open", "yellow"),
    "unsure": ("?   ", "bold yellow"),
}


def diagnosed(found: Diagnosis, place: str, doctor: str) -> Iterator[Line]:
    """Yield the lines of the report of `doctor`, which is the command to advise."""
    revision = found.revision
    if revision is None:
        at = ", ".join(map(one_line, found.at))
        yield (("at Alembic's head", "green"), f": {one_line(place)} is at {at}; no upgrade is half-done")
        return
    name = f"Alembic's revision {one_line(revision.id)}"
    if found.mended:
        end = "is finished, and entered in Alembic's table" if found.way == "finish" else "is undone"
        yield (("mended", "green"), f": {name} {end}; {one_line(place)} was read again and shows it")
        return
    yield (f"{one_line(place)}: {name} ", (one_line(revision.message), "bold"))
    yield (f"  {one_line(str(revision.path))}",)
    for one in found.findings:
        yield (
            f"  {one.number:>2} ",
            _STATES[one.state],
            f"  {one_line(one.words)}",
            (f"  line {one.line}", "dim"),
        )
    for copy in found.copies:
        yield (("left by a batch", "bold red"), f": to be settled first: {one_line(copy.describe())}")
    for index in found.lost:
        yield (
            ("lost by a batch", "bold red"),
            f": index {one_line(index)}, which Alembic had not created again",
        )
    count = len(found.findings)
    yield BLANK
    if not found.possible:
        yield (("at no point of it", "bold red"), ": what is there fits no order of these operations")
        yield advice("bring what is neither before nor after one of them to either, by hand")
        return
    known = " or ".join(map(str, found.possible))
    yield heading(
        "half-done" if found.is_half_done else "not begun", f": {known} of {count} operations are done"
    )
    if len(found.possible) > 1:
        yield advice(
            "each of these fits what is seen, as SQL leaves no trace: look at the rows, and say it with --done N"
        )
    if found.plan is None:
        if found.is_half_done:
            yield advice("be sure that no upgrade is at work just now")
            yield advice(f"finish it: {doctor} --finish")
            yield advice(f"undo what is done of it: {doctor} --undo")
        return
    yield BLANK
    yield heading("to finish it" if found.way == "finish" else "to undo it")
    yield from statements(found.plan)
    yield from hazards(found.hazards)
