"""The commands and their options. What they do is imported when they run: every ``--help`` is quick."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from schemadiff.cli.options import (
    Allow,
    DiffFormat,
    DryRun,
    Exclude,
    Format,
    HowOnline,
    Include,
    LockTimeout,
    LockWait,
    Message,
    Models,
    Output,
    Schemas,
    Sql,
    Url,
    Versions,
    WhatTogether,
    Yes,
)
from schemadiff.cli.quick import spell_out
from schemadiff.config.defaults import LOCK_TIMEOUT, LOCK_WAIT

if TYPE_CHECKING:
    from schemadiff.cli.project import Project
    from schemadiff.cli.terminal.terminal import Terminal
    from schemadiff.config.settings import Choice

app = typer.Typer(
    name="schemadiff",
    help="Tells how a live database differs from its SQLAlchemy models, and carries the difference out.",
    epilog="Exit codes: 0 fine or no difference, 1 differences or pending work found, 2 error.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code. A wrong call is told like every other mistake."""
    spell_out()
    try:
        code = app(list(arguments) or ["--help"], prog_name="schemadiff", standalone_mode=False)
    except Exception as error:
        # The class of Typer's usage errors stands in another module from one version to the next.
        words = getattr(error, "format_message", None)
        if type(error).__name__ == "Abort":
            return 130
        if words is None:
            raise
        from schemadiff.cli.guard import tell_usage_error

        context = getattr(error, "ctx", None)
        return tell_usage_error(words(), context.command_path if context else "schemadiff")
    return code if isinstance(code, int) else 0


def _version(value: bool) -> None:
    if value:
        from schemadiff import __version__

        typer.echo(f"schemadiff {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


@app.command()
def init(url: Url = None, models: Models = None, versions: Versions = None) -> None:
    """Scaffold settings and the directory of revisions."""
    from schemadiff.cli import guard
    from schemadiff.cli import init as scaffolding

    raise typer.Exit(guard.run(lambda terminal: scaffolding.init(terminal, url, models, versions)))


@app.command()
def plan(
    message: Message = None,
    dry_run: DryRun = False,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="T.A=B",
            help="Column A of table T is now called B; T=B renames a table. May be repeated.",
            show_default=False,
        ),
    ] = None,
    no_renames: Annotated[
        bool, typer.Option("--no-renames", help="What looks like a rename is a drop and an addition.")
    ] = False,
    online: HowOnline = None,
    include: Include = None,
    exclude: Exclude = None,
    schema: Schemas = None,
    output: Output = Format.text,
    url: Url = None,
    models: Models = None,
    versions: Versions = None,
) -> None:
    """Compare with the models and write the next revision."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import commands

        return commands.plan(
            terminal,
            project,
            message=message,
            dry_run=dry_run,
            renamed=rename or (),
            renames_allowed=not no_renames,
            output=output,
        )

    _finish(
        work,
        url,
        models,
        versions,
        include=include or (),
        exclude=exclude or (),
        schemas=schema or (),
        online=online,
    )


@app.command()
def apply(
    to: Annotated[
        int | None, typer.Option("--to", metavar="N", help="The last revision to apply.", show_default=False)
    ] = None,
    sql: Sql = False,
    dry_run: DryRun = False,
    allow: Allow = None,
    yes: Yes = False,
    lock_wait: LockWait = LOCK_WAIT,
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
    online: HowOnline = None,
    transaction: WhatTogether = None,
    output: Output = Format.text,
    url: Url = None,
    models: Models = None,
    versions: Versions = None,
) -> None:
    """Run pending revisions, finish an interrupted one."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import running

        asked = running.Asked(
            sql,
            dry_run,
            tuple(allow or ()),
            yes,
            lock_wait,
            output,
            lock_timeout,
        )
        return running.apply(terminal, project, asked, to=to)

    _finish(work, url, models, versions, online=online, transaction=transaction)


@app.command()
def rollback(
    to: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="N", help="The revision to go back to; 0 is before all.", show_default=False
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            "--steps", metavar="K", help="How many revisions to undo: 1 by default.", show_default=False
        ),
    ] = None,
    sql: Sql = False,
    dry_run: DryRun = False,
    allow: Allow = None,
    yes: Yes = False,
    lock_wait: LockWait = LOCK_WAIT,
    lock_timeout: LockTimeout = LOCK_TIMEOUT,
    online: HowOnline = None,
    transaction: WhatTogether = None,
    output: Output = Format.text,
    url: Url = None,
    models: Models = None,
    versions: Versions = None,
) -> None:
    """Undo the last revision, several, or half of one."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import running

        asked = running.Asked(
            sql,
            dry_run,
            tuple(allow or ()),
            yes,
            lock_wait,
            output,
            lock_timeout,
        )
        return running.rollback(terminal, project, asked, to=to, steps=steps)

    _finish(work, url, models, versions, online=online, transaction=transaction)


@app.command()
def check(
    include: Include = None,
    exclude: Exclude = None,
    schema: Schemas = None,
    output: Output = Format.text,
    url: Url = None,
    models: Models = None,
    versions: Versions = None,
) -> None:
    """Tell whether models, revisions, database agree."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import commands

        return commands.check(terminal, project, output)

    _finish(work, url, models, versions, include=include or (), exclude=exclude or (), schemas=schema or ())


@app.command()
def diff(
    before: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A database URL, module:attribute, or a directory of revisions, at one of them: versions/@7.",
            show_default=False,
        ),
    ],
    after: Annotated[
        str, typer.Argument(metavar="B", help="What to compare it with: as A.", show_default=False)
    ],
    output: Annotated[DiffFormat, typer.Option("--format", help="How to write it.")] = DiffFormat.text,
    include: Include = None,
    exclude: Exclude = None,
    url: Url = None,
) -> None:
    """Compare any two: databases, models, revisions."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import commands

        return commands.diff(terminal, project, before, after, output)

    _finish(work, url, None, None, include=include or (), exclude=exclude or ())


@app.command()
def status(
    output: Output = Format.text, url: Url = None, models: Models = None, versions: Versions = None
) -> None:
    """Show where the database is, and what is pending."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import standing

        return standing.status(terminal, project, output)

    _finish(work, url, models, versions)


@app.command()
def history(
    output: Output = Format.text, url: Url = None, models: Models = None, versions: Versions = None
) -> None:
    """List the revisions, applied and pending."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import standing

        return standing.history(terminal, project, output)

    _finish(work, url, models, versions)


@app.command()
def show(
    number: Annotated[
        int, typer.Argument(metavar="N", help="The number of the revision.", show_default=False)
    ],
    output: Output = Format.text,
    url: Url = None,
    models: Models = None,
    versions: Versions = None,
) -> None:
    """Show one revision: operations, SQL, hazards."""

    def work(terminal: Terminal, project: Project) -> int:
        from schemadiff.cli import commands

        return commands.show(terminal, project, number, output)

    _finish(work, url, models, versions)


def _finish(
    work: Callable[[Terminal, Project], int],
    url: str | None,
    models: str | None,
    versions: str | None,
    **choice: Unpack[Choice],
) -> None:
    """Runs a command's work on the project that the settings name, and exits with its code."""
    from schemadiff.cli.project import on_project

    raise typer.Exit(on_project(work, url, models, versions, **choice))
