"""All that a run can be told, one row an option. Pure, and quick to load: every command line begins here.

From these rows are made: the options of `schemadiff` (`cli.app`) and of `flask db` (`flask`), the variables and the
keys of the settings file (`config.settings`), the ready texts of --help (`make help-texts`) and the tables of
docs/command-line.md. A command's function takes each of its options that is no setting as a keyword of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT

Online = Literal["auto", "always", "never"]
"""Whether tables are changed so that nobody has to wait: those that are not small, all, none."""

Transaction = Literal["each", "all"]
"""The scope of a transaction where DDL can be rolled back: each revision, or all of a run."""

Kind = Literal["flag", "text", "list", "word", "number", "seconds", "table"]
"""How a value is written: a ``list`` is an option that may be repeated; a ``table`` is for the settings file alone."""

EVERY = (
    "plan",
    "apply",
    "rollback",
    "check",
    "diff",
    "models",
    "status",
    "history",
    "show",
    "baseline",
    "stamp",
    "revision",
    "doctor",
    "renumber",
)
"""The commands that answer in a format."""

FORMATS: Mapping[str, tuple[str, ...]] = {
    "text": EVERY,
    "sql": ("apply", "rollback", "diff", "doctor"),
    "json": EVERY,
}
"""The formats, each a module of `cli.output`, and the commands that have them. The first is what holds by itself."""


@dataclass(frozen=True, slots=True)
class Option:
    """``name`` is as on the command line, without its dashes. The options whose ``commands`` are empty are settings
    alone. ``key`` makes it a setting: its key in the settings file and its field in `Settings`; ``environment`` are the
    variables that say it, the first one first. Those that name the project, ``names_project``, are not asked for where
    the application names it (`flask db`). ``words`` are the values of a word, ``meaning`` explains them to who gave
    another one.
    """

    name: str
    kind: Kind
    help: str
    commands: tuple[str, ...] = ()
    short: str | None = None
    metavar: str | None = None
    default: float | str | None = None
    least: float | None = None
    words: tuple[str, ...] = ()
    meaning: str = ""
    key: str | None = None
    environment: tuple[str, ...] = field(default=())
    names_project: bool = False

    @property
    def parameter(self) -> str:
        """Its name in Python."""
        return self.name.replace("-", "_")

    @property
    def flags(self) -> tuple[str, ...]:
        """The option's names on the command line."""
        return (f"--{self.name}",) if self.short is None else (self.short, f"--{self.name}")


_DATABASE = ("init", "plan", "apply", "rollback", "check", "status", "history", "show", "baseline", "stamp")
_PROJECT = (*_DATABASE, "revision", "renumber")
_RUNS = ("apply", "rollback")
_COMPARING = ("plan", "check", "diff", "models", "baseline", "stamp")
_NAMED = (*_DATABASE, "models")
_WITH_URL = (*_NAMED, "renumber")

