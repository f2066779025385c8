"""Results of commands -> lines of coloured pieces, for people. Pure: nothing is written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from schemadiff.cli.output.lines import (
    BLANK,
    advice,
    heading,
    interrupted,
    leads_on,
    number,
    one_line,
    revision_line,
)
from schemadiff.operations import (
    AddColumn,
    AddConstraint,
    AlterColumn,
    AlterConstraint,
    AlterIndex,
    AlterTable,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    Execute,
    Found,
    Operation,
    RenameColumn,
    RenameConstraint,
    RenameIndex,
    RenameTable,
    Run,
    touched,
)
from schemadiff.operations.objects import CreateObject, DropObject, ReplaceObject

if TYPE_CHECKING:
    from schemadiff.cli.terminal.terminal import Line, Piece
    from schemadiff.commands.diff import Difference
    from schemadiff.commands.results import Done, Drift, Outcome, Planned
    from schemadiff.planning.hazards import Hazard
    from schemadiff.planning.planner import Plan
    from schemadiff.schema import Unsupported

_SQL = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<name>"[^"]*"|`[^`]*`)|(?P<word>\b[A-Z][A-Z_]+\b)|(?P<note>--[^\n]*)"""
)
_SQL_STYLES = {"text": "green", "name": "", "word": "cyan", "note": "dim"}


def operations(found: Iterable[Operation], indent: str = "  ") -> Iterator[Line]:
    """The operations, grouped by the table they work on; what stands for itself has no table."""
    groups: dict[str, list[Operation]] = {}
    for operation in found:
        name = touched(operation)
        groups.setdefault(str(name) if name else _apart(operation), []).append(operation)
    for table, members in groups.items():
        whole = isinstance(members[0], CreateTable | DropTable | CreateObject | DropObject | ReplaceObject)
        if not whole:
            yield (indent, (one_line(table) or "SQL and functions", "bold"))
        for position, operation in enumerate(members):
            symbol, style = _symbol(operation)
            inner = indent if whole and not position else f"{indent}  "
            yield (inner, (f"{symbol} {one_line(operation.describe())}", style))


def _apart(operation: Operation) -> str:
    """Return the heading of an operation that is on no table: its own words for a stored object, one common heading for
    SQL and functions.
    """
    return "" if isinstance(operation, Execute | Run) else operation.describe()


def statements(plan: Plan, indent: str = "  ") -> Iterator[Line]:
    """The SQL of the plan, coloured, and how the server carries it out where it was asked; a function of the revision
    file stands there by its name.
    """
    for step in plan.steps:
        if step.run:
            yield (indent, (f"-- {one_line(step.sql)}", "dim"))
            continue
        lines = list(_coloured(f"{step.sql};"))
        if step.method.words:
            lines[-1] = (*lines[-1], (f"  -- {one_line(step.method.words)}", "dim"))
        for line in lines:
            yield (indent, *line)


def hazards(found: Sequence[Hazard]) -> Iterator[Line]:
    """The hazards, each with what to do instead."""
    for hazard in found:
        style = "bold red" if hazard.level == "destructive" else "yellow"
        yield ("  ", (hazard.code, style), " ", (one_line(hazard.message), style.removeprefix("bold ")))
        yield ("        ", (one_line(hazard.advice), "red" if hazard.level == "destructive" else ""))


def unsupported(found: Sequence[Unsupported]) -> Iterator[Line]:
    """Definitions that can neither be compared nor written."""
    if found:
        yield heading("not compared")
        for one in found:
            yield ("  ", (f"! {one_line(str(one))}", "yellow"))


def planned(found: Planned, *, apply: str, baseline: str) -> Iterator[Line]:
    """The whole of what `plan` found; `apply` is the command that comes next, `baseline` another way."""
    rest = [one for one in found.plan.operations if not isinstance(one, Found)]
    if not found.plan.operations:
        told = f" ({found.ignored})" if found.ignored else ""
        yield (("no differences", "green"), f": the database is as the models say{told}")
        yield from unsupported(found.unsupported)
        return
    if rest:
        yield heading("from the database to the models")
        yield from operations(rest)
    if found.plan.steps:
        yield BLANK
        yield heading("SQL")
        yield from statements(found.plan)
    if found.plan.hazards:
        yield BLANK
        yield heading("hazards")
        yield from hazards(found.plan.hazards)
    if found.found:
        yield BLANK
        yield heading(
            "changed by hand", ": found in the database, made by no revision; the new one takes it over"
        )
        yield from operations(found.found)
    if found.unsupported:
        yield BLANK
        yield from unsupported(found.unsupported)
    yield BLANK
    if found.ignored:
        yield (str(found.ignored),)
    if found.path is None:
        yield (
            f"nothing was written: this would be revision {number(found.number)}, {one_line(found.message)}",
        )
        return
    yield (("wrote ", ""), (str(found.path), "bold"))
    codes = dict.fromkeys(hazard.code for hazard in found.plan.hazards if hazard.level == "destructive")
    yield advice(f"read it, then run: {apply}{''.join(f' --allow {code}' for code in codes)}")
    if found.found and found.number == 1:
        yield advice(f"to have what is there as a revision of its own, delete this file and run: {baseline}")


