"""The commands and their options. What they do is imported when they run: every ``--help`` is quick."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import typer

from schemadiff.cli.command_table import COMMANDS, Command
from schemadiff.cli.options import signature
from schemadiff.cli.quick import spell_out

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
        from schemadiff.cli.call import format_asked_for
        from schemadiff.cli.guard import tell_usage_error
        from schemadiff.cli.output import renderer_for

        context = getattr(error, "ctx", None)
        path = context.command_path if context else "schemadiff"
        output = renderer_for(format_asked_for(arguments), path.partition(" ")[2])
        return tell_usage_error(words(), path, output)
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


def _register(name: str, help_: str, parameters: inspect.Signature, work: Callable[..., int]) -> None:
    def command(**given: Any) -> None:
        raise typer.Exit(work(**given))

    command.__signature__ = parameters  # type: ignore[attr-defined]
    command.__annotations__ = {}
    app.command(name, help=help_)(command)


def _init(**given: Any) -> int:
    from schemadiff.cli import guard, init

    return guard.run(lambda terminal: init.init(terminal, **given))


def _work(command: Command, **given: Any) -> int:
    from schemadiff.cli.call import call
    from schemadiff.cli.project import from_settings

    return call(command, given, from_settings)


_INIT = Command("init", "Scaffold settings and the directory of revisions.", "init")
_register(_INIT.name, _INIT.help, signature(_INIT), _init)
for _one in COMMANDS.values():
    _register(_one.name, _one.help, signature(_one), partial(_work, _one))