OPTIONS: tuple[Option, ...] = (
    Option(
        "message",
        "text",
        "What the revision does.",
        ("plan", "baseline", "revision"),
        short="-m",
        metavar="TEXT",
    ),
    Option("to", "number", "The last revision to apply.", ("apply",), metavar="N"),
    Option("to", "number", "The revision to go back to; 0 is before all.", ("rollback",), metavar="N"),
    Option("steps", "number", "How many revisions to undo: 1 by default.", ("rollback",), metavar="K"),
    Option(
        "alembic",
        "text",
        "Alembic's directory; else alembic.ini, migrations or alembic beside you.",
        ("doctor",),
        metavar="DIRECTORY",
    ),
    Option(
        "finish", "flag", "Carry out what is left, and enter the revision in Alembic's table.", ("doctor",)
    ),
    Option("undo", "flag", "Take back what is done of the revision.", ("doctor",)),
    Option(
        "done",
        "number",
        "How many operations are through, where SQL or rows leave that open.",
        ("doctor",),
        metavar="N",
    ),
    Option("sql", "flag", "Print the SQL statements and change nothing.", (*_RUNS, "doctor")),
    Option(
        "dry-run",
        "flag",
        "Show it and change nothing; exits 1 when there is work.",
        ("plan", "apply", "rollback", "renumber", "doctor"),
    ),
    Option(
        "mine",
        "list",
        "A revision file of yours; by default those that the main branch lacks. May be repeated.",
        ("renumber",),
        metavar="FILE",
    ),
    Option(
        "allow",
        "list",
        'A hazard that may pass, such as SD102, or "all". May be repeated.',
        (*_RUNS, "doctor"),
        metavar="CODE",
    ),
    Option("yes", "flag", "Do not ask whether to run. Allows no hazard.", (*_RUNS, "doctor"), short="-y"),
    Option(
        "from-alembic",
        "text",
        "Alembic's directory: the database is at its head, and the file says for what it stands.",
        ("baseline",),
        metavar="DIRECTORY",
    ),
    Option("drop-alembic-version", "flag", "Drop Alembic's own table then, or later.", ("baseline",)),
    Option("force", "flag", "Record it without a look at the database.", ("stamp",)),
    Option(
        "lock-wait",
        "seconds",
        "How long to wait for another run to end, and for locks on tables.",
        (*_RUNS, "baseline", "stamp", "doctor"),
        metavar="SECONDS",
        default=LOCK_WAIT,
        least=0,
    ),
    Option(
        "lock-timeout",
        "seconds",
        "How long one try for a table's lock may make others wait behind it.",
        (*_RUNS, "doctor"),
        metavar="SECONDS",
        default=LOCK_TIMEOUT,
        least=0.01,
    ),
    Option(
        "wait",
        "seconds",
        "How long to wait for a database that is still starting.",
        ("plan", *_RUNS, "check", "status", "stamp"),
        metavar="SECONDS",
        default=0,
        least=0,
    ),
    Option(
        "rename",
        "list",
        "Column A of table T is now called B; T=B renames a table. May be repeated.",
        ("plan",),
        metavar="T.A=B",
    ),
    Option("no-renames", "flag", "What looks like a rename is a drop and an addition.", ("plan",)),
    Option(
        "online",
        "word",
        "Change tables so that nobody has to wait: those that are not small (auto), all, none.",
        ("plan", *_RUNS),
        words=get_args(Online),
        meaning="It is auto (tables that are not small), always or never.",
        key="online",
        environment=("SCHEMADIFF_ONLINE",),
    ),
    Option(
        "transaction",
        "word",
        "Commit each revision by itself, or all of the run together (PostgreSQL, SQLite).",
        _RUNS,
        words=get_args(Transaction),
        meaning="It is each (revision by itself) or all (of a run together).",
        key="transaction",
        environment=("SCHEMADIFF_TRANSACTION",),
    ),
    Option(
        "include",
        "list",
        "Compare no other tables: a pattern for table or schema.table. May be repeated.",
        _COMPARING,
        metavar="GLOB",
        key="include",
        environment=("SCHEMADIFF_INCLUDE",),
    ),
    Option(
        "exclude",
        "list",
        "Do not compare these tables: a pattern for table or schema.table. May be repeated.",
        _COMPARING,
        metavar="GLOB",
        key="exclude",
        environment=("SCHEMADIFF_EXCLUDE",),
    ),
    Option(
        "schema",
        "list",
        "Also compare this schema of the database, which no model names. May be repeated.",
        ("plan", "check", "models", "baseline", "stamp"),
        metavar="NAME",
        key="schemas",
        environment=("SCHEMADIFF_SCHEMAS",),
    ),
    Option("format", "word", "How to write what was found.", EVERY, default=next(iter(FORMATS))),
    Option(
        "url",
        "text",
        "The database; else SCHEMADIFF_URL, DATABASE_URL or the settings file say it.",
        (*_WITH_URL, "diff", "doctor"),
        metavar="URL",
        key="url",
        environment=("SCHEMADIFF_URL", "DATABASE_URL"),
        names_project=True,
    ),
    Option("connect-args", "table", "What the driver is told beside the URL.", key="connect_args"),
    Option(
        "engine",
        "text",
        "Where the application has its engine, in the place of a URL.",
        metavar="MODULE:ATTRIBUTE",
        key="engine",
        environment=("SCHEMADIFF_ENGINE",),
        names_project=True,
    ),
    Option(
        "models",
        "text",
        "The models: a MetaData, declarative base, Flask-SQLAlchemy db, a list of these, or a factory.",
        _NAMED,
        metavar="MODULE:ATTRIBUTE",
        key="models",
        environment=("SCHEMADIFF_MODELS",),
        names_project=True,
    ),
    Option(
        "versions",
        "text",
        'The revision files; "versions" by default.',
        _PROJECT,
        metavar="DIRECTORY",
        key="versions",
        environment=("SCHEMADIFF_VERSIONS",),
        names_project=True,
    ),
)

SETTINGS: Mapping[str, Option] = {
    one.key: one for one in sorted(OPTIONS, key=lambda one: not one.names_project) if one.key
}
"""The options that are settings, by their keys: those that name the project first."""


def options_of(command: str) -> tuple[Option, ...]:
    """The options of a command, in the order of its --help."""
    return tuple(one for one in OPTIONS if command in one.commands)


def words_of(option: Option, command: str) -> tuple[str, ...]:
    """The values of a word: of the format those that the command has."""
    if option.name == "format":
        return tuple(name for name, commands in FORMATS.items() if command in commands)
    return option.words