def drift(found: Drift, *, plan: str, apply: str, rollback: str, baseline: str, stamp: str) -> Iterator[Line]:
    """Yield the lines of the report of `check`."""
    parts: list[list[Line]] = []
    run_pending, take_back = (
        advice(f"run what is pending: {apply}"),
        [advice(f"undo it by hand, or take it over into a revision: {plan}")],
    )
    if found.drifted and found.pending and found.pending[0].baseline:
        # It makes what is there already, or most of it.
        run_pending = advice(f"record the baseline where its tables are: {stamp} {found.pending[0].number}")
        take_back = []
    if found.missing:
        parts.append(
            [
                heading("missing", ": the models say what no revision makes"),
                *operations(found.missing),
                advice(f"write the revision: {plan}"),
            ]
        )
    if found.pending:
        parts.append(
            [
                heading("pending", f": the database is at revision {number(found.version)}"),
                *map(revision_line, found.pending),
                *([] if found.interrupted else [run_pending]),
            ]
        )
    if found.interrupted:
        parts.append(
            [
                *interrupted(found.interrupted, found.at_work),
                *leads_on(found.interrupted, found.at_work, apply, rollback),
            ]
        )
    if found.drifted:
        parts.append(
            [
                heading("drifted", ": the database was changed, and no revision says so"),
                *operations(found.drifted),
                *take_back,
            ]
        )
    if found.unsupported:
        parts.append(list(unsupported(found.unsupported)))
    if not found:
        at = f"revision {number(found.version)}" if found.version else ""
        told = ", ".join(one for one in (at, str(found.ignored) if found.ignored else "") if one)
        told = f" ({told})" if told else ""
        if found.unrecorded:
            # Another database would get nothing from here.
            alone = f": models and database agree, but no revision makes what they have{told}"
            parts.append([heading("no revision", alone), advice(f"take it over: {baseline}")])
        else:
            agree = f": models, revisions and database agree{told}"
            parts.append([(("no differences", "green"), agree)])
    elif found.ignored:
        parts.append([(str(found.ignored),)])
    for position, part in enumerate(parts):
        if position:
            yield BLANK
        yield from part


def difference(found: Difference) -> Iterator[Line]:
    """Yield the lines of the report of `diff`."""
    if not found:
        told = f" ({found.ignored})" if found.ignored else ""
        yield (("no differences", "green"), f": {one_line(found.before)}, {one_line(found.after)}{told}")
    else:
        yield heading(f"from {one_line(found.before)} to {one_line(found.after)}")
        yield from operations(found.plan.operations)
    if found.plan.steps:
        yield BLANK
        yield heading("SQL")
        yield from statements(found.plan)
    if found.unwritten:
        yield BLANK
        yield heading("SQL", f": not without a database to start from: {one_line(found.unwritten)}")
    if found.plan.hazards:
        yield BLANK
        yield heading("hazards")
        yield from hazards(found.plan.hazards)
    if found.unsupported:
        yield BLANK
        yield from unsupported(found.unsupported)
    if found and found.ignored:
        yield BLANK
        yield (str(found.ignored),)


def done_plan(plan: Plan) -> Iterator[Line]:
    """The operations, the SQL and the hazards of one revision."""
    yield from operations(plan.operations)
    if plan.steps:
        yield heading("SQL")
        yield from statements(plan)
    if plan.hazards:
        yield heading("hazards")
        yield from hazards(plan.hazards)


def done_heading(done: Done) -> Line:
    """The line above what is done with one revision."""
    return heading(f"{direction(done.direction)} {number(done.revision)}", f" {one_line(done.message)}")


def preview(outcome: Outcome) -> Iterator[Line]:
    """Yield the statements that would run, under a heading for each revision."""
    for position, done in enumerate(outcome.done):
        if position:
            yield BLANK
        yield done_heading(done)
        yield from done_plan(done.plan)


def direction(way: str) -> str:
    """Return the verb for carrying out a revision in that direction."""
    return "apply" if way == "up" else "roll back"


def _symbol(operation: Operation) -> tuple[str, str]:
    match operation:
        case CreateTable() | AddColumn() | CreateIndex() | AddConstraint() | CreateObject():
            return "+", "green"
        case DropTable() | DropColumn() | DropIndex() | DropConstraint() | DropObject():
            return "-", "red"
        case RenameTable() | AlterTable() | AlterColumn() | RenameColumn() | ReplaceObject():
            return "~", "yellow"
        case RenameIndex() | AlterIndex() | RenameConstraint() | AlterConstraint():
            return "~", "yellow"
        case Execute() | Run():
            return "~", "yellow"
        case Found():
            return _symbol(operation.operation)


def _coloured(sql: str) -> Iterator[Line]:
    """SQL, its words and texts coloured, line by line."""
    pieces: list[Piece] = []
    position = 0
    for match in _SQL.finditer(sql):
        pieces.append(sql[position : match.start()])
        pieces.append((match[0], _SQL_STYLES[match.lastgroup or "name"]))
        position = match.end()
    pieces.append(sql[position:])
    line: list[Piece] = []
    for piece in pieces:
        text, style = (piece, "") if isinstance(piece, str) else piece
        first, *others = text.split("\n")
        line.append((first, style))
        for other in others:
            yield tuple(line)
            line = [(other, style)]
    yield tuple(line)
