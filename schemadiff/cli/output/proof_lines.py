"""The reports of `baseline` and `stamp`: the revision recorded and what proves it -> lines of coloured pieces. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from schemadiff.cli.output.lines import BLANK, advice, heading, number, one_line
from schemadiff.cli.output.plan_lines import operations, unsupported

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line
    from schemadiff.commands.results import Baseline, Stamped
    from schemadiff.operations import Operation


def baseline(found: Baseline, place: str, *, plan: str, baseline: str) -> Iterator[Line]:
    """Yield the lines of the report of `baseline`; `plan` and `baseline` are the commands to advise."""
    at, path = number(found.revision.number), one_line(str(found.revision.path))
    if found.differences:
        yield heading("differs", f": from revision {at} to the database")
        yield from operations(found.differences)
        yield BLANK
        yield from unsupported(found.unsupported)
        yield ("nothing was written and nothing recorded",)
        yield advice(f"leave out what cannot be taken over: {baseline} --exclude TABLE")
        return
    if found.operations:
        yield heading("taken over")
        yield from operations(found.operations)
        yield BLANK
    if found.unsupported:
        yield from unsupported(found.unsupported)
        yield BLANK
    if found.ignored:
        yield (str(found.ignored),)
    if found.written:
        yield ("wrote ", (path, "bold"))
    if found.alembic:
        count = len(found.alembic)
        yield (f"it stands for {count} of Alembic's revisions, which its docstring lists",)
    for one in found.alembic_missing:
        yield (("no file", "yellow"), f" of Alembic's has the id {one_line(one)}, which another one names")
    if found.proven:
        yield (("proven", "green"), f": database and revision {at} are the same, replayed")
        yield (("recorded", "green"), f": {one_line(place)} is at revision {at}; nothing of it was run")
    if found.alembic_table == "dropped":
        yield ("dropped Alembic's own table",)
    elif found.alembic_table:
        yield (f"Alembic's own table is left alone; {baseline} --drop-alembic-version drops it",)
    if found.proven:
        yield from _beside_models(found.missing, plan)


def _beside_models(missing: Sequence[Operation] | None, plan: str) -> Iterator[Line]:
    if missing is None:
        yield ("no models are named: nothing is said about them",)
    elif not missing:
        yield (("no differences", "green"), ": the models say the same")
    else:
        yield BLANK
        yield heading("from the database to the models")
        yield from operations(missing)
        yield advice(f"write that down as the next revision: {plan}")


def stamped(found: Stamped, place: str, *, stamp: str) -> Iterator[Line]:
    """Yield the lines of the report of `stamp`; `stamp` is the command to advise."""
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
