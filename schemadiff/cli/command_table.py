"""The commands, each declared once for `schemadiff` and `flask db`. Pure, and quick to load.

Which options a command has says `config.options`. What it does is a function of the command's name in ``module``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, cast


@dataclass(frozen=True, slots=True)
class Argument:
    """The positional arguments of a command."""

    name: str
    metavar: str
    help: str
    kind: Literal["text", "number"] = "text"


@dataclass(frozen=True, slots=True)
class OfFlask:
    """How `flask db` calls the command. The option ``by_place`` is an argument there, and may be left out. What else it
    takes there says `flask.surface`.
    """

    name: str
    help: str
    by_place: str | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """``help`` is the line in the list of commands. ``of_flask`` is missing where the application has no use for it."""

    name: str
    help: str
    module: str
    arguments: tuple[Argument, ...] = ()
    of_flask: OfFlask | None = None

    @property
    def work(self) -> Callable[..., int]:
        """Return the command's function, which takes the terminal, the project, the renderer, and the options as
        keywords.
        """
        module = import_module(f"schemadiff.cli.{self.module}")
        return cast("Callable[..., int]", getattr(module, self.name))


_BASELINE = "Take an existing database over as revision 0001."
_PLAN = "Compare with the models and write the next revision."
_CHECK = "Tell whether models, revisions, database agree."
_MODELS = "Show which models were found, and which were not."
_RENUMBER = "Move your revisions behind those of others, after a merge."
_STATUS = "Show where the database is, and what is pending."
_HISTORY = "List the revisions, applied and pending."
_SHOW = "Show one revision: operations, SQL, hazards."
_STAMP = "Record a revision as applied without running it."
_REVISION = "Write an empty revision, for SQL of your own."
_DOCTOR = "Mend what an Alembic upgrade left half-done."

COMMANDS = {
    one.name: one
    for one in (
        Command("plan", _PLAN, "commands", of_flask=OfFlask("migrate", _PLAN)),
        Command(
            "apply",
            "Run pending revisions, finish an interrupted one.",
            "running",
            of_flask=OfFlask("upgrade", "Run pending revisions, up to one or all of them.", by_place="to"),
        ),
        Command(
            "rollback",
            "Undo the last revision, several, or half of one.",
            "running",
            of_flask=OfFlask("downgrade", "Undo the last revision, or all after one.", by_place="to"),
        ),
        Command("check", _CHECK, "commands", of_flask=OfFlask("check", _CHECK)),
        Command(
            "diff",
            "Compare any two: databases, models, revisions.",
            "commands",
            (
                Argument(
                    "before",
                    "A",
                    "A database URL, module:attribute, or a directory of revisions, at one of them: versions/@7.",
                ),
                Argument("after", "B", "What to compare it with: as A."),
            ),
        ),
        Command("models", _MODELS, "commands", of_flask=OfFlask("models", _MODELS)),
        Command("status", _STATUS, "standing", of_flask=OfFlask("current", _STATUS)),
        Command("history", _HISTORY, "standing", of_flask=OfFlask("history", _HISTORY)),
        Command(
            "show",
            _SHOW,
            "commands",
            (Argument("number", "N", "The number of the revision.", "number"),),
            of_flask=OfFlask("show", _SHOW),
        ),
        Command("baseline", _BASELINE, "taking_over", of_flask=OfFlask("baseline", _BASELINE)),
        Command(
            "stamp",
            _STAMP,
            "taking_over",
            (Argument("to", "REVISION", "Its number, head (the newest one) or base (before all)."),),
            of_flask=OfFlask("stamp", _STAMP),
        ),
        Command("doctor", _DOCTOR, "doctoring", of_flask=OfFlask("doctor", _DOCTOR)),
        Command("renumber", _RENUMBER, "merging", of_flask=OfFlask("renumber", _RENUMBER)),
        Command("revision", _REVISION, "taking_over", of_flask=OfFlask("revision", _REVISION)),
    )
}
"""In the order of --help. `init` is apart: it makes the settings that all others work by."""
