"""The options that several commands share, each with its help text. No SQLAlchemy and no Rich here."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """How a command writes what it found."""

    text = "text"
    json = "json"


class Transaction(StrEnum):
    """What is one transaction."""

    each = "each"
    all = "all"


class Online(StrEnum):
    """Which tables are changed so that nobody has to wait."""

    auto = "auto"
    always = "always"
    never = "never"


class DiffFormat(StrEnum):
    """How `diff` writes what it found."""

    text = "text"
    sql = "sql"
    json = "json"


Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="The database; else SCHEMADIFF_URL, DATABASE_URL or the settings file say it.",
        show_default=False,
    ),
]
Models = Annotated[
    str | None,
    typer.Option(
        "--models",
        metavar="MODULE:ATTRIBUTE",
        help="The models: a MetaData, declarative base, Flask-SQLAlchemy db, a list of these, or a factory.",
        show_default=False,
    ),
]
Versions = Annotated[
    str | None,
    typer.Option(
        "--versions",
        metavar="DIRECTORY",
        help='The revision files; "versions" by default.',
        show_default=False,
    ),
]
Include = Annotated[
    list[str] | None,
    typer.Option(
        "--include",
        metavar="GLOB",
        help="Compare no other tables: a pattern for table or schema.table. May be repeated.",
        show_default=False,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Do not compare these tables: a pattern for table or schema.table. May be repeated.",
        show_default=False,
    ),
]
Schemas = Annotated[
    list[str] | None,
    typer.Option(
        "--schema",
        metavar="NAME",
        help="Also compare this schema of the database, which no model names. May be repeated.",
        show_default=False,
    ),
]
Output = Annotated[Format, typer.Option("--format", help="How to write what was found.")]
Message = Annotated[
    str | None,
    typer.Option("-m", "--message", metavar="TEXT", help="What the revision does.", show_default=False),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show it and change nothing; exits 1 when there is work.")
]
Sql = Annotated[bool, typer.Option("--sql", help="Print the SQL statements and change nothing.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="CODE",
        help='A hazard that may pass, such as SD102, or "all". May be repeated.',
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask whether to run. Allows no hazard.")]
LockWait = Annotated[
    float,
    typer.Option(
        "--lock-wait",
        metavar="SECONDS",
        min=0,
        help="How long to wait for another run to end, and for locks on tables.",
    ),
]
LockTimeout = Annotated[
    float,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        min=0.01,
        help="How long one try for a table's lock may make others wait behind it.",
    ),
]
WhatTogether = Annotated[
    Transaction | None,
    typer.Option(
        "--transaction",
        help="Commit each revision by itself, or all of the run together (PostgreSQL, SQLite).",
        show_default=False,
    ),
]
HowOnline = Annotated[
    Online | None,
    typer.Option(
        "--online",
        help="Change tables so that nobody has to wait: those that are not small (auto), all, none.",
        show_default=False,
    ),
]
