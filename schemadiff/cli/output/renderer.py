"""The interface of a format: one method for the result of each command. Pure: `Terminal.answer` writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn

from schemadiff.errors import UsageError

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

Answer = str | Iterable["Line"]
"""Text for a program, to be written as it is, or lines for people. Empty where there is nothing to write."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command failed: in words, what to do next, and its exit code."""

    message: str
    hint: str | None
    exit_code: int


@dataclass(frozen=True, slots=True)
class Renderer:
    """One format, for one run of `command`. ``speak`` puts the commands that a text names into the words of the command
    line that is in use. A format is a subclass that overrides what it can write.
    """

    command: str
    speak: Callable[[str], str] = str

    name: ClassVar[str]
    for_people: ClassVar[bool] = False
    """Whether people read it: then a run has a bar, and its steps are the answer."""

    only_shows: ClassVar[bool] = False
    """Whether `apply` and `rollback` change nothing, as in a dry run."""

    def planned(self, found: Planned, missed: Sequence[File]) -> Answer:
        """Render the result of `plan`. ``missed`` are files whose models may be missing from it, as nobody imported
        them.
        """
        self._lacks()

    def drift(self, found: Drift, missed: Sequence[File]) -> Answer:
        """Render the result of `check`; ``missed`` as in `planned`."""
        self._lacks()

    def seen(self, found: Seen) -> Answer:
        """The models that were found, and those that were not."""
        self._lacks()

    def difference(self, found: Difference) -> Answer:
        """Render the result of `diff`."""
        self._lacks()

    def shown(self, found: Shown) -> Answer:
        """The revision that `show` was asked for."""
        self._lacks()

    def status(self, found: Status, settings: Path | None, *, verbose: bool = False) -> Answer:
        """Where the database is, and the settings file that names it; `verbose`, also its revision's file."""
        self._lacks()

    def history(
        self,
        found: Sequence[Revision],
        version: int | None,
        directory: Path,
        failure: Failure | None,
        *,
        verbose: bool = False,
        marked: bool = False,
    ) -> Answer:
        """The revisions of the directory. ``version`` is the database's: 0 before the first revision, ``None`` where
        nobody knows. After ``failure`` the command fails, with the revisions shown. ``verbose`` and ``marked`` are for
        people: a program has all of it anyway.
        """
        self._lacks()

    def preview(self, found: Outcome, place: str) -> Answer:
        """Render the plan of `apply` or `rollback` for `place`, nothing of which was run."""
        self._lacks()

    def halfway(self, found: Status, place: str) -> Answer:
        """Render the state that `apply` or `rollback` must deal with first: the database is in the middle of a
        revision.
        """
        self._lacks()

    def outcome(self, found: Outcome, place: str) -> Answer:
        """Render the outcome of `apply` or `rollback` in `place`."""
        self._lacks()

    def baseline(self, found: Baseline, place: str) -> Answer:
        """Render the result of `baseline` for `place`."""
        self._lacks()

    def stamped(self, found: Stamped, place: str) -> Answer:
        """Render the result of `stamp` for `place`."""
        self._lacks()

    def renumbered(self, found: Renumbered, *, dry_run: bool) -> Answer:
        """Render the result of `renumber`, or of its dry run."""
        self._lacks()

    def begun(self, found: Revision) -> Answer:
        """The empty revision that `revision` wrote."""
        self._lacks()

    def diagnosed(self, found: Diagnosis, place: str) -> Answer:
        """Render the result of `doctor` for `place`."""
        self._lacks()

    def failed(self, failure: Failure) -> Answer:
        """How the command failed. The words for people are written to standard error, whatever the format."""
        return ()

    def _lacks(self) -> NoReturn:
        raise UsageError(f"`{self.speak(f'schemadiff {self.command}')}` has no format {self.name}")
