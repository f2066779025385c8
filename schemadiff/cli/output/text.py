"""Reports for people. What has to do with operations is loaded when it is needed: `status` and `history` do without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from schemadiff.cli.output import lines
from schemadiff.cli.output.lines import BLANK, advice, heading, number, one_line
from schemadiff.cli.output.renderer import Failure, Renderer

if TYPE_CHECKING:
    from pathlib import Path

    from schemadiff.cli.terminal.terminal import Line
    from schemadiff.commands.diff import Difference
    from schemadiff.commands.results import (
        Baseline,
        Diagnosis,
        Drift,
        Outcome,
        Planned,
        Renumbered,
        Seen,
        Shown,
        Stamped,
    )
    from schemadiff.execute.status import Status
    from schemadiff.models.on_disk import File
    from schemadiff.revisions.files import Revision


class Format(Renderer):
    """Lines of coloured pieces."""

    __slots__ = ()
    name: ClassVar[str] = "text"
    for_people: ClassVar[bool] = True

    def planned(self, found: Planned, missed: Sequence[File]) -> Iterator[Line]:
        from schemadiff.cli.output import models_lines, plan_lines

        yield from plan_lines.planned(
            found, apply=self._commands["apply"], baseline=self._commands["baseline"]
        )
        yield from models_lines.missed(missed, self.speak("schemadiff models"))

    def drift(self, found: Drift, missed: Sequence[File]) -> Iterator[Line]:
        from schemadiff.cli.output import models_lines, plan_lines

        yield from plan_lines.drift(found, **self._commands)
        yield from models_lines.missed(missed, self.speak("schemadiff models"))

    def seen(self, found: Seen) -> Iterator[Line]:
        from schemadiff.cli.output import models_lines

        return models_lines.seen(found)

    def difference(self, found: Difference) -> Iterator[Line]:
        from schemadiff.cli.output import plan_lines

        return plan_lines.difference(found)

    def shown(self, found: Shown) -> Iterator[Line]:
        from schemadiff.cli.output import plan_lines

        yield from lines.revision(found.revision, found.applied)
        yield BLANK
        yield from plan_lines.done_plan(found.plan)

    def status(self, found: Status, settings: Path | None, *, verbose: bool = False) -> Iterator[Line]:
        state = found.state
        if found.version is None:
            yield (
                one_line(found.place),
                ": ",
                ("no revision was applied yet", "bold"),
                " (it has no version table)",
            )
        else:
            of = f" of {number(found.revisions[-1].number)}" if found.revisions else ""
            yield (one_line(found.place), ": ", (f"revision {number(found.version)}{of}", "bold"))
        if state and state.changed_at:
            tool = f" by schemadiff {one_line(state.tool)}" if state.tool else ""
            yield (f"changed {state.changed_at:%Y-%m-%d %H:%M:%S} UTC{tool}",)
        if settings:
            yield (f"settings {one_line(str(settings))}",)
        if verbose and found.version and found.version <= len(found.revisions):
            yield from lines.revision(found.revisions[found.version - 1], True)
        commands = self._commands
        if found.interrupted:
            yield BLANK
            yield from lines.interrupted(found.interrupted, found.at_work)
            yield from lines.leads_on(
                found.interrupted, found.at_work, commands["apply"], commands["rollback"]
            )
        elif found.at_work:
            yield BLANK
            yield heading("at work", f": {one_line(found.at_work)}")
        if found.pending:
            yield BLANK
            yield heading("pending")
            yield from map(lines.revision_line, found.pending)
            if not found.interrupted:
                yield advice(f"run what is pending: {commands['apply']}")
        elif not found.revisions:
            yield advice(f"there are no revisions; write the first one: {commands['plan']}")
        elif not found.interrupted:
            yield (("nothing is pending", "green"),)

    def history(
        self,
        found: Sequence[Revision],
        version: int | None,
        directory: Path,
        failure: Failure | None,
        *,
        verbose: bool = False,
        marked: bool = False,
    ) -> Iterator[Line]:
        for one in found:
            applied = None if version is None else one.number <= version
            yield from lines.revision(one, applied, marked=marked and one.number == version)
            if verbose:
                yield from lines.notes(one)
        if not found:
            yield (f"there are no revisions in {directory}",)

    def preview(self, found: Outcome, place: str) -> Iterator[Line]:
        from schemadiff.cli.output import plan_lines

        return plan_lines.preview(found)

    def halfway(self, found: Status, place: str) -> Iterator[Line]:
        assert found.interrupted
        return lines.interrupted(found.interrupted, found.at_work)

    def outcome(self, found: Outcome, place: str) -> tuple[()]:
        """Nothing: each step was said while it ran."""
        return ()

    def baseline(self, found: Baseline, place: str) -> Iterator[Line]:
        from schemadiff.cli.output import proof_lines

        return proof_lines.baseline(
            found, place, plan=self._commands["plan"], baseline=self._commands["baseline"]
        )

    def stamped(self, found: Stamped, place: str) -> Iterator[Line]:
        from schemadiff.cli.output import proof_lines

        return proof_lines.stamped(found, place, stamp=self._commands["stamp"])

    def renumbered(self, found: Renumbered, *, dry_run: bool) -> Iterator[Line]:
        if found.upstream:
            yield (f"yours are the revisions that {one_line(found.upstream)} lacks",)
        for move in found.moves:
            yield (
                "would move " if dry_run else "moved ",
                str(move.before),
                " -> ",
                (str(move.after), "bold"),
            )
        if not found.moves:
            yield (("nothing to move", "green"), ": the revisions are a line, and no two have one number")
        for one in found.overlaps:
            yield (
                ("both touch", "bold yellow"),
                f" {one_line(', '.join(one.what))}: {one.mine}, and before it {one.other}",
            )
        if found.unfit:
            yield (("does not fit", "bold red"), f" behind the others as it is: {one_line(found.unfit)}")
        if found.untold:
            yield (
                "no database is named: nothing is said about what both sides touch, nor about what is applied",
            )
        if found.moves and not dry_run:
            words = "mend" if found.unfit else "read" if found.overlaps else ""
            yield advice(
                f"{words} it, then: {self._commands['apply']}"
                if words
                else f"go on: {self._commands['apply']}"
            )

    def begun(self, found: Revision) -> Iterator[Line]:
        yield (("wrote ", ""), (str(found.path), "bold"))
        yield advice(f"fill it in, then run: {self._commands['apply']}")

    def diagnosed(self, found: Diagnosis, place: str) -> Iterator[Line]:
        from schemadiff.cli.output import doctor_lines

        return doctor_lines.diagnosed(found, place, self.speak("schemadiff doctor"))

    @property
    def _commands(self) -> dict[str, str]:
        """Return the commands that a report advises, as they are called on the command line in use."""
        return {
            name: self.speak(f"schemadiff {name}")
            for name in ("plan", "apply", "rollback", "baseline", "stamp")
        }
